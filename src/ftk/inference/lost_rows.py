"""Rows of ``ftk predict`` for which the model computes NaN or infinity: they have no prediction."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

from ftk.contracts import finding_kinds as kinds
from ftk.contracts.notes import Notes
from ftk.core.non_finite import NotFinite, NotFiniteError
from ftk.errors import DataError
from ftk.inference.bad_rows import WAY_OUT, BadRow


class LostRows:
    """Makes records of rows, one part of the input after the other; lost rows get a record with an ``error``.

    Attributes:
        any_predicted: whether a row so far has a prediction.
    """

    def __init__(self) -> None:
        self.any_predicted = False

    def records(
        self, predicted: Iterator[tuple[Any, Any]], record: Callable[[Any, Any], dict[str, Any]], notes: Notes
    ) -> Iterator[dict[str, Any]]:
        """Yield the record of each row, in order.

        Args:
            predicted: each example with its prediction, or with a ``NotFinite`` if such rows are kept.
            record: makes the record of a prediction.
            notes: collect how many rows have none.

        Raises:
            DataError: there are rows without a prediction, and they are not kept; or no row so far has one.
        """
        waiting: list[tuple[Any, NotFinite]] = []
        try:
            for example, prediction in predicted:
                if isinstance(prediction, NotFinite):
                    waiting.append((example, prediction))
                if self.any_predicted or not isinstance(prediction, NotFinite):
                    self.any_predicted = True
                    yield from (_kept(*lost, notes) for lost in waiting)
                    waiting.clear()
                if not isinstance(prediction, NotFinite):
                    yield record(example, prediction)
        except NotFiniteError as error:
            if not error.others:
                raise
            raise DataError(f"{error}\n{WAY_OUT}", findings=error.findings) from error
        if waiting:
            raise NotFiniteError([lost for _, lost in waiting], others=False)


def _kept(example: Any, lost: NotFinite, notes: Notes) -> dict[str, Any]:
    cause = lost.cause
    notes.add(kinds.NOT_FINITE, lost.where, policy="keep", cause=cause.text, way_out=cause.way_out)
    text = f"{lost.where}: the model computes numbers that are NaN or infinite ({cause.text})"
    return BadRow(example.row, text).record()
