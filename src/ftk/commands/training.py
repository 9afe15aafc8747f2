"""What happens in a training once the rows are read: features, weights, steps, scores."""

from contextlib import nullcontext
from typing import Any

import torch

from ftk.commands.manifest import manifest
from ftk.config.duration import seconds
from ftk.config.schema import TrainingConfig
from ftk.core.checkpoint import recover_folder, restore_state, save_model
from ftk.core.device import choose
from ftk.core.evaluate import Evaluator
from ftk.core.horizon import Every, Horizon
from ftk.core.loop import Plan, StepInfo, train
from ftk.core.state import Progress, TrainState
from ftk.core.stop import StopFlag, stop_flag
from ftk.data.batches import Order
from ftk.data.rows import Notes
from ftk.data.subwords import WindowPlan
from ftk.errors import Interrupted
from ftk.kernels import speed_up, train_seen_rows
from ftk.models.folder import open_model
from ftk.models.load import Source, check_head, find, load, reopen, window_length
from ftk.optim.groups import build_optimizer
from ftk.optim.schedules import Schedule
from ftk.report.console import Console, StepProgress, duration, label_table, scores_line
from ftk.report.curves import plot_curves
from ftk.report.run_folder import MetricsFile, RunFolder
from ftk.tasks.base import Corpus, Prepared, Task


class Training:
    """One training run; the Observer of its loop."""

    def __init__(self, config: TrainingConfig, folder: RunFolder, corpus: Corpus, console: Console) -> None:
        self.config = config
        self.folder = folder
        self.corpus = corpus
        self.console = console
        self.task: Task = corpus.task
        self.metrics_file = MetricsFile(folder.path / "metrics.jsonl")
        self.progress: StepProgress
        self.progress_state: Progress
        self.stop: StopFlag

    def run(self) -> dict[str, Any]:
        """Train, keep the best model, score it; returns what metrics.json says."""
        config, corpus, console = self.config, self.corpus, self.console
        fingerprints = corpus.fingerprints()
        if self.folder.resume:
            self._check_resumable(fingerprints)
        self.hardware = choose(config.hardware)
        console.say(self.hardware.why)
        self.source = self._source()
        check_head(self.source, self.task.auto_model)
        self.windows = self._windows()
        self.prepared = self._prepared()
        state = self._state()
        self.order: Order = self.prepared["train"].features.order(config.train, config.run.seed)
        self.plan = _plan(config, self.order)
        self.folder.open(hardware=self.hardware.why, threads=torch.get_num_threads(), data=fingerprints)
        console.log_to(self.folder.path / "log.txt", append=self.folder.resume)
        if self.folder.resume:
            restore_state(self.folder.last, state)
            self.metrics_file.rewind(state.progress.step, state.progress.validated)
            console.say(f"going on after step {state.progress.step}")
        console.say(f"run: {self.folder.path} ({self._length()})")
        self._loop(state)
        return self._finish(state)

    # What a run is made of, in this order.

    def _check_resumable(self, fingerprints: dict[str, dict[str, str]]) -> None:
        recover_folder(self.folder.last)
        recover_folder(self.folder.best)
        for difference in self.folder.check_same():
            self.console.warn(f"resumed with another {difference}; results may differ in the last digits")
        self.folder.check_data(fingerprints)

    def _source(self) -> Source:
        if self.folder.resume:
            open_model(self.folder.last)
            return reopen(self.folder.last, self.corpus.labels)
        tokenizer = self.config.model.tokenizer
        if tokenizer.train is not None:
            kept = self.corpus.remembered(tokenizer)
            again = kept is not None and kept.is_file()
            how = f"learned before, {kept}" if again else "being learned from the training texts"
            self.console.say(f"vocabulary: {tokenizer.train.value}, {how}")
        return find(self.config.model, self.corpus)

    def _windows(self) -> WindowPlan:
        data = self.config.data
        length = window_length(self.source, data.max_length)
        if data.max_length is None and length == self.source.trained_length and not self.folder.resume:
            self.console.say(f"windows of {length} tokens, as the model was trained (data.max_length=… for others)")
        return WindowPlan.of(length, data.stride)

    def _prepared(self) -> dict[str, Prepared]:
        notes = Notes()
        prepared = self.corpus.prepare(self.source.tokenizer, self.source.labels, self.windows, notes, self.console)
        for line in notes.drain():
            self.console.say(line)
        return prepared

    def _state(self) -> TrainState:
        loaded = load(self.source, self.task.auto_model, seed=self.config.run.seed)
        for fact in loaded.facts:
            self.console.say(fact)
        model = self._on_device(loaded.model)
        features = self.prepared["train"].features
        self.task.check_model(model, features)
        if (seen := features.tokens_seen(self.pad_id)) is not None:
            left_out = train_seen_rows(model, torch.from_numpy(seen))
            if left_out:
                self.console.say(
                    f"embeddings: {left_out:,} rows are of tokens that training has not; they stay as they are"
                )
        return TrainState(model, build_optimizer(model, self.config.optimizer), self.hardware.scaler())

    def _on_device(self, model: torch.nn.Module) -> torch.nn.Module:
        model = model.to(self.hardware.device)
        speed_up(model, self.hardware.device, compiled=self.config.hardware.compile)
        return model

    def _length(self) -> str:
        """How long the run will be, in words."""
        horizon, train = self.plan.horizon, self.config.train
        limits = []
        if horizon.steps is not None:
            epochs = f"{self.order.epoch(horizon.steps):.3g}"
            limits.append(f"{_counted(horizon.steps, 'step')}, {epochs} epoch{'s' if epochs != '1' else ''}")
        if horizon.tokens is not None:
            limits.append(f"{horizon.tokens:,} tokens")
        if horizon.seconds is not None:
            limits.append(f"{duration(horizon.seconds)} of time")
        if len(limits) > 1:
            return " or ".join(limits) + ", whichever is first"
        unlimited = (train.epochs, train.max_steps, horizon.tokens, horizon.seconds) == (None, None, None, None)
        return limits[0] + (": one pass over the data, for want of another limit" if unlimited else "")

    def _loop(self, state: TrainState) -> None:
        self.progress_state = state.progress
        with (
            self.console.progress(self.plan.horizon.steps, state.progress.step) as self.progress,
            stop_flag() as self.stop,
        ):
            try:
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
                again = self.folder.invocation.command_line(
                    without=("run.resume", "run.dir", "run.overwrite"),
                    extra=(f"run.dir={self.folder.path}", "run.resume=true"),
                )
                raise Interrupted(
                    interrupted.signal_number,
                    f"stopped after step {state.progress.step}; the state is in {self.folder.last}. "
                    f"Go on with:\n{again}",
                ) from interrupted

    def _finish(self, state: TrainState) -> dict[str, Any]:
        """Score the best model on every split that has labels, and write what came out."""
        progress = state.progress
        result: dict[str, Any] = {}
        best = load(reopen(self.folder.best, self.source.labels), self.task.auto_model, seed=self.config.run.seed)
        evaluator = self._evaluator(self._on_device(best.model), None)
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
        self.folder.write("metrics.json", result)
        plot_curves(self.folder.path / "metrics.jsonl", self.folder.path / "curves.png", self.task.score)
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
        return self.source.tokenizer.pad_token_id or 0

    def _evaluator(self, model: torch.nn.Module, stop: StopFlag | None) -> Evaluator:
        return Evaluator(
            model=model,
            task=self.task,
            labels=self.source.labels,
            hardware=self.hardware,
            pad_id=self.pad_id,
            batch_tokens=self.config.hardware.eval_tokens,
            poll=stop.check if stop is not None else _go_on,
        )

    # The Observer.

    def stepped(self, info: StepInfo) -> None:
        """Move the progress bar."""
        share, left = self._share_and_left()
        self.progress.stepped(info.step, share, info.loss_sum / info.count, info.lr, info.tokens / info.seconds, left)

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
        return self._evaluator(state.model, self.stop).score(part.examples, part.features)

    def validated(self, state: TrainState, metrics: dict[str, Any], *, best: bool) -> None:
        """Say and log the scores; keep the model if it is the best."""
        step = state.progress.step
        if metrics:
            self.metrics_file.add({"step": step, "split": "validation", **metrics})
            self.console.say(f"validation at step {step}  {scores_line(metrics)}{'  (best)' if best else ''}")
        if best:
            save_model(self.folder.best, state.model, self.source.tokenizer, self._manifest(state))

    def save(self, state: TrainState) -> None:
        """Save the state to go on from."""
        save_model(self.folder.last, state.model, self.source.tokenizer, self._manifest(state), state)

    def _manifest(self, state: TrainState) -> dict[str, Any]:
        return manifest(
            task=self.task,
            labels=self.source.labels,
            windows=self.windows,
            model_name=self.config.model.name,
            step=state.progress.step,
            metrics=state.progress.best_metrics if state.progress.validated == state.progress.step else {},
        )


def _plan(config: TrainingConfig, order: Order) -> Plan:
    train_config = config.train
    limits = [train_config.max_steps] if train_config.max_steps is not None else []
    budget = seconds(str(train_config.budget)) if train_config.budget is not None else None
    if train_config.epochs is not None:
        limits.append(order.steps_in(train_config.epochs))
    elif not limits and train_config.max_tokens is None and budget is None:
        limits.append(order.steps_in(1))

    def every(value: str | float) -> Every:
        if value == "epoch":
            return Every(order.steps_in(1), None)
        return Every(int(value), None) if float(value) >= 1 else Every(None, float(value))

    return Plan(
        horizon=Horizon(steps=min(limits, default=None), tokens=train_config.max_tokens, seconds=budget),
        seed=config.run.seed,
        max_grad_norm=train_config.max_grad_norm,
        micro_batch=config.hardware.micro_batch,
        schedule=Schedule(
            decay=config.schedule.decay,
            warmup=config.schedule.warmup,
            floor=config.schedule.floor,
            cooldown=config.schedule.cooldown,
        ),
        eval_every=every(train_config.eval_every),
        save_every=every(train_config.save_every),
        log_every=train_config.log_every,
        patience=train_config.patience,
    )


def _counted(number: int, what: str) -> str:
    return f"{number:,} {what}{'s' if number != 1 else ''}"


def _go_on() -> None:
    """Nothing is polled outside of training: there a signal ends the command by itself."""
