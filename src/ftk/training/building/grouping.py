"""Which rows share the steps of a run: decided when it begins, and part of its state."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from torch import nn

from ftk.config.choices import Grouping
from ftk.config.schema import FinetuneConfig, TrainingConfig
from ftk.contracts.layout import Layout, Padding
from ftk.errors import RunError
from ftk.kernels.unpadded import Unpadded
from ftk.models.loading.source import Source
from ftk.report.console import Console


def grouping_before_loading(
    config: TrainingConfig, source: Source, layout: Layout, saved: Mapping[str, Any] | None
) -> Grouping:
    """The grouping, as far as it is known without trying the layers of the model.

    Args:
        config: of the run.
        source: of the model.
        layout: of its batches.
        saved: the manifest of the state that the run resumes from; a run of an earlier release has none in it, and was
            grouped by length.

    Raises:
        RunError: the manifest has another word in this place.
    """
    asked = config.train.grouping
    if not isinstance(config, FinetuneConfig):  # blocks of text have one length
        return Grouping.length
    if asked is not Grouping.auto:
        return asked
    if source.tokenizer is None:  # so have images
        return Grouping.length
    if saved is not None:
        try:
            return Grouping(saved.get("grouping", Grouping.length.value))
        except ValueError as error:
            raise RunError(f"ftk.json of last/: this release of ftk does not know its grouping ({error}).") from error
    trained = any(one.folder is not None for one in (source, *source.towers.values()))
    return Grouping.none if trained and layout.padding is not Padding.one_length else Grouping.length


def settled_grouping(
    found: Grouping, config: TrainingConfig, model: nn.Module, console: Console, *, resumed: bool
) -> Grouping:
    """The grouping of a run whose model is ready, which it says when it begins.

    Args:
        found: before the model was loaded.
        config: of the run.
        model: with the fast ways of the run.
        console: receives the choice.
        resumed: whether the run began before: then the choice was made.
    """
    if resumed or found is not Grouping.none:
        return found
    if leaves_padding_out(model):
        console.say(
            "batches: rows drawn at random, computed without padding (train.grouping=length for similar lengths)"
        )
        return found
    if config.train.grouping is Grouping.none:
        console.say("batches: rows drawn at random; this model computes their padding (train.grouping=length for less)")
        return found
    console.say("batches: rows of similar length; train.grouping=none draws them at random, for a little more accuracy")
    return Grouping.length


def leaves_padding_out(model: nn.Module) -> bool:
    """Whether the layers of a model compute real tokens only, in training."""
    return any(isinstance(module, Unpadded) for module in model.modules())
