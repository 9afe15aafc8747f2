"""Scores of predicted numbers: errors, and correlations computed by scipy."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from ftk.tasks import finding_kinds as kinds

if TYPE_CHECKING:
    from ftk.contracts.notes import Notes
    from ftk.contracts.values import Scores
    from ftk.data.examples.texts import TextExample


class NumberMetric:
    """Errors and correlations of one target or several. The numbers of all rows are kept, because ranks need them."""

    def __init__(self, names: Sequence[str]) -> None:
        self.names = list(names)
        self._gold: list[Sequence[float]] = []
        self._found: list[Sequence[float]] = []

    def update(self, example: TextExample, prediction: Scores) -> None:
        """Count one row."""
        target = example.target
        names = self.names if len(self.names) > 1 else list(target)[:1]
        self.add([target[name] for name in names], prediction.values.tolist())

    def add(self, gold: Sequence[float], found: Sequence[float]) -> None:
        """Count one row by its [targets] numbers and the predicted ones."""
        self._gold.append(gold)
        self._found.append(found)

    def compute(self) -> dict[str, Any]:
        """``rmse``, ``mae``, ``pearson``, ``spearman``, ``r2`` and ``target_sd``; for several targets the means, and
        ``per_target``.

        ``r2`` is the coefficient of determination. ``target_sd`` is the standard deviation of the targets: the error of
        always predicting their mean. A correlation with constant numbers does not exist, and is None.
        """
        gold = np.asarray(self._gold, dtype=np.float64)
        found = np.asarray(self._found, dtype=np.float64)
        per_target = {name: _scores(gold[:, column], found[:, column]) for column, name in enumerate(self.names)}
        if len(per_target) == 1:
            return next(iter(per_target.values()))
        means = {
            key: None if None in values else float(np.mean(values))
            for key in ("rmse", "mae", "pearson", "spearman", "r2", "target_sd")
            for values in [[scores[key] for scores in per_target.values()]]
        }
        return {**means, "per_target": per_target}

    def judge(self, notes: Notes) -> None:
        """Report one number for all rows."""
        gold, found = (np.asarray(table, dtype=np.float64) for table in (self._gold, self._found))
        for column, name in enumerate(self.names):
            if len(gold) > 1 and np.ptp(gold[:, column]) > 0 and np.ptp(found[:, column]) == 0:
                notes.add(kinds.ONE_ANSWER, what=f"number for '{name}'", rows=len(gold), value=f"{found[0, column]:g}")


def _scores(gold: Any, found: Any) -> dict[str, Any]:
    from scipy.stats import pearsonr, spearmanr

    error = found - gold
    exists = len(gold) > 1 and np.ptp(gold) > 0 and np.ptp(found) > 0
    return {
        "rmse": float(np.sqrt(np.mean(error**2))),
        "mae": float(np.mean(np.abs(error))),
        "pearson": float(pearsonr(gold, found).statistic) if exists else None,
        "spearman": float(spearmanr(gold, found).statistic) if exists else None,
        "r2": float(1 - np.sum(error**2) / np.sum((gold - gold.mean()) ** 2)) if np.ptp(gold) > 0 else None,
        "target_sd": float(np.std(gold)),
    }
