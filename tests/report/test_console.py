"""What a console shows: text for people, or one JSON object per line for programs; log.txt has the text of both."""

import json
import math
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from conftest import Result, read_jsonl, write_jsonl
from ftk.contracts import finding_kinds as kinds
from ftk.contracts.findings import Finding
from ftk.report.console import Console
from ftk.report.output.json_output import json_output

METRICS = {"loss": 0.25, "f1": math.nan, "per_label": {"A": {"f1": 0.5, "support": 3}}}


def show(console: Console) -> None:
    """One of everything."""
    console.warn("careful")
    console.log_to(Path("log.txt"), append=False)
    console.report([Finding(kinds.EMPTY_ROW, "warning", "left_out", {}, "train", 1, ["a\udc80.txt:1"])])
    with console.progress(5, 0) as steps:
        steps.logged(2, 0.5, 0.75, 1e-3, 1234.5, 60.0)
    console.event("validation", "validation at step 2", {"step": 2, "metrics": METRICS})
    console.result("test", METRICS, "test, 3 rows")
    console.close()


def test_json_lines_have_a_type_and_values(capsys: pytest.CaptureFixture[str]) -> None:
    with json_output(True):
        show(Console())
    events = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    assert [event["type"] for event in events] == ["message", "finding", "train", "validation", "result"]
    warned, found, trained, validated, result = events
    assert warned == {"type": "message", "text": "careful", "severity": "warning"}
    assert (found["kind"], found["policy"], found["split"], found["count"]) == ("empty-row", "left_out", "train", 1)
    assert (trained["step"], trained["steps"], trained["loss"]) == (2, 5, 0.75)
    assert (validated["step"], validated["metrics"]["loss"], validated["metrics"]["f1"]) == (2, 0.25, None)
    assert (result["split"], result["metrics"]["per_label"]["A"]["support"]) == ("test", 3)


def test_the_log_and_the_findings_do_not_depend_on_what_is_shown(capsys: pytest.CaptureFixture[str]) -> None:
    files = []
    for wanted in (False, True):
        with json_output(wanted):
            show(Console())
        files.append([Path(name).read_text(encoding="utf-8") for name in ("log.txt", "findings.jsonl")])
    assert files[0] == files[1]
    [finding] = read_jsonl("findings.jsonl")
    assert (finding["kind"], finding["places"]) == ("empty-row", ["a\udc80.txt:1"])
    assert "note: careful" in files[0][0]


def test_a_console_outside_of_the_block_shows_text(capsys: pytest.CaptureFixture[str]) -> None:
    with json_output(True):
        pass
    Console().say("words")
    assert capsys.readouterr().out == "words\n"


@pytest.mark.torch
def test_every_line_of_a_command_with_json_is_an_object(ftk: Callable[..., Result]) -> None:
    rows = [{"text": f"{name} number {i}", "label": name} for i in range(8) for name in ("cat", "dog")]
    path = write_jsonl("train.jsonl", [*rows, {"text": "", "label": "cat"}])
    run = ("task=text-classification", "model=tiny", f"data.train={path}", "train.max_steps=2", "run.dir=run")
    result = ftk("finetune", "--json", *run)
    assert result.code == 0, result.err
    events = [json.loads(line) for line in result.out.splitlines()]
    types = {event["type"] for event in events}
    assert {"message", "finding", "train", "result"} <= types
    found = [event for event in events if event["type"] == "finding"]
    assert [{"type": "finding", **finding} for finding in read_jsonl("run/findings.jsonl")] == found
    assert "columns-found" in {finding["kind"] for finding in found}

    scored = ftk("evaluate", "--json", "checkpoint=run/best", f"data.test={path}")
    [shown] = [event for event in map(json.loads, scored.out.splitlines()) if event["type"] == "result"]
    assert shown["split"] == "test"
    predicted = ftk("predict", "--json", "checkpoint=run/best", f"input={path}", "output=out.jsonl")
    assert all("type" in json.loads(line) for line in predicted.err.splitlines())
    assert predicted.out == ""


@pytest.mark.parametrize(
    ("rows", "key", "first"),
    [
        ([{"text": "a"}], "findings", {"kind": "missing", "severity": "error", "places": ["train.jsonl:1 has text"]}),
        (None, "faults", "task.pooling=nothing"),
    ],
)
def test_an_error_is_an_object_with_its_findings_or_faults(
    ftk: Callable[..., Result], rows: list[dict[str, Any]] | None, key: str, first: Any
) -> None:
    path = write_jsonl("train.jsonl", rows or [{"text": "a", "label": "b"}])
    wrong = () if rows else ("task.pooling=nothing",)
    result = ftk("finetune", "task=text-classification", "model=tiny", f"data.train={path}", *wrong, "--json")
    assert result.code == 1
    [line] = result.err.splitlines()
    error = json.loads(line)
    assert error["type"] == "error"
    if isinstance(first, str):
        assert first in error[key][0]
    else:
        assert first.items() <= error[key][0].items()
