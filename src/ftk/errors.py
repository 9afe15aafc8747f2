"""The errors that are meant for people: they reach the terminal as one message, without a traceback."""

import unicodedata


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


class ModelError(FtkError):
    """A model or a checkpoint that cannot be found, or cannot be trusted."""


class RunError(FtkError):
    """A run folder that cannot be used, or a run that cannot go on."""


class Interrupted(BaseException):
    """A signal arrived; not an Exception, so that no handler on the way takes it for a fault."""

    def __init__(self, signal_number: int, message: str = "") -> None:
        super().__init__(message)
        self.signal_number = signal_number

    @property
    def exit_code(self) -> int:
        """130 for SIGINT, 143 for SIGTERM: what a shell expects; 0 where the run was told to stop there."""
        return 128 + self.signal_number if self.signal_number else 0


def in_words(error: Exception) -> str:
    """An error in words; the system's with the file first, and without its number."""
    if not isinstance(error, OSError) or error.strerror is None:
        return str(error)
    return f"{error.filename}: {error.strerror}" if error.filename is not None else error.strerror


def printable(text: str) -> str:
    """A text without control characters other than line ends and tabs: what stands in a file cannot move a terminal's
    cursor, or name its window."""
    if text.isprintable():
        return text
    return "".join(
        character
        if character in "\n\t" or unicodedata.category(character) not in ("Cc", "Cs")
        else repr(character)[1:-1]
        for character in text
    )
