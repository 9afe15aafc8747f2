"""Rows of one text, or of a pair of texts, as examples with a target."""

from collections.abc import Callable, Collection, Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any

from ftk.contracts import finding_kinds as kinds
from ftk.contracts.example import Example, Tie
from ftk.contracts.notes import Notes
from ftk.contracts.row import Row
from ftk.data.examples.token_labels import refuse_tokens
from ftk.data.rows.cells import RowFault, read_rows
from ftk.data.rows.choosing import settle_columns
from ftk.data.rows.columns import (
    FIRST_OF,
    PAIR,
    TEXT,
    find_column,
    missing,
    missing_role,
    report_columns,
    string_of,
    weight_of,
)
from ftk.data.rows.gold import gold_of, written
from ftk.data.rows.missing_texts import is_nan, note_mark
from ftk.data.rows.odd_labels import note_label, refuse_header, without_missing

Target = Callable[[Row, Any], Any]
"""Makes the target of a row from its label column or columns. Raises RowFault."""


@dataclass(slots=True)
class TextExample(Example):
    """One row.

    Attributes:
        text: the first text.
        pair: the second one, or None.
        target: what to learn, in the form that the task needs; None for an unlabelled row.
        gold: the same as JSON has it, written beside predictions; an unlabelled row may have it, too.
        weight: how often the row is drawn in training, relative to the others.
        row: where it comes from.
        columns: the other columns.
    """

    text: str
    pair: str | None
    target: Any
    gold: Any
    weight: float
    row: Row
    columns: dict[str, Any]
    key: str = field(init=False, repr=False, compare=False)
    """Both texts as one; empty if there is nothing but white space."""

    def __post_init__(self) -> None:
        self.key = (self.text if self.pair is None else f"{self.text}\n{self.pair}").strip()

    @property
    def ties(self) -> tuple[Tie, ...]:
        """The text. For a pair both texts in any order, then the first text, then the second one."""
        if self.pair is None:
            return (Tie("text", self.key),)
        texts = [text.strip() for text in (self.text, self.pair) if text.strip()]
        return (Tie("pair", "\n".join(sorted(texts))), *(Tie("text", text) for text in texts))

    @property
    def learned(self) -> Any:
        """The target; several labels in any order."""
        return frozenset(self.target) if isinstance(self.target, tuple) else self.target

    @property
    def mirrored(self) -> str:
        """The pair with its texts in the other order; empty for one text, or two equal ones."""
        if self.pair is None or self.pair.strip() == self.text.strip():
            return ""
        return f"{self.pair}\n{self.text}".strip()


@dataclass(kw_only=True, slots=True)
class TextReader:
    """Checks rows and makes examples.

    Attributes:
        columns: ``data.columns``.
        labelled: whether a row without a label is an error.
        target: makes the target.
        labels: the names of label columns that are tried.
        pairs: whether rows have a second text; None leaves it to the rows.
        notes: collects faults.
        unlabelled: the policy for labelled rows without a label, ``error`` or ``drop``.
    """

    columns: dict[str, Any]
    labelled: bool
    target: Target
    labels: tuple[str, ...]
    pairs: bool | None
    notes: Notes
    unlabelled: str = "error"

    def read(self, rows: Iterable[Row]) -> list[TextExample]:
        """An example for each row; faults go to the notes, which stop the run after the last row.

        Raises:
            DataError: labelled rows do not say which column has a role.
        """
        if self.labelled:
            rows = list(rows)
            if self.pairs is not False:
                self.columns = settle_columns(rows, self.columns, {"pair": PAIR}, self.notes)
            names = {"text": self._first_texts(rows), "label": self.labels}
            self.columns = settle_columns(rows, self.columns, names, self.notes, varied=("text",))
        examples = read_rows(rows, self._example, self.notes, unlabelled=self.unlabelled)
        if not self.labelled:
            return examples
        refuse_tokens(examples, self.notes)
        return without_missing(examples, self.notes, unlabelled=self.unlabelled)

    def _example(self, row: Row) -> TextExample:
        text_at = find_column(row, "text", self.columns, self._beside_pair(row.values) or TEXT)
        if text_at is None:
            raise missing_role(row, "text", "a text", TEXT)
        missing_text = self.labelled and (row.values[text_at] is None or is_nan(row.values[text_at]))
        text = "" if missing_text else string_of(row, text_at, "text")
        note_mark(text, row, "text", self.notes)
        pair_at = self._pair(row)
        if pair_at == text_at:
            raise RowFault(kinds.SAME_COLUMN, f"{row.where}: '{text_at}'", first="text", second="pair")
        pair = string_of(row, pair_at, "second text") if pair_at is not None else None
        note_mark(pair or "", row, "second text", self.notes)
        weight = weight_of(row, self.columns, needed=self.labelled)
        used = {text_at, pair_at}
        target = gold = None
        label_at = self._label(row)
        if label_at is not None:
            names = label_at if isinstance(label_at, list) else [label_at]
            used |= set(names)
            gold = [row.values[name] for name in names] if isinstance(label_at, list) else row.values[label_at]
            if self.labelled:
                if isinstance(label_at, str):
                    refuse_header(row, text_at, label_at, self.labels)
                target = self.target(row, label_at)
                if isinstance(label_at, str):
                    note_label(row, label_at, target, self.notes)
            gold = written(target) if self.labelled else gold_of(self.target, row, label_at, gold)
        elif self.labelled:
            raise missing_role(row, "label", "a label", self.labels)
        if self.labelled:
            report_columns(self.notes, {"text": text_at, "pair": pair_at, "label": _one(label_at)}, self.columns)
        others = {name: value for name, value in row.values.items() if name not in used}
        example = TextExample(text, pair, target, gold, weight, row, others)
        if not self.labelled and not example.key:
            self.notes.add(kinds.EMPTY_ROW, row.where, policy="predicted")
        return example

    def _first_texts(self, rows: Sequence[Row]) -> Sequence[str]:
        """The names of the first text to try for all rows; a name that goes with the second text is the only one."""
        there = dict.fromkeys(name for shape in {tuple(row.values) for row in rows} for name in shape)
        names = self._beside_pair(there)
        others = [name for name in TEXT if name in there and name not in names]
        if names and others and self.columns.get("text") is None:
            self.notes.add(kinds.COLUMN_CHOSEN, policy="partner", role="text", column=names[0], others=others)
        return names or TEXT

    def _beside_pair(self, there: Collection[str]) -> list[str]:
        """Of some columns, those whose names go with that of a second text."""
        if self.pairs is False:
            return []
        wanted = self.columns.get("pair")
        pairs = PAIR if wanted is None else (str(wanted),)
        return [FIRST_OF[name] for name in pairs if name in there and FIRST_OF.get(name) in there]

    def _label(self, row: Row) -> Any:
        """The column of the label, or the list of columns that the config names."""
        wanted = self.columns.get("label")
        if not isinstance(wanted, (list, tuple)):
            return find_column(row, "label", self.columns, self.labels, needed=self.labelled)
        found = [find_column(row, "label", {"label": name}, (), needed=self.labelled) for name in wanted]
        return None if None in found else found

    def _pair(self, row: Row) -> str | None:
        """The column of the second text; None if rows have none or need none."""
        found = find_column(row, "pair", self.columns, PAIR)
        if self.pairs and found is None:
            raise missing(row, kinds.MISSING_SECOND_TEXT)
        if self.pairs is False and found is not None:
            if self.columns.get("pair") is not None:
                raise RowFault(kinds.UNEXPECTED_PAIR, row.where, column=found)
            self.notes.add(kinds.UNEXPECTED_PAIR, row.where, policy="ignored", column=found)
            return None
        return found


def has_pairs(rows: Iterable[Row], columns: dict[str, Any]) -> bool:
    """Whether any row has a second text: the config names its column, or a column has a usual name."""
    return columns.get("pair") is not None or any(name in row.values for row in rows for name in PAIR)


def _one(label_at: Any) -> str | None:
    return label_at if isinstance(label_at, str) else None
