"""How much better or worse each label is, with an interval."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ftk.comparing.alike.measure import number_or_none
from ftk.comparing.effects import Of
from ftk.comparing.intervals import of_label
from ftk.comparing.opened import Outcomes
from ftk.comparing.rows import difference_of
from ftk.comparing.units import score_of
from ftk.contracts.outcomes import RowStatistics

LEAST_SUPPORT = 20
"""With fewer rows or spans a label has no interval: it would be too narrow."""
_COUNTED = ("f1_macro", "f1", "f1_micro")
"""Scores that count the labels themselves."""
_CLEAR = 0.05
"""How likely it may be that any label is called different that is not."""


def label_changes(
    before: Sequence[Outcomes], after: Sequence[Outcomes], level: float = 0.95, of: Of = Of.models
) -> dict[str, Any] | None:
    """The difference in F1 of each label between two models, or the means of two groups.

    The intervals are those of the verdict: about these models, rows or documents vary; about recipes, seeds vary too,
    and with fewer than three runs a side there are none.

    Args:
        before, after: the models of both sides, on the same rows in the same order.
        level: of the intervals.
        of: whether models or recipes are compared.

    Returns:
        ``of``; ``labels``, the largest difference first: ``label``, ``support``, ``before``, ``after``, ``difference``,
        ``interval`` and ``clear``, whether it is different beyond the chance that any of them is (Holm 1979); and
        ``too_few``, the labels with less than ``least_support`` by their support. None for a task without labels.
    """
    known = [_labelled(model) for model in (*before, *after)]
    if any(one is None for one in known):
        return None
    statistics = [one for one in known if one is not None]
    first = statistics[0]
    shared = [name for name in first.labels if all(name in one.labels for one in statistics)]
    totals = np.asarray(first.values.sum(axis=0)).ravel()
    found, few = [], {}
    for name in shared:
        support = int(totals[3 * list(first.labels).index(name) + 2])
        if support < LEAST_SUPPORT:
            few[name] = support
        else:
            found.append(_change(name, support, statistics, len(before), before[0].groups, level, of))
    few |= {name: 0 for one in statistics for name in one.labels if name not in shared}
    clear = _holm([one.pop("chance") for one in found])
    for one, is_clear in zip(found, clear, strict=True):
        one["clear"] = is_clear
    found.sort(key=lambda one: (-abs(one["difference"] or 0), one["label"]))
    return {"score": "f1", "of": of.value, "labels": found, "too_few": few, "least_support": LEAST_SUPPORT}


def _labelled(model: Outcomes) -> RowStatistics | None:
    """The statistics of a score that counts labels."""
    known = (model.scores[name] for name in _COUNTED if name in model.scores)
    return next((one for one in known if any(one.labels)), None)


def _change(
    name: str,
    support: int,
    statistics: Sequence[RowStatistics],
    before: int,
    groups: NDArray[Any],
    level: float,
    of: Of,
) -> dict[str, Any]:
    """The difference of one label, and ``chance``: how likely it is if there is none."""
    each = [of_label(one, name) for one in statistics]
    scores = [score_of(one) for one in each]
    found = difference_of(each, groups, before, level, of)
    return {
        "label": name,
        "support": support,
        "before": float(np.mean(scores[:before])),
        "after": float(np.mean(scores[before:])),
        "difference": found.effect.difference,
        "interval": [number_or_none(found.low), number_or_none(found.high)],
        "chance": 1.0 if np.isnan(found.p) else found.p,
    }


def _holm(chances: Sequence[float]) -> list[bool]:
    """Which differences stay when so many are looked at."""
    order = sorted(range(len(chances)), key=lambda at: chances[at])
    clear = [False] * len(chances)
    for place, at in enumerate(order):
        if chances[at] > _CLEAR / (len(chances) - place):
            break
        clear[at] = True
    return clear
