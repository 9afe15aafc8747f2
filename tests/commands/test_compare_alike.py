"""``ftk compare``: how alike models are, what was changed, and which rows that moved."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from conftest import TINY, Result, assert_refused, read_jsonl, write_jsonl

NAMES = ("a", "b", "c")
FEW = ("compare.resamples=100",)


def predictions(name: str, seed: int, rows: int = 60) -> str:
    """A file of predictions of a classifier that is right in about two of three rows."""
    gold = np.random.default_rng(0).choice(NAMES, rows)
    random = np.random.default_rng(seed)
    given = np.where(random.random(rows) < 0.6, gold, random.choice(NAMES, rows))
    records = [
        {"text": f"row {at}", "label": str(label), "score": 0.5, "gold_label": str(right)}
        for at, (right, label) in enumerate(zip(gold, given, strict=True))
    ]
    return write_jsonl(name, records)


def comparison(result: Result) -> dict[str, Any]:
    [event] = [event for event in result.events if event["type"] == "comparison"]
    return event


def test_two_models_have_a_measure_of_each_kind(ftk: Callable[..., Result]) -> None:
    from sklearn.metrics import cohen_kappa_score

    files = [predictions(f"{seed}.jsonl", seed) for seed in (1, 2)]
    result = ftk("compare", *FEW, *files, "--json", "compare.examples=2")
    [corpus] = comparison(result)["further"]
    [pair] = corpus["alike"]["pairs"]
    one, other = ([record["label"] for record in read_jsonl(file)] for file in files)
    assert pair["measures"]["kappa"]["value"] == pytest.approx(cohen_kappa_score(one, other))
    low, high = pair["measures"]["capa"]["interval"]
    assert low < pair["measures"]["capa"]["value"] < high
    assert corpus["alike"]["models"] == ["A", "B"]
    assert corpus["alike"]["together"]["vote"] is None
    rows = corpus["differences"]["B"]["rows"]
    assert rows["won"] + rows["lost"] + rows["both_right"] + rows["both_wrong"] == 60
    assert len(rows["won_examples"]) == 2
    assert corpus["differences"]["B"]["changed"]["unknown"] == 2


@pytest.mark.parametrize("width", ["80", pytest.param("120", marks=pytest.mark.slow)])
def test_several_models_have_tables_for_every_width(
    ftk: Callable[..., Result], monkeypatch: pytest.MonkeyPatch, width: str
) -> None:
    monkeypatch.setenv("COLUMNS", width)
    files = [predictions(f"{seed}.jsonl", seed) for seed in (1, 2, 3, 4)]
    for words in (files, [*files[:2], "--", *files[2:]]):
        result = ftk("compare", *FEW, *words)
        assert result.code == 0, result.err
        assert max(len(line) for line in result.out.splitlines() if line.startswith(("│", "┏"))) <= int(width)


def test_groups_have_means_over_pairs_within_and_between(ftk: Callable[..., Result]) -> None:
    files = [predictions(f"{seed}.jsonl", seed) for seed in (1, 2, 3, 4)]
    [corpus] = comparison(ftk("compare", *FEW, *files[:2], "--", *files[2:], "--json"))["further"]
    groups = {tuple(group["sides"]): group for group in corpus["alike"]["groups"]}
    assert {sides: group["pairs"] for sides, group in groups.items()} == {(0, 0): 1, (0, 1): 4, (1, 1): 1}
    between = [
        pair["measures"]["capa"]["value"]
        for pair in corpus["alike"]["pairs"]
        if tuple(number // 2 for number in pair["models"]) == (0, 1)
    ]
    assert groups[0, 1]["measures"]["capa"]["value"] == pytest.approx(np.mean(between))
    assert 0 <= corpus["alike"]["all_wrong"]["share"]["value"] < corpus["alike"]["all_wrong"]["share"]["interval"][1]


@pytest.mark.slow
def test_numbers_and_spans_are_compared(ftk: Callable[..., Result]) -> None:
    random = np.random.default_rng(0)
    gold = random.normal(size=40)
    numbers = []
    for name in ("one", "two"):
        rows = zip(gold, gold + random.normal(size=40), strict=True)
        records = [{"text": f"{at}", "gold_value": right, "value": value} for at, (right, value) in enumerate(rows)]
        numbers.append(write_jsonl(f"{name}.jsonl", records))
    [corpus] = comparison(ftk("compare", *FEW, *numbers, "--json"))["further"]
    assert abs(corpus["alike"]["pairs"][0]["measures"]["error_correlation"]["value"]) < 0.5
    assert corpus["alike"]["together"]["vote_gain"]["value"] < 0
    spans = []
    for name, label in (("three", "PER"), ("four", "LOC")):
        entity = {"label": label, "start": 0, "end": 3, "text": "Ada", "score": 0.5}
        records = [
            {"text": f"Ada {at}", "gold_entities": [{**entity, "label": "PER"}], "entities": [entity]}
            for at in range(9)
        ]
        spans.append(write_jsonl(f"{name}.jsonl", records))
    result = ftk("compare", *FEW, *spans, "--json")
    [corpus] = comparison(result)["further"]
    assert corpus["alike"]["pairs"][0]["counts"]["wrong"] == [0, 9]
    assert corpus["differences"]["B"]["rows"]["lost"] == 9


def test_how_alike_they_are_can_be_left_out(ftk: Callable[..., Result]) -> None:
    files = [predictions(f"{seed}.jsonl", seed) for seed in (1, 2)]
    assert "further" not in comparison(ftk("compare", *FEW, *files, "--json", "compare.alike=false"))
    assert_refused(ftk("compare", *files, "--json", "compare.cka=true", "compare.alike=false"), "compare.cka=true")
    assert_refused(ftk("compare", *files, "--json", "compare.examples=-1"), "compare.examples=-1")
    assert_refused(ftk("compare", *FEW, *files, "--json", "compare.cka=true"), "name the run")


@pytest.mark.slow
@pytest.mark.torch
@pytest.mark.parametrize("task", ["ner", "text-classification", "relation", "question-answering", "regression"])
def test_layers_of_runs_are_compared(ftk: Callable[..., Result], task: str) -> None:
    for seed in (0, 1):
        words = ("train.max_steps=2", f"run.dir=run{seed}", f"run.seed={seed}")
        assert ftk("finetune", f"task={task}", *TINY, *words).code == 0
    result = ftk("compare", *FEW, "run0", "run1", "compare.cka=true", "--json")
    assert result.code == 0, result.err
    [corpus] = comparison(result)["further"]
    [pair] = corpus["alike"]["layers"]
    assert np.array(pair["cka"]).shape == (3, 3)
    assert np.all(np.array(pair["cka"], dtype=float) <= 1.01)
    assert corpus["differences"]["B"]["changed"]["config"] == {"run.seed": [0, 1]}


@pytest.mark.slow
@pytest.mark.torch
def test_a_model_without_layers_is_refused_before_anything_is_computed(ftk: Callable[..., Result]) -> None:
    for seed in (0, 1):
        words = ("model=tfidf-linear", f"run.dir=run{seed}", f"run.seed={seed}", "hardware=cpu")
        assert ftk("finetune", "task=text-classification", *words).code == 0
    assert_refused(ftk("compare", *FEW, "run0", "run1", "compare.cka=true", "--json"), "no layers")
