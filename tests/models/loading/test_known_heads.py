"""Architectures without a head, which are known by name before torch is imported."""

import json
from collections.abc import Callable
from pathlib import Path

import pytest

from conftest import Result
from ftk.models.files.needed import kind_of_folder
from ftk.models.loading.known_heads import _TABLES, _names, has_head


@pytest.mark.torch
@pytest.mark.parametrize("table", [*_TABLES.values(), "MODEL_MAPPING_NAMES"])
def test_the_tables_are_those_of_transformers(table: str) -> None:
    from transformers.models.auto import modeling_auto

    assert _names(table) == frozenset(getattr(modeling_auto, table))


def test_what_is_not_known_here_is_left_to_the_model_itself() -> None:
    assert has_head("bert", "AutoModelForTokenClassification") is True
    assert has_head("mamba", "AutoModelForTokenClassification") is False
    assert has_head("of-a-later-release", "AutoModelForTokenClassification") is None
    assert has_head("bert", "AutoModelForTextVector") is True
    assert has_head("mamba", "AutoModelForTextVector") is False
    assert has_head("t5", "AutoModelForEntitySpans") is False
    assert has_head("bert", "AutoModelForImageTextClassification") is None


def test_a_config_that_is_nested_too_deeply_is_named(ftk: Callable[..., Result]) -> None:
    Path("m").mkdir()
    Path("m/config.json").write_text('{"a": ' * 100_000 + "1" + "}" * 100_000)
    assert kind_of_folder(Path("m")) is None
    result = ftk("finetune", "task=ner", "model=auto", "model.name=m", "run.dir=r")
    assert result.code == 1
    assert "m/config.json: the file is not valid JSON" in result.err


@pytest.mark.parametrize(
    ("kind", "command", "task"),
    [
        ("mamba", "finetune", "text-classification"),
        ("rwkv", "finetune", "token-classification"),
        ("whisper", "finetune", "question-answering"),
        ("clip", "finetune", "regression"),
        ("vit", "finetune", "ner"),
        ("wav2vec2", "finetune", "multi-label"),
        ("llama", "pretrain", "mlm"),
        ("gpt2", "pretrain", "mlm"),
        ("olmo2", "finetune", "question-answering"),
        ("layoutlmv2", "finetune", "text-classification"),
        ("bros", "finetune", "token-classification"),
        ("lxmert", "finetune", "question-answering"),
        ("reformer", "finetune", "text-classification"),
        ("mamba", "finetune", "ranking"),
        ("falcon_mamba", "finetune", "ranking"),
        ("t5", "finetune", "ranking"),
        ("bart", "finetune", "relation"),
        ("perceiver", "finetune", "ranking"),
        ("t5", "pretrain", "mlm"),
        ("marian", "finetune", "text-classification"),
        ("electra", "finetune", "summarization"),
        ("mamba", "finetune", "translation"),
    ],
)
def test_an_architecture_is_refused_by_name_before_rows_are_read(
    ftk: Callable[..., Result], kind: str, command: str, task: str
) -> None:
    Path("m").mkdir()
    Path("m/config.json").write_text(json.dumps({"model_type": kind}))
    Path("rows.jsonl").write_text("{ no JSON")
    result = ftk(command, f"task={task}", "model=auto", "model.name=m", "data.train=rows.jsonl", "run.dir=r")
    assert result.code == 1
    assert kind in result.err
    assert "rows.jsonl" not in result.err


@pytest.mark.parametrize("text", ["", "[]", "{}", '{"model_type": 7}', "\udcff"])
def test_a_config_that_names_no_architecture_is_reported_where_it_is_read(tmp_path: Path, text: str) -> None:
    (tmp_path / "config.json").write_bytes(text.encode("utf-8", "surrogateescape"))
    assert kind_of_folder(tmp_path) is None
    assert kind_of_folder(tmp_path / "none") is None
