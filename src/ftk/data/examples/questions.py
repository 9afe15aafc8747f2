"""Questions on texts, with the passages of the text that answer them."""

import json
from collections.abc import Iterable, Iterator
from contextlib import suppress
from dataclasses import dataclass, field
from enum import Enum
from typing import Any

from ftk.contracts.example import Example
from ftk.contracts.notes import Notes
from ftk.contracts.row import Row
from ftk.data.rows.cells import RowFault, made_of
from ftk.data.rows.columns import find_column, missing, string_of

_FORMS = (
    'Answers are [{"text": "Oslo", "start": 17}], {"text": ["Oslo"], "answer_start": [17]}, or one text that occurs in '
    "the context; none is [], null or an empty text."
)


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
        start: the character of the context that it begins at; None for one that was not found there.
    """

    text: str
    start: int | None


@dataclass(slots=True)
class QuestionExample(Example):
    """One row.

    Attributes:
        question: the question.
        context: the text that it is asked of.
        answers: what answers it, the one to be learned first; none for a question without an answer; None for a row
            that does not say.
        gold: the same, to be kept beside predictions.
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


@dataclass(kw_only=True, slots=True)
class QuestionReader:
    """Checks rows and makes examples of them.

    Attributes:
        columns: ``data.columns``.
        labelled: whether a row that says nothing of answers is an error.
        misplaced: the policy for answers that are not at their offset.
        notes: are told of faults.
    """

    columns: dict[str, Any]
    labelled: bool
    misplaced: Misplaced
    notes: Notes

    def read(self, rows: Iterable[Row]) -> list[QuestionExample]:
        """An example for each row; faults go to the notes, which stop the run once all rows have been seen."""
        return made_of(rows, self._example, self.notes)

    def _example(self, row: Row) -> QuestionExample:
        question_at, question = self._text(row, "question")
        context_at, context = self._text(row, "context")
        answers_at = find_column(row, "answers", self.columns, ("answers",), needed=self.labelled)
        used = {question_at, context_at, answers_at}
        others = {name: value for name, value in row.values.items() if name not in used}
        if answers_at is None:
            if self.labelled:
                advice = "Name their column: data.columns.answers=…; a question without an answer has an empty list."
                raise missing(row, "row|rows without answers", advice, ("answers",))
            return QuestionExample(question, context, None, None, row, others)
        answers, gold = None, row.values[answers_at]
        if self.labelled:
            answers = self._answers(row, answers_at, context, self.notes)
        else:  # they are but kept: what is wrong with them stops nobody
            with suppress(RowFault):
                answers = self._answers(row, answers_at, context, Notes())
        if answers is not None:
            gold = [{"text": answer.text, "start": answer.start} for answer in answers]
        return QuestionExample(question, context, answers, gold, row, others)

    def _text(self, row: Row, role: str) -> tuple[str, str]:
        column = find_column(row, role, self.columns, (role,))
        if column is None:
            advice = (
                f"Name its column: data.columns.{role}=…. A file of SQuAD has its articles in a list 'data' "
                "(data=squad)."
            )
            raise missing(row, f"row|rows without a {role}", advice, (role,))
        text = string_of(row, column, role)
        if not text.strip():
            if self.labelled:
                raise RowFault(f"row|rows with an empty {role}", "There is nothing to learn from them.", _place(row))
            self.notes.count(f"row|rows with an empty {role}", "kept", _place(row))
        return column, text

    def _answers(self, row: Row, column: str, context: str, notes: Notes) -> tuple[Answer, ...]:
        entries = _entries(row, column)
        impossible = row.values.get("is_impossible")
        if impossible is True and entries:
            raise RowFault(
                "row|rows with answers to a question that is marked as impossible",
                "Empty the one, or set the other to false.",
                f"{_place(row)}: is_impossible is true, the answer {entries[0][0]!r}"[:200],
            )
        if impossible is False and not entries:
            what = "row|rows without an answer that is|are not marked as impossible"
            notes.count(what, "read as questions without an answer", _place(row))
        answers = tuple(self._found(row, text, start, context, notes) for text, start in entries)
        if answers and all(answer.start is None for answer in answers):
            notes.count("row|rows none of whose answers is left", "nothing is learned of them", _place(row))
        return answers

    def _found(self, row: Row, text: str, start: int | None, context: str, notes: Notes) -> Answer:
        """An answer at its place, whatever white space it has around it."""
        before, text = len(text) - len(text.lstrip()), text.strip()
        if start is None:
            return self._first(row, text, context, notes)
        for at in (start + before, start):
            if at >= 0 and context.startswith(text, at):
                return Answer(text, at)
        what = "answer|answers that is|are not at the place in the context that the row names"
        place = f"{_place(row)}: {text!r}"[:160] + f" at {start}"
        if self.misplaced is Misplaced.drop:
            notes.count(what, "not learned (task.misplaced_answers=drop)", place)
            return Answer(text, None)
        nearest = min(_occurrences(text, context), key=lambda at: abs(at - start), default=None)
        if self.misplaced is Misplaced.search and nearest is not None:
            notes.count(what, "found at the nearest place (task.misplaced_answers=search)", place)
            return Answer(text, nearest)
        if nearest is None:
            what = "answer|answers that does|do not occur in the context"
            raise RowFault(what, "task.misplaced_answers=drop learns nothing of such.", place)
        stands = context[max(0, start) : max(0, start) + len(text)]
        raise RowFault(
            what,
            "Offsets count characters from 0. task.misplaced_answers=search takes the nearest place where the answer "
            "is, drop learns nothing of it.",
            f"{place}, where {stands[:60]!r} stands",
        )

    def _first(self, row: Row, text: str, context: str, notes: Notes) -> Answer:
        places = _occurrences(text, context)
        at = next(places, None)
        if at is None:
            raise RowFault(
                "answer|answers that does|do not occur in the context",
                "An answer without an offset has to stand in the context, letter for letter.",
                f"{_place(row)}: {text!r}"[:200],
            )
        if next(places, None) is not None:
            what = "answer|answers without an offset that occurs|occur in the context more than once"
            notes.count(what, "the first place is taken", f"{_place(row)}: {text!r}"[:160])
        return Answer(text, at)


def _entries(row: Row, column: str) -> list[tuple[str, int | None]]:
    """What a row says of its answers: texts, with the offsets that it gives."""
    value = _from_json(row.values[column])
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
        raise RowFault("row|rows with an empty answer beside others", "Leave it out.", _place(row))
    return filled


def _entry(row: Row, column: str, item: Any) -> tuple[str, int | None]:
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
    """One object an answer, of lists of their texts and of their offsets."""
    texts, starts = columns.get("text"), columns.get("start", columns.get("answer_start"))
    if not isinstance(texts, (list, tuple)):
        return [columns]
    if starts is None:
        return list(texts)
    if not isinstance(starts, (list, tuple)) or len(starts) != len(texts):
        return None
    return [{"text": text, "start": start} for text, start in zip(texts, starts, strict=True)]


def _from_json(value: Any) -> Any:
    """What a cell holds as JSON; a text that merely begins like it stays one."""
    if not isinstance(value, str) or not value.lstrip().startswith(("[", "{")):
        return value
    try:
        found = json.loads(value)
    except (ValueError, RecursionError):
        return value
    items = found if isinstance(found, list) else [found]
    return found if all(isinstance(item, (str, dict)) for item in items) else value


def _unreadable(row: Row, column: str) -> RowFault:
    where = f"{_place(row)}: {column}={row.values[column]!r}"[:200]
    return RowFault("row|rows with answers that cannot be read", _FORMS, where)


def _occurrences(text: str, context: str) -> Iterator[int]:
    """Where a text begins in another one, one place after the other."""
    at = context.find(text)
    while at >= 0:
        yield at
        at = context.find(text, at + 1)


def _place(row: Row) -> str:
    """Where a row stands; in a file of one line its id tells more."""
    name = row.values.get("id")
    return row.where if name is None else f"{row.where} (id {name})"[:160]
