"""What a mistake in a config is, how it is shown, and the nearest thing that exists."""

import shutil
import sys
import textwrap
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Mistake:
    """One thing that cannot work: what the user wrote, and what to do about it."""

    what: str
    advice: str


def render(mistakes: list[Mistake]) -> str:
    """One message for all mistakes; on a terminal its lines are no longer than that is wide."""
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
