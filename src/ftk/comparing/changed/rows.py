"""Which rows another model wins and loses: wrong before and right now, and the other way round."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ftk.comparing.opened import Outcomes

_INPUT = ("text", "pair", "tokens", "question", "query", "source", "image")
"""The keys of a record that say what the model was asked."""
_GIVEN = ("label", "labels", "entities", "tags", "answer", "candidates", "value", "values")
"""The keys of a record that say what it answered; the gold standard has the key ``gold_…``."""
_GOLD = ("gold_label", "gold_labels", "gold_entities", "gold_tags", "gold_answers", "gold_value", "gold_values")


def row_changes(before: Sequence[Outcomes], after: Sequence[Outcomes], examples: int) -> dict[str, Any] | None:
    """The rows that are won and lost between two models, or two groups of them.

    A row is right if all its answers are, and none is spurious; for a group, if more than half of its models are right.
    A number is neither: a row is won if it is nearer than before, for a group on average.

    Args:
        before, after: the models of both sides, on the same rows in the same order.
        examples: how many rows of each kind are shown, those first about which the model is surest; of numbers those
            that moved most.

    Returns:
        ``of`` (answers or numbers), ``rows``, and for ``won``, ``lost``, ``both_right`` and ``both_wrong`` how many
        rows there are; ``won_examples`` and ``lost_examples``. None if the task has neither answers nor numbers.
    """
    spec = before[0].spec
    if spec.answers is not None:
        counted, right, other_right = _answered(before, after)
        sure = np.array([_sureness(record) for record in after[0].records])
        kinds = {"both_right": right & other_right & counted, "both_wrong": ~right & ~other_right & counted}
        won, lost = ~right & other_right & counted, right & ~other_right & counted
    elif spec.errors is not None:
        near, now = _distances(before), _distances(after)
        counted = np.isfinite(near) & np.isfinite(now)
        sure = np.abs(near - now)
        won, lost, kinds = counted & (now < near), counted & (now > near), {}
    else:
        return None
    return {
        "of": "answers" if spec.answers is not None else "numbers",
        "rows": int(counted.sum()),
        "won": int(won.sum()),
        "lost": int(lost.sum()),
        **{name: int(rows.sum()) for name, rows in kinds.items()},
        "won_examples": _examples(won, sure, before[0], after[0], examples),
        "lost_examples": _examples(lost, sure, before[0], after[0], examples),
    }


def _answered(
    before: Sequence[Outcomes], after: Sequence[Outcomes]
) -> tuple[NDArray[np.bool_], NDArray[np.bool_], NDArray[np.bool_]]:
    """[rows] whether a row asks anything, and whether each side is right."""
    sides = []
    counted = np.zeros(len(before[0].records), dtype=bool)
    for side in (before, after):
        wrong = np.zeros(len(counted))
        for model in side:
            assert model.spec.answers is not None
            answers = model.spec.answers(model.records, model.fields)
            counted[slice(None) if answers.several else answers.rows] = True
            failed = np.zeros(len(counted), dtype=bool)
            failed[answers.rows[~answers.right]] = True
            wrong += failed
        sides.append(2 * wrong < len(side))
    return counted, sides[0], sides[1]


def _distances(side: Sequence[Outcomes]) -> NDArray[np.float64]:
    """[rows] how far the numbers of a side are from the right ones, the mean over targets and models."""
    found = []
    for model in side:
        assert model.spec.errors is not None
        numbers = model.spec.errors(model.records, model.fields)
        found.append(np.abs(numbers.given - numbers.gold).mean(axis=1))
    return np.mean(found, axis=0)


def _sureness(record: Mapping[str, Any]) -> float:
    """How sure a model is of its answer: its score, of several answers the least; 0 if the record has none."""
    if isinstance(score := record.get("score"), (int, float)):
        return float(score)
    answer = record.get("answer")
    several = [answer] if isinstance(answer, Mapping) else record.get("entities") or ()
    scores = [
        one["score"] for one in several if isinstance(one, Mapping) and isinstance(one.get("score"), (int, float))
    ]
    if isinstance(by_label := record.get("scores"), Mapping):  # those of the labels that it gives
        scores = [by_label[name] for name in record.get("labels") or () if name in by_label]
    if isinstance(plain := record.get("scores"), list):
        scores = [one for one in plain if isinstance(one, (int, float))]
    return float(min(scores, default=0.0))


def _examples(
    rows: NDArray[np.bool_], sure: NDArray[np.float64], before: Outcomes, after: Outcomes, most: int
) -> list[dict[str, Any]]:
    at = np.flatnonzero(rows)
    at = at[np.argsort(-sure[at], kind="stable")][:most]
    return [
        {
            "row": row + 1,
            "input": _first(after.records[row], _INPUT),
            "gold": _first(after.records[row], _GOLD),
            "before": _first(before.records[row], _GIVEN),
            "after": _first(after.records[row], _GIVEN),
            "score": float(sure[row]),
        }
        for row in at.tolist()
    ]


def _first(record: Mapping[str, Any], names: Sequence[str]) -> Any:
    """The value of the first of some keys that a record has; of two texts both."""
    found = [record[name] for name in names if record.get(name) is not None]
    if "pair" in names and "pair" in record:
        return [record["text"], record["pair"]]
    if found and names is _GIVEN and isinstance(found[0], list):
        return [_plain(one) for one in found[0]]
    return found[0] if found else None


def _plain(one: Any) -> Any:
    """A span or a tag without its score."""
    return {key: value for key, value in one.items() if key != "score"} if isinstance(one, Mapping) else one
