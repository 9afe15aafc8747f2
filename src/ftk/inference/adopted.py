"""Models that other tools trained: the task that each is opened for, and its labels."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

from ftk.config.paths import shipped_files, values_of
from ftk.config.spelling.writing import as_word, command, shown
from ftk.contracts.notes import Notes
from ftk.contracts.saved_head import ANOTHER, SavedHead
from ftk.contracts.task import Task
from ftk.contracts.values import Labels
from ftk.errors import ModelError
from ftk.models.loading.compatibility import unsuited_because
from ftk.models.loading.head_of_folder import head_in
from ftk.models.loading.sentence_encoder import VECTORS
from ftk.tasks import build_task, called

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
    return adopt_head(str(folder), head_in(folder), node, notes)


def adopt_head(name: str, head: SavedHead, node: Any, notes: Notes) -> tuple[Task, Labels | None]:
    """The same for the head of a model that may not be in a folder yet.

    Args:
        name: of the model, for messages.
        head: of the model.
        node, notes: as in ``adopt``.
    """
    if node is None:
        raise ModelError(
            f"{name}: ftk did not write this model; it has no ftk.json, which names a task. {suited(head)}"
        )
    task = build_task(node)
    _check(name, head, task, adopted=False)
    if task.spec.adopt is None:
        raise ModelError(f"{name}: task={called(task)} can only use models that ftk trained for it.")
    try:
        task, labels = task.spec.adopt(task, head, notes)
    except ModelError as error:
        raise ModelError(f"{name}: {error}") from error
    _check(name, head, task, adopted=True)
    return task, labels


def suited(head: SavedHead) -> str:
    """A sentence about the tasks that suit a model by its architecture."""
    tasks = list(tasks_for(head))
    if head.architecture is None:
        return "Say which task it was trained for: task=ner, task=text-classification …"
    if not tasks:
        return f"No task of ftk uses its architecture, {head.architecture}, as it is."
    return f"By its architecture, {head.architecture}, it suits {' and '.join(tasks)}: add one."


def tasks_for(head: SavedHead) -> Iterator[str]:
    """The tasks that can use a model as it is, such as ``task=ner``."""
    if head.auto_model == "AutoModelForSequenceClassification":
        several = head.problem == "regression" and len(head.names) > 1  # a cross-encoder has one output
        yield from (one for one in _OF_PROBLEM.get(str(head.problem), ()) if not (several and one == "task=ranking"))
    elif head.auto_model is not None:
        yield from (one for one in _SUITED.get(head.auto_model, ()) if _can_be(head, one))


def _can_be(head: SavedHead, suggested: str) -> bool:
    """Whether a task can use a model of this architecture."""
    name = suggested.replace("=", "/")
    if head.model_type is None or name not in shipped_files():
        return True
    task = build_task(values_of(name))
    if task.spec.auto_model == VECTORS and head.sentences.further:
        return False
    return unsuited_because(head.model_type, task) is None


def _check(name: str, head: SavedHead, task: Task, *, adopted: bool) -> None:
    """Refuse a model without a head for the task.

    Args:
        name: of the model, for messages.
        head: of the model.
        task: that it is opened for.
        adopted: whether the task has the fields that suit the model; before, the head that it needs may not be settled.

    Raises:
        ModelError: it has none.
    """
    wanted = task.spec.auto_model
    unsettled = wanted == VECTORS and not adopted
    if head.model_type and not unsettled and (why := unsuited_because(head.model_type, task)):
        why = why if head.model_type in why else f"Its architecture is {head.model_type}. {why}"
        raise ModelError(f"{name}: {why[0].lower()}{why[1:]} {_another(head)}")
    if head.auto_model in (None, *_FITS.get(wanted, (wanted,))) or wanted == VECTORS:
        return  # vectors need no head; without an architecture, the weights show whether there is one
    trained = "" if head.has_labels or head.auto_model == ANOTHER else ": nothing was trained for it"
    named = f"task={called(task)}"
    words = ["ftk", task.spec.command, named, "model=auto", f"model.name={as_word(name)}", "data.train=…"]
    raise ModelError(
        f"{name}: the model ({head.architecture}) has no head for {named}{trained}. {_another(head)} "
        f"{shown(command(words))} trains one."
    )


def _another(head: SavedHead) -> str:
    """What to do with a model, or without it, if a task cannot use it."""
    return suited(head) if list(tasks_for(head)) else "Choose another model."
