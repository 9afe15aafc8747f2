"""The examples of all splits, read, checked and reported before any weights load."""

from __future__ import annotations

import random
from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ftk.config.schema import DataConfig, Duplicates
from ftk.contracts.notes import Notes
from ftk.contracts.values import Labels, Prepared, WindowPlan
from ftk.data.readers.splits import fingerprint, read_splits, uses_demo
from ftk.data.rows.label_names import shortened
from ftk.errors import DataError
from ftk.tasks.shared.row_task import RowTask

if TYPE_CHECKING:
    from ftk.report.console import Console

_SHOWN = 20
"""Labels named in a line."""


@dataclass(slots=True)
class RowCorpus:
    """Examples by split, with the task as the training data settled it."""

    task: RowTask
    examples: dict[str, list[Any]]
    labels: Labels | None
    files: dict[str, tuple[Path, ...]]
    named: dict[str, dict[str, str]] = field(default_factory=dict)
    """The SHA-256 of what rows name beside their files, by split."""

    def fingerprints(self) -> dict[str, dict[str, str]]:
        """The SHA-256 of every file, by split."""
        return {split: {**fingerprint(files), **self.named.get(split, {})} for split, files in self.files.items()}

    def texts(self) -> Iterable[str]:
        """The texts of the training split."""
        return (text for example in self.examples["train"] for text in self.task.texts(example))

    def remembered(self, settings: Any) -> None:
        """A vocabulary of labelled rows is learned in no time, and is not kept."""
        return None

    def prepare(
        self, tokenizer: Any, labels: Labels | None, plan: WindowPlan, notes: Notes, console: Console
    ) -> dict[str, Prepared]:
        """The windows of every split.

        Raises:
            DataError: the tokenizer leaves nothing of a split.
        """
        prepared = {}
        for split, examples in self.examples.items():
            notes.prefix = f"{split}: "
            features = self.task.features(examples, tokenizer, labels, plan, notes)
            if not len(features):
                raise DataError(f"data.{split}: the tokenizer leaves nothing of any row.")
            prepared[split] = Prepared(examples, features)
            if split == "train":
                notes.say(features.sizes(plan.length))
        notes.prefix = ""
        return prepared


def read_training_corpus(data: DataConfig, task: RowTask, notes: Notes) -> RowCorpus:
    """Train, validation and test, checked against one another.

    Raises:
        DataError: all faults that the policies do not let pass, each with file and line.
    """
    if uses_demo(data):
        if task.demo is None:
            raise DataError("data.train: name the training data; this task has no demo corpus.")
        notes.say("no data named: training on the built-in demo corpus (data.train=… for your own).")
    elif data.train is None:
        raise DataError("data.train: name the training data; validation or test alone is not enough.")
    corpus = _read(data, task, ("train", "validation", "test"), notes)
    task, examples = corpus.task, corpus.examples
    examples["train"] = _usable(examples["train"], task, data.duplicates, notes)
    training = examples["train"]  # a label that a cut leaves to validation alone is no surprise to anyone
    if "validation" not in examples:
        _cut_validation(examples, task, data, notes)
    _note_overlap(examples, task, notes)
    corpus.task = task.fit(training)
    if "validation" not in examples and corpus.task.untuned is not None:
        notes.say(f"no validation to tune on: {corpus.task.untuned}.")
    corpus.labels = task.labels(training)
    corpus.task.check_fields(corpus.labels)
    _note_unlearned(corpus.labels, examples["train"], task, notes)
    for split in ("validation", "test"):
        if split in examples:
            task.check_labels(examples[split], corpus.labels, split=split, policy=data.unseen_labels, notes=notes)
    notes.raise_errors()
    sizes = ", ".join(f"{len(rows):,} {split}" for split, rows in examples.items())
    notes.say(f"rows: {sizes}{_labels(corpus.labels, task.labels_are)}")
    return corpus


def read_test_corpus(data: DataConfig, task: RowTask, labels: Labels | None, notes: Notes) -> RowCorpus:
    """The test split alone, for a model that knows these labels.

    Raises:
        DataError: all faults that the policies do not let pass, each with file and line.
    """
    if uses_demo(data) and task.demo is not None:
        notes.say("no data named: scoring on the test split of the built-in demo corpus (data.test=… for your own).")
    elif data.test is None:
        raise DataError("data.test: name the data to score on.")
    corpus = _read(data, task, ("test",), notes)
    task.check_labels(corpus.examples["test"], labels, split="test", policy=data.unseen_labels, notes=notes)
    notes.raise_errors()
    corpus.labels = labels
    return corpus


def _read(data: DataConfig, task: RowTask, names: Iterable[str], notes: Notes) -> RowCorpus:
    splits = read_splits(data, names, demo=task.demo, notes=notes, tagged="tags" in task.roles)
    examples = {}
    if "train" in splits:
        notes.prefix = "train: "
        task = task.settle(splits["train"].rows, columns=data.columns, notes=notes)
    for name, split in splits.items():
        notes.prefix = f"{name}: "
        examples[name] = task.read(split.rows, columns=data.columns, labelled=True, notes=notes)
        empty = [example for example in examples[name] if not task.key(example)]
        if empty and name != "train":
            notes.count("empty row|rows", "kept, with nothing to find in them", *_places(empty), number=len(empty))
        notes.prefix = ""
    notes.raise_errors()
    named = {name: task.files(rows) for name, rows in examples.items()}
    return RowCorpus(task, examples, None, {name: split.files for name, split in splits.items()}, named)


def _usable(examples: list[Any], task: RowTask, duplicates: Duplicates, notes: Notes) -> list[Any]:
    """Training rows without the empty ones, and repeated ones by policy."""
    notes.prefix = "train: "
    empty = [example for example in examples if not task.key(example)]
    if empty:
        notes.count("empty row|rows", "left out of training", *_places(empty), number=len(empty))
    kept, seen, repeated = [], set(), []
    for example in examples:
        key = task.key(example)
        if not key:
            continue
        if key in seen:
            repeated.append(example)
            if duplicates is Duplicates.drop:
                continue
        seen.add(key)
        kept.append(example)
    what = f"row|rows with the {task.subject} of an earlier row"
    if repeated and duplicates is Duplicates.error:
        for example in repeated:
            notes.error(what, "data.duplicates=keep or drop lets them pass.", example.row.where)
    elif repeated:
        action = "kept" if duplicates is Duplicates.keep else "left out"
        notes.count(what, f"{action} (data.duplicates={duplicates.value})", *_places(repeated), number=len(repeated))
    notes.prefix = ""
    notes.raise_errors()
    if not kept:
        raise DataError("data.train: all rows are empty; there is nothing to learn from.")
    return kept


def _cut_validation(examples: dict[str, list[Any]], task: RowTask, data: DataConfig, notes: Notes) -> None:
    """Cut a seeded share of the training rows off; rows of one text, or of one group, stay on one side."""
    if data.validation_share == 0:
        notes.say("no validation (data.validation_share=0): best/ is the model after the last validation point.")
        return
    train = examples["train"]
    texts = sorted({task.group(example) for example in train})
    if len(texts) < 2:
        same = len({task.key(example) for example in train}) < 2
        rows = f"{len(train):,} training rows of one {task.subject} are" if len(train) > 1 else "one training row is"
        few = rows if same else f"{task.groups_are} are"
        raise DataError(
            f"data.validation: {few} too few to cut a validation split from; name a file, or train without validation: "
            "data.validation_share=0."
        )
    random.Random(data.split_seed).shuffle(texts)
    held = set(texts[: min(max(1, round(data.validation_share * len(texts))), len(texts) - 1)])
    examples["validation"] = [example for example in train if task.group(example) in held]
    examples["train"] = [example for example in train if task.group(example) not in held]
    notes.say(
        f"no validation named: {len(examples['validation']):,} of {len(train):,} training rows cut off "
        f"(data.validation_share={data.validation_share}, data.split_seed={data.split_seed})."
    )
    ordered: dict[str, list[Any]] = {
        split: examples[split] for split in ("train", "validation", "test") if split in examples
    }
    examples.clear()
    examples.update(ordered)


def _note_unlearned(labels: Labels | None, train: list[Any], task: RowTask, notes: Notes) -> None:
    """Say which labels a cut took out of training: the model has them, and never learns them."""
    if labels is None:
        return
    try:
        learned = task.labels(train)
    except DataError:  # too few for the task: the labels that are missing say so
        learned = None
    lost = [name for name in labels.names if learned is None or name not in learned.ids]
    if lost:
        notes.count(
            "label|labels that the cut leaves to validation alone",
            "never learned; name a file (data.validation), or try another data.split_seed",
            *lost[:5],
            number=len(lost),
        )


def _note_overlap(examples: dict[str, list[Any]], task: RowTask, notes: Notes) -> None:
    known = {task.key(example) for example in examples["train"]}
    for split in ("validation", "test"):
        shared = [example for example in examples.get(split, ()) if task.key(example) in known]
        if shared:
            what = f"row|rows of {split} that training has too"
            notes.count(what, "kept; scores on them say little", *_places(shared), number=len(shared))


def _labels(labels: Labels | None, what: str | None) -> str:
    if labels is None or what is None:
        return ""
    shown = ", ".join(map(shortened, labels.names[:_SHOWN]))
    return f"; {len(labels.names)} {what}: {shown}, …" if len(labels.names) > _SHOWN else f"; {what}: {shown}"


def _places(examples: list[Any]) -> list[str]:
    return [example.row.where for example in examples[:5]]
