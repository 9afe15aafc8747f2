"""Text files: encodings, binary files, and bytes that are not what they should be."""

import codecs

import pytest
from hypothesis import given
from hypothesis import strategies as st

from data_helpers import SOME, read
from ftk.errors import DataError

ANY_TEXT = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\n\r\0\ufeff"), max_size=12)


def lines(content: bytes, **data: str) -> list[tuple[int, str]]:
    """Number and text of each line."""
    return [(row.line, row.values["text"]) for row in read(content, "in.txt", labelled=False, **data).rows]


@SOME
@given(st.lists(ANY_TEXT, min_size=1, max_size=5), st.sampled_from(["\n", "\r\n"]), st.booleans())
def test_lines_end_at_line_feeds_alone_in_every_encoding(written: list[str], end: str, last: bool) -> None:
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


def test_an_empty_file_has_no_line() -> None:
    assert lines(b"") == []


@pytest.mark.parametrize(
    ("content", "data", "message"),
    [
        (
            b"fine\ncaf\xe9 \n",
            {},
            r"in\.txt:2: byte 4 of the line, 9 of the file \(0xe9\), is not utf-8\. Set data\.encoding",
        ),
        (
            b"caf\xc3\xa9\n",
            {"encoding": "ascii"},
            r"in\.txt:1: byte 4 of the line, 4 of the file \(0xc3\), is not ascii",
        ),
        (b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR", {}, r"in\.txt: this is a binary file"),
        (b"a\n" * 1000 + b"b\0\n", {}, r"in\.txt:1001: this is a binary file"),
        (codecs.BOM_UTF16_LE + b"a\0b", {}, r"in\.txt: byte \d is not utf-16"),
    ],
)
def test_what_is_not_text_is_named_by_line_and_byte(content: bytes, data: dict[str, str], message: str) -> None:
    with pytest.raises(DataError, match=message):
        lines(content, **data)


def test_a_byte_order_mark_alone_is_an_empty_file() -> None:
    assert read(codecs.BOM_UTF8, "mark.txt", labelled=False, format="text").rows == []
    assert read(codecs.BOM_UTF8 + b"\n", "mark.txt", labelled=False, format="text").values == [{"text": ""}]
