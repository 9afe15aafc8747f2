"""Fast kernels do not change outputs, gradients or saved weights."""

import json
from pathlib import Path
from typing import Any

import pytest

import small_models

pytestmark = pytest.mark.torch


def make(architecture: str, *, dropout: float = 0.0) -> Any:
    import torch
    from transformers import AutoConfig, AutoModelForTokenClassification

    config = AutoConfig.for_model(architecture, **small_models.ARCHITECTURES[architecture], vocab_size=50)
    config.pad_token_id = 0
    for name in config.to_dict():
        if "dropout" in name:
            setattr(config, name, dropout)
    torch.manual_seed(0)
    return AutoModelForTokenClassification.from_config(config)


def batch() -> dict[str, Any]:
    import torch

    torch.manual_seed(1)
    ids = torch.randint(1, 50, (4, 20))
    mask = torch.ones_like(ids)
    mask[0, 12:] = mask[2, 5:] = 0
    return {"input_ids": ids * mask, "attention_mask": mask}


@pytest.mark.parametrize("architecture", sorted(small_models.ARCHITECTURES))
@pytest.mark.parametrize("padded", [True, False])
def test_logits_and_gradients_are_the_same(architecture: str, padded: bool) -> None:
    import torch

    from ftk.kernels.proof import Verdict
    from ftk.kernels.ways import install, training_ways

    plain, fast = make(architecture).train(), make(architecture).train()
    install(fast, training_ways(), Verdict().allows)
    inputs = batch() if padded else {"input_ids": batch()["input_ids"][1:2]}
    real = inputs.get("attention_mask", torch.ones_like(inputs["input_ids"])).bool()
    expected, found = plain(**inputs).logits[real], fast(**inputs).logits[real]
    torch.testing.assert_close(found, expected, atol=1e-5, rtol=1e-4)
    for logits in (expected, found):
        logits.square().sum().backward()
    theirs = dict(plain.named_parameters())
    for name, parameter in fast.named_parameters():
        if theirs[name].grad is None:
            assert parameter.grad is None
        else:
            torch.testing.assert_close(parameter.grad, theirs[name].grad, atol=1e-4, rtol=1e-3)


@pytest.mark.parametrize("architecture", sorted(small_models.ARCHITECTURES))
def test_bf16_stays_close_to_fp32(architecture: str) -> None:
    import torch

    from ftk.kernels.proof import Verdict
    from ftk.kernels.ways import install, training_ways

    plain, fast = make(architecture).eval(), make(architecture).eval()
    install(fast, training_ways(), Verdict().allows)
    inputs = batch()
    real = inputs["attention_mask"].bool()
    with torch.inference_mode(), torch.autocast("cpu", dtype=torch.bfloat16):
        found = fast(**inputs).logits[real].float()
    with torch.inference_mode():
        expected = plain(**inputs).logits[real]
    assert (found - expected).norm() < 0.03 * expected.norm()


def test_dropout_of_a_model_repeats_with_the_seed() -> None:
    import torch

    from ftk.kernels.proof import Verdict
    from ftk.kernels.ways import install, training_ways

    model = make("bert", dropout=0.3).train()
    install(model, training_ways(), Verdict().allows)
    inputs, outputs = batch(), []
    for seed in (1, 1, 2):
        torch.manual_seed(seed)
        outputs.append(model(**inputs).logits)
    assert torch.equal(outputs[0], outputs[1])
    assert not torch.equal(outputs[0], outputs[2])


@pytest.mark.parametrize("architecture", ["bert", "modernbert", "deberta-v2"])
def test_saving_is_unchanged(architecture: str, tmp_path: Path) -> None:
    import torch
    from transformers import AutoModelForTokenClassification

    from ftk.kernels.proof import Verdict
    from ftk.kernels.ways import install, training_ways

    plain, fast = make(architecture), make(architecture)
    install(fast, training_ways(), Verdict().allows)
    plain.save_pretrained(tmp_path / "plain")
    fast.save_pretrained(tmp_path / "fast")
    for name in ("config.json", "model.safetensors"):
        assert (tmp_path / "fast" / name).read_bytes() == (tmp_path / "plain" / name).read_bytes()
    assert "ftk" not in json.loads((tmp_path / "fast" / "config.json").read_text()).values()
    opened = AutoModelForTokenClassification.from_pretrained(tmp_path / "fast")
    torch.testing.assert_close(opened.eval()(**batch()).logits, plain.eval()(**batch()).logits)


def test_the_head_computes_in_fp32_under_autocast() -> None:
    import torch

    from ftk.kernels.proof import Verdict
    from ftk.kernels.ways import install, training_ways

    model = make("bert").eval()
    install(model, training_ways(), Verdict().allows)
    head = model.classifier
    hidden = torch.randn(3, 7, head.in_features, dtype=torch.bfloat16)
    with torch.inference_mode(), torch.autocast("cpu", dtype=torch.bfloat16):
        found = head(hidden)
    assert found.dtype is torch.float32
    torch.testing.assert_close(found, hidden.float() @ head.weight.T + head.bias)
