"""The folder of a sweep: its runs, and ``sweep.json`` with the jobs that failed."""

import json
import re
from collections.abc import Callable, Mapping, Sequence
from contextlib import ExitStack
from pathlib import Path
from typing import Any

from ftk.config.invocation import Invocation
from ftk.errors import RunError
from ftk.report.sweeps.identity import Identity
from ftk.report.sweeps.results import Failed, Row, rows_of, write_results
from ftk.report.sweeps.saved_jobs import SavedJob, is_saved, read_saved
from ftk.system.atomic import unwritable, write_text
from ftk.system.locks import Held, lock
from ftk.system.strict_json import dumps

_MEMORY = "sweep.json"
_LONGEST_ALIAS = 120
"""In bytes: names of files have 255 at most."""
_MOST_BYTES = 1 << 26

Known = Mapping[tuple[str, str, str], tuple[Identity, Mapping[str, Any]]]


class SweepFolder:
    """The folder of a sweep.

    Attributes:
        path: its place.
        saved: by key the job of each run folder in it.
        failed: by key the jobs that failed last time, or in this sweep.

    Args:
        path: its place.
        known: jobs whose identity is known, by ``identity.same_text``.
        warn: shows a sentence for each thing in the folder that cannot be used.
    """

    def __init__(self, path: Path, known: Known, warn: Callable[[str], None]) -> None:
        self.path = path
        self._known = known
        self._warn = warn
        self.saved: dict[str, SavedJob] = {}
        self.failed: dict[str, Failed] = {}
        self._swept: list[str] = []
        self._told: set[str] = set()

    def lock(self, swept: Sequence[str]) -> ExitStack:
        """Make the folder, and lock it until the returned stack is closed.

        Args:
            swept: the keys of this sweep.

        Raises:
            RunError: another sweep has locked it, or it cannot be written.
        """
        if why := unwritable(self.path):
            raise RunError(f"sweep.dir={self.path}: {why}; name another folder.")
        try:
            self.path.mkdir(parents=True, exist_ok=True)
            held = lock(self.path, warn=self._warn)
        except Held as error:
            raise RunError(f"sweep.dir={self.path}: another sweep writes into this folder ({error}).") from error
        except OSError as error:
            raise RunError(f"sweep.dir={self.path}: the folder cannot be written ({error.strerror}).") from error
        self.read()
        self._swept = list(dict.fromkeys([*self._swept, *swept]))
        self._remember()
        return held

    def read(self) -> None:
        """Read everything that is in the folder."""
        self._recall()
        for folder in sorted(self.path.iterdir()):
            if is_saved(folder):
                self._read_job(folder)

    def refresh(self, folder: Path) -> None:
        """Read one run folder again."""
        if is_saved(folder):
            self._read_job(folder)

    def fails(self, key: str, failed: Failed | None) -> None:
        """Keep that a job failed, or with None that it has not."""
        if failed is not None:
            self.failed[key] = failed
        elif self.failed.pop(key, None) is None:
            return
        self._remember()

    def rows(self) -> list[Row]:
        """The rows of all jobs, the best first."""
        return rows_of([*self.saved.values()], self.failed, self._swept)

    def write(self) -> None:
        """Write ``results.csv`` and ``seeds.csv``."""
        write_results(self.path, self.rows())

    def new_folder(self, identity: Identity, invocation: Invocation) -> Path:
        """The run folder of a job that has none: its key, and beside it what was set."""
        alias = re.sub(r"[^\w.=+-]+", "_", ",".join(invocation.swept)).strip("_")
        alias = alias.encode("utf-8", "ignore")[:_LONGEST_ALIAS].decode("utf-8", "ignore")
        name = f"{identity.key}-{alias}".rstrip("-.")
        path, number = self.path / name, 2
        while is_saved(path):  # of another job, which got this config later
            path, number = self.path / f"{name}-{number}", number + 1
        return path

    def _read_job(self, folder: Path) -> None:
        try:
            job = read_saved(folder, self._known)
        except RunError as error:
            if str(error) not in self._told:
                self._told.add(str(error))
                self._warn(f"{error} It is left out of the table.")
            return
        before = self.saved.get(job.identity.key)
        if before is None or before.folder == folder or (job.done and not before.done):
            self.saved[job.identity.key] = job

    def _recall(self) -> None:
        path = self.path / _MEMORY
        try:
            if path.stat().st_size > _MOST_BYTES:
                raise ValueError(f"it has more than {_MOST_BYTES:,} bytes")
            saved = json.loads(path.read_text(encoding="utf-8"))
            swept = [str(key) for key in saved["swept"]]
            failed = {
                str(key): Failed(group=str(one["group"]), words=dict(one["words"]), error=str(one["error"]))
                for key, one in saved["failed"].items()
            }
        except FileNotFoundError:
            return
        except (OSError, ValueError, KeyError, TypeError, AttributeError, RecursionError) as error:
            self._warn(f"{path}: the file is damaged ({error}); which jobs failed before is not known.")
            return
        self._swept, self.failed = swept, failed

    def _remember(self) -> None:
        failed = {
            key: {"group": one.group, "words": dict(one.words), "error": one.error} for key, one in self.failed.items()
        }
        try:
            write_text(
                self.path / _MEMORY, dumps({"swept": self._swept, "failed": failed}, indent=1, ensure_ascii=True) + "\n"
            )
        except OSError as error:
            raise RunError(f"{self.path / _MEMORY}: the file cannot be written ({error.strerror}).") from error
