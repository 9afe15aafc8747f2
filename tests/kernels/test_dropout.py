"""Fast dropout: rate, independence, gradient, repeatability."""

from typing import Any

import pytest

pytestmark = pytest.mark.torch


def dropped(shape: tuple[int, ...], rate: float, seed: int = 0) -> Any:
    """1.0 for dropped elements of a mask."""
    import torch

    from ftk.kernels.random_bits import keep_mask

    torch.manual_seed(seed)
    mask = keep_mask(torch.Size(shape), rate)
    assert set(mask.unique().tolist()) <= {-1, 0}
    return (mask == 0).double()


@pytest.mark.parametrize("rate", [0.01, 0.1, 0.3, 0.5, 0.9])
def test_the_dropout_rate_is_as_requested(rate: float) -> None:
    """Within five standard deviations of a binomial count over four million elements."""
    mask = dropped((2000, 2000), rate)
    deviation = (rate * (1 - rate) / mask.numel()) ** 0.5
    assert abs(mask.mean().item() - rate) < 5 * deviation + 1 / 65536


def test_elements_are_independent_of_their_neighbours_and_of_other_masks() -> None:
    """Correlations along rows and columns, at the distance of a random word, with the next mask and the next seed."""
    import torch

    from ftk.kernels.random_bits import keep_mask

    first = dropped((1000, 1024), 0.1)
    following = (keep_mask(torch.Size((1000, 1024)), 0.1) == 0).double()
    other = dropped((1000, 1024), 0.1, seed=1)
    shifts = [(0, 1), (0, 2), (0, 3), (0, 4), (1, 0), (17, 5)]
    pairs = [(first, first.roll(shift, (0, 1))) for shift in shifts] + [(first, following), (first, other)]
    for one, two in pairs:
        correlation = torch.corrcoef(torch.stack([one.flatten(), two.flatten()]))[0, 1].item()
        assert abs(correlation) < 5 / one.numel() ** 0.5


def test_large_masks_are_made_of_independent_parts() -> None:
    """A mask filled by several generators does not repeat itself."""
    import torch

    mask = dropped((5, 1 << 20), 0.2)
    assert torch.corrcoef(mask).fill_diagonal_(0).abs().max().item() < 5 / (1 << 20) ** 0.5


def test_masks_repeat_with_the_seed_for_any_number_of_threads() -> None:
    import torch

    before = torch.get_num_threads()
    try:
        torch.set_num_threads(1)
        alone = dropped((3, 1 << 20), 0.1, seed=7)
        torch.set_num_threads(2)
        assert torch.equal(alone, dropped((3, 1 << 20), 0.1, seed=7))
        assert not torch.equal(alone, dropped((3, 1 << 20), 0.1, seed=8))
    finally:
        torch.set_num_threads(before)


@pytest.mark.parametrize("dtype", ["float32", "bfloat16", "float64"])
def test_values_and_gradients_are_dropped_and_scaled_alike(dtype: str) -> None:
    import torch

    from ftk.kernels.dropout import FastDropout

    module = FastDropout(0.25).train()
    values = torch.rand(64, 100, dtype=getattr(torch, dtype)).add_(0.5).requires_grad_()
    output = module(values)
    output.backward(torch.ones_like(output))
    assert output.dtype is values.dtype
    kept = output != 0
    assert 0 < kept.float().mean() < 1
    tolerance = 1e-2 if dtype == "bfloat16" else 1e-4
    torch.testing.assert_close(output[kept], values[kept] / 0.75, rtol=tolerance, atol=0)
    torch.testing.assert_close(values.grad, kept.to(values.dtype) / 0.75, rtol=tolerance, atol=0)


def test_strided_values_and_gradients() -> None:
    import torch

    from ftk.kernels.dropout import FastDropout

    module = FastDropout(0.5).train()
    values = torch.rand(40, 30).add_(0.5).requires_grad_()
    output = module(values.t())
    output.t().contiguous().backward(torch.ones(40, 30))
    assert values.grad is not None
    assert torch.equal(values.grad != 0, output.t() != 0)
    torch.testing.assert_close(output[output != 0], (values.t() * 2)[output != 0])


def test_evaluation_and_rate_0_drop_nothing_and_rate_1_drops_all() -> None:
    import torch

    from ftk.kernels.dropout import FastDropout

    values = torch.rand(10, 10)
    assert FastDropout(0.5).eval()(values) is values
    assert FastDropout(0.0).train()(values) is values
    assert not FastDropout(1.0).train()(values).any()


@pytest.mark.parametrize("dtype", ["float32", "bfloat16"])
def test_the_result_can_be_changed_in_place(dtype: str) -> None:
    """Models do so; torch refuses it for a view that an autograd function returns."""
    import torch

    from ftk.kernels.dropout import FastDropout

    values = torch.ones(4, 8, dtype=getattr(torch, dtype), requires_grad=True)
    output = FastDropout(0.5)(values)
    output /= 2
    output.sum().backward()
    assert values.grad is not None
    assert torch.equal(values.grad, output.detach())
