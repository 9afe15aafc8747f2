"""What offsets count, and the characters that they stand for."""

from collections.abc import Sequence
from dataclasses import dataclass, field

from ftk.config.data_choices import Offsets
from ftk.contracts.row import Row
from ftk.data.examples.spans.forms import MarkedSpan
from ftk.data.examples.spans.outside import kind_of_ends
from ftk.data.examples.spans.placing import Span
from ftk.data.rows.cells import RowFault

_UNITS = {
    Offsets.characters: "characters",
    Offsets.utf16: "UTF-16 units",
    Offsets.bytes: "UTF-8 bytes",
    Offsets.graphemes: "grapheme clusters",
}
_BREAKS = {"as is": "", "one": ", a line end as one", "two": ", a line end as two"}


@dataclass(slots=True)
class MarkedText:
    """The spans of a row as they are written, and the words of its text.

    Attributes:
        row: for messages.
        text: of the row.
        starts, ends: character offsets of its words.
        spans: in the row's own offsets.
        of_tokens: whether these are the numbers of words.
    """

    row: Row
    text: str
    starts: Sequence[int]
    ends: Sequence[int]
    spans: list[MarkedSpan]
    of_tokens: bool = False


@dataclass(frozen=True, slots=True)
class Counting:
    """What offsets count.

    Attributes:
        unit: characters (code points), UTF-16 units, UTF-8 bytes, or grapheme clusters.
        breaks: whether line ends count as they are; as one, though the text has two characters; or as two.
        to_last: whether an end is the last position inside, instead of one past it.
        origin: the number of the first position.
    """

    unit: Offsets = Offsets.characters
    breaks: str = "as is"
    to_last: bool = False
    origin: int = 0

    def __str__(self) -> str:
        parts = [_UNITS[self.unit], _BREAKS[self.breaks], f" from {self.origin}" if self.origin else ""]
        return "".join(parts) + (", the end included" if self.to_last else "")

    def place(self, span: MarkedSpan, text: str, places: "Places") -> tuple[int, int] | None:
        """The character offsets of a span; None if it is outside the text, empty, or divides a character."""
        start, end = span.start - self.origin, span.end - self.origin + self.to_last
        plain = self.unit is Offsets.characters and self.breaks == "as is"
        table = None if plain else places.of(self, text)
        if table is None:
            return (start, end) if 0 <= start < end <= len(text) else None
        begin, stop = table.get(start), table.get(end)
        return (begin, stop) if begin is not None and stop is not None and begin < stop else None

    def character(self, position: int, text: str, places: "Places") -> int | None:
        """The character offset of a position; None if it is outside the text, or divides a character."""
        table = None if self.unit is Offsets.characters and self.breaks == "as is" else places.of(self, text)
        at = position - self.origin
        if table is None:
            return at if 0 <= at <= len(text) else None
        return table.get(at)


@dataclass(slots=True)
class Places:
    """The character at each offset of one text, for the countings that were asked for."""

    tables: dict[tuple[Offsets, str], dict[int, int] | None] = field(default_factory=dict)

    def of(self, counting: Counting, text: str) -> dict[int, int] | None:
        """The character at each offset; None if offsets are characters in this text."""
        key = counting.unit, counting.breaks
        if key not in self.tables:
            self.tables[key] = _table(text, *key)
        return self.tables[key]


PLAIN = Counting()


def clusters_of(text: str) -> list[int]:
    """The character at which each grapheme cluster begins: an emoji and its skin tone are one, and a CRLF is."""
    import regex

    return [found.start() for found in regex.finditer(r"\X", text)]


def has_clusters(text: str) -> bool:
    """Whether a grapheme cluster that is no line end has several characters."""
    return not text.isascii() and len(clusters_of(text.replace("\r\n", "\n"))) < len(text.replace("\r\n", "\n"))


def _table(text: str, unit: Offsets, breaks: str) -> dict[int, int] | None:
    if unit is Offsets.graphemes:
        if text.isascii() and "\r\n" not in text:
            return None
        return dict(enumerate([*clusters_of(text), len(text)]))
    plain_unit = (
        unit is Offsets.characters or text.isascii() or (unit is Offsets.utf16 and max(text, default="") <= "\uffff")
    )
    if plain_unit and (breaks == "as is" or "\n" not in text):
        return None
    table, at = {0: 0}, 0
    for number, sign in enumerate(text):
        if breaks == "one" and sign == "\r" and text[number + 1 : number + 2] == "\n":
            width = 0
        elif breaks == "two" and sign == "\n" and text[max(0, number - 1) : number] != "\r":
            width = 2
        elif unit is Offsets.utf16:
            width = 1 + (sign > "\uffff")
        else:
            width = len(sign.encode("utf-8", "surrogatepass")) if unit is Offsets.bytes else 1
        at += width
        table.setdefault(at, number + 1)
    return table


def placed_span(item: MarkedText, span: MarkedSpan, counting: Counting, places: Places) -> Span:
    """A span in characters of its text.

    Raises:
        RowFault: it lies outside the text, or is empty.
    """
    at = counting.place(span, item.text, places)
    if at is None:
        place = f"{item.row.where}: {span.start}-{span.end} in a text of {_length(item.text, counting, places)}"
        raise RowFault(kind_of_ends(span.start, span.end), place, unit=_UNITS[counting.unit][:-1])
    return Span(*at, span.label)


def place_of_span(item: MarkedText, span: Span) -> str:
    """The place of a span, with what is there, for messages."""
    return f"{item.row.where}: {span.label} {span.start}-{span.end} {item.text[span.start : span.end]!r}"


def _length(text: str, counting: Counting, places: Places) -> str:
    table = places.of(counting, text)
    length = len(text) if table is None else max(table)
    return f"{length} {_UNITS[counting.unit]}"
