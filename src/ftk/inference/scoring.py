"""Scores labelled rows with a trained model, and says how fast that was."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from ftk.contracts.notes import Notes

if TYPE_CHECKING:
    from ftk.contracts.values import Prepared
    from ftk.core.evaluate import Evaluator


@dataclass(frozen=True, slots=True)
class Score:
    """The metrics of labelled rows, and how fast they were computed.

    Attributes:
        metrics: by name; nested for scores by label.
        rows: how many rows were scored.
        tokens: in all windows, special ones included.
        seconds: the time of the forward passes and the metrics.
    """

    metrics: dict[str, Any]
    rows: int
    tokens: int
    seconds: float

    @property
    def tokens_per_second(self) -> float:
        return self.tokens / max(self.seconds, 1e-9)


def score(
    evaluator: Evaluator,
    prepared: Prepared,
    write: Callable[[dict[str, Any]], None] | None = None,
    notes: Notes | None = None,
) -> Score:
    """Score labelled rows.

    Args:
        evaluator: a model with its task.
        prepared: the rows and their windows.
        write: is called with one record for each row.
        notes: collects what the metric says of the model beside its scores.
    """
    began = time.perf_counter()
    metrics = evaluator.score(prepared.examples, prepared.features, write, notes=notes)
    seconds = time.perf_counter() - began
    return Score(metrics, len(prepared.examples), int(prepared.features.lengths.sum()), seconds)
