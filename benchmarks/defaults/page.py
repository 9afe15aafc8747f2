"""The table of first runs as a page.

    python -m benchmarks.defaults.page [WORK]

With the folder of the runs, their results are copied to ``results/`` first, one file a cell; the page is made of these
alone.
"""

from __future__ import annotations

import json
import statistics
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from benchmarks.defaults.cells import cells
from benchmarks.defaults.contenders import CONTENDERS
from benchmarks.defaults.results import FOLDER, collect, scored

PAGE = FOLDER.parents[1] / "defaults.md"
NEAR = 0.5
"""Points below the best mean that are near enough."""
_HEADS = {
    "ftk": "ftk",
    "before": "ftk before",
    "trainer": "Trainer",
    "trainer-rates": "Trainer, best of 3 rates",
    "tfidf": "TF-IDF; tags: `bilstm`",
    "frozen": "frozen MiniLM",
}
_INTRO = """# First runs

What ftk reaches when nothing is named but the task, `model=minilm` and `data.train`, beside what is usual and what is
simpler. From `python -m benchmarks.defaults DATA WORK --before CHECKOUT` and `python -m benchmarks.defaults.page WORK`;
`defaults/results/` has every run.

- *ftk*: `ftk finetune task=… model=minilm data.train=…`, with a test file, a seed and a folder. *ftk before*: the same
  command at the commit before the defaults were chosen anew.
- *Trainer*: `transformers.Trainer` with the defaults of `run_glue.py` and `run_ner.py` (rate 5e-5, batches of 8,
  3 epochs), in bf16 and with batches grouped by length; *best of 3 rates* (5e-5, 1e-4, 3e-4): the best on a fifth of
  the rows of seed 1, then trained on all rows.
- *TF-IDF*: of words and pairs of words, with logistic regression, for numbers ridge regression; for tags `model=bilstm`
  of ftk. *Frozen MiniLM*: logistic or ridge regression on mean-pooled vectors, for tags on the states of words;
  `linear.py` says how pairs and relations become vectors.
- The seed draws the training rows, of each label at least one, and is that of the run. The test rows are the same for
  all, at most 2,000. `sms_spam` and `sts2016` have no test file: theirs is a fifth of the rows.
- Each number is the mean of the seeds ± their standard deviation, with processor seconds of the whole command, on one
  thread; those of the best of 3 rates include the search for it.
- *difference*: of ftk to the best other mean, in points. *verdict*: of `ftk compare` on ftk, beside that contender.
"""


def page(results: Sequence[Mapping[str, Any]], missing: Sequence[str]) -> str:
    """The page.

    Args:
        results: of the cells that have a run, in their order.
        missing: names of the cells that have none.
    """
    parts = [_INTRO, _machines(results), _summary(results), _table(results)]
    if rest := _missing(results, missing):
        parts.append(rest)
    return "\n\n".join(part.strip() for part in parts if part) + "\n"


def means(result: Mapping[str, Any]) -> dict[str, float]:
    """The mean score of each contender that has one."""
    found = {name: scored(runs) for name, runs in result["runs"].items()}
    return {name: statistics.mean(run["score"] for run in runs.values()) for name, runs in found.items() if runs}


def difference(result: Mapping[str, Any]) -> tuple[str, float] | None:
    """The contender with the best mean beside ftk, and ftk's difference to it in points; None without ftk or others."""
    scores = means(result)
    others = {name: score for name, score in scores.items() if name != "ftk"}
    if "ftk" not in scores or not others:
        return None
    best = max(others, key=lambda name: others[name])
    return best, 100 * (scores["ftk"] - others[best])


def is_whole(result: Mapping[str, Any]) -> bool:
    """Whether each contender has all its runs."""
    return all(len(scored(result["runs"].get(name, {}))) == result["seeds"] for name in CONTENDERS)


def _machines(results: Sequence[Mapping[str, Any]]) -> str:
    facts = dict.fromkeys(fact for result in results for fact in (result["machine"], result["versions"]))
    lines = [f"- {fact}" for fact in facts]
    for name in ("ftk", "before"):
        runs = [run for result in results for run in result["runs"].get(name, {}).values()]
        if runs:
            lines.append(f"- {_HEADS[name]}: {', '.join(sorted({run['commit'] for run in runs}))}")
    return "\n".join(lines)


def _summary(results: Sequence[Mapping[str, Any]]) -> str:
    whole = [result for result in results if is_whole(result)]
    there = f"{len(whole)} of {len(cells())} cells are complete."
    if not whole:
        return there
    apart = [difference(result) for result in whole]
    near = sum(one is not None and one[1] >= -NEAR for one in apart)
    worse = [
        f"{_name(result)} ({_HEADS[name]})"
        for result in whole
        for name, verdict in result["verdicts"].items()
        if verdict["verdict"] == "worse"
    ]
    called = f"It is called worse than {', '.join(worse)}." if worse else "It is called worse than no contender."
    return f"{there} Of these, ftk is at most {NEAR} points below the best mean in {near}. {called}"


def _table(results: Sequence[Mapping[str, Any]]) -> str:
    heads = ["corpus", "rows", "score", *(_HEADS[name] for name in CONTENDERS), "best other", "difference", "verdict"]
    lines = ["| " + " | ".join(heads) + " |", "| --- | ---: " + "| --- " * (len(heads) - 4) + "| ---: | --- |"]
    for result in results:
        told = [_told(result["runs"].get(name, {}), result["seeds"]) for name in CONTENDERS]
        best, apart, verdict = "", "", ""
        if (found := difference(result)) is not None:
            best, apart = _HEADS[found[0]], f"{found[1]:+.1f}"
            verdict = result["verdicts"].get(found[0], {}).get("verdict", "")
        cells_of = [result["corpus"], f"{result['rows']:,}", result["score"], *told, best, apart, verdict]
        lines.append("| " + " | ".join(cells_of) + " |")
    return "\n".join(lines)


def _told(runs: Mapping[str, Mapping[str, Any]], seeds: int) -> str:
    """Mean, deviation and seconds of the runs of a contender, and how many there are if some are missing."""
    found = list(scored(runs).values())
    if not found:
        return "failed" if runs else ""
    scores = [run["score"] for run in found]
    spread = f" ± {statistics.stdev(scores):.3f}" if len(scores) > 1 else ""
    seconds = statistics.mean(run["cpu"] + run.get("choosing", {}).get("cpu", 0) for run in found)
    some = f"; {len(found)} of {seeds} seeds" if len(found) < seeds else ""
    return f"{statistics.mean(scores):.3f}{spread} ({seconds:,.0f} s{some})"


def _missing(results: Sequence[Mapping[str, Any]], without: Sequence[str]) -> str:
    lines = []
    for result in results:
        runs = {name: result["runs"].get(name, {}) for name in CONTENDERS}
        lacks = {name: result["seeds"] - len(found) for name, found in runs.items()}
        if any(lacks.values()):
            told = ", ".join(f"{_HEADS[name]} {number}" for name, number in lacks.items() if number)
            lines.append(f"- {_name(result)}, runs of: {told}")
        for name, found in runs.items():
            for seed, run in found.items():
                if "failed" in run:
                    lines.append(f"- {_name(result)}, {_HEADS[name]} failed with seed {seed}: {_line(run['failed'])}")
    if without:
        lines.append(f"- no run yet: {', '.join(without)}")
    return "\n".join(["## Missing", "", *lines]) if lines else ""


def _name(result: Mapping[str, Any]) -> str:
    return f"{result['corpus']} with {result['rows']:,} rows"


def _line(text: str) -> str:
    return text.strip().splitlines()[-1] if text.strip() else "without a word"


def main() -> None:
    """Copy the results of a folder of runs, if one is named, and write the page."""
    results, missing = [], []
    for cell in cells():
        path = FOLDER / f"{cell.name}.json"
        if len(sys.argv) > 1:
            collect(cell, Path(sys.argv[1]))
        if path.is_file():
            results.append(json.loads(path.read_text(encoding="utf-8")))
        else:
            missing.append(cell.name)
    PAGE.write_text(page(results, missing), encoding="utf-8")


if __name__ == "__main__":
    main()
