"""Encoder-decoders that classify a text by the token that ends it, with tokenizers that put none there."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from conftest import TINY, Result, assert_close, read_jsonl, write_jsonl
from ftk.contracts import finding_kinds as kinds
from ftk.contracts.notes import Notes
from ftk.errors import ModelError
from small_models import make_tokenizer

pytestmark = pytest.mark.torch

TEXTS = "AutoModelForSequenceClassification"


def tokenizer_with(single: str, pair: str) -> Any:
    """A tokenizer with these special tokens around one text and around two."""
    from tokenizers import processors

    tokenizer = make_tokenizer("unigram")
    tokenizer.backend_tokenizer.post_processor = processors.TemplateProcessing(
        single=single, pair=pair, special_tokens=[("<s>", 0), ("</s>", 2)]
    )
    return tokenizer


def config(**changes: Any) -> Any:
    import transformers

    return transformers.BartConfig(vocab_size=120, pad_token_id=1, bos_token_id=0, **{"eos_token_id": 2, **changes})


@pytest.mark.parametrize(
    ("single", "pair", "read", "read_two"),
    [
        ("$A", "$A $B", "A </s>", "A B </s>"),
        ("<s> $A", "<s> $A <s> $B", "<s> A </s>", "<s> A <s> B </s>"),
        ("<s> $A <s>", "<s> $A <s> $B <s>", "<s> A <s> </s>", "<s> A <s> B <s> </s>"),
        ("<s> $A </s>", "<s> $A </s> $B </s>", "<s> A </s>", "<s> A </s> B </s>"),
    ],
)
def test_the_end_of_a_text_is_put_behind_what_is_there(single: str, pair: str, read: str, read_two: str) -> None:
    from ftk.models.tokenizers.end_of_text import end_texts

    tokenizer, notes = tokenizer_with(single, pair), Notes()
    plain = {text: tokenizer(text, add_special_tokens=False)["input_ids"] for text in ("Ada", "Oslo")}
    end_texts(config(), tokenizer, TEXTS, notes)
    assert bool([*notes.drain()]) == ("</s>" not in single)
    ids = {"A": plain["Ada"], "B": plain["Oslo"], "<s>": [0], "</s>": [2]}
    assert tokenizer("Ada")["input_ids"] == [number for word in read.split() for number in ids[word]]
    assert tokenizer("Ada", "Oslo")["input_ids"] == [number for word in read_two.split() for number in ids[word]]


@pytest.mark.parametrize(
    ("changes", "auto_model"),
    [
        ({"is_encoder_decoder": False}, TEXTS),
        ({"eos_token_id": None}, TEXTS),
        ({}, "AutoModelForSeq2SeqLM"),
        ({}, "AutoModelForQuestionAnswering"),
    ],
)
def test_a_tokenizer_stays_where_no_end_is_read(changes: dict[str, Any], auto_model: str) -> None:
    from ftk.models.tokenizers.end_of_text import end_texts

    tokenizer, notes = tokenizer_with("$A", "$A $B"), Notes()
    end_texts(config(**changes), tokenizer, auto_model, notes)
    assert not [*notes.drain()]
    assert 2 not in tokenizer("Ada")["input_ids"]


@pytest.mark.parametrize("end", [20, 5000])
def test_an_end_that_the_tokenizer_does_not_have_is_refused(end: int) -> None:
    from ftk.models.tokenizers.end_of_text import end_texts

    with pytest.raises(ModelError, match=f"number {end} .*model.tokenizer.name=FOLDER"):
        end_texts(config(eos_token_id=end), tokenizer_with("$A", "$A $B"), TEXTS, Notes())


@pytest.mark.slow
@pytest.mark.parametrize("architecture", ["bart", "t5", "mbart"])
def test_such_a_model_is_trained_and_scored_as_it_predicts(ftk: Callable[..., Result], architecture: str) -> None:
    import transformers

    tokenizer = tokenizer_with("$A", "$A $B")
    sizes = {"d_model": 32, "num_layers": 2, "num_heads": 2, "d_kv": 16, "d_ff": 64} if architecture == "t5" else {}
    if not sizes:
        sizes = {f"{side}_{name}": value for side in ("encoder", "decoder") for name, value in _SIDES.items()}
        sizes |= {"d_model": 32, "max_position_embeddings": 64}
    made = transformers.AutoConfig.for_model(
        architecture, vocab_size=len(tokenizer), pad_token_id=1, eos_token_id=2, decoder_start_token_id=2, **sizes
    )
    transformers.AutoModelForSequenceClassification.from_config(made).save_pretrained("m")
    tokenizer.save_pretrained("m")
    rows = [{"text": text, "label": label} for text, label in (("Ada went to Oslo", "a"), ("Boris", "b"))]
    write_jsonl("t.jsonl", rows * 4)
    settings = [word for word in TINY if not word.startswith("model=")]
    words = ("model=auto", "model.name=m", "data.train=t.jsonl", "data.validation_share=0", "train.max_steps=1")
    kept = ("data.duplicates=keep", "task=text-classification")
    trained = ftk("finetune", "--json", *settings, *words, *kept, "data.test=t.jsonl", "run.dir=r")
    assert trained.code == 0, trained.err
    assert trained.count(kinds.END_ADDED) == 1
    assert not trained.count(kinds.ONE_LENGTH)
    assert ftk("evaluate", "checkpoint=r/best", "data.test=t.jsonl", "run.dir=s", "hardware=cpu").code == 0
    scores = [json.loads(Path(name).read_text())["test"] for name in ("s/metrics.json", "r/metrics.json")]
    assert_close(*scores)
    opened = ftk("predict", "--json", "checkpoint=m", kept[1], "input=t.jsonl", "output=o.jsonl", "hardware=cpu")
    assert opened.code == 0, opened.err
    assert opened.count(kinds.END_ADDED) == 1
    assert len(read_jsonl("o.jsonl")) == 8


_SIDES = {"layers": 2, "attention_heads": 2, "ffn_dim": 64}
