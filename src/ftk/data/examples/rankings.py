"""Queries with candidate texts: the positive, a labelled pair, or a list of candidates with labels."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from enum import Enum
from typing import Any

from ftk.contracts import finding_kinds as kinds
from ftk.contracts.example import Example, Tie
from ftk.contracts.notes import Notes
from ftk.contracts.row import Row
from ftk.data.examples.ranking_columns import RankingColumns
from ftk.data.rows.cells import RowFault, json_list, list_in, place_of, read_rows, shortened, text_or_list
from ftk.data.rows.columns import finite, missing, report_columns, string_of
from ftk.data.rows.label_names import TRUTH
from ftk.data.rows.lists import list_or_value
from ftk.data.rows.missing_texts import note_mark

_WRITTEN = ("score", "index")
"""The keys that a prediction adds to each candidate of a row."""


class Form(Enum):
    """The form in which a row gives its candidates."""

    right = "a positive and no label"
    pair = "a candidate and its label"
    group = "a list of candidates"
    query = "no candidate"


_READ: dict[Form, tuple[str, ...]] = {
    Form.right: ("candidate", "negatives"),
    Form.pair: ("candidate", "label"),
    Form.group: ("candidate", "label"),
    Form.query: (),
}
"""The roles beside the query that are read for each form."""


@dataclass(slots=True)
class RankingExample(Example):
    """One row.

    Attributes:
        query: the query; for a history its parts, one per line.
        candidates: the texts to rank, the positive first if the row names one.
        grades: how relevant each is, 0 for a negative; None for a row that is not learned from or scored.
        form: in which the row gives its candidates.
        gold: the labels as the row gives them, written beside predictions; None if it gives none.
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

    @property
    def ties(self) -> tuple[Tie, ...]:
        """The query."""
        return (Tie("query", self.query),)

    @property
    def learned(self) -> tuple[float, ...] | None:
        """The grades."""
        return self.grades


@dataclass(kw_only=True, slots=True)
class RankingReader:
    """Checks rows and makes examples.

    Attributes:
        columns: ``data.columns``.
        labelled: whether rows must say which candidates are positives, all in the same form.
        elsewhere: whether rows without a list of candidates are ranked against candidates from elsewhere.
        notes: collects faults.
    """

    columns: dict[str, Any]
    labelled: bool
    elsewhere: bool = False
    notes: Notes = field(default_factory=Notes)
    _columns: RankingColumns = field(init=False)

    def __post_init__(self) -> None:
        self._columns = RankingColumns(
            wanted=self.columns, labelled=self.labelled, elsewhere=self.elsewhere, notes=self.notes
        )

    def read(self, rows: Iterable[Row]) -> list[RankingExample]:
        """An example for each row; faults go to the notes, which stop the run after the last row.

        Raises:
            DataError: labelled rows do not say which column has a role.
        """
        if self.labelled:
            rows = list(rows)
            self._columns.settle(rows)
        examples = read_rows(rows, self._example, self.notes)
        if self.labelled:
            self._refuse_mixed(examples)
        return examples

    def _refuse_mixed(self, examples: Sequence[RankingExample]) -> None:
        for example in examples:
            if example.form is not examples[0].form:
                form, first_form, first = example.form.value, examples[0].form.value, examples[0].row.where
                self.notes.add(kinds.MIXED_FORMS, example.row.where, form=form, first_form=first_form, first=first)

    def _example(self, row: Row) -> RankingExample:
        query_at, found = self._columns.of(row)
        query = _query(row, query_at)
        texts, others, form = self._candidates(row, found)
        used = {query_at, *(found[role] for role in _READ[form])}
        grades = self._grades(row, found["label"], form, texts)
        gold = row.values[found["label"]] if found["label"] is not None and "label" in _READ[form] else None
        for name in _WRITTEN:
            if any(name in each for each in others):
                self.notes.add(kinds.OWN_COLUMN, row.where, column=name)
        if self.labelled:
            assert grades is not None
            self._check(row, texts, grades, others)
            report_columns(self.notes, {"query": query_at, **found}, self.columns)
        else:
            if not query.strip():
                self.notes.add(kinds.EMPTY_PART, row.where, policy="candidates_ranked", role="query")
            if not all(text.strip() for text in texts):
                self.notes.add(kinds.EMPTY_PART, row.where, policy="ranked", role="candidate")
        columns = {name: value for name, value in row.values.items() if name not in used}
        for text in (query, *texts):
            note_mark(text, row, "text", self.notes)
        return RankingExample(query, texts, grades if self.labelled else None, form, gold, others, row, columns)

    def _candidates(
        self, row: Row, found: dict[str, str | None]
    ) -> tuple[tuple[str, ...], tuple[dict[str, Any], ...], Form]:
        column = found["candidate"]
        value = None
        if column is not None:
            spelled = self._is_spelled(row, found)
            value = text_or_list(row, column, "candidates", (str, dict), self.notes, spelled=spelled)
        if self.elsewhere and not isinstance(value, (list, tuple)):
            return (), (), Form.query
        assert column is not None
        if isinstance(value, (list, tuple)):
            if found["negatives"] is not None and self.labelled:
                raise RowFault(kinds.TWO_FORMS, row.where, form="list of candidates")
            if not value:
                raise RowFault(kinds.NO_CANDIDATES, row.where)
            return (*_texts(row, column, value), Form.group)
        text = string_of(row, column, "candidate")
        if found["label"] is not None:
            if found["negatives"] is not None and self.labelled:
                raise RowFault(kinds.TWO_FORMS, row.where, form="label")
            return (text,), ({},), Form.pair
        if found["negatives"] is None:
            return (text,), ({},), Form.right
        negatives = text_or_list(row, found["negatives"], "negatives", (str, dict), self.notes)
        if negatives is None or isinstance(negatives, str):
            negatives = [negatives] if negatives else []
        wrong, others = _texts(row, found["negatives"], negatives)
        return (text, *wrong), ({}, *others), Form.right

    def _is_spelled(self, row: Row, found: dict[str, str | None]) -> bool:
        """Whether the labels are a list that a text spells: then the candidates are, too."""
        labels = row.values[found["label"]] if found["label"] is not None else None
        return isinstance(labels, str) and isinstance(list_or_value(labels), list)

    def _grades(self, row: Row, column: str | None, form: Form, texts: Sequence[str]) -> tuple[float, ...] | None:
        if not self.labelled:
            return None  # labels are only copied to the prediction, so faults in them do not matter
        if form is Form.right:
            return (1.0, *(0.0 for _ in texts[1:]))
        if column is None:
            raise missing(row, kinds.MISSING_CANDIDATE_LABELS)
        value = row.values[column]
        if form is Form.pair:
            return (_grade(row, column, value),)
        value = list_in(row, column, "labels")
        if not isinstance(value, (list, tuple)) or len(value) != len(texts):
            number = len(value) if isinstance(value, (list, tuple)) else "no list of"
            raise RowFault(kinds.UNEQUAL_LABELS, f"{row.where}: {len(texts)} candidates, {number} labels")
        return tuple(_grade(row, column, each) for each in value)

    def _check(self, row: Row, texts: Sequence[str], grades: Sequence[float], others: Sequence[dict[str, Any]]) -> None:
        """Refuse what cannot be learned or scored; count what only looks wrong."""
        if not all(text.strip() for text in texts):
            raise RowFault(kinds.EMPTY_PART, row.where, role="candidate")
        ids = [repr(each["id"]) for each in others if each.get("id") is not None]
        if len(set(ids)) < len(ids):
            raise RowFault(kinds.REPEATED_CANDIDATE_ID, row.where)
        if len(set(texts)) == len(texts):
            return
        by_text: dict[str, float] = {}
        for text, grade in zip(texts, grades, strict=True):
            if by_text.setdefault(text, grade) != grade:
                raise RowFault(kinds.CONTRADICTING_CANDIDATE, shortened(f"{row.where}: {text!r}"))
        self.notes.add(kinds.REPEATED_CANDIDATE, row.where)


def gold_grades(example: RankingExample) -> Any:
    """The labels of a row as numbers, as a prediction has scores; what cannot be read as such stays as it is."""
    if example.gold is None:
        return None
    group = example.form is Form.group
    grades: Any = example.grades
    if grades is None:
        values = json_list(example.row, example.gold, object) if group else [example.gold]
        grades = [_plain_grade(value) for value in values] if isinstance(values, (list, tuple)) else [None]
    if None in grades:
        return example.gold
    numbers = [int(grade) if grade == int(grade) else grade for grade in grades]
    return numbers if group else numbers[0]


def _plain_grade(value: Any) -> float | None:
    if (grade := finite(value)) is None and (truth := str(value).strip().lower()) in TRUTH:
        return float(TRUTH.index(truth))
    return grade


def _query(row: Row, column: str) -> str:
    """The query; a history is a list of texts, the oldest first."""
    value = json_list(row, row.values[column], str)
    if isinstance(value, (list, tuple)):
        if not all(isinstance(part, str) for part in value):
            raise RowFault(kinds.NOT_A_QUERY, shortened(f"{row.where}: {column}={value!r}"))
        return "\n".join(value)
    return string_of(row, column, "query")


def _texts(row: Row, column: str, value: Any) -> tuple[tuple[str, ...], tuple[dict[str, Any], ...]]:
    """The texts of candidates, which are texts or objects, and the other values of the objects."""
    items = value if isinstance(value, (list, tuple)) else [None]
    texts, others = [], []
    for item in items:
        text = item.get("text") if isinstance(item, dict) else item
        if not isinstance(text, str):
            place = shortened(f"{row.where}: {item if item is not None else value!r}")
            raise RowFault(kinds.NOT_A_CANDIDATE, place, column=column)
        texts.append(text)
        others.append({name: each for name, each in item.items() if name != "text"} if isinstance(item, dict) else {})
    return tuple(texts), tuple(others)


def _grade(row: Row, column: str, value: Any) -> float:
    grade = _plain_grade(value)
    if grade is None or grade < 0:
        raise RowFault(kinds.NOT_A_GRADE, place_of(row, column))
    return grade
