"""Writes results.md: the scores of the runs that are there, and those of heads on frozen vectors."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from benchmarks.long_tails.corpora import CORPORA, Corpus, made, rows_of, skew
from benchmarks.long_tails.trainings import EPOCHS, RATE, SEEDS, folder_of, remedies_of


def page(data: Path, out: Path) -> Iterator[str]:
    """The lines of results.md."""
    yield "# Long-tailed labels"
    yield ""
    yield "Written by `python -m benchmarks.long_tails`; scores of test rows in per cent, the mean and, behind ±, the"
    yield "standard deviation. How rows are left out is said in `corpora.py`."
    yield ""
    yield "| corpus | labels | rows of the largest | of the smallest | test rows |"
    yield "| --- | ---: | ---: | ---: | --- |"
    for corpus in CORPORA:
        labels, most, least = skew(rows_of(made(data, out, corpus)["train"]))
        yield f"| {corpus.name} | {labels} | {most} | {least} | {'balanced' if corpus.balanced_test else 'as skewed'} |"
    frozen = out / "frozen.json"
    if frozen.is_file():
        found = json.loads(frozen.read_text(encoding="utf-8"))
        draws = len(next(iter(next(iter(found.values())).values())))
        yield from ("", "## A linear head on frozen MiniLM vectors", "", f"{draws} draws of the training rows.")
        for name, of_remedies in found.items():
            yield from _table(name, ("accuracy", "f1_macro"), of_remedies)
    trained = {corpus: scores for corpus in CORPORA if (scores := _trained(out, corpus))["none"]}
    if trained:
        yield from (
            "",
            "## MiniLM, all weights trained",
            "",
            f"{EPOCHS} epochs, a rate of {RATE}, up to {len(SEEDS)} seeds.",
        )
    for corpus, scores in trained.items():
        yield from _table(corpus.name, corpus.scores, scores)


def _trained(out: Path, corpus: Corpus) -> dict[str, list[list[float]]]:
    """By remedy the scores of each run that is there."""
    found: dict[str, list[list[float]]] = {remedy: [] for remedy in remedies_of(corpus)}
    for remedy, each in found.items():
        for seed in SEEDS:
            path = folder_of(out, corpus, remedy, seed) / "metrics.json"
            if path.is_file():
                test: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))["test"]
                each.append([test[name] for name in corpus.scores])
    return found


def _table(name: str, scores: Sequence[str], of_remedies: dict[str, list[Any]]) -> Iterator[str]:
    yield ""
    yield f"| {name} | runs | {' | '.join(scores)} |"
    yield "| --- | ---: | ---: | ---: |"
    for remedy, each in of_remedies.items():
        if each:
            table = 100 * np.array(each)
            spread = table.std(axis=0, ddof=1) if len(each) > 1 else np.full(table.shape[1], np.nan)
            cells = [f"{mean:.1f} ± {one:.1f}" for mean, one in zip(table.mean(axis=0), spread, strict=True)]
            yield f"| {remedy} | {len(each)} | {' | '.join(cells)} |"
