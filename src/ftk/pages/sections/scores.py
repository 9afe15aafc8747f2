"""The scores: those of each split, those of each label, and the confusion of labels."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from ftk.pages.blocks import Block, Cell, Section, Table
from ftk.pages.decisions import HAS_LABELS, confusions, label_counts
from ftk.pages.numbers import count_cell, interval_cell, number_cell, score_cell
from ftk.pages.predictions import Form, Predictions
from ftk.pages.run_files import RunFiles

_MOST_IN_MATRIX = 20
"""Labels of a matrix of confusion; of more labels the pairs that are confused most are listed."""
_MOST_PAIRS = 40
_FEW = 10
"""Rows of a label below which its scores say little."""


def scores_section(run: RunFiles, predictions: Mapping[str, Predictions], metric: str | None) -> Section:
    """All scores of each split, with the intervals of those that are made of rows."""
    splits = run.splits
    names = list(dict.fromkeys(name for split in splits for name, _ in numbers_in(run.metrics[split])))
    intervals = {split: predictions[split].intervals for split in splits if split in predictions}
    rows: list[list[Cell | str]] = []
    for name in names:
        row: list[Cell | str] = [name]
        for split in splits:
            value = dict(numbers_in(run.metrics[split])).get(name)
            row.append(count_cell(value) if isinstance(value, int) else number_cell(value))
            row += [interval_cell(intervals[split].get(name))] if intervals.get(split) else []
        rows.append(row)
    columns = ["score"]
    for split in splits:
        columns += [split, *([f"95 % interval, {split}"] if intervals.get(split) else [])]
    blocks: list[Block] = [Table("Scores by split", columns, rows)]
    if isinstance(baselines := run.metrics.get("baselines"), dict) and (compared := _baselines(baselines, metric)):
        blocks.append(compared)
    return Section("scores", "Scores", blocks)


def numbers_in(metrics: Mapping[str, Any]) -> Iterator[tuple[str, float | int]]:
    """The scores of a split that are single numbers, by name."""
    for name, value in metrics.items():
        if isinstance(value, (int, float)) and not isinstance(value, bool):
            yield name, value


def _baselines(baselines: Mapping[str, Any], metric: str | None) -> Table | None:
    """The score of each baseline on each split."""
    rows: list[list[Cell | str]] = []
    for split, by_name in baselines.items():
        for name, values in by_name.items() if isinstance(by_name, dict) else ():
            if isinstance(values, dict) and isinstance(value := values.get(metric), (int, float)):
                rows.append([name, split, number_cell(float(value))])
    return Table("Baselines on the same rows", ["baseline", "split", str(metric)], rows) if rows else None


def labels_section(predictions: Predictions) -> Section | None:
    """F1 of each label with its interval, precision and recall, and which labels are confused; None without labels."""
    if predictions.form not in HAS_LABELS:
        return None
    counts = label_counts(predictions)
    if not counts:
        return None
    rows: list[list[Cell | str]] = []
    for label, found in counts.items():
        f1, ends = found.f1()
        numbers = [number_cell(found.precision), number_cell(found.recall)]
        rows.append([label, count_cell(found.support), score_cell(f1, ends), interval_cell(ends), *numbers])
    rare = sum(1 for found in counts.values() if found.support < _FEW)
    note = "An interval holds the score of the model on all such rows with a probability of 95 %."
    if rare:
        note += f" {rare} of {len(counts)} labels have fewer than {_FEW} gold ones: their scores say little."
    columns = ["label", "support", "F1", "95 % of F1", "precision", "recall"]
    table = Table(f"Scores by label, {predictions.split}", columns, rows, note, sortable=True)
    blocks: list[Block] = [table]
    if predictions.form in (Form.label, Form.tags):
        blocks.append(_confusion(predictions))
    return Section("labels", "Labels", blocks)


def _confusion(predictions: Predictions) -> Table:
    pairs = confusions(predictions)
    gold = sorted({one for one, _ in pairs})
    given = sorted({one for _, one in pairs})
    if max(len(gold), len(given)) > _MOST_IN_MATRIX:
        return _pairs(pairs)
    totals = {label: sum(number for (one, _), number in pairs.items() if one == label) for label in gold}
    rows: list[list[Cell | str]] = []
    for one in gold:
        row: list[Cell | str] = [one]
        for other in given:
            number = pairs.get((one, other), 0)
            level = round(9 * number / totals[one]) if totals[one] else 0
            row.append(count_cell(number, level=max(level, 1) if number else 0))
        rows.append(row)
    caption = f"Confusion, {predictions.split} (rows: gold, columns: given)"
    return Table(caption, ["gold \\ given", *given], rows, "The stronger the colour, the larger the share of the row.")


def _pairs(pairs: Mapping[tuple[str, str], int]) -> Table:
    wrong = sorted(((number, pair) for pair, number in pairs.items() if pair[0] != pair[1]), key=lambda one: -one[0])
    totals: dict[str, int] = {}
    for (one, _), number in pairs.items():
        totals[one] = totals.get(one, 0) + number
    rows: list[list[Cell | str]] = [
        [one, other, count_cell(number), number_cell(number / totals[one])]
        for number, (one, other) in wrong[:_MOST_PAIRS]
    ]
    left = len(wrong) - len(rows)
    note = f"{left:,} more pairs are confused, each at most {wrong[_MOST_PAIRS][0]:,} times." if left > 0 else ""
    return Table("The labels that are confused most", ["gold", "given", "rows", "share of gold"], rows, note, True)
