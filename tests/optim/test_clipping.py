"""Clipping within a fused optimizer is torch's clipping."""

from typing import Any

import pytest

pytestmark = pytest.mark.torch


def step(limit: float | None, settings: dict[str, Any], *, torch_clips: bool) -> Any:
    import torch

    from ftk.optim.clipping import clipped

    torch.manual_seed(0)
    parameters = [torch.nn.Parameter(torch.randn(shape)) for shape in ((7, 5), (11,), (3, 2, 2))]
    optimizer = settings["cls"](parameters, **{name: value for name, value in settings.items() if name != "cls"})
    for _ in range(3):
        for parameter in parameters:
            parameter.grad = torch.randn_like(parameter)
        gradients = [parameter.grad for parameter in parameters if parameter.grad is not None]
        if torch_clips:
            if limit is not None:
                torch.nn.utils.clip_grad_norm_(parameters, limit)
            optimizer.step()
            continue
        norm = torch.nn.utils.get_total_norm(gradients)
        with clipped(optimizer, gradients, norm, limit, torch.amp.GradScaler("cpu", enabled=False)):
            optimizer.step()
        assert not hasattr(optimizer, "grad_scale")
    return torch.cat([parameter.detach().flatten() for parameter in parameters])


@pytest.mark.parametrize("limit", [None, 0.5, 100.0])
@pytest.mark.parametrize("fused", [True, False])
@pytest.mark.parametrize("name", ["AdamW", "SGD"])
def test_it_equals_torch(limit: float | None, fused: bool, name: str) -> None:
    import torch

    settings = {"cls": getattr(torch.optim, name), "lr": 0.1, "fused": fused}
    torch.testing.assert_close(step(limit, settings, torch_clips=False), step(limit, settings, torch_clips=True))


def test_the_limit_is_not_lost() -> None:
    """The length of an SGD step is the limit times the learning rate."""
    import torch

    settings = {"cls": torch.optim.SGD, "lr": 1.0, "fused": True}
    one = step(0.5, settings, torch_clips=False)
    torch.manual_seed(0)
    start = torch.cat([torch.randn(shape).flatten() for shape in ((7, 5), (11,), (3, 2, 2))])
    assert (one - start).norm() <= 3 * 0.5 + 1e-4
