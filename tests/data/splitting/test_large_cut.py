"""Rows of a large corpus are held out by the same rules as those of a small one."""

import random
from collections import Counter
from collections.abc import Iterable
from itertools import pairwise
from typing import Any

import pytest

from conftest import write_jsonl
from data_helpers import data_config, of_kind, shipped_task
from ftk.contracts import finding_kinds as kinds
from ftk.contracts.findings import Finding
from ftk.contracts.notes import Notes
from ftk.data.row_corpus import RowCorpus, read_training_corpus


@pytest.fixture(autouse=True)
def _few_are_large(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("ftk.data.splitting.large_cut._ROWS", 10)


def corpus(
    rows: Iterable[dict[str, Any]], task: str = "text-classification", **data: Any
) -> tuple[RowCorpus, list[Finding]]:
    notes = Notes()
    found = read_training_corpus(data_config(train=write_jsonl("t.jsonl", rows), **data), shipped_task(task), notes)
    return found, list(notes)


def held(found: RowCorpus, what: str = "text") -> dict[str, list[Any]]:
    return {split: [getattr(row, what) for row in rows] for split, rows in found.examples.items()}


def labelled(seed: int) -> list[dict[str, Any]]:
    """Rows with labels of very different frequency, and texts that occur more than once."""
    draws = random.Random(seed)
    labels = draws.choices(["often", "seldom", "rare"], weights=[90, 9, 1], k=1500)
    rows = [{"text": f"text {draws.randrange(1200)}", "label": label} for label in labels]
    return [
        *rows,
        {"text": "only one", "label": "single"},
        {"text": "x", "label": "two"},
        {"text": "y", "label": "two"},
    ]


@pytest.mark.parametrize("seed", range(3))
@pytest.mark.parametrize(("validation", "test"), [(0.1, 0.0), (0.1, 0.2), (0.02, 0.3), (0.5, 0.4)])
def test_labels_are_in_proportion_and_texts_on_one_side(seed: int, validation: float, test: float) -> None:
    rows = labelled(seed)
    found, findings = corpus(rows, validation_share=validation, test_share=test)
    texts, labels = held(found), held(found, "target")
    assert sorted(text for split in texts.values() for text in split) == sorted(row["text"] for row in rows)
    assert list(texts) == [split for split in ("train", "validation", "test") if split != "test" or test]
    shares = {"validation": validation, "test": test}
    for split in texts.keys() - {"train"}:
        assert len(texts[split]) == pytest.approx(shares[split] * len(rows), rel=0.15)
        assert not set(texts[split]) & set(texts["train"])
        often = Counter(labels[split])["often"] / len(labels[split])
        assert often == pytest.approx(0.9, abs=0.06)
    assert set(labels["train"]) == {"often", "seldom", "rare", "single", "two"}
    assert of_kind(findings, kinds.VALIDATION_CUT).values["held"] == len(texts["validation"])


def test_the_order_of_the_rows_and_their_storage_decide_nothing() -> None:
    rows = labelled(0)
    first = set(held(corpus(rows)[0])["validation"])
    assert set(held(corpus(rows[::-1])[0])["validation"]) == first
    assert set(held(corpus(rows, storage="disk")[0])["validation"]) == first
    assert set(held(corpus(rows, split_seed=1)[0])["validation"]) != first


def test_a_column_holds_rows_together() -> None:
    draws = random.Random(0)
    rows = [{"text": f"t{at}", "label": draws.choice("ab"), "user": draws.randrange(90)} for at in range(900)]
    found, _ = corpus(rows, group="user")
    users = {split: {row.row.values["user"] for row in rows} for split, rows in found.examples.items()}
    assert not users["train"] & users["validation"]
    assert len(found.examples["validation"]) == pytest.approx(90, abs=20)


def test_pairs_that_share_a_text_through_others_stay_on_one_side() -> None:
    chains = [[f"{chain}-{link}" for link in range(5)] for chain in range(200)]
    rows = [
        {"text": one, "pair": two, "label": "ab"[at % 2]}
        for at, chain in enumerate(chains)
        for one, two in pairwise(chain)
    ]
    random.Random(0).shuffle(rows)
    found, findings = corpus(rows)
    sides = {split: {row.text.split("-")[0] for row in rows} for split, rows in found.examples.items()}
    assert not sides["train"] & sides["validation"]
    assert kinds.TIE_CUT not in [finding.kind for finding in findings]


def test_a_text_that_most_pairs_have_is_cut_and_counted() -> None:
    rows = [{"text": "the same", "pair": f"other {at}", "label": "ab"[at % 2]} for at in range(400)]
    found, findings = corpus(rows)
    assert len(found.examples["validation"]) == pytest.approx(40, abs=2)
    assert of_kind(findings, kinds.TIE_CUT).count == len(found.examples["validation"])


def test_numbers_are_in_proportion() -> None:
    rows = [{"text": f"t{at}", "score": at**2} for at in range(1000)]
    found, _ = corpus(rows, "regression")
    chosen = sorted(row.target["score"] ** 0.5 for row in found.examples["validation"])
    assert [sum(tenth <= value // 100 < tenth + 1 for value in chosen) for tenth in range(10)] == [10] * 10
