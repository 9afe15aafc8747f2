"""Which runs differ by their seed alone: the groups that are compared."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ftk.comparing.effects import FEWEST_RUNS, Of
from ftk.comparing.opened import Outcomes
from ftk.report.saved_run import is_run, saved_config

_OF_THE_RUN = ("run", "sweep", "tracker")
"""Sections of a config that say nothing about the recipe."""
_SHOWN = 3


@dataclass(frozen=True, slots=True)
class Group:
    """Runs that stand on one side.

    Attributes:
        letter: A for the first group, with which the others are compared, then B, C, …
        runs: the numbers of the runs.
        names: their paths.
    """

    letter: str
    runs: tuple[int, ...]
    names: tuple[str, ...]

    @property
    def name(self) -> str:
        """The path of a run; of several the first ones, and how many there are."""
        if len(self.names) == 1:
            return self.names[0]
        shown = ", ".join(self.names[:_SHOWN]) + (", …" if len(self.names) > _SHOWN else "")
        return f"{shown} ({len(self.names)} runs)"


def groups_of(runs: Sequence[Outcomes], given: Sequence[Sequence[int]], several_corpora: bool) -> list[Group]:
    """The groups that are compared: those that ``--`` parts, else the runs of one config with different seeds.

    Args:
        runs: all of them.
        given: the numbers of the runs in each group of the command line; one group without ``--``.
        several_corpora: whether the runs were scored on several corpora, so that the data is no part of the recipe.
    """
    numbers = [list(group) for group in given if group]
    if len(numbers) == 1:
        by_recipe: dict[str, list[int]] = {}
        for number, run in enumerate(runs):
            by_recipe.setdefault(_recipe(run, several_corpora), []).append(number)
        numbers = list(by_recipe.values())
        if len(numbers) == 1:  # runs of one config: which seed is best?
            numbers = [[number] for number in numbers[0]]
    return [
        Group(letter_of(at), tuple(group), tuple(str(runs[number].path) for number in group))
        for at, group in enumerate(numbers)
    ]


def compared_of(asked: str, groups: Sequence[Group], corpora: Sequence[Sequence[int]]) -> Of:
    """Whether models or recipes are compared: for ``auto`` recipes where a group has several runs on one corpus.

    Args:
        asked: auto, models or recipes.
        groups: that are compared.
        corpora: the numbers of the runs that were scored on each corpus.
    """
    if asked != "auto":
        return Of(asked)
    several = any(len({*group.runs} & {*corpus}) > 1 for group in groups for corpus in corpora)
    return Of.recipes if several else Of.models


def _recipe(run: Outcomes, several_corpora: bool) -> str:
    """What runs of one recipe have in common: the config without what is of the run; a file stands for itself."""
    config = _trained_config(run)
    if not config:
        return str(run.path)
    left_out = (*_OF_THE_RUN, "data") if several_corpora else _OF_THE_RUN
    kept = {name: section for name, section in config.items() if name not in left_out}
    return json.dumps(kept, sort_keys=True, default=str)


def _trained_config(run: Outcomes) -> Mapping[str, Any]:
    """The config of the training: of a run that only scored a model, that of the run that the model is from."""
    if "train" in run.config or not run.config:
        return run.config
    model = run.environment.get("model", {})
    origin = model.get("origin") if isinstance(model, Mapping) else None
    if isinstance(origin, str) and is_run(trained := Path(origin).parent):
        return saved_config(trained)
    return {}


def letter_of(at: int) -> str:
    """The letter of a group, by its number from 0."""
    return chr(ord("A") + at) if at < 26 else f"A{at}"


def too_few(groups: Sequence[Group], corpora: Sequence[Sequence[int]]) -> int:
    """How many runs the smallest side lacks for a verdict about recipes."""
    sides = [len({*group.runs} & {*corpus}) for group in groups for corpus in corpora]
    return max(0, FEWEST_RUNS - min(sides))
