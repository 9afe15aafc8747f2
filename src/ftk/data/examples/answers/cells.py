"""The answers of a row, as its columns spell them."""

import re
from typing import Any

from ftk.contracts import finding_kinds as kinds
from ftk.contracts.row import Row
from ftk.data.rows.cells import RowFault, list_in, shortened
from ftk.data.rows.lists import list_or_value

_STARTS = re.compile(r"(answers?\.)?answers?[_ ]?(start|begin|offset)s?([_ ]?(idx|index|char|offset))?", re.IGNORECASE)
"""The names of columns with the offsets of answers whose texts are in another column."""
_MISSING = ("nan", "NaN", "<NA>", "None", "null", "NULL")
"""What programs write for a missing value."""
_OFFSET = re.compile(r"\s*(-?\d{1,18})(?:\.0+)?\s*")


def entries_of(row: Row, column: str, context: str) -> list[tuple[str, int | None]]:
    """The answers of a row: texts, with their offsets if the row gives them.

    Raises:
        RowFault: the column has something else.
    """
    value = _spelled(row, column, context)
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
        raise RowFault(kinds.EMPTY_ANSWER, place_of_row(row))
    starts_at = starts_column(row, column) if filled else None
    if starts_at is not None and all(start is None for _, start in filled):
        return _with_starts(row, starts_at, filled)
    return filled


def starts_column(row: Row, column: str) -> str | None:
    """The column with the offsets of answers, beside one with their texts; None if these have offsets themselves."""
    value = list_or_value(row.values[column])
    items = value if isinstance(value, (list, tuple)) else [value]
    if any(isinstance(item, dict) for item in items):
        return None
    return next((name for name in row.values if _STARTS.fullmatch(name)), None)


def _with_starts(row: Row, column: str, entries: list[tuple[str, int | None]]) -> list[tuple[str, int | None]]:
    """Answers with the offsets that another column has for them; null and an empty cell give none."""
    value = list_or_value(row.values[column])
    values = list(value) if isinstance(value, (list, tuple)) else [value]
    if all(one is None or one == "" or one != one for one in values):
        return entries
    starts = [_offset(one) for one in values]
    if None in starts or len(starts) != len(entries):
        place = shortened(f"{place_of_row(row)}: {column}={row.values[column]!r}")
        raise RowFault(kinds.UNREADABLE_STARTS, place, column=column)
    return [(text, start) for (text, _), start in zip(entries, starts, strict=True)]


def _offset(value: Any) -> int | None:
    if isinstance(value, float) and value.is_integer():
        return int(value)
    if isinstance(value, str) and (found := _OFFSET.fullmatch(value)) is not None:
        return int(found[1])
    return value if type(value) is int else None


def holds_answer(value: Any) -> bool:
    """Whether a value has an answer."""
    value = list_or_value(value)
    if isinstance(value, dict):
        value = value.get("text")
    return (
        any(map(holds_answer, value))
        if isinstance(value, (list, tuple))
        else value not in (None, "") and value == value
    )


def is_true(value: Any) -> bool | None:
    """A value as true or false; None if it is neither."""
    spelled = value.strip().lower() if isinstance(value, str) else value
    return True if spelled in (True, "true", "1") else False if spelled in (False, "false", "0") else None


def _entry(row: Row, column: str, item: Any) -> tuple[str, int | None]:
    spelled = list_or_value(item)
    if isinstance(spelled, dict) and "text" in spelled:
        item = spelled  # an object in JSON
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
    """One object for each answer, from a list of texts and a list of offsets."""
    texts, starts = columns.get("text"), columns.get("start", columns.get("answer_start"))
    if not isinstance(texts, (list, tuple)):
        return [columns]
    if starts is None:
        return list(texts)
    if not isinstance(starts, (list, tuple)) or len(starts) != len(texts):
        return None
    return [{"text": text, "start": start} for text, start in zip(texts, starts, strict=True)]


def _spelled(row: Row, column: str, context: str) -> Any:
    """The answers that a text spells; a text that spells none is an answer if it is in the context."""
    value = row.values[column]
    try:
        found = list_in(row, column, "answers", braces=True)
    except RowFault:
        if value.strip() in context:
            return value
        raise
    if isinstance(found, str) and found.strip() in _MISSING and found.strip() not in context.split():
        raise _unreadable(row, column)  # it may be inside of a word: nan is in finance
    items = found if isinstance(found, (list, tuple)) else [found]
    return found if all(isinstance(item, (str, dict)) for item in items) else value


def _unreadable(row: Row, column: str) -> RowFault:
    return RowFault(kinds.UNREADABLE_ANSWERS, shortened(f"{place_of_row(row)}: {column}={row.values[column]!r}"))


def place_of_row(row: Row) -> str:
    """The place of a row, with its id: in a file of one line all rows have the same line."""
    name = row.values.get("id")
    return row.where if name is None else f"{row.where} (id {name})"[:160]
