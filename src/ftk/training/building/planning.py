"""From the config to the plan of the training loop, and the plan in words."""

from dataclasses import fields

from ftk.config.invocation import Invocation
from ftk.config.schema import ScheduleConfig, TrainConfig, TrainingConfig
from ftk.contracts.protocols import Order
from ftk.contracts.score import Score
from ftk.contracts.spec import TaskSpec
from ftk.core.anomalies import LossGuard
from ftk.core.limits import Interval, RunLimits
from ftk.core.plan import Plan
from ftk.data.batching.length import most_steps
from ftk.optim.schedules import Schedule
from ftk.system.duration import duration, seconds


def plan_of(config: TrainingConfig, order: Order, spec: TaskSpec) -> Plan:
    """The plan of a run of a task whose steps come in this order."""
    train_config = config.train
    budget = seconds(str(train_config.budget)) if train_config.budget is not None else None

    def every(value: str | float) -> Interval:
        if value == "epoch":
            return Interval(steps=order.steps_in(1))
        if isinstance(value, str):
            return Interval(seconds=seconds(value))
        return Interval(steps=int(value)) if value >= 1 else Interval(share=float(value))

    return Plan(
        limits=RunLimits(steps=most_steps(train_config, order), tokens=train_config.max_tokens, seconds=budget),
        seed=config.run.seed,
        batch_size=train_config.batch_size,
        max_grad_norm=train_config.max_grad_norm,
        micro_batch=config.hardware.micro_batch,
        guard=LossGuard(
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
        score=Score.of_task(spec, train_config.metric),
    )


def length_of(plan: Plan, order: Order, train: TrainConfig) -> str:
    """The length of the run in words."""
    ends = plan.limits
    limits = []
    if ends.steps is not None:
        epochs = f"{order.epoch(ends.steps):.3g}"
        words = f"{ends.steps:,} step{'s' if ends.steps != 1 else ''}, {epochs} epoch{'s' if epochs != '1' else ''}"
        if train.epochs is not None and train.max_steps is not None and ends.steps < train.max_steps:
            words += f": train.epochs={train.epochs:g} ends before train.max_steps={train.max_steps:,}"
        limits.append(words)
    if ends.tokens is not None:
        limits.append(f"{ends.tokens:,} tokens")
    if ends.seconds is not None:
        limits.append(f"{duration(ends.seconds)} of time")
    if len(limits) > 1:
        return " or ".join(limits) + ", whichever is first"
    unlimited = (train.epochs, train.max_steps, ends.tokens, ends.seconds) == (None, None, None, None)
    return limits[0] + (": one pass over the data, the default without another limit" if unlimited else "")


_UNREAD = (
    "hardware.micro_batch",
    "model.default_lr",
    "model.dropout",
    "run.stop_after",
)
"""Keys that a fitted model does not read, besides the sections about steps."""
_OF_LOSS = ("task.focal", "task.label_smoothing", "task.robust")
"""Keys of the loss, for which scikit-learn has its own."""


def unread_keys(config: TrainingConfig, invocation: Invocation) -> list[str]:
    """The keys on the command line that a model fitted at once does not read."""
    sections = {
        "train": [field.name for field in fields(TrainConfig)],
        "schedule": [field.name for field in fields(ScheduleConfig)],
        "optimizer": list(config.optimizer),
        "objective": list(config.objective),
    }
    keys = [key for section, names in sections.items() for key in (section, *(f"{section}.{name}" for name in names))]
    return [key for key in (*keys, *_UNREAD) if invocation.sets(key)]


def unread_in_loss(invocation: Invocation) -> list[str]:
    """The keys on the command line that change only the reported loss of a fitted model."""
    return [key for key in _OF_LOSS if invocation.sets(key)]
