"""A verified model folder, opened and loaded to evaluate or predict."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import cache
from pathlib import Path

import torch
from torch import nn

from ftk.calibration.kept import Kept
from ftk.config.choices import Precision
from ftk.config.schema import DataConfig, HardwareConfig
from ftk.contracts import finding_kinds as kinds
from ftk.contracts.layout import Layout
from ftk.contracts.notes import Notes
from ftk.contracts.protocols import Runnable
from ftk.contracts.task import Task
from ftk.contracts.values import Labels, WindowPlan
from ftk.core.evaluate import Runner
from ftk.core.hardware import Hardware, choose
from ftk.core.non_finite import note_broken_weights
from ftk.errors import ModelError, numbered
from ftk.inference.manifest import Trained
from ftk.kernels import Unfit, prediction_ways, use_fast_kernels, use_proven_kernels
from ftk.kernels.ways import INT8
from ftk.models.forward.padding_probe import layout_of, note_layout
from ftk.models.loading.load import listed_names, load_weights
from ftk.models.loading.sentence_encoder import VECTORS, sentence_length
from ftk.models.loading.source import Source, reopen_model, window_length
from ftk.report.console import Console


@dataclass(frozen=True, kw_only=True, slots=True)
class Checkpoint:
    """All of a model folder but its weights.

    Attributes:
        folder: the model folder.
        task: with the fields that it was trained with, and those that the user changed.
        labels: in the order of the model's outputs; None for a task that has none.
        windows: how texts are cut into windows.
        layout: of the batches that it was trained with; None if the folder does not say.
        source: the config, and the tokenizer or image processor, of the model.
        adopted: whether another tool trained the model.
        kept: its calibration; None if it has none.
        cache_dir: the folder of the cache, if the user named one.
    """

    folder: Path
    task: Task
    labels: Labels | None
    windows: WindowPlan
    layout: Layout | None
    source: Source
    cache_dir: str | None
    adopted: bool = False
    kept: Kept | None = None

    @classmethod
    def open(cls, folder: Path, trained: Trained, data: DataConfig, kept: Kept | None = None) -> "Checkpoint":
        """Read a verified folder without its weights.

        Args:
            folder: the model folder.
            trained: what its manifest holds.
            data: its max_length, stride and max_windows replace those of the training; its cache_dir is used.
            kept: its calibration.

        Raises:
            ModelError: the files of the folder do not belong together.
        """
        labels, windows = trained.labels, trained.windows
        # The outputs of a model of another tool keep its names: several may stand for one label.
        spec = trained.task.spec
        adopted_for = spec.auto_model if trained.adopted else None
        own = None if trained.adopted else labels
        source = reopen_model(folder, own, spec.modalities, adopted_for=adopted_for)
        if source.labels is not None and labels is not None and source.labels.names != labels.names:
            raise ModelError(f"{folder}: config.json and ftk.json name different labels.")
        if data.max_length is not None or windows is None:
            length = _length(source, trained.task, data.max_length)
            windows = WindowPlan.of(length, None, windows.max_windows if windows is not None else None)
        if data.stride is not None:
            windows = WindowPlan.of(windows.length, data.stride, windows.max_windows)
        if data.max_windows is not None:
            windows = replace(windows, max_windows=data.max_windows)
        windows = replace(windows, prefix=trained.prefix)
        return cls(
            folder=folder,
            task=trained.task,
            labels=labels,
            windows=windows,
            layout=trained.layout,
            source=source,
            adopted=trained.adopted,
            kept=kept,
            cache_dir=data.cache_dir,
        )

    def runner(self, runnable: Runnable, hardware: HardwareConfig, console: Console) -> Runner:
        """Read the weights; every one of them must be in the file.

        Args:
            runnable: what is run with the weights: the task itself, or its predictor.
            hardware: the hardware section of the config.
            console: prints what was chosen and loaded.

        Raises:
            ConfigError: this machine does not have the hardware or the precision.
            ModelError: the weights cannot be read, or are not complete.
        """
        chosen = choose(hardware)
        console.say(chosen.why)
        loaded = load_weights(self.source, runnable.spec.auto_model, seed=0)
        if loaded.missing:
            names = listed_names(loaded.missing)
            head = " The model has no head for this task: nothing was trained for it." if self.adopted else ""
            lack = numbered(len(loaded.missing), "tensor")
            raise ModelError(f"{self.folder}: the weights lack {lack} of the model: {names}.{head}")
        for fact in loaded.facts:
            console.say(fact)
        notes = self.source.notes
        note_broken_weights(loaded.model, notes)
        layout = self.layout
        if layout is None:
            layout = layout_of(loaded.model, self.source.tokenizer, runnable.spec.auto_model, self.source.limit)
        note_layout(layout, loaded.model, notes)
        console.report(notes.drain())
        model = loaded.model.to(chosen.device)
        chosen = self._install_kernels(model, chosen, hardware, console)
        return Runner(
            model=model,
            runnable=runnable,
            labels=self.labels,
            hardware=chosen,
            batch_tokens=hardware.eval_tokens,
            poll=lambda: None,
            plain=cache(lambda: self.plain(runnable)) if _is_changed(chosen, hardware) else None,
            layout=layout,
            rescore=None if self.kept is None else self.kept.rescored(self.task.spec.confidence, self.folder),
        )

    def plain(self, runnable: Runnable) -> nn.Module:
        """The model as it is in the folder, in fp32 on the CPU, without fast kernels."""
        with torch.random.fork_rng(devices=[]):  # missing weights are drawn, and no prediction may change a generator
            return load_weights(self.source, runnable.spec.auto_model, seed=0).model

    def _install_kernels(
        self, model: nn.Module, chosen: Hardware, hardware: HardwareConfig, console: Console
    ) -> Hardware:
        """Install the kernels that fit; returns the hardware with the precision that the model can be run in."""
        notes = Notes()
        try:
            changed = self._proven(model, chosen, hardware, notes)
        except Unfit as error:
            chosen = chosen.for_fp32_model(hardware, type(model).__name__, str(error))
            console.say(chosen.why)
            changed = self._proven(model, chosen, hardware, notes)
        if chosen.precision is Precision.int8:
            number = changed[INT8]
            console.say(
                f"int8: {numbered(number, 'linear layer')} of the encoder; the head and what lies between are not"
            )
        console.report(notes.drain())
        if hardware.compile or chosen.device.type != "cpu":
            use_fast_kernels(model, compiled=hardware.compile)
        return chosen

    def _proven(self, model: nn.Module, chosen: Hardware, hardware: HardwareConfig, notes: Notes) -> Mapping[str, int]:
        int8 = chosen.precision is Precision.int8
        ways = prediction_ways(chosen.dtype, rows=hardware.eval_tokens, int8=int8, others=_is_changed(chosen, hardware))
        return use_proven_kernels(model, ways, chosen.dtype, cache_dir=self.cache_dir, notes=notes)


def _length(source: Source, task: Task, asked: int | None) -> int:
    """The window length of a model of another tool, or one that the user asks for."""
    own = sentence_length(source.folder) if source.folder is not None and task.spec.auto_model == VECTORS else None
    if asked is not None or own is None:
        return window_length(source, asked)
    length = min(source.limit, own)
    source.notes.add(kinds.SENTENCE_LENGTH, length=length)
    return length


def _is_changed(chosen: Hardware, hardware: HardwareConfig) -> bool:
    """Whether the modules of a model are replaced by faster ones."""
    return chosen.device.type == "cpu" and not hardware.compile
