"""What takes the place of the loop where a model is fitted to all of the training data at once."""

from __future__ import annotations

import time
from collections.abc import Iterator, Sequence
from dataclasses import fields
from typing import TYPE_CHECKING, Any, Protocol, runtime_checkable

import numpy as np
from numpy.typing import NDArray

from ftk.config.schema import ScheduleConfig, TrainConfig
from ftk.core.background_save import Saver
from ftk.core.state import TrainState
from ftk.data.batching.features import Features
from ftk.errors import ModelError

if TYPE_CHECKING:
    from ftk.training.runner import Training

_UNREAD = (
    "hardware.micro_batch",
    "model.default_lr",
    "model.dropout",
    "run.stop_after",
)
"""Beside all keys of the sections that speak of steps."""
_OF_LOSS = ("task.focal", "task.label_smoothing", "task.robust")
"""What scikit-learn has a loss of its own for."""


@runtime_checkable
class FittedModel(Protocol):
    """A model that is fitted to all of the training data at once, not trained step by step."""

    def fit(
        self, windows: Sequence[NDArray[np.int32]], targets: NDArray[Any], weights: NDArray[Any] | None
    ) -> list[str]:
        """Settle all weights; returns what there is to say of it.

        Args:
            windows: the ids of each, without padding.
            targets: integers, [windows] the class of each; truth values, [windows, labels] which labels it has; or
                numbers, [windows, outputs].
            weights: what each counts: [windows], or for truth values [windows, labels]; None: 1.
        """
        ...


def fit(run: Training, state: TrainState, model: FittedModel) -> None:
    """Fit a model, score it, and save it as the best and the last one; nothing where a run that goes on has done so.

    Raises:
        ModelError: the task has no targets that such a model could be fitted to.
    """
    progress = state.progress
    if progress.best_step is not None:
        run.console.say("the model was fitted before")
        return
    if unread := list(_unread(run)):
        run.console.warn(f"{', '.join(unread)}: not used, for this model is not trained step by step")
    if in_loss := [key for key in _OF_LOSS if run.folder.invocation.sets(key)]:
        run.console.warn(f"{', '.join(in_loss)}: not used in fitting, only in the loss that validation and test show")
    features = run.prepared["train"].features
    targets, weights = _targets(features, len(run.source.labels.names) if run.source.labels is not None else 0)
    ids = features.columns["input_ids"]
    began = time.perf_counter()
    for fact in model.fit([ids[number] for number in range(len(ids))], targets, weights):
        run.console.say(fact)
    progress.seconds = progress.elapsed = time.perf_counter() - began
    progress.tokens = int(features.lengths.sum())
    run.metrics_file.add(
        {"step": progress.step, "split": "fit", "tokens": progress.tokens, "seconds": round(progress.seconds, 3)}
    )
    metrics = run.validate(state)
    progress.best_score, progress.best_step, progress.best_metrics = metrics.get(run.task.score), 0, metrics
    with run.stop.deferred(), Saver() as run.saver:
        run.validated(state, metrics, best=True)
    run.stop.check()


def _unread(run: Training) -> Iterator[str]:
    """The keys on the command line that such a model does not read."""
    sections = {
        "train": [field.name for field in fields(TrainConfig)],
        "schedule": [field.name for field in fields(ScheduleConfig)],
        "optimizer": list(run.config.optimizer),
    }
    keys = [key for section, names in sections.items() for key in (section, *(f"{section}.{name}" for name in names))]
    return (key for key in (*keys, *_UNREAD) if run.folder.invocation.sets(key))


def _targets(features: Features, labels: int) -> tuple[NDArray[Any], NDArray[Any] | None]:
    """What is to be learned of the windows, and what each of them counts.

    Integers, one for each label, say which labels a window has; a single one is the number of its class.
    """
    columns = getattr(features, "columns", {})  # there are none where windows are cut when a batch is made
    width = len(columns["label"].values) // len(features) if "label" in columns else 0
    if width not in (1, labels) or (columns["label"].lengths != width).any():
        raise ModelError("a model that is fitted at once needs a label, or the same number of targets, for each text.")
    found = columns["label"].values.reshape(len(features), width)
    weights = columns["weight"].values.reshape(len(features), -1) if "weight" in columns else None
    if features.weight is not None:
        each = features.weight[:, None] / features.weight.mean()
        weights = each if weights is None else weights * each
    if weights is not None and weights.shape[1] == 1:
        weights = weights[:, 0]
    if found.dtype.kind == "i":
        found = found.astype(bool) if width == labels else found[:, 0]
    return found, weights
