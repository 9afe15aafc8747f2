"""What several models reach together."""

from typing import Any

import numpy as np
import pytest

from ftk.comparing.alike.numbers import error_correlation, together_in_numbers
from ftk.comparing.alike.shared_questions import shared_questions
from ftk.comparing.alike.votes import together
from ftk.contracts.outcomes import Errors
from ftk.tasks.regression.errors import number_errors
from ftk.tasks.shared.label_answers import label_answers
from ftk.tasks.token_classification.answers import token_answers


def labelled(*models: str, gold: str, scores: Any = None) -> Any:
    """What models reach together whose answers are letters."""
    answers = [
        label_answers(
            [
                {"gold_label": right, "label": letter} | ({} if scores is None else {"scores": scores[model][row]})
                for row, (right, letter) in enumerate(zip(gold, given, strict=True))
            ],
            {},
        )
        for model, given in enumerate(models)
    ]
    return together(answers, shared_questions(answers))


def test_most_models_decide_and_then_the_best_one() -> None:
    found = labelled("aaab", "abca", "abba", gold="abca")
    assert [one.value for one in found.each] == [0.25, 1.0, 0.75]
    assert found.vote.value == 1.0  # the third row is a tie of three, which the second model decides
    assert found.oracle.value == 1.0
    assert found.vote_gain.value == 0.0


def test_a_tie_goes_to_what_the_models_think_likelier() -> None:
    scores = [[{"a": 0.6, "b": 0.4}], [{"a": 0.1, "b": 0.9}]]
    assert labelled("a", "b", gold="b", scores=scores).vote.value == 1.0
    assert labelled("a", "b", gold="b").vote is None  # two models have no majority


def test_spans_that_more_than_half_of_the_models_find_stay_and_their_f1_is_that_of_sets() -> None:
    random = np.random.default_rng(0)
    rows, every = 60, [("PER", 0, 2), ("LOC", 3, 5), ("ORG", 6, 9), ("PER", 10, 12), ("LOC", 13, 14)]
    gold = random.random((rows, len(every))) < 0.5
    models = [gold ^ (random.random(gold.shape) < 0.2) for _ in range(3)]

    def entities(row: Any) -> list[dict[str, Any]]:
        kept = [span for span, there in zip(every, row, strict=True) if there]
        return [{"label": label, "start": start, "end": end} for label, start, end in kept]

    answers = [
        token_answers(
            [{"gold_entities": entities(g), "entities": entities(f)} for g, f in zip(gold, model, strict=True)], {}
        )
        for model in models
    ]
    found = together(answers, shared_questions(answers))

    def f1(table: Any) -> float:
        return float(2 * (table & gold).sum() / (table.sum() + gold.sum()))

    assert [one.value for one in found.each] == pytest.approx([f1(model) for model in models])
    votes = np.sum(models, axis=0)
    assert found.vote.value == pytest.approx(f1(votes > 1.5))
    assert found.oracle.value == pytest.approx(f1(np.where(gold, votes > 0, votes == 3)))
    assert found.vote_gain.value == pytest.approx(f1(votes > 1.5) - max(map(f1, models)))


def test_numbers_have_the_mean_of_the_models_and_a_correlation_of_errors() -> None:
    from scipy.stats import pearsonr

    random = np.random.default_rng(0)
    gold, shared = random.normal(size=(200, 2)), random.normal(size=(200, 2))
    models = [Errors(("x", "y"), gold, gold + shared + random.normal(size=gold.shape)) for _ in range(2)]
    one, other = (model.given - gold for model in models)
    expected = np.mean([pearsonr(one[:, at], other[:, at]).statistic for at in range(2)])
    assert error_correlation(one, other).value == pytest.approx(expected)
    found = together_in_numbers(models)
    assert found.vote.value == pytest.approx(np.mean(np.sqrt((((one + other) / 2) ** 2).mean(0))))
    assert found.oracle.value == pytest.approx(np.mean(np.sqrt(np.minimum(one**2, other**2).mean(0))))
    assert found.vote_gain.value < 0  # less error
    one[3:9] = np.nan
    assert error_correlation(one, other).value == pytest.approx(expected, abs=0.05)


def test_records_of_numbers_may_have_several_targets_or_none() -> None:
    found = number_errors([{"value": 1.0, "gold_value": 2}, {"value": 3.0}], {})
    assert found.names == ["value"]
    assert found.gold[0, 0] == 2
    assert np.isnan(found.gold[1, 0])
    several = number_errors([{"values": {"b": 1, "a": 2}, "gold_values": {"a": 0, "b": 5}}], {})
    assert (list(several.names), several.gold.tolist(), several.given.tolist()) == (["a", "b"], [[0, 5]], [[2, 1]])
