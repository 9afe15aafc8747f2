"""Rows of a sentence and two entities in it: marked in the text, or as spans beside a text or tokens."""

import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from typing import Any

from ftk.config.choices import Offsets
from ftk.contracts import finding_kinds as kinds
from ftk.contracts.example import Example, Tie
from ftk.contracts.notes import Notes
from ftk.contracts.row import Row
from ftk.data.examples.entity_offsets import HEAD, TAIL, Span, characters_of, ends_of, marked_entities
from ftk.data.examples.spans.counting import PLAIN, Counting
from ftk.data.examples.spans.offsets import settle
from ftk.data.rows.cells import RowFault, read_rows, strings_of
from ftk.data.rows.choosing import settle_columns
from ftk.data.rows.columns import TEXT, find_column, missing, missing_role, report_columns, string_of, weight_of
from ftk.data.rows.documents import document_of
from ftk.data.rows.gold import gold_of
from ftk.data.rows.odd_labels import note_label, without_missing

TOKENS = ("tokens", "words")
"""The column names that are tried if ``data.columns`` does not name the tokens."""


@dataclass(slots=True)
class RelationExample(Example):
    """One row.

    Attributes:
        text: without marks, or the tokens with single spaces between them.
        head, tail: the entities in it, without white space at their edges; they share no character. Both are (0, 0)
            for an unlabelled row without any text.
        target: the label; None for an unlabelled row.
        gold: the same, written beside predictions; an unlabelled row may have it, too.
        weight: how often the row is drawn in training, relative to the others.
        row: where it comes from.
        columns: the other columns, tokens among them.
    """

    text: str
    head: Span
    tail: Span
    target: str | None
    gold: Any
    weight: float
    row: Row
    columns: dict[str, Any]
    key: str = ""
    """The text with signs around the entities: with other entities it is another text. The task sets it."""

    @property
    def ties(self) -> tuple[Tie, ...]:
        """The sentence, whichever its entities are, and the document if the row says which."""
        document = document_of(self.row)
        text = Tie("sentence", self.text)
        return (text,) if document is None else (text, Tie("document", document))

    @property
    def empty(self) -> bool:
        """Whether there is no text, and so no entity."""
        return self.head == self.tail == (0, 0)


@dataclass(frozen=True, slots=True)
class _Sentence:
    """A text with two spans, and the columns that they were read from, by role."""

    text: str
    head: Span
    tail: Span
    found: dict[str, str]


@dataclass(kw_only=True, slots=True)
class RelationReader:
    """Checks rows and makes examples.

    Attributes:
        columns: ``data.columns``.
        labelled: whether a row without a label is an error.
        marks: the names of the marks of the head and of the tail.
        target: makes the label from a row and its label column. Raises RowFault.
        labels: the names of label columns that are tried.
        notes: collects faults.
        unlabelled: the policy for labelled rows without a label, ``error`` or ``drop``.
        offsets: ``data.offsets``: what the offsets of head and tail count in a text.
    """

    columns: dict[str, Any]
    labelled: bool
    marks: tuple[str, str]
    target: Callable[[Row, str], str]
    labels: tuple[str, ...]
    notes: Notes
    unlabelled: str = "error"
    offsets: str = "auto"
    _counting: Counting = field(default=PLAIN, init=False)

    def read(self, rows: Iterable[Row]) -> list[RelationExample]:
        """An example for each row; faults go to the notes, which stop the run after the last row.

        Raises:
            DataError: labelled rows do not say which column has the label.
        """
        if self.labelled:
            rows = list(rows)
            self.columns = settle_columns(rows, self.columns, {"label": self.labels}, self.notes)
            self._counting = settle([*marked_entities(rows, self.columns)], Offsets(self.offsets), self.notes)
        examples = read_rows(rows, self._example, self.notes, unlabelled=self.unlabelled)
        return without_missing(examples, self.notes, unlabelled=self.unlabelled) if self.labelled else examples

    def _example(self, row: Row) -> RelationExample:
        sentence = self._empty(row) or self._sentence(row)
        if sentence.head[0] < sentence.tail[1] and sentence.tail[0] < sentence.head[1]:
            where = f"{row.where}: {sentence.text[slice(*sentence.head)]!r}, {sentence.text[slice(*sentence.tail)]!r}"
            raise _overlap(where)
        weight = weight_of(row, self.columns, needed=self.labelled)
        target = None
        label_at = find_column(row, "label", self.columns, self.labels, needed=self.labelled)
        if self.labelled:
            if label_at is None:
                raise missing_role(row, "label", "a label", self.labels)
            target = self.target(row, label_at)
            note_label(row, label_at, target, self.notes)
        found = {**sentence.found, **({} if label_at is None else {"label": label_at})}
        if self.labelled:
            report_columns(self.notes, found, self.columns)
        read = {name for role, name in found.items() if role != "tokens"}
        others = {name: value for name, value in row.values.items() if name not in read}
        gold = target
        if label_at is not None and not self.labelled:
            gold = gold_of(self.target, row, label_at, row.values[label_at])
        return RelationExample(sentence.text, sentence.head, sentence.tail, target, gold, weight, row, others)

    def _empty(self, row: Row) -> _Sentence | None:
        """The sentence of a row without text and entities; None for any other row. It is a fault in a labelled row."""
        roles = {"text": TEXT, "tokens": TOKENS, "head": HEAD, "tail": TAIL}
        found = {}
        for role, names in roles.items():
            column = find_column(row, role, self.columns, names, needed=False)
            if column is not None:
                found[role] = column
        if not found or "head" in found or "tail" in found:
            return None
        if not all(row.values[column] == [] or _is_blank(row.values[column]) for column in found.values()):
            return None
        if self.labelled:
            raise RowFault(kinds.EMPTY_RELATION, row.where)
        self.notes.add(kinds.EMPTY_ROW, row.where, policy="unlabelled")
        return _Sentence("", (0, 0), (0, 0), found)

    def _sentence(self, row: Row) -> _Sentence:
        text_at = find_column(row, "text", self.columns, TEXT)
        tokens_at = find_column(row, "tokens", self.columns, TOKENS)
        asked = [role for role in ("head", "tail", "tokens") if self.columns.get(role) is not None]
        if text_at is not None and not asked:
            text = string_of(row, text_at, "text")
            if _marks(self.marks).search(text):
                return _Sentence(*without_marks(row, text, self.marks), {"text": text_at})
        if text_at is not None and tokens_at is not None:
            text_at, tokens_at = self._settle(row, text_at, tokens_at)
        spans_at = [find_column(row, role, self.columns, names) for role, names in (("head", HEAD), ("tail", TAIL))]
        if text_at is None and tokens_at is None:
            raise missing(row, kinds.MISSING_TEXT_OR_TOKENS, (*TEXT, *TOKENS))
        if None in spans_at:
            raise missing(row, kinds.MISSING_ENTITIES, head=self.marks[0], tail=self.marks[1])
        found = dict(zip(("head", "tail"), map(str, spans_at), strict=True))
        if tokens_at is None:
            assert text_at is not None
            text = string_of(row, text_at, "text")
            ends = [
                _inside(row, role, text, characters_of(row, found[role], role, text, self._counting)) for role in found
            ]
            return _Sentence(text, ends[0], ends[1], {"text": text_at, **found})
        return _Sentence(*_of_tokens(row, tokens_at, found), {"tokens": tokens_at, **found})

    def _settle(self, row: Row, text_at: str, tokens_at: str) -> tuple[str | None, str | None]:
        """Which of two columns the offsets of head and tail count in."""
        named = [self.columns.get(role) is not None for role in ("text", "tokens")]
        if named == [True, False]:
            return text_at, None
        if named == [False, True]:
            return None, tokens_at
        raise RowFault(kinds.TEXT_AND_TOKENS, f"{row.where} has '{text_at}' and '{tokens_at}'")


def without_marks(row: Row, text: str, marks: tuple[str, str]) -> tuple[str, Span, Span]:
    """A marked text without its marks, and the places of head and tail in it.

    Args:
        row: the row, for messages.
        text: as ``The <e1>hinge</e1> of the <e2>door</e2>``.
        marks: the names of the marks of the head and of the tail, here ``e1`` and ``e2``.

    Raises:
        RowFault: a mark is missing or there twice, an end has no beginning, or the marked entities overlap or are
            empty.
    """
    found: dict[str, re.Match[str]] = {}
    matches = list(_marks(marks).finditer(text))
    for match in matches:
        if match.group() in found:
            raise RowFault(kinds.REPEATED_MARK, f"{row.where}: {match.group()}")
        found[match.group()] = match
    parts = []
    for name in marks:
        begin, end = found.get(f"<{name}>"), found.get(f"</{name}>")
        if end is not None and (begin is None or end.start() < begin.start()):
            raise RowFault(kinds.UNOPENED_MARK, f"{row.where}: </{name}>", mark=name)
        if begin is None or end is None:
            lacking = f"<{name}>…</{name}>" if begin is None else f"</{name}>"
            raise RowFault(kinds.MISSING_MARK, f"{row.where}: there is no {lacking}")
        parts.append((begin, end))
    if parts[0][0].start() < parts[1][1].end() and parts[1][0].start() < parts[0][1].end():
        raise _overlap(f"{row.where}: {''.join(match.group() for match in matches)}")
    plain, shift = [], {}
    at = removed = 0
    for match in matches:
        plain.append(text[at : match.start()])
        at, removed = match.end(), removed + len(match.group())
        shift[match.group()] = match.end() - removed
    text = "".join([*plain, text[at:]])
    head, tail = (
        _inside(row, role, text, (shift[f"<{name}>"], shift[f"</{name}>"]))
        for role, name in zip(("head", "tail"), marks, strict=True)
    )
    return text, head, tail


def _of_tokens(row: Row, tokens_at: str, spans_at: dict[str, str]) -> tuple[str, Span, Span]:
    """Tokens joined by single spaces, and the character spans of head and tail, whose columns count tokens."""
    tokens = strings_of(row, tokens_at, "tokens")
    starts, position = [], 0
    for token in tokens:
        starts.append(position)
        position += len(token) + 1
    text = " ".join(tokens)
    spans = []
    for role, column in spans_at.items():
        first, end = ends_of(row, column, role, len(tokens), "token")
        span = (starts[first], starts[end - 1] + len(tokens[end - 1])) if first < end else (0, 0)
        spans.append(_inside(row, role, text, span))
    return text, spans[0], spans[1]


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


def _overlap(where: str) -> RowFault:
    return RowFault(kinds.ENTITIES_OVERLAP, where)


def _marks(marks: tuple[str, str]) -> re.Pattern[str]:
    return re.compile(f"</?(?:{'|'.join(re.escape(mark) for mark in marks)})>")
