"""Files in encodings that are neither UTF-8 nor found: what they might be, with what they would say."""

from pathlib import Path

import pytest

from ftk.contracts import finding_kinds as kinds
from ftk.contracts.notes import Notes
from ftk.data.readers.decoding.lines import numbered_lines
from ftk.data.readers.decoding.plausible_encodings import plausible
from ftk.errors import DataError

GERMAN = "Das Frühstück war köstlich; schöne Grüße über Ärger"
FRENCH = "déjà vu à l’été, où est-il donc ?"
TEXTS = [
    (GERMAN, "mac-roman"),
    (GERMAN, "cp850"),
    (GERMAN, "cp1252"),
    (FRENCH, "mac-roman"),
    ("Zażółć gęślą jaźń", "cp1250"),
    ("Zażółć gęślą jaźń", "iso-8859-2"),
    ("Привет мир, как дела", "cp1251"),
    ("Привет мир, как дела", "koi8-r"),
    ("Καλημέρα κόσμε", "cp1253"),
    ("İstanbul'da güneşli bir gün", "cp1254"),
    ("שלום עולם", "cp1255"),
    ("今日は良い天気ですね", "shift_jis"),
    ("今日は良い天気ですね", "euc-jp"),
    ("今天天气很好", "gb18030"),
    ("오늘 날씨가 좋다", "euc-kr"),
]


@pytest.mark.parametrize(("text", "encoding"), TEXTS)
def test_the_encoding_is_among_the_plausible_ones(text: str, encoding: str) -> None:
    found = {one.encoding: one.example for one in plausible(f"{text}\nword\n".encode(encoding) * 2)}
    assert len(found) <= 4
    assert found[encoding] in text.split()


@pytest.mark.parametrize("encoding", ["mac-roman", "cp850", "cp437"])
def test_a_file_that_cannot_be_read_is_refused_with_words_of_it(encoding: str) -> None:
    Path("a.txt").write_bytes(f"one\n{GERMAN}\n".encode(encoding))
    with pytest.raises(DataError, match=r"^a\.txt:2: .*'Frühstück'"):
        list(numbered_lines("a.txt", "auto"))


@pytest.mark.parametrize("order", [("utf-8", "cp1252"), ("cp1252", "utf-8"), ("utf-8", "mac-roman")])
def test_a_file_of_two_encodings_is_not_said_to_have_one(order: tuple[str, str]) -> None:
    Path("a.txt").write_bytes(b"".join(f"{GERMAN}\n".encode(encoding) for encoding in order))
    with pytest.raises(DataError) as raised:
        list(numbered_lines("a.txt", "auto"))
    assert "data.encoding=" not in str(raised.value)


@pytest.mark.parametrize(
    ("written", "read", "is_odd"),
    [
        ("mac-roman", "cp1252", True),
        ("cp850", "latin-1", False),  # control characters, which are no letters in any encoding
        ("utf-8", "mac-roman", False),
        ("cp1252", "mac-roman", True),
        ("mac-roman", "mac-roman", False),
        ("cp1252", "cp1252", False),
    ],
)
def test_a_wrong_encoding_that_the_config_names_is_reported(written: str, read: str, is_odd: bool) -> None:
    Path("a.txt").write_bytes(f"{GERMAN}\n".replace("Ä", "").encode(written))
    notes = Notes()
    list(numbered_lines("a.txt", read, notes))
    assert [one.kind for one in notes] == ([kinds.ODD_ENCODING] if is_odd else [])
