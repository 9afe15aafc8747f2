"""The page of a run: whole, escaped, without texts where they are not wanted, and refused where it cannot be."""

import re
import shutil
from html import unescape
from pathlib import Path
from typing import Any

import pytest

from conftest import TINY, assert_refused, write_lines
from ftk.contracts import finding_kinds as kinds
from saved_runs import FORMS, PRIVATE, labelled, write_run
from written_pages import Ftk, Page, page_of

CELL = r"<t[hd].*?</t[hd]>"
_SPEECH = "<script>alert(1)</script>"


def test_a_page_is_whole_escaped_and_asks_for_nothing(ftk: Ftk, tmp_path: Path) -> None:
    records = labelled()
    for record in records:
        record["text"] += f" {_SPEECH} \u2028 \ud83d"
        for key in ("label", "gold_label"):
            record[key] = record[key].replace("bad", _SPEECH)
        record["scores"] = {name.replace("bad", _SPEECH): value for name, value in record["scores"].items()}
    events = [
        {"step": step, "split": "train", "loss": 2.0 - step, "lr": 0.1, "tokens": step, "seconds": step}
        for step in (1, 2)
    ]
    finding = {"kind": "empty-row", "severity": "warning", "count": 2, "text": _SPEECH}
    unsure = {"below": 0.8, "abstained": 7, "answers": 40}
    run = write_run(
        tmp_path / "run",
        "text-classification",
        records,
        {"accuracy": 0.75, "support": 40},
        events=events,
        findings=[finding],
        calibration={"test": {"ece": 0.0123, "per_label": {"good": {"answers": 20, "ece": 0.0456}}, "abstain": unsure}},
    )
    page = page_of(ftk, run)
    assert {"0.0123", "0.0456", "abstained (score below 0.8)", "7 of 40 answers"} <= set(page.shown)
    sections = ("command", "scores", "training", "labels", "calibration", "thresholds", "examples", "run", "findings")
    assert [one for one in page.ids if one in sections] == list(sections)
    assert "alert(1)" not in page.scripts
    assert _SPEECH in page.shown
    (examples,) = page.data
    assert [item["n"] for item in examples] == sorted(
        (item["n"] for item in examples), reverse=True
    )  # the surest first
    assert len(examples) == 10
    assert not any(
        value.startswith(("http", "//")) for name, value in page.attributes if name in ("src", "href", "action")
    )
    assert not any(name == "style" or name.startswith("on") for name, _ in page.attributes)


@pytest.mark.parametrize("task", FORMS)
def test_without_texts_no_text_is_left_anywhere(task: str, ftk: Ftk, tmp_path: Path) -> None:
    records, metrics = FORMS[task]
    finding = {"kind": "empty-row", "severity": "info", "count": 1, "text": f"{PRIVATE[:5]} is odd"}
    suspect = {"row": 1, "text": PRIVATE, "label": "a", "suggested": "b", "score": 0.5}
    run = write_run(tmp_path / "run", task, records(), metrics, findings=[finding], suspects=[suspect])
    assert PRIVATE[:5] in page_of(ftk, run).text
    page = page_of(ftk, run, "report.texts=false")
    assert PRIVATE[:5] not in page.text
    assert {"scores", "examples", "suspects", "findings"} <= set(page.ids)


def test_slices_name_the_widest_gap(ftk: Ftk, tmp_path: Path) -> None:
    records = labelled(80)
    for at, record in enumerate(records):
        record["source"] = ("a", "b")[at % 4 == 3 or at % 4 == 2]  # all mistakes are in b
    run = write_run(tmp_path / "run", "text-classification", records, {"accuracy": 0.75})
    page = page_of(ftk, run, "report.slices=[source]")
    assert any("0.5000 accuracy, between a (1.0000) and b (0.5000)" in text for text in page.shown)
    assert_refused(ftk("report", str(run), "report.slices=sauce", "--json"), "source")


def test_several_runs_share_a_page(ftk: Ftk, tmp_path: Path) -> None:
    worse = [{**one, "label": "good"} for one in labelled()]
    one = write_run(tmp_path / "one", "text-classification", labelled(), {"accuracy": 0.75})
    two = write_run(tmp_path / "two", "text-classification", worse, {"accuracy": 0.5})
    page = page_of(ftk, one, str(two))
    assert Path("comparison.html").is_file()
    assert {"verdict", "scores", "labels", "runs"} <= set(page.ids)
    assert any(text.startswith("one has the best accuracy, 0.7500.") for text in page.shown)
    assert any("text 3" in text for text in page.shown)  # a row that one of them loses
    page = page_of(ftk, one, str(two), "report.texts=false")
    assert not any("text 3" in text for text in page.shown)


def cells(page: Page, caption: str) -> tuple[list[str], list[list[str]]]:
    """The columns and the rows of a table of the page."""
    table = re.search(rf"<caption>{caption}.*?</table>", page.text, re.DOTALL)
    assert table is not None
    rows = re.findall(r"<tr.*?</tr>", table[0], re.DOTALL)
    each = [[unescape(re.sub("<.*?>", "", one)).strip() for one in re.findall(CELL, row, re.DOTALL)] for row in rows]
    return each[0], each[1:]


@pytest.mark.slow
@pytest.mark.parametrize("grouped", [True, False])
def test_many_runs_have_a_column_a_side_and_a_row_a_run(grouped: bool, ftk: Ftk, tmp_path: Path) -> None:
    shares = (0.6, 0.7, 0.8, 0.7, 0.8, 0.75)
    runs = [
        str(write_run(tmp_path / f"run.seed={at}", "text-classification", labelled(), {"accuracy": share}))
        for at, share in enumerate(shares)
    ]
    words = [*runs[:3], "--", *runs[3:]] if grouped else runs
    page = page_of(ftk, Path(words[0]), *words[1:])
    letters = ["A", "± runs, A", "B", "± runs, B"] if grouped else list("ABCDEF")
    columns, rows = cells(page, "Scores, test")
    assert columns == ["score", *letters]
    if grouped:
        found = {name: numbers for name, *numbers in rows}
        assert found["accuracy"] == ["0.7000", "±0.1000", "0.7500", "±0.0500"]
    columns, rows = cells(page, "F1 by label")
    assert [column.removeprefix("F1, ") for column in columns] == ["label", "support", *letters]
    columns, rows = cells(page, "Scores of each run, test")
    assert [row[1] for row in rows] == list("AAABBB" if grouped else "ABCDEF")
    assert any(text.startswith("6 of 6 runs have the best accuracy") for text in page.shown)  # of the same predictions


@pytest.mark.parametrize(
    ("words", "reason"),
    [
        ((), "name the folder"),
        (("run", "--"), "one side"),
        (("run/predictions",), "The run is the folder around it"),
        (("run", "report.output=run/metrics.json"), "no page of ftk"),
        (("run", "report.split=train"), "validation"),
        (("run", "--multirun"), "no sweep"),
        (("run/predictions/test.jsonl",), "this is a file. The run is the folder around it: run"),
        (("run", "report.slices=style,label"), "report.slices=[style,label]"),
    ],
)
def test_what_cannot_be_a_report_is_refused(words: tuple[str, ...], reason: str, ftk: Ftk, tmp_path: Path) -> None:
    write_run(tmp_path / "run", "text-classification", labelled(4), {"accuracy": 0.75})
    assert_refused(ftk("report", *words, "--json"), reason)


def test_a_damaged_run_is_shown_as_far_as_it_can_be(ftk: Ftk, tmp_path: Path) -> None:
    run = write_run(tmp_path / "run", "text-classification", labelled(8), {"accuracy": 0.75})
    (run / "findings.jsonl").write_text('{"kind": "empty-row"')
    (run / "predictions" / "test.jsonl").write_text("{}\n[]\n")
    page = page_of(ftk, run)
    assert any("findings.jsonl" in text for text in page.shown)
    (run / "metrics.json").write_text("[")
    assert_refused(ftk("report", str(run), "--json"), "metrics.json")


@pytest.mark.parametrize("damage", [b'{"text": "a', b"\x00\xff"])
def test_predictions_that_cannot_be_read_are_missed_aloud(damage: bytes, ftk: Ftk, tmp_path: Path) -> None:
    run = write_run(
        tmp_path / "run", "text-classification", labelled(8), {"accuracy": 0.75}, validation={"accuracy": 1}
    )
    file = run / "predictions" / "test.jsonl"
    write_lines(file.with_name("validation.jsonl"), file.read_text().splitlines())
    file.write_bytes(damage)
    result = ftk("report", str(run), "--json")
    found = result.found(kinds.UNREAD_PREDICTIONS)
    assert (found.values["damaged"], found.values["shown"]) == ("test", "validation")
    page = Page(Path(result.events[-1]["path"]))
    assert found.policy == "others"
    assert ("class", "warning") in page.attributes
    assert {"Labels, validation", "Calibration, validation", "Wrong examples, validation"} <= set(page.shown)
    both = ftk("report", str(run), str(shutil.copytree(run, tmp_path / "other")), "--json")
    assert both.count(kinds.UNREAD_PREDICTIONS) == 2
    whole = write_run(tmp_path / "whole", "text-classification", labelled(8), {"accuracy": 0.75})
    assert ftk("report", str(whole), "--json").count(kinds.UNREAD_PREDICTIONS) == 0


def test_without_predictions_the_score_of_the_task_comes_first(ftk: Ftk, tmp_path: Path) -> None:
    run = write_run(tmp_path / "run", "text-classification", labelled(8), {"loss": 0.25, "accuracy": 0.75})
    shutil.rmtree(run / "predictions")
    assert any(text.startswith("accuracy is 0.7500") for text in page_of(ftk, run).shown)


def test_a_run_that_is_not_finished_shows_its_validation_scores(ftk: Ftk, tmp_path: Path) -> None:
    events = [
        {"step": step, "split": "validation", "loss": 1.0, "accuracy": score}
        for step, score in ((1, 0.5), (2, 0.8), (3, 0.7))
    ]
    run = write_run(tmp_path / "run", "text-classification", [], {}, events=events)
    (run / "metrics.json").unlink()
    page = page_of(ftk, run)
    lead = next(text for text in page.shown if "not finished" in text)
    assert "0.7000" in lead
    assert "0.8000 at step 2" in lead
    assert {"last (step 3)", "best (step 2)", "0.7000", "0.8000"} <= set(page.shown)
    (run / "metrics.jsonl").unlink()
    assert any("nothing has been scored" in text for text in page_of(ftk, run).shown)


@pytest.mark.torch
@pytest.mark.slow
def test_a_run_ends_with_a_report_and_is_not_lost_without(
    ftk: Ftk, toy: tuple[str, ...], monkeypatch: pytest.MonkeyPatch
) -> None:
    words = ("task=ner", *TINY, *toy, "train.max_steps=2", "train.log_every=1", "run.report=true")
    assert ftk("finetune", *words, "run.dir=one").code == 0
    page = Page(Path("one/report.html"))
    assert {"spans", "training"} <= set(page.ids)
    assert "seen in training" in page.shown
    Path("one/report.html").unlink()
    assert "seen in training" in page_of(ftk, Path("one")).shown  # from the files, too

    def full(*_: Any) -> None:
        raise OSError("the disk is full")

    monkeypatch.setattr("ftk.pages.writing.write_page", full)
    result = ftk("evaluate", "checkpoint=one/best", toy[-1], "run.dir=two", "run.report=true", "--json")
    assert result.code == 0
    assert "the disk is full" in result.texts
    assert Path("two/metrics.json").is_file()
    assert not Path("two/report.html").exists()
