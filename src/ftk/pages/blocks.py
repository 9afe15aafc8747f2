"""What a page is made of: values that the templates show."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from markupsafe import Markup


@dataclass(frozen=True, slots=True)
class Cell:
    """A cell of a table.

    Attributes:
        text: what it says.
        sort: the number by which rows are sorted; None: they are sorted by the text.
        bar: lower end, value and upper end of a bar, from 0 to 1; the ends may be None.
        level: from 0 to 9, how dark the cell is; None: as the page.
    """

    text: str
    sort: float | None = None
    bar: tuple[float | None, float, float | None] | None = None
    level: int | None = None


@dataclass(frozen=True, slots=True)
class Table:
    """A table. The first cell of each row names it.

    Attributes:
        caption: what it shows.
        columns: their names.
        rows: texts and cells.
        note: what a reader has to know, below it.
        sortable: whether a click on the name of a column sorts the rows.
        folded: whether it is shown only when asked for.
    """

    kind = "table"
    caption: str
    columns: Sequence[str]
    rows: Sequence[Sequence[Cell | str]]
    note: str = ""
    sortable: bool = False
    folded: bool = False


@dataclass(frozen=True, slots=True)
class Chart:
    """A chart with its legend."""

    kind = "chart"
    title: str
    svg: Markup
    legend: Sequence[str] = ()
    note: str = ""


@dataclass(frozen=True, slots=True)
class Charts:
    """Charts side by side."""

    kind = "charts"
    charts: Sequence[Chart]


@dataclass(frozen=True, slots=True)
class Text:
    """A paragraph."""

    kind = "text"
    text: str
    warning: bool = False


@dataclass(frozen=True, slots=True)
class Code:
    """A command to copy."""

    kind = "code"
    label: str
    code: str


@dataclass(frozen=True, slots=True)
class Facts:
    """Names and values."""

    kind = "facts"
    facts: Sequence[tuple[str, str]]


@dataclass(frozen=True, slots=True)
class Examples:
    """Examples to search and to sort.

    Attributes:
        id: of the element.
        items: a mapping for each, as ``ftk.pages.mistakes`` makes it.
        orders: the names of the orders, the first of them that of ``items``, and the name of the number in an item.
        note: what is left out.
        legend: a word, its class and what the class means, for each class that needs words.
    """

    kind = "examples"
    id: str
    items: Sequence[dict[str, Any]]
    orders: Sequence[tuple[str, str, bool]]
    note: str = ""
    legend: Sequence[tuple[str, str, str]] = ()


Block = Table | Chart | Charts | Text | Code | Facts | Examples


@dataclass(frozen=True, slots=True)
class Section:
    """A part of a page, with a heading of its own."""

    id: str
    title: str
    blocks: Sequence[Block] = field(default_factory=list)
