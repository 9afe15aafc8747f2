"""The length and the rate of a run, where its config leaves them to ftk; said, and kept by a run that resumes."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from ftk.config.choices import Init
from ftk.config.invocation import Invocation
from ftk.config.paths import shipped_files, values_of
from ftk.config.schema import ModelConfig, TrainingConfig
from ftk.config.spelling.writing import as_word
from ftk.contracts import finding_kinds as kinds
from ftk.contracts.notes import Notes
from ftk.contracts.protocols import Order
from ftk.models.architectures import fusion
from ftk.models.configs.encoder_decoder_config import encoder_of
from ftk.models.loading.source import Source
from ftk.optim.recipe import AUTO, FIND, RANDOM_RATE, RECIPE_KEYS, Sizes, rate, rate_of_width, settled

_LR = "optimizer.lr"


@dataclass(frozen=True, slots=True)
class Recipe:
    """A config whose keys all have values, and which of them ftk has chosen.

    Attributes:
        config: without ``auto`` and ``find``.
        chosen: the values in their place, by dotted key. They are in ``environment.json``, and a run that resumes goes
            on with them.
        finds_rate: whether a rate test is to replace the rate before the first step.
    """

    config: TrainingConfig
    chosen: dict[str, Any]
    finds_rate: bool


def chosen_recipe(
    config: TrainingConfig,
    invocation: Invocation,
    source: Source,
    sizes: Sizes,
    order: Order,
    kept: Mapping[str, Any] | None,
    notes: Notes,
) -> Recipe:
    """Put a value in place of each ``auto``.

    Args:
        config: of the run.
        invocation: its command line.
        source: of the model.
        sizes: of the run.
        order: of the steps.
        kept: what the run so far has chosen; None for a run that begins.
        notes: collects what was chosen, and for a run that resumes what would be another choice now.

    Raises:
        DataError: a run that has begun asks for a rate test.
    """
    by_rule, why = _rate(config.model, invocation, source, sizes)
    config = dataclasses.replace(config, model=_with_rates(config.model, source.config))
    asked = config.optimizer["lr"]
    plain = settled(config.train, sizes)
    before = {key.removeprefix("train."): value for key, value in (kept or {}).items()}
    train = settled(config.train, sizes, before)
    chosen = {f"train.{key}": getattr(train, key) for key in RECIPE_KEYS if getattr(config.train, key) == AUTO}
    lr = asked
    if asked in (AUTO, FIND):
        lr = (kept or {}).get(_LR, by_rule)
        chosen[_LR] = lr
    finds = asked == FIND and _LR not in (kept or {})
    if finds and kept is not None:
        notes.add(kinds.LATE_RATE_TEST)
        notes.raise_errors()
    settled_config = dataclasses.replace(config, train=train, optimizer={**config.optimizer, "lr": lr})
    if kept is not None:
        _note_kept(chosen, {"train.epochs": plain.epochs, _LR: by_rule if asked == AUTO else lr}, notes)
    elif sizes.pretrained:
        if "train.epochs" in chosen:
            _note_length(settled_config, sizes, order, notes)
        if asked == AUTO:
            notes.add(kinds.CHOSEN_RATE, rate=lr, why=why)
    return Recipe(settled_config, chosen, finds)


def _note_length(config: TrainingConfig, sizes: Sizes, order: Order, notes: Notes) -> None:
    """Report the passes, unless another limit ends the run before them."""
    train, every = config.train, config.train.eval_every
    if train.epochs is None:
        return
    steps = order.steps_in(train.epochs)
    if train.max_steps is not None and train.max_steps < steps:
        return
    passes = every / sizes.pass_steps if isinstance(every, int) and sizes.scored else 0
    notes.add(
        kinds.CHOSEN_LENGTH,
        epochs=train.epochs,
        steps=steps,
        rows=sizes.rows,
        validations=f", a validation after every {passes:g} of them" if passes > 1 else "",
    )


def _note_kept(chosen: Mapping[str, Any], now: Mapping[str, Any], notes: Notes) -> None:
    """Report the choices that would be others if the run began now."""
    for key, value in now.items():
        if key in chosen and chosen[key] != value:
            notes.add(kinds.KEPT_RECIPE, key=key, kept=as_word(chosen[key]), now=as_word(value))


def _rate(model: ModelConfig, invocation: Invocation, source: Source, sizes: Sizes) -> tuple[float, str]:
    """The rate by the rules, and where it comes from.

    Args:
        model: the section as the config has it.
        invocation: the command line.
        source: of the model.
        sizes: of the run.
    """
    if model.default_lr is None:
        width = _width(source.config)
        base, origin = _or_usual(model, width), f"the width of the model ({width or 'not known'})"
    else:
        base, origin = model.default_lr, "the model"
    if not sizes.pretrained or _is_named(model, invocation):
        return base, "that of the model (model.default_lr)"
    return rate(base, sizes), f"by {origin} and the kind of the task"


def _is_named(model: ModelConfig, invocation: Invocation) -> bool:
    """Whether the user names the rate of the model: on the command line, in a file of a model or in an experiment."""
    if model.default_lr is None:
        return False
    names = invocation.names("model")
    return names is None or "default_lr" in names or model.default_lr != _of_preset(invocation)


def _of_preset(invocation: Invocation) -> float | None:
    """The rate in the shipped file of the model; None if it has none."""
    name = f"model/{invocation.choices['model']}"
    return values_of(name).get("default_lr") if name in shipped_files() else None


def _with_rates(model: ModelConfig, config: Any) -> ModelConfig:
    """The section with a rate for the model and for each of its towers.

    Args:
        model: the section.
        config: of transformers, for the same model.
    """
    towers = {
        name: _with_rates(tower, getattr(config, fusion.TOWERS[name], None)) for name, tower in model.towers.items()
    }
    lr = _or_usual(model, _width(config)) if model.default_lr is None else model.default_lr
    return dataclasses.replace(model, default_lr=lr, towers=towers)


def _or_usual(model: ModelConfig, width: int | None) -> float:
    return RANDOM_RATE if model.init is Init.random else rate_of_width(width)


def _width(config: Any) -> int | None:
    """The width of the states of an encoder; None if its config does not say."""
    width = getattr(encoder_of(config), "hidden_size", None) if config is not None else None
    return width if isinstance(width, int) else None
