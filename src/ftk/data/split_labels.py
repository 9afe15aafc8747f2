"""Checks the labels of a split against those of the model: what cannot be learned, or is not tried."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from ftk.config.data_choices import Unlabelled
from ftk.config.schema import DataConfig
from ftk.contracts import finding_kinds as kinds
from ftk.contracts.notes import Notes
from ftk.contracts.protocols import RowReader
from ftk.contracts.values import Labels
from ftk.data.rows.label_names import shortened
from ftk.data.rows.tags.tag_spelling import OUTSIDE
from ftk.data.splitting.repeats import places_of
from ftk.data.storage.stored import taken
from ftk.errors import DataError

_SHOWN = 20
"""Labels that are named in a line."""
_LEAVING_OUT = (kinds.SPANS_OVERLAP, kinds.SPAN_INSIDE_WORD, kinds.SPAN_WITHOUT_WORD)
"""What is found where a policy leaves out spans."""


def note_unlearned(labels: Labels | None, train: Sequence[Any], task: RowReader, notes: Notes) -> None:
    """Count the labels that only held-out rows have: the model has outputs for them, but never learns them."""
    if labels is None:
        return
    try:
        learned = task.labels(train)
    except DataError:  # too few labels are left for the task; those that are missing are reported
        learned = None
    if learned is None:
        _refuse_nothing_to_learn(train, notes)
    lost = [name for name in labels.names if learned is None or name not in learned.ids]
    if lost:
        notes.add(kinds.UNLEARNED_LABEL, *lost, number=len(lost))


def note_left_out(labels: Labels | None, training: Sequence[Any], notes: Notes) -> None:
    """Report types of entities that are annotated in training, but all of whose spans a policy has left out."""
    if labels is None or not any(one.kind in _LEAVING_OUT for one in notes):
        return
    known = {name[2:] for name in labels.names}
    found = {label for example in training for label in _left_out(example)}
    if lost := sorted(found - known):
        notes.add(kinds.UNLEARNED_TYPE, *lost, number=len(lost))


def _left_out(example: Any) -> Iterator[str]:
    """The labels of annotated spans that the tags may leave out."""
    yield from getattr(example, "unmarked", ())
    yield from (label for label, _, _ in getattr(example, "overlapped", ()))


def _refuse_nothing_to_learn(train: Sequence[Any], notes: Notes) -> None:
    """Refuse training rows that all have one label, or none, because the others were held out."""
    found: set[Any] = set()
    for row in train:
        found.update([row.learned] if isinstance(row.learned, str) else row.learned or ())
    names = found - {OUTSIDE} if train and isinstance(train[0].learned, list) else found  # tags of tokens
    if len(found) == 1 and names:
        notes.add(kinds.TOO_FEW_LABELS, rows=len(train), label=shortened(str(names.pop())))
    elif not names:
        notes.add(kinds.NO_LABEL_LEFT, rows=len(train), what="entity" if found else "label")


def without_unseen(
    rows: Sequence[Any], split: str, task: RowReader, labels: Labels | None, data: DataConfig, notes: Notes
) -> Sequence[Any]:
    """The rows of a split without those that a policy leaves out because training does not have their labels.

    Args:
        rows: of the split.
        split: validation or test.
        task: reports the labels.
        labels: of the model.
        data: the data section of the config.
        notes: collects the labels.

    Raises:
        DataError: all rows are left out.
    """
    marked = set()
    for unseen in task.unseen(rows, labels, split):
        applied = data.unseen_labels.value if unseen.kind.policies else None
        if unseen.kind is kinds.UNSEEN_MARK:
            applied = "drop" if data.unlabelled is Unlabelled.drop else None
            marked.add(unseen.place)
        notes.add(unseen.kind, unseen.place, policy=applied, **unseen.values)
    if not marked or data.unlabelled is not Unlabelled.drop:
        return rows
    kept = [number for number, example in enumerate(rows) if example.row.where not in marked]
    if not kept:
        raise DataError(f"data.{split}: no row has a label.")
    return taken(rows, kept)


def note_one_label(rows: Sequence[Any], split: str, labels: Labels | None, notes: Notes) -> None:
    """Report a split whose rows all have the same label of several, and labels that no validation row has."""
    if labels is None or len(labels.names) < 2 or len(rows) < 2:
        return
    found: set[Any] = set()
    for row in rows:
        learned = row.learned
        if isinstance(learned, str):
            found.add(learned)
        elif isinstance(learned, (tuple, frozenset)) and all(isinstance(name, str) for name in learned):
            found.update(learned)
        else:
            return
    if len(found) == 1 and isinstance(rows[0].learned, str):
        known, label = len(labels.names), shortened(found.pop())
        notes.add(kinds.ONE_LABEL, *places_of(rows), number=len(rows), part=split, label=label, known=known)
    elif split == "validation" and found.intersection(labels.ids):
        absent = [name for name in labels.names if name not in found]
        names = ", ".join(map(shortened, absent[:_SHOWN])) + (", …" if len(absent) > _SHOWN else "")
        if absent:
            notes.add(kinds.NOT_VALIDATED, number=len(absent), names=names)


def listed(labels: Labels | None, what: str | None) -> str:
    """The labels of a model as the end of a sentence; empty for a task without any."""
    if labels is None or what is None:
        return ""
    shown = ", ".join(map(shortened, labels.names[:_SHOWN]))
    return f"; {len(labels.names)} {what}: {shown}, …" if len(labels.names) > _SHOWN else f"; {what}: {shown}"
