"""Attention equals torch's, forward and backward, with and without a mask, in each precision."""

from typing import Any

import pytest

pytestmark = pytest.mark.torch


def inputs(dtype: str, *, time: int = 9, keys: int | None = None, size: int = 8) -> list[Any]:
    import torch

    torch.manual_seed(0)
    lengths = (time, keys or time, keys or time)
    return [torch.randn(3, 2, length, size, dtype=getattr(torch, dtype), requires_grad=True) for length in lengths]


def term(mask: Any, dtype: Any) -> Any:
    import torch

    return None if mask is None else torch.zeros(mask.shape, dtype=dtype).masked_fill_(~mask, torch.finfo(dtype).min)


def some_hidden(time: int, keys: int) -> Any:
    import torch

    mask = torch.ones(3, 1, time, keys, dtype=torch.bool)
    mask[0, ..., keys // 2 :] = False
    mask[1, ..., 0] = False
    return mask


@pytest.mark.parametrize(("dtype", "tolerance"), [("float64", 1e-12), ("float32", 1e-5), ("bfloat16", 2e-2)])
@pytest.mark.parametrize("hidden", [False, True])
@pytest.mark.parametrize(("time", "keys"), [(9, 9), (32, 32), (33, 70), (1, 5)])
def test_without_dropout_it_equals_torch(dtype: str, tolerance: float, hidden: bool, time: int, keys: int) -> None:
    import torch
    from torch.nn.functional import scaled_dot_product_attention

    from ftk.kernels.attention import _Attention

    mask = some_hidden(time, keys) if hidden else None
    ours, theirs = inputs(dtype, time=time, keys=keys), inputs("float64", time=time, keys=keys)
    with torch.no_grad():
        for plain, exact in zip(ours, theirs, strict=True):
            exact.copy_(plain.double())
    found = _Attention.apply(*ours, term(mask, ours[0].dtype), 0.3, 0.0)
    expected = scaled_dot_product_attention(*theirs, attn_mask=term(mask, torch.float64), scale=0.3).transpose(1, 2)
    assert found.dtype is ours[0].dtype
    weights = torch.linspace(-1, 1, found.numel(), dtype=torch.float64).view(found.shape)
    found.backward(weights.to(found.dtype))
    expected.backward(weights)
    pairs = [(found, expected), *((a.grad, b.grad) for a, b in zip(ours, theirs, strict=True))]
    for one, two in pairs:
        assert (one.double() - two).norm() <= tolerance * max(two.norm(), 1e-3)


@pytest.mark.parametrize("sharing", [1, 2, 4])
@pytest.mark.parametrize("width", [8, 5])
def test_heads_may_share_keys_and_values_may_be_narrower(sharing: int, width: int) -> None:
    """Latent attention has narrow values; a bias of positions that is learned is a term with a gradient."""
    import torch
    from torch.nn.functional import scaled_dot_product_attention

    from ftk.kernels.attention import _Attention

    torch.manual_seed(0)
    query = torch.randn(3, 4, 9, 8, dtype=torch.float64, requires_grad=True)
    key = torch.randn(3, 4 // sharing, 7, 8, dtype=torch.float64, requires_grad=True)
    value = torch.randn(3, 4 // sharing, 7, width, dtype=torch.float64, requires_grad=True)
    bias = torch.randn(1, 4, 9, 7, dtype=torch.float64, requires_grad=True)
    found = _Attention.apply(query, key, value, bias, 0.3, 0.0)
    each = (part.repeat_interleave(sharing, 1) for part in (key, value))
    expected = scaled_dot_product_attention(query, *each, attn_mask=bias, scale=0.3).transpose(1, 2)
    torch.testing.assert_close(found, expected)
    weights = torch.linspace(-1, 1, found.numel(), dtype=torch.float64).view(found.shape)
    parts = (query, key, value, bias)
    torch.testing.assert_close(
        torch.autograd.grad(found, parts, weights), torch.autograd.grad(expected, parts, weights)
    )


def test_rotated_queries_in_fp32_are_rounded_as_autocast_does() -> None:
    import torch
    from transformers.integrations.sdpa_attention import sdpa_attention_forward

    from ftk.kernels.attention import attention_forward

    layer, results = torch.nn.Module(), []
    for attention in (attention_forward, sdpa_attention_forward):
        parts = inputs("float32")
        with torch.autocast("cpu", dtype=torch.bfloat16):
            found, _ = attention(layer, *parts[:2], parts[2].bfloat16(), some_hidden(9, 9))
        found.float().square().sum().backward()
        results.append((found, *(part.grad for part in parts)))
    for ours, theirs in zip(*results, strict=True):
        assert ours.dtype is theirs.dtype
        assert (ours - theirs).norm() <= 2e-2 * theirs.norm()


def test_the_lowest_fp32_number_hides_keys_in_bf16() -> None:
    """It is -inf in bf16, and a row of nothing else would be NaN."""
    import torch

    from ftk.kernels.attention import attention_forward

    parts = inputs("bfloat16")
    mask = torch.full((3, 1, 9, 9), torch.finfo(torch.float32).min)
    mask[:2] = 0
    output, _ = attention_forward(torch.nn.Module(), *parts, mask)
    assert output.isfinite().all()


@pytest.mark.parametrize("dropout", [0.0, 0.2])
@pytest.mark.parametrize("time", [1, 9])
def test_the_result_can_be_changed_in_place(time: int, dropout: float) -> None:
    import torch

    from ftk.kernels.attention import attention_forward

    parts = inputs("float32", time=time)
    output, _ = attention_forward(torch.nn.Module(), *parts, None, dropout, is_causal=False)
    before = output.detach().clone()
    output /= 2
    assert torch.equal(output, before / 2)
    (gradient,) = torch.autograd.grad(output.sum(), parts[2])
    assert gradient.isfinite().all()


@pytest.mark.parametrize("dtype", ["float32", "bfloat16"])
def test_a_fully_masked_query_is_finite(dtype: str) -> None:
    """This happens for the padding of packed rows, whose output is not used."""
    import torch

    from ftk.kernels.attention import attention_forward

    layer = torch.nn.Module()
    parts = inputs(dtype)
    mask = torch.ones(3, 1, 9, 9, dtype=torch.bool)
    mask[2, :, 1] = False
    output, _ = attention_forward(layer, *parts, mask, dropout=0.1)
    output.sum().backward()
    assert all(tensor.isfinite().all() for tensor in (output, *(part.grad for part in parts)))


@pytest.mark.parametrize("time", [7, 32])
def test_gradients_under_dropout(time: int) -> None:
    """Compares with finite differences; the seed fixes the mask."""
    import torch

    from ftk.kernels.attention import _Attention

    def attend(*parts: Any) -> Any:
        torch.manual_seed(5)
        return _Attention.apply(*parts, None, 0.5, 0.3)

    small = [part.detach()[:1, :1, :, :2].contiguous().requires_grad_() for part in inputs("float64", time=time)]
    assert torch.autograd.gradcheck(attend, tuple(small))


def test_dropout_drops_weights_and_keeps_the_mean() -> None:
    """With equal scores and values of 1, each output is the scaled share of kept keys."""
    import torch

    from ftk.kernels.attention import _Attention

    equal = torch.zeros(8, 4, 50, 4)
    output = _Attention.apply(equal, equal, torch.ones_like(equal), None, 1.0, 0.2)
    assert torch.allclose(output.mean(), torch.tensor(1.0), atol=0.01)
    kept = output[..., 0] * 50 * 0.8
    assert torch.allclose(kept, kept.round(), atol=0.01)  # whole keys, and not the same number for each query
    assert kept.std() == pytest.approx((50 * 0.2 * 0.8) ** 0.5, rel=0.1)


def test_causal_layers_are_left_to_torch() -> None:
    import torch
    from torch import nn
    from torch.nn.functional import scaled_dot_product_attention

    from ftk.kernels.attention import attention_forward

    parts = [part.detach() for part in inputs("float32")]
    layer = nn.Module()
    found, _ = attention_forward(layer, *parts, None, is_causal=True)
    expected = scaled_dot_product_attention(*parts, is_causal=True).transpose(1, 2)
    torch.testing.assert_close(found, expected)
    layer.is_causal = False  # type: ignore[assignment]
    found, _ = attention_forward(layer, *parts, None)
    torch.testing.assert_close(found, scaled_dot_product_attention(*parts).transpose(1, 2))


def test_more_scores_than_fit_are_left_to_torch(monkeypatch: pytest.MonkeyPatch) -> None:
    from ftk.kernels import attention

    long = inputs("bfloat16", time=64)
    assert attention._pays(long[0], long[1], 0.0)
    monkeypatch.setattr(attention, "_MOST_SCORES", 1000)
    assert not attention._pays(long[0], long[1], 0.0)
