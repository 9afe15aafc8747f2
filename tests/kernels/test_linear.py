"""oneDNN linear layers equal torch's, forward, backward, and prepacked for prediction."""

from typing import Any

import pytest

import small_models

pytestmark = pytest.mark.torch


@pytest.fixture(autouse=True)
def _available() -> None:
    from ftk.kernels.product import can_prepack

    if not can_prepack():
        pytest.skip("this processor or this torch has no such products")


@pytest.mark.parametrize("bias", [True, False])
@pytest.mark.parametrize("shape", [(4, 7), (5,), (1,), ()])
@pytest.mark.parametrize("contiguous", [True, False])
def test_output_and_gradients_are_torchs(bias: bool, shape: tuple[int, ...], contiguous: bool) -> None:
    import torch
    from torch import nn

    from ftk.kernels.linear import FastLinear

    torch.manual_seed(0)
    plain = nn.Linear(48, 80, bias=bias)
    fast = FastLinear(48, 80, bias=bias)
    fast.load_state_dict(plain.state_dict())
    values = torch.randn(*shape, 48) if contiguous else torch.randn(48, *shape).movedim(0, -1)
    found, expected = [], []
    for layer, results in ((fast, found), (plain, expected)):
        input = values.clone(memory_format=torch.preserve_format).requires_grad_()
        output = layer(input)
        (output.sin() * torch.linspace(-1, 1, 80)).sum().backward()
        results += [output, input.grad, layer.weight.grad, *([layer.bias.grad] if bias else [])]
    assert found[0].shape == (*shape, 80)
    for one, other in zip(found, expected, strict=True):
        torch.testing.assert_close(one, other, atol=1e-5, rtol=1e-5)


@pytest.mark.parametrize("shape", [(4, 7), (5,)])
def test_the_output_can_be_changed_in_place(shape: tuple[int, ...]) -> None:
    """Models scale queries so; torch refuses it for a view that an autograd function returns."""
    import torch

    from ftk.kernels.linear import FastLinear

    layer = FastLinear(48, 80)
    output = layer(torch.randn(*shape, 48))
    output /= 2
    output.sum().backward()
    assert layer.bias.grad.unique().tolist() == [output[..., 0].numel() / 2]


def test_tensors_without_requires_grad_get_no_gradient() -> None:
    import torch

    from ftk.kernels.linear import FastLinear

    layer = FastLinear(8, 8)
    layer.weight.requires_grad_(False)
    input = torch.randn(3, 8)
    layer(input).sum().backward()
    assert layer.weight.grad is None
    assert input.grad is None
    torch.testing.assert_close(layer.bias.grad, torch.full((8,), 3.0))


def test_other_types_and_empty_inputs_are_torchs_own() -> None:
    import torch
    from torch import nn

    from ftk.kernels.linear import FastLinear

    torch.manual_seed(0)
    fast = FastLinear(8, 4)
    assert fast(torch.zeros(0, 8)).shape == (0, 4)
    values = torch.randn(3, 8)
    with torch.autocast("cpu", dtype=torch.bfloat16):
        found, expected = fast(values), nn.functional.linear(values, fast.weight, fast.bias)
    assert found.dtype is torch.bfloat16
    torch.testing.assert_close(found, expected)
    fast.double()
    assert fast(values.double()).dtype is torch.float64


@pytest.mark.parametrize("then", ["none", "gelu"])
@pytest.mark.parametrize("rows", [1, 33, 600])
def test_a_prepacked_layer_accepts_any_number_of_rows(then: str, rows: int) -> None:
    import torch
    from torch import nn

    from ftk.kernels.linear import PrepackedLinear

    torch.manual_seed(0)
    linear = nn.Linear(64, 96)
    values = torch.randn(rows, 64)
    with torch.inference_mode():
        expected = nn.functional.gelu(linear(values)) if then == "gelu" else linear(values)
        found = PrepackedLinear(linear, torch.float32, 512, then)(values)
        coarse = PrepackedLinear(linear, torch.bfloat16, 512, then)(values)
    torch.testing.assert_close(found, expected, atol=1e-5, rtol=1e-5)
    assert coarse.dtype is torch.bfloat16
    assert (coarse.float() - expected).norm() < 0.01 * expected.norm()


@pytest.mark.parametrize("architecture", sorted(small_models.ARCHITECTURES))
def test_a_prepacked_model_has_the_same_output(architecture: str) -> None:
    import torch
    from transformers import AutoConfig, AutoModelForTokenClassification

    from ftk.kernels.linear import PrepackedLinear
    from ftk.kernels.proof import Verdict
    from ftk.kernels.ways import install, prediction_ways

    torch.manual_seed(0)
    config = AutoConfig.for_model(architecture, **small_models.ARCHITECTURES[architecture], vocab_size=50)
    config.pad_token_id = 0
    model: Any = AutoModelForTokenClassification.from_config(config).eval()
    ids = torch.randint(5, 50, (3, 20))
    with torch.inference_mode():
        before = model(ids).logits
        changed = install(model, prediction_ways(torch.float32, rows=4096, int8=False), Verdict().allows)
        packed = sum(type(module) is PrepackedLinear for module in model.modules())
        assert changed["prepacked weights"] == packed > 0
        after = model(ids).logits
    torch.testing.assert_close(after, before, atol=1e-5, rtol=1e-4)


def test_mkl_computes_fp32_on_intel_processors(monkeypatch: pytest.MonkeyPatch) -> None:
    from ftk.kernels import product
    from ftk.kernels.processor import Processor

    for maker, pays in (("GenuineIntel", False), ("AuthenticAMD", True)):
        monkeypatch.setattr(product, "processor", lambda maker=maker: Processor(maker, frozenset({"avx512f"})))
        assert product.pays_in_training() is pays
    monkeypatch.setattr(product, "processor", lambda: Processor("AuthenticAMD", frozenset({"avx2"})))
    assert not product.can_prepack()
    assert not product.pays_in_training()
