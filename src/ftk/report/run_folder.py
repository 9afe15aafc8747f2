"""The run folder: who may write into it, and all that stands in it beside the models."""

import json
import os
import re
import shutil
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from datetime import datetime
from pathlib import Path
from typing import Any

import yaml

from ftk.config.invocation import Invocation
from ftk.config.safe_yaml import load_yaml
from ftk.config.schema import RunConfig
from ftk.errors import RunError
from ftk.report.environment import environment_facts
from ftk.report.records import json_lines
from ftk.system.atomic import remove, write_text
from ftk.system.locks import NAME as LOCK
from ftk.system.locks import Held, lock

_OWN = (
    "environment.json",
    "log.txt",
    "metrics.jsonl",
    "metrics.json",
    "predictions",
    "curves.png",
    "best",
    "last",
    "previous",
    # Last, for it is what says that the folder is a run: what is removed in part can be removed again.
    "config.yaml",
)
_MATTERS = ("task", "model", "data", "optimizer", "schedule", "objective", "train")
_MATTERS_TOO = ("run.seed", "hardware.micro_batch")
_MATTERS_NOT = ("train.log_every", "train.save_every", "data.cache_dir", "data.workers")
_VERSIONS = ("torch", "transformers", "tokenizers")
"""Packages of which another version may compute something else."""


class RunFolder:
    """One run's folder. Nothing is written before ``open``."""

    def __init__(self, path: Path, invocation: Invocation, *, resume: bool, force: bool, overwrite: bool) -> None:
        self.path = path
        self.invocation = invocation
        self.resume = resume
        self.force = force
        self._overwrite = overwrite
        self.changed: set[str] = set()
        """Keys that ``check_same`` found to have other values than the run began with."""
        self.opened = False
        """Whether this run has written into the folder."""
        self._lock = ExitStack()

    @property
    def best(self) -> Path:
        """The model with the best validation score."""
        return self.path / "best"

    @property
    def last(self) -> Path:
        """The model and the trainer's state to go on from."""
        return self.path / "last"

    @property
    def previous(self) -> Path:
        """The one before, should ``last`` be damaged."""
        return self.path / "previous"

    @classmethod
    def claim(cls, run: RunConfig, invocation: Invocation, *names: str) -> "RunFolder":
        """The folder that a run will write into, checked to be free for it.

        Args:
            run: the run section of the config.
            invocation: the command line; in a sweep each job has a folder of its own in ``run.dir``.
            names: what a folder without a name is called after: task and model.

        Raises:
            RunError: the folder holds something already, or nothing to resume from.
        """
        path = _default(run, invocation, names)
        folder = cls(path, invocation, resume=bool(run.resume), force=run.resume == "force", overwrite=run.overwrite)
        folder._check_free()
        return folder

    def _check_free(self) -> None:
        path = self.path
        if path.exists() and not path.is_dir():
            raise RunError(f"run.dir={path}: this is a file.")
        try:
            names = sorted(child.name for child in path.iterdir()) if path.is_dir() else []
        except OSError as error:
            raise RunError(f"run.dir={path}: the folder cannot be read ({error.strerror}).") from error
        # What a run that was killed at its very beginning leaves is nothing to keep.
        content = [name for name in names if name != LOCK and not (name.startswith(".") and name.endswith(".tmp"))]
        links = [name for name in names if (path / name).is_symlink()]
        if links:
            raise RunError(f"run.dir={path}: {links[0]} is a link; a run writes into its own folder only.")
        if self.resume:
            if not ({"last", ".last.new", "previous"} & set(content)):
                raise RunError(f"run.dir={path}: there is no last/ to go on from.")
        elif content and not self._overwrite:
            raise RunError(
                f"run.dir={path}: the folder is not empty. Add run.resume=true to go on with the run in it, "
                "run.overwrite=true to replace it, or name another."
            )
        elif content and not _is_run(path):
            raise RunError(f"run.dir={path}: run.overwrite=true replaces runs of ftk only, and this is none.")
        self._check_writable()

    def _check_writable(self) -> None:
        """Tell now what would stop the run when it begins to write."""
        there = self.path
        while not there.exists():
            there = there.parent
        if not there.is_dir() or not os.access(there, os.W_OK | os.X_OK):
            what = "is not a folder" if not there.is_dir() else "cannot be written into"
            raise RunError(f"run.dir={self.path}: {there} {what}; name another folder.")

    def lock(self, warn: Callable[[str], None]) -> None:
        """Make the folder this run's alone, until ``close``.

        Raises:
            RunError: another run writes into it.
        """
        try:
            self.path.mkdir(parents=True, exist_ok=True)
            self._lock.enter_context(lock(self.path, warn=warn))
        except Held as error:
            raise RunError(f"run.dir={self.path}: another run writes into this folder ({error}).") from error
        except OSError as error:
            raise RunError(f"run.dir={self.path}: the folder cannot be written ({error.strerror}).") from error
        self._check_free()  # another run may have been here since it was claimed

    def close(self) -> None:
        """Let other runs have the folder."""
        self._lock.close()

    def check_space(self, needed: int) -> None:
        """See that the disk has room for what the run will keep, the folder that is being written included.

        Raises:
            RunError: it has not.
        """
        free = shutil.disk_usage(self.path).free
        there = sum(path.lstat().st_size for path in self.path.rglob("*"))
        if needed > free + there:
            raise RunError(
                f"run.dir={self.path}: best/, last/, previous/ and the one being written take {needed / 1e6:,.0f} MB; "
                f"the disk has {free / 1e6:,.0f} MB free."
            )

    def check_same(self) -> list[str]:
        """Compare the config with that of the run to go on with.

        Returns:
            Differences to be said: those that change speed at most; with ``force`` all of them.

        Raises:
            RunError: a value differs that changes the result.
        """
        saved = load_yaml(self.path / "config.yaml")
        if not isinstance(saved, dict):
            raise RunError(f"{self.path / 'config.yaml'}: this is not what ftk writes; it is no mapping.")
        saved.setdefault("objective", {"_target_": "ftk.objectives.Plain"})  # runs of earlier releases have none
        now = yaml.safe_load(self.invocation.resolved)
        differences = _differences(saved, now)
        changed = {key: pair for key, pair in differences if not key.startswith("run.") or key == "run.seed"}
        matters = {
            key: pair
            for key, pair in changed.items()
            if (key.split(".")[0] in _MATTERS and key not in _MATTERS_NOT) or key in _MATTERS_TOO
        }
        model = {key: pair for key, pair in matters.items() if key.startswith("model.") and key != "model.default_lr"}
        if model and self.force:
            lines = "".join(f"\n    {line}" for line in _listed(model))
            raise RunError(f"run.dir={self.path}: the model is that of last/, and cannot become another:{lines}")
        self.changed = set(matters)
        self._refuse("the run cannot go on with another config", matters)
        return _listed(changed)

    def check_data(self, fingerprints: Mapping[str, Mapping[str, str]]) -> list[str]:
        """Compare the data files with those of the run to go on with.

        Returns:
            Differences to be said.

        Raises:
            RunError: one of them has changed.
        """
        saved = self._environment().get("data", {})
        other = [
            split
            for split, files in fingerprints.items()
            if list(files.values()) != list(saved.get(split, {}).values())  # their order is that of the rows
        ]
        if not other:
            return []
        names = " and ".join(f"data.{split}" for split in other)
        if not self.force:
            raise RunError(
                f"run.dir={self.path}: the files of {names} are not those that the run began with; going on would mix "
                "two corpora. run.resume=force goes on nevertheless."
            )
        return [f"the files of {names} are not those that the run began with"]

    def check_environment(self, hardware: Mapping[str, Any]) -> list[str]:
        """Compare what computes with what computed before.

        Args:
            hardware: device, precision and threads.

        Returns:
            Differences to be said, which may change the last digits.

        Raises:
            RunError: another version or precision computes something else.
        """
        saved, facts = self._environment(), environment_facts()
        then = {name: saved.get("packages", {}).get(name) for name in _VERSIONS}
        now = {name: facts["packages"][name] for name in _VERSIONS}
        for name in ("device", "precision"):
            then[f"hardware: {name}"], now[f"hardware: {name}"] = saved.get(name), hardware[name]
        then["ftk"], now["ftk"] = saved.get("ftk"), facts["ftk"]
        self._refuse("the run cannot go on with other versions or another precision", dict(_differences(then, now)))
        small_then = {"threads": saved.get("threads"), **{name: saved.get(name) for name in ("python", "processor")}}
        small_now = {"threads": hardware["threads"], **{name: facts[name] for name in ("python", "processor")}}
        return _listed(dict(_differences({**then, **small_then}, {**now, **small_now})))

    def _refuse(self, what: str, differences: Mapping[str, tuple[Any, Any]]) -> None:
        if differences and not self.force:
            lines = "".join(f"\n    {line}" for line in _listed(differences))
            raise RunError(f"run.dir={self.path}: {what}:{lines}\n  run.resume=force goes on nevertheless.")

    def _environment(self) -> dict[str, Any]:
        path = self.path / "environment.json"
        try:
            saved = json.loads(path.read_text(encoding="utf-8"))
            inside = [saved.get(name, {}) for name in ("data", "packages")] if isinstance(saved, dict) else [None]
            inside += [*inside[0].values()] if isinstance(inside[0], dict) else []
            if not all(isinstance(part, dict) for part in inside):
                raise ValueError("it is no mapping of mappings")
        except (OSError, ValueError, RecursionError) as error:
            raise RunError(f"{path}: this cannot be read as ftk wrote it ({error}).") from error
        return saved

    def open(self, *, hardware: Mapping[str, Any], data: Mapping[str, Mapping[str, str]]) -> None:
        """Write what is known before the first step; the folder must be locked."""
        if self._overwrite:
            leftovers = (path.name for path in self.path.glob(".*.tmp"))
            for name in (*leftovers, ".best.old", ".last.old", ".best.new", ".last.new", *_OWN):
                remove(self.path / name)
        command = self.invocation.command_line(without=("run.resume",))
        if not self.resume or self.force:
            write_text(self.path / "config.yaml", f"# {command}\n{self.invocation.resolved}")
        environment = {
            "command": command,
            "started": datetime.now().astimezone().isoformat(timespec="seconds"),
            **environment_facts(),
            **hardware,
            "data": data,
        }
        self.write("environment.json", environment)
        self.opened = True

    def write(self, name: str, value: Any) -> None:
        """Write a JSON file."""
        write_text(self.path / name, json.dumps(value, ensure_ascii=False, indent=2) + "\n")

    @contextmanager
    def predictions(self, split: str) -> Iterator[Any]:
        """A writer of ``predictions/<split>.jsonl``; the file appears when all rows are written."""
        (self.path / "predictions").mkdir(exist_ok=True)
        with json_lines(self.path / "predictions" / f"{split}.jsonl") as write:
            yield write


def _default(run: RunConfig, invocation: Invocation, names: tuple[str, ...]) -> Path:
    if invocation.sweep_dir is not None:
        label = re.sub(r"[^\w.=+-]+", "_", ",".join(invocation.swept)).strip("_")[:100]
        return invocation.sweep_dir / f"{invocation.sweep_job}-{label}".rstrip("-")
    if run.dir is not None:
        return Path(run.dir).expanduser()
    base = Path("runs") / "-".join([invocation.command, *names, f"{datetime.now():%Y%m%d-%H%M%S}"])
    path, number = base, 2
    while path.exists():
        path, number = base.with_name(f"{base.name}-{number}"), number + 1
    return path


def _listed(differences: Mapping[str, tuple[Any, Any]]) -> list[str]:
    return [f"{key}: {old} then, {new} now" for key, (old, new) in differences.items()]


def _is_run(path: Path) -> bool:
    try:
        with open(path / "config.yaml", encoding="utf-8") as stream:
            return stream.readline().startswith("# ftk ")
    except OSError:
        return False


def _differences(old: Any, new: Any, prefix: str = "") -> Iterator[tuple[str, tuple[Any, Any]]]:
    if isinstance(old, dict) and isinstance(new, dict):
        for key in sorted({*old, *new}, key=str):
            yield from _differences(old.get(key), new.get(key), f"{prefix}.{key}" if prefix else str(key))
    elif old != new:
        yield prefix, (old, new)
