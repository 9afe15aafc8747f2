"""The spellings of a labelled span: objects and lists, as people, libraries and annotation tools write them."""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from ftk.contracts import finding_kinds as kinds
from ftk.contracts.row import Row
from ftk.data.rows.cells import RowFault, column_fits, list_in, place_of, shortened
from ftk.data.rows.lists import list_or_value
from ftk.data.rows.numbers import whole_number

# Keys are compared without case and underscores: startOffset, start_offset and StartOffset are one.
_STARTS = ("start", "startoffset", "begin", "beginoffset", "from", "startchar", "charstart", "startindex", "startidx")
_ENDS = ("end", "endoffset", "to", "endchar", "charend", "endindex", "endidx", "stop")
_LASTS = ("last", "endinclusive")
_BOTH = ("offsets", "span", "position", "range", "offset", "index")
_LABELS = (
    *("label", "labels", "type", "types", "entitygroup", "entitytype", "entitylabel", "category", "class"),
    *("tag", "tags", "entity"),
)
_TEXTS = ("text", "word", "surface", "surfaceform", "mention", "string", "entitytext", "spantext", "phrase", "span")
_ID = re.compile(r"[A-Z]\d+")
"""The id of a brat annotation, T1."""
_NUMBER = re.compile(r"[0-9]")


@dataclass(frozen=True, slots=True)
class MarkedSpan:
    """A labelled span as a row gives it.

    Attributes:
        start, end: offsets as they are written, whatever they count.
        label: its label as it is written.
        text: what the row says is there; None if it does not say.
        to_last: whether the form says that the end is the last one inside.
    """

    start: int
    end: int
    label: str
    text: str | None = None
    to_last: bool = False


def holds_spans(value: Any) -> bool:
    """Whether a value has the shape of spans: a list of objects and lists, an object, or one of lists by label."""
    value = list_or_value(value)
    if isinstance(value, dict):
        return _is_object(value) or (bool(value) and all(isinstance(inner, (dict, list)) for inner in value.values()))
    return column_fits("spans", value)


def marked_spans(row: Row, column: str) -> list[MarkedSpan]:
    """A column as spans; a value that is missing, null or empty has none.

    Raises:
        RowFault: it is something else, or a span cannot be read.
    """
    value = row.values.get(column)
    if value is None or (isinstance(value, str) and not value.strip()):
        return []
    value = list_in(row, column, "spans", braces=True)
    if isinstance(value, dict):
        return [_span(row, item) for item in ([value] if _is_object(value) else _by_label(value))]
    if not isinstance(value, (list, tuple)):
        raise RowFault(kinds.SPANS_NOT_A_LIST, place_of(row, column))
    return [_span(row, list_or_value(item) if isinstance(item, str) else item) for item in value]


def _by_label(value: Mapping[str, Any]) -> Iterator[Any]:
    """The spans of an object: by label, and below it by their text or in a list."""
    for label, inner in value.items():
        if isinstance(inner, dict):
            for text, places in inner.items():
                yield from ({"label": label, "text": text, "span": place} for place in _pairs(places))
        else:
            yield from ({"label": label, "span": place} for place in _pairs(inner))


def _pairs(places: Any) -> Sequence[Any]:
    """Pairs of offsets, from a list of them or from one."""
    if isinstance(places, (list, tuple)) and places and not isinstance(places[0], (list, tuple)):
        return [places]
    return places if isinstance(places, (list, tuple)) else [places]


def _span(row: Row, item: Any) -> MarkedSpan:
    if isinstance(item, dict):
        found = _of_object(row, item)
    else:
        found = _of_list(row, item) if isinstance(item, (list, tuple)) else None
    if found is None:
        raise _unreadable(row, item)
    return found


def _is_object(value: Mapping[str, Any]) -> bool:
    """Whether an object is one span."""
    keys = _plain_keys(value)
    return whole_number(_first(keys, _STARTS)) is not None and whole_number(_first(keys, _ENDS)) is not None


def _unreadable(row: Row, item: Any) -> RowFault:
    kind = kinds.SPAN_UNREADABLE if not item or _NUMBER.search(repr(item)) else kinds.SPAN_WITHOUT_OFFSETS
    return RowFault(kind, shortened(f"{row.where}: {item!r}"))


def _of_object(row: Row, item: Mapping[str, Any]) -> MarkedSpan | None:
    if len(item) > 3 + ("text" in item):
        return _of_other_object(row, item)
    start, end, label = item.get("start"), item.get("end"), item.get("label")
    if type(start) is int and type(end) is int and type(label) is str and (label := label.strip()):
        text = item.get("text")
        return MarkedSpan(start, end, label, text if type(text) is str and text.strip() else None)
    return _of_other_object(row, item)


def _of_other_object(row: Row, item: Mapping[str, Any]) -> MarkedSpan | None:
    keys = _plain_keys(item)
    start, end, to_last = _first(keys, _STARTS), _first(keys, _ENDS), False
    if end is None and (last := _first(keys, _LASTS)) is not None:
        end, to_last = last, True
    if (offset := whole_number(keys.get("offset"))) is not None and (
        length := whole_number(keys.get("length"))
    ) is not None:
        start, end = offset, offset + length
    elif start is None and end is None:
        start, end, to_last = _both(row, item, _first(keys, _BOTH), is_index=isinstance(keys.get("index"), list))
    label_at = next((name for name in _LABELS if keys.get(name) is not None), None)
    label = _label(row, item, keys.get(label_at)) if label_at is not None else None
    begin, stop = whole_number(start), whole_number(end)
    if begin is None or stop is None or label is None:
        return None
    text = _first(keys, [name for name in _TEXTS if name != label_at])
    if isinstance(text, list) and all(isinstance(part, str) for part in text):
        text = " ".join(text)
    return MarkedSpan(begin, stop, label, text if isinstance(text, str) and text.strip() else None, to_last)


def _of_list(row: Row, item: Sequence[Any]) -> MarkedSpan | None:
    """A span as a list: start, end and label in any order that keeps start before end."""
    if [type(part) for part in item] == [int, int, str] and item[2].strip():
        return MarkedSpan(item[0], item[1], item[2].strip())
    parts: list[Any] = []
    for part in item:
        pair = part[0] if isinstance(part, (list, tuple)) and len(part) == 1 else part
        if isinstance(part, (list, tuple)) and len(part) > 1 and all(isinstance(one, (list, tuple)) for one in part):
            raise _in_parts(row, item)
        is_pair = isinstance(pair, (list, tuple)) and len(pair) == 2 and all(type(one) is int for one in pair)
        parts.extend(pair if is_pair else [part])
    if len(parts) == 4 and isinstance(parts[0], str) and _ID.fullmatch(parts[0]):
        parts = parts[1:]  # ["T1", "PER", [[0, 8]]], as brat embeds it
    if len(parts) == 3 and all(type(part) is int for part in parts):
        raise _numbered(row, item)
    labels = [part for part in parts if isinstance(part, (str, list))]
    numbers = [
        whole for part in parts if not isinstance(part, (str, list)) and (whole := whole_number(part)) is not None
    ]
    if len(numbers) != 2 or len(labels) not in (1, 2) or len(parts) != len(numbers) + len(labels):
        return None
    label = _label(row, item, labels[0])
    text = labels[1] if len(labels) == 2 and isinstance(labels[1], str) else None
    return None if label is None else MarkedSpan(numbers[0], numbers[1], label, text)


def _plain_keys(item: Mapping[str, Any]) -> dict[str, Any]:
    return {str(name).casefold().replace("_", ""): value for name, value in item.items()}


def _first(keys: Mapping[str, Any], names: Sequence[str]) -> Any:
    return next((keys[name] for name in names if keys.get(name) is not None), None)


def _both(row: Row, item: Any, value: Any, *, is_index: bool) -> tuple[Any, Any, bool]:
    """Start and end from one value: a pair, a list of one pair, or the numbers of all tokens inside."""
    if not isinstance(value, (list, tuple)) or not value:
        return None, None, False
    if all(isinstance(one, (list, tuple)) for one in value):
        if len(value) > 1:
            raise _in_parts(row, item)
        value = value[0]
    if is_index and all(type(one) is int for one in value):
        if list(value) != list(range(value[0], value[0] + len(value))):
            raise _in_parts(row, item)
        return value[0], value[-1], True
    return (value[0], value[1], False) if len(value) == 2 else (None, None, False)


def _label(row: Row, item: Any, value: Any) -> str | None:
    if isinstance(value, (list, tuple)):
        if len(value) > 1:
            raise RowFault(kinds.SPAN_LABELS, shortened(f"{row.where}: {item!r}"))
        value = value[0] if value else None
    if type(value) is int or (isinstance(value, float) and value.is_integer()):
        raise _numbered(row, item)
    return value.strip() if isinstance(value, str) and value.strip() else None


def _numbered(row: Row, item: Any) -> RowFault:
    return RowFault(kinds.SPAN_NUMBERED, shortened(f"{row.where}: {item!r}"))


def _in_parts(row: Row, item: Any) -> RowFault:
    return RowFault(kinds.SPAN_IN_PARTS, shortened(f"{row.where}: {item!r}"))
