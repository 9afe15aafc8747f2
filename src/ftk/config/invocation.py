"""What a job knows about the command line that started it, and how it ended."""

from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from ftk.config.spelling.writing import command


@dataclass(frozen=True, kw_only=True)
class Invocation:
    """The command line of one job."""

    command: str
    argv: tuple[str, ...]
    """Everything after the command word."""
    flags: tuple[str, ...]
    """Hydra's flags in it, each as one word."""
    overrides: tuple[str, ...]
    """The overrides of this job."""
    swept: tuple[str, ...]
    """The overrides that differ between the jobs of a sweep; empty for a single run."""
    choices: dict[str, str]
    """The option chosen in each group: {"task": "ner", "model": "minilm"}."""
    own_choices: frozenset[str]
    """The groups whose option is one of the user's own files."""
    resolved: str
    """The composed config as YAML. Interpolations are resolved, those of environment variables too."""
    sweep_job: int | None
    """The number of this job in its sweep, counted from 0; None for a single run."""
    sweep_dir: Path | None
    """The folder that holds the folders of all jobs of the sweep; None for a single run."""

    def command_line(self, *, without: tuple[str, ...] = (), extra: tuple[str, ...] = ()) -> str:
        """The command that repeats this job, quoted for a shell.

        Args:
            without: keys to leave out.
            extra: words to add at the end, as ftk reads them.
        """
        keep = [word for word in self._words() if key_of(word) not in without]
        return command(["ftk", self.command, *keep, *extra])

    def sweep_line(self, *words: str) -> str:
        """The command of the whole sweep with other settings of its folder, quoted for a shell."""
        without = {"run.overwrite", "run.dir", "sweep.dir", *map(key_of, words)}
        keep = [word for word in self.argv if key_of(word) not in without]
        return command(["ftk", self.command, *keep, *words])

    def sets(self, key: str) -> bool:
        """Whether the command line gives this key a value."""
        return any(key_of(word) == key for word in self._words())

    def names(self, section: str) -> frozenset[str] | None:
        """The keys of a section that the command line sets; None if the section is one of the user's own files.

        None means that all keys of the section count as set by the user.
        """
        if section in self.own_choices:
            return None
        keys = (key_of(word).split(".") for word in self.overrides)
        return frozenset(key[1] for key in keys if key[0] == section and len(key) > 1)

    def _words(self) -> list[str]:
        if self.sweep_job is None:
            return list(self.argv)
        # The job is repeated alone, so what names or runs the whole sweep is left out.
        flags = [word for word in self.flags if word != "--multirun"]
        return [*flags, *(word for word in self.overrides if not of_sweep(key_of(word)))]


@dataclass(kw_only=True)
class Outcome:
    """How a job ended."""

    invocation: Invocation
    metrics: dict[str, Any] = field(default_factory=dict)
    error: Exception | None = None
    stopped: bool = False
    """Whether it stopped at ``run.stop_after``, to go on later."""


def of_sweep(key: str) -> bool:
    """Whether a key of a sweep is about the sweep as a whole and not about its jobs."""
    return key == "run.dir" or key.startswith("sweep.")


def key_of(word: str) -> str:
    """The key that an override sets: ``optimizer.lr`` for ``+optimizer.lr=1``."""
    return word.lstrip("+").partition("=")[0]
