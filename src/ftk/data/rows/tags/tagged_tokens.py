"""The tokens of a row and the tag of each, however the two columns spell them."""

import re
from collections.abc import Sequence
from typing import Any

from ftk.contracts import finding_kinds as kinds
from ftk.contracts.row import Row
from ftk.data.rows.cells import RowFault, checked_strings, items_of
from ftk.data.rows.label_names import IGNORED, NO_CLASS, is_number, tag_names

_SIGNS = ",;|"
_MISSING = frozenset({"nan", "NaN", "<NA>", "NaT", "#N/A", "\\N"})
"""What programs write for a missing value."""
_TAG = re.compile(r"O|[BIESLUMW]-\S+")


def tokens_and_tags(
    row: Row, tokens_at: str, tags_at: str, names: Sequence[str] | None
) -> tuple[list[str], list[str], str | None]:
    """The tokens, their tags, and the sign between the tags if it is no white space.

    A text of tags is split at a comma, a semicolon or a bar if there are then as many tags as tokens.

    Args:
        row: any row.
        tokens_at: the column of tokens.
        tags_at: the column of tags.
        names: of tags that are numbers, counted from 0; None if rows have the names.

    Raises:
        RowFault: a column cannot be read; the number of tags is not checked.
    """
    tokens = checked_strings(row, "tokens", items_of(row, tokens_at, "tokens"))
    tags: Sequence[Any] = items_of(row, tags_at, "tags")
    sign = None
    spelled = row.values[tags_at]
    if isinstance(spelled, str) and tags == spelled.split():
        tokens, tags, sign = _parted(row.values[tokens_at], tokens, spelled, tags)
    for mark in (IGNORED, int(IGNORED)):
        if mark in tags:
            place = f"{row.where_token(tags.index(mark))}: {mark!r}"
            raise RowFault(kinds.IGNORED_TAG, place, tag=IGNORED)
    named = checked_strings(row, "tags", tag_names(tags, row, names))
    missing = _MISSING if NO_CLASS not in named or all(map(is_number, named)) else _MISSING | {NO_CLASS}
    if not missing.isdisjoint(named):
        number, tag = next((number, tag) for number, tag in enumerate(named) if tag in missing)
        raise RowFault(kinds.MISSING_TAG, row.where_token(number), tag=tag)
    return tokens, named, sign


def _parted(
    of_tokens: Any, tokens: list[str], of_tags: str, tags: Sequence[str]
) -> tuple[list[str], Sequence[str], str | None]:
    """Tokens and tags, split at the sign that makes as many tags as there are tokens."""
    for sign in _SIGNS:
        parts = _split(of_tags, sign)
        if len(parts) < 2:
            continue
        if len(parts) == len(tokens):
            return tokens, parts, sign
        if len(tokens) == 1 and isinstance(of_tokens, str) and len(split := _split(of_tokens, sign)) == len(parts):
            return split, parts, sign
        if len(tags) == 1 and len(tokens) == 1 and all(_TAG.fullmatch(part) for part in parts):
            return tokens, parts, sign  # one token with several tags: the numbers are compared by the caller
    return tokens, tags, None


def _split(text: str, sign: str) -> list[str]:
    """The parts of a text; none if a part is empty or has white space in it."""
    parts = [part.strip() for part in text.strip().removesuffix(sign).split(sign)]
    return parts if all(part and not part.split()[1:] for part in parts) else []
