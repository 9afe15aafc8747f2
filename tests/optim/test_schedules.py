"""Learning-rate schedules."""

import itertools
import math

import pytest

from ftk.config.choices import Decay
from ftk.optim.schedules import Schedule


def rates(
    decay: Decay, *, warmup: float = 0.0, floor: float = 0.0, cooldown: float = 0.0, total: int = 100
) -> list[float]:
    schedule = Schedule(decay=decay, warmup=warmup, floor=floor, cooldown=cooldown)
    return [schedule(step, total) for step in range(total)]


@pytest.mark.torch
@pytest.mark.parametrize("decay", [Decay.linear, Decay.cosine])
def test_without_warmup_it_is_the_schedule_of_transformers(decay: Decay) -> None:
    import torch
    from transformers import get_cosine_schedule_with_warmup, get_linear_schedule_with_warmup

    make = {Decay.linear: get_linear_schedule_with_warmup, Decay.cosine: get_cosine_schedule_with_warmup}[decay]
    optimizer = torch.optim.SGD([torch.nn.Parameter(torch.zeros(1))], lr=1.0)
    reference = make(optimizer, 0, 50)
    for rate in rates(decay, total=50):
        assert rate == pytest.approx(optimizer.param_groups[0]["lr"], abs=1e-12)
        optimizer.step()
        reference.step()


@pytest.mark.parametrize("decay", list(Decay))
@pytest.mark.parametrize(("warmup", "steps"), [(0.1, 10), (7, 7)])
def test_the_warmup_is_linear(decay: Decay, warmup: float, steps: int) -> None:
    found = rates(decay, warmup=warmup, cooldown=0.2 if decay is Decay.wsd else 0.0)
    assert found[0] > 0
    differences = [b - a for a, b in itertools.pairwise(found[:steps])]
    assert all(d == pytest.approx(differences[0]) for d in differences)
    assert max(found) == pytest.approx(1.0)
    assert found.index(max(found)) == steps


@pytest.mark.parametrize("decay", [Decay.linear, Decay.cosine])
def test_the_decay_ends_at_the_floor(decay: Decay) -> None:
    found = rates(decay, floor=0.25, total=1000)
    assert all(later <= earlier for earlier, later in itertools.pairwise(found))
    assert found[-1] == pytest.approx(0.25, abs=2e-3)


def test_constant_stays_and_wsd_decays_at_the_end() -> None:
    assert set(rates(Decay.constant)) == {1.0}
    found = rates(Decay.wsd, warmup=0.1, cooldown=0.2)
    assert set(found[10:80]) == {1.0}
    assert found[-1] == pytest.approx(0.05)
    assert not any(math.isnan(rate) for rate in found)


@pytest.mark.parametrize("total", [1, 2, 3])
@pytest.mark.parametrize("decay", list(Decay))
def test_very_short_runs_have_a_rate(decay: Decay, total: int) -> None:
    assert all(0 < rate <= 1 for rate in rates(decay, warmup=0.1, total=total))


@pytest.mark.parametrize("decay", list(Decay))
@pytest.mark.parametrize("cooldown", [0.0, 0.5, 1.0])
def test_an_unknown_total_does_not_decay(decay: Decay, cooldown: float) -> None:
    def rate(step: int, warmup: float) -> float:
        return Schedule(decay=decay, warmup=warmup, floor=0.0, cooldown=cooldown)(step, math.inf)

    assert [rate(step, 0.0) for step in (0, 1, 10**6)] == [1.0, 1.0, 1.0]
    assert [rate(step, 4) for step in range(6)] == pytest.approx([0.2, 0.4, 0.6, 0.8, 1.0, 1.0])
    # A share of what has no known end begins low, but learns.
    assert 0 < rate(0, 0.1) < 0.05


@pytest.mark.parametrize("decay", list(Decay))
def test_an_estimated_total_gives_the_rate_of_the_finished_share(decay: Decay) -> None:
    schedule = Schedule(decay=decay, warmup=0.1, floor=0.05, cooldown=0.3 if decay is Decay.wsd else 0.0)
    for share in (0.02, 0.1, 0.4, 0.71, 0.8, 0.95, 1.0):
        rates = [schedule(round(share * total), total) for total in (10_000, 123_456.7, 10**7)]
        assert rates == pytest.approx([rates[0]] * 3, abs=2e-3), share


@pytest.mark.parametrize("decay", [Decay.linear, Decay.cosine, Decay.wsd])
def test_a_run_longer_than_its_estimate_stays_at_the_floor(decay: Decay) -> None:
    schedule = Schedule(decay=decay, warmup=0.1, floor=0.05, cooldown=0.3 if decay is Decay.wsd else 0.0)
    assert [schedule(step, 10.5) for step in (11, 12, 100)] == pytest.approx([0.05] * 3)
