"""One row of a file."""

from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True, slots=True)
class Row:
    """One row of a file: its columns by name, and where it stands."""

    values: dict[str, Any]
    file: str
    line: int
    """Counted from 1; for Parquet and datasets the number of the row."""
    lines: tuple[int, ...] = ()
    """For rows that span lines (CoNLL): the line of each token."""
    cells: bool = False
    """Whether the values are cells of CSV or TSV, which have no lists: what is one is spelled as JSON."""

    @property
    def where(self) -> str:
        """file:line, for messages."""
        return f"{self.file}:{self.line}"

    def where_token(self, position: int) -> str:
        """file:line of one token where the format knows it, else that of the row."""
        if position < len(self.lines):
            return f"{self.file}:{self.lines[position]}"
        return f"{self.where} (token {position + 1})"
