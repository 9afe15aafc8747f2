"""One row of a file."""

from dataclasses import dataclass
from typing import Any


class ClassName(str):
    """The name of a class that a file gives as a number, named by the file itself.

    Attributes:
        number: what the file gives.
    """

    number: int

    def __new__(cls, name: str, number: int = -1) -> "ClassName":
        made = super().__new__(cls, name)
        made.number = number
        return made


class NoClass(int):
    """The number -1 in a column of classes: the row has no class."""


# Rows are never changed, and not frozen: that would take four times as long to make one.
@dataclass(slots=True)
class Row:
    """One row of a file: its columns by name, and its place."""

    values: dict[str, Any]
    file: str
    line: int
    """The line, counted from 1; for Parquet and datasets the number of the row."""
    lines: tuple[int, ...] = ()
    """The line of each token, for rows of several lines (CoNLL)."""
    cells: bool = False
    """Whether the values are cells of CSV or TSV, which spell lists as JSON."""
    document: int | None = None
    """The number of the row's document in its file, if the file marks documents (CoNLL)."""
    item: str = ""
    """What names the row where its line does not, as in JSON on one line: ``item 7 (id 1234)``."""

    @property
    def where(self) -> str:
        """The place as file:line, or as the file and the item, for messages."""
        return f"{self.file}: {self.item}" if self.item else f"{self.file}:{self.line}"

    def where_token(self, position: int) -> str:
        """The place of one token as file:line; the place of the row if the format has no lines of tokens."""
        if position < len(self.lines):
            return f"{self.file}:{self.lines[position]}"
        return f"{self.where} (token {position + 1})"


@dataclass(slots=True)
class UnreadRow(Row):
    """A line or record that cannot be read; it has no columns. It keeps its place where bad rows are kept."""

    fault: str = ""
    """Why, in words, with file and line."""
