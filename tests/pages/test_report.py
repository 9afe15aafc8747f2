"""The page of a run: whole, escaped, without texts where they are not wanted, and refused where it cannot be."""

import re
from html import unescape
from pathlib import Path
from typing import Any

import pytest

from conftest import TINY, assert_refused
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
    run = write_run(
        tmp_path / "run",
        "text-classification",
        records,
        {"accuracy": 0.75, "support": 40},
        events=events,
        findings=[finding],
        calibration={"test": {"ece": 0.0123, "per_label": {"good": {"answers": 20, "ece": 0.0456}}}},
    )
    page = page_of(ftk, run)
    assert {"0.0123", "0.0456"} <= set(page.shown)
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
    assert any("predictions are left out" in text for text in page.shown)
    (run / "metrics.json").write_text("[")
    assert_refused(ftk("report", str(run), "--json"), "metrics.json")


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
