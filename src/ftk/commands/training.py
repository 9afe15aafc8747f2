"""What happens in a training once the rows are read: features, weights, steps, scores."""

import math
from typing import Any

import torch

from ftk.commands.manifest import manifest
from ftk.config.schema import FinetuneConfig
from ftk.core.checkpoint import recover_folder, restore_state, save_model
from ftk.core.device import choose
from ftk.core.evaluate import Evaluator
from ftk.core.loop import Plan, StepInfo, train
from ftk.core.state import TrainState
from ftk.core.stop import StopFlag, stop_flag
from ftk.data.batches import StepOrder
from ftk.data.corpus import Corpus
from ftk.data.features import Features
from ftk.data.rows import Notes
from ftk.data.subwords import WindowPlan
from ftk.errors import DataError, Interrupted
from ftk.models.folder import open_model
from ftk.models.load import Source, find, load, reopen, window_length
from ftk.optim.groups import build_optimizer
from ftk.optim.schedules import Schedule
from ftk.report.console import Console, StepProgress, label_table, scores_line
from ftk.report.run_folder import MetricsFile, RunFolder


class Training:
    """One training run; the Observer of its loop."""

    def __init__(self, config: FinetuneConfig, folder: RunFolder, corpus: Corpus, console: Console) -> None:
        self.config = config
        self.folder = folder
        self.corpus = corpus
        self.console = console
        self.task = corpus.task
        self.metrics_file = MetricsFile(folder.path / "metrics.jsonl")
        self.progress: StepProgress
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
        self.windows = self._windows()
        self.features = self._features()
        state = self._state()
        self.order = StepOrder(self.features["train"].lengths, config.train.batch_size, config.run.seed)
        self.plan = _plan(config, self.order.steps_per_epoch)
        self.folder.open(hardware=self.hardware.why, threads=torch.get_num_threads(), data=fingerprints)
        console.log_to(self.folder.path / "log.txt", append=self.folder.resume)
        if self.folder.resume:
            restore_state(self.folder.last, state)
            self.metrics_file.rewind(state.progress.step, state.progress.validated)
            console.say(f"going on after step {state.progress.step} of {self.plan.total_steps}")
        console.say(f"run: {self.folder.path} ({self.plan.total_steps} steps, {self.order.steps_per_epoch} an epoch)")
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
        return find(
            self.config.model, self.corpus.labels, [self.task.key(row) for row in self.corpus.examples["train"]]
        )

    def _windows(self) -> WindowPlan:
        data = self.config.data
        length = window_length(self.source, data.max_length)
        return WindowPlan(length, data.stride if data.stride is not None else length // 4)

    def _features(self) -> dict[str, Features]:
        notes = Notes()
        features = {}
        for split, examples in self.corpus.examples.items():
            notes.prefix = f"{split}: "
            features[split] = self.task.features(
                examples, self.source.tokenizer, self.source.labels, self.windows, notes
            )
        for line in notes.drain():
            self.console.say(line)
        if not len(features["train"]):
            raise DataError("data.train: the tokenizer leaves nothing of any row.")
        return features

    def _state(self) -> TrainState:
        loaded = load(self.source, self.task.auto_model, seed=self.config.run.seed)
        for fact in loaded.facts:
            self.console.say(fact)
        model = loaded.model.to(self.hardware.device)
        if self.config.hardware.compile:
            model.compile(dynamic=True)
        return TrainState(model, build_optimizer(model, self.config.optimizer), self.hardware.scaler())

    def _loop(self, state: TrainState) -> None:
        with (
            self.console.progress(self.plan.total_steps, state.progress.step) as self.progress,
            stop_flag() as self.stop,
        ):
            try:
                train(
                    state,
                    self.task,
                    self.features["train"],
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
        evaluator = self._evaluator(best.model.to(self.hardware.device), None)
        for split in ("validation", "test"):
            if split not in self.features:
                continue
            with self.folder.predictions(split) as write:
                result[split] = evaluator.score(self.corpus.examples[split], self.features[split], write)
            table = label_table(f"{split}, best model (step {progress.best_step})", result[split])
            if table is not None:
                self.console.table(table)
            self.console.say(f"{split}  {scores_line(result[split])}")
        result["best_step"] = progress.best_step
        result["train"] = {
            "steps": progress.step,
            "tokens": progress.tokens,
            "padding": progress.padding,
            "seconds": round(progress.seconds, 3),
            "tokens_per_second": round(progress.tokens / max(progress.seconds, 1e-9), 1),
        }
        if progress.skipped:
            result["train"]["skipped_steps"] = progress.skipped
            self.console.warn(f"{progress.skipped} steps were skipped because a gradient overflowed fp16")
        self.folder.write("metrics.json", result)
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
        self.progress.stepped(info.step, info.loss_sum / info.count, info.lr, info.tokens / info.seconds)

    def logged(self, event: dict[str, Any]) -> None:
        """A line in metrics.jsonl, and one on a terminal that shows no bar."""
        self.metrics_file.add(event)
        step, seconds = event["step"], event["seconds"]
        left = seconds / step * (self.plan.total_steps - step)
        speed = event["tokens"] / max(seconds, 1e-9)
        self.progress.logged(step, step / self.order.steps_per_epoch, event["loss"], event["lr"], speed, left)

    def validate(self, state: TrainState) -> dict[str, Any]:
        """Score the validation split, where there is one."""
        if "validation" not in self.features:
            return {}
        evaluator = self._evaluator(state.model, self.stop)
        return evaluator.score(self.corpus.examples["validation"], self.features["validation"])

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


def _plan(config: FinetuneConfig, steps_per_epoch: int) -> Plan:
    train_config = config.train
    total = max(1, math.ceil(train_config.epochs * steps_per_epoch))
    if train_config.max_steps is not None:
        total = min(total, train_config.max_steps)

    def every(value: str | int) -> int:
        return steps_per_epoch if value == "epoch" else int(value)

    return Plan(
        total_steps=total,
        seed=config.run.seed,
        max_grad_norm=train_config.max_grad_norm,
        micro_batch=config.hardware.micro_batch,
        schedule=Schedule(
            decay=config.schedule.decay,
            warmup=config.schedule.warmup,
            floor=config.schedule.floor,
            cooldown=config.schedule.cooldown,
            total=total,
        ),
        eval_every=every(train_config.eval_every),
        save_every=every(train_config.save_every),
        log_every=train_config.log_every,
        patience=train_config.patience,
    )


def _go_on() -> None:
    """Nothing is polled outside of training: there a signal ends the command by itself."""
