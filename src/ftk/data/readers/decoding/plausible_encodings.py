"""The encodings in which bytes that are not UTF-8 look like text, with what they would say."""

import codecs
import unicodedata
from typing import NamedTuple

from ftk.data.readers.decoding.encodings import example_in, is_utf8

_TRIED = (
    "cp1252", "mac-roman", "cp850", "cp1250", "iso-8859-2", "cp1251", "koi8-r", "cp866", "cp1253", "cp1254", "cp1255",
    "cp1256", "gb18030", "big5", "shift_jis", "euc-jp", "euc-kr",
)  # fmt: skip
_IN_WORDS = "’‘·\xad–—…“”«»\xa0"
"""Signs that can stand between two letters."""
_NEAR, _FAIR = 0.1, 0.6
_MOST = 4


class Reading(NamedTuple):
    """What bytes say in an encoding: its name, how much of it looks like text (0 to 1), and a word of it."""

    encoding: str
    share: float
    example: str


def plausible(sample: bytes) -> list[Reading]:
    """The encodings in which a sample looks like text, the likeliest first; of equal readings the first one tried.

    Args:
        sample: lines of a file; the last one may be cut.
    """
    found: dict[str, Reading] = {}
    for encoding in _TRIED:
        reading = reading_of(sample, encoding)
        if reading is not None and reading.share >= _FAIR:
            found.setdefault(reading.example, reading)
    ranked = sorted(found.values(), key=lambda reading: -reading.share)
    return [reading for reading in ranked if reading.share >= ranked[0].share - _NEAR][:_MOST]


def way_out(sample: bytes, number: int, *, mixed: bool = False) -> str:
    """What to do about a line in another encoding: which encodings read it how, or that no single one reads all lines.

    Args:
        sample: lines of the file from this one on; the last one may be cut.
        number: of the line.
        mixed: whether lines before it are UTF-8.
    """
    lines = sample.split(b"\n")
    utf8 = next((at for at, line in enumerate(lines[:-1], start=number) if not line.isascii() and is_utf8(line)), None)
    if mixed or utf8 is not None:
        where = "lines before it are" if mixed else f"line {utf8} is"
        return (
            f"But {where} UTF-8: no single encoding fits this file, or its line {number} is damaged. Convert the file "
            "to one encoding."
        )
    found = plausible(sample)
    if not found:
        return f"No usual encoding makes a text of it. If it has one, data.encoding names it; {len(_TRIED)} were tried."
    shown = ", ".join(f"data.encoding={one.encoding} reads {one.example!r}" for one in found)
    return f"Set data.encoding to the one that reads it right: {shown}."


def reading_of(sample: bytes, encoding: str) -> Reading | None:
    """What a sample says in an encoding; None if it is not in this encoding, or has control characters."""
    try:
        text = codecs.getincrementaldecoder(encoding)().decode(sample)
    except (UnicodeDecodeError, LookupError):
        return None
    if not text:  # one byte may be the first half of a character
        return None
    points = [
        _points(before, char, after)
        for before, char, after in zip(f" {text[:-1]}", text, f"{text[1:]} ", strict=True)
        if not char.isascii()
    ]
    if not points or min(points) < 0:
        return None
    line = next(line for line in text.splitlines() if not line.isascii())
    return Reading(encoding, sum(points) / len(points), example_in(line))


def _points(before: str, char: str, after: str) -> float:
    """How well a character fits between its neighbours: 0 to 1; -1 if it is no character of a text."""
    if unicodedata.category(char) in ("Cc", "Cn", "Co", "Cs"):
        return -1
    neighbours = [one for one in (before, after) if one.isalpha()]
    if not char.isalpha() or char in "ªº":
        return 0.0 if len(neighbours) == 2 and char not in _IN_WORDS else 0.5
    script = _script(char)
    if any(_script(one) != script for one in neighbours) or (char.isupper() and before.islower()):
        return 0.0
    if script != "LATIN":
        return 1.0 if neighbours else 0.5
    # Words of Latin letters have ASCII letters, too.
    return 1.0 if any(one.isascii() for one in neighbours) else 0.2


def _script(char: str) -> str:
    """The script of a letter; those that Japanese mixes are one."""
    name = unicodedata.name(char, "").partition(" ")[0]
    return "CJK" if name in ("HIRAGANA", "KATAKANA", "KATAKANA-HIRAGANA", "HALFWIDTH", "FULLWIDTH") else name
