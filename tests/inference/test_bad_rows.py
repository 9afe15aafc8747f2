"""Rows that cannot be used: each keeps its place, and the other rows are read as without them."""

import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ftk.config.paths import values_of
from ftk.contracts import finding_kinds as kinds
from ftk.contracts.contexts import Reading
from ftk.contracts.notes import Notes
from ftk.contracts.row import Row
from ftk.inference.bad_rows import BadRow, read_or_keep
from ftk.report.records import json_lines
from ftk.tasks import build_task

COLUMNS = dict.fromkeys(values_of("data/auto")["columns"])
TASKS = ("ner", "text-classification", "multi-label", "regression", "relation", "question-answering", "translation")

scalars = st.none() | st.booleans() | st.integers(-2, 2) | st.floats() | st.text(max_size=8)
values = st.recursive(scalars, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=2), inner))
names = st.sampled_from(
    [
        "text",
        "tokens",
        "tags",
        "spans",
        "label",
        "labels",
        "score",
        "pair",
        "head",
        "tail",
        "id",
        "error",
        "question",
        "context",
        "answers",
        "source",
        "target",
    ]
)
rows = st.lists(st.dictionaries(names, values, max_size=5), min_size=1, max_size=6)


@pytest.mark.slow
@given(st.sampled_from(TASKS), rows)
@settings(max_examples=100, deadline=None)
def test_every_row_is_an_example_or_a_bad_row_in_its_place(name: str, columns: list[dict[str, Any]]) -> None:
    task = build_task(values_of(f"task/{name}"))
    made = [Row(dict(row), "rows.jsonl", line) for line, row in enumerate(columns, start=1)]
    notes = Notes()
    found = read_or_keep(task, made, Reading(COLUMNS, labelled=False, notes=notes))
    assert [one.row for one in found] == made
    bad = [one for one in found if isinstance(one, BadRow)]
    assert sum(finding.count for finding in notes if finding.kind is kinds.BAD_ROW) == len(bad)
    for one in bad:
        assert one.row.where in one.error
        assert "label" not in one.record()
    alone = [type(read_or_keep(task, [row], Reading(COLUMNS, labelled=False, notes=Notes()))[0]) for row in made]
    assert alone == [type(one) for one in found]


@given(st.dictionaries(st.text(max_size=3), values, max_size=4))
@settings(max_examples=50, deadline=None)
def test_every_record_is_strict_json(record: dict[str, Any]) -> None:
    def refused(constant: str) -> None:
        raise AssertionError(f"{constant} is not JSON")

    path = Path("record.jsonl")
    with json_lines(path) as write:
        write(record)
    assert json.loads(path.read_text(encoding="utf-8"), parse_constant=refused).keys() == record.keys()
