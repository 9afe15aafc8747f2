"""Text files: encodings, binary files, and bytes that are not what they should be."""

import codecs

import pytest
from hypothesis import given
from hypothesis import strategies as st

from data_helpers import SOME, of_kind, read
from ftk.contracts import finding_kinds as kinds
from ftk.errors import DataError

ANY_TEXT = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\n\r\0\ufeff"), max_size=12)


def lines(content: bytes, **data: str) -> list[tuple[int, str]]:
    """Number and text of each line."""
    return [(row.line, row.values["text"]) for row in read(content, "in.txt", labelled=False, **data).rows]


@SOME
@given(st.lists(ANY_TEXT, min_size=1, max_size=5), st.sampled_from(["\n", "\r\n", "\r"]), st.booleans())
def test_lines_end_at_one_kind_of_line_end_in_every_encoding(written: list[str], end: str, last: bool) -> None:
    written = [*written, "last"]
    text = end.join(written) + (end if last else "")
    expected = list(enumerate(written, start=1))
    marked = {
        "utf-8": codecs.BOM_UTF8 + text.encode(),
        "utf-16-le": codecs.BOM_UTF16_LE + text.encode("utf-16-le"),
        "utf-16-be": codecs.BOM_UTF16_BE + text.encode("utf-16-be"),
        "utf-32-le": codecs.BOM_UTF32_LE + text.encode("utf-32-le"),
        "utf-32-be": codecs.BOM_UTF32_BE + text.encode("utf-32-be"),
    }
    for encoding, content in marked.items():
        assert lines(content) == expected, encoding
        assert lines(content, encoding="latin-1") == expected, f"{encoding}, marked, against the config"
        assert lines(text.encode(encoding), encoding=encoding) == expected, f"{encoding}, unmarked"


def test_an_encoding_that_the_config_names() -> None:
    assert lines("café\n".encode("latin-1"), encoding="latin-1") == [(1, "café")]


def test_no_line_is_lost_where_cr_ends_lines_and_the_bytes_say_the_encoding() -> None:
    found = read("un\rcafé\rdeux thés\rnoël".encode("cp1252"), "in.txt", labelled=False)
    assert [(row.line, row.values["text"]) for row in found.rows] == list(
        enumerate(["un", "café", "deux thés", "noël"], start=1)
    )
    assert of_kind(found.findings, kinds.ENCODING_FOUND).values == {"encoding": "cp1252"}


def test_an_empty_file_has_no_line() -> None:
    assert lines(b"") == []


@pytest.mark.parametrize(
    ("content", "data", "message"),
    [
        (
            b"fine\ncaf\xe9 \n",
            {"encoding": "utf-8"},
            r"in\.txt:2: byte 4 of the line, 9 of the file \(0xe9\), is not utf-8\. Set data\.encoding",
        ),
        (
            b"caf\xc3\xa9\n",
            {"encoding": "ascii"},
            r"in\.txt:1: byte 4 of the line, 4 of the file \(0xc3\), is not ascii",
        ),
        (b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR", {}, r"in\.txt: this is an image"),
        (b"MZ\x90\0\x03\0\0\0", {}, r"in\.txt: this is a binary file"),
        (b"a\n" * 1000 + b"b\0\n", {}, r"in\.txt:1001: this is a binary file"),
        (codecs.BOM_UTF16_LE + b"a\0b", {}, r"in\.txt: byte \d is not utf-16"),
    ],
)
def test_what_is_not_text_is_named_by_line_and_byte(content: bytes, data: dict[str, str], message: str) -> None:
    with pytest.raises(DataError, match=message):
        lines(content, **data)


WESTERN = {
    "French": "Ça m'a déçu, l'été à Noël – où est-il\u00a0?",
    "German": "Über Äpfel und Öl: größer, süß.",
    "Spanish": "¿Qué pasó? ¡El niño cumplió 5 años!",
    "Portuguese": "Não há razão; três corações à mão.",
    "Italian": "Perché è così, città più là.",
    "Danish": "På en grøn ø står æbler.",
    "Swedish": "Åke får sju ägg på ön.",
    "Icelandic": "Það er gott að þú ert hér, ævi.",
    "Dutch": "De ideeën zijn coördineerbaar, hé.",
    "Finnish": "Hyvää yötä, Åbo.",
    "Catalan": "El col·legi és així, això no ho farà.",
    "quotation marks": "“It’s fine” – he said… 5 €",
    "signs": "50 ° and ½, £3 © ®",
}


@pytest.mark.parametrize("language", list(WESTERN))
@pytest.mark.parametrize("before", ["", "plain\n" * 3])
def test_cp1252_is_found_and_said(language: str, before: str) -> None:
    text = f"{before}{WESTERN[language]}\nplain\n{WESTERN[language]}\n"
    found = read(text.encode("cp1252"), "in.txt", labelled=False)
    assert [row["text"] for row in found.values] == text.splitlines()
    said = of_kind(found.findings, kinds.ENCODING_FOUND)
    assert (said.count, said.values) == (1, {"encoding": "cp1252"})
    assert said.places[0].startswith(f"in.txt:{before.count(chr(10)) + 1}: ")


OTHERS = {
    "cp1250": "Příliš žluťoučký kůň úpěl; źdźbło, gęś, łódź",
    "iso8859-2": "Zażółć gęślą jaźń",
    "cp1251": "Привет, как дела",
    "koi8-r": "Привет, как дела",
    "cp1253": "Καλημέρα σας",
    "cp1254": "Güneş ağır ışık",
    "cp1255": "שלום לכם",
    "cp1256": "السلام عليكم",
    "gb18030": "我们在北京",
    "big5": "我們在台北",
    "shift_jis": "東京に行きます",
    "euc-jp": "東京に行きます",
    "euc-kr": "서울에 갑니다",
    "tis-620": "สวัสดีครับ",
    "cp437": "caf\u00e9 cr\u00e8me",
    "mac-roman": "café crème brûlée",
}


@pytest.mark.parametrize("encoding", list(OTHERS))
def test_what_may_be_another_encoding_is_refused_and_read_where_it_is_named(encoding: str) -> None:
    text = f"plain\n{OTHERS[encoding]}\n"
    with pytest.raises(DataError, match=r"^in\.txt:2: byte \d+ of the line.* is not utf-8\. Set data\.encoding"):
        lines(text.encode(encoding))
    assert lines(text.encode(encoding), encoding=encoding) == [(1, "plain"), (2, OTHERS[encoding])]


@pytest.mark.parametrize(
    ("content", "line"),
    [
        ("né\n".encode() + "né\n".encode("cp1252"), 2),
        ("né\n".encode("cp1252") + "né\n".encode(), 1),
        ("né\n".encode("cp1252") + b"x\n" * 40_000 + "né\n".encode(), 40_002),
        ("né\n".encode("cp1252") + b"x\n" * 40_000 + b"n\x81\n", 40_002),
        (codecs.BOM_UTF8 + "né\n".encode("cp1252"), 1),
    ],
)
def test_a_file_of_two_encodings_is_refused(content: bytes, line: int) -> None:
    with pytest.raises(DataError, match=rf"^in\.txt:{line}: "):
        lines(content)


@pytest.mark.parametrize("encoding", ["utf-16-le", "utf-16-be"])
@pytest.mark.parametrize(
    "text", ["text;label\nGood;pos\n", "a", "Привет\nкак\n", "我们在\n一\n北京\n", "😀 x\r\ny\r\n", "né"]
)
def test_utf16_without_a_mark_is_found_and_said(encoding: str, text: str) -> None:
    found = read(text.encode(encoding), "in.txt", labelled=False)
    assert [row["text"] for row in found.values] == text.splitlines()
    assert of_kind(found.findings, kinds.ENCODING_FOUND).values == {"encoding": encoding}


def test_an_encoding_is_found_in_every_format() -> None:
    rows = [{"text": "né", "label": "a"}]
    contents = {"a.csv": "text,label\nné,a\n", "a.jsonl": '{"text": "né", "label": "a"}\n'}
    for name, content in contents.items():
        for encoding in ("utf-8", "cp1252", "utf-16", "utf-16-le"):
            assert read(content.encode(encoding), name).values == rows
    assert read("né\tO\n".encode("cp1252"), "a.conll").values == [{"tokens": ["né"], "tags": ["O"]}]


def test_a_byte_order_mark_alone_is_an_empty_file() -> None:
    assert read(codecs.BOM_UTF8, "mark.txt", labelled=False, format="text").rows == []
    assert read(codecs.BOM_UTF8 + b"\n", "mark.txt", labelled=False, format="text").values == [{"text": ""}]
