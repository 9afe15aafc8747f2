"""Which tasks are suggested for a model of another tool, and in which words one that does not suit is refused."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from conftest import Result, write_jsonl
from ftk.contracts.saved_head import SentenceEncoder
from ftk.inference.adopted import suited
from ftk.models.loading.head_of_folder import saved_head
from ftk.tasks import build_task, called

Ftk = Callable[..., Result]
EMPTY = b"\x02\0\0\0\0\0\0\0{}"
"""A safetensors file without tensors."""


def folder(**values: Any) -> None:
    """A folder ``m`` whose config has these values."""
    Path("m").mkdir()
    Path("m/config.json").write_text(json.dumps(values))
    Path("m/model.safetensors").write_bytes(EMPTY)
    Path("m/vocab.txt").write_text("[PAD]\n[UNK]\n")


def suggested(model_type: str, architecture: str, **values: Any) -> list[str]:
    sentence = suited(saved_head({"model_type": model_type, "architectures": [architecture], **values}))
    return [word.strip(":.") for word in sentence.split() if word.startswith("task=")]


@pytest.mark.parametrize(
    ("model_type", "architecture", "tasks"),
    [
        *((kind, f"{kind}Model", []) for kind in ("mamba", "rwkv", "clip", "whisper", "vit", "wav2vec2")),
        *((kind, f"{kind}Model", []) for kind in ("t5", "bart", "marian", "mt5", "umt5", "reformer", "lxmert")),
        *((kind, f"{kind}Model", ["task=ranking"]) for kind in ("bert", "llama", "xlnet", "deberta-v2", "ftk-cnn")),
        ("of-a-later-release", "LaterModel", ["task=ranking"]),
        ("bert", "BertForMaskedLM", ["task=mlm", "task=ranking"]),
        ("perceiver", "PerceiverForMaskedLM", []),
        ("t5", "T5ForConditionalGeneration", ["task=summarization", "task=translation"]),
        ("whisper", "WhisperForConditionalGeneration", []),
        ("bert", "BertForTokenClassification", ["task=ner", "task=token-classification"]),
        ("bros", "BrosForTokenClassification", []),
        ("vit", "ViTForImageClassification", ["task=image-classification"]),
    ],
)
def test_a_task_is_suggested_only_if_it_can_use_the_architecture(
    model_type: str, architecture: str, tasks: list[str]
) -> None:
    assert suggested(model_type, architecture) == tasks


def test_a_cross_encoder_is_suggested_for_one_output_alone() -> None:
    one = {"problem_type": "regression", "num_labels": 1}
    assert "task=ranking" in suggested("bert", "BertForSequenceClassification", **one)
    assert "task=ranking" not in suggested("bert", "BertForSequenceClassification", **{**one, "num_labels": 2})


def test_a_sentence_encoder_with_further_layers_is_suggested_for_nothing() -> None:
    from dataclasses import replace

    head = saved_head({"model_type": "bert", "architectures": ["BertModel"]})
    assert "task=ranking" in suited(head)
    assert "task=ranking" not in suited(replace(head, sentences=SentenceEncoder(further=("Dense",))))


@pytest.mark.parametrize(
    ("values", "task", "words"),
    [
        ({"model_type": "mamba", "architectures": ["MambaModel"]}, "ranking", "has no head for ranking texts"),
        ({"model_type": "t5", "architectures": ["T5EncoderModel"]}, "ranking", "has no head for ranking texts"),
        ({"model_type": "mamba", "architectures": ["MambaModel"]}, "ner", "has no head for token classification"),
        ({"model_type": "whisper"}, "question-answering", "has no head for question answering"),
        ({"model_type": "vit", "architectures": ["ViTModel"]}, "text-classification", "reads images"),
        ({"model_type": "bert", "architectures": ["BertModel"]}, "summarization", "generates no text"),
        ({"model_type": "electra"}, "translation", "has no head for generating text"),
        (
            {"model_type": "bert", "architectures": ["BertForTokenClassification"]},
            "relation",
            "no head for task=relation",
        ),
        ({"model_type": "llama", "architectures": ["LlamaForCausalLM"]}, "mlm", "has no head for masked language"),
        ({"model_type": "ftk-cnn"}, "ner", "supports text-classification"),
    ],
)
def test_what_cannot_be_is_refused_by_name_before_rows_are_read(
    ftk: Ftk, values: dict[str, Any], task: str, words: str
) -> None:
    folder(**values)
    Path("in.jsonl").write_text("{ no JSON")
    result = ftk("predict", "checkpoint=m", f"task={task}", "input=in.jsonl")
    assert result.code == 1
    assert words in result.err
    assert "AutoModel" not in result.err
    assert "in.jsonl" not in result.err
    assert "model=tiny" not in result.err, "'ftk predict' does not take it"


@pytest.mark.parametrize(
    ("option", "changes", "name"),
    [
        ("ner", {}, "ner"),
        ("token-classification", {}, "token-classification"),
        ("token-classification", {"units": "tokens"}, "token-classification"),
        ("token-classification", {"units": "spans"}, "ner"),
        ("ner", {"focal": 2.0, "class_weights": "balanced"}, "ner"),
        ("multi-label", {}, "multi-label"),
        ("image-text-classification", {}, "image-text-classification"),
        ("mlm", {}, "mlm"),
    ],
)
def test_a_task_has_the_name_of_its_preset(option: str, changes: dict[str, Any], name: str) -> None:
    from ftk.config.paths import values_of

    assert called(build_task({**values_of(f"task/{option}"), **changes})) == name


@pytest.mark.parametrize("task", ["ner", "token-classification"])
def test_a_model_without_the_head_is_refused_by_the_name_of_the_task_that_was_asked_for(ftk: Ftk, task: str) -> None:
    folder(model_type="bert", architectures=["BertForSequenceClassification"])
    write_jsonl("in.jsonl", [{"text": "Ada"}])
    result = ftk("predict", "checkpoint=m", f"task={task}", "input=in.jsonl")
    assert result.code == 1
    assert f"no head for task={task}" in result.err
    assert f"finetune task={task} " in result.err


@pytest.mark.parametrize(
    "values", [{}, {"id2label": {0: "relevance"}, "problem_type": "regression"}], ids=["encoder", "cross-encoder"]
)
@pytest.mark.parametrize("encoder", ["auto", "bi"])
def test_who_chose_the_encoder_is_said(values: dict[str, Any], encoder: str) -> None:
    from ftk.contracts.notes import Notes
    from ftk.tasks.ranking.adopting import adopted_encoder
    from ftk.tasks.ranking.policies import Encoder, TokenPooling

    architecture = "BertForSequenceClassification" if values else "BertModel"
    head, notes = saved_head({"model_type": "bert", "architectures": [architecture], **values}), Notes()
    chosen, _ = adopted_encoder(head, Encoder(encoder), TokenPooling.auto, notes)
    [found] = notes.drain()
    assert found.policy == ("asked" if encoder == "bi" else "architecture")
    assert chosen is (Encoder.cross if values and encoder == "auto" else Encoder.bi)
