"""Holds out groups of training rows whatever their labels, as runs of earlier releases did."""

from __future__ import annotations

import random
from collections.abc import Sequence
from typing import Any

from ftk.config.schema import DataConfig
from ftk.contracts import finding_kinds as kinds
from ftk.contracts.notes import Notes
from ftk.contracts.spec import Wording
from ftk.data.splitting.split_order import put_in_order
from ftk.data.storage.stored import taken
from ftk.errors import DataError


def cut_simply(examples: dict[str, Sequence[Any]], data: DataConfig, wording: Wording, notes: Notes) -> None:
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
    out = [number for number, example in enumerate(train) if example.group in held]
    left = set(range(len(train))).difference(out)
    examples["validation"], examples["train"] = taken(train, out), taken(train, sorted(left))
    notes.add(
        kinds.VALIDATION_CUT,
        held=len(examples["validation"]),
        total=len(train),
        how="",
        share=data.validation_share,
        seed=data.split_seed,
    )
    put_in_order(examples)
