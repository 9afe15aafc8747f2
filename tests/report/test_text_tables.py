"""Labels, names and rows are text wherever they are shown; a table that does not fit is written as lines."""

import re
import sys
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ftk.contracts.score import Score
from ftk.errors import printable
from ftk.report.console import Console
from ftk.report.curves import plot_curves
from ftk.report.output.json_output import json_output
from ftk.report.tables import TextTable, label_table

MARKUP = [
    "[/]",
    "[bold red]x[/bold red]",
    "[red",
    "[/red]",
    "[link=http://x]y[/link]",
    "[@click=app.bell]c[/]",
    "\\[x]",
    "\\",
    ":smile:",
    "{x}",
    "{0}",
    "%s",
    "$x^$",
    "???",
    "${x}",
    "<b>b</b>",
    "**b**",
    "| a |",
    "a\tb",
    "line\nbreak",
    "\x1b[31mred\x1b[0m",
    "日本語",
]
NUMBERS = {"precision": 0.25, "recall": 1.0, "f1": 0.4, "support": 1}


class Terminal:
    """Stands for a terminal on standard output."""

    encoding = "utf-8"

    def __init__(self) -> None:
        self.text = ""

    def isatty(self) -> bool:
        return True

    def write(self, text: str) -> int:
        self.text += text
        return len(text)

    def flush(self) -> None:
        pass


def in_a_line(label: str) -> str:
    return printable(label).replace("\n", "\\n").expandtabs(8)


def table_of(labels: list[str]) -> TextTable:
    table = label_table("test, [b]3[/b] rows", {"per_label": dict.fromkeys(labels, NUMBERS)})
    assert table is not None
    return table


def shown(monkeypatch: pytest.MonkeyPatch, table: TextTable, width: int) -> str:
    """What a terminal of some width shows of a table, without its colours, and the same for the log."""
    monkeypatch.setenv("COLUMNS", str(width))
    monkeypatch.setenv("NO_COLOR", "1")
    monkeypatch.setenv("TERM", "xterm")
    terminal = Terminal()
    monkeypatch.setattr(sys, "stdout", terminal)
    console = Console()
    console.log_to(Path("log.txt"), append=False)
    console.table(table)
    console.close()
    return re.sub(r"\x1b\[[0-9;?]*[A-Za-z]", "", terminal.text)


def test_labels_are_shown_as_they_are(monkeypatch: pytest.MonkeyPatch) -> None:
    text = shown(monkeypatch, table_of(MARKUP), 120)
    log = Path("log.txt").read_text(encoding="utf-8")
    for label in MARKUP:
        assert any(in_a_line(label) in line.expandtabs(8) for line in text.splitlines()), label
        assert any(in_a_line(label) in line.expandtabs(8) for line in log.splitlines()), label
    assert "test, [b]3[/b] rows" in text
    assert "test, [b]3[/b] rows" in log


@pytest.mark.parametrize("width", [1, 20, 40])
def test_a_table_that_does_not_fit_is_written_as_lines(monkeypatch: pytest.MonkeyPatch, width: int) -> None:
    text = shown(monkeypatch, table_of(["[/]", "neg"]), width)
    words = "".join(text.split())
    assert "[/]precision0.2500recall1.0000f10.4000support1" in words
    assert "…" not in text
    assert "━" not in text


def test_a_wide_table_has_lines_in_the_log(monkeypatch: pytest.MonkeyPatch) -> None:
    columns = [f"metric{number:02}" for number in range(30)]
    shown(monkeypatch, TextTable("a sweep", columns, [[f"{number}.123456789" for number in range(30)]]), 80)
    title, line = Path("log.txt").read_text(encoding="utf-8").splitlines()
    assert title == "a sweep"
    assert line.startswith("metric00 0.123456789  metric01 1.123456789")
    assert line.endswith("metric29 29.123456789")


@given(st.lists(st.text(min_size=1, max_size=100), min_size=1, max_size=5, unique=True), st.integers(1, 200))
@settings(max_examples=20, deadline=None)
def test_any_labels_in_any_width(labels: list[str], width: int) -> None:
    table = table_of(labels)
    text = table.plain(width)
    if not table.fits(width):
        assert len(text.splitlines()) == 1 + len(labels) + len(table.totals)
        assert all(in_a_line(label) in text.expandtabs(8) for label in map(in_a_line, labels))
    assert text.count("0.2500") == len(labels)


def test_status_lines_are_text(monkeypatch: pytest.MonkeyPatch) -> None:
    terminal = Terminal()
    monkeypatch.setattr(sys, "stdout", terminal)
    console = Console()
    with console.counting("[/] rows") as show:
        show(3)
    with console.preparing("[/b].txt: tokenizing", 10) as progress:
        progress(1, 1)
    assert "[/] rows" in terminal.text
    assert "[/b].txt: tokenizing" in terminal.text
    with json_output(True):
        Console().table(table_of(["[/]"]))


@pytest.mark.parametrize("label", ["$x^$"])
def test_curves_of_the_score_of_any_label(label: str) -> None:
    metrics = Path("metrics.jsonl")
    metrics.write_text('{"split": "train", "step": 1, "loss": 1, "lr": 1, "tokens": 1, "seconds": 1}\n')
    plot_curves(metrics, Path("curves.png"), Score(f"per_label.{label}.f1", True))
    assert Path("curves.png").stat().st_size
