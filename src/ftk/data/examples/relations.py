"""Rows of a sentence and two entities in it: marked in the text, or as spans beside a text or tokens."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from typing import Any

from ftk.contracts import finding_kinds as kinds
from ftk.contracts.example import Example, Tie
from ftk.contracts.notes import Notes
from ftk.contracts.row import Row
from ftk.data.examples.entities.marks import Span
from ftk.data.examples.entities.reading import EntityReader
from ftk.data.examples.entities.texts import Repeated
from ftk.data.rows.cells import RowFault, read_rows
from ftk.data.rows.choosing import settle_columns
from ftk.data.rows.columns import find_column, missing_role, report_columns, weight_of
from ftk.data.rows.documents import DOCUMENT_TIE, document_of
from ftk.data.rows.gold import gold_of
from ftk.data.rows.odd_labels import note_label, without_missing


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
        return (text,) if document is None else (text, Tie(DOCUMENT_TIE, document))

    @property
    def empty(self) -> bool:
        """Whether there is no text, and so no entity."""
        return self.head == self.tail == (0, 0)


@dataclass(kw_only=True, slots=True)
class RelationReader:
    """Checks rows and makes examples.

    Attributes:
        columns: ``data.columns``.
        labelled: whether a row without a label is an error.
        marks: the marks of the head and of the tail.
        target: makes the label from a row and its label column. Raises RowFault.
        labels: the names of label columns that are tried.
        notes: collects faults.
        unlabelled: the policy for labelled rows without a label, ``error`` or ``drop``.
        offsets: ``data.offsets``: what the offsets of head and tail count in a text.
        seen: see ``Reading.seen``.
        repeated: the policy for an entity that is given as a text and occurs more than once.
    """

    columns: dict[str, Any]
    labelled: bool
    marks: tuple[str, str]
    target: Callable[[Row, str], str]
    labels: tuple[str, ...]
    notes: Notes
    unlabelled: str = "error"
    offsets: str = "auto"
    seen: dict[Any, Any] | None = None
    repeated: Repeated = Repeated.error
    _entities: EntityReader = field(init=False)

    def __post_init__(self) -> None:
        self._entities = EntityReader(
            columns=self.columns,
            labelled=self.labelled,
            marks=self.marks,
            offsets=self.offsets,
            seen=self.seen,
            repeated=self.repeated,
            notes=self.notes,
        )

    def read(self, rows: Iterable[Row]) -> list[RelationExample]:
        """An example for each row; faults go to the notes, which stop the run after the last row.

        Raises:
            DataError: labelled rows do not say which column has a role.
        """
        rows = list(rows)
        if self.labelled:
            self.columns = settle_columns(rows, self.columns, {"label": self.labels}, self.notes)
        self._entities.settle(rows)
        examples = read_rows(rows, self._example, self.notes, unlabelled=self.unlabelled)
        return without_missing(examples, self.notes, unlabelled=self.unlabelled) if self.labelled else examples

    def _example(self, row: Row) -> RelationExample:
        sentence = self._entities.sentence(row)
        if sentence.head[0] < sentence.tail[1] and sentence.tail[0] < sentence.head[1]:
            where = f"{row.where}: {sentence.text[slice(*sentence.head)]!r}, {sentence.text[slice(*sentence.tail)]!r}"
            raise RowFault(kinds.ENTITIES_OVERLAP, where)
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
