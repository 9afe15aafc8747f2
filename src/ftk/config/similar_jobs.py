"""Composes the jobs of a sweep that differ in plain values alone, from one of them.

Hydra reads and merges all files of configs for each job, which takes a fifth of a second. Jobs that choose the same
files and set the same keys differ only in the values that are set last, so these are set in a copy.
"""

import copy
from collections.abc import Collection, Iterable, Sequence

from hydra._internal.config_loader_impl import get_overrides_dirname
from hydra.core.config_loader import ConfigLoader
from hydra.core.override_parser.types import Override
from omegaconf import DictConfig, OmegaConf
from omegaconf.errors import OmegaConfBaseException

from ftk.config.invocation import key_of
from ftk.config.spelling.grammar import parser


class SimilarJobs:
    """The jobs that were composed so far, as patterns for others.

    Args:
        overrides: of the command line.
        loader: knows which keys are groups.
    """

    def __init__(self, overrides: Iterable[Override], loader: ConfigLoader) -> None:
        self._parser = parser(config_loader=loader)
        self._plain = _set_last(list(overrides), loader.list_groups(""))
        self._patterns: dict[tuple[str, ...], DictConfig] = {}

    def kept(self, words: Sequence[str], composed: DictConfig) -> DictConfig:
        """Keep a copy of a job that Hydra composed of these words, as a pattern; returns the job."""
        if self._plain:
            self._patterns.setdefault(self._others(words), copy.deepcopy(composed))
        return composed

    def like_another(self, words: Sequence[str]) -> DictConfig | None:
        """The job of these words as Hydra would compose it; None if no job so far is similar."""
        pattern = self._patterns.get(self._others(words))
        if pattern is None:
            return None
        composed = copy.deepcopy(pattern)
        overrides = [self._parser.parse_override(word) for word in words]
        for override in overrides:
            if override.key_or_group in self._plain:
                value = override.value()
                if isinstance(value, (dict, list)):
                    return None  # it may be merged with the value before it
                try:
                    OmegaConf.update(composed, override.key_or_group, value, merge=True)
                except OmegaConfBaseException:
                    return None  # Hydra says what is wrong
        of_task = [override for override in overrides if not override.is_hydra_override()]
        composed.hydra.overrides.task = [override.input_line for override in of_task]
        naming = composed.hydra.job.config.override_dirname
        composed.hydra.job.override_dirname = get_overrides_dirname(
            overrides=of_task, kv_sep=naming.kv_sep, item_sep=naming.item_sep, exclude_keys=naming.exclude_keys
        )
        return composed

    def _others(self, words: Sequence[str]) -> tuple[str, ...]:
        return tuple(word for word in words if key_of(word) not in self._plain)


def _set_last(overrides: Sequence[Override], groups: Collection[str]) -> frozenset[str]:
    """The swept keys whose values nothing else on the command line reads or changes."""
    plain = set()
    for override in overrides:
        key = override.key_or_group
        if not override.is_sweep_override() or key in groups or override.is_delete() or override.is_hydra_override():
            continue
        if override.is_add() or override.is_force_add() or override.package is not None:
            continue
        others = [one.key_or_group for one in overrides if one is not override]
        if not any(f"{key}.".startswith(f"{other}.") or f"{other}.".startswith(f"{key}.") for other in others):
            plain.add(key)
    return frozenset(plain)
