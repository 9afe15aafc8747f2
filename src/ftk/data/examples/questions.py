"""Questions about texts, with the passages of the text that answer them."""

from collections.abc import Iterable, Iterator
from contextlib import suppress
from dataclasses import dataclass, field
from enum import Enum
from typing import Any

from ftk.contracts import finding_kinds as kinds
from ftk.contracts.example import Example, Tie
from ftk.contracts.notes import Notes
from ftk.contracts.row import Row
from ftk.data.rows.cells import RowFault, list_in, read_rows, shortened
from ftk.data.rows.columns import find_column, missing, string_of
from ftk.data.rows.lists import list_or_value

_MISSING = ("nan", "NaN", "<NA>", "None", "null", "NULL")
"""What programs write for a missing value."""


class Misplaced(Enum):
    """What to do with an answer that is not at its offset in the context."""

    error = "error"
    search = "search"
    drop = "drop"


@dataclass(frozen=True, slots=True)
class Answer:
    """A passage that answers a question.

    Attributes:
        text: without white space around it.
        start: the character of the context at which it begins; None if it was not found there.
    """

    text: str
    start: int | None


@dataclass(slots=True)
class QuestionExample(Example):
    """One row.

    Attributes:
        question: the question.
        context: the text that answers it.
        answers: the answers, the one to learn first; empty for a question without an answer; None for a row without
            a column of answers.
        gold: the same, written beside predictions.
        row: where it comes from.
        columns: the other columns.
    """

    question: str
    context: str
    answers: tuple[Answer, ...] | None
    gold: Any
    row: Row
    columns: dict[str, Any]
    key: str = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        self.key = f"{self.question}\n{self.context}".strip()

    @property
    def group(self) -> str:
        """The context: a model that has seen it answers other questions about it more easily."""
        return self.context

    @property
    def ties(self) -> tuple[Tie, ...]:
        """The context."""
        return (Tie("context", self.context),)

    @property
    def learned(self) -> Any:
        """The texts of the answers, in any order."""
        return None if self.answers is None else {answer.text for answer in self.answers}

    @property
    def strata(self) -> tuple[str, ...]:
        """Whether there is an answer."""
        return ("with an answer" if self.answers else "without an answer",)


@dataclass(kw_only=True, slots=True)
class QuestionReader:
    """Checks rows and makes examples.

    Attributes:
        columns: ``data.columns``.
        labelled: whether a row without a column of answers is an error.
        misplaced: the policy for answers that are not at their offset.
        notes: collects faults.
    """

    columns: dict[str, Any]
    labelled: bool
    misplaced: Misplaced
    notes: Notes

    def read(self, rows: Iterable[Row]) -> list[QuestionExample]:
        """An example for each row; faults go to the notes, which stop the run after the last row."""
        return read_rows(rows, self._example, self.notes)

    def _example(self, row: Row) -> QuestionExample:
        question_at, question = self._text(row, "question")
        context_at, context = self._text(row, "context")
        answers_at = find_column(row, "answers", self.columns, ("answers",), needed=self.labelled)
        used = {question_at, context_at, answers_at}
        others = {name: value for name, value in row.values.items() if name not in used}
        if answers_at is None:
            if self.labelled:
                raise missing(row, kinds.MISSING_ANSWERS, ("answers",))
            return QuestionExample(question, context, None, None, row, others)
        answers, gold = None, row.values[answers_at]
        if self.labelled:
            answers = self._answers(row, answers_at, context, self.notes)
        else:  # they are only copied to the prediction, so faults in them do not matter
            with suppress(RowFault):
                answers = self._answers(row, answers_at, context, Notes())
        if answers is not None:
            gold = [{"text": answer.text, "start": answer.start} for answer in answers]
        return QuestionExample(question, context, answers, gold, row, others)

    def _text(self, row: Row, role: str) -> tuple[str, str]:
        column = find_column(row, role, self.columns, (role,))
        if column is None:
            raise missing(row, kinds.MISSING_QA_TEXT, (role,), role=role)
        text = string_of(row, column, role)
        if not text.strip():
            if self.labelled:
                raise RowFault(kinds.EMPTY_PART, _place(row), role=role)
            self.notes.add(kinds.EMPTY_PART, _place(row), policy="kept", role=role)
        return column, text

    def _answers(self, row: Row, column: str, context: str, notes: Notes) -> tuple[Answer, ...]:
        entries = _entries(row, column, context)
        impossible = row.values.get("is_impossible")
        if impossible is True and entries:
            place = f"{_place(row)}: is_impossible is true, the answer {entries[0][0]!r}"
            raise RowFault(kinds.IMPOSSIBLE_ANSWERED, shortened(place))
        if impossible is False and not entries:
            notes.add(kinds.UNMARKED_IMPOSSIBLE, _place(row))
        answers = tuple(self._found(row, text, start, context, notes) for text, start in entries)
        if answers and all(answer.start is None for answer in answers):
            notes.add(kinds.NO_ANSWER_LEFT, _place(row))
        return answers

    def _found(self, row: Row, text: str, start: int | None, context: str, notes: Notes) -> Answer:
        """An answer at its place, without the white space around it."""
        before, text = len(text) - len(text.lstrip()), text.strip()
        if start is None:
            return self._first(row, text, context, notes)
        for at in (start + before, start):
            if at >= 0 and context.startswith(text, at):
                return Answer(text, at)
        place = f"{_place(row)}: {text!r}"[:160] + f" at {start}"
        if self.misplaced is Misplaced.drop:
            notes.add(kinds.MISPLACED_ANSWER, place, policy="drop")
            return Answer(text, None)
        nearest = min(_occurrences(text, context), key=lambda at: abs(at - start), default=None)
        if nearest is None:
            raise RowFault(kinds.ABSENT_ANSWER, place)
        if self.misplaced is Misplaced.search:
            notes.add(kinds.MISPLACED_ANSWER, place, policy="search")
            return Answer(text, nearest)
        there = context[max(0, start) : max(0, start) + len(text)]
        raise RowFault(kinds.MISPLACED_ANSWER, f"{place}, where the context has {there[:60]!r}")

    def _first(self, row: Row, text: str, context: str, notes: Notes) -> Answer:
        places = _occurrences(text, context)
        at = next(places, None)
        if at is None:
            raise RowFault(kinds.ABSENT_TEXT_ANSWER, shortened(f"{_place(row)}: {text!r}"))
        if next(places, None) is not None:
            notes.add(kinds.REPEATED_ANSWER, f"{_place(row)}: {text!r}"[:160])
        return Answer(text, at)


def _entries(row: Row, column: str, context: str) -> list[tuple[str, int | None]]:
    """The answers of a row: texts, with their offsets if the row gives them."""
    value = _spelled(row, column, context)
    if value is None:
        return []
    if isinstance(value, str):
        value = [value]
    if isinstance(value, dict):
        value = _rows_of(value)
    if not isinstance(value, (list, tuple)):
        raise _unreadable(row, column)
    entries = [_entry(row, column, item) for item in value]
    filled = [(text, start) for text, start in entries if text.strip()]
    if filled and len(filled) < len(entries):
        raise RowFault(kinds.EMPTY_ANSWER, _place(row))
    return filled


def _entry(row: Row, column: str, item: Any) -> tuple[str, int | None]:
    spelled = list_or_value(item)
    if isinstance(spelled, dict) and "text" in spelled:
        item = spelled  # an object in JSON
    if isinstance(item, dict):
        text, start = item.get("text"), item.get("start", item.get("answer_start"))
    else:
        text, start = item, None
    if isinstance(start, float) and start.is_integer():
        start = int(start)
    if not isinstance(text, str) or isinstance(start, bool) or not isinstance(start, (int, type(None))):
        raise _unreadable(row, column)
    return text, start


def _rows_of(columns: dict[str, Any]) -> Any:
    """One object for each answer, from a list of texts and a list of offsets."""
    texts, starts = columns.get("text"), columns.get("start", columns.get("answer_start"))
    if not isinstance(texts, (list, tuple)):
        return [columns]
    if starts is None:
        return list(texts)
    if not isinstance(starts, (list, tuple)) or len(starts) != len(texts):
        return None
    return [{"text": text, "start": start} for text, start in zip(texts, starts, strict=True)]


def _spelled(row: Row, column: str, context: str) -> Any:
    """The answers that a text spells; a text that spells none is an answer if it is in the context."""
    value = row.values[column]
    try:
        found = list_in(row, column, "answers", braces=True)
    except RowFault:
        if value.strip() in context:
            return value
        raise
    if isinstance(found, str) and found.strip() in _MISSING and found.strip() not in context.split():
        raise _unreadable(row, column)  # it may be inside of a word: nan is in finance
    items = found if isinstance(found, (list, tuple)) else [found]
    return found if all(isinstance(item, (str, dict)) for item in items) else value


def _unreadable(row: Row, column: str) -> RowFault:
    return RowFault(kinds.UNREADABLE_ANSWERS, shortened(f"{_place(row)}: {column}={row.values[column]!r}"))


def _occurrences(text: str, context: str) -> Iterator[int]:
    """Where a text begins in another one, one place after the other."""
    at = context.find(text)
    while at >= 0:
        yield at
        at = context.find(text, at + 1)


def _place(row: Row) -> str:
    """The place of a row, with its id: in a file of one line all rows have the same line."""
    name = row.values.get("id")
    return row.where if name is None else f"{row.where} (id {name})"[:160]
