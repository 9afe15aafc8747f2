"""The keys of the sections of a training: schedule, train."""

from dataclasses import dataclass
from typing import Any

# OmegaConf reads these annotations at run time: Optional and Union in their runtime form, no Literal.
from ftk.config.choices import Baselines, Decay, Grouping, OnNonFinite, OnSpike


@dataclass(kw_only=True, slots=True)
class ScheduleConfig:
    """The learning rate schedule: the factor of `optimizer.lr` at each step."""

    decay: Decay
    warmup: float
    """Length of the linear rise from 0: a share of all steps if below 1, else a number of steps."""
    floor: float
    """Learning rate at the end of the decay, as a share of the peak."""
    cooldown: float
    """For wsd: share of all steps, at the end, during which the learning rate falls."""


@dataclass(kw_only=True, slots=True)
class TrainConfig:
    """The length of training, batches, validation, saves, and what to do about bad losses."""

    epochs: Any
    """Passes over the training data; may be a fraction. auto: by the number of rows, see docs/recipe.md; null: until
    another limit is reached; one if there is none."""
    max_steps: int | None
    """Maximum optimizer steps; null: no limit. The limit that is reached first ends the run."""
    max_tokens: int | None
    """Maximum tokens, without padding; null: no limit."""
    budget: Any
    """Maximum wall-clock time from the first step on, with validations: 90s, 30m, 1.5h, 1h30m, 2d; null: no limit."""
    batch_size: int
    """Windows (or blocks) in one optimizer step, over all micro batches; a row that is not too long is one window."""
    batch_start: int | None
    """For pretrain: blocks in the first step; the batch grows from there to batch_size. null: it does not grow."""
    batch_warmup: int
    """Optimizer steps during which the batch grows, linearly."""
    max_grad_norm: float | None
    """Maximum norm of the gradient, which is scaled down to it; null: no clipping."""
    eval_every: Any
    """Interval of validations: `epoch`, steps, or below 1 a share of the run. auto: `epoch`, or several of them where
    `epochs` is auto and there are many. The last step always has one."""
    save_every: Any
    """Interval of saves of `last/`: a time such as 10m, or as for eval_every; the last step is always saved."""
    log_every: int
    """Optimizer steps between two lines in metrics.jsonl and in plain terminal output."""
    # The default is for config folders that were copied from a release without this key.
    metric: str | None = None
    """Metric of the validation split that chooses the best model and counts for `patience`, as `f1_macro`, `loss` or
    `per_label.PER.f1`; null: the score of the task."""
    # As for `metric`.
    baselines: Baselines = Baselines.auto
    # As for `metric`.
    dynamics: Any = "auto"
    """Keep the loss of each training row in each step in `dynamics/`, 12 bytes each, by which rows with doubtful labels
    are found later. auto: for tasks that give rows labels; true: refused for others; false: never."""
    # As for `metric`.
    grouping: Grouping = Grouping.auto
    """Which rows share a step: at random (`none`), or of similar length (`length`); for `finetune`."""
    patience: Any
    """Stop after this many validations without a better score. auto: half of all, where `epochs` and `eval_every` are
    auto and there are many; null: never."""
    on_non_finite: OnNonFinite
    """A loss or gradient that is not finite: stop, or skip the update and count it. Parameters are not changed."""
    on_spike: OnSpike
    """A loss above `spike_factor` times its running mean: ignore, count, skip the update, or stop."""
    spike_factor: float
    """A loss above this many times its running mean is a spike."""
