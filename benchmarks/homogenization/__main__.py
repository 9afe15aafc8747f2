"""Whether encoders fail alike: trains models of several kinds, three seeds each, and writes results.md.

    python -m benchmarks.homogenization ../shared/data /tmp/homogenization

Runs that are there already are not trained again.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import numpy as np
from benchmarks.homogenization.trainings import CORPORA, SEEDS, Corpus, folder_of, train

from ftk.comparing.alike.homogenization import homogenization
from ftk.comparing.opened import Outcomes, open_outcomes

PAGE = Path(__file__).with_name("results.md")
SHARES = ("agreement", "errors_ratio", "same_wrong", "same_wrong_expected", "capa_answers")
HEADERS = ("same answer", "both wrong, times chance", "same answer where both are wrong", "expected", "CAPA of answers")


def main(data: Path, out: Path) -> None:
    """Train, compare and write the page."""
    train(data, out)
    PAGE.write_text("\n".join(page(out)) + "\n", encoding="utf-8")


def page(out: Path) -> Iterator[str]:
    """The lines of results.md."""
    yield "# Do encoders fail alike?"
    yield ""
    yield f"Written by `python -m benchmarks.homogenization` on {datetime.now(UTC):%Y-%m-%d}; see"
    yield "[docs/homogenization.md](../../docs/homogenization.md) for what the measures are. Each model is"
    yield f"trained with {len(SEEDS)} seeds on the same rows; the corpora, their limits and the epochs are in"
    yield "`trainings.py`. A mean over pairs of runs has its 95 % interval, test rows resampled. `tfidf-linear` is"
    yield "fitted, so its seeds give the same model."
    for corpus in CORPORA:
        models = [
            name
            for name in corpus.models
            if all((folder_of(out, corpus, name, seed) / "metrics.json").is_file() for seed in SEEDS)
        ]
        if len(models) > 1:
            yield from section(out, corpus, models)


def section(out: Path, corpus: Corpus, models: Sequence[str]) -> Iterator[str]:
    """The lines about one corpus."""
    folders = [folder_of(out, corpus, model, seed) for model in models for seed in SEEDS]
    sides = [side for side in range(len(models)) for _ in SEEDS]
    runs = [open_outcomes(folder, "test") for folder in folders]
    found = homogenization(runs, sides)
    each = np.array(found["together"]["each"]).reshape(len(models), len(SEEDS))
    scores = ", ".join(f"{name} {row.mean():.3f}" for name, row in zip(models, each, strict=True))
    questions = f"{found['questions']:,} answers" if found["questions"] != found["rows"] else "one answer each"
    yield ""
    yield f"## {corpus.name}"
    yield ""
    yield f"{found['rows']:,} test rows, {questions}; mean {found['together']['score']}: {scores}."
    yield ""
    yield f"| runs | pairs | {' | '.join(HEADERS)} |"
    yield f"| --- | ---: |{' ---: |' * len(HEADERS)}"
    for group in sorted(found["groups"], key=lambda one: len({*one["sides"]})):
        one, other = (models[side] for side in group["sides"])
        name = f"{one}, other seeds" if one == other else f"{one} and {other}"
        found_here = {"capa_answers": group["measures"].get("capa"), **group["measures"]}  # spans have no other one
        cells = [cell(found_here.get(measure)) for measure in SHARES]
        yield f"| {name} | {group['pairs']} | {' | '.join(cells)} |"
    yield from together(found, out, corpus, models)


def share_of(value: float) -> str:
    """A small share in per cent."""
    return "less than 0.01 %" if value < 1e-4 else f"{100 * value:.2g} %"


def cell(measure: dict[str, Any] | None) -> str:
    """A value with its interval."""
    if measure is None or measure["value"] is None:
        return ""
    low, high = measure["interval"]
    if low is None or high is None:  # the same in all rows
        return f"{measure['value']:.2f}"
    return f"{measure['value']:.2f} ({low:.2f} to {high:.2f})"


def together(found: dict[str, Any], out: Path, corpus: Corpus, models: Sequence[str]) -> Iterator[str]:
    """What all get wrong, and what a vote of one run of each kind gains: foretold from validation, and measured."""
    wrong = found["all_wrong"]
    yield ""
    yield (
        f"All {len(models) * len(SEEDS)} runs are wrong in {100 * wrong['share']['value']:.1f} % of the answers; if "
        f"their errors were independent, in {share_of(wrong['expected']['value'])}."
    )
    gains: dict[str, list[float]] = {"validation": [], "test": []}
    for seed in SEEDS:
        for split, known in gains.items():
            runs: list[Outcomes] = [open_outcomes(folder_of(out, corpus, model, seed), split) for model in models]
            gain = homogenization(runs, list(range(len(runs))))["together"]["vote_gain"]
            if gain is not None:
                known.append(100 * gain["value"])
    if gains["test"]:
        off = np.mean(np.abs(np.subtract(gains["validation"], gains["test"])))
        yield (
            f"A vote of one run of each kind gains {np.mean(gains['test']):+.1f} points over the best of them on the "
            f"test rows; foretold from the validation rows: {np.mean(gains['validation']):+.1f} (mean over "
            f"{len(SEEDS)} seeds; off by {off:.1f} points on average)."
        )
    shares = [
        (one["measures"]["same_wrong"]["value"], one["measures"]["same_wrong_expected"]["value"])
        for one in found["pairs"]
        if "same_wrong" in one["measures"] and len({one["models"][0] // len(SEEDS), one["models"][1] // len(SEEDS)}) > 1
    ]
    if shares:
        observed, expected = np.mean(shares, axis=0)
        yield (
            f"Two models of different kinds that are both wrong give the same answer in {100 * observed:.0f} % of "
            f"cases, where {100 * expected:.0f} % are expected (mean over {len(shares)} pairs)."
        )


if __name__ == "__main__":
    main(Path(sys.argv[1]), Path(sys.argv[2]))
