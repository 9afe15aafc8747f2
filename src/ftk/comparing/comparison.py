"""Compares runs: their scores, and what can be said about the difference."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from ftk.comparing.alignment import aligned, check_alike, corpora_of, score_of_all
from ftk.comparing.bootstrap import covariance_of, resampled_scores
from ftk.comparing.effects import Effect, Of, Scored, effect_of, pooled
from ftk.comparing.intervals import interval
from ftk.comparing.opened import Outcomes
from ftk.comparing.recipes import Group, compared_of, groups_of
from ftk.comparing.rows import with_rows
from ftk.comparing.units import influences, score_of, sums_of, units_of
from ftk.comparing.verdict import Judged, judged
from ftk.contracts.outcomes import RowStatistics
from ftk.errors import RunError


@dataclass(frozen=True, slots=True)
class Asked:
    """What is asked of a comparison; the attributes are the keys of the section ``compare``."""

    of: str = "auto"
    score: str | None = None
    margin: float = 0.5
    level: float = 0.95
    resamples: int = 10_000


@dataclass(frozen=True, slots=True)
class GroupScore:
    """The score of a group on a corpus.

    Attributes:
        mean: over its runs.
        low, high: the interval of a single run over rows; NaN for several runs.
        deviation: of its runs; NaN for a single one.
        runs: how many.
    """

    mean: float
    low: float
    high: float
    deviation: float
    runs: int


@dataclass(frozen=True, slots=True)
class Corpus:
    """One test corpus, and the runs on it.

    Attributes:
        name: its file, or the runs if that is not known.
        rows: how many it has.
        units: how many rows or documents are resampled.
        grouped_by: the key that joins rows to documents; None if none does.
        runs: the runs on it, with their rows in one order.
        numbers: of these runs among all.
        scores: of each group, in their order; None for a group without a run here.
        judged: of each group but the first; None for a group without a run here.
    """

    name: str
    rows: int
    units: int
    grouped_by: str | None
    runs: Sequence[Outcomes] = field(repr=False)
    numbers: Sequence[int]
    scores: Sequence[GroupScore | None]
    judged: Sequence[Judged | None]


@dataclass(frozen=True, slots=True)
class Comparison:
    """What is known about the difference of runs.

    Attributes:
        of: whether models or recipes are compared.
        score: the name of the score.
        higher_is_better: whether a higher score is better.
        unit: what a point is: ``points``, or ``%`` of the score of the first group.
        margin: in points.
        groups: the first is what the others are compared with.
        corpora: one by one.
        judged: over all corpora, of each group but the first.
    """

    of: Of
    score: str
    higher_is_better: bool
    unit: str
    margin: float
    groups: Sequence[Group]
    corpora: Sequence[Corpus]
    judged: Sequence[Judged]

    def to_json(self) -> dict[str, Any]:
        """What programs read: the verdict on the second group, and everything of all groups."""
        found = {group.letter: one for group, one in zip(self.groups[1:], self.judged, strict=True)}
        return {
            "score": self.score,
            "higher_is_better": self.higher_is_better,
            "unit": self.unit,
            "margin": self.margin,
            **self.judged[0].to_json(),
            "groups": [{"name": group.letter, "runs": list(group.names)} for group in self.groups],
            "against_first": {letter: one.to_json() for letter, one in found.items()},
            "corpora": [self._corpus(corpus) for corpus in self.corpora],
        }

    def _corpus(self, corpus: Corpus) -> dict[str, Any]:
        letters = [group.letter for group in self.groups]
        scores = {
            letter: {"mean": one.mean, "interval": [one.low, one.high], "deviation": one.deviation, "runs": one.runs}
            for letter, one in zip(letters, corpus.scores, strict=True)
            if one is not None
        }
        found = {
            letter: one.to_json() for letter, one in zip(letters[1:], corpus.judged, strict=True) if one is not None
        }
        facts = {"rows": corpus.rows, "resampled": corpus.units, "grouped_by": corpus.grouped_by}
        return {"name": corpus.name, **facts, "scores": scores, "against_first": found}


def compare(runs: Sequence[Outcomes], given: Sequence[Sequence[int]], asked: Asked) -> Comparison:
    """Compare the runs of each group with those of the first one.

    Args:
        runs: opened.
        given: the numbers of the runs in each group of the command line; one group without ``--``: runs that differ
            by their seed alone are then a group.
        asked: how.

    Raises:
        RunError: the runs cannot be compared: other tasks, other rows, another gold standard, other scores.
    """
    check_alike(runs)
    score = score_of_all(runs, asked.score)
    corpora = corpora_of(runs)
    groups = groups_of(runs, given, len(corpora) > 1)
    if len(groups) < 2:
        raise RunError(
            "there is nothing to compare with: name two runs or more, or two groups of runs with -- between."
        )
    of = compared_of(asked.of, groups, corpora)
    scored = [_scored(runs, corpus, groups, score, of, asked) for corpus in corpora]
    first = runs[0].statistics_of(score)
    over_all = [
        pooled([effects[at] for effects in (each.effects for each in scored) if effects[at] is not None])  # type: ignore[misc]
        if any(each.effects[at] is not None for each in scored)
        else _apart(groups, at)
        for at in range(len(groups) - 1)
    ]
    flat = [one for each in scored for one in each.effects if one is not None]
    singles = iter(judged(flat, level=asked.level, margin=asked.margin))
    found = [each.with_verdicts([None if one is None else next(singles) for one in each.effects]) for each in scored]
    return Comparison(
        of,
        score,
        first.higher_is_better,
        "%" if first.most is None else "points",
        asked.margin,
        groups,
        found,
        judged(over_all, level=asked.level, margin=asked.margin),
    )


def _apart(groups: Sequence[Group], at: int) -> Effect:
    raise RunError(
        f"{groups[0].name} and {groups[at + 1].name} have no corpus in common, so their scores cannot be compared. "
        "Score both on the same file: ftk evaluate checkpoint=… data.test=…"
    )


@dataclass(frozen=True, slots=True)
class _Corpus:
    """A corpus whose effects have no verdict yet."""

    name: str
    units: int
    runs: Sequence[Outcomes]
    numbers: Sequence[int]
    scores: Sequence[GroupScore | None]
    effects: Sequence[Effect | None]

    def with_verdicts(self, found: Sequence[Judged | None]) -> Corpus:
        first = self.runs[0]
        rows, by = len(first.records), first.grouped_by
        return Corpus(self.name, rows, self.units, by, self.runs, self.numbers, self.scores, found)


def _scored(
    runs: Sequence[Outcomes], numbers: Sequence[int], groups: Sequence[Group], score: str, of: Of, asked: Asked
) -> _Corpus:
    """The scores of the groups on one corpus, and the effects between the first and the others."""
    here = aligned([runs[number] for number in numbers])
    statistics = [run.statistics_of(score) for run in here]
    documents = here[0].groups
    scored = scored_rows(statistics, documents, asked.resamples)
    sides = [[at for at, number in enumerate(numbers) if number in group.runs] for group in groups]
    scores = [_group_score(statistics, documents, scored, side, asked.level) if side else None for side in sides]
    scale = points(statistics[0], float(np.mean(scored.scores[sides[0]])) if sides[0] else math.nan)
    effects = [effect_of(of, scored, sides[0], side, scale) if sides[0] and side else None for side in sides[1:]]
    units = len(np.unique(documents))
    return _Corpus(_name(here[0]), units, here, numbers, scores, effects)


def scored_rows(statistics: Sequence[RowStatistics], documents: Any, resamples: int) -> Scored:
    """The scores of runs on the same rows, and how they vary with the rows.

    Args:
        statistics: of each run, with their rows in one order.
        documents: [rows] the document of each.
        resamples: how often rows are drawn.

    Raises:
        RunError: a score does not exist.
    """
    scores = np.array([score_of(each) for each in statistics])
    if not np.isfinite(scores).all():
        raise RunError(
            f"{statistics[0].score} does not exist for these rows: all numbers, or all labels, are the same."
        )
    units = units_of(documents, sum(each.values.shape[1] for each in statistics))
    moved = np.array([np.nan_to_num(influences(sums_of(each.values, units), each.of_sums)) for each in statistics])
    covariance = covariance_of(resampled_scores(statistics, documents, resamples))
    return with_rows(Scored(scores, np.nan_to_num(covariance), moved), statistics, documents)


def _group_score(
    statistics: Sequence[RowStatistics], documents: Any, scored: Scored, side: Sequence[int], level: float
) -> GroupScore:
    own = scored.scores[list(side)]
    low, high = interval(statistics[side[0]], documents, level) if len(side) == 1 else (math.nan, math.nan)
    return GroupScore(float(own.mean()), low, high, float(own.std(ddof=1)) if len(side) > 1 else math.nan, len(side))


def points(statistics: RowStatistics, first: float) -> float:
    """Points for one unit of a score: hundredths up to a score of 1, units up to 100; of an error, per cent of the
    score of the first group. Negative if a lower score is better.

    Args:
        statistics: of the score.
        first: the score of the first group.
    """
    scale = 100 / statistics.most if statistics.most is not None else 100 / abs(first) if first else 100.0
    return scale if statistics.higher_is_better else -scale


def _name(run: Outcomes) -> str:
    """The file that a run was scored on."""
    data = run.environment.get("data", {})
    files = data.get(run.split, {}) if isinstance(data, dict) else {}
    return ", ".join(files) if isinstance(files, dict) and files else run.split or str(run.path)
