"""The score by the values of a column of the data."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from ftk.errors import RunError
from ftk.pages.blocks import Block, Cell, Section, Table, Text
from ftk.pages.marking import cut
from ftk.pages.numbers import count_cell, interval_cell, score, score_cell
from ftk.pages.predictions import Predictions
from ftk.system.spelling import did_you_mean

_MOST_VALUES = 40
_FEW = 10
"""Rows below which a value takes no part in the widest gap."""


def slices_section(predictions: Predictions, columns: Sequence[str]) -> Section:
    """A table for each column: the score of the rows of each value, and the widest gap between two of them.

    Args:
        predictions: of a split.
        columns: keys of the records, which have the columns of the data.

    Raises:
        RunError: no record has a column, or the score is not made of rows.
    """
    if predictions.statistics is None:
        raise RunError(
            f"report.slices: the score of this run ({predictions.outcomes.facts.metric}) is not made of rows that can "
            "be told apart."
        )
    blocks: list[Block] = []
    for column in columns:
        blocks += _of_column(predictions, column, predictions.statistics.score, predictions.statistics.higher_is_better)
    return Section("slices", "Slices", blocks)


def _of_column(predictions: Predictions, column: str, name: str, higher: bool) -> list[Block]:
    rows: dict[str, list[int]] = defaultdict(list)
    for at, record in enumerate(predictions.records):
        if column in record:
            rows[_value(record[column])].append(at)
    if not rows:
        known = sorted({key for record in predictions.records[:100] for key in record})
        near = did_you_mean(column, known)
        raise RunError(
            f"report.slices={column}: no prediction of the {predictions.split} split has this column.{near} They have "
            f"{', '.join(known)}. A run keeps the columns of its data in predictions/; score it again with "
            "'ftk evaluate' if the column is new."
        )
    ordered = sorted(rows, key=lambda value: -len(rows[value]))
    found = {value: predictions.score_of(np.array(rows[value])) for value in ordered[:_MOST_VALUES]}
    lines: list[list[Cell | str]] = [
        [cut(value, 100), count_cell(len(rows[value])), score_cell(*found[value]), interval_cell(found[value][1])]
        for value in found
    ]
    note = "An interval holds the score of the model on all such rows with a probability of 95 %."
    if left := len(ordered) - len(found):
        others = sum(len(rows[value]) for value in ordered[_MOST_VALUES:])
        note += f" {left:,} more values, with {others:,} rows, are left out."
    table = Table(f"{name} by {column}, {predictions.split}", [column, "rows", name, "95 %"], lines, note, True)
    return [Text(_gap(column, name, higher, {one: len(rows[one]) for one in found}, found)), table]


def _gap(
    column: str,
    name: str,
    higher: bool,
    rows: Mapping[str, int],
    found: Mapping[str, tuple[float | None, tuple[float, float] | None]],
) -> str:
    """The widest gap between two values with enough rows, in a sentence."""
    values = {one: value for one, (value, _) in found.items() if value is not None and rows[one] >= _FEW}
    if len(values) < 2:
        return f"{column}: fewer than two values have {_FEW} rows or more, so no gap is named."
    low, high = min(values, key=lambda one: values[one]), max(values, key=lambda one: values[one])
    best, worst = (high, low) if higher else (low, high)
    text = (
        f"{column}: the widest gap is {score(abs(values[best] - values[worst]))} {name}, between {cut(best, 60)} "
        f"({score(values[best])}) and {cut(worst, 60)} ({score(values[worst])})."
    )
    first, second = found[best][1], found[worst][1]
    if first is not None and second is not None:
        apart = first[0] > second[1] or second[0] > first[1]
        text += " Their intervals do not overlap." if apart else " Their intervals overlap."
    return text


def _value(value: Any) -> str:
    if value is None or value == "":
        return "(empty)"
    return str(value)
