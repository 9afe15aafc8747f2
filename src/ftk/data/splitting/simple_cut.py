"""Holds out groups of training rows whatever their labels, as runs of earlier releases did."""

from __future__ import annotations

import random
from typing import Any

from ftk.config.schema import DataConfig
from ftk.contracts import finding_kinds as kinds
from ftk.contracts.notes import Notes
from ftk.contracts.spec import Wording
from ftk.errors import DataError


def cut_simply(examples: dict[str, list[Any]], data: DataConfig, wording: Wording, notes: Notes) -> None:
    """Hold out a seeded share of the groups of training rows for validation, and report it.

    Args:
        examples: by split, without validation; the training rows lose those that are held out.
        data: the data section of the config.
        wording: of the task.
        notes: collects faults and facts.

    Raises:
        DataError: all rows are in one group.
    """
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
        how="",
        share=data.validation_share,
        seed=data.split_seed,
    )
    ordered: dict[str, list[Any]] = {
        split: examples[split] for split in ("train", "validation", "test") if split in examples
    }
    examples.clear()
    examples.update(ordered)
