"""Errors for the user: the terminal shows them as one message, without a traceback."""

import unicodedata
from collections.abc import Sequence
from typing import Any

ANSWER_IS_NO = 3
"""The exit code of a command that worked and whose answer is no: data with errors, a model that is not better."""


class FtkError(Exception):
    """Base class of errors that the user can fix; the text says what is wrong, where, which value, and what to do."""


class ConfigError(FtkError):
    """A key, a value or a combination of them that is invalid."""

    def __init__(self, *faults: str) -> None:
        """
        Args:
            faults: one message per fault; if there are several, each begins with its key: ``task.focal=-1: …``.
        """
        super().__init__("\n".join(faults))
        self.faults = faults


class DataError(FtkError):
    """A file or a row that cannot be used; the text names the file and the line."""

    def __init__(self, text: str, *, findings: Sequence[Any] = ()) -> None:
        """
        Args:
            text: what is wrong.
            findings: the faults as ``ftk.contracts.findings.Finding``, if reading continued to collect them.
        """
        super().__init__(text)
        self.findings = tuple(findings)


class LineError(DataError):
    """A line or record that cannot be read, in a file of which others can."""


class ModelError(FtkError):
    """A model or checkpoint that is missing, invalid or not trusted."""


class RunError(FtkError):
    """A run folder that cannot be used, or a run that cannot continue."""


class Interrupted(BaseException):
    """A signal arrived. It is not an Exception, so that no handler on the way mistakes it for a fault."""

    def __init__(self, signal_number: int, message: str = "") -> None:
        super().__init__(message)
        self.signal_number = signal_number

    @property
    def exit_code(self) -> int:
        """130 for SIGINT, 143 for SIGTERM, as shells expect; 0 for a stop at ``run.stop_after``."""
        return 128 + self.signal_number if self.signal_number else 0


def error_text(error: Exception) -> str:
    """The text of an error; for an error of the system, the file and the reason without the error number."""
    if not isinstance(error, OSError) or error.strerror is None:
        return str(error)
    return f"{error.filename}: {error.strerror}" if error.filename is not None else error.strerror


def first_line(error: BaseException) -> str:
    """The first line of an error's text; its type if it has none."""
    text = str(error).strip()
    return text.splitlines()[0] if text else type(error).__name__


def printable(text: str) -> str:
    """Escapes control characters except line ends and tabs.

    Otherwise the content of a file could move a terminal's cursor or rename its window.
    """
    if text.isprintable():
        return text
    return "".join(
        character
        if character in "\n\t" or unicodedata.category(character) not in ("Cc", "Cs")
        else repr(character)[1:-1]
        for character in text
    )


def numbered(number: int, noun: str, several: str | None = None) -> str:
    """A number with its noun: 1 tensor, 1,024 tensors.

    Args:
        number: how many there are.
        noun: for one of them.
        several: for any other number; None: the noun with an s.
    """
    return f"{number:,} {noun if number == 1 else several or f'{noun}s'}"
