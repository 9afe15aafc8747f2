"""Pages in a headless Chromium: nothing is asked for, nothing fails, and everything can be reached and read.

Skipped where Chromium is not installed; what axe-core finds is asserted where it is. ``scripts/browser`` installs both.
"""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from browser import CHROMIUM, Tab, browser
from conftest import run_ftk
from ftk.pages.page import Options
from ftk.pages.predictions import Form
from ftk.pages.relevance import Explanations, explained
from ftk.pages.writing import write_report
from saved_runs import FORMS, labelled, write_run

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(CHROMIUM is None, reason="Chromium is not installed (scripts/browser)"),
]
pytest.importorskip("tornado", reason="the protocol of the browser needs a web socket")
AXE = Path(__file__).parents[2] / ".local" / "axe" / "node_modules" / "axe-core" / "axe.min.js"
WIDTHS = (400, 900, 1600)
EVENTS = [
    {
        "step": step,
        "split": split,
        "loss": 3.0 / step,
        "accuracy": step / 9,
        "lr": 0.1,
        "tokens": 9 * step,
        "seconds": step,
    }
    for step in (1, 2, 3)
    for split in ("train", "validation")
]
SHOWN = "document.querySelectorAll('.examples li').length"


@pytest.fixture(scope="module")
def tab() -> Iterator[Tab]:
    with browser() as opened:
        yield opened


@pytest.fixture(scope="module")
def pages(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """A page for each kind of task, one of a pretraining and one of a comparison."""
    folder = tmp_path_factory.mktemp("pages")
    found, finding = {}, {"kind": "empty-row", "severity": "warning", "count": 1, "text": "a row is empty"}
    suspect = {"row": 1, "text": "a text", "label": "a", "suggested": "b", "score": 0.5}
    for task, (records, metrics) in FORMS.items():
        run = write_run(folder / task, task, records(), metrics, events=EVENTS, findings=[finding], suspects=[suspect])
        assert run_ftk("report", str(run)) == 0
        found[task] = run / "report.html"
    run = write_run(folder / "mlm", "mlm", [], {"loss": 3.0, "perplexity": 20.0}, events=EVENTS)
    assert run_ftk("report", str(run)) == 0
    found["mlm"] = run / "report.html"
    text = "so many words are said"
    run = write_run(folder / "explained", "text-classification", labelled(text=text), {"accuracy": 0.75})
    words = [{"start": at * 3, "end": at * 3 + 3, "text": "", "score": (at - 4) / 4} for at in range(7)]
    one = explained({"text": text}, Form.label, [{"label": "good", "relevance": words}])
    found["explained"] = run / "report.html"
    write_report([[run]], found["explained"], Options(explanations=Explanations({39: one, 35: one}, 2)))
    other = write_run(
        folder / "other", "text-classification", labelled(text="xylophone"), {"accuracy": 0.7}, events=EVENTS
    )
    found["comparison"] = folder / "comparison.html"
    words = (str(folder / "text-classification"), str(other), f"report.output={found['comparison']}")
    assert run_ftk("report", *words) == 0
    return found


@pytest.mark.parametrize("dark", [False, True], ids=["light", "dark"])
@pytest.mark.parametrize("kind", [*FORMS, "mlm", "explained", "comparison"])
def test_a_page_opens_at_any_width(kind: str, dark: bool, pages: dict[str, Path], tab: Tab, tmp_path: Path) -> None:
    for width in WIDTHS:
        tab.requests.clear()
        tab.problems.clear()
        tab.open(pages[kind], width=width, dark=dark)
        assert tab.value("document.documentElement.scrollWidth <= innerWidth")
        assert tab.requests == [pages[kind].absolute().as_uri()]
        assert tab.problems == []
        if AXE.is_file():
            tab.value(f"{AXE.read_text(encoding='utf-8')};0")
            found = tab.value(
                "axe.run().then(r => r.violations.map(v => [v.id, v.nodes.map(n => n.html.slice(0, 200))]))"
            )
            assert found == []


def typed(tab: Tab, text: str) -> int:
    """The number of examples that are listed after a text was typed into the search."""
    tab.value(f"search = document.querySelector('.examples input'), search.value = {text!r}, 0")
    tab.value("search.dispatchEvent(new Event('input'))")
    return int(tab.value(SHOWN))


def test_examples_can_be_searched_filtered_and_ordered(pages: dict[str, Path], tab: Tab, tmp_path: Path) -> None:
    run = write_run(tmp_path / "run", "text-classification", labelled(200), {"accuracy": 0.75}, events=EVENTS)
    assert run_ftk("report", str(run)) == 0
    tab.open(run / "report.html")
    assert tab.value(SHOWN) == 25
    tab.value("document.querySelector('.more').click()")
    assert tab.value(SHOWN) == 50
    assert tab.value("document.querySelector('.more').hidden")
    assert typed(tab, "199 TEXT") == 1
    assert typed(tab, "nowhere") == 0
    assert tab.value("document.querySelector('.examples .count').textContent").startswith("0 of 50")
    assert typed(tab, "") == 25
    first = "document.querySelector('.examples li b').textContent"
    assert tab.value(first) == "200"
    choose = (
        "(s => {{ s.value = '{}'; s.dispatchEvent(new Event('change')) }})(document.querySelector('[data-role={}]'))"
    )
    tab.value(choose.format("2", "order"))
    assert tab.value(first) == "4"
    tab.value(choose.format("bad → good", "kind"))
    assert tab.value("document.querySelector('.examples .count').textContent").startswith("50 of 50")


def test_the_score_of_a_word_is_its_title(pages: dict[str, Path], tab: Tab) -> None:
    tab.open(pages["explained"])
    marks = "[...document.querySelectorAll('.examples li:first-child mark')]"
    found = tab.value(f"{marks}.map(m => [m.className, m.title, m.children.length])")
    assert ["against4", "-1", 0] in found
    assert ["for2", "+0.5", 0] in found
    styles = (
        "[...new Set([...document.querySelectorAll('.legend mark')].map(m => getComputedStyle(m).borderBottomStyle))]"
    )
    assert tab.value(styles) == ["solid", "dashed"]


def test_tables_sort_links_lead_and_the_theme_changes(pages: dict[str, Path], tab: Tab) -> None:
    tab.open(pages["text-classification"], dark=False)
    tab.value("labels = document.querySelector('#labels table.sortable'), 0")
    heading = "labels.tHead.rows[0].cells[{}]"
    cells = "[...labels.tBodies[0].rows].map(r => Number(r.cells[4].dataset.sort))"
    for order in ("descending", "ascending"):
        tab.value(f"{heading.format(4)}.firstChild.click()")
        assert tab.value(f"{heading.format(4)}.getAttribute('aria-sort')") == order
        values: list[float] = tab.value(cells)
        assert values == sorted(values, reverse=order == "descending")
    broken = "[...document.querySelectorAll('a')].filter(a => !document.getElementById(a.hash.slice(1))).length"
    assert tab.value(broken) == 0
    background = "getComputedStyle(document.documentElement).backgroundColor"
    light = tab.value(background)
    tab.value("document.getElementById('theme').click()")
    assert tab.value(background) != light


def test_a_hundred_thousand_predictions_are_no_burden(tab: Tab, tmp_path: Path) -> None:
    def records() -> Iterator[dict[str, Any]]:
        for at in range(100_000):
            gold, label = f"label {at % 20}", f"label {(at + (at % 10 == 0)) % 20}"
            text = f"row n{at}n says something of about the usual length, as a short text on the web does; {at * 7919}"
            yield {"text": text, "label": label, "score": 0.9, "scores": {gold: 0.1, label: 0.9}, "gold_label": gold}

    run = write_run(tmp_path / "run", "text-classification", records(), {"accuracy": 0.9})
    assert run_ftk("report", str(run)) == 0
    page = run / "report.html"
    assert page.stat().st_size <= 3_000_000
    tab.open(page)
    assert tab.value("document.querySelector('.examples .count').textContent").startswith("2,000 of 2,000")
    assert typed(tab, "says n10n") == 1
