"""What the API returns: metrics and records that render as tables, and a stream of records."""

from __future__ import annotations

import html
import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

_ROWS_SHOWN = 20
"""Rows of a table of records; the others are in the list."""
_CELL = 120
"""Characters of one cell."""


class Metrics(dict[str, Any]):
    """Metrics by name, as in ``metrics.json``; renders as a table.

    Attributes:
        findings: what ftk noticed in the rows that were scored.
    """

    def __init__(self, values: Mapping[str, Any], findings: Sequence[Any] = ()) -> None:
        super().__init__(values)
        self.findings = list(findings)

    def __str__(self) -> str:
        return "\n\n".join(_plain(*table) for table in self._tables())

    def _repr_html_(self) -> str:
        return "".join(_html(*table) for table in self._tables())

    def _repr_markdown_(self) -> str:
        return "\n\n".join(_markdown(*table) for table in self._tables())

    def _tables(self) -> Iterator[tuple[list[str], list[list[str]]]]:
        """The plain metrics in one table, and one table for each mapping of mappings, such as the scores by label."""
        flat = dict(_flat(self))
        if flat:
            yield ["metric", "value"], [[name, _cell(value)] for name, value in flat.items()]
        for name, parts in _nested(self):
            columns = list(dict.fromkeys(column for scores in parts.values() for column in scores))
            rows = [[label, *(_cell(scores.get(column, "")) for column in columns)] for label, scores in parts.items()]
            yield [name, *columns], rows


class Records(list[dict[str, Any]]):
    """Records, one for each row, in order; renders as a table of the first ones.

    Attributes:
        findings: what ftk noticed in the rows, such as rows that are longer than one window.
    """

    def __init__(self, records: Sequence[dict[str, Any]] = (), findings: Sequence[Any] = ()) -> None:
        super().__init__(records)
        self.findings = list(findings)

    def _repr_html_(self) -> str:
        return _html(*self._table()) + self._rest()

    def _repr_markdown_(self) -> str:
        return "\n\n".join(part for part in (_markdown(*self._table()), self._rest()) if part)

    def _table(self) -> tuple[list[str], list[list[str]]]:
        shown = self[:_ROWS_SHOWN]
        columns = list(dict.fromkeys(column for record in shown for column in record))
        return columns, [[_cell(record.get(column, "")) for column in columns] for record in shown]

    def _rest(self) -> str:
        return f"{len(self) - _ROWS_SHOWN:,} more records" if len(self) > _ROWS_SHOWN else ""


class RecordStream(Iterator[dict[str, Any]]):
    """Records that are computed as they are consumed, in order and in constant memory.

    Attributes:
        findings: what ftk noticed in the rows; complete when the last record has been read.
    """

    def __init__(self, records: Iterator[dict[str, Any]], findings: list[Any]) -> None:
        self._records = records
        self.findings = findings

    def __next__(self) -> dict[str, Any]:
        return next(self._records)

    def __repr__(self) -> str:
        return "<ftk.RecordStream: iterate over it for the records>"


def _flat(values: Mapping[str, Any], prefix: str = "") -> Iterator[tuple[str, Any]]:
    for name, value in values.items():
        if not isinstance(value, Mapping):
            yield f"{prefix}{name}", value
        elif not _is_table(value):
            yield from _flat(value, f"{prefix}{name}.")


def _nested(values: Mapping[str, Any], prefix: str = "") -> Iterator[tuple[str, Mapping[str, Any]]]:
    for name, value in values.items():
        if isinstance(value, Mapping):
            if _is_table(value):
                yield f"{prefix}{name}", value
            else:
                yield from _nested(value, f"{prefix}{name}.")


def _is_table(value: Mapping[str, Any]) -> bool:
    """Whether a value is a mapping of mappings of plain values."""
    return bool(value) and all(
        isinstance(part, Mapping) and not any(isinstance(item, Mapping) for item in part.values())
        for part in value.values()
    )


def _cell(value: Any) -> str:
    if isinstance(value, float):
        return f"{value:.4f}"
    text = value if isinstance(value, str) else json.dumps(value, ensure_ascii=False, default=str)
    return text if len(text) <= _CELL else f"{text[: _CELL - 1]}…"


def _plain(columns: list[str], rows: list[list[str]]) -> str:
    lines = [columns, *rows]
    widths = [max(len(line[number]) for line in lines) for number in range(len(columns))]
    return "\n".join(
        "  ".join(
            cell.ljust(width) if number == 0 else cell.rjust(width)
            for number, (cell, width) in enumerate(zip(line, widths, strict=True))
        ).rstrip()
        for line in lines
    )


def _html(columns: list[str], rows: list[list[str]]) -> str:
    head = "".join(f"<th>{html.escape(column)}</th>" for column in columns)
    body = "".join("<tr>" + "".join(f"<td>{html.escape(cell)}</td>" for cell in row) + "</tr>" for row in rows)
    return f"<table><thead><tr>{head}</tr></thead><tbody>{body}</tbody></table>"


def _markdown(columns: list[str], rows: list[list[str]]) -> str:
    def line(cells: list[str]) -> str:
        safe = (html.escape(cell, quote=False).replace("|", "\\|").replace("\n", " ") for cell in cells)
        return f"| {' | '.join(safe)} |"

    return "\n".join([line(columns), f"|{' --- |' * len(columns)}", *map(line, rows)])


def ending_with(records: Iterator[dict[str, Any]], end: Callable[[], None]) -> Iterator[dict[str, Any]]:
    """The records, and a call when they end or are given up."""
    try:
        yield from records
    finally:
        end()
