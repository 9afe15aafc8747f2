"""The run folder: who may write into it, and all that stands in it beside the models."""

import json
import platform
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path
from typing import Any, TextIO

import yaml

import ftk
from ftk.config.compose import Invocation
from ftk.config.schema import RunConfig
from ftk.errors import RunError

_OWN = (
    "config.yaml",
    "environment.json",
    "log.txt",
    "metrics.jsonl",
    "metrics.json",
    "predictions",
    "curves.png",
    "best",
    "last",
)
_PACKAGES = (
    "torch",
    "transformers",
    "tokenizers",
    "datasets",
    "hydra-core",
    "omegaconf",
    "numpy",
    "safetensors",
    "seqeval",
)
_MATTERS = ("task", "model", "data", "optimizer", "schedule", "train")
_MATTERS_NOT = ("train.log_every", "data.cache_dir", "data.workers")


class RunFolder:
    """One run's folder. Nothing is written before ``open``."""

    def __init__(self, path: Path, invocation: Invocation, *, resume: bool, overwrite: bool) -> None:
        self.path = path
        self.invocation = invocation
        self.resume = resume
        self._overwrite = overwrite

    @property
    def best(self) -> Path:
        """The model with the best validation score."""
        return self.path / "best"

    @property
    def last(self) -> Path:
        """The model and the trainer's state to go on from."""
        return self.path / "last"

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
        folder = cls(path, invocation, resume=run.resume, overwrite=run.overwrite)
        content = sorted(child.name for child in path.iterdir()) if path.is_dir() else []
        if path.exists() and not path.is_dir():
            raise RunError(f"run.dir={path}: this is a file.")
        if run.resume:
            if not ({"last", ".last.old"} & set(content)):
                raise RunError(f"run.dir={path}: there is no last/ to go on from.")
        elif content and not run.overwrite:
            raise RunError(
                f"run.dir={path}: the folder is not empty. Add run.resume=true to go on with the run in it, "
                "run.overwrite=true to replace it, or name another."
            )
        elif content and not _is_run(path):
            raise RunError(f"run.dir={path}: run.overwrite=true replaces runs of ftk only, and this is none.")
        return folder

    def check_same(self) -> list[str]:
        """Compare the config with that of the run to go on with.

        Returns:
            Differences that change speed at most, to be said.

        Raises:
            RunError: a value differs that changes the result.
        """
        saved = yaml.safe_load((self.path / "config.yaml").read_text(encoding="utf-8"))
        now = yaml.safe_load(self.invocation.resolved)
        changed = {key: pair for key, pair in _differences(saved, now) if not key.startswith(("run.dir", "run.resume"))}
        matters = {
            key: pair
            for key, pair in changed.items()
            if (key.split(".")[0] in _MATTERS and key not in _MATTERS_NOT) or key == "run.seed"
        }
        if matters:
            lines = "".join(f"\n    {key}: {old} then, {new} now" for key, (old, new) in matters.items())
            raise RunError(f"run.dir={self.path}: the run cannot go on with another config:{lines}")
        return [f"{key}: {old} then, {new} now" for key, (old, new) in changed.items() if not key.startswith("run.")]

    def check_data(self, fingerprints: Mapping[str, Mapping[str, str]]) -> None:
        """Compare the data files with those of the run to go on with.

        Raises:
            RunError: one of them has changed.
        """
        saved = json.loads((self.path / "environment.json").read_text(encoding="utf-8")).get("data", {})
        for split, files in fingerprints.items():
            if sorted(files.values()) != sorted(saved.get(split, {}).values()):
                raise RunError(
                    f"run.dir={self.path}: the files of data.{split} are not those that the run began with; "
                    "going on would mix two corpora."
                )

    def open(self, *, hardware: str, threads: int, data: Mapping[str, Mapping[str, str]]) -> None:
        """Make the folder and write what is known before the first step."""
        if self._overwrite and self.path.is_dir():
            for name in (*_OWN, ".best.old", ".last.old", ".best.new", ".last.new"):
                target = self.path / name
                shutil.rmtree(target) if target.is_dir() else target.unlink(missing_ok=True)
        self.path.mkdir(parents=True, exist_ok=True)
        command = self.invocation.command_line(without=("run.resume",))
        if not self.resume:
            text = f"# {command}\n{self.invocation.resolved}"
            (self.path / "config.yaml").write_text(text, encoding="utf-8")
        environment = {
            "command": command,
            "started": datetime.now().astimezone().isoformat(timespec="seconds"),
            **environment_facts(),
            "hardware": hardware,
            "threads": threads,
            "data": data,
        }
        self.write("environment.json", environment)

    def write(self, name: str, value: Any) -> None:
        """Write a JSON file."""
        text = json.dumps(value, ensure_ascii=False, indent=2) + "\n"
        temporary = self.path / f".{name}.tmp"
        temporary.write_text(text, encoding="utf-8")
        temporary.replace(self.path / name)

    @contextmanager
    def predictions(self, split: str) -> Iterator[Any]:
        """A writer of ``predictions/<split>.jsonl``; the file appears when all rows are written."""
        (self.path / "predictions").mkdir(exist_ok=True)
        with json_lines(self.path / "predictions" / f"{split}.jsonl") as write:
            yield write


class MetricsFile:
    """``metrics.jsonl``: one event a line."""

    def __init__(self, path: Path) -> None:
        self._path = path

    def rewind(self, step: int, validated: int) -> None:
        """Drop the lines of steps that a resumed run is going to do again."""
        if not self._path.exists():
            return
        kept = []
        for line in self._path.read_text(encoding="utf-8").splitlines():
            try:
                event = json.loads(line)
            except json.JSONDecodeError:  # the last line of a run that was killed while it wrote
                continue
            if event["step"] <= (validated if event["split"] == "validation" else step):
                kept.append(line + "\n")
        temporary = self._path.with_name(f".{self._path.name}.tmp")
        temporary.write_text("".join(kept), encoding="utf-8")
        temporary.replace(self._path)

    def add(self, event: Mapping[str, Any]) -> None:
        """Append one event."""
        with open(self._path, "a", encoding="utf-8") as stream:
            stream.write(json.dumps(event, ensure_ascii=False) + "\n")


@contextmanager
def json_lines(path: Path | None) -> Iterator[Any]:
    """A function that writes one record a line; to standard output where path is None.

    A file appears under its name when all is written, and not at all if something fails before.
    """
    if path is None:
        yield _writer(sys.stdout)
        sys.stdout.flush()
        return
    path.parent.mkdir(parents=True, exist_ok=True)
    temporary = path.with_name(f".{path.name}.tmp")
    try:
        with open(temporary, "w", encoding="utf-8") as stream:
            yield _writer(stream)
        temporary.replace(path)
    finally:
        temporary.unlink(missing_ok=True)


def environment_facts() -> dict[str, Any]:
    """Versions and machine, for bug reports and for ``environment.json``."""
    from importlib.metadata import PackageNotFoundError, version

    packages: dict[str, str | None] = {}
    for name in _PACKAGES:
        try:
            packages[name] = version(name)
        except PackageNotFoundError:
            packages[name] = None
    return {
        "ftk": ftk.__version__,
        "python": platform.python_version(),
        "platform": platform.platform(),
        "processor": _processor(),
        "packages": packages,
        "git": _git_revision(),
    }


def _writer(stream: TextIO) -> Any:
    def write(record: Mapping[str, Any]) -> None:
        stream.write(json.dumps(record, ensure_ascii=False, default=str) + "\n")

    return write


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


def _processor() -> str:
    try:
        with open("/proc/cpuinfo", encoding="ascii", errors="replace") as stream:
            names = [line.partition(":")[2].strip() for line in stream if line.startswith("model name")]
    except OSError:
        names = []
    return f"{names[0]} ({len(names)} logical processors)" if names else platform.processor()


def _git_revision() -> str | None:
    try:
        answer = subprocess.run(["git", "rev-parse", "HEAD"], capture_output=True, text=True, timeout=5, check=False)
        changed = subprocess.run(
            ["git", "status", "--porcelain"], capture_output=True, text=True, timeout=5, check=False
        )
    except (OSError, subprocess.TimeoutExpired):
        return None
    if answer.returncode != 0:
        return None
    return answer.stdout.strip() + (" with uncommitted changes" if changed.stdout.strip() else "")
