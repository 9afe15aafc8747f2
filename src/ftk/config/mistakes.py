"""Mistakes in a config, and the message that lists them."""

import shutil
import sys
import textwrap
from collections.abc import Sequence
from dataclasses import dataclass

from ftk.errors import ConfigError


@dataclass(frozen=True, slots=True)
class Mistake:
    """One thing that cannot work: what the user wrote, and what to do about it."""

    what: str
    advice: str

    @classmethod
    def of(cls, fault: str) -> "Mistake":
        """The mistake in an error of the form ``key=value: what is wrong``; the value may be a mapping."""
        end = _end_of_value(fault)
        what, advice = fault[:end], fault[end + 2 :]
        return cls(what, advice[:1].upper() + advice[1:]) if advice else cls(what, what[:1].upper() + what[1:])


def _end_of_value(fault: str) -> int:
    """Where the first colon and space outside of brackets are; where the first ones are, if brackets do not match."""
    depth = 0
    for at, char in enumerate(fault):
        depth += (char in "{[") - (char in "}]")
        if not depth and fault.startswith(": ", at):
            return at
    end = fault.find(": ")
    return len(fault) if end < 0 or not depth else end


class ConfigMistakes(ConfigError):
    """A config that cannot work; the message lists all of its mistakes."""

    def __init__(self, mistakes: Sequence[Mistake]) -> None:
        super().__init__(render(list(mistakes)))
        self.mistakes = tuple(mistakes)


def render(mistakes: list[Mistake]) -> str:
    """One message for all mistakes, wrapped to the width of a terminal if standard error is one."""
    count = "1 mistake" if len(mistakes) == 1 else f"{len(mistakes)} mistakes"
    lines = [f"{count} in the configuration; nothing was run."]
    width = max(40, shutil.get_terminal_size().columns) if sys.stderr.isatty() else sys.maxsize
    for mistake in mistakes:
        lines += ["", f"  {mistake.what}"]
        for line in mistake.advice.splitlines():
            lines += textwrap.wrap(
                line,
                width,
                initial_indent="      ",
                subsequent_indent="      ",
                break_long_words=False,
                break_on_hyphens=False,
            )
    return "\n".join(lines)
