"""Which names of labels are words."""

import pytest

from ftk.tasks.shared.label_texts import words_of


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("card_arrival", "card arrival"),
        ("BookRestaurant", "book restaurant"),
        ("get-refund", "get refund"),
        ("joy", "joy"),
        ("sci.space", "sci space"),
        ("US politics", "US politics"),
        ("退款", "退款"),
        ("LABEL_3", None),
        ("12", None),
        ("PER", None),
        ("F32.1", None),
        ("true", None),
        ("no", None),
        ("NN-POS", None),
        ("_", None),
    ],
)
def test_words_of_names(name: str, words: str | None) -> None:
    assert words_of(name) == words
