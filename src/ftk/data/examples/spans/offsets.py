"""What the offsets of a split count: found by the texts that spans have of their own, and by the borders of words."""

import unicodedata
from bisect import bisect_left
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import product

from ftk.config.choices import Offsets
from ftk.contracts import finding_kinds as kinds
from ftk.contracts.findings import SHOWN
from ftk.contracts.notes import Notes
from ftk.data.examples.spans.counting import PLAIN, Counting, MarkedText, Places
from ftk.data.examples.spans.forms import MarkedSpan
from ftk.data.examples.spans.placing import Span, align_to_words
from ftk.data.rows.cells import shortened

JUDGED = 2000
"""Rows in which all countings are tried: of those that characters do not fit, and of the others."""


def settle(texts: Sequence[MarkedText], asked: Offsets, notes: Notes) -> Counting:
    """What the offsets of a split count.

    Args:
        texts: its rows.
        asked: ``data.offsets``; ``auto`` goes by the evidence of all rows together.
        notes: collects what was found, and texts that contradict their offsets.

    Raises:
        DataError: spans say other texts than those at their offsets, whatever these count.
    """
    if asked is not Offsets.auto:
        misfits = sum(1 for _ in _misfits(texts, Counting(asked)))
        if misfits:
            notes.add(kinds.SPAN_TEXT_IGNORED, number=misfits, offsets=asked.value)
        return Counting(asked)
    doubtful: list[MarkedText] = []
    others: list[MarkedText] = []
    for item in texts:
        if item.spans:
            (others if _is_plain(item) else doubtful).append(item)
    if not doubtful:
        _note_unchecked(others, notes)
        return PLAIN
    judged = [*doubtful[:JUDGED], *others[:JUDGED]]
    tallies = [_tally(counting, judged) for counting in countings_in([item.text for item in judged])]
    chosen = _chosen(tallies)
    if any(True for _ in _misfits(texts, chosen)):
        _note_contradictions(texts, min(tallies, key=lambda tally: tally.misfits).counting, notes)
        notes.raise_errors()  # here, so that they are not reported as misaligned as well
    if chosen == PLAIN:
        _note_unchecked([*doubtful, *others], notes)
    else:
        spans = [span for item in texts for span in item.spans]
        with_text = sum(span.text is not None for span in spans)
        policy = "own_texts" if with_text else "borders"
        notes.add(kinds.OFFSETS_FOUND, policy=policy, what=str(chosen), with_text=with_text, spans=len(spans))
    return chosen


def _note_unchecked(texts: Iterable[MarkedText], notes: Notes) -> None:
    """Report spans that are words in characters and in UTF-16 units, if no span says which of the two is meant."""
    utf16, unclear = Counting(Offsets.utf16), []
    for item in texts:
        if item.text.isascii() or max(item.text) <= "\uffff":
            continue
        places = Places()
        for span in item.spans:
            if utf16.place(span, item.text, places) != PLAIN.place(span, item.text, places):
                if span.text is not None or not _on_borders(item, span, utf16, places):
                    return  # this one shows that they are characters
                unclear.append(item.row.where)
    if unclear:
        notes.add(kinds.OFFSETS_UNCHECKED, *unclear[:SHOWN], number=len(unclear))


def _is_plain(item: MarkedText) -> bool:
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
        if not whole and not _on_borders(item, span, PLAIN, places):
            return False
        if span.text is not None and span.text != text[max(0, start) : max(0, end)] and any(_misfits([item], PLAIN)):
            return False
    return True


@dataclass(slots=True)
class _Tally:
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


def _tally(counting: Counting, texts: Sequence[MarkedText]) -> _Tally:
    tally = _Tally(counting)
    for item in texts:
        places = Places()
        tally.misfits += sum(1 for _ in _misfits([item], counting))
        for span in item.spans:
            right = _on_borders(item, span, counting, places)
            tally.off += not right
            if counting.place(span, item.text, places) != PLAIN.place(span, item.text, places):
                tally.telling += 1
                tally.right += right
                tally.wrong += not _on_borders(item, span, PLAIN, places)
    return tally


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
    for origin, to_last, kept, unit in product((0, 1), (False, True), breaks, units):
        yield Counting(unit, kept, to_last, origin)


def _chosen(tallies: Sequence[_Tally]) -> Counting:
    """The counting in which all spans have the text that they say; if they say none, that of words."""
    fitting = [tally for tally in tallies if not tally.misfits]
    if fitting and fitting[0].counting != PLAIN:
        return min(fitting, key=lambda tally: tally.off).counting
    return next((tally.counting for tally in fitting[1:] if tally.convinces), PLAIN)


def _on_borders(item: MarkedText, span: MarkedSpan, counting: Counting, places: Places) -> bool:
    """Whether a span begins and ends at the borders of words."""
    at = counting.place(span, item.text, places)
    if at is None:
        return False
    found = align_to_words(item.text, Span(*at, span.label), item.starts, item.ends)
    return found is not None and found.exact


def _misfits(texts: Iterable[MarkedText], counting: Counting) -> Iterator[tuple[MarkedText, MarkedSpan, str]]:
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


def _note_contradictions(texts: Sequence[MarkedText], counting: Counting, notes: Notes) -> None:
    for item, span, there in _misfits(texts, counting):
        place = f"{item.row.where}: {span.label} {span.start}-{span.end} is {there!r}, and its text {span.text!r}"
        notes.add(kinds.SPAN_TEXT_DIFFERS, shortened(place), what=str(counting))


def _alike(one: str, other: str) -> bool:
    """Whether two texts are one but for case, accents and white space, which libraries take away from spans."""
    plain = _plain(other)
    return bool(plain) and _plain(one) == plain


def _plain(text: str) -> str:
    decomposed = unicodedata.normalize("NFKD", text.removeprefix("##").lstrip("▁Ġ").casefold())
    return "".join(sign for sign in decomposed if not sign.isspace() and not unicodedata.combining(sign))
