"""How well a counting of offsets fits rows: the texts that spans have of their own, and the borders of words."""

import unicodedata
from bisect import bisect_left
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import product

from ftk.config.data_choices import Offsets
from ftk.contracts import finding_kinds as kinds
from ftk.contracts.notes import Notes
from ftk.data.examples.spans.counting import PLAIN, Counting, MarkedText, Places, has_clusters
from ftk.data.examples.spans.forms import MarkedSpan
from ftk.data.examples.spans.placing import Span, align_to_words
from ftk.data.rows.cells import shortened

_FEW = 3
"""Spans from which it is no accident that they are words in another counting."""


def is_plain(item: MarkedText) -> bool:
    """Whether all spans of a row are whole words as they are, and have the text that they say."""
    text, starts, ends = item.text, item.starts, item.ends
    places = Places()
    for span in item.spans:
        start, end = span.start, span.end
        first, last = bisect_left(starts, start), bisect_left(ends, end)
        # Nearly all spans begin and end at words; the others may have white space at their edges.
        whole = (
            start < end and first < len(starts) and starts[first] == start and last < len(ends) and ends[last] == end
        )
        if not whole and not on_borders(item, span, PLAIN, places):
            return False
        if span.text is not None and span.text != text[max(0, start) : max(0, end)] and any(misfits([item], PLAIN)):
            return False
    return True


@dataclass(slots=True)
class Tally:
    """How a counting fits some rows.

    Attributes:
        counting: that was tried.
        misfits: spans whose own text is not there.
        off: spans that do not begin and end at words.
        telling: spans that are elsewhere than in characters.
        right: of these, those that begin and end at words.
        wrong: of these, those that do not in characters.
    """

    counting: Counting
    misfits: int = 0
    off: int = 0
    telling: int = 0
    right: int = 0
    wrong: int = 0

    @property
    def convinces(self) -> bool:
        """Whether the borders of words alone say that offsets count this.

        They never say that ends are inclusive: in many languages names end one letter before the end of a word.
        """
        if self.counting.origin or self.counting.to_last or not self.telling:
            return False
        # One in twenty may divide a word for other reasons.
        return 2 * self.wrong >= self.telling and 20 * self.right >= 19 * self.telling


def tally_of(counting: Counting, texts: Sequence[MarkedText]) -> Tally:
    """How a counting fits some rows."""
    tally = Tally(counting)
    for item in texts:
        places = Places()
        tally.misfits += sum(1 for _ in misfits([item], counting))
        for span in item.spans:
            right = on_borders(item, span, counting, places)
            tally.off += not right
            if _is_elsewhere(counting, item, span, places):
                tally.telling += 1
                tally.right += right
                tally.wrong += not on_borders(item, span, PLAIN, places)
    return tally


def _is_elsewhere(counting: Counting, item: MarkedText, span: MarkedSpan, places: Places) -> bool:
    """Whether a span is elsewhere than in characters.

    Of grapheme clusters only the beginning tells: where languages glue particles to names, and write vowels as marks,
    a name that ends inside a word in characters may end with the word in clusters.
    """
    at, plain = counting.place(span, item.text, places), PLAIN.place(span, item.text, places)
    if counting.unit is Offsets.graphemes and at is not None and plain is not None:
        return at[0] != plain[0]
    return at != plain


def countings_in(texts: Sequence[str]) -> Iterator[Counting]:
    """The countings that can differ in these texts, the usual ones first."""
    units, breaks = [Offsets.characters], ["as is"]
    if any(not text.isascii() and max(text) > "\uffff" for text in texts):
        units.append(Offsets.utf16)
    if any(not text.isascii() for text in texts):
        units.append(Offsets.bytes)
    if any("\r\n" in text for text in texts):
        breaks.append("one")
    if any("\n" in text.replace("\r\n", "") for text in texts):
        breaks.append("two")
    clusters = any(map(has_clusters, texts))
    for origin, to_last, kept, unit in product((0, 1), (False, True), breaks, units):
        yield Counting(unit, kept, to_last, origin)
        if clusters and (origin, to_last, kept, unit) == (0, False, breaks[-1], units[-1]):
            yield Counting(Offsets.graphemes)


def another_unit(texts: Sequence[MarkedText], countings: Sequence[Counting]) -> tuple[Counting, int] | None:
    """The counting in which at least half of the spans that begin or end inside a word are words, and how many are.

    Args:
        texts: rows with such spans.
        countings: what their offsets count.
    """
    pairs = list(zip(texts, countings, strict=True))
    off = [(one, span, own) for one, own in pairs for span in one.spans if not on_borders(one, span, own, Places())]
    plain = [one for one in countings_in([item.text for item in texts]) if not one.origin and not one.to_last]
    fitting = {
        counting: sum(own != counting and on_borders(one, span, counting, Places()) for one, span, own in off)
        for counting in plain
    }
    likeliest = max(plain, key=lambda counting: fitting[counting])
    number = fitting[likeliest]
    return (likeliest, number) if number >= _FEW and 2 * number >= len(off) else None


def best(tallies: Sequence[Tally], *, strict: bool) -> Counting:
    """The counting in which all spans have the text that they say; if they say none, that of words.

    Args:
        tallies: of the countings that were tried, that of characters first.
        strict: whether one span without its text is enough to refuse a counting; if not, the fewest are.
    """
    fewest = 0 if strict else min(tally.misfits for tally in tallies)
    fitting = [tally for tally in tallies if tally.misfits == fewest]
    if fitting and fitting[0].counting != PLAIN:
        return min(fitting, key=lambda tally: tally.off).counting
    convincing = [tally for tally in fitting if tally.convinces]
    return min(convincing, key=lambda tally: tally.off).counting if convincing else PLAIN


def on_borders(item: MarkedText, span: MarkedSpan, counting: Counting, places: Places) -> bool:
    """Whether a span begins and ends at the borders of words."""
    at = counting.place(span, item.text, places)
    if at is None:
        return False
    found = align_to_words(item.text, Span(*at, span.label), item.starts, item.ends)
    return found is not None and found.exact


def misfits(texts: Iterable[MarkedText], counting: Counting) -> Iterator[tuple[MarkedText, MarkedSpan, str]]:
    """The spans that say another text than the one that is there, with that one."""
    # One position more or less could be a space at an edge, so only there edges count.
    edges_count = counting.to_last or counting.origin
    for item in texts:
        places = Places()
        for span in item.spans:
            if span.text is None:
                continue
            at = counting.place(span, item.text, places)
            there = item.text[at[0] : at[1]] if at is not None else ""
            if there == span.text or (_alike(there, span.text) and not (edges_count and there != there.strip())):
                continue
            yield item, span, there


def note_contradictions(texts: Iterable[MarkedText], counting: Counting, notes: Notes) -> None:
    """Report the spans that say another text than the one that is there."""
    for item, span, there in misfits(texts, counting):
        notes.add(kinds.SPAN_TEXT_DIFFERS, misfit_place(item, span, there), what=str(counting))


def misfit_place(item: MarkedText, span: MarkedSpan, there: str) -> str:
    """The place of a span whose own text is not there, with both texts."""
    return shortened(f"{item.row.where}: {span.label} {span.start}-{span.end} is {there!r}, and its text {span.text!r}")


def _alike(one: str, other: str) -> bool:
    """Whether two texts are one but for case, accents and white space, which libraries take away from spans."""
    plain = _plain(other)
    return bool(plain) and _plain(one) == plain


def _plain(text: str) -> str:
    decomposed = unicodedata.normalize("NFKD", text.removeprefix("##").lstrip("▁Ġ").casefold())
    return "".join(sign for sign in decomposed if not sign.isspace() and not unicodedata.combining(sign))
