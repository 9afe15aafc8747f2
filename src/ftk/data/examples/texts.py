"""Rows of one text, or of two that belong together, with what is to be learned of them."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from typing import Any

from ftk.contracts.example import Example
from ftk.contracts.notes import Notes
from ftk.contracts.row import Row
from ftk.data.rows.cells import RowFault, made_of
from ftk.data.rows.columns import PAIR, TEXT, find_column, missing, say_columns, string_of, weight_of

Target = Callable[[Row, Any], Any]
"""Makes a target of a row and its label column, or columns. Raises RowFault."""


@dataclass(slots=True)
class TextExample(Example):
    """One row.

    Attributes:
        text: the first text.
        pair: the second one, or None.
        target: what is to be learned, as the task wants it; None for an unlabelled row.
        gold: the same as the row gives it, to be kept beside predictions.
        weight: how often the row is drawn in training, beside the others.
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


@dataclass(kw_only=True, slots=True)
class TextReader:
    """Checks rows and makes examples of them.

    Attributes:
        columns: ``data.columns``.
        labelled: whether a row without a label is an error.
        target: makes the target.
        labels: the names that a label column is known by.
        pairs: whether rows have a second text; None where that is for the rows to say.
        notes: are told of faults.
    """

    columns: dict[str, Any]
    labelled: bool
    target: Target
    labels: tuple[str, ...]
    pairs: bool | None
    notes: Notes

    def read(self, rows: Iterable[Row]) -> list[TextExample]:
        """An example for each row; faults go to the notes, which stop the run once all rows have been seen."""
        return made_of(rows, self._example, self.notes)

    def _example(self, row: Row) -> TextExample:
        text_at = find_column(row, "text", self.columns, TEXT)
        if text_at is None:
            raise missing(row, "row|rows without a text", "Name its column: data.columns.text=….", TEXT)
        text = string_of(row, text_at, "text")
        pair_at = self._pair(row)
        if pair_at == text_at:
            advice = "data.columns.text and data.columns.pair name two columns."
            raise RowFault("row|rows whose two texts are one column", advice, f"{row.where}: '{text_at}'")
        pair = string_of(row, pair_at, "second text") if pair_at is not None else None
        weight = weight_of(row, self.columns, needed=self.labelled)
        used = {text_at, pair_at}
        target = gold = None
        label_at = self._label(row)
        if label_at is not None:
            names = label_at if isinstance(label_at, list) else [label_at]
            used |= set(names)
            gold = [row.values[name] for name in names] if isinstance(label_at, list) else row.values[label_at]
            if self.labelled:
                target = self.target(row, label_at)
        elif self.labelled:
            raise missing(row, "row|rows without a label", "Name its column: data.columns.label=….", self.labels)
        if self.labelled:
            say_columns(self.notes, {"text": text_at, "pair": pair_at, "label": _one(label_at)}, self.columns)
        others = {name: value for name, value in row.values.items() if name not in used}
        example = TextExample(text, pair, target, gold, weight, row, others)
        if not self.labelled and not example.key:
            self.notes.count("empty row|rows", "predicted for like any other, from no text", row.where)
        return example

    def _label(self, row: Row) -> Any:
        """The label's column, or the list of columns that the config names."""
        wanted = self.columns.get("label")
        if not isinstance(wanted, (list, tuple)):
            return find_column(row, "label", self.columns, self.labels, needed=self.labelled)
        found = [find_column(row, "label", {"label": name}, (), needed=self.labelled) for name in wanted]
        return None if None in found else found

    def _pair(self, row: Row) -> str | None:
        """The column of the second text, where rows are to have one."""
        found = find_column(row, "pair", self.columns, PAIR)
        if self.pairs and found is None:
            advice = "Rows are pairs of texts here (task.pairs=true); data.columns.pair=… names the column."
            raise missing(row, "row|rows without a second text", advice)
        if self.pairs is False and found is not None:
            if self.columns.get("pair") is not None:
                advice = "Rows are single texts here (task.pairs=false); leave out data.columns.pair."
                raise RowFault("row|rows with a second text", advice, f"{row.where}: column '{found}'")
            what = f"row|rows with a column '{found}'"
            self.notes.count(
                what, "not read as a second text: rows are single texts here (task.pairs=false)", row.where
            )
            return None
        return found


def has_pairs(rows: Iterable[Row], columns: dict[str, Any]) -> bool:
    """Whether any row has a second text, by the config or by a name that people use."""
    return columns.get("pair") is not None or any(name in row.values for row in rows for name in PAIR)


def _one(label_at: Any) -> str | None:
    return label_at if isinstance(label_at, str) else None
