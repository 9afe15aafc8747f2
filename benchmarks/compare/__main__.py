"""Does ``ftk compare`` hold its level, does it find true differences, and how long does it take?

    python -m benchmarks.compare runs-of-seeds benchmarks/compare/results.md

The runs are those of ``benchmarks.compare.runs``. Of each score, groups of runs are compared that differ by their seeds
alone; one half of the pairs are drawn from the runs, the other half are made of them: a simulated run takes each row
from its own run with a probability that gives simulated runs the variance of seeds that was measured, else from any
run; and each pair has rows of its own, drawn with replacement.
"""

from __future__ import annotations

import sys
import time
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ftk.comparing.bootstrap import resampled_scores
from ftk.comparing.comparison import scored_rows
from ftk.comparing.effects import Effect, Of, Scored, effect_of
from ftk.comparing.units import score_of
from ftk.comparing.verdict import Verdict, judged
from ftk.contracts.outcomes import RowStatistics
from ftk.tasks.regression.task import Regression
from ftk.tasks.shared.statistics import label_counts
from ftk.tasks.shared.statistics.row_values import mean_of, ratio_of_two

PAIRS = 500
SHIFT = 2.5
"""Deviations of the seed that a true difference has."""
DIFFERENT = (Verdict.better, Verdict.worse)
SCORES = {
    "accuracy": ("class", ratio_of_two),
    "f1_macro": ("class", label_counts.f1_macro),
    "f1": ("name", label_counts.f1_micro),
    "pearson": ("number", None),
}


def statistics_of(values: NDArray[Any], score: str) -> RowStatistics:
    """What a score of a run is made of, from the numbers that were kept."""
    of_sums = SCORES[score][1]
    if of_sums is None:
        spec = Regression.spec
        assert spec.statistics is not None
        rows = [{"value": 0.0, "gold_value": 0.0}, {"value": 1.0, "gold_value": 1.0}]
        of_sums = spec.statistics(rows, {})[score].of_sums
    return RowStatistics(score, True, values, of_sums)


def kept_runs(folder: Path, score: str) -> list[NDArray[Any]]:
    """The [rows, numbers] of each run."""
    return [np.load(path)[score] for path in sorted(folder.glob(f"{SCORES[score][0]}-*.npz"))]


def drawn_pairs(runs: Sequence[NDArray[Any]], score: str, seeds: int, draw: Any) -> Iterator[tuple[Scored, float]]:
    """Pairs of groups of real runs on their rows, and the deviation of the seed."""
    rows = np.arange(len(runs[0]))
    scored = scored_rows([statistics_of(values, score) for values in runs], rows, 2000)
    deviation = float(scored.scores.std(ddof=1))
    for _ in range(PAIRS):
        some = draw.choice(len(runs), 2 * seeds, replace=False)
        covariance = scored.covariance[np.ix_(some, some)]
        yield Scored(scored.scores[some], covariance, scored.influences[some]), deviation


def simulated_pairs(runs: Sequence[NDArray[Any]], score: str, seeds: int, draw: Any) -> Iterator[tuple[Scored, float]]:
    """Pairs of groups of runs that are made of real ones, each on rows of its own, and the deviation of the seed."""
    table = np.stack(runs)
    share = _share_of_own(table, score, draw)
    pairs = []
    for _ in range(PAIRS):
        rows = draw.integers(0, table.shape[1], table.shape[1])
        drawn = table[:, rows]
        made = [statistics_of(_made(drawn, share, draw), score) for _ in range(2 * seeds)]
        pairs.append(scored_rows(made, np.arange(len(rows)), 500))
    deviation = float(np.sqrt(np.mean([scored.scores.var(ddof=1) for scored in pairs])))
    yield from ((scored, deviation) for scored in pairs)


def _made(table: NDArray[Any], share: float, draw: Any) -> NDArray[Any]:
    """[rows, numbers] of a run that takes this share of its rows from one run, and each other row from any."""
    number = table.shape[1]
    origin = np.where(draw.random(number) < share, draw.integers(len(table)), draw.integers(0, len(table), number))
    return np.asarray(table[origin, np.arange(number)])


def _share_of_own(table: NDArray[Any], score: str, draw: Any) -> float:
    """The share of rows from one run that gives simulated runs the measured deviation of the seed."""
    measured = float(np.std([score_of(statistics_of(values, score)) for values in table], ddof=1))
    best = (np.inf, 0.0)
    for share in np.linspace(0, 1, 11):
        made = [score_of(statistics_of(_made(table, share, draw), score)) for _ in range(100)]
        best = min(best, (abs(float(np.std(made, ddof=1)) - measured), float(share)))
    return best[1]


def different(effect: Effect) -> bool:
    """Whether a pair is called different."""
    return judged([effect], level=0.95, margin=0.5)[0].verdict in DIFFERENT


def rates(pairs: Iterator[tuple[Scored, float]], seeds: int) -> list[float]:
    """The share of pairs that are called different: without a difference, with one of ``SHIFT`` deviations of the seed,
    and without one by a percentile bootstrap over seeds alone."""
    first, second = range(seeds), range(seeds, 2 * seeds)
    draw = np.random.default_rng(0)
    found = []
    for scored, deviation in pairs:
        shifted = scored.scores + np.where(np.arange(2 * seeds) < seeds, 0, SHIFT * deviation)
        moved = Scored(shifted, scored.covariance, scored.influences)
        again = draw.integers(0, seeds, (2, 1000, seeds))
        sides = [scored.scores[list(side)][again[at]].mean(1) for at, side in enumerate((first, second))]
        low, high = np.quantile(sides[1] - sides[0], [0.025, 0.975])
        found.append(
            [
                different(effect_of(Of.recipes, scored, first, second, 100)),
                different(effect_of(Of.recipes, moved, first, second, 100)),
                not low <= 0 <= high,
            ]
        )
    return [float(rate) for rate in np.mean(found, axis=0)]


def seconds_of_resampling() -> float:
    """How long 10,000 resamples of five runs on 100,000 rows take."""
    draw = np.random.default_rng(1)
    runs = [mean_of("accuracy", draw.random(100_000) < 0.9) for _ in range(5)]
    began = time.perf_counter()
    resampled_scores(runs, np.arange(100_000), 10_000)
    return time.perf_counter() - began


def main(folder: Path, results: Path) -> None:
    """Compare the pairs of all scores, and write the table."""
    lines = []
    for score in SCORES:
        runs = kept_runs(folder, score)
        deviation = 100 * np.std([score_of(statistics_of(values, score)) for values in runs], ddof=1)
        for seeds in (5, 3):
            for name, pairs in (("real", drawn_pairs), ("simulated", simulated_pairs)):
                draw = np.random.default_rng(seeds)
                level, power, plain = rates(pairs(runs, score, seeds, draw), seeds)
                cells = (score, len(runs), f"{deviation:.2f}", seeds, name, PAIRS)
                shares = (f"{100 * level:.1f} %", f"{100 * power:.1f} %", f"{100 * plain:.1f} %")
                lines.append("| " + " | ".join(map(str, (*cells, *shares))) + " |")
                print(lines[-1], flush=True)
    seconds = seconds_of_resampling()
    columns = ("score", "runs", "± seed (points)", "seeds a side", "pairs", "number")
    rates_of = ("called different: no difference", f"{SHIFT} deviations apart", "percentile bootstrap over seeds")
    head = ["| " + " | ".join((*columns, *rates_of)) + " |", "| --- " * 9 + "|"]
    text = results.read_text(encoding="utf-8") if results.exists() else "# ftk compare\n"
    intro = text.partition("| score")[0].rstrip()
    end = f"10,000 resamples of 5 runs on 100,000 rows: {seconds:.1f} s."
    results.write_text("\n".join([intro, "", *head, *lines, "", end, ""]), encoding="utf-8")
    print(end)


if __name__ == "__main__":
    main(Path(sys.argv[1]), Path(sys.argv[2]))
