"""Queries with lists of positives and negatives, as FlagEmbedding, Tevatron and DPR write them."""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Any

from ftk.contracts import finding_kinds as kinds
from ftk.contracts.notes import Notes
from ftk.contracts.row import Row
from ftk.data.rows.lists import list_or_value

_QUERIES = ("query", "question", "anchor")
_RIGHT = ("pos", "positives", "positive", "positive_passages", "positive_ctxs")
_WRONG = (
    *("neg", "negatives", "negative", "hard_negatives"),
    *("negative_passages", "hard_negative_ctxs", "negative_ctxs"),
)
_LISTED = ("candidate", "candidates")
"""Columns of rows that say themselves what is ranked."""
_NUMBERED = re.compile(r"(?:hard_)?neg(?:ative)?_?\d+")


def recognises(values: Mapping[str, Any]) -> bool:
    """Whether a row has a query, and a list of its positives."""
    asked = any(isinstance(values.get(name), str) for name in _QUERIES)
    return asked and not any(name in values for name in _LISTED) and _right_in(values) is not None


def plain(row: Row, notes: Notes, labelled: bool) -> Iterator[Row]:
    """A row for each positive, with all negatives; a row that is predicted for stays one, with all ``candidates``."""
    values = dict(row.values)
    name = _right_in(values)
    assert name is not None
    right = _passages(values.pop(name))
    wrong = [one for name in _WRONG if name in values for one in _passages(values.pop(name))]
    if not labelled:
        labels = [1] * len(right) + [0] * len(wrong)
        yield replace(row, values={**values, "candidates": [*right, *wrong], "labels": labels})
        return
    if not right:
        notes.add(kinds.WITHOUT_POSITIVE, row.where)
    for one in right:
        yield replace(row, values={**values, "positive": one, "negatives": wrong})


def recognises_numbered(values: Mapping[str, Any]) -> bool:
    """Whether a row has a positive, and a column for each of its negatives."""
    return isinstance(values.get("positive"), str) and any(map(_NUMBERED.fullmatch, map(str, values)))


def plain_numbered(row: Row, notes: Notes, labelled: bool) -> Iterator[Row]:
    """The row with a list of its ``negatives``."""
    values = {name: value for name, value in row.values.items() if not _NUMBERED.fullmatch(str(name))}
    first = [values.pop("negative")] if "negative" in values else []
    numbered = [value for name, value in row.values.items() if name not in values and name != "negative"]
    # A query with fewer negatives than others leaves cells empty.
    yield replace(row, values={**values, "negatives": [one for one in (*first, *numbered) if one not in (None, "")]})


def _right_in(values: Mapping[str, Any]) -> str | None:
    """The column of the positives; tags of tokens are called ``pos``, too."""
    for name in _RIGHT:
        if name in values and (name != "pos" or ("neg" in values or "tokens" not in values)):
            found = list_or_value(values[name])
            if isinstance(found, list) and all(isinstance(_text_of(one), str) for one in found):
                return name
    return None


def _passages(value: Any) -> Sequence[Any]:
    found = list_or_value(value)
    items = found if isinstance(found, list) else [found] if found not in (None, "") else []
    return [_text_of(item) for item in items]


def _text_of(item: Any) -> Any:
    """A text; of a passage its title and its text, as of a document of BEIR."""
    if isinstance(item, dict) and isinstance(item.get("text"), str):
        title = item.get("title")
        return f"{title} {item['text']}".strip() if isinstance(title, str) else item["text"]
    return item
