"""The encoding of a text file that has no byte order mark, by its bytes."""

import codecs
import re
import unicodedata

AUTO = "auto"
"""The value of ``data.encoding`` for UTF-8, or what the bytes of a file say."""
UTF8 = "utf-8"
WESTERN = "cp1252"
SAMPLE = 1 << 16
"""Bytes that are looked at from the first line on that is not UTF-8."""

_ALPHABETS = [
    frozenset("éñç" + letters)
    for letters in (
        "äöüß",  # German
        "àâæèêëîïôœùûü",  # French
        "áíóúü",  # Spanish
        "àáâãêíóôõúü",  # Portuguese
        "àèìíîòóùú",  # Italian
        "àèíïòóúü",  # Catalan
        "åæøèêòóôâä",  # Danish, Norwegian
        "åäöüàšž",  # Swedish, Finnish
        "áæíðóöúýþ",  # Icelandic
        "áäèëêíïóöúüû",  # Dutch
        "äõöüšž",  # Estonian
    )
]
"""The letters beyond ASCII of languages that cp1252 is for. Other code pages have other letters in their places, and
texts in them hardly ever use the letters of one of these languages alone."""
_IN_WORDS = "’‘·\xad–—…“”«»\xa0"
"""Signs that can stand between two letters."""
_NOT_AFTER_LETTERS = "‚„ˆ"


def unmarked_utf16(head: bytes) -> str | None:
    """``utf-16-le`` or ``utf-16-be`` if the first bytes of a file are text in it; None for anything else."""
    if b"\0" not in head:
        return None
    found = sorted((ascii_in(head, name), name) for name in ("utf-16-le", "utf-16-be"))
    (less, _), (most, name) = found
    return name if most > less and most > 0 else None


def ascii_in(head: bytes, encoding: str) -> int:
    """The number of ASCII characters in the beginning of a text; -1 if it is no text in this encoding."""
    try:
        text = codecs.getincrementaldecoder(encoding)().decode(head)
    except UnicodeDecodeError:
        return -1
    if any(char not in "\t\n\r" and unicodedata.category(char) in ("Cc", "Cn", "Co") for char in text):
        return -1
    return sum(char.isascii() for char in text)


def is_western(sample: bytes) -> bool:
    """Whether bytes that are not UTF-8 are text in cp1252, and not in another code page that shares most of its bytes.

    Args:
        sample: lines of the file, the first of which is not UTF-8; the last one may be cut.
    """
    if any(is_utf8(line) for line in sample.split(b"\n") if not line.isascii()):
        return False
    try:
        text = sample.decode(WESTERN)
    except UnicodeDecodeError:
        return False
    if any(len(word) > 2 and not re.search("[A-Za-z]", word) for word in re.findall(r"[^\W\d_]+", text)):
        return False
    letters = set()
    for before, char, after in zip(f" {text[:-1]}", text, f"{text[1:]} ", strict=True):
        if char.isascii():
            continue
        if char.isalpha() and char not in "ªºµ":
            if char.isupper() and before.islower():
                return False
            letters.add(char.lower())
        elif before.isalpha() and (char in _NOT_AFTER_LETTERS or (after.isalpha() and char not in _IN_WORDS)):
            return False
    return any(letters <= alphabet for alphabet in _ALPHABETS)


def is_utf8(raw: bytes) -> bool:
    """Whether bytes are text in UTF-8."""
    try:
        raw.decode(UTF8)
    except UnicodeDecodeError:
        return False
    return True


def example_in(line: str) -> str:
    """The first word of a line that has a character beyond ASCII."""
    return next((word for word in line.split() if not word.isascii()), line)[:40]
