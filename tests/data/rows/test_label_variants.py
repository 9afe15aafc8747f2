"""Labels that a reader takes for the same."""

import pytest

from ftk.data.rows.label_variants import alike


@pytest.mark.parametrize(
    "pair",
    [
        ("Pos", "pos"),
        ("very good", "very  good"),
        ("pos", "pos\u200b"),
        ("pos", "\ufeffpos"),
        ("caf\u00e9", "cafe\u0301"),
        ("\uff30\uff2f\uff33", "pos"),
        ("two words", "two\u00a0words"),
        ("straße", "STRASSE"),
        ("co\u00adop", "coop"),
        ("\ufb01ne", "fine"),
        ("1", "١"),
        ("class ۲", "class 2"),
    ],
)
def test_names_that_look_alike_are_found(pair: tuple[str, str]) -> None:
    assert alike([pair[0], "other", pair[1]]) == [pair]


def test_names_that_a_reader_tells_apart_are_not() -> None:
    assert alike(["pos", "pos1", "p os", "-1", "1", "B-PER", "I-PER", "é", "e"]) == []
