"""Characters that texts are better without: what wrong encodings, other programs and disguises leave."""

from __future__ import annotations

import re
import unicodedata

from ftk.checking.looking.row_texts import Part
from ftk.contracts import finding_kinds as kinds
from ftk.contracts.notes import Notes

_CONTROL = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f]")
# Thai, Lao, Tibetan, Burmese and Khmer part words by a space of no width; Arabic and Indic scripts need joiners.
_UNSPACED = "\u0e00-\u0fff\u1000-\u109f\u1780-\u17ff"
_LATIN = "A-Za-z0-9\u00c0-\u024f"
_INVISIBLE = re.compile(
    "[\u00ad\u034f\u115f\u1160\u17b4\u17b5\u180e\u2060-\u2064\u3164\ufeff\uffa0\U000e0001]"
    f"|(?<![{_UNSPACED}])\u200b(?![{_UNSPACED}])"
    f"|(?<=[{_LATIN}])[\u200c\u200d]|[\u200c\u200d](?=[{_LATIN}])"
)
_LOST = re.compile("\ufffd")
_PRIVATE = re.compile("[\ud800-\udfff\ue000-\uf8ff\ufdd0-\ufdef\ufffe\uffff\U000f0000-\U0010ffff]")

_QUOTES = "\u00bb\u2013\u2014\u2018\u2019\u201c\u201d\u2026\u203a"
"""Signs that follow a word in good texts."""
# The bytes 80 to BF, as Windows-1252 or Latin-1 shows them.
_NEXT = (
    "[\u0080-\u00bf\u0152\u0153\u0160\u0161\u0178\u017d\u017e\u0192\u02c6\u02dc\u2013\u2014\u2018-\u201a"
    "\u201c-\u201e\u2020-\u2022\u2026\u2030\u2039\u203a\u20ac\u2122]"
)
_MOJIBAKE = re.compile(f"[ÂÃÄÅ]{_NEXT}|(?:[ÐÑÎÏ]{_NEXT}){{2,}}|[â-éï]{_NEXT}{{2}}|ð{_NEXT}{{3}}")
"""UTF-8 in another encoding. Signs of two bytes begin with one of few letters: others stand before quotation marks."""

_DIRECTION = re.compile("[\u200e\u200f\u061c\u202a-\u202e\u2066-\u2069]")
_OVERRIDE = re.compile("[\u202d\u202e]")
_RIGHT_TO_LEFT = re.compile("[\u0590-\u08ff\ufb1d-\ufdff\ufe70-\ufefc]")
_OPENING, _CLOSING = re.compile("[\u202a\u202b\u202d\u202e\u2066-\u2068]"), re.compile("[\u202c\u2069]")

_LOOKALIKES = "аеіјорсухѕһԁԛԝАВЕЗІЈКМНОРСТУХЅΑΒΕΖΗΙΚΜΝΟΡΤΥΧο"
"""Cyrillic and Greek letters that look like Latin ones. Greek small letters stand in names of substances on purpose."""
_LATIN_LOOKALIKES = frozenset("aeijopcxysABEKMHOPCTXIJS")
_MEETING = re.compile("[A-Za-z](?=[\u0370-\u03ff\u0400-\u052f])|[\u0370-\u03ff\u0400-\u052f](?=[A-Za-z])")
_WORD = re.compile(r"\w+")
_ACCENTED = re.compile(".[\u0300-\u036f\u3099\u309a]")


def note_characters(part: Part, notes: Notes) -> None:
    """Report the rows of a part that have odd characters."""
    part.search(kinds.CONTROL_CHARACTER, _CONTROL, notes)
    if part.joined.isascii():
        return
    part.search(kinds.INVISIBLE_CHARACTER, _INVISIBLE, notes)
    part.search(kinds.LOST_CHARACTER, _LOST, notes)
    part.search(kinds.PRIVATE_CHARACTER, _PRIVATE, notes)
    part.search(kinds.MOJIBAKE, _MOJIBAKE, notes, _mojibake)
    part.search(kinds.DIRECTION_MARK, _DIRECTION, notes, _misdirected)
    part.search(kinds.MIXED_SCRIPTS, _MEETING, notes, _disguised)
    part.search(kinds.APART_ACCENTS, _ACCENTED, notes, _apart)


def _mojibake(text: str) -> tuple[int, int] | None:
    for match in _MOJIBAKE.finditer(text):
        begin, end = match.span()
        quoted = (
            match[0][1] in _QUOTES
            and not text[max(0, begin - 1) : begin].islower()
            and not text[end : end + 1].isalpha()
        )
        if not (quoted and end - begin == 2) and _decoded(match[0]) is not None:
            return begin, end
    return None


def _decoded(text: str) -> str | None:
    """What characters are if they are the bytes of UTF-8, shown by Windows-1252 or Latin-1; None if they are not."""
    try:
        content = b"".join(one.encode("latin-1" if ord(one) < 0x100 else "cp1252") for one in text)
        return content.decode("utf-8")
    except UnicodeError:
        return None


def _misdirected(text: str) -> tuple[int, int] | None:
    """Marks of direction that turn letters around, that nothing needs, or that are not ended."""
    odd = _OVERRIDE.search(text)
    if odd is None and _RIGHT_TO_LEFT.search(text) is None:
        odd = _DIRECTION.search(text)
    if odd is None:
        opening = list(_OPENING.finditer(text))
        if len(opening) != len(_CLOSING.findall(text)):
            odd = opening[-1] if opening else _CLOSING.search(text)
    return None if odd is None else odd.span()


def _disguised(text: str) -> tuple[int, int] | None:
    """A word of one alphabet, with letters of another one that look like its own."""
    for match in _MEETING.finditer(text):
        word = next(word for word in _WORD.finditer(text, max(0, match.start() - 40)) if word.end() > match.start())
        letters = [letter for letter in word[0] if letter.isalpha()]
        latin = [letter for letter in letters if letter.isascii()]
        others = [letter for letter in letters if not letter.isascii()]
        if all(letter in _LOOKALIKES for letter in others) or (
            len(others) > len(latin) and all(letter in _LATIN_LOOKALIKES for letter in latin)
        ):
            return word.span()
    return None


def _apart(text: str) -> tuple[int, int] | None:
    """An accent that would be one character with its letter."""
    for match in _ACCENTED.finditer(text):
        if len(unicodedata.normalize("NFC", match[0])) < len(match[0]):
            return match.span()
    return None
