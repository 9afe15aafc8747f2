"""Scripts without spaces: tokens as the text that they were cut from."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from data_helpers import MANY
from ftk.data.text.scripts import character_starts, is_spaced, text_of_tokens


@pytest.mark.parametrize(
    ("tokens", "text"),
    [
        ("Rita Kos sleeps .", "Rita Kos sleeps ."),
        ("Zoë reist nach Köln .", "Zoë reist nach Köln ."),
        ("小明 在 北京 睡觉 。", "小明在北京睡觉。"),
        ("小 明 在 北 京 。", "小明在北京。"),
        ("他 2020 年 去 NASA 。", "他2020年去NASA。"),
        ("我 爱 New York 。", "我爱New York。"),
        ("トヨタ の 車 は ドイツ で", "トヨタの車はドイツで"),
        ("さ く ら ー 、 と", "さくらー、と"),
        ("ฉัน ไป กรุงเทพ", "ฉันไปกรุงเทพ"),
        ("ฉัน พบ John ที่ นี่", "ฉันพบ John ที่นี่"),
        ("วัน ที่ 5 ( ไทย )", "วันที่ 5 (ไทย)"),
        ("ຂ້ອຍ ຢູ່ ລາວ", "ຂ້ອຍຢູ່ລາວ"),
        ("ភ្នំ ពេញ", "ភ្នំពេញ"),
        ("ရန် ကုန်", "ရန်ကုန်"),
        ("서울 에서 大學 에", "서울 에서 大學 에"),
        ("राम दिल्ली में", "राम दिल्ली में"),
        ("“ Oslo ” …", "“ Oslo ” …"),
        ("「 オスロ 」 Oslo", "「オスロ」Oslo"),
    ],
)
def test_tokens_are_joined_as_their_script_is_written(tokens: str, text: str) -> None:
    found, starts, ends = text_of_tokens(tokens.split())
    assert found == text
    assert [found[start:end] for start, end in zip(starts, ends, strict=True)] == tokens.split()


@given(st.lists(st.text("aé .中ーあไ́한,。5", max_size=4), max_size=8))
@MANY
def test_every_token_is_in_the_text(tokens: list[str]) -> None:
    text, starts, ends = text_of_tokens(tokens)
    assert [text[start:end] for start, end in zip(starts, ends, strict=True)] == tokens
    if is_spaced("".join(tokens)) and "。" not in "".join(tokens):
        assert text == " ".join(tokens)
    gaps = [text[end:start] for end, start in zip(ends, starts[1:], strict=False)]
    assert set(gaps) <= {"", " "}


def test_characters_of_these_scripts() -> None:
    assert character_starts("a中 ーไ한") == [1, 3, 4]
    assert is_spaced("naïve 한국")
    assert not is_spaced("naïve 中")
