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
_IN_PLACE_OF_TURKISH = frozenset("ýþð")
"""What cp1252 has where cp1254 has ı, ş and ğ."""
_TURKISH = frozenset("çöüâîû")
"""Letters that are the same in both, and in Turkish."""
_VIETNAMESE = re.compile("[âêô][ìò]")
"""What cp1252 has where cp1258 has a letter with two marks."""
_ISO2022 = ("iso2022_jp", "iso2022_jp_2", "iso2022_jp_ext", "iso2022_jp_3", "iso2022_jp_2004")
_ESCAPES = re.compile(rb"\x1b\$(?:[@B]|\([A-Z@])")
_ESCAPES_OF_KOREAN = b"\x1b$)C"


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
    return any(letters <= alphabet for alphabet in _ALPHABETS) and not _may_be_of_another_page(text, letters)


def _may_be_of_another_page(text: str, letters: set[str]) -> bool:
    """Whether letters of one language are as likely those of another language in the code page of that."""
    text = text.lower()
    if may_be_turkish(text) or _VIETNAMESE.search(text):
        return True
    if re.search("õ(?!e)", text) and "ä" not in letters:
        return True  # Hungarian ő: õ is before e in Portuguese, and beside ä in Estonian
    return bool(re.search("ã(?![eo])", text)) and letters <= set("ãâî")  # Romanian ă


def may_be_turkish(text: str) -> bool:
    """Whether a text in cp1252 may as well be Turkish in cp1254: it has ý, þ or ð, and too little of Icelandic."""
    doubtful = turkish = others = 0
    for char in text.lower():
        if char.isascii() or not char.isalpha():
            continue
        doubtful += char in _IN_PLACE_OF_TURKISH
        turkish += char in "çü"  # which Icelandic does not have
        others += char not in _IN_PLACE_OF_TURKISH and char not in _TURKISH
    return doubtful > 4 * others or (turkish >= others and doubtful > 0 and 2 * doubtful >= turkish)


def escaped(sample: bytes) -> str:
    """What to do about a text whose characters are escape sequences; nothing if it has none.

    Args:
        sample: lines of a file, the first of which has an escape character; the last one may be cut.
    """
    if _ESCAPES_OF_KOREAN in sample:  # its first line says how to read the others
        return "Its characters are escape sequences of ISO-2022-KR. Convert the file to UTF-8."
    first, _, _ = sample.partition(b"\n")
    if not _ESCAPES.search(first):
        return ""
    parts = (sample[: sample.rfind(b"\n") + 1] or sample, first)
    fitting = next((name for part in parts for name in _ISO2022 if _is_in(part, name)), None)
    return f"Its characters are escape sequences of ISO-2022-JP. Set data.encoding={fitting}." if fitting else ""


def is_utf8(raw: bytes) -> bool:
    """Whether bytes are text in UTF-8."""
    return _is_in(raw, UTF8)


def _is_in(raw: bytes, encoding: str) -> bool:
    try:
        raw.decode(encoding)
    except UnicodeDecodeError:
        return False
    return True


def example_in(line: str) -> str:
    """The first word of a line that has a character beyond ASCII."""
    return next((word for word in line.split() if not word.isascii()), line)[:40]
