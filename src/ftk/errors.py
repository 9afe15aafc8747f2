"""Errors that are meant for users: the terminal shows them as one message, without a traceback."""

import unicodedata
from collections.abc import Sequence
from typing import Any


class FtkError(Exception):
    """A user's error: its text says what is wrong, where, which value, and what to do."""


class ConfigError(FtkError):
    """Values, keys or combinations of them that cannot work."""

    def __init__(self, *faults: str) -> None:
        """
        Args:
            faults: what is wrong; where there are several, each begins with its key: ``task.focal=-1: …``.
        """
        super().__init__("\n".join(faults))
        self.faults = faults


class DataError(FtkError):
    """A file or a row that cannot be used; the text names file and line."""

    def __init__(self, text: str, *, findings: Sequence[Any] = ()) -> None:
        """
        Args:
            text: what is wrong.
            findings: the same as ``ftk.contracts.findings.Finding``, where reading went on to collect them.
        """
        super().__init__(text)
        self.findings = tuple(findings)


class ModelError(FtkError):
    """A model or a checkpoint that cannot be found, or cannot be trusted."""


class RunError(FtkError):
    """A run folder that cannot be used, or a run that cannot go on."""


class Interrupted(BaseException):
    """A signal arrived. It is not an Exception, so no handler on the way takes it for an error."""

    def __init__(self, signal_number: int, message: str = "") -> None:
        super().__init__(message)
        self.signal_number = signal_number

    @property
    def exit_code(self) -> int:
        """130 for SIGINT, 143 for SIGTERM: what a shell expects; 0 if the run was started with that stop."""
        return 128 + self.signal_number if self.signal_number else 0


def first_line(error: BaseException) -> str:
    """The first line of an error's text that is not blank; the name of its class if there is none.

    Libraries write whole pages into their errors.
    """
    return next((line for line in map(str.strip, str(error).splitlines()) if line), type(error).__name__)


def in_words(error: Exception) -> str:
    """The text of an error; an error of the system has the file first, and no number."""
    if not isinstance(error, OSError) or error.strerror is None:
        return str(error)
    return f"{error.filename}: {error.strerror}" if error.filename is not None else error.strerror


def printable(text: str) -> str:
    """A text whose control characters, other than line ends and tabs, are escaped.

    So what stands in a file cannot move the cursor of a terminal, or name its window.
    """
    if text.isprintable():
        return text
    return "".join(
        character
        if character in "\n\t" or unicodedata.category(character) not in ("Cc", "Cs")
        else repr(character)[1:-1]
        for character in text
    )
