"""Files in encodings that are neither UTF-8 nor found: what they might be, with what they would say."""

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from data_helpers import SOME
from ftk.contracts import finding_kinds as kinds
from ftk.contracts.notes import Notes
from ftk.data.readers.decoding.lines import numbered_lines
from ftk.data.readers.decoding.plausible_encodings import odd_reading, plausible
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
    ("今日は良い天気ですね", "cp932"),
    ("今日は良い天気ですね", "euc-jp"),
    ("今天天气很好", "gb18030"),
    ("오늘 날씨가 좋다", "euc-kr"),
]


@pytest.mark.parametrize(("text", "encoding"), TEXTS)
def test_the_encoding_is_among_the_plausible_ones(text: str, encoding: str) -> None:
    found = {one.encoding: one.example for one in plausible(f"{text}\nword\n".encode(encoding) * 2)}
    assert len(found) <= 4
    assert found[encoding] in text.split()


@SOME
@given(st.binary(max_size=24), st.sampled_from(["cp1252", "latin-1", "cp932", "gb18030", "cp1258"]))
def test_any_bytes_have_their_readings(sample: bytes, encoding: str) -> None:
    assert len({one.text for one in plausible(sample)}) <= 4
    odd_reading(sample, encoding)


FURTHER = [
    ("cp1254", "çok geç,şikâyet\ngüzel,övgü", "şikâyet"),
    ("cp1254", "berbat 0,kızgın\nguzel 0,iyi", "kızgın"),
    ("cp1254", "çok iyi\nİstanbul'da ağır", "ağır"),
    ("cp1254", "María çok kızgın, çılgın", "kızgın"),
    ("cp1254", "özgür düşünce,değil", "düşünce"),
    ("cp1250", "gęś i łódź", "gęś"),
    ("cp1250", "příliš kůň", "příliš"),
    ("cp1250", "első,erdőben", "első"),
    ("cp1250", "să fie bună", "să"),
    ("cp1253", "καλή υπηρεσία", "καλή"),
    ("cp1255", "שירות טוב מאוד", "שירות"),
    ("cp1256", "خدمة سيئة جدا", "خدمة"),
    ("cp1257", "labai gražu,šalis,ąžuolas,ačiū", "gražu"),
    ("cp1251", "хороший сервис", "хороший"),
    ("koi8-r", "хороший сервис", "хороший"),
    ("cp932", "髙橋0,良い\n遅い0,悪い", "髙橋0"),
    ("cp932", "①とても良い\n㈱山田", "①とても良い"),
    ("cp932", "最高,良\n最低,悪", "最高"),
    ("cp932", "ｶﾀｶﾅ ﾃﾞｽ", "ｶﾀｶﾅ"),
    ("euc-jp", "とても良い,最高\n遅い,最低", "とても良い"),
    ("euc-jp", "最高,良\n最低,悪", "最高"),
    ("euc-kr", "서비스가 좋다", "서비스가"),
    ("cp949", "똠방각하 펲시콜라", "똠방각하"),
    ("gb18030", "服务很好,满意\n太差了,不满", "服务很好"),
    ("big5", "服務很好,滿意\n太差了,不滿", "服務很好"),
    ("cp1258", "Viê\u0323t Nam đe\u0323p", "đe\u0323p"),
]


@pytest.mark.parametrize(("encoding", "text", "word"), FURTHER)
def test_text_of_another_code_page_is_refused_with_a_word_that_tells_them_apart(
    encoding: str, text: str, word: str
) -> None:
    Path("a.csv").write_bytes(f"text,label\n{text}\n".encode(encoding))
    with pytest.raises(DataError, match=rf"data\.encoding={encoding} reads '{word}'"):
        list(numbered_lines("a.csv", "auto"))
    assert [line for _, line in numbered_lines("a.csv", encoding)] == ["text,label", *text.split("\n")]


@pytest.mark.parametrize(("encoding", "text"), [row[:2] for row in FURTHER if row[0] in ("cp932", "cp1254")])
def test_what_makes_no_text_is_not_the_first_advice(encoding: str, text: str) -> None:
    found = plausible(f"{text}\n".encode(encoding))
    assert found[0].encoding == encoding
    assert len({one.example for one in found}) == len(found)


@pytest.mark.parametrize(
    "text", ["très déçu, ça", "größer, süß", "mañana será otro día", "það er gott, þú ert hér", "põe corações"]
)
def test_western_text_is_still_read_on_its_own(text: str) -> None:
    Path("a.txt").write_bytes(f"{text}\n".encode("cp1252"))
    assert list(numbered_lines("a.txt", "auto")) == [(1, text)]


def test_turkish_after_the_sample_is_refused_and_icelandic_is_read() -> None:
    rest = b"x\n" * 40_000
    Path("a.txt").write_bytes("güzel\n".encode("cp1254") + rest + "kızgın\n".encode("cp1254"))
    with pytest.raises(DataError, match=r"^a\.txt:40002: .*data\.encoding=cp1254 reads 'kızgın'"):
        list(numbered_lines("a.txt", "auto"))
    Path("a.txt").write_bytes("það er gott, þú ert hér\n".encode("cp1252") + rest + "það\n".encode("cp1252"))
    assert list(numbered_lines("a.txt", "auto"))[-1] == (40_002, "það")


@pytest.mark.parametrize("text", ["berbat,kızgın", "çok geç,şikâyet\ngüzel,övgü"])
@pytest.mark.parametrize("named", ["latin-1", "cp1252"])
def test_turkish_that_the_config_calls_western_is_reported(text: str, named: str) -> None:
    Path("a.csv").write_bytes(f"{text}\n".encode("cp1254"))
    notes = Notes()
    list(numbered_lines("a.csv", named, notes))
    (one,) = notes
    assert (one.kind, one.values["other"]) == (kinds.ODD_ENCODING, "cp1254")


@pytest.mark.parametrize("encoding", ["auto", "utf-8", "ascii", "iso-8859-1", "cp932"])
@pytest.mark.parametrize("text", ["最高\t良い\n遅い\t悪い\n", "plain\n最高\n"])
def test_escape_sequences_of_japanese_are_refused_and_read_where_they_are_named(encoding: str, text: str) -> None:
    Path("a.tsv").write_bytes(text.encode("iso2022_jp"))
    with pytest.raises(DataError, match=r"^a\.tsv:\d: .*data\.encoding=iso2022_jp\."):
        list(numbered_lines("a.tsv", encoding))
    assert [line for _, line in numbered_lines("a.tsv", "iso2022_jp")] == text.splitlines()


@pytest.mark.parametrize("text", ["\x1b[31mred\x1b[0m", "an escape \x1b$ alone", "naïve \x1b[1m"])
def test_other_escapes_are_text(text: str) -> None:
    Path("a.txt").write_text(f"{text}\n", encoding="utf-8")
    assert list(numbered_lines("a.txt", "auto")) == [(1, text)]


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
