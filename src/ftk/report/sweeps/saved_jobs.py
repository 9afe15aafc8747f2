"""The run folders of a sweep, as far as they say which job is in them and how far it has come."""

import json
import math
import os
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from functools import lru_cache
from pathlib import Path
from typing import Any

from ftk.config.invocation import key_of, of_sweep
from ftk.config.spelling.writing import words_of
from ftk.contracts.score import Score
from ftk.errors import FtkError, ModelError, RunError
from ftk.models.loading.verified_folder import MANIFEST, verify_folder
from ftk.report.saved_run import is_run, saved_config
from ftk.report.sweeps.identity import Identity, same_text
from ftk.tasks.building import build_task, built_in_task, task_from_fields

_MOST_HEADER = 1 << 26
_SPLITS = ("validation", "test")


@dataclass(kw_only=True)
class SavedJob:
    """A run folder.

    Attributes:
        folder: its place.
        command: the command word.
        words: the values of the keys that its command line set, as they were written.
        config: resolved.
        identity: what it is recognised by.
        metrics: the numbers of metrics.json by split and name, with the time; None while the run is not finished.
        score: decides which job is the best; None if that is unknown.
    """

    folder: Path
    command: str
    words: Mapping[str, str]
    config: Mapping[str, Any]
    identity: Identity
    metrics: Mapping[str, float] | None = None
    score: Score | None = None
    _parameters: str | None = field(default=None, repr=False)

    @property
    def done(self) -> bool:
        """Whether its results are there."""
        return self.metrics is not None

    @property
    def parameters(self) -> str:
        """The number of values in the weights of its best model; empty if it has none of its own."""
        if self._parameters is None:
            self._parameters = _parameters(self.folder / "best")
        return self._parameters

    def has_state(self) -> bool:
        """Whether a whole state is there to resume from."""
        return any(_is_whole(self.folder / name) for name in ("last", ".last.new", "previous"))


def read_saved(folder: Path, known: Mapping[tuple[str, str, str], tuple[Identity, Mapping[str, Any]]]) -> SavedJob:
    """The job in a run folder.

    Args:
        folder: holds a run.
        known: jobs whose identity and config are known, by ``same_text``.

    Raises:
        RunError: the folder is damaged.
    """
    try:
        head, _, text = (folder / "config.yaml").read_text(encoding="utf-8").partition("\n")
        line = words_of(head.removeprefix("# "))
    except (OSError, ValueError) as error:
        raise RunError(f"{folder / 'config.yaml'}: the file is damaged ({error}).") from error
    command = line[1] if len(line) > 1 else ""
    found = known.get(same_text(command, text))
    trusted = found is not None
    if found is None:
        config = saved_config(folder)
        found = Identity.of(command, config), config
    job = SavedJob(folder=folder, command=command, words=written_values(line[2:]), config=found[1], identity=found[0])
    _add_metrics(job, trusted=trusted)
    return job


def is_saved(folder: Path) -> bool:
    """Whether a folder holds a run, and is no link to one."""
    return folder.is_dir() and not folder.is_symlink() and is_run(folder)


def written_values(line: list[str]) -> dict[str, str]:
    """The keys that overrides set, with their values as written; those about the run folder and Hydra are left out."""
    pairs = [(key_of(word).lstrip("+"), word.partition("=")[2]) for word in line if not word.startswith("-")]
    return {key: value for key, value in pairs if key == "run.seed" or not _elsewhere(key)}


def _elsewhere(key: str) -> bool:
    return of_sweep(key) or key.startswith(("run.", "hydra"))


def _add_metrics(job: SavedJob, *, trusted: bool) -> None:
    path = job.folder / "metrics.json"
    try:
        found = json.loads(path.read_text(encoding="utf-8"))
        numbers = {f"{split} {name}": value for split in _SPLITS for name, value in _numbers(found.get(split, {}))}
        seconds = found.get("train", {}).get("elapsed", found.get("evaluation", {}).get("seconds"))
    except FileNotFoundError:
        return
    except (OSError, ValueError, AttributeError, RecursionError) as error:
        raise RunError(f"{path}: the file is damaged ({error}).") from error
    if isinstance(seconds, (int, float)):
        numbers["seconds"] = seconds
    job.metrics, job.score = numbers, _score(job, trusted=trusted)


def _numbers(metrics: Mapping[str, Any], prefix: str = "") -> Iterator[tuple[str, float]]:
    """All finite numbers of a split, those inside of others with dotted names."""
    for name, value in metrics.items():
        if isinstance(value, Mapping):
            yield from _numbers(value, f"{prefix}{name}.")
        elif isinstance(value, (int, float)) and not isinstance(value, bool) and math.isfinite(value):
            yield f"{prefix}{name}", value


def _score(job: SavedJob, *, trusted: bool) -> Score:
    """The score of the task in the config, or of the evaluated model; the loss if the task is unknown.

    Args:
        job: with its config.
        trusted: whether the config is one of this process; a class that only a file names is not imported.
    """
    train = job.config.get("train")
    metric = train.get("metric") if isinstance(train, Mapping) else None
    task = json.dumps(job.config.get("task"), default=str)
    checkpoint = job.config.get("checkpoint")
    found = _score_of(task, metric if isinstance(metric, str) else None, trusted)
    if found is None and isinstance(checkpoint, str):
        found = _score_of_model(str(Path(os.path.expanduser(checkpoint)) / MANIFEST))
    return found or Score("loss", False)


@lru_cache(maxsize=64)
def _score_of(task: str, metric: str | None, trusted: bool) -> Score | None:
    """The score of a task, from its section of the config as JSON; the jobs of a sweep have few different ones."""
    try:
        node = json.loads(task)
        if trusted:
            spec = build_task(node).spec
        else:
            of_ftk, _, name = str(node.pop("_target_")).partition("ftk.tasks.")
            spec = task_from_fields(built_in_task("" if of_ftk else name.partition(".")[0]), node).spec
    except (FtkError, KeyError, TypeError, ValueError, AttributeError):
        return None
    return Score.of_task(spec, metric)


@lru_cache(maxsize=64)
def _score_of_model(manifest: str) -> Score | None:
    """The score of the task of a model that ftk wrote."""
    try:
        saved = json.loads(Path(manifest).read_text(encoding="utf-8"))["task"]
        spec = task_from_fields(built_in_task(saved["name"]), saved["fields"]).spec
    except (OSError, FtkError, KeyError, TypeError, ValueError, AttributeError, RecursionError):
        return None
    return Score.of_task(spec, None)


def _is_whole(folder: Path) -> bool:
    if not (folder / MANIFEST).is_file():
        return False
    try:
        verify_folder(folder)
    except ModelError:
        return False
    return True


def _parameters(folder: Path) -> str:
    """The values of all tensors in a model folder, from the heads of its files."""
    number = 0
    try:
        for path in sorted(folder.glob("model*.safetensors")):
            with open(path, "rb") as stream:
                size = int.from_bytes(stream.read(8), "little")
                if size > _MOST_HEADER:
                    return ""
                for name, facts in json.loads(stream.read(size)).items():
                    if name != "__metadata__":
                        values = 1
                        for side in facts["shape"]:
                            values *= int(side)
                        number += values
    except (OSError, ValueError, KeyError, TypeError, AttributeError, RecursionError):
        return ""
    return str(number) if number else ""
