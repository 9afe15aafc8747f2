"""The known word that a misspelt one most likely means."""

import difflib
from collections.abc import Iterable


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
