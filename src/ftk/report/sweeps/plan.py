"""What a sweep has to do: which of its jobs are done, which go on, and which begin."""

import dataclasses
import math
import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

import ftk
from ftk.config.jobs import Job
from ftk.data.readers.decoding.once import is_pipe, sha256_of
from ftk.errors import RunError
from ftk.report.environment import versions_of
from ftk.report.saved_run import saved_environment
from ftk.report.sweeps.folder import SweepFolder
from ftk.report.sweeps.identity import Identity
from ftk.report.sweeps.saved_jobs import SavedJob
from ftk.system.digests import sha256

_MARGIN = 3600.0
"""Seconds before a run began within which a file that it read may have changed while it was read."""
_PACKAGES = ("torch", "transformers", "tokenizers")


@dataclass(frozen=True, slots=True)
class Way:
    """How a job begins.

    Attributes:
        folder: its run folder.
        resume: the value of ``run.resume`` for it: whether it resumes from a state there.
        overwrite: whether it replaces a run there.
        how: the same in words.
    """

    folder: Path
    resume: Any
    overwrite: bool
    how: str


@dataclass(kw_only=True)
class Planned:
    """One job of a sweep.

    Attributes:
        job: as it was composed.
        identity: what it is recognised by.
        title: for people.
    """

    job: Job
    identity: Identity
    title: str

    def is_done(self, folder: SweepFolder) -> bool:
        """Whether its results are there."""
        saved = folder.saved.get(self.identity.key)
        return saved is not None and saved.done

    def way(self, folder: SweepFolder) -> Way:
        """How it begins now."""
        run = self.job.config.run
        saved = folder.saved.get(self.identity.key)
        if saved is None:
            return Way(folder.new_folder(self.identity, self.job.invocation), False, run.overwrite, "begins")
        if not run.overwrite and saved.has_state():
            return Way(saved.folder, "force" if run.resume == "force" else True, False, "goes on")
        return Way(saved.folder, False, True, "begins again")

    def with_way(self, way: Way) -> Job:
        """The job that begins in this way."""
        run = dataclasses.replace(self.job.config.run, dir=str(way.folder), resume=way.resume, overwrite=way.overwrite)
        return dataclasses.replace(self.job, config=dataclasses.replace(self.job.config, run=run))


def check_inputs(planned: Sequence[Planned], folder: SweepFolder) -> None:
    """Check that jobs which are done have read the files that are there now.

    Raises:
        RunError: a file has changed since.
    """
    digests: dict[str, str | None] = {}
    newest: dict[str, float] = {}
    stale: dict[str, list[str]] = {}
    for one in planned:
        if not one.is_done(folder):
            continue
        saved = folder.saved[one.identity.key]
        for name in _changed(saved, digests, newest):
            stale.setdefault(name, []).append(saved.folder.name)
    if stale:
        lines = "".join(
            f"\n    {name}: {len(jobs)} job{'s' if len(jobs) > 1 else ''}, such as {jobs[0]}"
            for name, jobs in stale.items()
        )
        raise RunError(
            f"sweep.dir={folder.path}: files have changed since these jobs of the sweep read them, so their results "
            f"cannot be compared with new ones:{lines}\n  run.overwrite=true runs all jobs of this line again; another "
            "sweep.dir keeps both."
        )


def other_versions(planned: Sequence[Planned], folder: SweepFolder) -> list[str]:
    """For each package that may change results, the jobs that were done with another version of it, as a sentence."""
    now = {"ftk": ftk.__version__, **versions_of(_PACKAGES)}
    found: dict[str, int] = {}
    for one in planned:
        if one.is_done(folder):
            then = _environment(folder.saved[one.identity.key])
            packages = {**then.get("packages", {}), "ftk": then.get("ftk")}
            for name, value in now.items():
                if packages.get(name) not in (None, value):
                    text = f"done with {name} {packages[name]}, now it is {value}"
                    found[text] = found.get(text, 0) + 1
    return [f"{number} job{'s were' if number > 1 else ' was'} {text}" for text, number in found.items()]


def _changed(saved: SavedJob, digests: dict[str, str | None], newest: dict[str, float]) -> list[str]:
    """The files that a job read and that are others now."""
    environment = _environment(saved)
    try:
        began = datetime.fromisoformat(str(environment.get("started"))).timestamp()
    except ValueError:
        began = 0.0
    files: dict[str, str] = {}
    for part in environment.get("data", {}).values():
        files |= {str(name): str(digest) for name, digest in part.items()}
    found = []
    for name, digest in files.items():
        if _time(name, newest) > began - _MARGIN:
            if name not in digests:
                digests[name] = _digest(name)
            if digests[name] not in (None, digest):
                found.append(name)
    checkpoint = saved.config.get("checkpoint")
    if isinstance(checkpoint, str):  # its weights are evaluated
        manifest = str(Path(os.path.expanduser(checkpoint)) / "ftk.json")
        found += [checkpoint] if _time(manifest, newest) > began else []
    return found


def _digest(name: str) -> str | None:
    """The SHA-256 of a file, or of what comes through a pipe, now; None if it cannot be read."""
    if is_pipe(name):  # the jobs that are to run read the same
        return sha256_of(name)
    return sha256(Path(name)) if os.access(name, os.R_OK) else None


def _time(name: str, newest: dict[str, float]) -> float:
    """When a file was changed last, or got its name; 0 for a folder or nothing. A pipe may be another one each time."""
    if name not in newest:
        path = Path(name)
        try:
            facts = path.stat()
            newest[name] = max(facts.st_mtime, facts.st_ctime) if path.is_file() else math.inf if is_pipe(name) else 0.0
        except (OSError, ValueError):
            newest[name] = 0.0
    return newest[name]


def _environment(saved: SavedJob) -> Mapping[str, Any]:
    try:
        return saved_environment(saved.folder)
    except RunError:
        return {}
