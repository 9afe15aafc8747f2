"""Whether one of several runs is better, how alike they are, and what is different between them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from ftk.comparing.comparison import Asked, Comparison, compare
from ftk.comparing.further import further
from ftk.comparing.wording import sentences, table
from ftk.errors import FtkError
from ftk.pages.blocks import Block, Facts, Section, Table, Text

if TYPE_CHECKING:
    from ftk.comparing.opened import Outcomes
    from ftk.report.tables import TextTable

_EXAMPLES = 10
"""Rows that one side wins, and rows that it loses, which are shown."""


def verdict_sections(runs: Sequence[Outcomes], groups: Sequence[Sequence[int]], *, texts: bool) -> list[Section]:
    """What ``ftk compare`` says of the runs, or why they cannot be compared.

    Args:
        runs: their predictions.
        groups: the numbers of the runs in each group that the command line parts.
        texts: whether to show rows that one side wins or loses.
    """
    title = "Is one better?"
    try:
        compared = compare(runs, groups, Asked())
    except FtkError as error:
        return [Section("verdict", title, [Text(f"The runs cannot be compared: {error}", warning=True)])]
    sides = [(group.letter, group.name) for group in compared.groups]
    first, *rest = [line for line in sentences(compared) if not line.startswith(" ")]
    blocks: list[Block] = [Text(first), Facts(sides), *map(Text, rest), _shown(table(compared))]
    blocks.append(Text("'ftk compare' says the same, with another margin, level or score on request."))
    return [Section("verdict", title, blocks), _alike(compared, texts=texts)]


def _alike(compared: Comparison, *, texts: bool) -> Section:
    title = "Do they fail alike?"
    try:
        found = further(compared, examples=_EXAMPLES if texts else 0, level=Asked().level)
    except FtkError as error:
        return Section("alike", title, [Text(f"This is not known: {error}", warning=True)])
    return Section("alike", title, [*map(Text, found.sentences()), *map(_shown, found.tables())])


def _shown(found: TextTable) -> Table:
    return Table(found.title, found.columns, [*found.rows, *found.totals])
