"""The answers in records of tasks that give each row one label."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from ftk.contracts.outcomes import Answers
from ftk.data.rows.label_names import in_order

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from ftk.contracts.outcomes import Records


def label_answers(records: Records, fields: Mapping[str, Any]) -> Answers:
    """One question a row: its label. Rows without a label of their own ask none."""
    rows = [at for at, record in enumerate(records) if record.get("gold_label") is not None]
    gold = [str(records[at]["gold_label"]) for at in rows]
    given = [None if (name := records[at].get("label")) is None else str(name) for at in rows]
    options, probabilities = _options([records[at].get("scores") for at in rows], gold, given)
    return Answers(
        keys=rows,
        rows=np.array(rows, dtype=np.int64),
        gold=gold,
        given=given,
        right=np.array([one == other for one, other in zip(gold, given, strict=True)], dtype=bool),
        probabilities=probabilities,
        options=options,
    )


def _options(
    scores: Sequence[Any], gold: Sequence[str], given: Sequence[str | None]
) -> tuple[list[str], NDArray[np.float64] | None]:
    """The labels, and [rows, labels] how likely each is; None where records have the scores of some labels only."""
    whole = bool(scores) and all(isinstance(one, Mapping) for one in scores)
    names = list(scores[0]) if whole else []
    if whole and all(list(one) == names for one in scores):
        unseen = in_order(name for name in gold if name not in set(names))  # no model gives these
        table = np.array([list(one.values()) for one in scores], dtype=np.float64)
        return [*names, *unseen], np.pad(table, ((0, 0), (0, len(unseen))))
    named = (name for one in scores if isinstance(one, Mapping) for name in one)
    return list(in_order([*gold, *(name for name in given if name is not None), *named])), None
