"""Queries with the texts that may answer them: one right one, labelled pairs, or a list with a label for each."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from enum import Enum
from typing import Any

from ftk.contracts.example import Example
from ftk.contracts.notes import Notes
from ftk.contracts.row import Row
from ftk.data.rows.cells import RowFault, listed, made_of
from ftk.data.rows.columns import find_column, finite, missing, say_columns, string_of

QUERY = ("query", "question", "history", "anchor")
CANDIDATE = ("candidate", "candidates", "positive", "answer", "response", "item", "document", "passage")
NEGATIVES = ("negatives", "negative", "hard_negatives")
LABEL = ("label", "labels", "relevance", "grade", "grades")
_WRITTEN = ("score", "index")
"""What a prediction says of each candidate of a row."""
_FORMS = (
    'A row is {"query", "positive"}, with or without "negatives"; {"query", "candidate", "label"}; or {"query", '
    '"candidates", "labels"}.'
)


class Form(Enum):
    """What a row says of its candidates."""

    right = "a right candidate and no label"
    pair = "a candidate and its label"
    group = "a list of candidates"
    query = "no candidate"


_READ: dict[Form, tuple[str, ...]] = {
    Form.right: ("candidate", "negatives"),
    Form.pair: ("candidate", "label"),
    Form.group: ("candidate", "label"),
    Form.query: (),
}
"""The roles beside the query that are read of a row."""


@dataclass(slots=True)
class RankingExample(Example):
    """One row.

    Attributes:
        query: the question; of a history the parts, one a line.
        candidates: the texts to be ranked, the right one first where the row names one.
        grades: how right each of them is, 0 for a wrong one; None for a row that is not learned from or scored.
        form: what the row says.
        gold: the labels as the row gives them, to be kept beside predictions; None where it gives none.
        others: the other values of candidates that are objects.
        row: where it comes from.
        columns: the other columns.
    """

    query: str
    candidates: tuple[str, ...]
    grades: tuple[float, ...] | None
    form: Form
    gold: Any
    others: tuple[dict[str, Any], ...]
    row: Row
    columns: dict[str, Any]
    key: str = field(init=False, repr=False, compare=False)
    """The query and its candidates; empty if there is no query."""

    def __post_init__(self) -> None:
        self.key = "\n".join((self.query, *self.candidates)) if self.query.strip() else ""

    @property
    def group(self) -> str:
        """The query: its candidates are ranked against one another."""
        return self.query


@dataclass(kw_only=True, slots=True)
class RankingReader:
    """Checks rows and makes examples of them.

    Attributes:
        columns: ``data.columns``.
        labelled: whether rows must say what is right, and all in one way.
        elsewhere: whether there are candidates for rows that bring no list of their own.
        notes: are told of faults.
    """

    columns: dict[str, Any]
    labelled: bool
    elsewhere: bool = False
    notes: Notes = field(default_factory=Notes)

    def read(self, rows: Iterable[Row]) -> list[RankingExample]:
        """An example for each row; faults go to the notes, which stop the run once all rows have been seen."""
        examples = made_of(rows, self._example, self.notes)
        if self.labelled:
            self._refuse_mixed(examples)
        return examples

    def _refuse_mixed(self, examples: Sequence[RankingExample]) -> None:
        for example in examples:
            if example.form is not examples[0].form:
                first = f"The first one has {examples[0].form.value} ({examples[0].row.where}). All rows are alike."
                self.notes.error(f"row|rows with {example.form.value}", first, example.row.where)

    def _example(self, row: Row) -> RankingExample:
        query_at, found = self._columns(row)
        query = _query(row, query_at)
        texts, others, form = self._candidates(row, found)
        used = {query_at, *(found[role] for role in _READ[form])}
        grades = self._grades(row, found["label"], form, texts)
        gold = row.values[found["label"]] if found["label"] is not None and "label" in _READ[form] else None
        for name in _WRITTEN:
            if any(name in each for each in others):
                what = f"row|rows whose candidates have their own '{name}'"
                self.notes.count(what, "predictions have the model's in its place", row.where)
        if self.labelled:
            assert grades is not None
            self._check(row, texts, grades, others)
            say_columns(self.notes, {"query": query_at, **found}, self.columns)
        else:
            if not query.strip():
                self.notes.count("row|rows with an empty query", "its candidates are ranked all the same", row.where)
            if not all(text.strip() for text in texts):
                self.notes.count("row|rows with an empty candidate", "ranked all the same", row.where)
        columns = {name: value for name, value in row.values.items() if name not in used}
        kept = grades if self.labelled else None
        return RankingExample(query, texts, kept, form, gold, others, row, columns)

    def _columns(self, row: Row) -> tuple[str, dict[str, str | None]]:
        """The column of the query, and those of the other roles.

        Raises:
            RowFault: one that has to be there is not; of several faults the first has the others.
        """
        found: dict[str, str | None] = {}
        faults = []
        # Lines of a text file are queries.
        queries = QUERY if self.labelled else (*QUERY, "text")
        roles = (("query", queries), ("candidate", CANDIDATE), ("negatives", NEGATIVES), ("label", LABEL))
        for role, names in roles:
            try:
                found[role] = self._column(row, role, names)
                if found[role] is None and (role == "query" or (role == "candidate" and not self.elsewhere)):
                    raise self._absent(row, role)
            except RowFault as fault:
                faults.append(fault)
        if faults:
            first, *also = faults
            first.also = tuple(also)
            raise first
        query = found.pop("query")
        assert query is not None
        if found["candidate"] == "positive" and self.columns.get("label") is None:
            found["label"] = None  # that it is right is said; a column of that name is about something else
        return query, found

    def _absent(self, row: Row, role: str) -> RowFault:
        advice = f"Name its column: data.columns.{role}=…."
        if role == "candidate" and not self.labelled:
            advice += " Candidates for all rows are in a file: task=ranking task.candidates=…."
        return missing(row, f"row|rows without a {role}", advice)

    def _column(self, row: Row, role: str, names: Sequence[str]) -> str | None:
        """The column of a role; one row may not have two that go by its names."""
        there = [name for name in names if name in row.values] if self.columns.get(role) is None else []
        if not self.labelled and "candidates" in there:
            return "candidates"  # what another model found, beside what was right
        if role in ("candidate", "label") and len(there) > 1 and (self.labelled or role == "candidate"):
            what = f"row|rows with more than one column for the {role}"
            raise RowFault(what, f"Say which: data.columns.{role}=….", f"{row.where} has {', '.join(there)}")
        return find_column(row, role, self.columns, names, needed=self.labelled or role == "query")

    def _candidates(
        self, row: Row, found: dict[str, str | None]
    ) -> tuple[tuple[str, ...], tuple[dict[str, Any], ...], Form]:
        column = found["candidate"]
        value = listed(row, row.values[column], str, dict) if column is not None else None
        if self.elsewhere and not isinstance(value, (list, tuple)):
            return (), (), Form.query
        assert column is not None
        if isinstance(value, (list, tuple)):
            if found["negatives"] is not None and self.labelled:
                raise _two_forms(row, "a list of candidates, and negatives")
            if not value:
                raise RowFault("row|rows with an empty list of candidates", "There is nothing to rank.", row.where)
            return (*_texts(row, column, value), Form.group)
        text = string_of(row, column, "candidate")
        if found["label"] is not None:
            if found["negatives"] is not None and self.labelled:
                raise _two_forms(row, "a label, and negatives")
            return (text,), ({},), Form.pair
        if found["negatives"] is None:
            return (text,), ({},), Form.right
        negatives = listed(row, row.values[found["negatives"]], str, dict)
        if negatives is None or isinstance(negatives, str):
            negatives = [negatives] if negatives else []
        wrong, others = _texts(row, found["negatives"], negatives)
        return (text, *wrong), ({}, *others), Form.right

    def _grades(self, row: Row, column: str | None, form: Form, texts: Sequence[str]) -> tuple[float, ...] | None:
        if not self.labelled:
            return None  # they are but kept: what is wrong with them stops nobody
        if form is Form.right:
            return (1.0, *(0.0 for _ in texts[1:]))
        if column is None:
            raise missing(row, "row|rows whose candidates have no labels", _FORMS)
        value = row.values[column]
        if form is Form.pair:
            return (_grade(row, column, value),)
        value = listed(row, value, object)
        if not isinstance(value, (list, tuple)) or len(value) != len(texts):
            number = len(value) if isinstance(value, (list, tuple)) else "no list of"
            raise RowFault(
                "row|rows with another number of labels than of candidates",
                "Each candidate has one label, in the same order.",
                f"{row.where}: {len(texts)} candidates, {number} labels",
            )
        return tuple(_grade(row, column, each) for each in value)

    def _check(self, row: Row, texts: Sequence[str], grades: Sequence[float], others: Sequence[dict[str, Any]]) -> None:
        """Refuse what cannot be learned or scored; count what only looks odd."""
        if not all(text.strip() for text in texts):
            raise RowFault("row|rows with an empty candidate", "There is nothing to read in it.", row.where)
        ids = [repr(each["id"]) for each in others if each.get("id") is not None]
        if len(set(ids)) < len(ids):
            raise RowFault("row|rows with two candidates of one id", "Each has its own, or none has.", row.where)
        if len(set(texts)) == len(texts):
            return
        by_text: dict[str, float] = {}
        for text, grade in zip(texts, grades, strict=True):
            if by_text.setdefault(text, grade) != grade:
                raise RowFault(
                    "row|rows with a candidate that is both right and wrong",
                    "It is there twice, with two labels.",
                    f"{row.where}: {text!r}"[:200],
                )
        self.notes.count("row|rows with a candidate twice", "kept", row.where)


def _query(row: Row, column: str) -> str:
    """A query; a history is a list of texts, the oldest first."""
    value = listed(row, row.values[column], str)
    if isinstance(value, (list, tuple)):
        if not all(isinstance(part, str) for part in value):
            raise RowFault(
                "row|rows whose query holds something else than texts",
                "A query is a text, or a list of texts that are read one after the other.",
                f"{row.where}: {column}={value!r}"[:200],
            )
        return "\n".join(value)
    return string_of(row, column, "query")


def _texts(row: Row, column: str, value: Any) -> tuple[tuple[str, ...], tuple[dict[str, Any], ...]]:
    """Candidates, texts or objects with a text, and what else is in the objects."""
    items = value if isinstance(value, (list, tuple)) else [None]
    texts, others = [], []
    for item in items:
        text = item.get("text") if isinstance(item, dict) else item
        if not isinstance(text, str):
            raise RowFault(
                f"row|rows whose {column} hold something else than texts",
                'A candidate is a text, or an object with one: {"text": "…"}.',
                f"{row.where}: {item if item is not None else value!r}"[:200],
            )
        texts.append(text)
        others.append({name: each for name, each in item.items() if name != "text"} if isinstance(item, dict) else {})
    return tuple(texts), tuple(others)


def _grade(row: Row, column: str, value: Any) -> float:
    grade = float(value) if isinstance(value, bool) else finite(value)
    if grade is None or grade < 0:
        raise RowFault(
            "row|rows with something else than a label",
            "A label is 0 for a wrong candidate, 1 or more for a right one.",
            f"{row.where}: {column}={row.values[column]!r}"[:200],
        )
    return grade


def _two_forms(row: Row, what: str) -> RowFault:
    return RowFault(f"row|rows with {what}", _FORMS, row.where)
