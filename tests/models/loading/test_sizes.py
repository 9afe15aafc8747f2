"""Weights that do not have the sizes of their config."""

import json
from collections.abc import Callable
from pathlib import Path

import pytest

from conftest import Result, write_jsonl
from small_models import save_model_folder

pytestmark = pytest.mark.torch

_SIZES = {
    "vocab_size": (50, "word_embeddings.weight: 94 x 32 in the weights, 50 x 32 by the config"),
    "max_position_embeddings": (32, "position_embeddings.weight: 64 x 32 in the weights, 32 x 32 by the config"),
    "type_vocab_size": (1, "token_type_embeddings.weight: 2 x 32 in the weights, 1 x 32 by the config"),
    "intermediate_size": (48, "layer.0.intermediate.dense.weight: 64 x 32 in the weights, 48 x 32 by the config"),
}


@pytest.mark.slow
@pytest.mark.parametrize("key", _SIZES)
def test_a_tensor_of_another_size_is_named_with_the_key_that_fits(ftk: Callable[..., Result], key: str) -> None:
    wrong, message = _SIZES[key]
    save_model_folder(Path("m"), "bert")
    config = json.loads(Path("m/config.json").read_text())
    right = config[key]
    Path("m/config.json").write_text(json.dumps({**config, key: wrong}))
    write_jsonl("t.jsonl", [{"text": f"Ada {number} Oslo", "label": "ab"[number % 2]} for number in range(12)])
    argv = ("task=text-classification", "model=auto", "model.name=m", "debug=one-step", "data.train=t.jsonl")
    argv += ("data.validation=t.jsonl", "hardware=cpu", "hardware.threads=1")
    result = ftk("finetune", *argv, "run.dir=r")
    assert result.code == 1
    assert "Traceback" not in result.err
    assert message in result.err
    advice = f"+model.config.{key}={right}"
    assert advice in result.err
    followed = ftk("finetune", *argv, "run.dir=r", advice)
    assert followed.code == 0, followed.err
