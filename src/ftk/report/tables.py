"""Tables of texts and lines of scores, for the terminal, log.txt and JSON."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import islice
from typing import TYPE_CHECKING, Any

from ftk.contracts.score import Score
from ftk.errors import printable

if TYPE_CHECKING:
    from rich.table import Table

_MOST_LABELS = 40
"""Labels that a table shows; metrics.json has all of them."""
_COUNTS = ("candidates",)
"""Metrics that are mean numbers of something."""
_NUMBERS_IN_A_LINE = 5
_TUNED, _YES = "tuned", "yes"


@dataclass(frozen=True)
class TextTable:
    """A table of texts.

    Attributes:
        title: above the table.
        columns: the names of the columns.
        rows: one text for each column.
        totals: more rows, below a line.
        numbers: whether all columns but the first hold numbers.
    """

    title: str
    columns: Sequence[str]
    rows: Sequence[Sequence[str]]
    totals: Sequence[Sequence[str]] = ()
    numbers: bool = False

    def rendered(self) -> Table:
        """The table for rich."""
        from rich.table import Table

        table = Table(title=self.title, title_justify="left")
        for number, column in enumerate(self.columns):
            if self.numbers:
                table.add_column(column, justify="right" if number else "left")
            else:
                # Words below one another, so that no word of a header is broken; long values are folded.
                table.add_column(column.replace(" ", "\n"), overflow="fold", no_wrap=" " in column)
        for row in self.rows:
            table.add_row(*row)
        if self.numbers:
            table.add_section()
        for row in self.totals:
            table.add_row(*row, style="bold")
        return table


def label_table(title: str, metrics: Mapping[str, Any]) -> TextTable | None:
    """Scores by label and over all labels; None for a task without labels."""
    per_label = metrics.get("per_label")
    if not per_label:
        return None
    columns = [name for name in next(iter(per_label.values())) if name != _TUNED]
    shown = dict(per_label)
    if len(shown) > _MOST_LABELS:
        worst = sorted(shown, key=lambda label: shown[label].get("f1", 0.0))[:_MOST_LABELS]
        shown = {label: shown[label] for label in worst}
        title = f"{title}; the {_MOST_LABELS} of {len(per_label)} labels with the lowest f1"
    rows = [[printable(label), *(_cell(scores.get(name)) for name in columns)] for label, scores in shown.items()]
    for row, scores in zip(rows, shown.values(), strict=True):
        row[-1] += _mark(scores)
    totals = []
    for over, ending in (("all", ""), ("micro average", "_micro"), ("macro average", "_macro"), ("a row", "_per_row")):
        values = [metrics.get(f"{name}{ending}") for name in columns]
        if sum(value is not None for value in values) > 1:
            totals.append([over, *map(_cell, values)])
    return TextTable(title, ["label", *columns], rows, totals, numbers=True)


def _mark(scores: Mapping[str, Any]) -> str:
    """An asterisk behind a threshold that is not tuned; a finding says why."""
    return "*" if scores.get(_TUNED, _YES) != _YES else ""


def _cell(value: Any) -> str:
    if value is None:
        return ""
    return f"{value:.4f}" if isinstance(value, float) else f"{value:,}"


def scores_line(metrics: Mapping[str, Any], score: str | None = None) -> str:
    """The first plain numbers of some metrics in one line; metrics.json has the others.

    Args:
        metrics: by name.
        score: the metric that decides, which is shown first if the others leave it out.
    """
    numbers = {name: value for name, value in metrics.items() if isinstance(value, float)}
    shown = dict(islice(numbers.items(), _NUMBERS_IN_A_LINE))
    if score is not None and score not in shown and (value := Score(score, True).value(metrics)) is not None:
        shown = {score: value, **shown}
    return "  ".join(f"{name} {value:{',.1f' if name in _COUNTS else '.4f'}}" for name, value in shown.items())
