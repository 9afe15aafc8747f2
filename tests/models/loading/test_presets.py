"""Presets of pretrained models: what they say of the texts of a model, and folders of their architectures."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from conftest import Result, write_jsonl
from ftk.config.paths import shipped_files, values_of
from ftk.contracts import finding_kinds as kinds
from ftk.contracts.text_prefix import TextPrefix
from small_models import ARCHITECTURES, make_tokenizer

Ftk = Callable[..., Result]
E5 = TextPrefix(text="query: ", pair="query: ", query="query: ", candidate="passage: ")
BGE = TextPrefix(query="Represent this sentence for searching relevant passages: ")
PRESETS: dict[str, tuple[str, str, str | None, TextPrefix]] = {
    "ettin-17m": ("modernbert", "bytes", None, TextPrefix()),
    "ettin-32m": ("modernbert", "bytes", None, TextPrefix()),
    "ettin-68m": ("modernbert", "bytes", None, TextPrefix()),
    "ettin-150m": ("modernbert", "bytes", None, TextPrefix()),
    "modernbert-large": ("modernbert", "bytes", None, TextPrefix()),
    "mmbert-small": ("modernbert", "unigram", None, TextPrefix()),
    "gte-modernbert": ("modernbert", "bytes", "first", TextPrefix()),
    "e5-small": ("bert", "wordpiece", "mean", E5),
    "multilingual-e5-small": ("bert", "unigram", "mean", E5),
    "bge-small": ("bert", "wordpiece", "first", BGE),
}
"""The architecture of each, its kind of tokenizer, how it pools as a sentence encoder, and its prefixes."""
CPU = ("hardware=cpu", "hardware.precision=fp32", "hardware.threads=1", "run.curves=false", "run.report=false")


def folder_of(preset: str) -> Path:
    """A folder as that of the preset, with random weights and two layers of 32."""
    import torch
    import transformers

    torch.manual_seed(0)
    architecture, kind, pooling, _ = PRESETS[preset]
    tokenizer, folder = make_tokenizer(kind), Path("m")
    sizes: dict[str, Any] = {**ARCHITECTURES[architecture], "max_position_embeddings": 64}
    sizes |= {"vocab_size": len(tokenizer), "pad_token_id": tokenizer.pad_token_id}
    config = transformers.AutoConfig.for_model(architecture, **sizes)
    auto_model = transformers.AutoModel if pooling else transformers.AutoModelForMaskedLM
    auto_model.from_config(config).save_pretrained(folder)
    tokenizer.save_pretrained(folder)
    if pooling:
        listed = [("0", "", "Transformer"), ("1", "1_Pooling", "Pooling"), ("2", "2_Normalize", "Normalize")]
        modules = [{"idx": int(n), "name": n, "path": path, "type": f"sentence_transformers.models.{kind}"}
                   for n, path, kind in listed]  # fmt: skip
        (folder / "1_Pooling").mkdir()
        modes = {"pooling_mode_cls_token": pooling == "first", "pooling_mode_mean_tokens": pooling == "mean"}
        (folder / "1_Pooling/config.json").write_text(json.dumps({"word_embedding_dimension": 32, **modes}))
        (folder / "modules.json").write_text(json.dumps(modules))
        (folder / "sentence_bert_config.json").write_text(json.dumps({"max_seq_length": 64}))
    return folder


def test_presets_of_sentence_encoders_say_how_they_read_texts() -> None:
    for preset, (_, _, pooling, prefix) in PRESETS.items():
        values = values_of(f"model/{preset}")
        named = {role: text for role, text in values["text_prefix"].items() if text is not None}
        assert (values["default_pooling"], TextPrefix.of(named)) == (pooling, prefix)
    others = {name.partition("/")[2] for name in shipped_files() if name.startswith("model/")} - {*PRESETS}
    assert not any(TextPrefix.of(_named(name)) for name in others)


def _named(preset: str) -> dict[str, str]:
    return {role: text for role, text in values_of(f"model/{preset}")["text_prefix"].items() if text is not None}


@pytest.mark.slow
@pytest.mark.torch
@pytest.mark.parametrize("preset", PRESETS)
def test_a_folder_of_its_architecture_is_trained(ftk: Ftk, preset: str) -> None:
    folder, (_, _, pooling, prefix) = folder_of(preset), PRESETS[preset]
    texts = [{"text": f"{name} went to {place}", "label": place} for name in ("Ada", "Boris") for place in "xy" * 2]
    pairs = [{"query": f"{name} to Oslo", "positive": f"{name} went by train"} for name in ("Ada", "Boris", "Chen")]
    data = {"text-classification": write_jsonl("texts.jsonl", texts), "ranking": write_jsonl("pairs.jsonl", pairs)}
    for task, file in data.items():
        words = (f"model={preset}", f"model.name={folder}", f"data.train={file}", f"data.validation={file}")
        trained = ftk(
            "finetune", "--json", f"task={task}", *CPU, *words, "train.max_steps=1", "data.duplicates=keep",
            f"run.dir={task}",
        )  # fmt: skip
        assert trained.code == 0, trained.texts
        own = prefix.only(("query", "candidate") if task == "ranking" else ("text", "pair"))
        assert json.loads(Path(task, "best/ftk.json").read_text())["text_prefix"] == own.to_json()
        assert trained.count(kinds.TEXT_PREFIX) == bool(own)
        if task == "ranking" and pooling is not None:
            assert trained.found(kinds.POOLING_OF_MODEL).values["pooling"] == pooling
