"""What a page computes: causes of errors, marked texts, curves, calibration."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.metrics import average_precision_score, roc_auc_score

from ftk.pages.marking import marked
from ftk.pages.sections.calibration import expected_error, reliability
from ftk.pages.sections.thresholds import precision_curve, roc_curve
from ftk.pages.spans import BOTH, BOUNDARY, MISSED, RIGHT, SPURIOUS, TYPE, Span, given_spans, gold_spans, matched
from ftk.pages.svg import Series, columns, dots, lines
from saved_runs import spans

PLACES = st.builds(
    lambda label, start, length: Span(label, start, start + length),
    st.sampled_from("AB"),
    st.integers(0, 12),
    st.integers(1, 4),
)


def test_each_error_of_spans_has_its_cause() -> None:
    record = spans()[0]
    found = {(one.gold or one.given): one.cause for one in matched(gold_spans(record), given_spans(record))}
    causes = {(one.label, record["text"][one.start : one.end]): cause for one, cause in found.items() if one}
    expected = {("PER", "Ada Berg"): BOUNDARY, ("LOC", "Oslo"): RIGHT, ("LOC", "Lima"): TYPE}
    assert causes == {**expected, ("LOC", "Turin"): MISSED, ("ORG", "Rail"): SPURIOUS}
    (both,) = matched([Span("A", 0, 5)], [Span("B", 3, 9)])
    assert both.cause == BOTH


def test_tags_of_tokens_are_spans_of_the_joined_text() -> None:
    record = {"tokens": ["Ada", "Berg", "saw", "Oslo"], "gold_tags": ["B-PER", "I-PER", "O", "B-LOC"]}
    assert gold_spans(record) == [Span("PER", 0, 8), Span("LOC", 13, 17)]


@settings(max_examples=40)
@given(st.sets(PLACES), st.sets(PLACES))
def test_each_span_is_matched_once(gold: set[Span], answers: set[Span]) -> None:
    pairs = matched(sorted(gold, key=repr), sorted(answers, key=repr))
    assert sorted((one.gold for one in pairs if one.gold), key=repr) == sorted(gold, key=repr)
    assert sorted((one.given for one in pairs if one.given), key=repr) == sorted(answers, key=repr)
    assert sum(one.cause == RIGHT for one in pairs) == len(gold & answers)


@settings(max_examples=40)
@given(
    st.text(st.characters(codec="utf-8", exclude_categories=("Cc", "Cs")), max_size=40), st.lists(PLACES, max_size=4)
)
def test_marks_lose_nothing_of_a_text(text: str, places: list[Span]) -> None:
    parts = marked(text, [(one.start, one.end, "right", one.label) for one in places])
    assert "".join(part if isinstance(part, str) else part[0] for part in parts) == text


def test_a_long_text_is_cut_around_its_first_mark() -> None:
    parts = marked("a" * 5000 + "needle" + "b" * 5000, [(5000, 5006, "right", "X")], 900)
    assert ["needle", "right", "X"] in parts
    assert sum(len(part if isinstance(part, str) else part[0]) for part in parts) < 920


@pytest.mark.parametrize("ties", [1, 3])
def test_areas_equal_those_of_scikit_learn(ties: int) -> None:
    random = np.random.default_rng(ties)
    scores = random.random(300).round(ties)
    present = random.random(300) < 0.2 + 0.5 * scores
    assert roc_curve(scores, present)[2] == pytest.approx(roc_auc_score(present, scores))
    assert precision_curve(scores, present)[2] == pytest.approx(average_precision_score(present, scores))


def test_the_calibration_error_is_the_mean_distance_of_classes() -> None:
    random = np.random.default_rng(0)
    sure = random.random(500)
    right = (random.random(500) < sure**2).astype(float)
    total = 0.0
    for low in np.arange(10) / 10:
        inside = (sure >= low) & ((sure < low + 0.1) | (low == 0.9))
        total += abs(sure[inside].sum() - right[inside].sum()) / 500
    assert expected_error(reliability(sure, right)) == pytest.approx(total)


@pytest.mark.parametrize("values", [[], [0.0], [3.0, 3.0], [-1e-9, 1e9], [1e-300, 2e-300]])
def test_a_chart_of_any_numbers_has_only_numbers(values: list[float]) -> None:
    points = list(enumerate(values))
    charts = (
        lines("t", [Series("s", [(float(x), y) for x, y in points])], x="x", y="y"),
        columns("t", values, [str(x) for x, _ in points], x="x", y="y"),
        dots("t", [(float(x), y) for x, y in points], x="x", y="y", diagonal=True),
    )
    assert not any("nan" in chart or "inf" in chart for chart in charts)
