"""The words of a command on runs: folders, then keys."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from ftk.config.command_line import takes_next
from ftk.errors import RunError
from ftk.system.paths import expanded
from ftk.system.spelling import did_you_mean


@dataclass(frozen=True, slots=True)
class RunWords:
    """The words after the command, taken apart.

    Attributes:
        groups: the paths, in the groups that ``--`` parts; one group without it, which may be empty.
        keys: the overrides and flags, in their order.
    """

    groups: tuple[tuple[Path, ...], ...]
    keys: tuple[str, ...]

    @property
    def paths(self) -> tuple[Path, ...]:
        """The paths of all groups."""
        return tuple(path for group in self.groups for path in group)


def run_words(argv: Sequence[str]) -> RunWords:
    """Tell paths from keys. A word that exists on disk is a path, even with ``=`` in it.

    Args:
        argv: the words after the command.

    Raises:
        RunError: a word is neither a path nor a key.
    """
    groups: list[list[Path]] = [[]]
    keys: list[str] = []
    rest = list(argv)
    while rest:
        word = rest.pop(0)
        if word == "--":
            groups.append([])
        elif word.startswith("-"):
            keys.append(word)
            if takes_next(word, rest[0] if rest else None):
                keys.append(rest.pop(0))
        elif _exists(path := expanded(word)):
            groups[-1].append(path)
        elif "=" in word:
            keys.append(word)
        else:
            raise RunError(f"{word}: there is no such folder or file (resolved to {path.absolute()}).{_near(path)}")
    return RunWords(tuple(map(tuple, groups)), tuple(keys))


def _exists(path: Path) -> bool:
    try:
        return path.exists()
    except OSError:  # a long value of a key is no name of a file
        return False


def _near(path: Path) -> str:
    try:
        return did_you_mean(path.name, sorted(other.name for other in path.parent.iterdir()))
    except OSError:
        return ""
