"""Reports tokens that are no words as texts have them: sub-words of a tokenizer, or characters with a number."""

import re
from collections.abc import Sequence

from ftk.contracts import finding_kinds as kinds
from ftk.contracts.notes import Notes

_LOOKED_AT = 5000
"""Tokens that are looked at."""
_MANY = 20
"""Tokens from which a share is no accident."""
_CONTINUED = 0.03
"""Share of tokens that continue a word, in a text of sub-words."""
_MARKED = 0.3
"""Share of tokens that begin or end a word, in a text of sub-words that marks these."""
_MOSTLY = 0.9
_CONTINUES = re.compile(r"##\w+|\w+@@")
_MARKS_WORDS = re.compile(r"[\u2581\u0120].+|.+</w>")
_NUMBERED = re.compile(r"[\u3400-\u9fff]\d")


def note_odd_tokens(rows: Sequence[tuple[str, Sequence[str]]], notes: Notes) -> None:
    """Report empty tokens of a split, and from its first tokens whether they are words.

    Args:
        rows: the place and the tokens of each.
        notes: collects the finding.
    """
    for place, tokens in rows:
        if not all(map(str.strip, tokens)):
            number = sum(not token.strip() for token in tokens)
            notes.add(kinds.ODD_TOKENS, place, policy="empty", number=number)
    seen: list[str] = []
    for _, tokens in rows:
        seen += tokens
        if len(seen) >= _LOOKED_AT:
            break
    if len(seen) < _MANY:
        return
    for policy, pattern, share in (
        ("subwords", _CONTINUES, _CONTINUED),
        ("subwords", _MARKS_WORDS, _MARKED),
        ("numbered", _NUMBERED, _MOSTLY),
    ):
        found = [token for token in seen if pattern.fullmatch(token)]
        if len(found) >= share * len(seen):
            place = next(place for place, tokens in rows if any(token == found[0] for token in tokens))
            notes.add(kinds.ODD_TOKENS, f"{place}: {found[0]!r}", policy=policy, number=len(found))
            return
