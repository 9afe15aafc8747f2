"""How many words of texts a tokenizer knows."""

from conftest import word_pieces
from ftk.data.text.coverage import Coverage, coverage
from ftk.models.loading.vocabulary import learn_tokenizer


def test_unknown_words_are_counted_as_often_as_they_occur() -> None:
    tokenizer = learn_tokenizer(["Ada went to Oslo"] * 4, word_pieces(60), max_length=16)
    assert coverage(tokenizer, ["Ada went", "Ада поехала", "в Oslo", "Ада"]) == Coverage(
        7, 4, ("Ада", "поехала", "в"), True
    )
    assert coverage(tokenizer, [" ", ""]) is None


def test_a_vocabulary_of_bytes_knows_every_word() -> None:
    tokenizer = learn_tokenizer(["Ada went to Oslo"] * 4, word_pieces(60), max_length=16)
    tokenizer.unk_token = None
    assert coverage(tokenizer, ["Ада"]) is None
