"""The lines of a sentence in a file of columns."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class FieldRows:
    """The lines between two blank lines.

    Attributes:
        fields: of each line.
        lines: the number of each.
        document: the number of the document that they are in; None before the first mark of one.
        fault: what is wrong with the first line that cannot be read.
    """

    fields: list[list[str]]
    lines: tuple[int, ...]
    document: int | None = None
    fault: str = ""
