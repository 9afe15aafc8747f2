"""How long a run is, and what happens when in it: from the config to the loop's plan, and in words."""

from ftk.config.schema import TrainConfig, TrainingConfig
from ftk.contracts.protocols import Order
from ftk.core.anomalies import Guard
from ftk.core.limits import Every, Horizon
from ftk.core.loop import Plan
from ftk.optim.schedules import Schedule
from ftk.report.console import duration
from ftk.system.duration import seconds


def plan_of(config: TrainingConfig, order: Order) -> Plan:
    """The plan of a run over steps in this order."""
    train_config = config.train
    limits = [train_config.max_steps] if train_config.max_steps is not None else []
    budget = seconds(str(train_config.budget)) if train_config.budget is not None else None
    if train_config.epochs is not None:
        limits.append(order.steps_in(train_config.epochs))
    elif not limits and train_config.max_tokens is None and budget is None:
        limits.append(order.steps_in(1))

    def every(value: str | float) -> Every:
        if value == "epoch":
            return Every(steps=order.steps_in(1))
        if isinstance(value, str):
            return Every(seconds=seconds(value))
        return Every(steps=int(value)) if value >= 1 else Every(share=float(value))

    return Plan(
        horizon=Horizon(steps=min(limits, default=None), tokens=train_config.max_tokens, seconds=budget),
        seed=config.run.seed,
        batch_size=train_config.batch_size,
        max_grad_norm=train_config.max_grad_norm,
        micro_batch=config.hardware.micro_batch,
        guard=Guard(
            non_finite=train_config.on_non_finite, spike=train_config.on_spike, spike_factor=train_config.spike_factor
        ),
        schedule=Schedule(
            decay=config.schedule.decay,
            warmup=config.schedule.warmup,
            floor=config.schedule.floor,
            cooldown=config.schedule.cooldown,
        ),
        eval_every=every(train_config.eval_every),
        save_every=every(train_config.save_every),
        log_every=train_config.log_every,
        patience=train_config.patience,
    )


def length_of(plan: Plan, order: Order, train: TrainConfig) -> str:
    """How long the run will be, in words."""
    horizon = plan.horizon
    limits = []
    if horizon.steps is not None:
        epochs = f"{order.epoch(horizon.steps):.3g}"
        words = (
            f"{horizon.steps:,} step{'s' if horizon.steps != 1 else ''}, {epochs} epoch{'s' if epochs != '1' else ''}"
        )
        if train.epochs is not None and train.max_steps is not None and horizon.steps < train.max_steps:
            words += f": train.epochs={train.epochs:g} ends before train.max_steps={train.max_steps:,}"
        limits.append(words)
    if horizon.tokens is not None:
        limits.append(f"{horizon.tokens:,} tokens")
    if horizon.seconds is not None:
        limits.append(f"{duration(horizon.seconds)} of time")
    if len(limits) > 1:
        return " or ".join(limits) + ", whichever is first"
    unlimited = (train.epochs, train.max_steps, horizon.tokens, horizon.seconds) == (None, None, None, None)
    return limits[0] + (": one pass over the data, for want of another limit" if unlimited else "")
