"""Which names of labels are words, and files of better texts."""

import os
from pathlib import Path

import pytest

from ftk.data.readers.decoding.once import inputs
from ftk.errors import ConfigError
from ftk.tasks.shared.label_texts import read_label_texts, words_of


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


@pytest.mark.parametrize(("name", "text"), [("t.json", '{"a": "x", "a": "y"}'), ("t.yaml", "a: x\na: y\n")])
def test_a_label_that_a_file_names_twice_is_refused(tmp_path: Path, name: str, text: str) -> None:
    (tmp_path / name).write_text(text)
    with pytest.raises(ConfigError, match="twice"):
        read_label_texts(str(tmp_path / name))


def test_a_pipe_is_there_for_each_look() -> None:
    end, begin = os.pipe()
    os.write(begin, b"{a: x, b: [y, z]}")
    os.close(begin)
    with inputs():
        for _ in range(2):
            assert read_label_texts(f"/dev/fd/{end}") == {"a": ["x"], "b": ["y", "z"]}
    os.close(end)
