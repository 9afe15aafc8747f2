"""The answers in records of rows with any number of labels."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import numpy as np

from ftk.contracts.outcomes import Answers
from ftk.data.rows.label_names import in_order

if TYPE_CHECKING:
    from ftk.contracts.outcomes import Records


def label_set_answers(records: Records, fields: Mapping[str, Any]) -> Answers:
    """One question for each label that a row has, and one for each other label that the model gives it.

    Labels that a row neither has nor is given would be nearly all of them, and nearly all right.
    """
    asked: list[tuple[int, str]] = []
    found: dict[tuple[int, str], None] = {}
    for at, record in enumerate(records):
        if (gold := record.get("gold_labels")) is None:
            continue
        asked += [(at, name) for name in dict.fromkeys(map(str, gold))]
        found.update(dict.fromkeys((at, str(name)) for name in record.get("labels") or ()))
    there = frozenset(asked)
    spurious = [one for one in found if one not in there]
    right = [one in found for one in asked] + [False] * len(spurious)
    return Answers(
        keys=[*asked, *spurious],
        rows=np.array([at for at, _ in (*asked, *spurious)], dtype=np.int64),
        gold=[*(name for _, name in asked), *(None for _ in spurious)],
        given=[*(name if (at, name) in found else None for at, name in asked), *(name for _, name in spurious)],
        right=np.array(right, dtype=bool),
        options=in_order(name for _, name in (*asked, *spurious)),
        several=True,
    )
