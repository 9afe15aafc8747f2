"""The score that decides which of several models is the best."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from ftk.contracts.spec import TaskSpec


@dataclass(frozen=True, slots=True)
class Score:
    """One of the metrics that a task computes, by its name.

    Attributes:
        name: a key of the metrics; a value inside of another one is named with dots: ``per_label.PER.f1``.
        higher_is_better: whether a higher value is better.
    """

    name: str
    higher_is_better: bool

    @classmethod
    def of_task(cls, spec: TaskSpec, name: str | None) -> Score:
        """The score of a task, or another one of its metrics, whose direction belongs to the metric.

        Args:
            spec: of the task.
            name: of the metric; None: the score of the task.
        """
        if name is None or name == spec.score:
            return cls(spec.score, spec.higher_is_better)
        return cls(name, name.rpartition(".")[2] not in spec.lower_is_better)

    def value(self, metrics: Mapping[str, Any]) -> float | None:
        """Its value among the metrics of a split; None if they lack it or it is not a finite number."""
        found = _inside(metrics, self.name)
        is_number = isinstance(found, (int, float)) and not isinstance(found, bool)
        return float(found) if is_number and math.isfinite(found) else None

    def is_better(self, value: float, than: float) -> bool:
        """Whether one value is better than another one."""
        return value > than if self.higher_is_better else value < than


def names_of(metrics: Mapping[str, Any]) -> Iterator[str]:
    """The names of all numbers among the metrics of a split, those inside of others with dots."""
    for key, value in metrics.items():
        if isinstance(value, Mapping):
            yield from (f"{key}.{name}" for name in names_of(value))
        elif isinstance(value, (int, float)) and not isinstance(value, bool):
            yield key


def _inside(values: Any, name: str) -> Any:
    """The value at a dotted name. The keys may have dots themselves: a label can be called ``U.S.``."""
    if not isinstance(values, Mapping):
        return None
    if name in values:
        return values[name]
    inner = (_inside(value, name[len(key) + 1 :]) for key, value in values.items() if name.startswith(f"{key}."))
    return next((value for value in inner if value is not None), None)
