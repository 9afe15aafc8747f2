"""Which runs a command line chooses, and in which order."""

import fnmatch
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

from ftk.config.mistakes import ConfigMistakes, Mistake
from ftk.report.listing.runs import STATES, ListedRun
from ftk.system.duration import seconds
from ftk.system.spelling import did_you_mean

KEYS = ("state", "older", "sort", "first", "remove", "caches")
"""The words of the command; any other is a key of the runs' configs."""
_NO_METRICS = ("date", "size", "name")
_YES = {"true": True, "false": False}


@dataclass(frozen=True, kw_only=True)
class Selection:
    """What is listed.

    Attributes:
        values: by key of the config a pattern, in which ``*`` stands for anything.
        states: the states that are listed; None: all.
        older: the seconds for which nothing was written; None: any.
        sort: ``date``, ``size``, ``name`` or the name of a metric.
        ascending: the smallest, oldest or first one comes first.
        first: as many are listed at most; None: all.
        remove: whether they are removed.
        caches: whether caches are listed, and not runs.
        chosen: whether anything limits what is listed.
    """

    values: dict[str, str] = field(default_factory=dict)
    states: tuple[str, ...] | None = None
    older: float | None = None
    sort: str = "date"
    ascending: bool = False
    first: int | None = None
    remove: bool = False
    caches: bool = False
    chosen: bool = False

    @classmethod
    def of(cls, words: Sequence[str]) -> "Selection":
        """The selection that the words of a command line describe.

        Args:
            words: ``key=value`` each.

        Raises:
            ConfigMistakes: with all words that have a mistake.
        """
        given: dict[str, Any] = {"values": {}}
        mistakes = []
        for word in words:
            key, equals, value = word.partition("=")
            if not equals or word.startswith("-"):
                mistakes.append(Mistake(word, f"Write {' or '.join(f'{name}=…' for name in KEYS)}, or key=value."))
            elif why := _take(given, key, value):
                mistakes.append(Mistake(word, why))
        if given.get("caches") and (unread := [*given["values"], *(key for key in ("states",) if key in given)]):
            mistakes.append(Mistake("caches=true", f"Caches have no {', '.join(unread)}."))
        if mistakes:
            raise ConfigMistakes(mistakes)
        return cls(**given)

    def of_runs(self, runs: Sequence[ListedRun]) -> list[ListedRun]:
        """The runs that are chosen, in their order; those without the number that sorts come last.

        Raises:
            ConfigMistakes: no run has one of the keys, or the metric.
        """
        if runs and (mistakes := [*self._unknown(runs)]):
            raise ConfigMistakes(mistakes)
        chosen = [run for run in runs if self._has(run)]
        keyed = [(self._key(run), run) for run in chosen]
        there = sorted((pair for pair in keyed if pair[0] is not None), key=lambda pair: pair[0])
        if not self.ascending:
            there.reverse()
        ordered = [run for _, run in there] + [run for key, run in keyed if key is None]
        return ordered[: self.first]

    def is_old(self, changed: float) -> bool:
        """Whether something that changed then is old enough."""
        return self.older is None or time.time() - changed >= self.older

    @property
    def metric(self) -> str | None:
        """The metric that sorts; None: something else does."""
        return None if self.sort in _NO_METRICS else self.sort

    def _unknown(self, runs: Sequence[ListedRun]) -> Iterator[Mistake]:
        for key, pattern in self.values.items():
            if not any(run.has(key) or run.value(key) for run in runs):
                known = {*KEYS, *(name for run in runs if run.job is not None for name in run.job.words)}
                yield Mistake(f"{key}={pattern}", f"No run has this key.{did_you_mean(key, sorted(known))}")
        if self.metric is not None and all(run.number(self.metric) is None for run in runs):
            known = {name.replace(" ", ".", 1) for run in runs for name in run.numbers}
            yield Mistake(f"sort={self.sort}", f"No run has this metric.{did_you_mean(self.sort, sorted(known))}")

    def _has(self, run: ListedRun) -> bool:
        return (
            (self.states is None or run.state in self.states)
            and self.is_old(run.changed)
            and all(fnmatch.fnmatchcase(run.value(key), pattern) for key, pattern in self.values.items())
        )

    def _key(self, run: ListedRun) -> Any:
        if self.sort in ("date", "size"):
            return run.changed if self.sort == "date" else run.size
        return str(run.path) if self.sort == "name" else run.number(self.sort)


def _take(given: dict[str, Any], key: str, value: str) -> str | None:
    """Add a word to what is given; returns what is wrong with it."""
    given["chosen"] = given.get("chosen", False) or key not in ("sort", "remove", "caches")
    if key == "state":
        states = STATES if value == "*" else tuple(value.split(","))
        given["states"] = states
        return None if {*states} <= {*STATES} else f"It is one of {', '.join(STATES)}, several with commas, or '*'."
    if key == "older":
        try:
            given["older"] = seconds(value)
        except ValueError:
            return "It is a duration: 30d, 12h, 1d12h."
    elif key == "sort":
        name = value.removeprefix("-")
        descending = name != "name"
        given |= {"sort": name, "ascending": descending == value.startswith("-")}
        return None if name else "It is date, size, name or a metric, such as test.f1; -size is the smallest first."
    elif key == "first":
        if not value.isdecimal() or not int(value):
            return "It is a number from 1 on."
        given["first"] = int(value)
    elif key in ("remove", "caches"):
        if value not in _YES:
            return "It is true or false."
        given[key] = _YES[value]
    else:
        given["values"][key] = value
    return None
