"""The examples of all splits, read, checked and reported before any weights are loaded."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

from ftk.config.data_choices import Cut
from ftk.config.schema import DataConfig
from ftk.contracts import finding_kinds as kinds
from ftk.contracts.contexts import Encoding, Reading
from ftk.contracts.example import Example
from ftk.contracts.notes import Notes
from ftk.contracts.progress import Progress
from ftk.contracts.protocols import RowReader
from ftk.contracts.values import Labels, Prepared
from ftk.data.evident_task import raise_errors
from ftk.data.readers.splits import fingerprint, read_splits, uses_demo
from ftk.data.rows.label_variants import note_alike
from ftk.data.rows.odd_labels import note_unused
from ftk.data.split_labels import listed, note_left_out, note_one_label, note_unlearned, without_unseen
from ftk.data.splitting.cutting import cut_off
from ftk.data.splitting.large_cut import cut_large, is_large
from ftk.data.splitting.limiting import limited
from ftk.data.splitting.repeats import empty_rows, key_facts, note_overlap, usable
from ftk.data.splitting.simple_cut import cut_simply
from ftk.data.splitting.tying import check_groups
from ftk.data.storage.collecting import RowStorage
from ftk.data.storage.reading import first_rows, read_parts
from ftk.data.storage.stored import Stored, StoredWriter, taken
from ftk.data.storage.stored_features import stored_features
from ftk.errors import ConfigError, DataError
from ftk.system.collection import without_collection


@dataclass(slots=True)
class RowCorpus:
    """Examples by split, and the task with the fields set that depend on the training data."""

    task: RowReader
    examples: dict[str, Sequence[Any]]
    labels: Labels | None
    files: dict[str, tuple[Path, ...]]
    named: dict[str, dict[str, str]] = field(default_factory=dict)
    """By split, the SHA-256 of the files that rows name."""
    scratch: Path | None = None
    """The folder for temporary files, if rows are on disk."""
    columns: dict[str, Any] = field(default_factory=dict)
    """By role, the columns that were chosen for training where rows have several."""

    def fingerprints(self) -> dict[str, dict[str, str]]:
        """The SHA-256 of each file, by split."""
        return {split: {**fingerprint(files), **self.named.get(split, {})} for split, files in self.files.items()}

    def texts(self) -> Iterable[str]:
        """The texts of the training split; of another one if there is none."""
        split = "train" if "train" in self.examples else next(iter(self.examples))
        return (text for example in self.examples[split] for text in example.texts)

    def vocabulary_file(self, settings: Any) -> None:
        """None: a vocabulary is learned from labelled rows so quickly that it is not cached."""
        return None

    def prepare(self, encoding: Encoding, progress: Progress) -> dict[str, Prepared]:
        """The windows of each split.

        Raises:
            DataError: the tokenizer leaves nothing of a split.
        """
        prepared = {}
        for split, examples in self.examples.items():
            with encoding.notes.of(split):
                features = self._features(examples, encoding)
                if not len(features):
                    raise DataError(f"data.{split}: every row is empty after tokenization.")
                prepared[split] = Prepared(examples, features)
                if split == "train":
                    encoding.notes.add(kinds.WINDOW_LENGTHS, sizes=features.sizes(encoding.windows.length))
        return prepared

    def _features(self, examples: Sequence[Any], encoding: Encoding) -> Any:
        if not isinstance(examples, Stored):
            return self.task.features(examples, encoding)
        assert self.scratch is not None
        return stored_features(examples, lambda part: self.task.features(part, encoding), self.scratch)


@without_collection()
def read_training_corpus(
    data: DataConfig,
    task: RowReader,
    notes: Notes,
    *,
    select: Callable[[Sequence[Any], Notes], Sequence[Any]] | None = None,
) -> RowCorpus:
    """Train, validation and test, checked against one another.

    Args:
        data: the data section of the config.
        task: reads the rows.
        notes: collects faults and facts.
        select: chooses the rows to learn from, as a last step; None: all training rows.

    Raises:
        ConfigError: fields of the task name labels that do not exist.
        DataError: with all faults that the policies do not let pass, each with its file and line.
    """
    if uses_demo(data):
        if task.spec.demo is None:
            raise DataError("data.train: name the training data; this task has no demo corpus.")
        notes.add(kinds.DEMO_CORPUS, what="training on", key="train")
    elif data.train is None:
        raise DataError("data.train: name the training data; validation or test alone is not enough.")
    corpus = _read(data, task, ("train", "validation", "test"), notes)
    task, examples = corpus.task, corpus.examples
    with notes.of("train"):
        examples["train"] = usable(examples["train"], task.spec.wording, data.duplicates, notes)
    training = hold_out(examples, task, data, notes)
    note_overlap(examples, data.group, notes)
    corpus.task = task.learn(training)
    if "validation" not in examples and corpus.task.spec.untuned_default is not None:
        notes.add(kinds.NOTHING_TO_TUNE_ON, default=corpus.task.spec.untuned_default)
    corpus.labels = task.labels(training)
    if mistakes := list(corpus.task.validate(corpus.labels)):
        raise ConfigError(*mistakes)
    note_alike(corpus.labels.names if corpus.labels is not None else (), notes)
    note_left_out(corpus.labels, training, notes)
    if examples["train"] is not training:
        note_unlearned(corpus.labels, examples["train"], task, notes)
    for split in ("validation", "test"):
        _check_labels(corpus, split, data, notes)
    notes.raise_errors()
    notes.add(
        kinds.ROWS,
        rows={split: len(rows) for split, rows in examples.items()},
        sizes=", ".join(f"{len(rows):,} {split}" for split, rows in examples.items()),
        labels=listed(corpus.labels, task.spec.wording.labels),
    )
    if select is not None:
        with notes.of("train"):
            examples["train"] = select(examples["train"], notes)
    return corpus


@without_collection()
def read_test_corpus(data: DataConfig, task: RowReader, labels: Labels | None, notes: Notes) -> RowCorpus:
    """The test split alone, for a model that knows these labels.

    Raises:
        DataError: with all faults that the policies do not let pass, each with its file and line.
    """
    if uses_demo(data) and task.spec.demo is not None:
        notes.add(kinds.DEMO_CORPUS, what="scoring on the test split of", key="test")
    elif data.test is None:
        raise DataError("data.test: name the data to score on.")
    corpus = _read(data, task, ("test",), notes)
    corpus.labels = labels
    _check_labels(corpus, "test", data, notes)
    notes.raise_errors()
    return corpus


def _read(data: DataConfig, task: RowReader, names: Iterable[str], notes: Notes) -> RowCorpus:
    storage = RowStorage.of(data, in_memory=task.spec.in_memory)
    splits = read_splits(
        data,
        names,
        demo=task.spec.demo,
        notes=notes,
        tagged="tags" in task.spec.columns,
        roles=task.spec.columns,
        problem=task.spec.problem_type,
        take=lambda name, rows: storage.collect(limited(rows, name, data, task.spec, notes), notes),
    )
    if storage.stored and getattr(getattr(task, "sampling", None), "value", None) == "balanced":
        raise ConfigError(
            "task.sampling=balanced: it needs all rows in memory, and these are on disk (data.storage). "
            "task.class_weights=balanced makes all classes count the same, too."
        )
    reading = Reading(
        data.columns, labelled=True, notes=notes, unlabelled=data.unlabelled.value, offsets=data.offsets.value
    )
    examples: dict[str, Sequence[Any]] = {}
    if "train" in splits:
        with notes.of("train"):
            rows = splits["train"].rows
            task = task.resolve_auto(first_rows(rows) if isinstance(rows, Stored) else rows, reading)
    for name, split in splits.items():
        with notes.of(name):
            if name == "train" and data.group is not None:
                check_groups(split.rows, data.group, notes)
            if isinstance(split.rows, Stored):
                writer: StoredWriter[Any] = StoredWriter(storage.folder, key_facts)
                examples[name] = read_parts(task, split.rows, reading, writer)
            else:
                examples[name] = task.read(split.rows, reading)
            note_read(name, examples[name], task, data, notes)
    raise_errors(notes, next(iter(splits.values())).rows if splits else (), data.columns, task.spec)
    for name, found in examples.items():
        if not len(found):
            raise DataError(f"data.{name}: no row has a label.")
    named = {name: _named_files(rows) for name, rows in examples.items() if not isinstance(rows, Stored)}
    files = {name: split.files for name, split in splits.items()}
    scratch = storage.folder if storage.stored else None
    return RowCorpus(task, examples, None, files, named, scratch, _chosen_columns(notes))


def note_read(split: str, examples: Sequence[Any], task: RowReader, data: DataConfig, notes: Notes) -> None:
    """Report what the examples of one split show: names of labels that no row has, and rows with nothing to read."""
    if split == "train":
        note_unused(getattr(task, "label_names", None), examples, notes)
        if isinstance(columns := data.columns.get("label"), (list, tuple)):
            note_unused(list(map(str, columns)), examples, notes, kind=kinds.UNUSED_COLUMN)
    elif (empty := empty_rows(examples))[0]:
        notes.add(kinds.EMPTY_ROW, *empty[1], policy="nothing_found", number=empty[0])


def _chosen_columns(notes: Notes) -> dict[str, Any]:
    """The columns that were chosen for the training split, by role."""
    chosen = [found.values for found in notes if found.kind == kinds.COLUMN_CHOSEN and found.split == "train"]
    return {values["role"]: values["column"] for values in chosen}


def _named_files(examples: Iterable[Example]) -> dict[str, str]:
    """One SHA-256 for all images that the rows of a split name, in the order of the rows."""
    digest, number = hashlib.sha256(), 0
    for example in examples:
        for name, content in example.files:
            digest.update(f"{name}\0{content}\n".encode("utf-8", "surrogateescape"))
            number += 1
    return {f"{number} images": digest.hexdigest()} if number else {}


def hold_out(examples: dict[str, Sequence[Any]], task: RowReader, data: DataConfig, notes: Notes) -> Sequence[Any]:
    """Hold out the splits that are not named; returns the rows from which statistics and labels are taken.

    These are those of training and validation, so that holding rows out for validation does not change the model.
    """
    everything, wording = examples["train"], task.spec.wording
    if data.cut is Cut.stratified:
        if "validation" in examples and "test" in examples:
            return everything
        held = cut_large(examples, data, notes) if is_large(everything) else cut_off(examples, data, wording, notes)
        if "test" in held:
            return taken(everything, np.setdiff1d(np.arange(len(everything)), held["test"]))
    elif "validation" not in examples:
        cut_simply(examples, data, wording, notes)
    return everything


def _check_labels(corpus: RowCorpus, split: str, data: DataConfig, notes: Notes) -> None:
    """Apply the policies for labels that do not occur in training, and report a split with one label."""
    if split in corpus.examples:
        corpus.examples[split] = without_unseen(corpus.examples[split], split, corpus.task, corpus.labels, data, notes)
        note_one_label(corpus.examples[split], split, corpus.labels, notes)
