"""The task that rows are evidently for, said where the task that was asked for cannot use them."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from itertools import islice
from typing import Any, NamedTuple

from ftk.contracts import finding_kinds as kinds
from ftk.contracts.findings import Finding
from ftk.contracts.notes import Notes
from ftk.contracts.row import Row
from ftk.contracts.spec import TaskSpec
from ftk.data.examples.spans.forms import holds_spans
from ftk.data.readers.names.usual_names import USUAL_NAMES
from ftk.data.rows.columns import finite
from ftk.data.rows.lists import list_or_value
from ftk.data.rows.tags.tag_spelling import is_usual_tag
from ftk.errors import DataError

_LOOKED_AT = 200
_ABOUT_THE_TASK = frozenset(
    kind.id
    for kind in (
        kinds.MISSING,
        kinds.MISSING_TEXT_OR_TOKENS,
        kinds.MISSING_QA_TEXT,
        kinds.MISSING_ANSWERS,
        kinds.MISSING_CANDIDATE,
        kinds.MISSING_CANDIDATE_LABELS,
        kinds.MISSING_ENTITIES,
        kinds.NOT_A_STRING,
        kinds.NOT_A_NUMBER,
        kinds.NOT_A_LABEL,
        kinds.LABELS_IN_LISTS,
        kinds.SEVERAL_LABELS,
        kinds.SPANS_NOT_A_LIST,
        kinds.SPAN_UNREADABLE,
        kinds.UNTAGGABLE_TEXT,
    )
)
"""The ids of faults that rows of another task have."""


class _Evidence(NamedTuple):
    """A task, and the word for what the rows have."""

    task: str
    why: str


def raise_errors(notes: Notes, rows: Iterable[Row], columns: Mapping[str, Any], spec: TaskSpec) -> None:
    """Stop if there are findings that stop the run; if the rows are evidently for another task, its name is among them.

    Args:
        notes: with the findings.
        rows: of one split, which were read.
        columns: ``data.columns``.
        spec: of the task that read them.

    Raises:
        DataError: there are such findings.
    """
    try:
        notes.raise_errors()
    except DataError as error:
        if not any(finding.kind.id in _ABOUT_THE_TASK for finding in error.findings):
            raise
        found = evident_task(rows, columns)
        if found is None or found.task == spec.demo or (found.task in _TAGGING and "tags" in spec.columns):
            raise
        other = Finding(kinds.OTHER_TASK, "info", None, found._asdict(), count=1)
        raise DataError(f"{error}\n{other}", findings=(*error.findings, other)) from error


def evident_task(rows: Iterable[Row], columns: Mapping[str, Any]) -> _Evidence | None:
    """The task that the first rows are for, by their columns and what these hold; None if that is not evident.

    Args:
        rows: of any task.
        columns: ``data.columns``.
    """
    first = list(islice(rows, _LOOKED_AT))
    if not first:
        return None

    def column(role: str, holds: Callable[[Any], bool] = lambda value: True) -> str | None:
        """The column of a role whose values, other than empty ones, all are of a kind."""
        wanted = columns.get(role)
        for name in USUAL_NAMES[role] if wanted is None else (str(wanted),):
            values = [row.values[name] for row in first if name in row.values]
            full = [value for value in map(list_or_value, values) if value not in (None, "", [])]
            if full and len(values) == len(first) and all(map(holds, full)):
                return name
        return None

    if (question := column("question")) and (context := column("context")):
        return _Evidence("question-answering", f"there are '{question}' and '{context}'")
    if (head := column("head")) and (tail := column("tail")) and column("label"):
        return _Evidence("relation", f"there are '{head}' and '{tail}'")
    if (query := column("query")) and (candidate := column("candidate")):
        return _Evidence("ranking", f"there are '{query}' and '{candidate}'")
    if column("tokens", _is_list) and (tags := column("tags", _is_list_of_names)):
        values = [tag for row in first for tag in list_or_value(row.values[tags])]
        lettered = any(is_usual_tag(tag) and tag != "O" for tag in values)
        task = "ner" if lettered else "token-classification"
        return _Evidence(task, f"'{tags}' is a list of tags")
    if not (text := column("text", lambda value: isinstance(value, str))):
        return None
    if spans := column("spans", lambda value: _is_list(value) and not _is_list_of_names(value) and holds_spans(value)):
        return _Evidence("ner", f"'{spans}' is a list of spans in '{text}'")
    return _of_labels(first, column)


def _of_labels(first: Sequence[Row], column: Callable[..., str | None]) -> _Evidence | None:
    """The task of texts with labels."""
    if names := column("label", _is_list_of_names):
        return _Evidence("multi-label", f"'{names}' is a list of names")
    if label := column("label", lambda value: isinstance(value, (str, int, float))):
        numbers = [finite(row.values[label]) for row in first if row.values[label] not in (None, "")]
        if any(number is not None and not number.is_integer() for number in numbers) and None not in numbers:
            return _Evidence("regression", f"'{label}' is a number")
        return _Evidence("text-classification", f"'{label}' is one name")
    return None


_TAGGING = ("ner", "token-classification")


def _is_list(value: Any) -> bool:
    return isinstance(value, (list, tuple)) and bool(value)


def _is_list_of_names(value: Any) -> bool:
    return _is_list(value) and all(isinstance(item, str) for item in value)
