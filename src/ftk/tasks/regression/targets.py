"""The numbers of rows, as their cells spell them."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from ftk.config.spelling.writing import pasted
from ftk.contracts import finding_kinds as common
from ftk.contracts.findings import SHOWN
from ftk.contracts.notes import Notes
from ftk.contracts.row import Row
from ftk.data.rows.cells import RowFault, place_of
from ftk.data.rows.columns import finite, has_column
from ftk.data.rows.missing_texts import is_nan
from ftk.data.rows.numbers import Decimal, has_percent, has_sign, has_thousands, number_in
from ftk.data.rows.odd_labels import stands_for_missing
from ftk.tasks import finding_kinds as kinds

_LARGEST = 1e38
"""The largest power of ten that fp32 has."""


@dataclass(slots=True)
class NumberReader:
    """Reads the targets of rows.

    Attributes:
        decimal: the sign before the fraction of a number that is a text.
        read: by column, the number of rows that were read.
        percent: by column, the places of rows with a percent sign.
        thousands: the places of rows with signs between thousands.
    """

    decimal: Decimal
    read: Counter[str] = field(default_factory=Counter)
    percent: dict[str, list[str]] = field(default_factory=dict)
    thousands: list[str] = field(default_factory=list)

    def target(self, row: Row, column: str | list[str]) -> dict[str, float]:
        """The targets of a row, by the names of their columns.

        Raises:
            RowFault: a column holds no number.
        """
        names = column if isinstance(column, list) else [column]
        return {name: self._number(row, name) for name in names}

    def report(self, notes: Notes) -> None:
        """Report how numbers are spelled; a column in which only some have a percent sign is a fault."""
        if self.decimal is Decimal.comma:
            notes.add(kinds.DECIMAL_COMMA)
        if self.thousands:
            notes.add(kinds.THOUSANDS, *self.thousands[:SHOWN], number=len(self.thousands))
        for column, places in self.percent.items():
            if len(places) < self.read[column]:
                notes.add(kinds.SOME_PERCENT, *places[:SHOWN], number=len(places), column=column)
            else:
                notes.add(kinds.PERCENT, column=column)

    def _number(self, row: Row, column: str) -> float:
        value = row.values[column]
        plain = finite(value)
        found = plain if plain is not None and self.decimal is not Decimal.comma else number_in(value, self.decimal)
        if found is None:
            raise self._fault(row, column, value)
        if abs(found) > _LARGEST:
            raise RowFault(kinds.LARGE_NUMBER, f"{row.where}: {column}={found:g}", most=_LARGEST)
        self.read[column] += 1
        if found != plain:
            if has_percent(value):
                self.percent.setdefault(column, []).append(row.where)
            if has_thousands(value, found):
                self.thousands.append(row.where)
        return found

    def _fault(self, row: Row, column: str, value: Any) -> RowFault:
        """Why a value is no number."""
        text = value.strip() if isinstance(value, str) else None
        if value is None or is_nan(value) or text == "":
            return RowFault(common.EMPTY_LABEL, place_of(row, column), column=column)
        if text is not None and stands_for_missing(text):
            return RowFault(common.MISSING_LABEL, row.where, label=text)
        if has_sign(value):
            return RowFault(kinds.SIGN_IN_NUMBER, place_of(row, column))
        if isinstance(value, (list, tuple)) and value:
            names = [f"{column}.{number}" for number in range(len(value))]
            written = pasted(names if len(names) > 1 else names[0])
            return RowFault(kinds.LIST_OF_NUMBERS, place_of(row, column), names=written)
        return RowFault(common.NOT_A_NUMBER, place_of(row, column))


def values_of(rows: Sequence[Row], columns: Mapping[str, Any], usual: Sequence[str]) -> Iterator[Any]:
    """The values of the columns with targets.

    Args:
        rows: of one split.
        columns: ``data.columns``.
        usual: the names of label columns that are tried.
    """
    wanted = columns.get("label")
    names = [str(name) for name in wanted] if isinstance(wanted, (list, tuple)) else [wanted and str(wanted)]
    for row in rows:
        for name in names:
            column = name or next((name for name in usual if name in row.values), None)
            if column is not None and (column in row.values or has_column(row, column)):
                yield row.values[column]
