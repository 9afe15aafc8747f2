"""Decides whether a training keeps the head of a saved model or begins with a new one, and writes its labels."""

from __future__ import annotations

from enum import Enum
from typing import Any

from ftk.contracts import finding_kinds as kinds
from ftk.contracts.notes import Notes
from ftk.contracts.saved_head import SavedHead
from ftk.contracts.spec import TaskSpec
from ftk.contracts.values import Labels
from ftk.models.loading.head_of_folder import saved_head

_READS_CLASSES = ("AutoModelForSequenceClassification", "AutoModelForImageClassification")
"""Auto classes of heads that serve several kinds of problems."""


class HeadFate(Enum):
    """What a training does with the head of a saved model, and why; the values of new ones are policies of NEW_HEAD."""

    absent = "absent"
    kept = "kept"
    another_task = "task"
    other_labels = "labels"
    unnamed = "unnamed"
    unknown = "unknown"

    @property
    def is_new(self) -> bool:
        """Whether a head is there and is left out."""
        return self not in (HeadFate.absent, HeadFate.kept)


def fate_of(head: SavedHead, spec: TaskSpec, labels: Labels | None) -> HeadFate:
    """What a training does with a head: it is kept if its task and the names of its labels are those of the training.

    Args:
        head: of the saved model.
        spec: of the task that is trained.
        labels: of the training rows, in any order; None for a task that has none.
    """
    if labels is None or not head.has_labels:
        return HeadFate.absent
    if head.auto_model is None:  # old encoders name no architecture, and their outputs have no names
        return HeadFate.absent if head.is_unnamed else HeadFate.unknown
    if head.auto_model != spec.auto_model or not _same_problem(head, spec):
        return HeadFate.another_task
    if set(head.names) == set(labels.names) and len(head.names) == len(labels.names):
        return HeadFate.kept
    # Some outputs have no names in the data: all heads for answers have the same two. One output for two texts is their
    # relevance only if a tool for that wrote it.
    known = spec.auto_model not in _READS_CLASSES or head.scores_pairs
    # A config may count the labels of a classifier instead (BART), which a head for answers does not have.
    as_many = spec.auto_model == "AutoModelForQuestionAnswering" or len(head.names) == len(labels.names)
    if spec.wording.labels is None and as_many and known:
        return HeadFate.kept
    return HeadFate.unnamed if head.is_unnamed else HeadFate.other_labels


def _same_problem(head: SavedHead, spec: TaskSpec) -> bool:
    return spec.auto_model not in _READS_CLASSES or spec.problem_type in (None, head.problem)


def keeps_head(config: Any, spec: TaskSpec, labels: Labels | None, notes: Notes) -> bool:
    """Whether a training uses all weights of a saved model; else those of its encoder alone.

    Args:
        config: of the model, before ``set_labels``.
        spec: of the task that is trained.
        labels: of the training rows; None for a task that has none.
        notes: collects whether a head is kept, or left out.
    """
    if labels is None:
        return True
    head = saved_head(config.to_dict())
    fate = fate_of(head, spec, labels)
    if fate is HeadFate.kept:
        notes.add(kinds.KEPT_HEAD, architecture=head.architecture)
    elif fate.is_new:
        notes.add(kinds.NEW_HEAD, policy=fate.value, described=head.described)
    return not fate.is_new


def set_labels(config: Any, labels: Labels | None) -> Labels | None:
    """Writes the labels into a config; a model with exactly these labels keeps its order, which is returned."""
    if labels is None:
        return None
    own = getattr(config, "id2label", None) or {}
    names = tuple(own[number] for number in sorted(own))
    if set(names) == set(labels.names) and len(names) == len(labels.names):
        labels = Labels(names)
    config.id2label = dict(enumerate(labels.names))
    config.label2id = dict(labels.ids)
    return labels
