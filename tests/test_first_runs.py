"""The table of first runs: how rows are drawn, how predictions are scored, and what the page says of results."""

import json
from collections import Counter
from pathlib import Path
from typing import Any

import numpy as np
from benchmarks.defaults.cells import CORPORA, Cell, drawn, labels_of
from benchmarks.defaults.contenders import CONTENDERS
from benchmarks.defaults.page import difference, is_whole, page
from benchmarks.defaults.records import in_iob2, score, unmarked, write_predictions
from benchmarks.defaults.results import collect
from hypothesis import given, settings
from hypothesis import strategies as st

BY_NAME = {corpus.name: corpus for corpus in CORPORA}


@settings(max_examples=30)
@given(st.lists(st.sampled_from("abcdefgh"), min_size=20, max_size=60), st.integers(1, 20), st.integers(0, 5))
def test_rows_are_drawn_with_each_label_that_fits(labels: list[str], number: int, seed: int) -> None:
    rows = [{"text": str(at), "label": label} for at, label in enumerate(labels)]
    found = drawn(rows, number, seed)
    assert len({row["text"] for row in found}) == number
    assert len({row["label"] for row in found}) >= min(number, len(set(labels)))
    assert found == drawn(rows, number, seed)


def test_labels_of_tags_are_their_types() -> None:
    assert labels_of({"tokens": ["a", "b"], "tags": ["B-x", "I-y"]}) == {"x", "y"}
    assert labels_of({"text": "a", "label": 1.5}) == set()


def test_an_i_that_continues_nothing_begins_a_span() -> None:
    assert in_iob2(["I-x", "I-x", "I-y", "O", "I-y", "B-y"]) == ["B-x", "I-x", "B-y", "O", "B-y", "B-y"]


def test_places_of_entities_are_in_the_text_without_marks() -> None:
    found = unmarked("The <e2>door</e2> of a <e1>house</e1>.")
    assert found["text"] == "The door of a house."
    assert [found["text"][found[role]["start"] : found[role]["end"]] for role in ("head", "tail")] == ["house", "door"]


def test_predictions_of_tags_have_the_f1_of_seqeval(tmp_path: Path) -> None:
    from seqeval.metrics import f1_score

    chance = np.random.default_rng(1)
    gold, found = ([in_iob2(list(chance.choice(["O", "B-x", "I-x", "B-y"], 8))) for _ in range(20)] for _ in "ab")
    rows = [{"tokens": list("abcdefgh"), "tags": tags} for tags in gold]
    write_predictions(path := tmp_path / "found.jsonl", BY_NAME["wnut17"], rows, found)
    assert np.isclose(score(path, BY_NAME["wnut17"]), f1_score(gold, found))


def test_ftk_is_judged_beside_each_contender(tmp_path: Path) -> None:
    cell = Cell(BY_NAME["sms_spam"], 100, 3)
    rows = [{"text": f"row {at}", "label": "ham" if at % 3 else "spam"} for at in range(300)]
    for contender, wrong in (("ftk", 60), ("tfidf", 15)):
        for seed in (1, 2, 3):
            found = [row["label"] for row in rows]
            for at in np.random.default_rng(seed).choice(300, wrong, replace=False):
                found[at] = "spam" if found[at] == "ham" else "ham"
            name = f"{contender}-{seed}"
            for folder in ("predictions", "done"):
                (tmp_path / folder / cell.name).mkdir(parents=True, exist_ok=True)
            write_predictions(tmp_path / "predictions" / cell.name / f"{name}.jsonl", cell.corpus, rows, found)
            (tmp_path / "done" / cell.name / f"{name}.json").write_text(json.dumps(_run(1 - wrong / 300)))
    result = collect(cell, tmp_path, tmp_path / "results")
    assert result is not None
    assert result["verdicts"]["tfidf"]["verdict"] == "worse"
    assert np.isclose(result["verdicts"]["tfidf"]["effect"], -15)
    assert json.loads((tmp_path / "results" / f"{cell.name}.json").read_text()) == result


def test_the_page_says_how_far_ftk_is_from_the_best_and_what_is_missing() -> None:
    whole = _result({name: [0.70, 0.72, 0.74] for name in CONTENDERS} | {"frozen": [0.73, 0.75, 0.77]})
    whole["verdicts"] = {"frozen": {"verdict": "worse"}}
    part = _result({"ftk": [0.8], "tfidf": [0.5, 0.6]})
    part["runs"]["tfidf"]["3"] = {"failed": "one\nno memory", "commit": "abc", "threads": 1}
    assert is_whole(whole)
    assert not is_whole(part)
    found = difference(whole)
    assert found is not None
    assert found[0] == "frozen"
    assert np.isclose(found[1], -3)
    text = page([whole, part], ["wnut17-100"])
    assert all(word in text for word in ("1 of 27", "in 0.", "no memory", "wnut17-100", "-3.0", "1 of 3 seeds"))
    widths = Counter(line.count("|") for line in text.splitlines() if line.startswith("|"))
    assert list(widths.values()) == [4]


def _run(value: float) -> dict[str, Any]:
    return {"score": value, "wall": 2.0, "cpu": 1.5, "threads": 1, "commit": "abc"}


def _result(scores: dict[str, list[float]]) -> dict[str, Any]:
    runs = {name: {str(at): _run(value) for at, value in enumerate(some, 1)} for name, some in scores.items()}
    facts = {"corpus": "sms_spam", "rows": 100, "score": "accuracy", "seeds": 3, "machine": "m", "versions": "v"}
    return {**facts, "runs": runs, "verdicts": {}}
