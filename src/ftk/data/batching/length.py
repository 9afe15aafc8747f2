"""How many optimizer steps a run has."""

from __future__ import annotations

from ftk.config.schema import TrainConfig
from ftk.contracts.protocols import Order


def most_steps(train: TrainConfig, order: Order) -> int | None:
    """The optimizer steps after which a run ends at the latest; None if tokens or time alone limit it.

    Args:
        train: the train section of the config.
        order: of the windows.
    """
    limits = [train.max_steps] if train.max_steps is not None else []
    if train.epochs is not None:
        limits.append(order.steps_in(train.epochs))
    elif not limits and train.max_tokens is None and train.budget is None:
        limits.append(order.steps_in(1))
    return min(limits, default=None)
