"""How long and how fast a training is where its config leaves that open: the rules, and the rate of a test."""

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ftk.config.schema import TrainConfig
from ftk.contracts.spec import PredictorSpec, TaskSpec
from ftk.data.batching.order import StepOrder
from ftk.optim import recipe
from ftk.optim.rate_range import RateLosses, RateRise, rate_of
from ftk.optim.recipe import Sizes, kind_of, passes, patience, rate, rate_of_width, settled, validation_interval


def sizes(rows: int, *, scored: int = 0, kind: str = "text", pretrained: bool = True) -> Sizes:
    return Sizes(kind=kind, pretrained=pretrained, rows=rows, scored=scored, pass_steps=math.ceil(rows / 16))


def train(**values: object) -> TrainConfig:
    usual = dict.fromkeys(TrainConfig.__dataclass_fields__)
    return TrainConfig(**{**usual, "epochs": "auto", "eval_every": "auto", "patience": "auto", **values})  # type: ignore[arg-type]


def test_few_rows_are_seen_more_often_and_very_many_less_often() -> None:
    found = [passes(sizes(rows)) for rows in (8, 100, 400, 2_000, 5_000, 100_000, 500_000, 50_000_000)]
    assert found == sorted(found, reverse=True)
    assert found[0] == recipe.MOST_PASSES
    assert 1 in found
    assert passes(sizes(5_000)) == recipe.USUAL_PASSES
    few = sizes(400)
    assert passes(few) * few.pass_steps >= few.habit.steps
    assert [passes(sizes(rows, pretrained=False)) for rows in (8, 50_000_000)] == [recipe.USUAL_PASSES] * 2


@given(rows=st.integers(1, 10**6), scored=st.integers(1, 10**5))
def test_validations_take_a_fifth_of_the_time_and_are_not_many(rows: int, scored: int) -> None:
    given_sizes = sizes(rows, scored=scored)
    epochs = passes(given_sizes)
    every = validation_interval(given_sizes, epochs)
    steps = given_sizes.pass_steps if every == "epoch" else every
    assert isinstance(steps, int)
    number = math.ceil(epochs * given_sizes.pass_steps / steps)
    assert number <= max(recipe.MOST_VALIDATIONS, recipe.USUAL_PASSES)
    if epochs > recipe.USUAL_PASSES and number > 1:
        cost = number * scored * recipe.FORWARD_SHARE
        assert cost <= (cost + epochs * rows) * recipe.VALIDATION_SHARE * 1.001


@pytest.mark.parametrize(
    ("named", "chosen"),
    [
        ({"epochs": 2}, (2, "epoch", None)),
        ({"epochs": None, "patience": 4}, (None, "epoch", 4)),
        ({"eval_every": 5}, (30, 5, None)),
        ({"patience": None}, (30, 3 * 7, None)),
        ({}, (30, 3 * 7, 5)),
    ],
)
def test_named_values_are_kept_beside_chosen_ones(named: dict[str, object], chosen: tuple[object, ...]) -> None:
    found = settled(train(**named), sizes(100, scored=200))
    assert (found.epochs, found.eval_every, found.patience) == chosen


def test_a_run_that_resumes_keeps_what_it_has_chosen() -> None:
    found = settled(train(), sizes(10_000, scored=10), {"epochs": 30, "eval_every": 21, "patience": None})
    assert (found.epochs, found.eval_every, found.patience) == (30, 21, None)


def test_a_training_ends_early_only_by_scores_of_many_rows() -> None:
    assert patience(sizes(100, scored=recipe.LEAST_SCORED), 30, 21) == 5
    assert patience(sizes(100, scored=recipe.LEAST_SCORED - 1), 30, 21) is None
    assert patience(sizes(100, scored=500), 3, "epoch") is None


def test_a_rate_is_that_of_the_model_for_random_weights_and_falls_with_the_width() -> None:
    assert rate(7e-4, sizes(100, pretrained=False)) == 7e-4
    for given_sizes in (sizes(100), sizes(5_000), sizes(100, kind="vectors")):
        assert rate(1e-4, given_sizes) == pytest.approx(1e-4 * given_sizes.habit.rate, rel=0.02)
    rates = [rate_of_width(width) for width in (32, 256, 384, 768, 1024)]
    assert rates == sorted(rates, reverse=True)
    assert rates[0] == recipe.HIGHEST_RATE
    assert rates[3] == rate_of_width(None) == recipe.WIDE_RATE


def test_each_kind_of_task_has_its_habit() -> None:
    regression = TaskSpec(columns=(), score="r", auto_model="AutoModelForSequenceClassification")
    assert kind_of(regression) == "text"
    assert kind_of(TaskSpec(columns=(), score="r", auto_model="A", problem_type="regression")) == "number"
    found = {kind_of(PredictorSpec(auto_model=name)) for name in recipe._KINDS}
    assert found | {"text", "number"} == set(recipe.HABITS)
    assert all(habits[-1].rows is None for habits in recipe.HABITS.values())


def test_a_rate_test_takes_a_tenth_of_the_rate_with_the_lowest_loss() -> None:
    rise, losses = RateRise(low=1e-6, high=1e-1), RateLosses()
    for step in range(100):
        reached = 1e-1 * rise(step, 100)
        # A bowl whose bottom is at 1e-3, as steps that are too small and too large make it.
        if not losses.add(reached, 1 + (math.log10(reached) + 3) ** 2):
            break
    found = losses.found()
    assert found is not None
    assert found[0] == pytest.approx(1e-4, rel=0.6)
    assert len(losses.rates) < 100  # it has ended where the loss rose
    assert np.allclose(np.diff(np.log(losses.rates)), np.log(1e5) / 99)


@pytest.mark.parametrize("losses", [[], [1.0, 1.1, 1.2], [math.nan]])
def test_losses_that_only_rise_find_no_rate(losses: list[float]) -> None:
    tested = RateLosses()
    for number, loss in enumerate(losses):
        tested.add(10.0**number, loss)
    assert tested.found() is None
    assert rate_of([1e-6, 1e-3, 1e-1], [3.0, 1.0, 5.0]) == (1e-4, 1e-3)


def test_sizes_are_those_of_the_order() -> None:
    order = StepOrder(np.ones(100, dtype=np.int64), 16, 0)
    found = Sizes.of(PredictorSpec(auto_model="AutoModelForMaskedLM"), order, pretrained=True, rows=100, scored=3)
    assert (found.kind, found.pass_steps) == ("masked", 7)
