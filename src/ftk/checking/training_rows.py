"""What a training would say about the splits: the checks of ``ftk.data.row_corpus``, none of which ends the others."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from ftk.checking.collected import Collected
from ftk.checking.reading import CheckedRows
from ftk.config.schema import DataConfig
from ftk.contracts.values import Labels
from ftk.data.row_corpus import RowCorpus, hold_out
from ftk.data.rows.label_variants import note_alike
from ftk.data.split_labels import note_left_out, note_one_label, note_unlearned, without_unseen
from ftk.data.splitting.repeats import note_overlap, note_repeats, usable
from ftk.errors import ConfigError
from ftk.system.collection import without_collection


@without_collection()
def check_as_training(found: CheckedRows, data: DataConfig, notes: Collected) -> tuple[RowCorpus, bool]:
    """Check the splits against one another, as a training does.

    Args:
        found: the rows of all splits.
        data: the data section of the config.
        notes: collects what is wrong.

    Returns:
        What a training would go on with: its rows, without those that it holds out or leaves out. Without rows to train
        on, the rows that were read. And whether it is whole, so that windows can be made of it.

    Raises:
        ConfigError: fields of the task name labels that do not exist.
    """
    splits = dict(found.examples)
    corpus = RowCorpus(found.task, splits, None, found.files, scratch=found.scratch)
    note_repeats(splits, found.task.spec.wording.subject, notes)
    whole = False
    if "train" in splits:
        whole = _train(corpus, data, notes)
    elif splits:
        with notes.going_on():
            corpus.labels = found.task.labels(next(iter(splits.values())))
            whole = True
    return corpus, whole


def _train(corpus: RowCorpus, data: DataConfig, notes: Collected) -> bool:
    """Check the training rows, and the others against them; returns whether labels could be taken from them."""
    splits, task = corpus.examples, corpus.task
    with notes.of("train"), notes.going_on():
        splits["train"] = usable(splits["train"], task.spec.wording, data.duplicates, notes)
    training, named = splits["train"], tuple(splits)
    note_overlap(splits, data.group, notes)  # also with training rows that are held out
    with notes.going_on():
        training = hold_out(splits, task, data, notes)
    held_out = {split: rows for split, rows in splits.items() if split == "train" or split not in named}
    note_overlap(held_out, data.group, notes)
    whole = False
    with notes.going_on():
        _settle_labels(corpus, training, notes)
        whole = True
    for split in ("validation", "test"):
        if split in splits and corpus.labels is not None:
            with notes.going_on():
                splits[split] = without_unseen(splits[split], split, corpus.task, corpus.labels, data, notes)
                note_one_label(splits[split], split, corpus.labels, notes)
    return whole


def _settle_labels(corpus: RowCorpus, training: Sequence[Any], notes: Collected) -> None:
    """Set what depends on the rows from which labels are taken, and report labels that are not learned."""
    task = corpus.task = corpus.task.learn(training)
    labels: Labels | None = task.labels(training)
    if mistakes := list(task.validate(labels)):
        raise ConfigError(*mistakes)
    corpus.labels = labels
    note_alike(labels.names if labels is not None else (), notes)
    note_left_out(labels, training, notes)
    if corpus.examples["train"] is not training:
        note_unlearned(labels, corpus.examples["train"], task, notes)
