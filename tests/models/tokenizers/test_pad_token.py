"""The padding token of tokenizer and config, which agree, and of those that name none."""

from typing import Any

import pytest

from ftk.contracts import finding_kinds as kinds
from ftk.contracts.notes import Notes
from ftk.errors import ModelError

pytestmark = pytest.mark.torch

WORDS = ["a", "b", "red", "blue", "fox", "sea"]


def tokenizer_of(marks: list[str], around: str = "$A", **names: str) -> Any:
    """A tokenizer of words; the marks have the first numbers."""
    from tokenizers import Tokenizer, models, pre_tokenizers, processors
    from transformers import PreTrainedTokenizerFast

    vocabulary = {token: number for number, token in enumerate([*marks, *WORDS])}
    tokenizer = Tokenizer(models.WordLevel(vocabulary, unk_token=None))
    tokenizer.pre_tokenizer = pre_tokenizers.Whitespace()
    tokenizer.add_special_tokens(marks)
    shown = [part for part in around.split() if part != "$A"]
    tokenizer.post_processor = processors.TemplateProcessing(
        single=around, pair=f"{around} $B", special_tokens=[(mark, vocabulary[mark]) for mark in set(shown)]
    )
    return PreTrainedTokenizerFast(tokenizer_object=tokenizer, **names)


def config_of(model_type: str, pad: int | None, vocab_size: int = 40) -> Any:
    from transformers import AutoConfig

    sizes = {"hidden_size": 32, "num_hidden_layers": 2, "num_attention_heads": 2, "intermediate_size": 64}
    found = AutoConfig.for_model(model_type, vocab_size=vocab_size, **sizes)
    found.pad_token_id = pad
    return found


ENDS = {"bos_token": "<s>", "eos_token": "</s>"}


@pytest.mark.parametrize(
    ("model_type", "config_pad", "marks", "around", "names", "token", "found"),
    [
        ("bert", 0, ["[PAD]", "[CLS]", "[SEP]"], "[CLS] $A [SEP]", {"pad_token": "[PAD]"}, "[PAD]", []),
        ("llama", None, ["<s>", "</s>", "<pad>"], "<s> $A", {**ENDS, "pad_token": "<pad>"}, "<pad>", []),
        ("llama", -1, ["<s>", "</s>", "<pad>"], "<s> $A", {**ENDS, "pad_token": "<pad>"}, "<pad>", []),
        ("gpt2", 5, ["<s>", "</s>", "<pad>"], "$A", {**ENDS, "pad_token": "<pad>"}, "<pad>", [kinds.PAD_IDS_DIFFER]),
        ("bert", 3, ["[CLS]", "[SEP]", "[PAD]"], "[CLS] $A", {"pad_token": "[PAD]"}, "[PAD]", [kinds.PAD_IDS_DIFFER]),
        ("gpt2", 1, ["<s>", "</s>"], "$A", ENDS, "</s>", [kinds.PAD_ID_TAKEN]),
        ("gpt2", None, ["<s>", "</s>"], "$A", ENDS, "</s>", [kinds.PAD_TOKEN_CHOSEN]),
        ("gpt2", None, ["</s>"], "$A", {"eos_token": "</s>"}, "</s>", [kinds.PAD_TOKEN_CHOSEN]),
        ("llama", None, ["<s>", "</s>"], "<s> $A", ENDS, "</s>", [kinds.PAD_TOKEN_CHOSEN]),
        ("llama", None, ["<s>", "</s>"], "<s> $A </s>", ENDS, "<s>", [kinds.PAD_TOKEN_CHOSEN]),
        ("llama", None, ["<s>", "</s>", "<|finetune_right_pad_id|>"], "<s> $A", ENDS, "<|finetune_right_pad_id|>",
         [kinds.PAD_TOKEN_CHOSEN]),
        ("llama", None, ["<s>", "</s>", "<|reserved_special_token_0|>"], "<s> $A", ENDS,
         "<|reserved_special_token_0|>", [kinds.PAD_TOKEN_CHOSEN]),
        ("llama", None, ["<s>", "</s>", "<|image_pad|>"], "<s> $A", ENDS, "</s>", [kinds.PAD_TOKEN_CHOSEN]),
        ("llama", None, ["</s>"], "$A </s>", {"eos_token": "</s>"}, "<pad>", [kinds.PAD_TOKEN_CHOSEN]),
        ("gpt2", 5, ["<s>", "</s>"], "$A", ENDS, "</s>", [kinds.PAD_TOKEN_CHOSEN, kinds.PAD_IDS_DIFFER]),
        ("roberta", 1, ["<pad>", "</s>"], "$A", {"eos_token": "</s>", "pad_token": "<pad>"}, "</s>",
         [kinds.PAD_IDS_DIFFER]),
    ],
)  # fmt: skip
def test_tokenizer_and_config_get_the_same_padding_token(
    model_type: str,
    config_pad: int | None,
    marks: list[str],
    around: str,
    names: dict[str, str],
    token: str,
    found: list[Any],
) -> None:
    from ftk.models.tokenizers.pad_token import agree_on_padding

    notes, config, tokenizer = Notes(), config_of(model_type, config_pad), tokenizer_of(marks, around, **names)
    agree_on_padding(config, tokenizer, notes)
    assert tokenizer.pad_token == token
    assert config.pad_token_id == tokenizer.pad_token_id < config.vocab_size
    assert [one.kind for one in notes] == found
    again = Notes()
    agree_on_padding(config, tokenizer, again)
    assert not [*again]


def test_a_word_stays_a_word_where_positions_are_counted_from_its_number() -> None:
    from ftk.models.tokenizers.pad_token import agree_on_padding

    notes, tokenizer = Notes(), tokenizer_of(["<pad>", "</s>"], eos_token="</s>", pad_token="<pad>")
    config = config_of("roberta", tokenizer.convert_tokens_to_ids("fox"))
    agree_on_padding(config, tokenizer, notes)
    assert [one.kind for one in notes] == [kinds.PAD_IDS_STAY]
    assert (tokenizer.pad_token, config.pad_token_id) == ("<pad>", tokenizer.convert_tokens_to_ids("fox"))


def test_a_tokenizer_without_any_special_token_is_refused_if_the_model_has_no_embedding_to_spare() -> None:
    from ftk.models.tokenizers.pad_token import agree_on_padding

    tokenizer = tokenizer_of([])
    with pytest.raises(ModelError, match="no padding token"):
        agree_on_padding(config_of("gpt2", None, len(tokenizer)), tokenizer, Notes())
