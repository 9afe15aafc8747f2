"""How alike models are: do they fail on the same rows, and with the same answers?"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict
from itertools import combinations
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ftk.comparing.alike.measure import Measure, mean_of, number_or_none, ratio, table
from ftk.comparing.alike.numbers import error_correlation, together_in_numbers
from ftk.comparing.alike.pairs import Pair
from ftk.comparing.alike.shared_questions import SharedQuestions, shared_questions
from ftk.comparing.alike.votes import Together, together
from ftk.comparing.intervals import interval
from ftk.comparing.opened import Outcomes
from ftk.comparing.rows import difference_of

MAIN = (
    "agreement",
    "kappa_right",
    "errors_ratio",
    "errors_shared",
    "same_wrong",
    "same_wrong_expected",
    "same_wrong_excess",
    "capa",
    "capa_answers",
    "spurious_shared",
    "error_correlation",
    "score_correlation",
)
"""The measures that have intervals for groups of models."""
MOST_PAIRS = 28
"""Of more pairs of models only their groups have intervals: eight models have 28 pairs."""
Section = dict[str, Any]


class _Resampled:
    """Gives measures their intervals.

    Args:
        rows: [questions] the row of each.
        groups: [rows] the document of each.
        level: of the intervals.
    """

    def __init__(self, rows: NDArray[np.int64], groups: NDArray[np.int64], level: float) -> None:
        self._rows, self._groups, self._level = rows, groups, level

    def value(self, measure: Measure, *, interval_too: bool = True) -> Section:
        """The value and the interval as JSON has them."""
        found: Section = {"value": measure.value}
        if interval_too and found["value"] is not None:
            ends = interval(measure.by_rows(self._rows, len(self._groups)), self._groups, self._level)
            found["interval"] = [number_or_none(end) for end in ends]
        return found

    def gain(self, gain: Measure, measure: Measure, best: Measure) -> Section:
        """The same of a difference of two measures, which few rows may decide, as in the verdict."""
        found: Section = {"value": gain.value}
        if gain.value is not None:
            pair = [one.by_rows(self._rows, len(self._groups)) for one in (best, measure)]
            judged = difference_of(pair, self._groups, 1, self._level)
            found["interval"] = [number_or_none(judged.low), number_or_none(judged.high)]
        return found

    def values(self, measures: Mapping[str, Measure], *, intervals: bool = True) -> Section:
        """The same of several measures, by name."""
        return {name: self.value(measure, interval_too=intervals) for name, measure in measures.items()}


def homogenization(models: Sequence[Outcomes], sides: Sequence[int], level: float = 0.95) -> Section:
    """How alike models are, as JSON has it.

    Args:
        models: at least two, on the same rows in the same order.
        sides: [models] the group of each: seeds of one recipe.
        level: of the intervals.

    Returns:
        ``of`` (answers, numbers or scores), ``rows``, ``questions``, ``pairs`` and ``groups`` of them with their
        measures, ``all_wrong`` and ``together``. A measure has its ``value``, null where it does not exist, and its
        ``interval``. ``of`` is null for a task that says neither.
    """
    spec, fields, groups = models[0].spec, models[0].fields, models[0].groups
    if spec.answers is not None:
        answers = [spec.answers(model.records, fields) for model in models]
        questions = shared_questions(answers)
        pairs = {pair: Pair(questions, *pair) for pair in combinations(range(len(models)), 2)}
        resampled = _Resampled(questions.rows, groups, level)
        found = _alike({pair: one.measures for pair, one in pairs.items()}, sides, resampled)
        for section, one in zip(found["pairs"], pairs.values(), strict=True):
            section["counts"] = asdict(one.counts)
        return {
            "of": "answers",
            "rows": len(groups),
            "questions": int(questions.asked.sum()),
            "left_out": questions.left_out,
            **found,
            "all_wrong": _all_wrong(questions, resampled),
            "together": _together(together(answers, questions), resampled),
        }
    resampled = _Resampled(np.arange(len(groups)), groups, level)
    if spec.errors is not None:
        numbers = [spec.errors(model.records, fields) for model in models]
        errors = [one.given - one.gold for one in numbers]
        both = {"together": _together(together_in_numbers(numbers), resampled)}
    else:
        errors, both = _row_scores(models), {}
    if not errors:
        return {"of": None, "rows": len(groups), "pairs": [], "groups": []}
    name = "score_correlation" if spec.errors is None else "error_correlation"
    measures = {
        (one, other): {name: error_correlation(errors[one], errors[other])}
        for one, other in combinations(range(len(models)), 2)
    }
    of = "numbers" if spec.errors is not None else "scores"
    return {"of": of, "rows": len(groups), **_alike(measures, sides, resampled), **both}


def _alike(
    measures: Mapping[tuple[int, int], Mapping[str, Measure]], sides: Sequence[int], resampled: _Resampled
) -> Section:
    """``pairs`` and ``groups``."""
    few = len(measures) <= MOST_PAIRS
    pairs = [
        {"models": list(pair), "measures": resampled.values(each, intervals=few)} for pair, each in measures.items()
    ]
    groups = []
    if 1 < len(set(sides)) < len(sides):
        members: dict[tuple[int, int], list[Mapping[str, Measure]]] = {}
        for (one, other), each in measures.items():
            low, high = sorted((sides[one], sides[other]))
            members.setdefault((low, high), []).append(each)
        for pair, several in sorted(members.items()):
            means = {
                name: mean_of([each[name] for each in several])
                for name in MAIN
                if all(name in each for each in several)
            }
            groups.append({"sides": list(pair), "pairs": len(several), "measures": resampled.values(means)})
    return {"pairs": pairs, "groups": groups}


def _all_wrong(questions: SharedQuestions, resampled: _Resampled) -> Section:
    """The share of questions that all models get wrong, the share if their errors were independent, and how many times
    that is: systemic failure (Bommasani et al. 2022)."""
    wrong = questions.wrong & questions.asked
    columns = table(wrong.all(axis=0), questions.asked, *wrong)

    def expected(sums: NDArray[Any]) -> NDArray[Any]:
        return np.prod(ratio(sums[..., 2:], sums[..., 1:2]), axis=-1)

    share = Measure(columns, lambda sums: ratio(sums[..., 0], sums[..., 1]))
    times = Measure(columns, lambda sums: ratio(ratio(sums[..., 0], sums[..., 1]), expected(sums)), most=None)
    return {
        "share": resampled.value(share),
        "expected": resampled.value(Measure(columns, expected), interval_too=False),
        "ratio": resampled.value(times),
    }


def _together(found: Together, resampled: _Resampled) -> Section:
    best = (max if found.higher_is_better else min)(found.each, key=lambda one: _known(one.value, found))
    several: dict[str, Section | None] = {}
    for name, measure, gain in (
        ("vote", found.vote, found.vote_gain),
        ("oracle", found.oracle, found.oracle_gain),
    ):
        several[name] = None if measure is None else resampled.value(measure)
        several[f"{name}_gain"] = None if measure is None or gain is None else resampled.gain(gain, measure, best)
    return {
        "score": found.score,
        "higher_is_better": found.higher_is_better,
        "each": [measure.value for measure in found.each],
        **several,
    }


def _known(value: float | None, found: Together) -> float:
    """A score; the worst one for none."""
    return value if value is not None else -np.inf if found.higher_is_better else np.inf


def _row_scores(models: Sequence[Outcomes]) -> list[NDArray[np.float64]]:
    """[rows, 1] the score of each row for each model, where the score is their mean; empty where it is none."""
    found = []
    for model in models:
        values = model.statistics.values
        if values.shape[1] != 2 or not isinstance(values, np.ndarray):
            return []
        found.append(ratio(values[:, :1], values[:, 1:]))
    return found
