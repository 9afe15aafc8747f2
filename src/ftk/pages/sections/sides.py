"""Several runs by their sides: the letters that the verdict has, and the mean of the runs of each."""

from __future__ import annotations

import statistics
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from ftk.comparing.recipes import groups_of, letter_of
from ftk.pages.blocks import Block, Cell, Section, Table
from ftk.pages.decisions import HAS_LABELS, label_counts
from ftk.pages.numbers import count_cell, interval_cell, number_cell, score, score_cell
from ftk.pages.predictions import Predictions

_MOST_WITH_SPREAD = 3
"""More sides have no column of intervals each: the table would be too wide."""
Scores = Mapping[str, Mapping[str, float | int]]
"""By the name of a run the scores by their names."""


@dataclass(frozen=True, slots=True)
class Side:
    """A side of the comparison.

    Attributes:
        letter: as in the verdict.
        runs: the names of its runs.
    """

    letter: str
    runs: tuple[str, ...]

    @property
    def spread(self) -> str:
        """What the column beside its score shows."""
        return f"± runs, {self.letter}" if len(self.runs) > 1 else f"95 %, {self.letter}"


def sides_of(
    names: Sequence[str], opened: Mapping[str, Predictions], groups: Sequence[Sequence[int]]
) -> Sequence[Side]:
    """The sides of the verdict; a run without predictions stands for itself, behind them.

    Args:
        names: of all runs.
        opened: the predictions of those that have some.
        groups: the numbers among ``opened`` of the runs in each group of the command line.
    """
    known = list(opened)
    found = groups_of([opened[name].outcomes for name in known], groups, False) if known and any(groups) else []
    sides = [Side(group.letter, tuple(known[at] for at in group.runs)) for group in found]
    left = [name for name in names if name not in opened]
    letters = [letter_of(len(sides) + at) for at in range(len(left))]
    return [*sides, *(Side(letter, (name,)) for letter, name in zip(letters, left, strict=True))]


def scores_by_side(
    sides: Sequence[Side],
    values: Scores,
    opened: Mapping[str, Predictions],
    metrics: Sequence[str],
    split: str,
) -> Section:
    """The scores of the sides, those of ``metrics`` first, and of each run.

    Args:
        sides: from ``sides_of``.
        values: of each run.
        opened: the predictions of runs.
        metrics: the scores that chose the best models.
        split: that was scored.
    """
    known = list(dict.fromkeys(one for found in values.values() for one in found))
    order = [*metrics, *(one for one in known if one not in metrics)]
    spread = len(sides) <= _MOST_WITH_SPREAD
    rows: list[list[Cell | str]] = []
    for name in order:
        row: list[Cell | str] = [name]
        for side in sides:
            found = [values[run][name] for run in side.runs if name in values[run]]
            ends = opened[side.runs[0]].intervals.get(name) if side.runs[0] in opened else None
            if found and all(isinstance(one, int) for one in found) and len(set(found)) == 1:
                row += [count_cell(int(found[0])), *([""] if spread else [])]
                continue
            mean = statistics.fmean(found) if found else None
            alone = len(side.runs) == 1
            row.append(score_cell(mean, ends) if alone and ends else number_cell(mean))
            row += [interval_cell(ends) if alone else _deviation(found)] if spread else []
        rows.append(row)
    columns = ["score", *(name for side in sides for name in (side.letter, side.spread)[: 2 if spread else 1])]
    blocks: list[Block] = [Table(f"Scores, {split}", columns, rows, _note(sides, spread=spread))]
    if any(len(side.runs) > 1 for side in sides) or not spread:
        blocks.append(_runs(sides, values, opened, order[: max(1, len(metrics))], split))
    return Section("scores", "Scores", blocks)


def _note(sides: Sequence[Side], *, spread: bool) -> str:
    """What the numbers are."""
    several = any(len(side.runs) > 1 for side in sides)
    parts = ["A side with several runs has their mean" + (", and ± their standard deviation." if spread else ".")]
    parts = parts if several else []
    if spread and any(len(side.runs) == 1 for side in sides):
        parts.append(
            "An interval is that of one model on all such rows. Where two overlap, the difference may be real all the "
            "same: both models answered the same rows, which 'ftk compare' takes into account."
        )
    return " ".join(parts)


def _runs(
    sides: Sequence[Side], values: Scores, opened: Mapping[str, Predictions], metrics: Sequence[str], split: str
) -> Table:
    """One row a run: the scores that chose the best models, with their intervals."""
    rows: list[list[Cell | str]] = []
    for side in sides:
        for run in side.runs:
            row: list[Cell | str] = [run, side.letter]
            for name in metrics:
                value, ends = values[run].get(name), opened[run].intervals.get(name) if run in opened else None
                row += [score_cell(value, ends), interval_cell(ends)]
            rows.append(row)
    columns = ["run", "side", *(one for name in metrics for one in (name, f"95 % of {name}"))]
    return Table(f"Scores of each run, {split}", columns, rows, sortable=True)


def _deviation(found: Sequence[float]) -> Cell | str:
    return Cell(f"±{score(statistics.stdev(found))}", statistics.stdev(found)) if len(found) > 1 else ""


def labels_by_side(sides: Sequence[Side], opened: Mapping[str, Predictions]) -> Section | None:
    """The F1 of each label on each side; None without labels.

    Args:
        sides: from ``sides_of``.
        opened: the predictions of runs.
    """
    counts = {name: label_counts(found) for name, found in opened.items() if found.form in HAS_LABELS}
    labels = sorted({label for found in counts.values() for label in found})
    shown = [side for side in sides if any(run in counts for run in side.runs)]
    if len(counts) < 2 or not labels:
        return None
    spread = len(shown) <= _MOST_WITH_SPREAD
    rows: list[list[Cell | str]] = []
    for label in labels:
        support = max(found[label].support for found in counts.values() if label in found)
        row: list[Cell | str] = [label, count_cell(support)]
        for side in shown:
            found = [counts[run][label].f1() for run in side.runs if label in counts.get(run, ())]
            known = [value for value, _ in found if value is not None]
            alone = found[0][1] if len(side.runs) == 1 and found else None
            row.append(score_cell(statistics.fmean(known), alone) if known else "–")
            row += [interval_cell(alone) if len(side.runs) == 1 else _deviation(known)] if spread else []
        rows.append(row)
    names = [name for side in shown for name in (f"F1, {side.letter}", side.spread)[: 2 if spread else 1]]
    table = Table("F1 by label", ["label", "support", *names], rows, _note(shown, spread=spread), sortable=True)
    return Section("labels", "Labels", [table])
