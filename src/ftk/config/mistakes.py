"""What a mistake in a config is, how it is shown, and the nearest thing that exists."""

import difflib
import shutil
import sys
import textwrap
from collections.abc import Iterable
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


def nearest(word: str, known: Iterable[str]) -> str:
    """' Did you mean ...?' with the nearest known word, or nothing."""
    near = near_word(word, known)
    return f" Did you mean '{near}'?" if near is not None else ""


def near_word(word: str, known: Iterable[str]) -> str | None:
    """The known word that was most likely meant."""
    known = list(known)
    near = difflib.get_close_matches(word, known, n=1, cutoff=0.6)
    if not near:
        # optimizer.lrr: the last part alone is often what was meant; so is lr, where optimizer.lr is the key
        tail = {key.rsplit(".", 1)[-1]: key for key in reversed(known)}
        near = [tail[name] for name in difflib.get_close_matches(word.rsplit(".", 1)[-1], list(tail), n=1, cutoff=0.7)]
    return near[0] if near else None
