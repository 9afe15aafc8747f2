"""How long `report.html` takes to write, how large it is, and how quickly it opens and searches in Chromium.

    .venv/bin/python benchmarks/report_page.py [--rows 10000 100000]

The predictions are made up: a classification with 5 and with 77 labels and all scores, and entities. `scripts/browser`
installs Chromium; without it the page is only written. The time to write it is that of a process which has everything
imported, as at the end of a run; the second of two is shown.
"""

import argparse
import random
import sys
import tempfile
import time
from collections.abc import Iterator
from functools import partial
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "tests"))

from browser import CHROMIUM, Tab, browser
from ftk.pages.page import Options
from ftk.pages.writing import write_report
from saved_runs import write_run

WORDS = (
    "the",
    "slow",
    "train",
    "to",
    "Oslo",
    "was",
    "late",
    "again",
    "and",
    "nobody",
    "knew",
    "why",
    "it",
    "had",
    "stopped",
)
PAINT = """new Promise(done => new PerformanceObserver(list => {
  const paint = list.getEntriesByName('first-contentful-paint')[0];
  if (paint) done(paint.startTime);
}).observe({type: 'paint', buffered: true}))"""
SEARCH = """(() => {
  const search = document.querySelector('.examples input'), began = performance.now();
  search.value = 'nobody knew';
  search.dispatchEvent(new Event('input'));
  document.body.getBoundingClientRect();
  return performance.now() - began;
})()"""


def classified(rows: int, labels: int) -> Iterator[dict[str, Any]]:
    chance = random.Random(labels)
    names = [f"label-{number}" for number in range(labels)]
    for _ in range(rows):
        gold = chance.choice(names)
        label = gold if chance.random() < 0.85 else chance.choice(names)
        rest = 0.4 * chance.random()
        scores = dict.fromkeys(names, rest / labels) | {label: 1 - rest}
        text = " ".join(chance.choices(WORDS, k=15))
        yield {"text": text, "label": label, "score": scores[label], "scores": scores, "gold_label": gold}


def entities(rows: int) -> Iterator[dict[str, Any]]:
    chance = random.Random(0)
    for _ in range(rows):
        words = chance.choices(WORDS, k=20)
        text, gold, given = " ".join(words), [], []
        for at in chance.sample(range(20), 3):
            start = len(" ".join(words[:at])) + (at > 0)
            one = {"label": chance.choice(("PER", "LOC", "ORG")), "start": start, "end": start + len(words[at])}
            gold.append({**one, "text": words[at]})
            if chance.random() < 0.9:
                label = one["label"] if chance.random() < 0.9 else "MISC"
                given.append({**one, "label": label, "text": words[at], "score": chance.random()})
        yield {"text": text, "entities": given, "gold_entities": gold}


KINDS = {
    "5 labels": ("text-classification", partial(classified, labels=5), {"accuracy": 0.85}),
    "77 labels": ("text-classification", partial(classified, labels=77), {"accuracy": 0.85}),
    "entities": ("ner", entities, {"f1": 0.8}),
}


def measure(kind: str, rows: int, folder: Path, tab: Tab | None) -> None:
    task, make, metrics = KINDS[kind]
    run = write_run(folder / f"{task}-{kind}-{rows}".replace(" ", "-"), task, make(rows), metrics)
    for _ in range(2):
        wall, cpu = time.perf_counter(), time.process_time()
        write_report([[run]], run / "report.html", Options())
        wall, cpu = time.perf_counter() - wall, time.process_time() - cpu
    text = f"| {kind} | {rows:,} | {wall:.2f} | {cpu:.2f} | {(run / 'report.html').stat().st_size / 1e6:.2f} |"
    if tab is not None:
        tab.open(run / "report.html", width=1200)
        text += f" {tab.value(PAINT):.0f} | {tab.value(SEARCH):.0f} |"
    print(text, flush=True)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rows", type=int, nargs="+", default=[10_000, 100_000])
    numbers = parser.parse_args().rows
    browsing = " first paint, ms | search, ms |" if CHROMIUM else ""
    print(f"| predictions | rows | write, s | of CPU, s | MB |{browsing}")
    print(f"| --- | ---: | ---: | ---: | ---: |{' ---: | ---: |' if CHROMIUM else ''}")
    with tempfile.TemporaryDirectory() as folder:
        if CHROMIUM is None:
            for rows in numbers:
                for kind in KINDS:
                    measure(kind, rows, Path(folder), None)
            return
        with browser() as tab:
            for rows in numbers:
                for kind in KINDS:
                    measure(kind, rows, Path(folder), tab)


if __name__ == "__main__":
    main()
