"""The files of a run folder, as a page needs them."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

from ftk.comparing.fields import facts_of_run
from ftk.config.safe_yaml import load_yaml
from ftk.contracts.spec import TaskSpec
from ftk.errors import FtkError, RunError
from ftk.report.saved_run import is_run, runs_near, saved_environment

SPLITS = ("test", "validation")
"""The splits that have scores, the one to show first."""


@dataclass(frozen=True)
class RunFiles:
    """What a run left, apart from its predictions.

    Attributes:
        path: the folder.
        config: of the run.
        environment: of ``environment.json``: the command, versions, the machine, the data files.
        metrics: of ``metrics.json``; empty before the run has ended.
        events: the lines of ``metrics.jsonl``.
        findings: the lines of ``findings.jsonl``.
        suspects: the lines of ``suspects.jsonl``.
        unread: what could not be read.
    """

    path: Path
    config: Mapping[str, Any]
    environment: Mapping[str, Any]
    metrics: Mapping[str, Any]
    events: tuple[Mapping[str, Any], ...]
    findings: tuple[Mapping[str, Any], ...]
    suspects: tuple[Mapping[str, Any], ...]
    unread: tuple[str, ...]

    @classmethod
    def open(cls, path: Path) -> RunFiles:
        """Read the files of a run.

        Raises:
            RunError: the folder is none of a run, or a file without which nothing can be said is damaged.
        """
        refuse_no_run(path)
        config = load_yaml(path / "config.yaml")
        if not isinstance(config, dict):
            raise RunError(f"{path / 'config.yaml'}: the file is damaged.")
        unread: list[str] = []
        return cls(
            path=path,
            config=config,
            environment=saved_environment(path),
            metrics=_metrics(path / "metrics.json"),
            events=_lines(path / "metrics.jsonl", unread),
            findings=_lines(path / "findings.jsonl", unread),
            suspects=_lines(path / "suspects.jsonl", unread),
            unread=tuple(unread),
        )

    @property
    def name(self) -> str:
        """The name of the folder."""
        return self.path.absolute().name

    @property
    def command(self) -> str:
        """The command line of the run."""
        return str(self.environment.get("command", ""))

    @cached_property
    def spec(self) -> TaskSpec | None:
        """The facts about the task; None if nothing says which it is."""
        try:
            return facts_of_run(self.path).spec
        except FtkError:
            return None

    @property
    def splits(self) -> tuple[str, ...]:
        """The splits that have scores, the one to show first."""
        return tuple(split for split in SPLITS if isinstance(self.metrics.get(split), dict))


def refuse_no_run(path: Path) -> None:
    """Refuse what is no folder of a run.

    Raises:
        RunError: it is none.
    """
    if path.is_file():
        raise RunError(f"{path}: a page is about run folders, and this is a file.{runs_near(path)}")
    if not is_run(path):
        raise RunError(f"{path}: this is no run folder of ftk (it has no config.yaml of one).{runs_near(path)}")


def _metrics(path: Path) -> dict[str, Any]:
    if not path.exists():
        return {}
    try:
        metrics = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError, RecursionError) as error:
        raise RunError(f"{path}: the file is damaged ({error}).") from error
    if not isinstance(metrics, dict):
        raise RunError(f"{path}: the file is damaged; expected a mapping, got {type(metrics).__name__}.")
    return metrics


def _lines(path: Path, unread: list[str]) -> tuple[Mapping[str, Any], ...]:
    """The mappings in a file of JSON lines; a file or a line that cannot be read is named in ``unread``."""
    if not path.exists():
        return ()
    try:
        lines: Iterable[str] = path.read_text(encoding="utf-8", errors="replace").split("\n")
    except OSError as error:
        unread.append(f"{path.name} ({error.strerror})")
        return ()
    found, bad = [], 0
    for line in lines:
        try:
            value = json.loads(line) if line.strip() else None
        except (ValueError, RecursionError):
            bad += 1
            continue
        if isinstance(value, dict):
            found.append(value)
        elif value is not None:
            bad += 1
    if bad:
        unread.append(f"{path.name}: {bad:,} {'line' if bad == 1 else 'lines'}")
    return tuple(found)
