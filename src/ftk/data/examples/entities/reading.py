"""The sentence of a row, and the places of its two entities."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from ftk.config.data_choices import Offsets
from ftk.contracts import finding_kinds as kinds
from ftk.contracts.notes import Notes
from ftk.contracts.row import Row
from ftk.data.examples.entities.marks import Marked, Span, read_marks, seen_marks
from ftk.data.examples.entities.offsets import (
    ROLES,
    Given,
    characters_of,
    ends_of,
    entity_columns,
    given,
    holds_entity,
    marked_entities,
    pairs_in,
    spans_given,
    unreadable,
)
from ftk.data.examples.entities.texts import Repeated, find_texts
from ftk.data.examples.spans.counting import Counting, MarkedText
from ftk.data.examples.spans.evidence import misfit_place, misfits
from ftk.data.examples.spans.offsets import Countings, settle
from ftk.data.examples.spans.tags import token_ends
from ftk.data.rows.cells import RowFault, shortened, strings_of
from ftk.data.rows.choosing import settle_columns
from ftk.data.rows.columns import TEXT, find_column, has_column, missing, string_of

TOKENS = ("tokens", "words")
"""The column names that are tried if ``data.columns`` does not name the tokens."""


@dataclass(frozen=True, slots=True)
class EntitySentence:
    """A text with two spans, and the columns that they were read from, by role."""

    text: str
    head: Span
    tail: Span
    found: dict[str, str]


@dataclass(kw_only=True, slots=True)
class EntityReader:
    """Reads the sentences of the rows of one split. ``settle`` comes first.

    Attributes:
        columns: ``data.columns``.
        labelled: whether the rows are learned from or scored.
        marks: the marks of head and tail.
        offsets: ``data.offsets``: what the offsets of head and tail count in a text.
        seen: see ``Reading.seen``.
        repeated: the policy for an entity that is given as a text and occurs more than once.
        notes: collects faults.
    """

    columns: dict[str, Any]
    labelled: bool
    marks: tuple[str, str]
    offsets: str
    seen: dict[Any, Any] | None
    repeated: Repeated
    notes: Notes
    _asked: bool = field(default=False, init=False)
    _countings: Countings = field(default_factory=Countings, init=False)
    _contradicted: dict[int, str] = field(default_factory=dict, init=False)
    _to_last: bool = field(default=False, init=False)

    def settle(self, rows: Sequence[Row]) -> None:
        """Find the columns of head and tail for all rows, and what their numbers count.

        Raises:
            DataError: labelled rows do not say which columns are meant, or contradict themselves.
        """
        self._asked = any(self.columns.get(role) is not None for role in (*ROLES, "tokens"))
        pairs = pairs_in(rows)
        if self.labelled and pairs:
            names = dict(zip(ROLES, zip(*pairs, strict=True), strict=True))
            self.columns = settle_columns(rows, self.columns, names, self.notes, dict.fromkeys(ROLES, holds_entity))
        texts, asked = [*marked_entities(rows, self.columns)], Offsets(self.offsets)
        self._countings = settle(texts, asked, self.notes, seen=self.seen, strict=self.labelled)
        if asked is Offsets.auto and not self.labelled:  # a row that contradicts itself is a fault of its own
            for item in texts:
                for misfit in misfits([item], self._countings.of(item.row)):
                    self._contradicted[id(item.row)] = misfit_place(*misfit)
        self._to_last = token_ends([*self._in_tokens(rows)], Offsets(self.offsets), self.notes)

    def sentence(self, row: Row) -> EntitySentence:
        """The text of a row with its two entities. Both are (0, 0) for an unlabelled row without any text.

        Raises:
            RowFault: the row does not say where they are.
        """
        return self._empty(row) or self._sentence(row)

    def _in_tokens(self, rows: Sequence[Row]) -> list[MarkedText]:
        """Head and tail of the rows that number tokens."""
        texts = []
        for row in rows:
            text_at, tokens_at = self._texts(row, needed=False)
            tokens = row.values[tokens_at] if tokens_at is not None and text_at is None else None
            if isinstance(tokens, list) and all(isinstance(token, str) for token in tokens):
                spans = spans_given(row, self._there(row))
                said_texts = any(span.text for span in spans)
                # Without texts to compare, only the number of tokens matters.
                numbers = range(len(tokens))
                starts, ends = _edges(tokens) if said_texts else (numbers, numbers)
                text = " ".join(tokens) if said_texts else ""
                texts.append(MarkedText(row, text, starts, ends, spans, of_tokens=True))
        return texts

    def _there(self, row: Row) -> dict[str, Any]:
        """The columns of head and tail that the config names and the row has."""
        wanted = {role: self.columns.get(role) for role in ROLES}
        return {role: name for role, name in wanted.items() if name is not None and has_column(row, str(name))}

    def _texts(self, row: Row, *, needed: bool = True) -> tuple[str | None, str | None]:
        """The columns of the text and of the tokens."""
        text_at = find_column(row, "text", self.columns, TEXT, needed=needed)
        tokens_at = find_column(row, "tokens", self.columns, TOKENS, needed=needed)
        if text_at is None and tokens_at is None and self.columns.get("tokens") is None:
            tokens_at = find_column(row, "tokens", {}, ("token",))
        return text_at, tokens_at

    def _empty(self, row: Row) -> EntitySentence | None:
        """The sentence of a row without text and entities; None for any other row. It is a fault in a labelled row."""
        columns = zip(("text", "tokens"), self._texts(row, needed=False), strict=True)
        found = {role: column for role, column in columns if column is not None}
        if not found or not all(row.values[column] == [] or _is_blank(row.values[column]) for column in found.values()):
            return None
        if entity_columns(row, self._there(row)) != (None, None):
            return None
        if self.labelled:
            raise RowFault(kinds.EMPTY_RELATION, row.where)
        self.notes.add(kinds.EMPTY_ROW, row.where, policy="unlabelled")
        return EntitySentence("", (0, 0), (0, 0), found)

    def _sentence(self, row: Row) -> EntitySentence:
        text_at, tokens_at = self._texts(row)
        if text_at is None and tokens_at is None:
            raise missing(row, kinds.MISSING_TEXT_OR_TOKENS, (*TEXT, *TOKENS))
        if not self._asked and (marked := self._marked(row, text_at, tokens_at)) is not None:
            return marked
        entities_at = entity_columns(row, self.columns)
        if None in entities_at:
            fault = missing(row, kinds.MISSING_ENTITIES)
            if text_at is not None and (seen := seen_marks(string_of(row, text_at, "text"))):
                fault.place = shortened(f"{fault.place}; its text has {' '.join(seen)}")
            raise fault
        columns = dict(zip(ROLES, map(str, entities_at), strict=True))
        said = {role: given(row, column) for role, column in columns.items()}
        if text_at is not None and tokens_at is not None:
            text_at, tokens_at = self._one_of(row, text_at, tokens_at, said)
        tokens = strings_of(row, tokens_at, "tokens") if tokens_at is not None else None
        text = " ".join(tokens) if tokens is not None else string_of(row, str(text_at), "text")
        known = {role: self._known(row, role, columns[role], text, tokens, one) for role, one in said.items()}
        spans = find_texts(row, text, known, self.repeated, self.notes)
        head_span, tail_span = (_inside(row, role, text, span) for role, span in spans.items())
        found = {"text": str(text_at)} if tokens_at is None else {"tokens": tokens_at}
        return EntitySentence(text, head_span, tail_span, {**found, **columns})

    def _marked(self, row: Row, text_at: str | None, tokens_at: str | None) -> EntitySentence | None:
        """The sentence of a row with marks in its text."""
        if text_at is None:
            tokens = row.values[str(tokens_at)]
            if not isinstance(tokens, list) or not all(isinstance(token, str) for token in tokens):
                return None
            text, found = " ".join(tokens), {"tokens": str(tokens_at)}
        else:
            text, found = string_of(row, text_at, "text"), {"text": text_at}
        columns = entity_columns(row, self._there(row))
        marked = read_marks(row, text, self.marks, beside=None not in columns)
        if marked is None:
            return None
        spans = {role: _inside(row, role, marked.text, getattr(marked, role)) for role in ROLES}
        if columns[0] is not None and columns[1] is not None:
            self._compare(row, marked, spans, columns)
        if marked.spelling is not None:
            policy = "typed" if marked.typed else None
            self.notes.add(kinds.MARKS_FOUND, f"{row.where}: {marked.spelling}", policy=policy)
        return EntitySentence(marked.text, spans["head"], spans["tail"], found)

    def _compare(self, row: Row, marked: Marked, spans: Mapping[str, Span], columns: Sequence[str | None]) -> None:
        """Refuse a row whose columns name other entities of the sentence than its marks."""
        self.notes.add(kinds.MARKS_READ, columns=[f"'{column}'" for column in columns])
        whole, said = (
            marked.text.casefold(),
            [(given(row, str(name)).text or "").strip().casefold() for name in columns],
        )
        if not all(one and one in whole for one in said):
            return  # they are about something else
        for role, column, one in zip(ROLES, columns, said, strict=True):
            there = marked.text[slice(*spans[role])]
            if one not in there.casefold() and there.casefold() not in one:
                place = shortened(f"{row.where}: {there!r} is marked, and '{column}' is {row.values[str(column)]!r}")
                raise RowFault(kinds.OTHER_ENTITY, place, role=role)

    def _one_of(
        self, row: Row, text_at: str, tokens_at: str, said: Mapping[str, Given]
    ) -> tuple[str | None, str | None]:
        """Which of two columns the offsets of head and tail count in."""
        named = [self.columns.get(role) is not None for role in ("text", "tokens")]
        if named == [False, True]:
            return None, tokens_at
        if named == [True, False] or all(one.start is None and one.text is not None for one in said.values()):
            return text_at, None
        raise RowFault(kinds.TEXT_AND_TOKENS, f"{row.where} has '{text_at}' and '{tokens_at}'")

    def _known(self, row: Row, role: str, column: str, text: str, tokens: list[str] | None, said: Given) -> Span | str:
        """The place of an entity, or its text if the row does not give the place."""
        if said.placed and tokens is not None:
            first, end = ends_of(row, column, role, len(tokens), "token", to_last=self._to_last)
            starts, ends = _edges(tokens)
            return (starts[first], ends[end - 1]) if first < end else (0, 0)
        if said.placed:
            return characters_of(row, column, role, text, self._counting_of(row))
        if said.text is None:
            raise unreadable(row, column, role, "character" if tokens is None else "token")
        if said.start is not None and tokens is None:
            if not text.startswith(said.text, said.start):
                place = shortened(f"{row.where}: {said.text!r} at {said.start}")
                raise RowFault(kinds.ABSENT_ENTITY, place, role=role)
            return said.start, said.start + len(said.text)
        return said.text

    def _counting_of(self, row: Row) -> Counting:
        counting = self._countings.of(row)
        if id(row) in self._contradicted:
            raise RowFault(kinds.SPAN_TEXT_DIFFERS, self._contradicted[id(row)], what=str(counting))
        return counting


def _edges(tokens: Sequence[str]) -> tuple[list[int], list[int]]:
    """The characters at which tokens begin and end if they are joined by single spaces."""
    starts, ends, position = [], [], 0
    for token in tokens:
        starts.append(position)
        ends.append(position + len(token))
        position += len(token) + 1
    return starts, ends


def _inside(row: Row, role: str, text: str, span: Span) -> Span:
    """A span without white space at its edges."""
    inside = text[span[0] : span[1]]
    start = span[0] + len(inside) - len(inside.lstrip())
    end = start + len(inside.strip())
    if start >= end:
        raise RowFault(kinds.EMPTY_ENTITY, f"{row.where}: the {role} is {inside!r}")
    return start, end


def _is_blank(value: Any) -> bool:
    return isinstance(value, str) and not value.strip()
