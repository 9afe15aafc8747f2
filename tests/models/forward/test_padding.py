"""How models take padding: found by running them, and the same numbers in any batch."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from conftest import Result, read_jsonl, write_jsonl
from ftk.contracts import finding_kinds as kinds
from ftk.contracts.layout import Layout, Padding

pytestmark = pytest.mark.torch

TEXTS, TOKENS, QUESTIONS, MASKS = (
    f"AutoModelFor{head}" for head in ("SequenceClassification", "TokenClassification", "QuestionAnswering", "MaskedLM")
)
ROWS = ["red fox runs home again", "blue", "blue sea", "Ada Berg went to Oslo by slow train", "sea", "hello world ."]


def tiny(model_type: str, auto_model: str) -> tuple[Any, Any]:
    """A random model and its tokenizer, with the same padding token."""
    import torch
    import transformers
    from benchmarks.architectures.folders import shrunk, tokenizer_for

    from ftk.contracts.notes import Notes
    from ftk.models.tokenizers.pad_token import agree_on_padding

    tokenizer = tokenizer_for(model_type)
    config = shrunk(model_type, tokenizer)
    agree_on_padding(config, tokenizer, Notes())
    torch.manual_seed(0)
    return getattr(transformers, auto_model).from_config(config), tokenizer


@pytest.mark.parametrize(
    ("model_type", "auto_model", "padding"),
    [
        ("bert", TEXTS, Padding.right),
        ("roberta", TOKENS, Padding.right),
        ("modernbert", MASKS, Padding.right),
        ("deberta-v2", QUESTIONS, Padding.right),
        ("gpt2", TEXTS, Padding.right),
        ("llama", TEXTS, Padding.right),
        ("bart", TEXTS, Padding.right),
        ("t5", TOKENS, Padding.right),
        ("xlnet", TEXTS, Padding.left),
        ("xlnet", TOKENS, Padding.right),
        ("fnet", TEXTS, Padding.one_length),
        ("fnet", MASKS, Padding.one_length),
        ("convbert", TEXTS, Padding.one_length),
        ("convbert", TOKENS, Padding.one_length),
        ("funnel", QUESTIONS, Padding.one_length),
        ("nystromformer", MASKS, Padding.one_length),
        ("yoso", TEXTS, Padding.one_length),
    ],
)
def test_the_layout_is_found_by_running_the_model(model_type: str, auto_model: str, padding: Padding) -> None:
    import torch

    from ftk.models.forward.padding_probe import layout_of

    model, tokenizer = tiny(model_type, auto_model)
    before = torch.random.get_rng_state()
    assert layout_of(model, tokenizer, auto_model).padding is padding
    assert torch.equal(before, torch.random.get_rng_state())


@pytest.mark.parametrize("limit", [*range(1, 12), 512])
def test_a_model_of_few_positions_is_tried_on_rows_that_it_takes(limit: int) -> None:
    import transformers
    from benchmarks.architectures.folders import shrunk, tokenizer_for

    from ftk.models.forward.padding_probe import layout_of

    tokenizer = tokenizer_for("bert")
    config = shrunk("bert", tokenizer)
    config.max_position_embeddings = limit
    for auto_model in (TEXTS, QUESTIONS):
        model = getattr(transformers, auto_model).from_config(config)
        assert layout_of(model, tokenizer, auto_model, limit) == Layout()
    if limit >= 5:  # rows of one and of two words
        model, tokenizer = tiny("fnet", TEXTS)
        assert layout_of(model, tokenizer, TEXTS, limit).padding is Padding.one_length


@pytest.mark.slow
def test_a_model_of_ten_positions_trains_and_a_folder_without_layout_predicts(ftk: Callable[..., Result]) -> None:
    import transformers
    from benchmarks.architectures.folders import shrunk, tokenizer_for

    tokenizer = tokenizer_for("bert")
    config = shrunk("bert", tokenizer)
    config.max_position_embeddings, config.id2label = 10, {0: "a", 1: "b"}
    transformers.AutoModelForSequenceClassification.from_config(config).save_pretrained("m")
    tokenizer.save_pretrained("m")
    write_jsonl("t.jsonl", [{"text": text, "label": "ab"[at % 2]} for at, text in enumerate(ROWS * 3)])
    words = ("task=text-classification", "model=auto", "model.name=m", "data.train=t.jsonl", "debug=one-step")
    trained = ftk("finetune", *words, "hardware=cpu", "run.dir=r")
    assert trained.code == 0, trained.err
    predicted = ftk("predict", "task=text-classification", "checkpoint=m", "input=t.jsonl", "output=p.jsonl")
    assert predicted.code == 0, predicted.err


def test_what_is_said_about_padding_depends_on_the_layout() -> None:
    from ftk.contracts.notes import Notes
    from ftk.models.forward.padding_probe import note_layout

    notes = Notes()
    for padding in Padding:
        note_layout(Layout(padding), None, notes)
    said = [(finding.kind, finding.policy) for finding in notes]
    assert said == [(kinds.PADDED_LEFT, "left"), (kinds.PADDED_LEFT, "left_counted"), (kinds.ONE_LENGTH, None)]


def test_the_first_layers_of_a_large_model_show_the_same(monkeypatch: pytest.MonkeyPatch) -> None:
    from ftk.models.forward import padding_probe

    monkeypatch.setattr(padding_probe, "_SMALL", 0)
    for model_type, padding in (("bert", Padding.right), ("xlnet", Padding.left), ("fnet", Padding.one_length)):
        model, tokenizer = tiny(model_type, TEXTS)
        layers = len([*model.modules()])
        assert padding_probe.layout_of(model, tokenizer, TEXTS).padding is padding
        assert len([*model.modules()]) == layers


def test_a_model_that_changes_itself_in_forward_is_not_changed() -> None:
    from ftk.models.forward.padding_probe import layout_of

    model, tokenizer = tiny("big_bird", TEXTS)
    assert layout_of(model, tokenizer, TEXTS) == Layout()
    assert model.bert.attention_type == "block_sparse"


def test_padding_before_the_texts_moves_whole_rows() -> None:
    import torch

    inputs = {
        "input_ids": torch.tensor([[5, 6, 7], [8, 0, 0], [9, 4, 0]]),
        "token_type_ids": torch.tensor([[0, 1, 1], [0, 0, 0], [0, 1, 0]]),
        "attention_mask": torch.tensor([[1, 1, 1], [1, 0, 0], [1, 1, 0]]),
        "other": torch.tensor([3, 2, 1]),
    }
    moved = Layout(Padding.left_counted).arranged(inputs)
    assert moved["input_ids"].tolist() == [[5, 6, 7], [0, 0, 8], [0, 9, 4]]
    assert moved["token_type_ids"].tolist() == [[0, 1, 1], [0, 0, 0], [0, 0, 1]]
    assert moved["position_ids"].tolist() == [[0, 1, 2], [0, 0, 0], [0, 0, 1]]
    assert moved["other"].tolist() == [3, 2, 1]


@pytest.mark.parametrize(("model_type", "found"), [("xlnet", kinds.PADDED_LEFT), ("fnet", kinds.ONE_LENGTH)])
@pytest.mark.slow
def test_a_resumed_run_and_any_batch_give_the_same_numbers(
    ftk: Callable[..., Result], model_type: str, found: Any
) -> None:
    from benchmarks.architectures.folders import save_folder

    save_folder(Path("m"), model_type, TEXTS, ())
    write_jsonl("t.jsonl", [{"text": text, "label": "ab"[at % 2]} for at, text in enumerate(ROWS * 3)])
    write_jsonl("p.jsonl", [{"text": text} for text in ROWS])
    words = ("task=text-classification", "model=auto", "model.name=m", "data.train=t.jsonl", "train.max_steps=4")
    cpu = ("hardware=cpu", "hardware.threads=1", "hardware.precision=fp32")
    trained = ftk("finetune", "--json", *words, *cpu, "run.dir=r", "run.verify_resume=true", "hardware.micro_batch=3")
    assert trained.code == 0, trained.err
    assert trained.found(found)
    for tokens in (1, 4096):
        argv = ("checkpoint=r/best", "input=p.jsonl", f"output={tokens}.jsonl", f"hardware.eval_tokens={tokens}", *cpu)
        assert ftk("predict", *argv).code == 0
    for one, other in zip(read_jsonl("1.jsonl"), read_jsonl("4096.jsonl"), strict=True):
        assert one["scores"] == pytest.approx(other["scores"], abs=1e-5)
