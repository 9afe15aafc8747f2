"""The forms that a tag of a span can have: where the letter of its scheme stands, and what parts it from the type."""

import re
from collections.abc import Callable, Mapping

UNTYPED = "SPAN"
"""The type of spans whose tags are letters alone."""
_MOSTLY = 0.9
"""Share of tags in one form: a mistyped tag is an error to report, and no reason to take another form."""
_BRACKETS = ("()", "[]", "<>", "{}", "''", '""')
_SIGN = r"(?:[^\w\s()\[\]<{}'\"]|_)"
"""A sign between letter and type; brackets enclose one of them."""
_LETTERS = {
    "B": ("beginning", "begins", "begin", "beg", "start"),
    "I": ("inside", "inner", "ins", "in", "intermediate", "continuation", "continue", "cont", "middle", "mid"),
    "E": ("end", "last"),
    "S": ("singleton", "single", "unit", "unary", "whole"),
}
"""Words for the letters of a scheme."""
_LETTER_OF = {word: letter for letter, words in _LETTERS.items() for word in words}
_WORD = f"({'|'.join(sorted(_LETTER_OF, key=len, reverse=True))})"
_LATIN = str.maketrans(
    "\u0412\u0392\uff22\u0406\u0399\uff29\u0415\u0395\uff25\u0405\uff33\u041c\u039c\uff2d", "BBBIIIEEESSMMM"
)
"""Letters of other scripts that look like those of a scheme."""
_Parts = tuple[str, str]
"""The letter and the type of a tag."""


def parts_of(tags: Mapping[str, int], has_outside: bool) -> dict[str, _Parts] | None:
    """Letter and type of the tags in the first form that most of them have; None if there is none.

    Args:
        tags: how often each occurs, without those for O.
        has_outside: whether there are any.
    """
    total = sum(tags.values())
    for form in _FORMS:
        found = {tag: parts for tag in tags if (parts := form(tag)) is not None}
        if found and sum(tags[tag] for tag in found) >= _MOSTLY * total and _is_evident(form, found, tags, has_outside):
            return found
    return None


def usual_parts(tag: str) -> _Parts | None:
    """B-PER, I_PER"""
    return (
        (tag[0], tag[2:]) if len(tag) > 2 and tag[1] in "-_" and tag[0] in "BIESLUMW" and tag[2] not in "-_ " else None
    )


def _separated(tag: str) -> _Parts | None:
    """B:PER, B/PER, B.PER, B--PER, B - PER"""
    match = re.fullmatch(rf"([BIESLUMW])(?:\s*{_SIGN}{{1,3}}\s*|\s+)([^\W_].*)", tag)
    return (match[1], match[2].strip()) if match else None


def _lower(tag: str) -> _Parts | None:
    """b-per, i-per"""
    match = re.fullmatch(r"([bieslumw])[-_:/.](.+)", tag)
    return (match[1].upper(), match[2]) if match else None


def _look_alike(tag: str) -> _Parts | None:
    """B-PER with a letter of another script that looks like a B"""
    return usual_parts(tag[:1].translate(_LATIN) + tag[1:])


def _behind(tag: str) -> _Parts | None:
    """PER-B, PER_I, PER B"""
    match = re.fullmatch(rf"(.*[^\W_])(?:{_SIGN}{{1,2}}|\s+)([BIESLUMW])", tag)
    return (match[2], match[1]) if match else None


def _behind_lower(tag: str) -> _Parts | None:
    """per-b, per_i"""
    match = re.fullmatch(r"(.+)[-_:/.|]([bieslumw])", tag)
    return (match[2].upper(), match[1]) if match else None


def _called(tag: str) -> _Parts | None:
    """B(PER), B[PER]"""
    if len(tag) > 3 and tag[0] in "BIESLUMW" and tag[1] + tag[-1] in _BRACKETS:
        return tag[0], tag[2:-1]
    return None


def _called_behind(tag: str) -> _Parts | None:
    """PER(B), PER[I]"""
    if len(tag) > 3 and tag[-2] in "BIESLUMW" and tag[-3] + tag[-1] in _BRACKETS:
        return tag[-2], tag[:-3]
    return None


def _enclosed(tag: str) -> _Parts | None:
    """[B-PER], (I-PER)"""
    return usual_parts(tag[1:-1]) if len(tag) > 4 and tag[0] + tag[-1] in _BRACKETS else None


def _worded(tag: str) -> _Parts | None:
    """BEGIN_PER, inside-per"""
    match = re.fullmatch(rf"{_WORD}[\W_]{{1,2}}([^\W_].*)", tag, re.IGNORECASE)
    return (_LETTER_OF[match[1].lower()], match[2]) if match else None


def _worded_behind(tag: str) -> _Parts | None:
    """PER-BEG, per_inside"""
    match = re.fullmatch(rf"(.*[^\W_])[\W_]{{1,2}}{_WORD}", tag, re.IGNORECASE)
    return (_LETTER_OF[match[2].lower()], match[1]) if match else None


def _glued(tag: str) -> _Parts | None:
    """BPER, Iper, B1"""
    return (tag[0], tag[1:]) if len(tag) > 1 and tag[0] in "BIESLUMW" and tag[1:].isalnum() else None


def _glued_behind(tag: str) -> _Parts | None:
    """PERB, PERI"""
    return (tag[-1], tag[:-1]) if len(tag) > 1 and tag[-1] in "BIESLUMW" and tag.isalnum() else None


def _letters(tag: str) -> _Parts | None:
    """B, I; B-, I-"""
    letter = tag.rstrip("-_")
    return (letter, UNTYPED) if len(letter) == 1 and letter in "BIESLUMW" else None


def _small_letters(tag: str) -> _Parts | None:
    """b, i"""
    return _letters(tag.upper()) if tag.islower() else None


_FORMS: tuple[Callable[[str], _Parts | None], ...] = (
    usual_parts,
    _separated,
    _lower,
    _look_alike,
    _enclosed,
    _called,
    _called_behind,
    _behind,
    _behind_lower,
    _worded,
    _worded_behind,
    _letters,
    _small_letters,
    _glued,
    _glued_behind,
)


def _is_evident(
    form: Callable[[str], _Parts | None], found: Mapping[str, _Parts], tags: Mapping[str, int], has_outside: bool
) -> bool:
    """Whether so many tags have this form by no accident."""
    if form in (usual_parts, _look_alike):
        return True
    letters = {letter for letter, _ in found.values()}
    if form in (_letters, _small_letters):
        return len(found) == len(tags) and ("B" in letters or ("I" in letters and has_outside))
    by_type: dict[str, set[str]] = {}
    for letter, kind in found.values():
        by_type.setdefault(kind, set()).add(letter)
    in_both = any(len(seen) > 1 for seen in by_type.values())
    begun = any("B" in seen and seen & {"I", "E", "M", "L"} for seen in by_type.values())
    if form in (_glued, _glued_behind):
        return has_outside and len(found) == len(tags) and begun
    if form in (_worded, _worded_behind):
        return len(found) == len(tags) and any({"B", "I"} <= seen for seen in by_type.values())
    if form in (_lower, _behind_lower) and "B" not in letters:
        return in_both  # e-mail and s-bahn may be types
    if not letters & {"B", "I"} and not (letters & {"S", "U"} and len(by_type) > 1):
        return False
    behind = form in (_behind, _behind_lower, _called_behind)
    return in_both or (has_outside and (len(by_type) > 1 or not behind))
