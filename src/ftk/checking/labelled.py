"""Reads labelled rows and checks them."""

from __future__ import annotations

from typing import Any

import numpy as np

from ftk.checking.checked import Checked
from ftk.checking.collected import Collected
from ftk.checking.content import Content, baseline
from ftk.checking.reading import CheckedRows, read_all
from ftk.checking.rows import check_examples
from ftk.checking.same_files import note_same_files
from ftk.checking.training_rows import check_as_training
from ftk.config.choices import Init
from ftk.config.schema import CheckConfig
from ftk.data.batching.length import most_steps
from ftk.data.batching.order import StepOrder
from ftk.data.row_corpus import RowCorpus
from ftk.optim.recipe import Sizes, settled
from ftk.system.collection import without_collection


@without_collection()
def checked_rows(config: CheckConfig, task: Any, notes: Collected) -> Checked:
    """Check labelled rows.

    Args:
        config: of the check.
        task: reads the rows.
        notes: collects what is wrong.

    Raises:
        DataError: no row of any split can be read.
    """
    found = read_all(config.data, task, notes)
    texts = "text" in task.spec.modalities
    note_same_files(found, config.data, notes)
    contents = {split: Content.of(examples, texts=texts) for split, examples in found.examples.items()}
    splits = {split: content.to_json() for split, content in contents.items()}
    learned = contents.get("train") or next(iter(contents.values()), None)
    for split, content in contents.items():
        if learned is not None and (scores := baseline(learned, content)):
            splits[split]["baseline"] = scores
    check_examples(found.examples, notes, near_duplicates=config.check.near_duplicates)
    corpus, whole = check_as_training(found, config.data, notes)
    for split, number in _left_out(found, corpus).items():
        splits[split]["left_out"] = number
    facts: dict[str, Any] = {"splits": splits}
    if "train" in found.examples and (rows := len(corpus.examples["train"])):
        facts["expected"] = {**_expected(rows, config, task), "exact": not texts}
    return Checked(sum(found.read.values()) + found.unread, corpus if whole else None, facts)


def _left_out(found: CheckedRows, corpus: RowCorpus) -> dict[str, int]:
    """By split, how many of its rows a training would leave out, where it would leave out some."""
    left = {split: len(examples) for split, examples in found.examples.items()}
    for split, examples in corpus.examples.items():
        left[split if split in left else "train"] -= len(examples)
    return {split: number for split, number in left.items() if number > 0}


def _expected(rows: int, config: CheckConfig, task: Any) -> dict[str, Any]:
    """The steps of a training in which each row is one window; without a model, of one with pretrained weights."""
    order = StepOrder(np.ones(rows, dtype=np.int64), config.train.batch_size, 0)
    pretrained = config.model is None or config.model.init is Init.pretrained
    sizes = Sizes.of(task.spec, order, pretrained=pretrained, rows=rows, scored=0)
    steps = most_steps(settled(config.train, sizes), order)
    return {"steps": steps, "epochs": None if steps is None else order.epoch(steps)}
