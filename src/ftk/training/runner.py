"""What happens in a training once the rows are read: features, weights, steps, scores."""

from collections.abc import Callable
from contextlib import nullcontext
from functools import partial
from typing import Any

import torch

from ftk.config.schema import TrainingConfig
from ftk.contracts.notes import Notes
from ftk.contracts.protocols import Corpus, Order
from ftk.contracts.task import Task
from ftk.contracts.values import Prepared, WindowPlan
from ftk.core.background_save import Saver
from ftk.core.checkpoint import recover, restore_state, save, snapshot
from ftk.core.evaluate import Evaluator
from ftk.core.hardware import choose
from ftk.core.loop import StepInfo, train
from ftk.core.out_of_memory import is_out_of_memory
from ftk.core.reload_check import check_reload
from ftk.core.state import Progress, TrainState
from ftk.errors import FtkError, Interrupted, ModelError, RunError, in_words
from ftk.inference.manifest import manifest
from ftk.kernels import speed_up, train_seen_rows
from ftk.models.loading.load import check_head, load
from ftk.models.loading.source import Source, find, rate_scales, reopen, window_length
from ftk.models.loading.verified_folder import open_model
from ftk.models.tuning.freezing import freeze
from ftk.optim.groups import build_optimizer
from ftk.report.console import Console, StepProgress, duration, label_table, scores_line
from ftk.report.curves import plot_curves
from ftk.report.records import MetricsFile
from ftk.report.run_folder import RunFolder
from ftk.system.signals import Stop
from ftk.tasks import task_from_fields
from ftk.training.fitting import FittedModel, fit
from ftk.training.planning import length_of, plan_of
from ftk.training.verify_resume import continued

_GO_ON = "Go on with:"


class Training:
    """One training run; the Observer of its loop."""

    def __init__(self, config: TrainingConfig, folder: RunFolder, corpus: Corpus, console: Console) -> None:
        self.config = config
        self.folder = folder
        self.corpus = corpus
        self.console = console
        self.stop = Stop()
        self.task: Task = corpus.task
        self.tuned = tuple(name for name in self.task.tuned if getattr(self.task, name) is None)
        """The fields of the task that validation settles: not those that the config gives."""
        self.metrics_file = MetricsFile(folder.path / "metrics.jsonl")
        self.progress: StepProgress
        self.progress_state: Progress
        self.saver: Saver
        self.saved: tuple[int, ...] = ()
        """Which state was saved last."""
        self.opened = False
        """Whether what is in the folder is of this run."""

    def run(self) -> dict[str, Any]:
        """Train, keep the best model, score it; returns what metrics.json says."""
        try:
            return self._run()
        except Interrupted as interrupted:
            told = str(interrupted)
            if _GO_ON not in told:
                told += self._way_on()
            raise Interrupted(interrupted.signal_number, told) from interrupted
        except OSError as error:  # a full disk, wherever it was first met
            raise RunError(f"{in_words(error)}{self._way_on()}") from error
        except (RuntimeError, MemoryError) as error:
            if not is_out_of_memory(error):
                raise
            first = (str(error).strip().splitlines() or ["the process may not have more"])[0]
            raise RunError(
                f"there is too little memory ({first}). Try a smaller hardware.micro_batch, hardware.eval_tokens or "
                f"model{self._way_on()}"
            ) from error

    def _way_on(self) -> str:
        """How to go on, where this run has left a state."""
        if not (self.folder.resume or self.opened) or not self.folder.last.is_dir():
            return ""
        return f"; the state is in {self.folder.last}. {_GO_ON}\n{self._command()}"

    def _run(self) -> dict[str, Any]:
        config, corpus, console = self.config, self.corpus, self.console
        fingerprints = corpus.fingerprints()
        self.hardware = choose(config.hardware)
        facts = self.hardware.facts()
        if self.folder.resume:
            self.folder.lock(console.warn)
            self._check_resumable(fingerprints, facts)
        console.say(self.hardware.why)
        self.source = self._source()
        check_head(self.source, self.task.auto_model)
        self.windows = self._windows()
        self.prepared = self._prepared()
        self._fit_windows()
        state = self._state()
        self.order: Order = self.prepared["train"].features.order(config.train, config.run.seed)
        self.plan = plan_of(config, self.order)
        self.stop.check()
        if self.folder.resume:
            self._restore(state)
        else:
            self.folder.lock(console.warn)
        self.folder.check_space(_bytes_of_run(state))
        self.folder.open(hardware=facts, data=fingerprints)
        self.opened = True
        console.log_to(self.folder.path / "log.txt", append=self.folder.resume)
        if self.folder.resume:
            self.metrics_file.rewind(state.progress.step, state.progress.validated)
            console.say(f"going on after step {state.progress.step}")
        if isinstance(state.model, FittedModel):
            console.say(f"run: {self.folder.path} (fitted at once)")
            fit(self, state, state.model)
        else:
            console.say(f"run: {self.folder.path} ({length_of(self.plan, self.order, self.config.train)})")
            self._loop(state)
        return self._finish(state)

    # What a run is made of, in this order.

    def _check_resumable(self, fingerprints: dict[str, dict[str, str]], facts: dict[str, Any]) -> None:
        folder = self.folder
        for difference in (*folder.check_same(), *folder.check_data(fingerprints), *folder.check_environment(facts)):
            self.console.warn(f"resumed with a difference, results may differ: {difference}")
        saved = recover(folder.last, folder.previous, say=self.console.warn)
        self._take_tuned(saved)

    def _take_tuned(self, saved: dict[str, Any]) -> None:
        """What validation settled of the task goes with the weights that it was settled for."""
        try:
            fields = {**self.task.fields(), **{name: saved["task"]["fields"][name] for name in self.tuned}}
            self.task = task_from_fields(type(self.task), fields)
        except (KeyError, TypeError, FtkError) as error:
            raise RunError(f"{self.folder.path}: ftk.json of its model is not of this task ({error}).") from error

    def _restore(self, state: TrainState) -> None:
        changed = {key for key in self.folder.changed if key.startswith("optimizer.")}
        same = changed <= {"optimizer.lr", "optimizer.weight_decay"}
        if not same:
            self.console.warn("the optimizer is another one: it begins without what the other knew of the gradients")
        restore_state(self.folder.last, state, optimizer=same)
        self._check_best(state.progress)

    def _check_best(self, progress: Progress) -> None:
        """The best model must be there if there was one, and be whole: no later step brings it back."""
        if progress.best_step is None:
            return
        try:
            found = int(recover(self.folder.best, say=self.console.warn, step=progress.best_step)["step"])
            if found > progress.step:
                self.console.warn(
                    f"best/ is of step {found}, behind the state that is gone on from; it is replaced when the run "
                    "comes to its best step again"
                )
        except ModelError as error:
            if not self.folder.force:
                raise RunError(
                    f"{error}\n  The best model so far is lost. run.resume=force goes on, and keeps the best one from "
                    "now on."
                ) from error
            self.console.warn(f"{error} The best model so far is lost; the next one that is validated is kept.")
            progress.best_score, progress.best_step, progress.best_metrics = None, None, {}

    def _source(self) -> Source:
        if self.folder.resume:
            return reopen(self.folder.last, self.corpus.labels, self.task.reads)
        tokenizer = self.config.model.tokenizer
        if tokenizer.train is not None:
            kept = self.corpus.remembered(tokenizer)
            again = kept is not None and kept.is_file()
            how = f"learned before, {kept}" if again else "being learned from the training texts"
            self.console.say(f"vocabulary: {tokenizer.train.value}, {how}")
        return find(self.config.model, self.corpus, self.task.reads)

    def _windows(self) -> WindowPlan:
        data = self.config.data
        length = window_length(self.source, data.max_length)
        texts = "text" in self.task.reads
        if texts and data.max_length is None and length == self.source.trained_length and not self.folder.resume:
            self.console.say(f"windows of {length} tokens, as the model was trained (data.max_length=… for others)")
        return WindowPlan.of(length, data.stride)

    def _prepared(self) -> dict[str, Prepared]:
        notes = Notes()
        prepared = self.corpus.prepare(self.source.processor, self.source.labels, self.windows, notes, self.console)
        for line in notes.drain():
            self.console.say(line)
        return prepared

    def _fit_windows(self) -> None:
        """Windows no longer than the data needs, where the weights learn their positions from it."""
        longest = max(part.features.longest for part in self.prepared.values())
        if not self.source.learns_positions:
            return
        if self.config.data.max_length is None and 0 < longest < self.windows.length:
            self.windows = WindowPlan.of(longest, None)
            self.console.say(f"windows of {longest} tokens, the longest row (data.max_length=… for others)")

    def _state(self) -> TrainState:
        loaded = load(self.source, self.task.auto_model, seed=self.config.run.seed)
        for fact in loaded.facts:
            self.console.say(fact)
        features = self.prepared["train"].features
        if loaded.new_head:
            self.task.begin(loaded.model, features)
        self.task.configure(loaded.model)
        if frozen := freeze(loaded.model, self.config.model.freeze):
            self.console.say(f"frozen: {', '.join(self.config.model.freeze)}, {frozen:,} parameters")
        model = self._on_device(loaded.model)
        self.task.check_model(model, features)
        if (seen := features.tokens_seen(self.pad_id)) is not None:
            left_out = train_seen_rows(model, torch.from_numpy(seen))
            if left_out:
                self.console.say(
                    f"embeddings: {left_out:,} rows are of tokens that training has not; they stay as they are"
                )
        optimizer = build_optimizer(model, self.config.optimizer, rate_scales(self.config.model))
        return TrainState(model, optimizer, self.hardware.scaler())

    def _on_device(self, model: torch.nn.Module) -> torch.nn.Module:
        model = model.to(self.hardware.device)
        speed_up(model, self.hardware.device, compiled=self.config.hardware.compile)
        return model

    def _loop(self, state: TrainState) -> None:
        self.progress_state = state.progress
        at_once = f"ended at once by a second signal; what was saved before it is in {self.folder.last}, if anything"
        with (
            self.console.progress(self.plan.horizon.steps, state.progress.step) as self.progress,
            self.stop.deferred(at_once),
        ):
            try:
                after = self.config.run.stop_after
                if after is not None and state.progress.step >= after:
                    raise Interrupted(0)
                with Saver() as self.saver:
                    train(
                        state,
                        self.task,
                        self.prepared["train"].features,
                        self.order,
                        self.plan,
                        self.hardware,
                        pad_id=self.pad_id,
                        observer=self,
                        stop=self.stop,
                    )
            except Interrupted as interrupted:
                if hasattr(self, "saver"):
                    self.saver.wait()
                told = f"stopped after step {state.progress.step}{self._way_on()}"
                raise Interrupted(interrupted.signal_number, told) from interrupted

    def _command(self) -> str:
        """The command that goes on with this run."""
        return continued(self.folder.invocation, self.config.run, f"run.dir={self.folder.path}", "run.resume=true")

    def _finish(self, state: TrainState) -> dict[str, Any]:
        """Score the best model on every split that has labels, and write what came out."""
        progress = state.progress
        result: dict[str, Any] = {}
        self.stop.check()
        saved = open_model(self.folder.best)
        kept = int(saved["step"])
        self._take_tuned(saved)
        if kept != progress.best_step:
            self.console.warn(f"best/ is of step {kept}, while step {progress.best_step} was the best of this run")
            progress.best_step = kept
        source = reopen(self.folder.best, self.source.labels, self.task.reads)
        best = load(source, self.task.auto_model, seed=self.config.run.seed)
        evaluator = self._evaluator(self._on_device(best.model))
        for split in ("validation", "test"):
            if split not in self.prepared:
                continue
            part = self.prepared[split]
            with self.folder.predictions(split) if self.task.writes_records else nullcontext() as write:
                result[split] = evaluator.score(part.examples, part.features, write)
            table = label_table(f"{split}, best model (step {progress.best_step})", result[split])
            if table is not None:
                self.console.table(table)
            self.console.say(f"{split}  {scores_line(result[split])}")
        if learned := self.task.learned(best.model):
            result["learned"] = {name: round(value, 6) for name, value in learned.items()}
            self.console.say(f"learned: {', '.join(f'{name} {value:.4f}' for name, value in learned.items())}")
        result["best_step"] = progress.best_step
        result["train"] = {
            "steps": progress.step,
            "tokens": progress.tokens,
            "padding": progress.padding,
            "utilisation": round(progress.tokens / max(1, progress.tokens + progress.padding), 4),
            "epochs": round(self.order.epoch(progress.step), 4),
            "seconds": round(progress.seconds, 3),
            "elapsed": round(progress.elapsed, 3),
            "tokens_per_second": round(progress.tokens / max(progress.seconds, 1e-9), 1),
        }
        trained = result["train"]
        self.console.say(
            f"trained: {_counted(progress.step, 'step')}, {progress.tokens:,} tokens in {duration(progress.seconds)} "
            f"({trained['tokens_per_second']:,.0f} tokens/s; {100 * trained['utilisation']:.1f} % of what was computed "
            f"are real tokens, the rest is padding)"
        )
        if progress.skipped:
            result["train"]["skipped_steps"] = progress.skipped
            self.console.warn(f"{progress.skipped} steps were skipped because a gradient overflowed fp16")
        if progress.left_out:
            result["train"]["left_out_steps"] = progress.left_out
            self.console.warn(f"{_counted(progress.left_out, 'update')} left out: not finite, or a spike")
        if progress.spikes:
            result["train"]["spikes"] = progress.spikes
            self.console.warn(f"{_counted(progress.spikes, 'step')} with a loss far above its running mean")
        self.folder.write("metrics.json", result)
        if self.config.run.curves:
            try:
                plot_curves(self.folder.path / "metrics.jsonl", self.folder.path / "curves.png", self.task.score)
            except (ImportError, MemoryError) as error:  # all that matters is written
                self.console.warn(f"curves.png is not drawn ({error})")
        self.console.say(f"model: {self.folder.best}")
        return {
            "dir": str(self.folder.path),
            "score": self.task.score,
            "higher_is_better": self.task.higher_is_better,
            **result,
        }

    @property
    def pad_id(self) -> int:
        """What short rows are filled up with; the attention mask hides it."""
        return self.source.pad_id

    def _evaluator(self, model: torch.nn.Module) -> Evaluator:
        return Evaluator(
            model=model,
            task=self.task,
            labels=self.source.labels,
            hardware=self.hardware,
            pad_id=self.pad_id,
            batch_tokens=self.config.hardware.eval_tokens,
            poll=self.stop.check,
        )

    # The Observer.

    def stepped(self, info: StepInfo) -> None:
        """Move the progress bar."""
        share, left = self._share_and_left()
        loss = info.loss_sum / info.count if info.count else None
        self.progress.stepped(info.step, share, loss, info.lr, info.tokens / info.seconds, left)
        self.saver.check()
        after = self.config.run.stop_after
        self.stop.here = after is not None and info.step >= after and not info.last

    def warned(self, text: str) -> None:
        """Something is done otherwise than was asked for."""
        self.console.warn(text)

    def logged(self, event: dict[str, Any]) -> None:
        """A line in metrics.jsonl, and one on a terminal that shows no bar."""
        self.metrics_file.add(event)
        _, left = self._share_and_left()
        speed = event["tokens"] / max(event["seconds"], 1e-9)
        epoch = self.order.epoch(event["step"])
        self.progress.logged(event["step"], epoch, event["loss"], event["lr"], speed, left)

    def _share_and_left(self) -> tuple[float, float]:
        """How much of the run is done, and the seconds that the rest will take at the same pace."""
        share = self.plan.horizon.share(self.progress_state)
        return share, max(0.0, self.progress_state.elapsed * (1 - share) / max(share, 1e-9))

    def validate(self, state: TrainState) -> dict[str, Any]:
        """Score the validation split, where there is one."""
        if "validation" not in self.prepared:
            return {}
        part = self.prepared["validation"]
        evaluator = self._evaluator(state.model)
        if not self.tuned:
            number = self.plan.eval_every.mark(state.progress, self.plan.horizon)
            rows = self.task.scored_rows(number, last=self.plan.horizon.reached(state.progress))
            return evaluator.score(part.examples, part.features, rows=rows)
        self.task, metrics = evaluator.tuned(part.examples, part.features)
        return metrics

    def validated(self, state: TrainState, metrics: dict[str, Any], *, best: bool) -> None:
        """Say and log the scores; keep the model if it is the best."""
        step = state.progress.step
        if metrics:
            self.metrics_file.add({"step": step, "split": "validation", **metrics})
            self.console.say(f"validation at step {step}  {scores_line(metrics)}{'  (best)' if best else ''}")
        if best:
            taken = snapshot(state.model, self.source.processor, self._manifest(state), None)
            self._write(partial(save, self.folder.best, taken))
            self._check_reload(state.model)
            self.save(state)  # so that the one does not stay behind the other

    def save(self, state: TrainState) -> None:
        """Save the state to go on from; it is written while the training goes on."""
        now = (state.progress.step, state.progress.validated, state.progress.loss_count)
        if now == self.saved:
            return
        self.saved = now
        self.metrics_file.flush()
        taken = snapshot(state.model, self.source.processor, self._manifest(state), state)
        self.saver.start(partial(self._write, partial(save, self.folder.last, taken, keep=self.folder.previous)))

    def _write(self, write: Callable[[], None]) -> None:
        try:
            write()
        except RunError as error:
            raise RunError(f"{error}. What was saved before is still there{self._way_on()}") from error

    def _check_reload(self, model: torch.nn.Module) -> None:
        """What was saved must be what was trained."""
        name = "validation" if "validation" in self.prepared else "train"
        features = self.prepared[name].features
        source = reopen(self.folder.best, self.source.labels, self.task.reads)
        again = load(source, self.task.auto_model, seed=self.config.run.seed)
        batch = self.task.collate(features, [0], self.pad_id, None).to(self.hardware.device)
        fresh = again.model.to(self.hardware.device)
        if not self.config.hardware.compile:  # to compile it would take longer than the training between two saves
            speed_up(fresh, self.hardware.device)
        check_reload(self.task, model, fresh, batch, self.hardware, self.folder.best)

    def _manifest(self, state: TrainState) -> dict[str, Any]:
        return manifest(
            task=self.task,
            labels=self.source.labels,
            windows=self.windows,
            model_name=self.config.model.name,
            step=state.progress.step,
            metrics=state.progress.best_metrics if state.progress.validated == state.progress.step else {},
        )


def _counted(number: int, what: str) -> str:
    return f"{number:,} {what}{'s' if number != 1 else ''}"


def _bytes_of_run(state: TrainState) -> int:
    """What a run keeps on the disk at the most: two best models, one of them being written, and three states."""
    tensors = {tensor.data_ptr(): tensor for tensor in state.model.state_dict().values()}  # tied ones once
    weights = sum(tensor.numel() * tensor.element_size() for tensor in tensors.values())
    settings = state.optimizer.defaults
    moments = 2 if "betas" in settings else 1 if settings.get("momentum") else 0
    return weights * (2 + 3 * (1 + moments))
