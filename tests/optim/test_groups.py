"""Learning rates and weight decay by parameter."""

import pytest

from ftk.errors import ConfigError

pytestmark = pytest.mark.torch

ADAMW = {"_target_": "torch.optim.AdamW", "lr": 1e-3, "weight_decay": 0.1}


def model():
    from torch import nn

    towers = nn.ModuleDict({"text": nn.Linear(2, 3), "image": nn.Linear(2, 3)})
    return nn.ModuleDict({"towers": towers, "towersque": nn.Linear(3, 1), "head": nn.Linear(3, 1)})


def rates(built, optimizer):
    """Learning rate and weight decay of each parameter by name."""
    names = {id(parameter): name for name, parameter in built.named_parameters()}
    return {
        names[id(parameter)]: (group["peak_lr"], group["weight_decay"])
        for group in optimizer.param_groups
        for parameter in group["params"]
    }


def built(settings, **scales):
    from ftk.optim.groups import build_optimizer

    made = model()
    return rates(made, build_optimizer(made, {**ADAMW, **settings}, scales))


def test_without_scales_there_are_matrices_and_vectors():
    from ftk.optim.groups import build_optimizer

    made = model()
    optimizer = build_optimizer(made, {**ADAMW, "lr_scale": {}})
    assert [(group["lr"], group["weight_decay"]) for group in optimizer.param_groups] == [(1e-3, 0.1), (1e-3, 0.0)]
    assert len(rates(made, optimizer)) == 8


@pytest.mark.parametrize("scale", [{"towers.image": 10, "head": 0.5}, {"towers": {"image": 10}, "head": 0.5}])
def test_parts_have_their_own_rate(scale):
    found = built({"lr_scale": scale})
    assert found["towers.image.weight"] == (pytest.approx(1e-2), 0.1)
    assert found["towers.image.bias"] == (pytest.approx(1e-2), 0.0)
    assert found["head.weight"] == (pytest.approx(5e-4), 0.1)
    assert {found[f"{name}.weight"] for name in ("towers.text", "towersque")} == {(1e-3, 0.1)}


def test_the_longest_name_wins_and_the_users_factors_take_precedence():
    found = built({"lr_scale": {"towers": 2, "towers.text": 3}}, **{"towers.image": 7.0, "head": 5.0, "nothing": 9.0})
    assert {name: round(rate / 1e-3, 6) for name, (rate, _) in found.items() if name.endswith("weight")} == {
        "towers.text.weight": 3.0,
        "towers.image.weight": 2.0,
        "towersque.weight": 1.0,
        "head.weight": 5.0,
    }


def test_the_rate_without_a_factor_is_logged():
    from ftk.optim.groups import build_optimizer

    assert build_optimizer(model(), {**ADAMW, "lr_scale": {"towers": 100}}).param_groups[0]["lr"] == 1e-3


@pytest.mark.parametrize(
    ("scale", "message"),
    [
        ({"tower": 2}, r"lr_scale.tower=2: no parameter of this model .* begin with towers, towersque, head"),
        ({"towers": {"imag": 2}}, "lr_scale.towers.imag=2"),
        ({"head": "high"}, "lr_scale.head=high: a factor must be a number"),
        ({"head": True}, "a factor must be a number"),
        ({"head": float("inf")}, "a factor must be a number"),
        ({"head": -1}, "a factor must be a number, 0 or more"),
        (3, "lr_scale=3: expected a factor for each name"),
    ],
)
def test_invalid_factors_are_refused(scale, message):
    with pytest.raises(ConfigError, match=message):
        built({"lr_scale": scale})


def test_the_largest_part_comes_first_if_all_have_factors():
    from torch import nn

    from ftk.optim.groups import build_optimizer

    made = nn.ModuleDict({"small": nn.Linear(2, 2), "large": nn.Linear(8, 8)})
    optimizer = build_optimizer(made, ADAMW, {"small": 10.0, "large": 2.0})
    assert optimizer.param_groups[0]["lr"] == pytest.approx(2e-3)
