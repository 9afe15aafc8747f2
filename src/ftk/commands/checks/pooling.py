"""``model.pooling`` and the task that it is for."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator

from ftk.config.choices import TokenPooling
from ftk.config.mistakes import Mistake
from ftk.config.schema import ModelConfig
from ftk.contracts import finding_kinds as kinds
from ftk.contracts.notes import Notes
from ftk.contracts.task import Task

_CLASSIFIES, _SPANS, _VECTORS = (
    "AutoModelForSequenceClassification",
    "AutoModelForEntitySpans",
    "AutoModelForTextVector",
)
_SIMPLE = (TokenPooling.mean, TokenPooling.first)


def pooling_mistakes(model: ModelConfig, task: Task) -> Iterator[Mistake]:
    """A way to pool that a task cannot use."""
    asked, head = model.pooling, task.spec.auto_model
    if asked is TokenPooling.auto or head == _CLASSIFIES:
        return
    what = f"model.pooling={asked.value}"
    if head == "AutoModelForEntityStart":
        advice = (
            "task.head=entity_start reads the tokens before both entities; task.head=r_bert reads a whole text, too."
        )
        yield Mistake(what, advice)
    elif head not in (_SPANS, _VECTORS):
        yield Mistake(what, "This task does not make one vector of a text; leave the key out.")
    elif asked not in _SIMPLE:
        yield Mistake(what, "This task pools the tokens of a text by their mean or by the first one: mean, first.")
    own = getattr(task, "pooling", None)
    if head == _VECTORS and own is not None and own.value not in (TokenPooling.auto.value, asked.value):
        yield Mistake(f"{what} task.pooling={own.value}", "These are one setting; leave task.pooling out.")


def with_pooling(task: Task, model: ModelConfig | None, notes: Notes) -> Task:
    """The task with ``model.pooling``, where it is the task that makes vectors of texts.

    Args:
        task: of the config.
        model: the model section; None without one.
        notes: collects that the task's own key has another name now.
    """
    own = getattr(task, "pooling", None)
    if model is None or task.spec.auto_model != _VECTORS or own is None:
        return task
    if own.value != TokenPooling.auto.value:
        notes.add(kinds.POOLING_OF_TASK, pooling=own.value)
    elif model.pooling is not TokenPooling.auto:
        changed: Task = dataclasses.replace(task, pooling=type(own)(model.pooling.value))  # type: ignore[call-arg]
        return changed
    return task
