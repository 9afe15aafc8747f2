"""The wrong examples of a split, as items for the list of the page: the worst first, at most so many."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from ftk.errors import printable
from ftk.pages.mistake_texts import written
from ftk.pages.predictions import Form, Predictions
from ftk.pages.ranks import rank_of
from ftk.pages.record_values import numbers_of
from ftk.pages.relevance import Explanations, with_relevance
from ftk.pages.spans import RIGHT, Match

MOST = 2000
"""Examples that a page has."""
_MOST_CHARACTERS = 1_200_000
"""Characters of all examples of a page, so that it stays below 3 MB."""
_UNSURE = -1.0
"""Where nothing says how sure a model was: after all others."""


@dataclass(frozen=True, slots=True)
class Mistakes:
    """The wrong examples of a split.

    Attributes:
        items: the worst first.
        wrong: how many rows are wrong in all.
        measure: what makes one mistake worse than another.
    """

    items: Sequence[dict[str, Any]]
    wrong: int
    measure: str


_MEASURES = {
    Form.label: "score of the given label",
    Form.labels: "how sure the surest wrong decision was",
    Form.spans: "score of the surest wrong span",
    Form.tags: "share of wrong tags",
    Form.answers: "score of the answer",
    Form.numbers: "distance",
    Form.ranking: "rank of the right one",
    Form.texts: "distance from a perfect score",
}
"""By form, what makes one mistake worse than another."""


def worst_rows(predictions: Predictions) -> list[int]:
    """The wrong rows in the order of the page, the worst first, by their numbers from 0."""
    wrong = _wrong_rows(predictions) if predictions.form in _MEASURES else {}
    return _worst_first(wrong)


def find_mistakes(predictions: Predictions, *, texts: bool, explanations: Explanations | None = None) -> Mistakes:
    """The wrong examples; of numbers, the rows that are farthest off.

    Args:
        predictions: of a split.
        texts: whether the items have what the model read; if not, they have no answer that is a text either.
        explanations: what wrong answers rest on; None: it was not asked for.
    """
    if predictions.form not in _MEASURES:
        return Mistakes([], 0, "")
    wrong = _wrong_rows(predictions)
    items: list[dict[str, Any]] = []
    characters = 0
    for row in _worst_first(wrong)[:MOST]:
        found = written(predictions.records[row], predictions.form, texts=texts)
        shown = found.texts
        if texts and explanations is not None and row in explanations.rows:
            shown = with_relevance(found.texts, explanations.rows[row])
        characters += sum(len(part if isinstance(part, str) else part[0]) for _, parts in shown for part in parts)
        if characters > _MOST_CHARACTERS:
            break
        sure = None if wrong[row] == _UNSURE else round(wrong[row], 6)
        facts = [("row", f"{row + 1:,}"), *((name, printable(value)) for name, value in found.facts)]
        kinds = list(map(printable, found.kinds))
        items.append({"m": facts, "t": shown, "k": kinds, "q": sure, "n": row + 1})
    return Mistakes(items, len(wrong), _MEASURES[predictions.form])


def _worst_first(wrong: Mapping[int, float]) -> list[int]:
    return sorted(wrong, key=lambda row: (-wrong[row], row))


def _wrong_rows(predictions: Predictions) -> dict[int, float]:
    """How sure the model was of each wrong row, by its number."""
    if predictions.form is Form.texts:
        scores = predictions.row_scores
        if scores is None:
            return {}
        most = predictions.statistics.most if predictions.statistics is not None else None
        best = most if most is not None else float(np.nanmax(scores, initial=0.0))
        return {row: float(best - value) for row, value in enumerate(scores) if np.isfinite(value) and value < best}
    if predictions.form is Form.answers:
        scores = predictions.row_scores
        return {
            row: _of_answer(record)
            for row, record in enumerate(predictions.records)
            if isinstance(record.get("gold_answers"), list) and (scores is None or scores[row] < 1)
        }
    if predictions.form is Form.spans:
        sure = map(_of_spans, predictions.pairs)
    else:
        sure = map(_SURE[predictions.form], predictions.records)
    return {row: one for row, one in enumerate(sure) if one is not None}


def _of_answer(record: Mapping[str, Any]) -> float:
    answer = record.get("answer")
    sure = answer.get("score") if isinstance(answer, dict) else record.get("no_answer_score")
    return float(sure) if isinstance(sure, (int, float)) else _UNSURE


def _of_label(record: Mapping[str, Any]) -> float | None:
    gold, label = record.get("gold_label"), record.get("label")
    if gold is None or gold == label:
        return None
    sure = record.get("score")
    return float(sure) if isinstance(sure, (int, float)) else _UNSURE


def _of_labels(record: Mapping[str, Any]) -> float | None:
    if record.get("gold_labels") is None:
        return None
    gold, given = set(map(str, record["gold_labels"])), set(map(str, record.get("labels") or ()))
    if gold == given:
        return None
    scores = record.get("scores") or {}
    wrong = [scores[name] for name in given - gold if name in scores]
    return max([*wrong, *(1 - scores[name] for name in gold - given if name in scores)], default=_UNSURE)


def _of_spans(pairs: Sequence[Match] | None) -> float | None:
    if pairs is None or all(one.cause == RIGHT for one in pairs):
        return None
    scores = [one.given.score for one in pairs if one.cause != RIGHT and one.given is not None]
    return max((float(one) for one in scores if one is not None), default=_UNSURE)


def _of_tags(record: Mapping[str, Any]) -> float | None:
    pairs = list(zip(record.get("gold_tags") or (), record.get("tags") or (), strict=False))
    wrong = sum(1 for gold, given in pairs if gold is not None and gold != given)
    return wrong / len(pairs) if wrong else None


def _of_numbers(record: Mapping[str, Any]) -> float | None:
    gold, given = numbers_of(record, "gold_value"), numbers_of(record, "value")
    distances = [abs(given[name] - gold[name]) for name in gold if name in given]
    return max(distances, default=0.0) or None


def _of_rank(record: Mapping[str, Any]) -> float | None:
    rank = rank_of(record)
    return float(rank) if rank is not None and rank > 1 else None


_SURE = {
    Form.label: _of_label,
    Form.labels: _of_labels,
    Form.tags: _of_tags,
    Form.numbers: _of_numbers,
    Form.ranking: _of_rank,
}
