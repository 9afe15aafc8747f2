"""Questions about texts, with the passages of the text that answer them."""

from collections.abc import Iterable, Iterator
from contextlib import suppress
from dataclasses import dataclass, field
from enum import Enum
from typing import Any

from ftk.config.data_choices import Offsets
from ftk.contracts import finding_kinds as kinds
from ftk.contracts.example import Example, Tie
from ftk.contracts.notes import Notes
from ftk.contracts.row import Row
from ftk.data.examples.answers.cells import entries_of, holds_answer, is_true, place_of_row, starts_column
from ftk.data.examples.answers.offsets import PlacedAnswer, as_in, settle_answers
from ftk.data.examples.spans.offsets import Countings
from ftk.data.rows.cells import RowFault, read_rows, shortened
from ftk.data.rows.choosing import settle_columns
from ftk.data.rows.columns import find_column, missing, report_columns, string_of

NAMES = {
    "question": ("question", "query"),
    "context": ("context", "passage", "paragraph"),
    "answers": ("answers", "answer", "answer_text", "answers.text"),
}
"""The column names that are tried for roles that ``data.columns`` does not name."""


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
        offsets: ``data.offsets``: what the offsets of answers count.
        seen: see ``Reading.seen``.
    """

    columns: dict[str, Any]
    labelled: bool
    misplaced: Misplaced
    notes: Notes
    offsets: str = "auto"
    seen: dict[Any, Any] | None = None
    _countings: Countings = field(default_factory=Countings, init=False)

    def read(self, rows: Iterable[Row]) -> list[QuestionExample]:
        """An example for each row; faults go to the notes, which stop the run after the last row.

        Raises:
            DataError: labelled rows do not say which column has a role.
        """
        rows, asked = list(rows), Offsets(self.offsets)
        if self.labelled:
            self.columns = settle_columns(rows, self.columns, NAMES, self.notes, {"answers": holds_answer})
        if asked is not Offsets.auto or self.seen or not all(map(self._is_plain, rows)):
            self._countings = settle_answers(self._placed(rows), asked, self.notes, self.seen)
        return read_rows(rows, self._example, self.notes)

    def _is_plain(self, row: Row) -> bool:
        """Whether it is clear at first sight that answers are at their offsets in characters."""
        context, value = (row.values.get(self.columns.get(role) or role) for role in ("context", "answers"))
        if isinstance(value, dict) and isinstance(value.get("text"), list):
            answers = zip(value["text"], value.get("answer_start") or (), strict=False)
            return isinstance(context, str) and all(_is_at(context, *answer) for answer in answers)
        if isinstance(value, list) and isinstance(context, str):
            return all(
                isinstance(one, dict) and _is_at(context, one.get("text"), one.get("start", one.get("answer_start")))
                for one in value
            )
        return False

    def _placed(self, rows: Iterable[Row]) -> Iterator[PlacedAnswer]:
        """The answers with an offset; a row with a fault is reported when it is read."""
        for row in rows:
            with suppress(RowFault):
                context_at, answers_at = self._column(row, "context"), self._column(row, "answers")
                if context_at is None or answers_at is None:
                    continue
                context = string_of(row, context_at, "context")
                for text, start in entries_of(row, answers_at, context):
                    if start is not None:
                        yield PlacedAnswer(row.file, context, text, start)

    def _column(self, row: Row, role: str) -> str | None:
        if role == "answers" and not self.labelled:  # 'answer' is what a model predicted
            return find_column(row, role, self.columns, ("answers",), needed=False)
        return find_column(row, role, self.columns, NAMES[role])

    def _example(self, row: Row) -> QuestionExample:
        question_at, question = self._text(row, "question")
        context_at, context = self._text(row, "context")
        answers_at = self._column(row, "answers")
        used = {question_at, context_at, answers_at}
        others = {name: value for name, value in row.values.items() if name not in used}
        if answers_at is None:
            if self.labelled:
                raise missing(row, kinds.MISSING_ANSWERS, NAMES["answers"])
            return QuestionExample(question, context, None, None, row, others)
        answers, gold = None, row.values[answers_at]
        if self.labelled:
            answers = self._answers(row, answers_at, context, self.notes)
            if answers:
                texts_at = {"question": question_at, "context": context_at, "answers": answers_at}
                found = {**texts_at, "start of answers": starts_column(row, answers_at)}
                report_columns(self.notes, {role: name for role, name in found.items() if role != name}, self.columns)
        else:  # they are only copied to the prediction, so faults in them do not matter
            try:
                answers = self._answers(row, answers_at, context, Notes())
            except RowFault as fault:
                if fault.kind in (kinds.MISPLACED_ANSWER, kinds.ABSENT_ANSWER):
                    self.notes.add(kinds.GOLD_LEFT_OUT, place_of_row(row), what="answers")
                    gold = None
        if answers is not None:
            gold = [{"text": answer.text, "start": answer.start} for answer in answers]
        return QuestionExample(question, context, answers, gold, row, others)

    def _text(self, row: Row, role: str) -> tuple[str, str]:
        column = self._column(row, role)
        if column is None:
            raise missing(row, kinds.MISSING_QA_TEXT, NAMES[role], role=role)
        text = string_of(row, column, role)
        if not text.strip():
            if self.labelled:
                raise RowFault(kinds.EMPTY_PART, place_of_row(row), role=role)
            self.notes.add(kinds.EMPTY_PART, place_of_row(row), policy="kept", role=role)
        return column, text

    def _answers(self, row: Row, column: str, context: str, notes: Notes) -> tuple[Answer, ...]:
        entries = entries_of(row, column, context)
        impossible = is_true(row.values.get("is_impossible"))
        if impossible and entries:
            place = f"{place_of_row(row)}: is_impossible is true, the answer {entries[0][0]!r}"
            raise RowFault(kinds.IMPOSSIBLE_ANSWERED, shortened(place))
        if impossible is False and not entries:
            notes.add(kinds.UNMARKED_IMPOSSIBLE, place_of_row(row))
        answers = tuple(self._found(row, text, start, context, notes) for text, start in entries)
        if answers and all(answer.start is None for answer in answers):
            notes.add(kinds.NO_ANSWER_LEFT, place_of_row(row))
        return answers

    def _found(self, row: Row, text: str, start: int | None, context: str, notes: Notes) -> Answer:
        """An answer at its place, without the white space around it."""
        placed, counting = PlacedAnswer(row.file, context, text, start or 0), self._countings.of(row)
        written, text = text.strip(), as_in(context, text).strip()
        if written != text:
            notes.add(kinds.OTHER_SPACES, place_of_row(row))
        if start is None:
            return self._first(row, text, context, notes)
        if (at := placed.at(counting)) is not None:
            return Answer(text, at)
        place = f"{place_of_row(row)}: {text!r}"[:160] + f" at {start}"
        if self.misplaced is Misplaced.drop:
            notes.add(kinds.MISPLACED_ANSWER, place, policy="drop", what=str(counting))
            return Answer(text, None)
        first = counting.character(start, context, placed.places)
        start = start if first is None else first
        nearest = min(_occurrences(text, context), key=lambda at: abs(at - start), default=None)
        if nearest is None:
            raise RowFault(kinds.ABSENT_ANSWER, place)
        if self.misplaced is Misplaced.search:
            notes.add(kinds.MISPLACED_ANSWER, place, policy="search", what=str(counting))
            return Answer(text, nearest)
        there = context[max(0, start) : max(0, start) + len(text)]
        place = f"{place}, where the context has {there[:60]!r}"
        raise RowFault(kinds.MISPLACED_ANSWER, place, what=str(counting))

    def _first(self, row: Row, text: str, context: str, notes: Notes) -> Answer:
        places = _occurrences(text, context)
        at = next(places, None)
        if at is None:
            raise RowFault(kinds.ABSENT_TEXT_ANSWER, shortened(f"{place_of_row(row)}: {text!r}"))
        if next(places, None) is not None:
            notes.add(kinds.REPEATED_ANSWER, f"{place_of_row(row)}: {text!r}"[:160])
        return Answer(text, at)


def _is_at(context: str, text: Any, start: Any) -> bool:
    return type(start) is int and start >= 0 and isinstance(text, str) and context.startswith(text, start)


def _occurrences(text: str, context: str) -> Iterator[int]:
    """Where a text begins in another one, one place after the other."""
    at = context.find(text)
    while at >= 0:
        yield at
        at = context.find(text, at + 1)
