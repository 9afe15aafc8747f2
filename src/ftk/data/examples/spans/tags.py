"""The spans of all rows of a split, as one tag for each word."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from ftk.config.data_choices import Offsets
from ftk.contracts import finding_kinds as kinds
from ftk.contracts.notes import Notes
from ftk.data.examples.spans.counting import MarkedText, Places, place_of_span, placed_span
from ftk.data.examples.spans.evidence import another_unit
from ftk.data.examples.spans.labels import are_tags, joined_spans, note_mixed
from ftk.data.examples.spans.offsets import Countings, settle
from ftk.data.examples.spans.outside import kind_of_ends
from ftk.data.examples.spans.placing import (
    FEWEST,
    Misaligned,
    Overlapping,
    Span,
    WordSpan,
    align_to_words,
    ends_early,
    tags_of,
    trimmed,
    without_overlaps,
)
from ftk.data.rows.cells import RowFault, shortened

_LOOKED_AT = 500
"""Rows with spans inside words in which other countings are tried."""
WordEntity = tuple[str, int, int]
"""A label, the first word, and one past the last."""


@dataclass(frozen=True, slots=True)
class SpanTags:
    """What became of the spans of a row.

    Attributes:
        tags: in IOB2.
        spans: as annotated, in characters of the text.
        unmarked: the labels of the spans that begin or end inside a word, so that no tags have them as annotated.
        overlapped: the spans that were left out because they share a word with a longer one: label, first word, one
            past the last.
        widened: the entities of the tags that are wider than annotated: label, first word, one past the last.
    """

    tags: list[str]
    spans: list[Span]
    unmarked: tuple[str, ...]
    overlapped: tuple[WordEntity, ...]
    widened: tuple[WordEntity, ...]


@dataclass(kw_only=True, slots=True)
class SpanPlacer:
    """Makes tags of spans, by the policies of the task. One placer is for the rows of one split.

    Attributes:
        offsets: ``data.offsets``.
        misaligned, overlapping, broken: the policies; ``broken`` is for labels that are tags.
        notes: collects faults.
        seen: see ``Reading.seen``.
    """

    offsets: Offsets
    misaligned: Misaligned
    overlapping: Overlapping
    broken: str
    notes: Notes
    seen: dict[Any, Any] | None = None
    _inside: list[str] = field(default_factory=list, init=False)
    _doubtful: dict[int, MarkedText] = field(default_factory=dict, init=False)
    _spans: int = field(default=0, init=False)
    _begun_inside: int = field(default=0, init=False)
    _one_short: int = field(default=0, init=False)

    def place(self, texts: Sequence[MarkedText]) -> list[SpanTags | None]:
        """The tags of each row; None for one with a fault, which goes to the notes."""
        plain = [item for item in texts if not item.of_tokens]
        countings = settle(plain, self.offsets, self.notes, seen=self.seen)
        to_last = token_ends([item for item in texts if item.of_tokens], self.offsets, self.notes)
        labels = {span.label for item in texts for span in item.spans}
        if are_tags(labels):
            found = [self._spans_of(item, countings, to_last) for item in texts]
            rows = [(item.row, item.text, spans or []) for item, spans in zip(texts, found, strict=True)]
            joined = joined_spans(rows, self.notes, broken_policy=self.broken)
            pairs = zip(texts, found, joined, strict=True)
            placed = [None if spans is None else self._tags(item, whole) for item, spans, whole in pairs]
        else:  # one row after the other, so that no split has all its spans in memory twice
            note_mixed(texts, labels, self.notes)
            each = ((item, self._spans_of(item, countings, to_last)) for item in texts)
            placed = [None if spans is None else self._tags(item, spans) for item, spans in each]
        self._note_inside(countings)
        return placed

    def _spans_of(self, item: MarkedText, countings: Countings, to_last: bool) -> list[Span] | None:
        """The spans of a row in characters; None if one has a fault, which goes to the notes."""
        places, counting = Places(), countings.of(item.row)
        try:
            if item.of_tokens:
                return [_of_tokens(item, number, to_last) for number in range(len(item.spans))]
            return [placed_span(item, span, counting, places) for span in item.spans]
        except RowFault as fault:
            fault.add_to(self.notes)
            return None

    def _tags(self, item: MarkedText, spans: list[Span]) -> SpanTags:
        placed: list[WordSpan] = []
        unmarked: set[Span] = set()
        inside: list[tuple[WordSpan, str]] = []
        for span in spans:
            found = align_to_words(item.text, span, item.starts, item.ends)
            self._spans += 1
            if found is not None and trimmed(item.text, span) is not span:
                self.notes.add(kinds.SPAN_TRIMMED, place_of_span(item, span))
            if found is not None and found.exact:
                placed.append(found)
                continue
            unmarked.add(trimmed(item.text, span))
            where = place_of_span(item, span)
            if found is None:
                policy = "drop" if self.misaligned is Misaligned.drop else "error"
                self.notes.add(kinds.SPAN_WITHOUT_WORD, where, policy=policy)
                continue
            inside.append((found, where))
            if len(self._doubtful) < _LOOKED_AT and not item.of_tokens:
                self._doubtful[id(item)] = item
            begin = span.end - len(item.text[span.start : span.end].lstrip())
            self._begun_inside += item.starts[found.first] < begin
            self._one_short += item.starts[found.first] == begin and ends_early(item.text, span)
            if self.misaligned is Misaligned.expand:
                placed.append(found)
        kept, dropped = without_overlaps(placed)
        for word_span in dropped:
            where = f"{item.row.where}: {word_span.span.label} {word_span.span.start}-{word_span.span.end}"
            twice = any(map(word_span.repeats, kept))
            self.notes.add(kinds.SPAN_TWICE if twice else kinds.SPANS_OVERLAP, where, policy=self.overlapping.value)
            if self.overlapping is Overlapping.longest and any(map(word_span.ties_with, kept)):
                self.notes.add(kinds.TIED_SPANS, where)
        left_out = set(map(id, dropped))
        self._inside += [where for found, where in inside if id(found) not in left_out]
        # A span that is there twice is marked by the tags all the same.
        marked = {_entity(one) for one in kept if one.exact}
        overlapped = {_entity(one) for one in dropped if one.exact} - marked
        widened = tuple(_entity(one) for one in kept if not one.exact)
        labels = tuple(sorted(span.label for span in unmarked))
        return SpanTags(tags_of(kept, len(item.starts)), spans, labels, tuple(sorted(overlapped)), widened)

    def _note_inside(self, countings: Countings) -> None:
        """Report the spans inside words: as offsets that count something else if many are words in that, and as a shift
        of all offsets if nearly all begin there."""
        if not self._inside:
            return
        policy, doubtful = self.misaligned.value, [*self._doubtful.values()]
        other = another_unit(doubtful, [countings.of(item.row) for item in doubtful])
        if other is not None:
            number, unit = other[1], str(other[0])
            self.notes.add(kinds.SPANS_OF_OTHER_UNIT, *self._inside[:5], policy=policy, number=number, unit=unit)
            if self.misaligned is Misaligned.error:
                return
        elif self._spans >= FEWEST and 5 * self._begun_inside >= 4 * self._spans:
            number = self._begun_inside
            self.notes.add(kinds.SPANS_SHIFTED, *self._inside[:5], policy=policy, number=number, spans=self._spans)
            if self.misaligned is Misaligned.error:
                return
        elif self._spans >= FEWEST and 5 * self._one_short >= 4 * self._spans:
            number = self._one_short
            self.notes.add(kinds.SPANS_SHORT, *self._inside[:5], policy=policy, number=number, spans=self._spans)
            if self.misaligned is Misaligned.error:
                return
        self.notes.add(kinds.SPAN_INSIDE_WORD, *self._inside[:5], policy=policy, number=len(self._inside))


def token_ends(texts: Sequence[MarkedText], offsets: Offsets, notes: Notes) -> bool:
    """Whether the spans of tokens of a split end at their last token, instead of one past it.

    Args:
        texts: its rows of tokens.
        offsets: ``data.offsets``.
        notes: collects what was found, and spans that contradict one another or their texts.
    """
    spans = [(item, number) for item in texts for number in range(len(item.spans))]
    if not spans:
        return False
    said = [(item, number) for item, number in spans if item.spans[number].text]
    fitting = {to_last: sum(_has_text(item, number, to_last) for item, number in said) for to_last in (False, True)}
    single = [(item, number) for item, number in spans if item.spans[number].start == item.spans[number].end]
    at_the_end = [(item, number) for item, number in spans if item.spans[number].end == len(item.starts)]
    if fitting[True] != fitting[False]:
        to_last, found_by = fitting[True] > fitting[False], "own_texts"
    elif single and at_the_end:
        notes.add(kinds.TOKEN_ENDS_DIFFER, _token_place(*single[0]), _token_place(*at_the_end[0]))
        return False
    elif single or at_the_end:
        to_last, found_by = bool(single), "single_tokens" if single else "last_token"
    else:
        to_last, found_by = any(item.spans[number].to_last for item, number in spans), "form"
    if offsets is Offsets.auto:
        for item, number in said:
            if not _has_text(item, number, to_last):
                place = f"{_token_place(item, number)}, its text {item.spans[number].text!r}"
                notes.add(kinds.TOKEN_TEXT_DIFFERS, shortened(place))
    notes.add(kinds.TOKEN_SPANS, policy=found_by, end="their last token" if to_last else "one past the last")
    return to_last


def _entity(placed: WordSpan) -> WordEntity:
    return placed.span.label, placed.first, placed.last


def _of_tokens(item: MarkedText, number: int, to_last: bool) -> Span:
    """A span of tokens, in characters of the joined tokens.

    Raises:
        RowFault: it lies outside the row, or is empty.
    """
    span = item.spans[number]
    end = span.end + to_last
    if not 0 <= span.start < end <= len(item.starts):
        place = f"{item.row.where}: {span.start}-{span.end} in a row of {len(item.starts)} tokens"
        raise RowFault(kind_of_ends(span.start, end), place, unit="token")
    return Span(item.starts[span.start], item.ends[end - 1], span.label)


def _has_text(item: MarkedText, number: int, to_last: bool) -> bool:
    """Whether a span of tokens has the text that it says."""
    try:
        found = _of_tokens(item, number, to_last)
    except RowFault:
        return False
    said = item.spans[number].text or ""
    return "".join(item.text[found.start : found.end].split()) == "".join(said.split())


def _token_place(item: MarkedText, number: int) -> str:
    span = item.spans[number]
    return f"{item.row.where}: {span.label} {span.start}-{span.end} in {len(item.starts)} tokens"
