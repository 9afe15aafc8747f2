"""What is different between two sides: configs, rows won and lost, labels."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from conftest import write_jsonl
from ftk.comparing.changed.configs import run_changes
from ftk.comparing.changed.differences import difference_sentences, difference_tables, differences
from ftk.comparing.changed.labels import LEAST_SUPPORT, label_changes
from ftk.comparing.changed.rows import row_changes
from ftk.comparing.effects import Of
from ftk.comparing.opened import Outcomes, open_outcomes


def opened(name: str, records: list[dict[str, Any]], **facts: Any) -> Outcomes:
    found = open_outcomes(Path(write_jsonl(f"{name}.jsonl", records)))
    return replace(found, facts=replace(found.facts, **facts)) if facts else found


def labelled(name: str, gold: str, given: str, scores: list[float] | None = None, **facts: Any) -> Outcomes:
    """Predictions whose labels are letters."""
    rows = zip(gold, given, scores or [0.5] * len(gold), strict=True)
    records = [
        {"text": f"row {at}", "gold_label": right, "label": label, "score": score}
        for at, (right, label, score) in enumerate(rows)
    ]
    return opened(name, records, **facts)


def test_rows_are_won_and_lost_those_first_that_the_model_is_surest_of() -> None:
    before = labelled("before", "aaaabb", "aabbba")
    after = labelled("after", "aaaabb", "abaaaa", [0.1, 0.2, 0.6, 0.7, 0.9, 0.3])
    found = row_changes([before], [after], examples=1)
    assert found is not None
    counts = {name: found[name] for name in ("won", "lost", "both_right", "both_wrong", "rows")}
    assert counts == {"won": 2, "lost": 2, "both_right": 1, "both_wrong": 1, "rows": 6}
    [won], [lost] = found["won_examples"], found["lost_examples"]
    assert won == {"row": 4, "input": "row 3", "gold": "a", "before": "b", "after": "a", "score": 0.7}
    assert (lost["row"], lost["after"]) == (5, "a")


def test_a_group_is_right_where_more_than_half_of_its_models_are() -> None:
    side = [labelled(f"m{at}", "aa", given) for at, given in enumerate(("ab", "ab", "ba"))]
    found = row_changes([labelled("before", "aa", "bb")], side, examples=9)
    assert found is not None
    assert (found["won"], found["both_wrong"]) == (1, 1)


def test_a_row_with_a_spurious_span_is_wrong() -> None:
    span = {"label": "PER", "start": 0, "end": 3, "text": "row"}
    rows = [{"text": "row", "gold_entities": [], "entities": entities} for entities in ([], [span])]
    one, other = (opened(f"spans{at}", [row]) for at, row in enumerate(rows))
    found = row_changes([one], [other], examples=1)
    assert found is not None
    assert (found["lost"], found["lost_examples"][0]["after"]) == (1, [span])


def test_numbers_are_nearer_or_farther() -> None:
    def numbers(name: str, *values: float) -> Outcomes:
        return opened(name, [{"text": f"{at}", "gold_value": 1.0, "value": value} for at, value in enumerate(values)])

    found = row_changes([numbers("one", 0.0, 1.5, 2.0)], [numbers("two", 0.5, 3.0, 2.0)], examples=2)
    assert found is not None
    assert (found["of"], found["won"], found["lost"], found["rows"]) == ("numbers", 1, 1, 3)


def test_differences_of_labels_have_intervals_unless_they_are_rare() -> None:
    random = np.random.default_rng(0)
    gold = "".join(random.choice(list("ab"), 400)) + "c" * (LEAST_SUPPORT - 1)
    worse = "".join("b" if right == "a" and random.random() < 0.4 else right for right in gold)
    found = label_changes([labelled("one", gold, gold)], [labelled("two", gold, worse)])
    assert found is not None
    assert found["too_few"] == {"c": LEAST_SUPPORT - 1}
    first, second = found["labels"]
    assert (first["label"], first["clear"], second["label"]) == ("a", True, "b")
    assert first["interval"][0] < first["difference"] < first["interval"][1] < 0
    same = label_changes([labelled("three", gold, worse)], [labelled("four", gold, worse)])
    assert same is not None
    assert [(one["difference"], one["clear"]) for one in same["labels"]] == [(0, False), (0, False)]


def test_labels_of_recipes_are_not_clear_where_seeds_differ_as_much() -> None:
    random = np.random.default_rng(2)
    gold = "".join(random.choice(list("ab"), 400))
    before = [
        labelled(f"a{at}", gold, "".join(right if random.random() < share else "b" for right in gold))
        for at, share in enumerate((0.0, 0.5, 1.0))
    ]
    after = [labelled(f"b{at}", gold, gold) for at in range(3)]
    models, recipes = (label_changes(before, after, of=of) for of in Of)
    assert models is not None
    assert recipes is not None
    assert all(one["clear"] for one in models["labels"])
    assert not any(one["clear"] for one in recipes["labels"])
    for one in recipes["labels"]:
        assert one["interval"][0] < 0 < one["difference"] < one["interval"][1]
    two = label_changes(before[:2], after[:2], of=Of.recipes)
    assert two is not None
    assert [(one["interval"], one["clear"]) for one in two["labels"]] == [([None, None], False)] * 2


@pytest.mark.slow
def test_the_interval_of_a_label_is_that_of_resampled_rows() -> None:
    random = np.random.default_rng(1)
    gold = random.choice(list("ab"), 300)
    one, other = (np.where(random.random(300) < share, gold, random.choice(list("ab"), 300)) for share in (0.5, 0.7))
    models = [labelled(name, "".join(gold), "".join(given)) for name, given in (("one", one), ("two", other))]
    found = label_changes(models[:1], models[1:])
    assert found is not None
    label = next(each for each in found["labels"] if each["label"] == "a")
    drawn = []
    for _ in range(1000):
        rows = random.integers(300, size=300)
        right, first, second = (names[rows] == "a" for names in (gold, one, other))
        f1 = [2 * (right & found).sum() / (right.sum() + found.sum()) for found in (first, second)]
        drawn.append(f1[1] - f1[0])
    assert label["interval"] == pytest.approx(np.quantile(drawn, [0.025, 0.975]), abs=0.02)


def test_seeds_of_one_recipe_do_not_differ_in_their_seed() -> None:
    def run(name: str, seed: int, lr: float, digest: str) -> Outcomes:
        config = {"optimizer": {"lr": lr}, "run": {"seed": seed, "dir": name}, "data": {"a.b": 1}}
        environment = {
            "data": {"test": {f"{name}/test.csv": digest}},
            "packages": {"torch": "2.1"},
            "ftk": "0.1",
            "device": "cpu" if lr < 1 else "cuda",
        }
        return labelled(name, "a", "a", config=config, environment=environment)

    before = [run("a", 0, 0.1, "1" * 64), run("b", 1, 0.1, "1" * 64)]
    after = [run("c", 1, 2.0, "2" * 64), run("d", 0, 2.0, "2" * 64)]
    found = run_changes(before, after)
    assert found["config"] == {"optimizer.lr": [0.1, 2.0]}
    assert found["data"] == {"test": [[f"test.csv {'1' * 12}"], [f"test.csv {'2' * 12}"]]}
    assert (found["versions"], found["hardware"], found["unknown"]) == ({}, {"device": ["cpu", "cuda"]}, 0)
    assert run_changes([labelled("file", "a", "a")], after)["unknown"] == 1
    assert run_changes(before[:1], [replace(after[0], facts=before[1].facts)])["config"] == {"run.seed": [0, 1]}


@pytest.mark.parametrize("width", [40, 120])
def test_tables_show_markup_and_odd_labels_as_text(width: int) -> None:
    gold = "[" * 30 + "b" * 30
    section = differences([labelled("one", gold, "[" * 60)], [labelled("two", gold, "b" * 60)], examples=2)
    assert len(list(difference_sentences(section, "A", "B"))) == 2
    shown = "\n".join(table.plain(width) for table in difference_tables(section, "A [red]", "B"))
    assert "A [red]" in shown
    assert "row 0" in shown
