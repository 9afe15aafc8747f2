"""``optimizer.lr=find``: a rate test before the first step, which leaves everything else as it was."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import torch

from ftk.config.choices import OnNonFinite, OnSpike
from ftk.contracts import finding_kinds as kinds
from ftk.contracts.notes import Notes
from ftk.core.anomalies import LossGuard
from ftk.core.limits import RunLimits
from ftk.core.state import TrainState
from ftk.core.step import Stepper, steps
from ftk.models.tuning.learning_rates import lr_scales
from ftk.optim.groups import build_optimizer
from ftk.optim.rate_range import LEAST_TESTED, MOST_TESTED, RateLosses, RateRise
from ftk.training.run import Run

_LR = "optimizer.lr"
_BELOW, _ABOVE = 100.0, 1000.0
"""The range of rates for Adam, relative to that of ``optimizer.lr=auto``: five powers of ten around it."""
_ABOVE_PLAIN = 1e6
"""For optimizers that do not divide by the size of the gradients, such as SGD."""


def with_found_rate(run: Run) -> Run:
    """A run with the rate that a test finds: up to 100 steps with a rate that rises (Smith 2017).

    The test trains the first batches of the run and then puts all weights back. It is a function of the config and the
    data, and so is the rate.

    Args:
        run: before its first step, with the rate of ``auto``.

    Raises:
        Interrupted: the run is to stop.
        DataError: the loss is not lower at any rate than at the lowest one.
    """
    usual = float(run.config.optimizer["lr"])
    above = _ABOVE if "betas" in run.config.optimizer else _ABOVE_PLAIN
    losses = _tested(run, RateRise(low=usual / _BELOW, high=usual * above))
    found, notes = losses.found(), Notes()
    if found is None:
        why = f"the loss is lowest at the lowest rate, {losses.rates[0]:.2g}" if losses.rates else "no loss is finite"
        notes.add(kinds.NO_RATE, why=why, instead=usual)
        notes.raise_errors()
    assert found is not None
    rate, lowest = found
    notes.add(kinds.FOUND_RATE, rate=rate, lowest=lowest, steps=len(losses.rates))
    run.console.report(notes.drain())
    config = dataclasses.replace(run.config, optimizer={**run.config.optimizer, "lr": rate})
    # The rates of parts of the model are those of an optimizer that begins with this rate, to the last digit.
    begun = build_optimizer(run.state.model, config.optimizer, lr_scales(config.model))
    for group, same in zip(run.state.optimizer.param_groups, begun.param_groups, strict=True):
        group["lr"] = group["peak_lr"] = same["peak_lr"]
    return dataclasses.replace(run, config=config, chosen={**run.chosen, _LR: rate}, finds_rate=False)


def _tested(run: Run, rise: RateRise) -> RateLosses:
    """The losses of steps with a rising rate; the weights are then as before."""
    total = run.plan.limits.steps
    number = MOST_TESTED if total is None else min(MOST_TESTED, max(LEAST_TESTED, total // 4))
    plan = dataclasses.replace(
        run.plan,
        limits=RunLimits(steps=number, tokens=None, seconds=None),
        schedule=rise,
        guard=LossGuard(non_finite=OnNonFinite.skip, spike=OnSpike.ignore, spike_factor=run.plan.guard.spike_factor),
    )
    found = RateLosses()
    with _weights_put_back(run.state.model):
        settings = {**run.config.optimizer, "lr": rise.high}
        optimizer = build_optimizer(run.state.model, settings, lr_scales(run.config.model))
        state = TrainState(run.state.model, optimizer, run.hardware.scaler())
        own = Stepper(state, run.objective, run.batch_source(), plan, run.hardware, run.world, _say_nothing)
        for info in steps(own):
            run.stop.check()
            if info.count and not found.add(rise.high * rise(info.step - 1, number), info.loss_sum / info.count):
                break
            if not info.count and not state.progress.skipped:  # a loss that is not finite, and no scale of fp16
                break
    return found


@contextmanager
def _weights_put_back(model: torch.nn.Module) -> Iterator[None]:
    """A block that may change the weights of a model: after it they are the same bytes as before."""
    training = model.training
    kept: list[tuple[Any, torch.Tensor]] = [
        (tensor, tensor.detach().clone()) for tensor in (*model.parameters(), *model.buffers())
    ]
    try:
        yield
    finally:
        model.zero_grad(set_to_none=True)
        model.train(training)  # first, because switching to evaluation may write trained embeddings into their table
        with torch.no_grad():
            for tensor, before in kept:
                tensor.copy_(before)


def _say_nothing(text: str) -> None:
    """Takes the warnings of a test, which is expected to reach rates that are too high."""
