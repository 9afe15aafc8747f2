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
_FOLDED = 16
"""Columns of a terminal that a column of labels or values has at least, where longer ones are folded."""


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

    def fits(self, width: int) -> bool:
        """Whether so many columns of a terminal show each number and each header whole."""
        from rich.cells import cell_len

        needed = 0
        for number, column in enumerate(self.columns):
            cells = [_in_a_line(row[number]) for row in (*self.rows, *self.totals)]
            widest = max(map(cell_len, (*cells, *self._words(column))))
            folds = number == 0 if self.numbers else " " not in column
            needed += min(widest, _FOLDED) if folds else widest
        return needed + 3 * len(self.columns) + 1 <= width  # a line and two blanks for each column

    def rendered(self) -> Table:
        """The table for rich, which would read markup in a plain string; labels and names are text."""
        from rich.table import Table
        from rich.text import Text

        table = Table(title=Text(self.title, style="table.title"), title_justify="left")
        for number, column in enumerate(self.columns):
            header = Text("\n".join(self._words(column)))
            if self.numbers:
                table.add_column(header, justify="right" if number else "left", no_wrap=number > 0)
            else:
                table.add_column(header, overflow="fold", no_wrap=" " in column)  # long values are folded
        for row in self.rows:
            table.add_row(*(Text(_in_a_line(cell)) for cell in row))
        if self.numbers:
            table.add_section()
        for row in self.totals:
            table.add_row(*(Text(_in_a_line(cell)) for cell in row), style="bold")
        return table

    def plain(self, width: int) -> str:
        """The table as a text, so many columns wide at most; as lines if it needs more."""
        if not self.fits(width):
            return printable("\n".join(self.lines()))
        from rich.console import Console

        console = Console(file=None, width=width, color_system=None, force_terminal=False)
        with console.capture() as capture:
            console.print(self.rendered())
        return capture.get().rstrip("\n")

    def lines(self) -> list[str]:
        """The title and a line for each row, for a place that is too narrow for the table."""
        return [self.title, *(self._line(row) for row in (*self.rows, *self.totals))]

    def _line(self, row: Sequence[str]) -> str:
        first = int(self.numbers)
        named = zip(self.columns[first:], row[first:], strict=True)
        found = [f"{column} {_in_a_line(cell)}" for column, cell in named if cell]
        return "  ".join([*map(_in_a_line, row[:first]), *found])

    def _words(self, column: str) -> list[str]:
        """The lines of a header: its words below one another, so that none is broken."""
        return [column] if self.numbers else column.split(" ")


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
    rows = [[label, *(_cell(scores.get(name)) for name in columns)] for label, scores in shown.items()]
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


def _in_a_line(text: str) -> str:
    return printable(text).replace("\n", "\\n")


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
