"""Checks of the sections of a training: optimizer, schedule, train."""

import math
from collections.abc import Iterator
from typing import Any

from ftk.config.choices import Decay
from ftk.config.mistakes import Mistake
from ftk.config.ranges.values import positive, share
from ftk.config.schema import ScheduleConfig, TrainConfig
from ftk.config.spelling.writing import as_word
from ftk.system.duration import seconds


def check_optimizer(optimizer: dict[str, Any]) -> Iterator[Mistake]:
    if not isinstance(optimizer.get("_target_"), str):
        yield Mistake("optimizer._target_", "Name a class: torch.optim.AdamW.")
    lr = optimizer.get("lr")
    if isinstance(lr, bool) or not (isinstance(lr, (int, float)) or lr in ("auto", "find")):
        yield Mistake(f"optimizer.lr={as_word(lr)}", "It must be a number, auto, or find for a rate test.")
    elif not isinstance(lr, str):
        yield from positive("optimizer.lr", lr)
    decay = optimizer.get("weight_decay", 0.0)
    if isinstance(decay, bool) or not isinstance(decay, (int, float)) or not 0 <= decay < math.inf:
        yield Mistake(f"optimizer.weight_decay={decay}", "It must be a number, 0 or greater.")


def check_schedule(schedule: ScheduleConfig) -> Iterator[Mistake]:
    if not 0 <= schedule.warmup < math.inf:
        advice = "It is a share below 1 or a number of steps, never negative."
        yield Mistake(f"schedule.warmup={schedule.warmup}", advice)
    yield from share("schedule.floor", schedule.floor)
    yield from share("schedule.cooldown", schedule.cooldown)
    if schedule.decay is not Decay.wsd and schedule.cooldown:
        yield Mistake(f"schedule.cooldown={schedule.cooldown}", "Only schedule=wsd has a cooldown.")
    if schedule.warmup < 1 < schedule.warmup + schedule.cooldown:
        what = f"schedule.warmup={schedule.warmup} schedule.cooldown={schedule.cooldown}"
        yield Mistake(what, "As shares of all steps they cannot be more than 1 together.")


def check_train(train: TrainConfig) -> Iterator[Mistake]:
    limits = ("max_steps", "max_tokens")
    for key in (*limits, "batch_size", "batch_start", "max_grad_norm", "log_every"):
        yield from positive(f"train.{key}", getattr(train, key))
    yield from _number_or_auto("train.epochs", train.epochs, "a number of passes")
    yield from _number_or_auto("train.patience", train.patience, "a whole number of validations", whole=True)
    for key in ("eval_every", "save_every"):
        value = getattr(train, key)
        number = isinstance(value, (int, float)) and not isinstance(value, bool) and 0 < value < math.inf
        timed = key == "save_every" and isinstance(value, str) and _is_time(value)
        word = value == "epoch" or (key == "eval_every" and value == "auto")
        if not (word or timed or (number and (value < 1 or isinstance(value, int)))):
            other = "a time as 10m" if key == "save_every" else "'auto'"
            advice = f"It is {other}, 'epoch', a whole number of optimizer steps, or below 1 a share of the run."
            yield Mistake(f"train.{key}={value}", advice)
    if train.dynamics != "auto" and not isinstance(train.dynamics, bool):
        yield Mistake(f"train.dynamics={as_word(train.dynamics)}", "It is auto, true or false.")
    if not 1 < train.spike_factor < math.inf:
        yield Mistake(f"train.spike_factor={train.spike_factor}", "A spike is above the mean: a number above 1.")
    if train.budget is not None:
        try:
            if not seconds(str(train.budget)):
                yield Mistake(f"train.budget={train.budget}", "It must be greater than 0.")
        except ValueError:
            yield Mistake(f"train.budget={train.budget}", "Write a time with its unit: 90s, 30m, 1.5h or 1h30m.")
    if train.batch_start is not None and train.batch_start > train.batch_size:
        advice = f"The batch grows to train.batch_size={train.batch_size}."
        yield Mistake(f"train.batch_start={train.batch_start}", advice)
    if (train.batch_start is None) != (train.batch_warmup == 0) or train.batch_warmup < 0:
        what = f"train.batch_start={as_word(train.batch_start)} train.batch_warmup={train.batch_warmup}"
        advice = "A batch that grows needs both: the size it begins with, and the number of steps over which it grows."
        yield Mistake(what, advice)


def _number_or_auto(key: str, value: Any, what: str, *, whole: bool = False) -> Iterator[Mistake]:
    if value is None or value == "auto":
        return
    if isinstance(value, bool) or not isinstance(value, int if whole else (int, float)):
        yield Mistake(f"{key}={as_word(value)}", f"It must be {what}, auto or null.")
    else:
        yield from positive(key, value)


def _is_time(text: str) -> bool:
    try:
        return seconds(text) > 0
    except ValueError:
        return False
