"""The cross entropy equals torch's, and so does its gradient."""

import pytest

pytestmark = pytest.mark.torch


@pytest.mark.parametrize(("dtype", "tolerance"), [("float32", 1e-6), ("bfloat16", 5e-3)])
@pytest.mark.parametrize("rows", [1, 7, 64])
def test_it_equals_torch(dtype: str, tolerance: float, rows: int, monkeypatch: pytest.MonkeyPatch) -> None:
    import torch

    from ftk.kernels import cross_entropy

    monkeypatch.setattr(cross_entropy, "_AT_ONCE", 3 * 500)  # several parts
    torch.manual_seed(0)
    logits = (torch.randn(rows, 500) * 20).to(getattr(torch, dtype)).requires_grad_()
    exact = logits.detach().double().requires_grad_()
    labels = torch.randint(0, 500, (rows,))
    found = cross_entropy.cross_entropy_sum(logits, labels)
    expected = torch.nn.functional.cross_entropy(exact, labels, reduction="sum")
    (found / rows).backward()
    (expected / rows).backward()
    assert found.item() == pytest.approx(expected.item(), rel=1e-6)
    assert logits.grad is not None
    assert logits.grad.dtype is logits.dtype
    assert exact.grad is not None
    assert (logits.grad.double() - exact.grad).norm() <= tolerance * exact.grad.norm()


def test_no_targets_give_no_loss() -> None:
    import torch

    from ftk.kernels.cross_entropy import cross_entropy_sum

    logits = torch.zeros(0, 10, requires_grad=True)
    total = cross_entropy_sum(logits, torch.zeros(0, dtype=torch.int64))
    total.backward()
    assert total.item() == 0
