"""Records of another tool that cannot be scored are refused with their line."""

from collections.abc import Callable, Mapping
from typing import Any

import pytest

from ftk.errors import DataError
from ftk.tasks.ranking.statistics import ranking_statistics
from ftk.tasks.regression.statistics import number_statistics
from ftk.tasks.token_classification.statistics import span_and_tag_statistics

REFUSED: dict[str, tuple[Callable[..., Any], Mapping[str, Any], str]] = {
    "a gold tag that is none": (span_and_tag_statistics, {"tags": ["A"], "gold_tags": [None]}, "line 1: 'gold_tags'"),
    "a score in words": (ranking_statistics, {"query": "a", "score": "x", "gold_label": 1}, "line 1: 'score'"),
    "no score": (ranking_statistics, {"query": "a", "gold_label": 1}, "line 1: 'score'"),
    "grades in words": (
        ranking_statistics,
        {"query": "a", "candidates": [{"index": 0, "score": 1.0}], "gold_labels": ["x"]},
        "line 1: 'gold_labels'",
    ),
    "candidates with scores in words": (
        ranking_statistics,
        {"query": "a", "candidates": [{"index": 0, "score": "x"}], "gold_labels": [1]},
        "line 1: 'candidates'",
    ),
    "numbers of other targets": (
        number_statistics,
        {"values": {"a": 1, "b": 2}, "gold_values": {"a": 1, "c": 2}},
        "a, c, and the predicted ones of a, b",
    ),
}


@pytest.mark.parametrize("what", REFUSED)
def test_what_cannot_be_scored_is_refused(what: str) -> None:
    statistics, record, reason = REFUSED[what]
    with pytest.raises(DataError, match=reason):
        statistics([record], {})
