"""Models that are fitted to all training data at once, instead of step by step."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from typing import Any, Protocol, runtime_checkable

import numpy as np
from numpy.typing import NDArray

from ftk.contracts.score import Score
from ftk.core.plan import Observer
from ftk.core.state import TrainState
from ftk.data.batching.features import Features, Ragged
from ftk.errors import ModelError


@runtime_checkable
class FittedModel(Protocol):
    """A model that is fitted to all training data at once."""

    def fit(
        self, windows: Sequence[NDArray[np.int32]], targets: NDArray[Any], weights: NDArray[Any] | None
    ) -> list[str]:
        """Fit all weights.

        Args:
            windows: the token ids of each window, without padding.
            targets: integers, [windows] the class of each window; booleans, [windows, labels] which labels it has; or
                numbers, [windows, outputs].
            weights: how much each counts: [windows], or for booleans [windows, labels]; None: 1.

        Returns:
            Sentences for the user about what was fitted.
        """
        ...


def fit(
    state: TrainState,
    model: FittedModel,
    features: Features,
    *,
    num_labels: int,
    score: Score,
    observer: Observer,
    say: Callable[[str], None],
) -> dict[str, Any]:
    """Fit a model and validate it.

    Args:
        state: its progress changes.
        model: is fitted; the same as the state's.
        features: of the training split.
        num_labels: of the model; 0 if the task has none.
        score: the metric that is remembered as the best score.
        observer: receives the event, and validates, as in the training loop.
        say: receives what the model reports.

    Returns:
        The metrics of the validation split.

    Raises:
        ModelError: the task has no targets to which such a model can be fitted.
    """
    progress = state.progress
    targets, weights = targets_of(features, num_labels)
    ids = features.columns["input_ids"]
    began = time.perf_counter()
    for fact in model.fit([ids[number] for number in range(len(ids))], targets, weights):
        say(fact)
    progress.seconds = progress.elapsed = time.perf_counter() - began
    progress.tokens = int(features.lengths.sum())
    observer.logged(
        {"step": progress.step, "split": "fit", "tokens": progress.tokens, "seconds": round(progress.seconds, 3)}
    )
    metrics = observer.validate(state)
    progress.best_score, progress.best_step, progress.best_metrics = score.value(metrics), 0, metrics
    return metrics


def targets_of(features: Features, num_labels: int) -> tuple[NDArray[Any], NDArray[Any] | None]:
    """The targets of the windows as ``FittedModel.fit`` takes them, and how much each counts.

    A single integer is the number of a class. With the column ``labels``, which says how many there are, integers are
    the numbers of all labels that a window has.

    Raises:
        ModelError: the task has no targets to which such a model can be fitted.
    """
    columns = getattr(features, "columns", {})  # features that cut windows when a batch is made have none
    if "labels" in columns:
        columns = _dense(columns, len(features), num_labels)
    width = len(columns["label"].values) // len(features) if "label" in columns else 0
    if width not in (1, num_labels) or (columns["label"].lengths != width).any():
        raise ModelError("a model that is fitted at once needs a label, or the same number of targets, for each text.")
    found = columns["label"].values.reshape(len(features), width)
    weights = columns["weight"].values.reshape(len(features), -1) if "weight" in columns else None
    if features.weight is not None:
        each = features.weight[:, None] / features.weight.mean()
        weights = each if weights is None else weights * each
    if weights is not None and weights.shape[1] == 1:
        weights = weights[:, 0]
    if found.dtype.kind == "i":
        found = found.astype(bool) if width == num_labels else found[:, 0]
    return found, weights


def _dense(columns: Mapping[str, Ragged], windows: int, num_labels: int) -> dict[str, Ragged]:
    """``label`` with a truth value for each label of each window, and ``weight`` with a number for each."""
    label, starts = columns["label"], np.arange(windows + 1) * num_labels
    at = np.repeat(starts[:-1], label.lengths) + label.values
    present = np.zeros(windows * num_labels, dtype=np.int32)
    present[at] = 1
    dense = {"label": Ragged(present, starts)}
    if "weight" in columns:
        weight = np.ones(windows * num_labels, dtype=np.float32)
        weight[at] = columns["weight"].values
        dense["weight"] = Ragged(weight, starts)
    return dense
