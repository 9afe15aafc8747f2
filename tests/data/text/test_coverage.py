"""How many words of texts a tokenizer knows."""

import pytest

from conftest import word_pieces
from ftk.contracts import finding_kinds as kinds
from ftk.contracts.notes import Notes
from ftk.data.text.coverage import Coverage, coverage, note_coverage
from ftk.errors import DataError
from ftk.models.tokenizers.vocabulary import learn_tokenizer


def test_unknown_words_are_counted_as_often_as_they_occur() -> None:
    tokenizer = learn_tokenizer(["Ada went to Oslo"] * 4, word_pieces(60), max_length=16)
    assert coverage(tokenizer, ["Ada went", "Ада поехала", "в Oslo", "Ада"]) == Coverage(
        7, 4, ("Ада", "поехала", "в"), True, 6
    )
    assert coverage(tokenizer, [" ", ""]) is None


def test_a_vocabulary_of_bytes_knows_every_word() -> None:
    tokenizer = learn_tokenizer(["Ada went to Oslo"] * 4, word_pieces(60), max_length=16)
    tokenizer.unk_token = None
    assert coverage(tokenizer, ["Ада"]) is None


UNKNOWN = ("ខ្ញុំ ស្រឡាញ់ ភាសា", "ᏣᎳᎩ ᎦᏬᏂᎯᏍᏗ", "👍 😀 🎉", "Привет, мир!", "שלום, 123", "漢字 (かな)", "한국어 - 12%", "ไทย")
UNKNOWN += ("देवनागरी।", "Ελλάδα 2024.", "ሰላም፣")


@pytest.mark.parametrize("text", UNKNOWN)
def test_a_vocabulary_that_knows_no_word_is_refused(text: str) -> None:
    tokenizer = learn_tokenizer(["Ada went to Oslo, (12 - 3) 40% of 2024!."] * 4, word_pieces(60), max_length=16)
    with pytest.raises(DataError):
        note_coverage(tokenizer, [text], Notes())
    notes = Notes()
    note_coverage(tokenizer, [text] * 2000, notes, predicted=True)
    assert [(found.kind, found.policy) for found in notes] == [(kinds.NO_KNOWN_WORD, "predicted")]
    notes = Notes()
    note_coverage(tokenizer, [text, "Ada"], notes)
    assert [found.kind for found in notes] == [kinds.UNKNOWN_WORDS]


def test_many_unknown_words_are_not_predicted() -> None:
    tokenizer = learn_tokenizer(["Ada went to Oslo"] * 4, word_pieces(60), max_length=16)
    words = [chr(0x410 + number) * 3 for number in range(20)]
    with pytest.raises(DataError):
        note_coverage(tokenizer, words, Notes(), predicted=True)
    note_coverage(tokenizer, words[:19] * 50, Notes(), predicted=True)


def test_numbers_and_a_rare_sign_are_no_unknown_language() -> None:
    tokenizer = learn_tokenizer(["Ada 1 2 3"] * 4, word_pieces(60), max_length=16)
    notes = Notes()
    note_coverage(tokenizer, ["1 2 3"] * 30 + ["👍"], notes)
    assert not list(notes)
