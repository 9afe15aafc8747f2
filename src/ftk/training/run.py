"""What a training run is made of."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import torch

from ftk.config.choices import Grouping
from ftk.config.schema import FinetuneConfig, TrainingConfig
from ftk.contracts.layout import Layout
from ftk.contracts.notes import Notes
from ftk.contracts.protocols import Order
from ftk.contracts.task import Task
from ftk.contracts.values import Prepared, WindowPlan
from ftk.core.batch_source import BatchSource
from ftk.core.evaluate import Evaluator, Runner
from ftk.core.hardware import Hardware
from ftk.core.plan import Plan
from ftk.core.saving.publisher import Publisher
from ftk.core.state import TrainState
from ftk.core.world import World
from ftk.inference.manifest import manifest
from ftk.inference.pipeline import scores_in_records
from ftk.inference.trained_columns import named_columns
from ftk.kernels import use_fast_kernels
from ftk.models.loading.load import load_weights
from ftk.models.loading.source import Source, reopen_model
from ftk.objectives import Objective
from ftk.report.console import Console
from ftk.report.run_folder import RunFolder
from ftk.system.signals import Stop
from ftk.training.fast_ways import FastWays


@dataclass(kw_only=True)
class Run:
    """A training run, ready for its first step. Only ``task`` and ``state`` change afterwards.

    Attributes:
        config: of the run, with a value in place of each ``auto``.
        chosen: the keys of the config that had none, with their values.
        finds_rate: whether a rate test comes before the first step.
        folder: where everything is written.
        console: shows and logs messages.
        task: what is trained; a validation may replace it by one with tuned fields.
        tuned: the fields that validation tunes; fields that the config sets are not among them.
        hardware: device and precision.
        source: the model's config, tokenizer and labels.
        windows: how texts are cut.
        prepared: examples and features of each split.
        state: model, optimizer and progress.
        order: which windows each step has.
        plan: how long, and what is due when.
        objective: turns micro batches into gradients.
        publisher: which weights are written.
        world: the processes of the run.
        stop: whether someone asked the run to stop.
        columns: by role, the columns that were chosen where rows have several.
        layout: how texts of different lengths share a batch.
        grouping: which rows share a step.
        fast_ways: that its model uses; None on a GPU, and if it is compiled.
    """

    config: TrainingConfig
    chosen: dict[str, Any]
    finds_rate: bool
    folder: RunFolder
    console: Console
    task: Task
    tuned: tuple[str, ...]
    hardware: Hardware
    source: Source
    windows: WindowPlan
    prepared: dict[str, Prepared]
    state: TrainState
    order: Order
    plan: Plan
    objective: Objective
    publisher: Publisher
    world: World
    stop: Stop
    columns: dict[str, Any]
    layout: Layout
    grouping: Grouping
    fast_ways: FastWays | None

    def batch_source(self) -> BatchSource:
        """The batches of the training split."""
        return BatchSource(
            task=self.task,
            features=self.prepared["train"].features,
            order=self.order,
            seed=self.config.run.seed,
            world=self.world,
            pinned=self.hardware.device.type == "cuda",
            layout=self.layout,
        )

    def evaluator(self, model: torch.nn.Module) -> Evaluator:
        """Scores a model with the run's task."""
        runner = Runner(
            model=model,
            runnable=self.task,
            labels=self.source.labels,
            hardware=self.hardware,
            batch_tokens=self.config.hardware.eval_tokens,
            poll=self.stop.check,
            world=self.world,
            layout=self.layout,
        )
        scores = self.config.predict.scores if isinstance(self.config, FinetuneConfig) else "all"
        return Evaluator(runner, self.task, scores_in_records(scores, self.source.labels))

    def reload_best(self, *, fast: bool) -> torch.nn.Module:
        """The model in ``best/``, on the run's device.

        Args:
            fast: whether to install the fast kernels.
        """
        source = reopen_model(self.folder.best, self.source.labels, self.task.spec.modalities)
        loaded = load_weights(source, self.task.spec.auto_model, seed=self.config.run.seed)
        model = loaded.model.to(self.hardware.device)
        return self.quickened(model) if fast else model

    def quickened(self, model: torch.nn.Module) -> torch.nn.Module:
        """A model with plain modules, with the fast kernels of the run."""
        if self.fast_ways is not None:
            self.fast_ways.install(model, Notes())
        else:
            use_fast_kernels(model, compiled=self.config.hardware.compile)
        return model

    def manifest(self) -> dict[str, Any]:
        """The content of ``ftk.json`` now."""
        progress = self.state.progress
        return manifest(
            task=self.task,
            labels=self.source.labels,
            windows=self.windows,
            columns=named_columns({**self.columns, **named_columns(self.config.data.columns)}),
            model_name=self.config.model.name,
            layout=self.layout,
            step=progress.step,
            metrics=progress.best_metrics if progress.validated == progress.step else {},
        )

    def beside(self) -> Mapping[str, Any]:
        """The files that a model folder has for other libraries."""
        made = self.task.spec.beside
        return {} if made is None else made(self.state.model.config, self.windows.length, prefix=self.windows.prefix)

    def manifest_of_state(self) -> dict[str, Any]:
        """The content of ``ftk.json`` in ``last/``, from which the run resumes."""
        ways = {} if self.fast_ways is None else {"fast_ways": self.fast_ways.to_json()}
        return {**self.manifest(), "grouping": self.grouping.value, **ways}
