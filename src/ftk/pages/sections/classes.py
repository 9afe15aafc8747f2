"""The score of rows of one kind beside those of another: questions, answers, lengths."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from ftk.pages.blocks import Cell, Table
from ftk.pages.numbers import count_cell, interval_cell, score_cell
from ftk.pages.predictions import Predictions

Class = tuple[int, int | None, str]
"""The lowest and the highest number, and the name."""


def table_by(
    predictions: Predictions, caption: str, what: str, names: Sequence[str | None], order: Sequence[str], note: str = ""
) -> Table | None:
    """The score of the rows of each name, with intervals; None if the score is not made of rows.

    Args:
        predictions: of a split.
        caption: of the table.
        what: the names are.
        names: [rows] the name of each row; None leaves it out.
        order: of the names.
        note: below the table.
    """
    if predictions.statistics is None:
        return None
    rows: list[list[Cell | str]] = []
    places: dict[str, list[int]] = {name: [] for name in order}
    for at, name in enumerate(names):
        if name is not None:
            places[name].append(at)
    for name in order:
        if places[name]:
            found, ends = predictions.score_of(np.array(places[name]))
            rows.append([name, count_cell(len(places[name])), score_cell(found, ends), interval_cell(ends)])
    return Table(caption, [what, "rows", predictions.statistics.score, "95 %"], rows, note) if rows else None


def class_of(number: int | None, classes: Sequence[Class]) -> str | None:
    """The name of the class of a number; None if it is in none."""
    if number is None:
        return None
    return next((name for low, high, name in classes if low <= number and (high is None or number <= high)), None)


def by_number(
    predictions: Predictions,
    caption: str,
    what: str,
    classes: Sequence[Class],
    number_of: Callable[[Any], int | None],
) -> Table | None:
    """The score of the rows of each class of a number."""
    names = [class_of(number_of(record), classes) for record in predictions.records]
    return table_by(predictions, caption, what, names, [name for _, _, name in classes])
