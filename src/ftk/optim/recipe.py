"""How long and how fast a training is where its config says ``auto``: the rules, and all of their constants.

The rules are about pretrained weights. Random ones keep the usual three passes, a validation after each of them and
their own rate, because they have everything to learn from the rows.
"""

import dataclasses
import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from ftk.config.schema import TrainConfig
from ftk.contracts.protocols import Order
from ftk.contracts.spec import PredictorSpec

AUTO = "auto"
FIND = "find"
RECIPE_KEYS = ("epochs", "eval_every", "patience")
"""Keys of ``train`` that may be ``auto``."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Habit:
    """What suits one kind of task, up to a number of rows.

    Attributes:
        rows: windows of the training split that it is for, at most; None: any number.
        rate: the learning rate, relative to the one of the model.
        steps: optimizer steps that a training is to have at least, unless that takes more than ``MOST_PASSES``.
    """

    rows: int | None = None
    rate: float = 1.0
    steps: int = 600


# Constants: docs/recipe.md says what each was chosen by.
HABITS: dict[str, tuple[Habit, ...]] = {
    "text": (Habit(rows=1500, rate=1 / 3, steps=300), Habit(rate=2 / 3)),
    "number": (Habit(rows=1500, rate=1 / 3, steps=300), Habit(rate=2 / 3)),
    "tokens": (Habit(steps=300),),
    "spans": (Habit(),),
    "vectors": (Habit(rate=1 / 3, steps=300),),
    "written": (Habit(),),
    "masked": (Habit(steps=0),),
    "images": (Habit(),),
}
"""By kind of task: a label or several for a text, a number, a label for each token, answers in a text, vectors to rank
by, texts that are written, masked tokens, images. The first that is for so many rows counts."""
USUAL_PASSES = 3
"""Passes over rows that are neither few nor many: Devlin et al. 2019 take 2 to 4."""
MOST_PASSES = 30
"""Passes over few rows: Mosbach et al. 2021 take 20 for some 2,500 rows, and find that more do no harm."""
MOST_STEPS = 60_000
"""Steps from which on fewer than three passes are made."""
WIDE_RATE, WIDE, RATE_POWER = 5e-5, 768, 2.6
"""The rate of a model as wide as BERT's base, and how rates fall with the width: 3e-4 for 384, as for MiniLM."""
HIGHEST_RATE = 1e-3
RANDOM_RATE = 5e-5
"""The rate of random weights whose config names none."""
FORWARD_SHARE = 1 / 3
"""Time of a row in validation, relative to one in training, whose backward pass takes twice a forward pass."""
VALIDATION_SHARE = 0.2
"""Share of the time that validations may take."""
MOST_VALIDATIONS = 10
"""Validations of a training with more passes than this: each best model is also written and read again."""
LEAST_TO_STOP, LEAST_SCORED = 8, 200
"""Validations, and windows in each, from which on a training may end early: the score of few rows often stays as it is
while the loss still falls."""
PATIENT_SHARE = 0.5
"""Share of all validations without a gain after which a training ends."""

_KINDS = {
    "AutoModelForTokenClassification": "tokens",
    "AutoModelForQuestionAnswering": "spans",
    "AutoModelForTextVector": "vectors",
    "AutoModelForSeq2SeqLM": "written",
    "AutoModelForMaskedLM": "masked",
    "AutoModelForPreTraining": "masked",
    "AutoModelForImageClassification": "images",
    "AutoModelForImageTextClassification": "images",
}


def kind_of(spec: PredictorSpec) -> str:
    """The kind of a task, a key of ``HABITS``; a task with a head of its own counts as one about texts."""
    if getattr(spec, "problem_type", None) == "regression":
        return "number"
    return _KINDS.get(spec.auto_model, "text")


@dataclass(frozen=True, kw_only=True, slots=True)
class Sizes:
    """What the rules look at.

    Attributes:
        kind: of the task.
        pretrained: whether the weights are.
        rows: windows of a pass over the training split.
        scored: windows of the validation split.
        pass_steps: optimizer steps of a pass.
    """

    kind: str
    pretrained: bool
    rows: int
    scored: int
    pass_steps: int

    @property
    def habit(self) -> Habit:
        """What suits this kind of task with so many rows."""
        return next(one for one in HABITS[self.kind] if one.rows is None or self.rows <= one.rows)

    @classmethod
    def of(cls, spec: PredictorSpec, order: Order, *, pretrained: bool, rows: int, scored: int) -> "Sizes":
        """The sizes of a run of a task whose steps come in this order."""
        return cls(
            kind=kind_of(spec), pretrained=pretrained, rows=rows, scored=scored, pass_steps=max(1, order.steps_in(1))
        )


def passes(sizes: Sizes) -> int:
    """The passes over the training rows of ``train.epochs=auto``."""
    if not sizes.pretrained:
        return USUAL_PASSES
    wanted = math.ceil(sizes.habit.steps / sizes.pass_steps)
    few = min(MOST_PASSES, max(USUAL_PASSES, wanted))
    return max(1, min(few, MOST_STEPS // sizes.pass_steps))


def validation_interval(sizes: Sizes, epochs: float | None) -> int | str:
    """The interval of validations of ``train.eval_every=auto``: ``epoch``, or the steps of several passes.

    It depends on numbers of rows alone, so that a run is the same on any machine.

    Args:
        sizes: of the run.
        epochs: passes over the rows; None: another limit ends the run.
    """
    if not sizes.pretrained or epochs is None:
        return "epoch"
    cost = sizes.scored * FORWARD_SHARE / max(1, sizes.rows)
    affordable = epochs * VALIDATION_SHARE / (1 - VALIDATION_SHARE) / max(cost, 1e-9)
    number = max(1, min(MOST_VALIDATIONS, math.floor(affordable)))
    every = math.ceil(epochs / number)
    return "epoch" if every <= 1 or epochs <= USUAL_PASSES else every * sizes.pass_steps


def patience(sizes: Sizes, epochs: float | None, every: Any) -> int | None:
    """The validations without a gain after which ``train.patience=auto`` ends a run; None: it never does.

    Args:
        sizes: of the run.
        epochs: passes over the rows; None: another limit ends the run.
        every: ``epoch``, or the steps between two validations.
    """
    if not sizes.pretrained or epochs is None or sizes.scored < LEAST_SCORED:
        return None
    steps = sizes.pass_steps if every == "epoch" else every
    number = math.ceil(epochs * sizes.pass_steps / steps)
    return math.ceil(PATIENT_SHARE * number) if number >= LEAST_TO_STOP else None


def settled(train: TrainConfig, sizes: Sizes, kept: Mapping[str, Any] | None = None) -> TrainConfig:
    """The section ``train`` with a value in place of each ``auto``.

    Args:
        train: the section.
        sizes: of the run.
        kept: by key, what a run that resumes began with.
    """
    found = dict(kept or {})
    own = {key: getattr(train, key) for key in RECIPE_KEYS}
    asked = {key for key, value in own.items() if value == AUTO}
    epochs = own["epochs"]
    if "epochs" in asked:
        limits = (train.max_steps, train.max_tokens, train.budget)
        limited = sizes.pretrained and any(limit is not None for limit in limits)
        epochs = found.setdefault("epochs", None if limited else passes(sizes))
    if epochs is None and train.max_steps is not None:
        epochs = train.max_steps / sizes.pass_steps
    if "eval_every" in asked:
        chosen = validation_interval(sizes, epochs) if "epochs" in asked else "epoch"
        found.setdefault("eval_every", chosen)
    if "patience" in asked:
        both = {"epochs", "eval_every"} <= asked
        found.setdefault("patience", patience(sizes, epochs, found["eval_every"]) if both else None)
    return dataclasses.replace(train, **{key: value for key, value in found.items() if key in asked})


def rate_of_width(width: int | None) -> float:
    """The learning rate that suits pretrained weights of this width, to two digits.

    Args:
        width: of the states between layers; None: not known, which counts as that of BERT's base.
    """
    rate = WIDE_RATE * (WIDE / (width or WIDE)) ** RATE_POWER
    return rounded(min(HIGHEST_RATE, rate))


def rate(base: float, sizes: Sizes) -> float:
    """The peak learning rate of ``optimizer.lr=auto``.

    Args:
        base: the rate that suits the model.
        sizes: of the run.
    """
    return rounded(base * sizes.habit.rate) if sizes.pretrained else base


def rounded(value: float) -> float:
    """A number to two digits."""
    return float(f"{value:.1e}")
