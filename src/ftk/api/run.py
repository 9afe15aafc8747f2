"""``ftk.open_run``: the content of a run folder, read without torch."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import ftk
from ftk.api.results import Metrics, Records
from ftk.api.sources import SPLITS
from ftk.config.safe_yaml import load_yaml
from ftk.config.spelling.writing import words_of
from ftk.errors import RunError
from ftk.system.paths import expanded

if TYPE_CHECKING:
    from ftk.api.model import Model


def open_run(path: str | Path) -> Run:
    """A run that was finished or stopped, by any ftk command or from Python.

    Args:
        path: the run folder, as ``runs/<run>``.

    Raises:
        RunError: there is no run in the folder.
    """
    folder = expanded(path)
    if not (folder / "config.yaml").is_file():
        where = "it has no config.yaml" if folder.is_dir() else f"there is no such folder, {folder.absolute()}"
        raise RunError(f"{folder}: this is not a run folder of ftk; {where}.")
    return Run(folder)


class Run:
    """A run folder. Each property reads its file anew, so a run in progress shows what it has so far.

    Attributes:
        path: the folder.
    """

    def __init__(self, path: Path) -> None:
        self.path = path

    @property
    def best(self) -> Path:
        """The folder of the model with the best validation score, for ``ftk.load``."""
        return self.path / "best"

    @property
    def last(self) -> Path:
        """The folder of the model and the training state that a resumed run starts from."""
        return self.path / "last"

    @property
    def finished(self) -> bool:
        """Whether the run is finished; if not, ``resume`` continues it."""
        return (self.path / "metrics.json").is_file()

    @property
    def metrics(self) -> Metrics:
        """The metrics of the best model by split, each as ``Metrics``; empty for a run that was stopped.

        Raises:
            RunError: the file cannot be read.
        """
        found = self._json("metrics.json") if self.finished else {}
        splits = {name: Metrics(found[name]) for name in SPLITS if isinstance(found.get(name), dict)}
        return Metrics({**found, **splits}, self.findings)

    @property
    def history(self) -> Records:
        """The losses of training and the scores of each validation so far: the lines of ``metrics.jsonl``.

        Raises:
            RunError: the file cannot be read.
        """
        return Records(list(self._lines("metrics.jsonl")))

    @property
    def findings(self) -> list[dict[str, Any]]:
        """What ftk noticed in the data, counted by kind, each with its sentence as ``text``.

        Raises:
            RunError: the file cannot be read.
        """
        return list(self._lines("findings.jsonl"))

    @property
    def config(self) -> dict[str, Any]:
        """The composed config of the run, every key with its value.

        Raises:
            RunError: the file cannot be read.
        """
        config = load_yaml(self.path / "config.yaml")
        if not isinstance(config, dict):
            raise RunError(f"{self.path / 'config.yaml'}: this cannot be read as ftk wrote it (it is no mapping).")
        return config

    @property
    def command(self) -> str:
        """The command line that repeats the run.

        Raises:
            RunError: the file cannot be read.
        """
        return str(self.environment.get("command", ""))

    @property
    def environment(self) -> dict[str, Any]:
        """Versions, hardware, and the SHA-256 of every data file.

        Raises:
            RunError: the file cannot be read.
        """
        return self._json("environment.json")

    @property
    def log(self) -> str:
        """What the run printed, or would have printed; empty if it wrote nothing yet.

        Raises:
            RunError: the file cannot be read.
        """
        return self._text("log.txt") if (self.path / "log.txt").is_file() else ""

    def predictions(self, split: str = "test") -> Records:
        """The predictions of the best model for the rows of a split.

        Args:
            split: ``validation`` or ``test``.

        Raises:
            RunError: the run has no predictions for it.
        """
        folder = self.path / "predictions"
        there = sorted(path.stem for path in folder.glob("*.jsonl"))
        if split not in there:
            others = f"there are those of {', '.join(there)}" if there else "it has not written any"
            raise RunError(f"{self.path}: the run has no predictions for '{split}'; {others}.")
        return Records(list(self._lines(f"predictions/{split}.jsonl")))

    def load(self, *overrides: str, **options: Any) -> Model:
        """The best model of the run, ready to predict.

        Args:
            overrides: see ``ftk.load``.
            options: those of ``ftk.load``.

        Raises:
            ConfigError: the run has not saved a best model yet, or an override has a mistake.
        """
        return ftk.load(self.best, *overrides, **options)

    def resume(self, *overrides: str, verbose: bool = False) -> Run:
        """Continue a stopped run; it ends with the same bytes as an uninterrupted one.

        Args:
            overrides: further overrides, such as ``"run.resume=force"``, or ``"train.epochs=5"`` with it.
            verbose: print what the command would print.

        Returns:
            This run, once it is finished.

        Raises:
            RunError: there is no saved state, or config, data or versions differ from those of the run.
            Stopped: the run was interrupted again.
        """
        from ftk.config.command_line import CommandLine, override_words
        from ftk.config.invocation import key_of

        words = words_of(self.command)
        if len(words) < 2 or words[0] != "ftk" or words[1] not in ("pretrain", "finetune"):
            raise RunError(f"{self.path}: only trainings are resumed; this run is of '{self.command}'.")
        given = {key_of(word) for word in overrides}
        own = {"run.dir", "run.resume", "run.overwrite", "run.stop_after", "run.verify_resume"}
        line = CommandLine.parse(words[2:])
        kept = [word for word in line.words if key_of(word) not in given | own]
        ours = override_words({"run.dir": self.path, "run.resume": True})
        ours = [word for word in ours if key_of(word) not in given]
        train = ftk.pretrain if words[1] == "pretrain" else ftk.train
        return train(*kept, *ours, *overrides, config_dir=line.config_dir, verbose=verbose)

    def __repr__(self) -> str:
        return f"<ftk.Run {self.path}: {'finished' if self.finished else 'not finished'}>"

    def _repr_html_(self) -> str:
        import html

        return f"<p><code>{html.escape(repr(self))}</code></p>{self.metrics._repr_html_()}"

    def _repr_markdown_(self) -> str:
        return f"`{self!r}`\n\n{self.metrics._repr_markdown_()}"

    def _text(self, name: str) -> str:
        path = self.path / name
        try:
            return path.read_text(encoding="utf-8")
        except (OSError, ValueError) as error:
            raise RunError(f"{path}: this cannot be read as ftk wrote it ({error}).") from error

    def _json(self, name: str) -> dict[str, Any]:
        values = _parsed(self.path / name, self._text(name))
        if not isinstance(values, dict):
            raise RunError(f"{self.path / name}: this cannot be read as ftk wrote it (it is no mapping).")
        return values

    def _lines(self, name: str) -> Iterator[dict[str, Any]]:
        if not (self.path / name).is_file():
            return
        lines = self._text(name).split("\n")
        for number, line in enumerate(lines, start=1):
            if line and number < len(lines):  # a run that was killed while it wrote leaves a line without its end
                yield _parsed(self.path / name, line)


class Stopped(KeyboardInterrupt):
    """A signal stopped a training, after its state was saved. The text says how to resume.

    Attributes:
        path: the run folder.
    """

    def __init__(self, message: str, path: Path) -> None:
        super().__init__(message)
        self.path = path

    @property
    def run(self) -> Run:
        """The run as it was saved; ``run.resume()`` continues it.

        Raises:
            RunError: it was stopped before it wrote anything.
        """
        return open_run(self.path)


def _parsed(path: Path, text: str) -> Any:
    try:
        return json.loads(text)
    except (ValueError, RecursionError) as error:
        raise RunError(f"{path}: this cannot be read as ftk wrote it ({error}).") from error
