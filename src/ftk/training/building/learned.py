"""What a run has learned, compared with what it is to go on with: task, head, labels, statistics of its rows."""

from __future__ import annotations

import dataclasses
import json
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from ftk.config.spelling.writing import as_word
from ftk.contracts import finding_kinds as kinds
from ftk.contracts.findings import SHOWN
from ftk.contracts.notes import Notes
from ftk.contracts.protocols import Corpus
from ftk.contracts.spec import local_file_fields, statistics_fields
from ftk.contracts.task import Task, fields_of
from ftk.contracts.values import Labels
from ftk.data.rows.label_names import shortened
from ftk.errors import FtkError
from ftk.report.from_best import from_best
from ftk.report.run_folder import RunFolder
from ftk.system.strict_json import dumps
from ftk.tasks import task_from_fields, task_name

_LONGEST = 100
"""Characters of a value in a message."""
_SHOWN = 20
"""Labels that a message names."""


def go_on_as_learned(corpus: Corpus, saved: Mapping[str, Any], folder: RunFolder, notes: Notes) -> None:
    """Give a corpus the labels and the numbers that the model of a run has learned.

    Args:
        corpus: read anew; its task and its labels become those with which the run can go on.
        saved: the manifest of the model.
        folder: of the run.
        notes: collects what differs from the run so far.

    Raises:
        DataError: the model cannot go on with this task or these labels.
    """
    task, fields = corpus.task, _saved_fields(saved)
    _check_task(task, saved, folder, notes)
    then = _as_before(task, saved)
    _check_head(task, then, fields, folder, notes)
    _check_numbers(fields.get("label_names"), getattr(task, "label_names", None), notes)
    labels = _going_on(corpus, saved.get("labels"), folder, notes)
    notes.raise_errors()
    corpus.labels = labels
    tuned = {*task.spec.tunable_fields, *then.spec.tunable_fields}
    corpus.task = _with_statistics(_as_settled(task, fields), fields, tuned, notes)
    _note_other_fields(corpus.task, fields, folder.changed, notes)


def task_saved_with(task: Task, saved: Mapping[str, Any]) -> Task:
    """The task with the fields of a saved model; those that the manifest lacks, and files, stay as they are.

    Raises:
        FtkError: the fields are not those of such a task.
    """
    now = _plain(task)
    own = local_file_fields(task)
    kept = {name: value for name, value in _saved_fields(saved).items() if name in now and name not in own}
    return task_from_fields(type(task), {**now, **kept})


def differing(task: Task, other: Task) -> str:
    """The fields of a task that another one of its class has with other values, in words, with these values."""
    now, then = _plain(task), _plain(other)
    return ", ".join(f"task.{name}={_short(then[name])}" for name in now if now[name] != then[name])


def _saved_fields(saved: Mapping[str, Any]) -> dict[str, Any]:
    fields = saved.get("task", {}).get("fields", {}) if isinstance(saved.get("task"), dict) else {}
    return fields if isinstance(fields, dict) else {}


def _check_task(task: Task, saved: Mapping[str, Any], folder: RunFolder, notes: Notes) -> None:
    before, now = saved.get("task", {}).get("name"), task_name(task)
    if before != now or "task._target_" in folder.changed:
        words = [str(name or "a task of your own").replace("_", "-") for name in (before, now)]
        way_out = from_best(folder.path, folder.invocation)
        notes.add(kinds.TASK_CHANGED, before=words[0], now=words[1], way_out=way_out)
        notes.raise_errors()


def _as_before(task: Task, saved: Mapping[str, Any]) -> Task:
    try:
        return task_saved_with(task, saved)
    except FtkError:
        return task  # of a release whose fields had other values; the tuned ones are checked apart


def _check_head(task: Task, then: Task, fields: Mapping[str, Any], folder: RunFolder, notes: Notes) -> None:
    if (then.spec.auto_model, then.spec.problem_type) != (task.spec.auto_model, task.spec.problem_type):
        changed = {name: value for name, value in _plain(task).items() if value != fields.get(name)}
        words = [f"task.{name}: was {_short(fields.get(name))}, is now {_short(changed[name])}" for name in changed]
        notes.add(kinds.OTHER_HEAD, fields=", ".join(words), way_out=from_best(folder.path, folder.invocation))


def _check_numbers(before: Any, now: Any, notes: Notes) -> None:
    """Refuse names of numbered labels in another order: a number would mean another output of the model."""
    if not isinstance(before, Sequence) or not isinstance(now, Sequence) or isinstance(before, str):
        return
    known = set(before)
    changes = [(number, *pair) for number, pair in enumerate(zip(before, now, strict=False)) if pair[0] != pair[1]]
    if any(name in known for _, _, name in changes) or (changes and known <= set(now)):  # others are new labels
        shown = [f"{number} was {then}, is now {name}" for number, then, name in changes[:SHOWN]]
        shown += ["…"] if len(changes) > SHOWN else []
        notes.add(kinds.RENAMED_NUMBERS, changes=shown, names=as_word(list(before)))


def _going_on(corpus: Corpus, saved: Any, folder: RunFolder, notes: Notes) -> Labels | None:
    """The labels of the run, if the data has no others."""
    labels = corpus.labels
    if labels is None or not isinstance(saved, list):
        return labels
    known, found = Labels(tuple(map(str, saved))), set(labels.names)
    new = [name for name in labels.names if name not in known.ids]
    if new and getattr(corpus.task, "label_names", None) is not None:
        # A run of an earlier release knows no names without rows, and goes on without them.
        there = _labels_of_rows(corpus)
        new = [name for name in new if name in there]
    lost = [name for name in known.names if name not in found]
    numbers = corpus.task.spec.problem_type == "regression"  # each row has all targets
    if new or (lost and numbers):
        names = new or lost
        notes.add(
            kinds.NEW_LABELS,
            names=_listed(names),
            known=_listed(known.names),
            way_out=from_best(folder.path, folder.invocation),
        )
        return labels
    if not lost:
        return known
    notes.add(kinds.LOST_LABELS, number=len(lost), names=_listed(lost))
    return known


def _labels_of_rows(corpus: Corpus) -> set[str]:
    """The labels that rows have, of all splits."""
    found: set[str] = set()
    for examples in getattr(corpus, "examples", {}).values():
        for example in examples:
            found.update([example.learned] if isinstance(example.learned, str) else example.learned or ())
    return found


def _as_settled(task: Task, fields: Mapping[str, Any]) -> Task:
    """The task with the fields that the files of its first model have decided, such as the pooling of vectors."""
    now = _plain(task)
    settled = {name: fields[name] for name in now if now[name] == "auto" and fields.get(name, "auto") != "auto"}
    return task_from_fields(type(task), {**now, **settled}) if settled else task


def _with_statistics(task: Task, fields: Mapping[str, Any], tuned: set[str], notes: Notes) -> Task:
    """The task with the numbers that the model has learned from, such as mean and deviation of its targets.

    Those of the fields that validation tunes, or tuned before, belong to them.
    """
    now = _plain(task)
    others = {
        name: fields[name]
        for name in statistics_fields(task)
        if name not in tuned and fields.get(name) is not None and fields[name] != now[name]
    }
    if not others:
        return task
    words = [f"task.{name}={_short(value)} (now {_short(now[name])})" for name, value in others.items()]
    notes.add(kinds.KEPT_STATISTICS, fields=", ".join(words))
    return task_from_fields(type(task), {**now, **others})


def _note_other_fields(task: Task, fields: Mapping[str, Any], changed: set[str], notes: Notes) -> None:
    """Report fields that the rows have decided otherwise than before; what the config changed is reported already."""
    for name, before, now in _decided_by_rows(task, fields):
        if not any(key == f"task.{name}" or key.startswith(f"task.{name}.") for key in changed):
            notes.add(kinds.OTHER_FIELD, field=name, before=_short(before), now=_short(now))


def _decided_by_rows(task: Task, fields: Mapping[str, Any]) -> Iterator[tuple[str, Any, Any]]:
    apart = {*task.spec.tunable_fields, *statistics_fields(task), *local_file_fields(task)}
    now = _plain(task)
    for item in dataclasses.fields(task):
        if item.name in fields and item.name not in apart and fields[item.name] != now[item.name]:
            yield item.name, fields[item.name], now[item.name]


def _plain(task: Task) -> dict[str, Any]:
    """The fields of a task as a manifest has them."""
    fields: dict[str, Any] = json.loads(dumps(fields_of(task), default=str))
    return fields


def _listed(names: Sequence[str]) -> str:
    return ", ".join(map(shortened, names[:_SHOWN])) + (", …" if len(names) > _SHOWN else "")


def _short(value: Any) -> str:
    text = as_word(value)
    return text if len(text) <= _LONGEST else f"{text[:_LONGEST]}…"
