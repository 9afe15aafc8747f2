"""Models that other tools trained: the task that each is opened for, and its labels."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

from ftk.config.ranges import as_word
from ftk.contracts.notes import Notes
from ftk.contracts.saved_head import ANOTHER, SavedHead
from ftk.contracts.task import Task
from ftk.contracts.values import Labels
from ftk.errors import ModelError
from ftk.models.loading.head_of_folder import head_in
from ftk.tasks import build_task, task_name

_FITS = {
    "AutoModelForMaskedLM": ("AutoModelForMaskedLM", "AutoModelForPreTraining", "AutoModelForSeq2SeqLM"),
}
"""Auto classes whose head models of other ones have, too."""
_SUITED = {
    "AutoModelForTokenClassification": ("task=ner", "task=token-classification"),
    "AutoModelForQuestionAnswering": ("task=question-answering",),
    "AutoModelForImageClassification": ("task=image-classification",),
    "AutoModelForSeq2SeqLM": ("task=summarization", "task=translation"),
    "AutoModelForMaskedLM": ("task=mlm", "task=ranking"),
    "AutoModelForPreTraining": ("task=mlm", "task=ranking"),
    "AutoModelForTextVector": ("task=ranking",),
    "AutoModel": ("task=ranking",),
}
_OF_PROBLEM = {
    "regression": ("task=regression", "task=ranking"),
    "multi_label_classification": ("task=multi-label",),
    "single_label_classification": ("task=text-classification", "task=multi-label"),
}


def adopt(folder: Path, node: Any, notes: Notes) -> tuple[Task, Labels | None]:
    """The task that a model of another tool is opened for, with the fields that training would have set; its labels.

    Args:
        folder: the model folder.
        node: the ``task`` section of the config; None if the command line names no task.
        notes: collects what the user should know.

    Raises:
        ModelError: no task is named, or the model has no head for it.
        ConfigError: the task or one of its fields cannot work.
    """
    head = head_in(folder)
    if node is None:
        raise ModelError(
            f"{folder}: ftk did not write this model; it has no ftk.json, which names a task. {suited(head)}"
        )
    task = build_task(node)
    _check(folder, head, task)
    if task.spec.adopt is None:
        raise ModelError(f"{folder}: task={_name(task)} can only use models that ftk trained for it.")
    try:
        task, labels = task.spec.adopt(task, head, notes)
    except ModelError as error:
        raise ModelError(f"{folder}: {error}") from error
    _check(folder, head, task)
    return task, labels


def suited(head: SavedHead) -> str:
    """A sentence about the tasks that suit a model by its architecture."""
    tasks = list(_tasks_for(head))
    if head.architecture is None:
        return "Say which task it was trained for: task=ner, task=text-classification …"
    if not tasks:
        return f"No task of ftk uses its architecture, {head.architecture}, as it is."
    return f"By its architecture, {head.architecture}, it suits {' and '.join(tasks)}: add one."


def _tasks_for(head: SavedHead) -> Iterator[str]:
    if head.auto_model == "AutoModelForSequenceClassification":
        yield from _OF_PROBLEM.get(str(head.problem), ())
    elif head.auto_model is not None:
        yield from _SUITED.get(head.auto_model, ())


def _check(folder: Path, head: SavedHead, task: Task) -> None:
    """Refuse a model without a head for the task.

    Raises:
        ModelError: it has none.
    """
    wanted = task.spec.auto_model
    if head.auto_model in (None, *_FITS.get(wanted, (wanted,))) or wanted == "AutoModelForTextVector":
        return  # vectors need no head; without an architecture, the weights show whether there is one
    trained = "" if head.has_labels or head.auto_model == ANOTHER else ": nothing was trained for it"
    fitting = suited(head) if list(_tasks_for(head)) else "Choose another model."
    named, model = f"task={_name(task)}", f"model=auto model.name={as_word(str(folder))}"
    raise ModelError(
        f"{folder}: the model ({head.architecture}) has no head for {named}{trained}. {fitting} "
        f"'ftk {task.spec.command} {named} {model} data.train=…' trains one."
    )


def _name(task: Task) -> str:
    """The name of a task on the command line; of a task from another package, the name of its class."""
    name = task_name(task)
    return type(task).__name__ if name is None else name.replace("_", "-")
