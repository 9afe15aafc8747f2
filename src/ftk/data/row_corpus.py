"""The examples of all splits, read, checked and reported before any weights are loaded."""

from __future__ import annotations

import hashlib
import random
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from ftk.config.choices import Duplicates, Unseen
from ftk.config.schema import DataConfig
from ftk.contracts import finding_kinds as kinds
from ftk.contracts.contexts import Encoding, Reading
from ftk.contracts.example import Example
from ftk.contracts.notes import Notes
from ftk.contracts.progress import Progress
from ftk.contracts.protocols import RowReader
from ftk.contracts.spec import Wording
from ftk.contracts.values import Labels, Prepared
from ftk.data.readers.splits import fingerprint, read_splits, uses_demo
from ftk.data.rows.label_names import shortened
from ftk.data.rows.label_variants import alike
from ftk.errors import ConfigError, DataError

_SHOWN = 20
"""Labels that are named in a line."""
_PLACES = 5
"""Rows that a note names."""


@dataclass(slots=True)
class RowCorpus:
    """Examples by split, and the task with the fields set that depend on the training data."""

    task: RowReader
    examples: dict[str, list[Any]]
    labels: Labels | None
    files: dict[str, tuple[Path, ...]]
    named: dict[str, dict[str, str]] = field(default_factory=dict)
    """By split, the SHA-256 of the files that rows name."""

    def fingerprints(self) -> dict[str, dict[str, str]]:
        """The SHA-256 of each file, by split."""
        return {split: {**fingerprint(files), **self.named.get(split, {})} for split, files in self.files.items()}

    def texts(self) -> Iterable[str]:
        """The texts of the training split."""
        return (text for example in self.examples["train"] for text in example.texts)

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
                features = self.task.features(examples, encoding)
                if not len(features):
                    raise DataError(f"data.{split}: every row is empty after tokenization.")
                prepared[split] = Prepared(examples, features)
                if split == "train":
                    encoding.notes.add(kinds.WINDOW_LENGTHS, sizes=features.sizes(encoding.windows.length))
        return prepared


def read_training_corpus(
    data: DataConfig,
    task: RowReader,
    notes: Notes,
    *,
    select: Callable[[list[Any], Notes], list[Any]] | None = None,
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
        training = examples["train"] = _usable(examples["train"], task.spec.wording, data.duplicates, notes)
    if "validation" not in examples:
        _cut_validation(examples, task.spec.wording, data, notes)
    _note_overlap(examples, notes)
    # Statistics and labels come from all rows, so that holding rows out does not change the model.
    corpus.task = task.learn(training)
    if "validation" not in examples and corpus.task.spec.untuned_default is not None:
        notes.add(kinds.NOTHING_TO_TUNE_ON, default=corpus.task.spec.untuned_default)
    corpus.labels = task.labels(training)
    if mistakes := list(corpus.task.validate(corpus.labels)):
        raise ConfigError(*mistakes)
    _note_alike(corpus.labels, notes)
    if examples["train"] is not training:
        _note_unlearned(corpus.labels, examples["train"], task, notes)
    for split in ("validation", "test"):
        _note_unseen(corpus, split, data.unseen_labels, notes)
    notes.raise_errors()
    notes.add(
        kinds.ROWS,
        rows={split: len(rows) for split, rows in examples.items()},
        sizes=", ".join(f"{len(rows):,} {split}" for split, rows in examples.items()),
        labels=_labels(corpus.labels, task.spec.wording.labels),
    )
    if select is not None:
        with notes.of("train"):
            examples["train"] = select(examples["train"], notes)
    return corpus


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
    _note_unseen(corpus, "test", data.unseen_labels, notes)
    notes.raise_errors()
    return corpus


def _read(data: DataConfig, task: RowReader, names: Iterable[str], notes: Notes) -> RowCorpus:
    roles = task.spec.columns
    splits = read_splits(data, names, demo=task.spec.demo, notes=notes, tagged="tags" in roles, roles=roles)
    reading = Reading(data.columns, labelled=True, notes=notes)
    examples = {}
    if "train" in splits:
        with notes.of("train"):
            task = task.resolve_auto(splits["train"].rows, reading)
    for name, split in splits.items():
        with notes.of(name):
            examples[name] = task.read(split.rows, reading)
            empty = [example for example in examples[name] if not example.key]
            if empty and name != "train":
                notes.add(kinds.EMPTY_ROW, *_places(empty), policy="nothing_found", number=len(empty))
    notes.raise_errors()
    named = {name: _named_files(rows) for name, rows in examples.items()}
    return RowCorpus(task, examples, None, {name: split.files for name, split in splits.items()}, named)


def _named_files(examples: Iterable[Example]) -> dict[str, str]:
    """One SHA-256 for all images that the rows of a split name, in the order of the rows."""
    digest, number = hashlib.sha256(), 0
    for example in examples:
        for name, content in example.files:
            digest.update(f"{name}\0{content}\n".encode("utf-8", "surrogateescape"))
            number += 1
    return {f"{number} images": digest.hexdigest()} if number else {}


def _usable(examples: Sequence[Any], wording: Wording, duplicates: Duplicates, notes: Notes) -> list[Any]:
    """Training rows without the empty ones, and repeated ones by policy."""
    empty = [example for example in examples if not example.key]
    if empty:
        notes.add(kinds.EMPTY_ROW, *_places(empty), policy="left_out", number=len(empty))
    kept, seen, repeated = [], set(), []
    for example in examples:
        if not example.key:
            continue
        if example.key in seen:
            repeated.append(example)
            if duplicates is Duplicates.drop:
                continue
        seen.add(example.key)
        kept.append(example)
    if repeated:
        places = _places(repeated)
        kind, policy = kinds.REPEATED_ROW, duplicates.value
        notes.add(kind, *places, policy=policy, number=len(repeated), subject=wording.subject)
    notes.raise_errors()
    if not kept:
        raise DataError("data.train: all rows are empty; there is nothing to learn from.")
    return kept


def _cut_validation(examples: dict[str, list[Any]], wording: Wording, data: DataConfig, notes: Notes) -> None:
    """Hold out a seeded share of the training rows for validation; the rows of a group stay together."""
    if data.validation_share == 0:
        notes.add(kinds.NO_VALIDATION)
        return
    train = examples["train"]
    groups = sorted({example.group for example in train})
    if len(groups) < 2:
        same = len({example.key for example in train}) < 2
        rows = f"{len(train):,} training rows of one {wording.subject} are" if len(train) > 1 else "one training row is"
        few = rows if same else f"{wording.groups} are"
        raise DataError(
            f"data.validation: {few} too few to hold out a validation split; name a file, or train without validation: "
            "data.validation_share=0."
        )
    random.Random(data.split_seed).shuffle(groups)
    held = set(groups[: min(max(1, round(data.validation_share * len(groups))), len(groups) - 1)])
    examples["validation"] = [example for example in train if example.group in held]
    examples["train"] = [example for example in train if example.group not in held]
    notes.add(
        kinds.VALIDATION_CUT,
        held=len(examples["validation"]),
        total=len(train),
        share=data.validation_share,
        seed=data.split_seed,
    )
    ordered: dict[str, list[Any]] = {
        split: examples[split] for split in ("train", "validation", "test") if split in examples
    }
    examples.clear()
    examples.update(ordered)


def _note_alike(labels: Labels | None, notes: Notes) -> None:
    """Report labels that a reader takes for the same."""
    found = alike(labels.names if labels is not None else ())
    if found:
        places = [" and ".join(f"{name!r}" for name in group) for group in found[:_PLACES]]
        notes.add(kinds.ALIKE_LABELS, *places, number=len(found))


def _note_unlearned(labels: Labels | None, train: list[Any], task: RowReader, notes: Notes) -> None:
    """Count the labels that only held-out rows have: the model has outputs for them, but never learns them."""
    if labels is None:
        return
    try:
        learned = task.labels(train)
    except DataError:  # too few labels are left for the task; those that are missing are reported
        learned = None
    lost = [name for name in labels.names if learned is None or name not in learned.ids]
    if lost:
        notes.add(kinds.UNLEARNED_LABEL, *lost, number=len(lost))


def _note_unseen(corpus: RowCorpus, split: str, policy: Unseen, notes: Notes) -> None:
    """Apply the policy for labels that do not occur in training."""
    if split not in corpus.examples:
        return
    for unseen in corpus.task.unseen(corpus.examples[split], corpus.labels, split):
        applied = policy.value if unseen.kind.policies else None
        notes.add(unseen.kind, unseen.place, policy=applied, **unseen.values)


def _note_overlap(examples: dict[str, list[Any]], notes: Notes) -> None:
    known = {example.key for example in examples["train"]}
    for split in ("validation", "test"):
        shared = [example for example in examples.get(split, ()) if example.key in known]
        if shared:
            notes.add(kinds.ROW_OF_TRAINING, *_places(shared), number=len(shared), part=split)


def _labels(labels: Labels | None, what: str | None) -> str:
    if labels is None or what is None:
        return ""
    shown = ", ".join(map(shortened, labels.names[:_SHOWN]))
    return f"; {len(labels.names)} {what}: {shown}, …" if len(labels.names) > _SHOWN else f"; {what}: {shown}"


def _places(examples: Sequence[Example]) -> list[str]:
    return [example.row.where for example in examples[:_PLACES]]
