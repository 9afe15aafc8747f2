"""What a column of labels holds, decided by all rows: names, or a vector of 0 and 1 with a place for each label."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, NamedTuple

from ftk.contracts.notes import Notes
from ftk.contracts.row import Row
from ftk.data.rows.cells import RowFault, place_of
from ftk.data.rows.columns import find_column, finite
from ftk.data.rows.lists import list_or_value
from ftk.tasks import finding_kinds as kinds
from ftk.tasks.shared.label_columns import truth_of

LABEL_COLUMNS = ("labels", "label", "categories", "classes", "tags")
"""The names by which a label column is recognised."""
_BETWEEN = re.compile(r"[,;|\s]+")
_BITS = re.compile(r"[01]{3,}")
_OTHER_SIGNS = ";|#，、；｜،"
"""Signs that stand between labels in many files, beside the comma."""


class _Cell(NamedTuple):
    """The labels of one row, as they are given."""

    row: Row
    column: str
    value: Any

    @property
    def place(self) -> str:
        return place_of(self.row, self.column)


def holds_vectors(
    rows: Iterable[Row], columns: Mapping[str, Any], names: Sequence[str] | None, separator: str, notes: Notes
) -> bool:
    """Whether the label column of labelled rows holds vectors of 0 and 1, which ``names`` name.

    Vectors without names, numbers that are no vectors, and labels with another sign between them are faults, which go
    to the notes.

    Args:
        rows: of one split.
        columns: ``data.columns``.
        names: of the labels, in the order of a vector; None if there are none.
        separator: the sign between the labels of one cell.
        notes: collects the faults.
    """
    cells = list(_cells(rows, columns))
    vectors = _vectors(cells)
    # No list of names or of numbers of classes repeats one, but a vector of three signs does.
    certain = [vector for vector in vectors if vector is not None and len(vector) > len(set(vector))]
    lengths = {len(vector) for vector in vectors if vector is not None}
    if not certain and not (lengths == {2} and None not in vectors):
        _note_numbers(cells, notes)
        if names is None:
            _note_other_sign(cells, separator, notes)
        return False
    length = Counter(len(vector) for vector in certain or vectors if vector is not None).most_common(1)[0][0]
    if names is not None and len(names) != length and not certain:
        return False  # the numbers of two classes in each row
    for cell, vector in zip(cells, vectors, strict=True):
        if vector is None or len(vector) != length:
            notes.add(kinds.NOT_A_VECTOR, cell.place, length=length)
        elif names is None:
            notes.add(kinds.VECTOR_WITHOUT_NAMES, cell.place, length=length)
        elif len(names) != length:
            notes.add(kinds.OTHER_VECTOR, cell.place, length=length, names=len(names))
    return True


def vector_of(value: Any, *, bits: bool = False) -> tuple[bool, ...] | None:
    """The truth values of a vector of 0 and 1, of two places or more; None for anything else.

    Args:
        value: a list, or a text that spells one: [1, 0], 1,0 or 1 0.
        bits: whether 010 is a vector, too.
    """
    value = list_or_value(value)
    if isinstance(value, str):
        text = value.strip()
        value = list(text) if bits and _BITS.fullmatch(text) else _BETWEEN.split(text)
    if not isinstance(value, (list, tuple)) or len(value) < 2:
        return None
    found = [truth_of(item) for item in value]
    return None if None in found else tuple(map(bool, found))


def named(vector: Sequence[bool], names: Sequence[str]) -> tuple[str, ...]:
    """The names of the labels that a vector has."""
    return tuple(name for name, there in zip(names, vector, strict=True) if there)


def fault_of(row: Row, column: str, length: int) -> RowFault:
    """The fault of a row without a vector of this length."""
    return RowFault(kinds.NOT_A_VECTOR, place_of(row, column), length=length)


def _cells(rows: Iterable[Row], columns: Mapping[str, Any]) -> Iterable[_Cell]:
    """The cells that say something."""
    columns = dict(columns)
    for row in rows:
        try:
            column = find_column(row, "label", columns, LABEL_COLUMNS, needed=False)
        except RowFault:
            continue  # reported when the row is read
        value = row.values[column] if column is not None else None
        if column is not None and value is not None and not (isinstance(value, str) and not value.strip()):
            value = list_or_value(value)
            if not isinstance(value, (list, tuple)) or value:
                yield _Cell(row, column, value)


def _vectors(cells: Sequence[_Cell]) -> list[tuple[bool, ...] | None]:
    has_bits = any(isinstance(cell.value, str) and cell.value.strip().startswith("0") for cell in cells)
    known: dict[str, tuple[bool, ...] | None] = {}  # most cells repeat the text of an earlier one
    vectors = []
    for cell in cells:
        key = cell.value if isinstance(cell.value, str) else None
        vector = known[key] if key in known else vector_of(cell.value, bits=has_bits)
        if key is not None:
            known[key] = vector
        vectors.append(vector)
    return vectors


def _note_numbers(cells: Sequence[_Cell], notes: Notes) -> None:
    """Report rows of numbers with fractions, one for each label: these are no names, and no vectors of 0 and 1."""
    lengths, fractions = set(), False
    for cell in cells:
        numbers = _numbers(cell.value)
        if numbers is None:
            return
        lengths.add(len(numbers))
        fractions = fractions or any(not number.is_integer() for number in numbers) or "%" in str(cell.value)
    if len(lengths) == 1 and fractions:
        for cell in cells:
            notes.add(kinds.NUMBERS_OF_LABELS, cell.place)


def _numbers(value: Any) -> list[float] | None:
    items = _BETWEEN.split(value.strip()) if isinstance(value, str) else value
    if not isinstance(items, (list, tuple)):
        items = [items]
    found = [finite(item.rstrip(" %") if isinstance(item, str) else item) for item in items]
    return None if None in found else [number for number in found if number is not None]


def _note_other_sign(cells: Sequence[_Cell], separator: str, notes: Notes) -> None:
    """Report cells with another sign between their labels: parts of them are the labels of other cells."""
    texts = [(cell, cell.value) for cell in cells if isinstance(cell.value, str)]
    if len(texts) < len(cells) or any(separator in text for _, text in texts):
        return
    for sign in _OTHER_SIGNS:
        parts = Counter(part for text in {text for _, text in texts} for part in _parts(text, sign))
        if sign != separator and max(parts.values(), default=0) > 1:
            for cell, text in texts:
                if len(_parts(text, sign)) > 1:  # and not C# beside C
                    notes.add(kinds.OTHER_SEPARATOR, cell.place, sign=sign)


def _parts(text: str, sign: str) -> set[str]:
    return {part.strip() for part in text.split(sign) if part.strip()}
