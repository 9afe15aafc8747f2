"""The encodings in which bytes that are not UTF-8 look like text, with what they would say."""

import codecs
import re
import unicodedata
from typing import NamedTuple

from ftk.data.readers.decoding.encodings import is_utf8, may_be_turkish

_TRIED = (
    "cp1252", "mac-roman", "cp850", "cp1250", "iso-8859-2", "cp1251", "koi8-r", "cp866", "cp1253", "cp1254", "cp1255",
    "cp1256", "cp1257", "cp1258", "gb18030", "big5", "cp950", "cp932", "euc-jp", "euc_jis_2004", "euc-kr", "cp949",
)  # fmt: skip
_ALPHABETS = {
    "cp1250": ("ąćęłńóśźż", "áčďéěíňóřšťúůýž", "áäčďéíĺľňóôŕšťúýž", "áéíóöőúüű", "ăâîşţ", "čćđšž"),
    "cp1254": ("çğıöşüâîû\u0307",),
    "cp1258": ("àáâãèéêìíòóôõùúýăđơư\u0300\u0301\u0303\u0309\u0323",),
    "cp1257": ("ąčęėįšųūž", "āčēģīķļņšūž", "äõöüšž"),
}
"""The letters beyond ASCII of languages that code pages are for, in lower case."""
_ALPHABETS["iso-8859-2"] = _ALPHABETS["cp1250"]
_COMMON = {
    "gb18030": ("gb2312", 0xD7), "gbk": ("gb2312", 0xD7), "gb2312": ("gb2312", 0xD7),
    "big5": ("big5", 0xC6), "cp950": ("big5", 0xC6),
    "cp932": ("euc-jp", 0xCF), "shift_jis": ("euc-jp", 0xCF), "euc_jp": ("euc-jp", 0xCF),
    "euc_jis_2004": ("euc-jp", 0xCF),
    "euc_kr": ("euc-kr", 0), "cp949": ("euc-kr", 0),
}  # fmt: skip
"""The character set whose first level has the common Han characters of an encoding, and the last first byte of that."""
_FIRST = {"gb2312": 0xB0, "big5": 0xA4, "euc-jp": 0xB0, "euc-kr": 1}
_IN_WORDS = "’‘·\xad–—…“”«»\xa0"
"""Signs that can stand between two letters."""
_NEAR, _FAIR = 0.1, 0.6
_MOST = 4
_ODD, _BETTER = 0.5, 0.4
"""The share of a text that looks like one in a wrong encoding, and by how much the right one is better."""
_BETWEEN = re.compile(rb'[\s,;"]+')
_WORDS = 1000
"""Words that are looked at to find one that encodings read differently."""


class Reading(NamedTuple):
    """What bytes say in an encoding: its name, how much of it looks like text (0 to 1), a word of it, and all of it."""

    encoding: str
    share: float
    example: str
    text: str


def plausible(sample: bytes) -> list[Reading]:
    """The encodings in which a sample looks like text, the likeliest first; of equal readings the first one tried.

    Args:
        sample: lines of a file; the last one may be cut.
    """
    found: dict[str, Reading] = {}
    for encoding in _TRIED:
        reading = reading_of(sample, encoding)
        if reading is not None and reading.share >= _FAIR:
            found.setdefault(reading.text, reading)
    ranked = sorted(found.values(), key=lambda reading: -_rank(reading))
    return _told_apart(sample, [one for one in ranked if one.share >= ranked[0].share - _NEAR][:_MOST])


def odd_reading(sample: bytes, encoding: str) -> tuple[Reading, Reading] | None:
    """A text in the encoding that it is said to have, and in a better one; None if it looks like text as it is.

    Args:
        sample: lines of a file; the last one may be cut.
        encoding: what they are said to be.
    """
    own, best = reading_of(sample, encoding), next(iter(plausible(sample)), None)
    if own is None or best is None or own.text == best.text:
        return None
    turkish = best.encoding == "cp1254" and may_be_turkish(own.text)
    if not turkish and (own.share >= _ODD or best.share <= own.share + _BETTER):
        return None
    own, best = _told_apart(sample, [own, best])
    return own, best


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
    codec = codecs.lookup(encoding).name
    points = [
        _points(before, char, after, codec)
        for before, char, after in zip(f" {text[:-1]}", text, f"{text[1:]} ", strict=True)
        if not char.isascii()
    ]
    if not points or min(points) < 0:
        return None
    share = sum(points) / len(points)
    if _COMMON.get(codec, ("",))[0] == "euc-jp" and not any(_is_kana(char) for char in text):
        share *= 0.95  # Japanese without kana
    if codec == "cp1258" and not any(unicodedata.category(char) == "Mn" for char in text):
        share *= 0.8  # Vietnamese without tones
    example = next((word for word in text.split() if not word.isascii()), text)[:40]
    return Reading(encoding, share, example, text)


def _rank(reading: Reading) -> float:
    """How likely a reading is: those with the letters of one language come before others that look as good."""
    letters = {char for char in reading.text.lower() if not char.isascii() and unicodedata.category(char)[0] in "LM"}
    known = any(letters <= set(alphabet) for alphabet in _ALPHABETS.get(reading.encoding, ()))
    return reading.share + (0.05 if known else 0) - (0.05 if may_be_turkish(reading.text) else 0)


def _told_apart(sample: bytes, readings: list[Reading]) -> list[Reading]:
    """The same readings, with the first word that most of them read differently."""
    words = [word for word in dict.fromkeys(_BETWEEN.split(sample)) if not word.isascii()][:_WORDS]
    said = [[word.decode(one.encoding, "replace")[:40] for one in readings] for word in words]
    best = max(said, key=lambda each: len(set(each)), default=[])
    return [one._replace(example=word) for one, word in zip(readings, best, strict=True)] if best else readings


def _points(before: str, char: str, after: str, codec: str) -> float:
    """How well a character fits between its neighbours: 0 to 1; -1 if it is no character of a text."""
    if unicodedata.category(char) in ("Cc", "Cn", "Co", "Cs"):
        return -1
    neighbours = [one for one in (before, after) if one.isalpha()]
    if unicodedata.category(char) == "Cf" and char not in _IN_WORDS:
        return 0.0
    if unicodedata.category(char) == "Mn":
        return 1.0 if before.isalpha() else 0.0
    if not char.isalpha() or char in "ªº":
        return 0.0 if len(neighbours) == 2 and char not in _IN_WORDS else 0.5
    script = _script(char)
    if any(_script(one) != script for one in neighbours) or (char.isupper() and before.islower()):
        return 0.0
    if script in ("CJK", "HANGUL") and codec in _COMMON:
        return _points_of_cjk(before, char, after, codec)
    if script != "LATIN":
        return 1.0 if neighbours else 0.5
    # Words of Latin letters have ASCII letters, too.
    return 1.0 if any(one.isascii() for one in neighbours) else 0.2


def _points_of_cjk(before: str, char: str, after: str, codec: str) -> float:
    """How common a Han character, hangul or kana is in the language of an encoding: 0 to 1."""
    charset, last = _COMMON[codec]
    if _script(char) == "HANGUL":
        return 1.0 if _is_in(char, charset) else 0.3
    if not unicodedata.name(char, "").startswith("CJK"):
        half = [_is_half(one) for one in (before, char, after) if one.isalpha()]
        return 1.0 if charset == "euc-jp" and len(half) > 1 - half[0] and len(set(half)) == 1 else 0.3
    if _is_half(before) or _is_half(after):
        return 0.2
    common = _is_in(char, charset) and _FIRST[charset] <= char.encode(charset)[0] <= last
    return 0.95 if common else 0.3


def _is_in(char: str, charset: str) -> bool:
    return len(char.encode(charset, "ignore")) == 2  # EUC-KR spells other syllables in eight bytes


def _is_kana(char: str) -> bool:
    return unicodedata.name(char, "").startswith(("HIRAGANA", "KATAKANA", "HALFWIDTH KATAKANA"))


def _is_half(char: str) -> bool:
    return unicodedata.name(char, "").startswith("HALFWIDTH")


def _script(char: str) -> str:
    """The script of a letter; those that Japanese mixes are one."""
    name = unicodedata.name(char, "").partition(" ")[0]
    return "CJK" if name in ("HIRAGANA", "KATAKANA", "KATAKANA-HIRAGANA", "HALFWIDTH", "FULLWIDTH") else name
