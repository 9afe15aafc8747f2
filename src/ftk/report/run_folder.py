"""The run folder: reserves it for one run, and writes its files apart from the models."""

import shutil
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from datetime import datetime
from pathlib import Path
from typing import Any

import yaml

from ftk.config.invocation import Invocation
from ftk.config.schema import RunConfig
from ftk.errors import RunError
from ftk.report.environment import environment_facts
from ftk.report.from_best import from_best, why_no_state
from ftk.report.new_folder import free_name, new_folder
from ftk.report.own_files import clear_leftovers, remove_own
from ftk.report.records import json_lines
from ftk.report.saved_run import (
    changed_splits,
    config_differences,
    environment_differences,
    is_run,
    listed,
    saved_config,
    saved_environment,
)
from ftk.system.atomic import unwritable, write_text
from ftk.system.locks import Held, holder_of_folder, kept_names, lock
from ftk.system.paths import expanded
from ftk.system.strict_json import dumps


class RunFolder:
    """The folder of one run. Nothing is written before ``open``."""

    def __init__(self, path: Path, invocation: Invocation, *, resume: bool, force: bool, overwrite: bool) -> None:
        self.path = path
        self.invocation = invocation
        self.resume = resume
        self.force = force
        self._overwrite = overwrite
        self.changed: set[str] = set()
        """Keys whose values ``check_same`` found to differ from those of the run to resume."""
        self.changed_splits: set[str] = set()
        """Splits whose rows ``check_data`` found to be in other files than those of the run to resume."""
        self.opened = False
        """Whether this run has written into the folder."""
        self._named = True
        """Whether the user chose the name of the folder; otherwise another will do if this one is taken."""
        self._lock = ExitStack()

    @property
    def best(self) -> Path:
        """The model with the best validation score."""
        return self.path / "best"

    @property
    def last(self) -> Path:
        """The newest model, and the training state to resume from."""
        return self.path / "last"

    @property
    def previous(self) -> Path:
        """The previous ``last``, in case that is damaged."""
        return self.path / "previous"

    @classmethod
    def claim(cls, run: RunConfig, invocation: Invocation, *names: str) -> "RunFolder":
        """Chooses the folder of a run and checks that the run may use it.

        Args:
            run: the run section of the config.
            invocation: the command line; in a sweep ``run.dir`` is the folder of the job.
            names: task and model, for the default name of the folder.

        Raises:
            RunError: the folder is not empty, or has nothing to resume from.
        """
        path = _default(run, invocation, names)
        folder = cls(path, invocation, resume=bool(run.resume), force=run.resume == "force", overwrite=run.overwrite)
        folder._named = run.dir is not None or invocation.sweep_dir is not None
        if holder := holder_of_folder(path):  # before the data is read
            raise RunError(folder._in_use(holder))
        folder._check_free()
        return folder

    def _check_free(self) -> None:
        path = self.path
        if path.exists() and not path.is_dir():
            raise RunError(f"run.dir={path}: this is a file, not a folder; name a folder.")
        try:
            names = sorted(child.name for child in path.iterdir()) if path.is_dir() else []
        except OSError as error:
            raise RunError(f"run.dir={path}: the folder cannot be read ({error.strerror}).") from error
        content = kept_names(names)
        links = [name for name in names if (path / name).is_symlink()]
        if links:
            raise RunError(
                f"run.dir={path}: {links[0]} is a symbolic link; a run writes only into its own folder. Name another "
                "one."
            )
        if self.resume:
            if not ({"last", ".last.new", "previous"} & set(content)):
                raise RunError(f"run.dir={path}: there is no saved state (last/) to resume from.{why_no_state(path)}")
        elif content and not self._overwrite:
            raise RunError(
                f"run.dir={path}: the folder is not empty. Add run.resume=true to resume the run in it, "
                "run.overwrite=true to replace it, or name another folder."
            )
        elif content and not is_run(path):
            raise RunError(
                f"run.dir={path}: run.overwrite=true replaces only runs of ftk, and this folder has none. Name another "
                "folder."
            )
        self._check_writable()

    def _check_writable(self) -> None:
        """Reports, before the run, anything that would prevent it from writing."""
        if why := unwritable(self.path):
            raise RunError(f"run.dir={self.path}: {why}; name another folder.")

    def lock(self, warn: Callable[[str], None]) -> None:
        """Locks the folder for this run until ``close``.

        Raises:
            RunError: another run has locked it.
        """
        try:
            if self._named:
                self.path.mkdir(parents=True, exist_ok=True)
            else:
                self.path = new_folder(self.path)  # another run may have begun in the same second
            self._lock.enter_context(lock(self.path, warn=warn))
        except Held as error:
            raise RunError(self._in_use(str(error))) from error
        except OSError as error:
            raise RunError(f"run.dir={self.path}: the folder cannot be written ({error.strerror}).") from error
        self._check_free()  # another run may have used the folder since it was claimed

    def _in_use(self, holder: str) -> str:
        return f"run.dir={self.path}: another run writes into this folder ({holder}). Wait for it, or name another one."

    def close(self) -> None:
        """Unlocks the folder."""
        self._lock.close()

    def check_space(self, needed: int) -> None:
        """Checks that the disk has room for everything that the run will keep.

        Args:
            needed: bytes of all model folders, including the one being written.

        Raises:
            RunError: the disk has less room.
        """
        free = shutil.disk_usage(self.path).free
        there = sum(path.lstat().st_size for path in self.path.rglob("*"))
        if needed > free + there:
            raise RunError(
                f"run.dir={self.path}: best/, last/, previous/ and the one being written need {needed / 1e6:,.0f} MB, "
                f"but the disk has only {free / 1e6:,.0f} MB free."
            )

    def check_same(self) -> list[str]:
        """Compares the config with that of the run to resume.

        Returns:
            Differences to report: those that change at most the speed; with ``force`` all of them.

        Raises:
            RunError: a value differs that changes the result.
        """
        changed, matters = config_differences(saved_config(self.path), yaml.safe_load(self.invocation.resolved))
        model = {key: pair for key, pair in matters.items() if key.startswith("model.") and key != "model.default_lr"}
        if model and self.force:
            lines = "".join(f"\n    {line}" for line in listed(model))
            raise RunError(
                f"run.dir={self.path}: the model of a resumed run cannot be changed:{lines}\n  Leave these keys "
                f"out. To train the best model of the run as a new run:\n{from_best(self.path, self.invocation)}"
            )
        self.changed = set(matters)
        self._refuse("the run cannot be resumed with another config", matters)
        return listed(changed)

    def check_data(self, fingerprints: Mapping[str, Mapping[str, str]]) -> list[str]:
        """Compares the data files with those of the run to resume.

        Returns:
            Differences to report.

        Raises:
            RunError: a file has changed.
        """
        splits = changed_splits(saved_environment(self.path), fingerprints)
        if not splits:
            return []
        held_out = {"validation", "test"} - set(fingerprints) if "train" in splits else set()
        self.changed_splits = {*splits, *held_out}
        what = f"the files of {' and '.join(f'data.{split}' for split in splits)} have changed since the run began"
        if not self.force:
            raise RunError(
                f"run.dir={self.path}: {what}; resuming would mix two corpora. run.resume=force resumes anyway."
            )
        return [what]

    def check_environment(self, hardware: Mapping[str, Any]) -> list[str]:
        """Compares versions and hardware with those of the run to resume.

        Args:
            hardware: device, precision and threads.

        Returns:
            Differences to report, which may change the last digits.

        Raises:
            RunError: a version, the device or the precision differs, which changes the result.
        """
        matters, small = environment_differences(saved_environment(self.path), hardware)
        self._refuse("the run cannot be resumed with other versions or another precision", matters)
        return listed({**matters, **small})

    def _refuse(self, what: str, differences: Mapping[str, tuple[Any, Any]]) -> None:
        if differences and not self.force:
            lines = "".join(f"\n    {line}" for line in listed(differences))
            raise RunError(f"run.dir={self.path}: {what}:{lines}\n  run.resume=force resumes anyway.")

    def open(
        self,
        *,
        hardware: Mapping[str, Any],
        data: Mapping[str, Mapping[str, str]],
        model: Mapping[str, Any],
        rows: Mapping[str, int] | None = None,
        chosen: Mapping[str, Any] | None = None,
    ) -> None:
        """Writes everything that is known before the first step; the folder must be locked.

        Args:
            hardware: device, precision and threads.
            data: the SHA-256 of the data files, by split.
            model: what the run begins from; a run that resumes keeps what it began from.
            rows: how many each split has; None: this is not written.
            chosen: the values in place of those that the config leaves open, by key; None: this is not written.
        """
        if self.resume:
            model = saved_environment(self.path).get("model", {})
        clear_leftovers(self.path)
        if self._overwrite:
            remove_own(self.path)
        command = self.invocation.command_line(without=("run.resume",))
        if not self.resume or self.force:
            write_text(self.path / "config.yaml", f"# {command}\n{self.invocation.resolved}")
        environment = {
            "command": command,
            "started": datetime.now().astimezone().isoformat(timespec="seconds"),
            **environment_facts(),
            **hardware,
            "data": data,
            **({} if rows is None else {"rows": dict(rows)}),
            **({} if chosen is None else {"chosen": dict(chosen)}),
            "model": model,
        }
        self.write("environment.json", environment)
        self.opened = True

    def write(self, name: str, value: Any) -> None:
        """Writes a JSON file."""
        write_text(self.path / name, dumps(value, indent=2) + "\n")

    @contextmanager
    def predictions(self, split: str) -> Iterator[Any]:
        """Context with a writer of ``predictions/<split>.jsonl``; the file appears when all rows are written."""
        (self.path / "predictions").mkdir(exist_ok=True)
        with json_lines(self.path / "predictions" / f"{split}.jsonl") as write:
            yield write


def _default(run: RunConfig, invocation: Invocation, names: tuple[str, ...]) -> Path:
    if run.dir is not None:
        return expanded(run.dir)
    base = Path("runs") / "-".join([invocation.command, *names, f"{datetime.now():%Y%m%d-%H%M%S}"])
    return free_name(base)
