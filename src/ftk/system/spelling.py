"""Spellings: suggestions for misspelt words, and names without what may differ between two spellings of one."""

import difflib
from collections.abc import Iterable


def did_you_mean(word: str, known: Iterable[str]) -> str:
    """``" Did you mean '…'?"`` with the most similar known word, or an empty text if none is similar."""
    near = near_word(word, known)
    return f" Did you mean '{near}'?" if near is not None else ""


def near_word(word: str, known: Iterable[str]) -> str | None:
    """The known word that is most similar to ``word``, or None."""
    known = list(known)
    near = difflib.get_close_matches(word, known, n=1, cutoff=0.6)
    if not near:
        # Compare the last parts of keys as well: `optimizer.lrr`, or `lr` where the key is `optimizer.lr`.
        tail = {key.rsplit(".", 1)[-1]: key for key in reversed(known)}
        near = [tail[name] for name in difflib.get_close_matches(word.rsplit(".", 1)[-1], list(tail), n=1, cutoff=0.7)]
    return near[0] if near else None


def folded(name: str) -> str:
    """A name in small letters, without blanks around it; Turkish İ and ı are the letter i, as in SENTİMENT and ıd."""
    return name.strip().casefold().replace("i\u0307", "i").replace("ı", "i")
