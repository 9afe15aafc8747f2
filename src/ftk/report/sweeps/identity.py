"""What makes two jobs of sweeps the same: their configs, apart from where and how they run."""

import hashlib
import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import yaml

from ftk.report.saved_run import later_keys

_Loader: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)  # the config of this process, so its size is no danger
_HOW_IT_RUNS = re.compile(r"^(?:run|sweep):[^\n]*\n(?:[ \t][^\n]*\n|\n)*", re.MULTILINE)
_SEED = re.compile(r"^  seed: (\d+)$", re.MULTILINE)
_DIGITS = 12


@dataclass(frozen=True, slots=True)
class Identity:
    """What a job is recognised by.

    Attributes:
        key: the first digits of the SHA-256 of the command and the config, without ``sweep``, ``tracker`` and ``run``,
            but with ``run.seed``. Keys of later releases at their default, and keys that are null, make no difference.
        group: the same without ``run.seed``: jobs that differ in the seed alone.
    """

    key: str
    group: str

    @classmethod
    def of(cls, command: str, config: Mapping[str, Any]) -> "Identity":
        """The identity of a job with this config."""
        later = later_keys(config)
        parts = {name: part for name, part in config.items() if name not in ("run", "sweep", "tracker")}
        values = [pair for pair in _flat(parts) if later.get(pair[0], ...) != pair[1]]
        run = config.get("run")
        seed = run.get("seed") if isinstance(run, Mapping) else None
        return cls(_digest([command, values, seed]), _digest([command, values]))


def config_of(resolved: str) -> Mapping[str, Any]:
    """The config that a job of this process has, from its YAML."""
    config: Mapping[str, Any] = yaml.load(resolved, _Loader)
    return config


def same_text(command: str, resolved: str) -> tuple[str, str, str]:
    """A value that only equal jobs share, quickly made of the YAML of a config. Equal jobs may have different ones."""
    run = "".join(_HOW_IT_RUNS.findall(resolved))
    return command, _HOW_IT_RUNS.sub("", resolved), "".join(_SEED.findall(run))


def _flat(value: Any, prefix: str = "") -> Iterator[tuple[str, Any]]:
    """All values that are not null, by their dotted keys; a whole number is the same in both its spellings."""
    if isinstance(value, Mapping):
        for name in sorted(value, key=str):
            yield from _flat(value[name], f"{prefix}.{name}" if prefix else str(name))
    elif value is not None:
        yield prefix, _plain(value)


def _plain(value: Any) -> Any:
    if isinstance(value, list):
        return [dict(_flat(one)) if isinstance(one, Mapping) else _plain(one) for one in value]
    return int(value) if isinstance(value, float) and value.is_integer() else value


def _digest(value: Any) -> str:
    text = json.dumps(value, ensure_ascii=True, separators=(",", ":"), default=str)
    return hashlib.sha256(text.encode("ascii")).hexdigest()[:_DIGITS]
