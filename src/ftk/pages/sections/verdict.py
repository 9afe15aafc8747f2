"""Whether one of several runs is better, and how sure that is."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from ftk.comparing.comparison import Asked, compare
from ftk.comparing.wording import sentences, table
from ftk.errors import FtkError
from ftk.pages.blocks import Block, Facts, Section, Table, Text

if TYPE_CHECKING:
    from ftk.comparing.opened import Outcomes


def verdict_section(runs: Sequence[Outcomes], groups: Sequence[Sequence[int]]) -> Section:
    """The verdict of ``ftk compare``, or why the runs cannot be compared.

    Args:
        runs: their predictions.
        groups: the numbers of the runs in each group that the command line parts.
    """
    title = "Is one better?"
    try:
        compared = compare(runs, groups, Asked())
    except FtkError as error:
        return Section("verdict", title, [Text(f"The runs cannot be compared: {error}", warning=True)])
    shown, sides = table(compared), [(group.letter, group.name) for group in compared.groups]
    first, *rest = [line for line in sentences(compared) if not line.startswith(" ")]
    blocks: list[Block] = [Text(first), Facts(sides), *map(Text, rest)]
    blocks.append(Table(shown.title or "Scores and differences", shown.columns, [*shown.rows, *shown.totals]))
    blocks.append(Text("'ftk compare' says the same, with another margin, level or score on request."))
    return Section("verdict", title, blocks)
