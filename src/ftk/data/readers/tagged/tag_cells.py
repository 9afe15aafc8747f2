"""Tags that are not a cell of their own: an attribute among others in a cell, or a letter and a type in two cells."""

import re
from collections.abc import Mapping, Sequence

from ftk.data.rows.tags.tag_columns import evidence_of
from ftk.data.rows.tags.tag_spelling import OUTSIDE, is_outside_word

_ATTRIBUTE = re.compile(r"(?:^|\|)([^|=]+)=([^|]*)")
_NAMES = frozenset({"ner", "name", "ne", "nertag", "entity", "namedentity", "iob", "bio", "iob2"})
"""What the attribute of a tag is called, in small letters."""
_LETTERS = re.compile(r"[BIESLUMW]")


def attribute_in(cell: str, name: str) -> str:
    """The value of an attribute of a cell such as ``SpaceAfter=No|ner=B-PER``; O if the cell does not have it."""
    return next((value.strip() for key, value in _ATTRIBUTE.findall(cell) if key == name), OUTSIDE)


def attributes_of(cells: Sequence[str]) -> list[str]:
    """The names of the attributes that some of the cells have."""
    return list(dict.fromkeys(key for cell in cells if "=" in cell for key, _ in _ATTRIBUTE.findall(cell)))


def attribute_of_tags(cells: Sequence[str]) -> str | None:
    """The name of the attribute that has the tags of spans; None if there is none."""
    return next((name for name in _named(cells) if _marks_spans([attribute_in(cell, name) for cell in cells])), None)


def attribute_of_brackets(cells: Sequence[str]) -> str | None:
    """The name of the attribute that marks entities by brackets, as in ``Entity=(1-person``; None if there is none."""
    for name in _named(cells):
        values = [value for cell in cells if (value := attribute_in(cell, name)) != OUTSIDE]
        if values and all(value.startswith("(") or value.endswith(")") for value in values):
            return name
    return None


def column_of_types(tags: Sequence[str], others: Mapping[int, Sequence[str]]) -> int | None:
    """The column of the types of spans whose tags are letters alone, as in ``B<tab>person``; None if there is none.

    It has a name for each token with a letter, and nothing, or a sign for nothing, for each other one.

    Args:
        tags: of all tokens.
        others: the columns that may be meant, by their numbers.
    """
    inside = [_LETTERS.fullmatch(tag) is not None for tag in tags]
    if len(set(inside)) < 2 or not all(
        is_in or tag == OUTSIDE or is_outside_word(tag) for is_in, tag in zip(inside, tags, strict=True)
    ):
        return None
    found = [
        number
        for number, values in others.items()
        if all(is_in != _is_nothing(value) for is_in, value in zip(inside, values, strict=True))
    ]
    return found[0] if len(found) == 1 else None


def joined_tag(letter: str, kind: str) -> str:
    """The tag of a letter and a type: B-person; the letter alone where there is no type."""
    return f"{letter}-{kind}" if _LETTERS.fullmatch(letter) and not _is_nothing(kind) else letter


def _named(cells: Sequence[str]) -> list[str]:
    """The attributes that are called as those of tags are."""
    return [name for name in attributes_of(cells) if name.casefold() in _NAMES]


def _marks_spans(values: Sequence[str]) -> bool:
    evidence = evidence_of(values)
    return evidence.lettered and evidence.spans > 0


def _is_nothing(value: str) -> bool:
    return not value or value == OUTSIDE or is_outside_word(value)
