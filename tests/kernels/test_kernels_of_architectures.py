"""Models of many types train and predict with the fast ways that fit them, in each precision."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from conftest import Result, assert_refused, read_jsonl, write_jsonl
from ftk.contracts import finding_kinds as kinds
from small_models import make_tokenizer

pytestmark = pytest.mark.torch

_SIZES: dict[str, Any] = {
    "hidden_size": 32,
    "num_hidden_layers": 2,
    "num_attention_heads": 2,
    "intermediate_size": 64,
    "max_position_embeddings": 64,
}
_ROTATED = {**_SIZES, "num_key_value_heads": 1, "head_dim": 16}
_LATENT = {
    **_SIZES,
    "num_key_value_heads": 2,
    "q_lora_rank": 16,
    "kv_lora_rank": 16,
    "qk_nope_head_dim": 16,
    "qk_rope_head_dim": 8,
    "v_head_dim": 12,
}
_EXPERTS = {"num_local_experts": 4, "num_experts": 4, "num_experts_per_tok": 2}
TYPES: dict[str, dict[str, Any]] = {
    "bert": _SIZES,
    "bloom": {"hidden_size": 32, "n_layer": 2, "n_head": 2},
    "deberta": {**_SIZES, "relative_attention": True, "pos_att_type": ["c2p", "p2c"]},
    "deepseek_v2": {**_LATENT, "n_routed_experts": 4, "moe_intermediate_size": 32, "first_k_dense_replace": 1,
                    "n_group": 1, "topk_group": 1, "n_shared_experts": 1, "num_experts_per_tok": 2},
    "eurobert": _ROTATED,
    "gemma": _ROTATED,
    "gemma2": _ROTATED,
    "gpt_neox": _SIZES,
    "jamba": {**_ROTATED, **_EXPERTS, "attn_layer_period": 2, "attn_layer_offset": 1, "mamba_d_state": 4,
              "mamba_dt_rank": 4, "use_mamba_kernels": False},
    "layoutlmv3": {**_SIZES, "coordinate_size": 4, "shape_size": 8, "input_size": 32, "max_2d_position_embeddings": 64},
    "llama": _ROTATED,
    "longformer": {**_SIZES, "attention_window": 8},
    "minicpm3": _LATENT,
    "mistral": _ROTATED,
    "mixtral": {**_ROTATED, **_EXPERTS},
    "modernbert": {**_SIZES, "global_attn_every_n_layers": 2, "local_attention": 16},
    "phi": _SIZES,
    "phimoe": {**_ROTATED, **_EXPERTS},
    "qwen2": _ROTATED,
    "qwen3": _ROTATED,
    "roc_bert": {**_SIZES, "pronunciation_vocab_size": 40, "shape_vocab_size": 40, "pronunciation_embed_dim": 8,
                 "shape_embed_dim": 8},
    "stablelm": {**_SIZES, "num_key_value_heads": 2},
}  # fmt: skip
PLAIN = {"jamba": {"dt_proj"}, "layoutlmv3": {"rel_pos_bias", "rel_pos_x_bias", "rel_pos_y_bias"}}
"""Layers whose weights a model reads by itself, and which are therefore not stored in another layout."""
ROWS = [
    {"text": "Ada went to Oslo by slow train again .", "label": "a"},
    {"text": "hello world", "label": "b"},
    {"text": "Boris went to Lima", "label": "a"},
    {"text": "Dora", "label": "b"},
]


def make(kind: str, **changes: Any) -> Any:
    """A text classifier with random weights."""
    import torch
    import transformers

    values = {"pad_token_id": 0, "bos_token_id": 1, "eos_token_id": 3, "vocab_size": 94, **TYPES[kind], **changes}
    torch.manual_seed(0)
    return transformers.AutoModelForSequenceClassification.from_config(
        transformers.AutoConfig.for_model(kind, **values), dtype=torch.float32
    )


def save(folder: Path, kind: str) -> None:
    """A model folder with random weights and a tokenizer."""
    tokenizer = make_tokenizer("wordpiece")
    special = {"pad_token_id": tokenizer.pad_token_id, "eos_token_id": tokenizer.sep_token_id}
    make(kind, **special, vocab_size=len(tokenizer)).base_model.save_pretrained(folder)
    tokenizer.save_pretrained(folder)


@pytest.mark.parametrize("precision", ["float32", "bfloat16"])
@pytest.mark.parametrize("kind", sorted(TYPES))
def test_a_type_takes_all_fast_ways(kind: str, precision: str) -> None:
    """But those for prediction that change weights which it reads by itself."""
    import torch

    from ftk.kernels.proof import prove
    from ftk.kernels.ways import prediction_ways, training_ways

    model, dtype = make(kind), getattr(torch, precision)
    trained = prove(model, training_ways(), dtype, training=True)
    predicted = prove(model, prediction_ways(dtype, rows=64, int8=False), dtype, training=False)
    assert trained.refusals == ()
    if (kind, precision) == ("deberta", "bfloat16"):
        assert None not in (trained.unfit, predicted.unfit)
        return
    assert (trained.unfit, predicted.unfit) == (None, None)
    assert {one.part.rpartition(".")[2] for one in predicted.refusals} == PLAIN.get(kind, set())


def test_the_first_layer_of_each_structure_is_tried() -> None:
    """Mamba in most layers, attention in one, experts in every other one."""
    import torch

    from ftk.kernels.first_layers import keep_first_layers
    from ftk.kernels.proof import prove
    from ftk.kernels.proof.untouched import Snapshot
    from ftk.kernels.ways import training_ways

    model = make("jamba", num_hidden_layers=8, attn_layer_period=8, attn_layer_offset=5, expert_layer_period=2)
    whole = Snapshot(model)
    for gaps, number in ((True, 3), (False, 6)):
        assert keep_first_layers(model, gaps=gaps)
        kept = [type(layer).__name__ for layer in model.model.layers]
        whole.restore()
        assert (len(kept), len(model.model.layers)) == (number, 8)
        assert "JambaAttentionDecoderLayer" in kept
    assert prove(model, training_ways(), torch.float32, training=True).refusals == ()


@pytest.mark.slow
@pytest.mark.parametrize("precision", ["fp32", "bf16"])
@pytest.mark.parametrize("kind", sorted(TYPES))
def test_a_type_trains_and_predicts(kind: str, precision: str, ftk: Callable[..., Result]) -> None:
    from ftk.kernels.processor import processor

    if precision == "bf16" and not processor().has_bf16:
        pytest.skip("this processor multiplies no bf16")
    save(Path("model"), kind)
    write_jsonl("rows.jsonl", ROWS)
    data = ("data.train=rows.jsonl", "data.validation_share=0", "train.max_steps=2", "train.batch_size=4")
    # DeBERTa v1 cannot be run in bf16: transformers fills a mask with the lowest fp32 number.
    asked = "auto" if (kind, precision) == ("deberta", "bf16") else precision
    words = ("hardware=cpu", "hardware.threads=1", f"hardware.precision={asked}", "--json")
    trained = ftk(
        "finetune", "task=text-classification", "model=auto", "model.name=model", *data, *words, "run.dir=run"
    )
    assert trained.code == 0, trained.err
    assert trained.count(kinds.PLAIN_WAY) == 0
    predicted = ftk("predict", "checkpoint=run/best", "input=rows.jsonl", "output=out.jsonl", *words)
    assert predicted.code == 0, predicted.err
    plain = [name for found in predicted.findings if found.kind == kinds.PLAIN_WAY for name in found.values["ways"]]
    assert {name.rpartition(".")[2] for name in plain} == PLAIN.get(kind, set())
    assert len(read_jsonl("out.jsonl")) == len(ROWS)


@pytest.mark.slow
def test_a_model_that_cannot_be_run_in_bf16_computes_in_fp32_or_is_refused(ftk: Callable[..., Result]) -> None:
    from ftk.kernels.processor import processor

    if not processor().has_bf16:
        pytest.skip("this processor multiplies no bf16")
    save(Path("model"), "deberta")
    write_jsonl("rows.jsonl", ROWS)
    data = ("data.train=rows.jsonl", "data.validation_share=0", "train.epochs=null", "train.max_steps=4")
    words = ("finetune", "task=text-classification", "model=auto", "model.name=model", *data, "hardware=cpu", "--json")
    result = ftk(*words, "run.dir=refused", "hardware.precision=bf16")
    assert_refused(result, "hardware.precision=fp32")
    words = (*words, "hardware.precision=auto")
    assert ftk(*words, "run.dir=whole").code == 0
    assert ftk(*words, "run.dir=halves", "run.stop_after=2").code == 0
    assert ftk(*words, "run.dir=halves", "run.resume=true").code == 0
    weights = [Path(name, "best/model.safetensors").read_bytes() for name in ("whole", "halves")]
    assert weights[0] == weights[1]
    saved = json.loads(Path("whole/environment.json").read_text())
    assert saved["model_precision"] == "fp32"


@pytest.mark.slow
@pytest.mark.parametrize("precision", ["fp32", "bf16"])
def test_a_fast_way_that_does_not_fit_is_said_and_not_used(
    precision: str, ftk: Callable[..., Result], monkeypatch: pytest.MonkeyPatch
) -> None:
    import torch

    from ftk.kernels.norm import FastLayerNorm
    from ftk.kernels.processor import processor

    if precision == "bf16" and not processor().has_bf16:
        pytest.skip("this processor multiplies no bf16")

    def broken(self: Any, input: Any) -> Any:
        raise RuntimeError("does not fit")

    save(Path("model"), "bert")
    write_jsonl("rows.jsonl", ROWS)
    monkeypatch.setattr(FastLayerNorm, "forward", broken)
    data = ("data.train=rows.jsonl", "data.validation_share=0", "train.max_steps=1", "run.dir=run")
    words = ("hardware=cpu", "hardware.threads=1", f"hardware.precision={precision}", "--json")
    model = ("finetune", "task=text-classification", "model=auto", "model.name=model")
    for _ in range(2):  # the second time, the verdict is read from the cache
        trained = ftk(*model, *data, *words, "run.overwrite=true")
        assert trained.code == 0, trained.err
        assert trained.found(kinds.PLAIN_WAY).values["ways"] == ["layer norm"]
        assert "does not fit" in trained.found(kinds.PLAIN_WAY).values["reason"]
    predicted = ftk("predict", "checkpoint=run/best", "input=rows.jsonl", "output=out.jsonl", *words)
    assert predicted.code == 0, predicted.err
    assert predicted.found(kinds.PLAIN_WAY).values["ways"] == ["layer norm"]
    assert torch.is_grad_enabled()
