"""int8 layers stay close to the layers that they replace."""

from typing import Any

import pytest

import small_models

pytestmark = pytest.mark.torch


@pytest.mark.parametrize("bias", [True, False])
@pytest.mark.parametrize("offset", [0.0, 3.0, -50.0])
@pytest.mark.parametrize("dtype", ["float32", "bfloat16"])
def test_a_layer(bias: bool, offset: float, dtype: str) -> None:
    import torch
    from torch import nn

    from ftk.kernels.int8 import Int8Linear

    torch.manual_seed(0)
    linear = nn.Linear(48, 80, bias=bias)
    values = (torch.randn(5, 7, 48) + offset).to(getattr(torch, dtype))
    with torch.inference_mode():
        found, expected = Int8Linear(linear)(values), linear(values.float())
    assert found.dtype is values.dtype
    assert found.shape == expected.shape
    # Both factors are off by half a step at the most, of 254 over the range and of 127 up to the largest weight; bf16
    # rounds the quantized activations and the result once more.
    values = values.float()
    step = (max(values.max().item(), 0) - min(values.min().item(), 0)) / 254
    of_values = step / 2 * linear.weight.norm(dim=1).max().item()
    of_weights = linear.weight.abs().max().item() / 254 * values.norm(dim=-1).max().item()
    bound = 4 * (of_values + of_weights) * (2 if dtype == "bfloat16" else 1)
    assert (found.float() - expected).abs().max() < bound


def test_a_tensor_is_quantized_once_and_not_confused_with_another() -> None:
    import torch
    from torch import nn

    from ftk.kernels.int8 import Int8Linear

    layer = Int8Linear(nn.Linear(8, 8))
    one, two = torch.randn(3, 8), torch.randn(3, 8)
    with torch.inference_mode():
        first = layer(one)
        assert layer.shared.input is one
        assert not torch.equal(layer(two), first)
        assert torch.equal(layer(one), first)


def test_zeros_and_constants() -> None:
    import torch
    from torch import nn

    from ftk.kernels.int8 import Int8Linear

    linear = nn.Linear(8, 4)
    with torch.inference_mode():
        torch.testing.assert_close(Int8Linear(linear)(torch.zeros(2, 8)), linear(torch.zeros(2, 8)))
        torch.testing.assert_close(Int8Linear(linear)(torch.ones(2, 8)), linear(torch.ones(2, 8)), atol=0.02, rtol=0)


def test_the_encoder_is_quantized_and_the_head_is_not() -> None:
    import torch
    from torch import nn
    from transformers import AutoConfig, AutoModelForTokenClassification

    from ftk.kernels.int8 import Int8Linear
    from ftk.kernels.proof import Verdict
    from ftk.kernels.ways import INT8, install, prediction_ways

    sizes = {"hidden_size": 64, "num_hidden_layers": 2, "num_attention_heads": 2, "intermediate_size": 128}
    torch.manual_seed(0)
    model: Any = AutoModelForTokenClassification.from_config(
        AutoConfig.for_model("bert", vocab_size=40, **sizes)
    ).eval()
    ids = torch.arange(1, 33).view(2, 16)
    with torch.inference_mode():
        before = model(ids).logits
        ways = prediction_ways(torch.float32, rows=64, int8=True, others=False)
        assert install(model, ways, Verdict().allows)[INT8] == 12
        after = model(ids).logits
    assert type(model.classifier) is nn.Linear
    fused = {name for name, module in model.named_modules() if getattr(module, "then", "none") != "none"}
    assert fused == {f"bert.encoder.layer.{number}.intermediate.dense" for number in range(2)}
    assert sum(type(module) is Int8Linear for module in model.modules()) == 12
    assert (after - before).norm() < 0.05 * before.norm()


@pytest.mark.parametrize("architecture", sorted(small_models.ARCHITECTURES))
def test_every_architecture_stays_close_to_its_fp32_output(architecture: str) -> None:
    import torch
    from transformers import AutoConfig, AutoModel

    from ftk.kernels.proof import Verdict
    from ftk.kernels.ways import INT8, install, prediction_ways, training_ways

    torch.manual_seed(0)
    config = AutoConfig.for_model(architecture, **small_models.ARCHITECTURES[architecture], vocab_size=50)
    config.pad_token_id = 0
    model: Any = AutoModel.from_config(config).eval()
    ids = torch.randint(5, 50, (3, 20))
    with torch.inference_mode():
        before = model(ids)[0]
        install(model, training_ways(), Verdict().allows)
        whole: Any = torch.nn.Module()
        whole.base_model_prefix, whole.inner = "inner", model
        ways = prediction_ways(torch.float32, rows=64, int8=True, others=False)
        assert install(whole, ways, Verdict().allows)[INT8] > 0
        after = model(ids)[0]
    assert (after - before).norm() < 0.06 * before.norm()
