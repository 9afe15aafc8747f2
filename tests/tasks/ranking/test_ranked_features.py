"""Queries with their candidates: which of them a batch has, and how they are drawn."""

from typing import Any

import numpy as np
import pytest

from conftest import word_pieces
from data_helpers import of_kind
from ftk.contracts.notes import Notes
from ftk.contracts.row import Row
from ftk.tasks import finding_kinds as task_kinds
from ranking_rows import FRUIT, ranking_task, sales

pytestmark = pytest.mark.torch


def rows_of(rows: list[dict], **fields: Any) -> Any:
    """The task with its fields, and what it makes of some rows."""
    from ftk.contracts.contexts import Encoding, Reading
    from ftk.contracts.values import WindowPlan
    from ftk.models.tokenizers.vocabulary import learn_tokenizer

    made, notes = ranking_task(**fields), Notes()
    numbered = [Row(row, "rows.jsonl", number) for number, row in enumerate(rows, start=1)]
    examples = made.read(numbered, Reading({}, True, notes))
    notes.raise_errors()
    tokenizer = learn_tokenizer([example.key for example in examples], word_pieces(120), max_length=64)
    return made, made.features(examples, Encoding(tokenizer, None, WindowPlan(32, 8), notes))


def test_in_a_batch_each_text_is_once_and_what_is_right_elsewhere_is_no_wrong_one():
    from ftk.contracts.contexts import SampleSeed

    rows = [
        {"query": "a", "positive": "x", "negatives": ["w"]},
        {"query": "b", "positive": "x"},
        {"query": "a", "positive": "y"},
        {"query": "c", "positive": "z", "negatives": ["x"]},
        {"query": "a", "positive": "v"},  # right for a as well, in a row of another batch
        {"query": "d", "positive": "v"},
    ]
    made, features = rows_of(rows, encoder="bi")
    batch = made.collate(features, [0, 1, 2, 3, 5], SampleSeed(1, np.zeros(5, dtype=np.int64)))
    names = {"a": 0, "b": 0, "c": 0, "d": 0, "v": 0, "w": 0, "x": 0, "y": 0, "z": 0}
    assert len(batch.targets["windows"]) == len(names)
    assert batch.count == 5
    words = [
        features.encoder.tokenizer.decode(ids[mask.bool()], skip_special_tokens=True)
        for ids, mask in zip(batch.inputs["input_ids"], batch.inputs["attention_mask"], strict=True)
    ]
    candidates = [words[at] for at in batch.targets["candidate"]]
    assert [words[at] for at in batch.targets["query"]] == ["a", "b", "a", "c", "d"]
    assert sorted(candidates) == ["v", "w", "x", "y", "z"]
    told = {}
    for row, query in enumerate("abacd"):
        of = {
            name: {candidates[at] for at in batch.targets[name][row].nonzero()[:, 0]} for name in ("right", "left_out")
        }
        told[row] = (query, of["right"], of["left_out"])
    assert told == {
        0: ("a", {"x"}, {"y", "v"}),
        1: ("b", {"x"}, set()),
        2: ("a", {"y"}, {"x", "v"}),
        3: ("c", {"z"}, set()),
        4: ("d", {"v"}, set()),
    }


def test_draws_are_a_function_of_seed_pass_and_row_and_never_right():
    rows = [{**row, "negatives": [f"no {word}" for word in FRUIT]} for row in sales(24)]
    rows.append({"query": rows[0]["query"], "positive": "also right"})
    _, features = rows_of(rows, encoder="cross", hard_negatives=2, sampled_negatives=5, validation_candidates=12)
    seen = set()
    for epoch in range(6):
        sampled = features.sampled(0, (1, epoch))
        again = features.sampled(0, (1, epoch))
        assert sampled.texts.tolist() == again.texts.tolist()
        assert sampled.right.tolist() == [True] + [False] * 7
        own = features.candidates[0]
        assert sampled.texts[0] == own[0]
        assert set(sampled.texts[1:3]) <= set(own[1:])
        assert not set(sampled.texts[3:]) & {*own, *features.right_of(0)}
        assert len(set(sampled.texts)) == 8
        seen.add(tuple(sampled.texts))
    assert len(seen) == 6
    fixed = features.sampled(0, None)
    assert fixed.texts.tolist() == features.sampled(0, None).texts.tolist()
    assert fixed.texts[:7].tolist() == features.candidates[0].tolist()
    assert len(fixed.texts) == 12
    assert not set(fixed.texts) & (set(features.right_of(0)) - {features.candidates[0][0]})


def test_rows_of_one_query_are_filled_up_with_the_same_candidates():
    rows = [{**row, "negatives": [f"no {row['id']}"]} for row in sales(24)]
    rows += [{"query": rows[0]["query"], "positive": text} for text in ("also right", "no 0")]
    _, features = rows_of(rows, encoder="cross", validation_candidates=10)
    sampled = [features.sampled(row, None).texts for row in (0, 24, 25)]
    filled = sampled[0][2:].tolist()
    assert len(filled) == len(set(filled)) == 9  # what one row calls wrong is right in another
    assert all(texts[1:].tolist() == filled for texts in sampled[1:])
    assert not set(filled) & {*features.right_of(0), *features.candidates[0]}
    assert len(features.sampled(1, None).texts) == 10


LONG = " ".join(["plum goes"] * 40)


@pytest.mark.parametrize("encoder", ["bi", "cross"])
@pytest.mark.parametrize("form", ["right", "list"])
def test_lengths_are_those_of_the_batches_whatever_is_long(encoder, form):
    rows: list[dict] = [*sales(9), {"query": f"{LONG} lima", "positive": "plum"}, {"query": "pear", "positive": LONG}]
    if form == "list":
        other = [*rows[1:], rows[0]]
        rows = [
            {
                "query": row["query"],
                "candidates": [row["positive"], "lima", one["positive"]][: 2 + at % 2],
                "labels": [1, 0, 0][: 2 + at % 2],
            }
            for at, (row, one) in enumerate(zip(rows, other, strict=True))
        ]
    made, features = rows_of(rows, encoder=encoder, validation_candidates=6)
    assert [made.collate(features, [row], None).tokens for row in range(len(rows))] == features.lengths.tolist()
    assert features.long.tolist()[9:] == [True, True]
    assert not features.long[:8].any()


def test_rows_without_candidates_are_as_long_as_with_all_those_of_a_file():
    from ftk.contracts.contexts import Encoding
    from ftk.contracts.values import WindowPlan
    from ftk.data.batching.features import Ragged
    from ftk.data.examples.rankings import Form, RankingExample
    from ftk.data.text.text_windows import TextEncoder
    from ftk.tasks.ranking.features import RankedRows
    from ftk.tasks.ranking.sampling import NegativeSampling

    made, known = rows_of(sales(4), encoder="cross")
    encoder = TextEncoder(known.encoder.tokenizer, WindowPlan(32, 8), pairs=True)
    texts = ["plum", "lima market", LONG]
    shared = Ragged.of([ids for ids, _ in encoder.tokens(texts)])
    asked = [("apple", (), Form.query), ("pear", ("plum", "lima"), Form.group), (LONG, (), Form.query)]
    examples = [
        RankingExample(query, own, None, form, None, ({},) * len(own), Row({}, "in.jsonl", 1), {})
        for query, own, form in asked
    ]
    for part, long in ((2, [True, False]), (3, [True, False, True])):
        notes = Notes()
        encoding = Encoding(encoder.tokenizer, None, encoder.plan, notes)
        features = RankedRows.of(examples[:part], encoding, NegativeSampling(1, 1, 0), pairs=True, shared=shared)
        tokens = [made.collate(features, [row], None).tokens for row in range(part)]
        assert tokens == features.lengths.tolist()
        assert features.long.tolist() == long
        assert of_kind(notes.drain(), task_kinds.LONG_CANDIDATE).values == {"length": 32}


@pytest.mark.parametrize("objective", ["listwise", "binary"])
def test_the_loss_of_a_cross_encoder_is_the_same_however_a_batch_is_cut(objective):
    import torch
    from transformers import AutoModelForSequenceClassification, BertConfig

    long = {"query": "who", "positive": " ".join(["plum goes"] * 20), "negatives": ["lima"]}
    made, features = rows_of([*sales(7), long], encoder="cross", objective=objective, validation_candidates=4)
    torch.manual_seed(0)
    sizes = {"hidden_size": 16, "num_hidden_layers": 1, "num_attention_heads": 2, "intermediate_size": 32}
    vocabulary = len(features.encoder.tokenizer)
    model = AutoModelForSequenceClassification.from_config(
        BertConfig(vocab_size=vocabulary, num_labels=1, **sizes)
    ).eval()

    def loss(*numbers: int) -> tuple[float, int, int]:
        batch = made.collate(features, numbers, None)
        with torch.inference_mode():
            found = made.loss(made.forward(model, batch), batch)
        assert found.count == batch.count
        return float(found.sum), found.count, batch.tokens

    whole = loss(*range(8))
    assert whole[1] == (8 if objective == "listwise" else 8 * 4)
    assert whole[2] == features.lengths.sum()
    for size in (1, 3):
        parts = [loss(*range(begin, min(8, begin + size))) for begin in range(0, 8, size)]
        assert [sum(each) for each in zip(*parts, strict=True)] == pytest.approx(whole, rel=1e-5)


ALIKE = ["Red Apple", " red apple", "RED  APPLE ", "red\tapple", "red apple\u00a0"]
OTHERS = ["red apples", "redapple", "red-apple", "röd apple", "red apple."]


@pytest.mark.parametrize("encoder", ["bi", "cross"])
def test_candidates_that_differ_in_case_and_blanks_are_no_negatives(encoder: str) -> None:
    from ftk.contracts.contexts import SampleSeed

    rows = [
        {"query": f"q{at}", "positive": text, "negatives": [ALIKE[at == 0], OTHERS[0]]} for at, text in enumerate(ALIKE)
    ]
    rows += [{"query": f"o{at}", "positive": text, "negatives": [ALIKE[0]]} for at, text in enumerate(OTHERS)]
    made, features = rows_of(rows, encoder=encoder, hard_negatives=5, sampled_negatives=20)
    numbers = {text: int(features.candidates[at][0]) for at, text in enumerate([*ALIKE, *OTHERS])}
    alike = {numbers[text] for text in ALIKE}
    for row in range(len(ALIKE)):
        assert alike <= set(features.right_of(row).tolist())
        for epoch in range(5):
            sampled = features.sampled(row, (1, epoch))
            assert not alike & set(sampled.texts[~sampled.right].tolist())
    for row in range(len(ALIKE), len(rows)):
        assert not alike & set(features.right_of(row).tolist())
    if encoder == "bi":
        batch = made.collate(features, range(len(rows)), SampleSeed(1, np.zeros(len(rows), dtype=np.int64)))
        either = batch.targets["right"] | batch.targets["left_out"]
        assert either[: len(ALIKE)].sum(-1).tolist() == [len(ALIKE)] * len(ALIKE)
        assert either[len(ALIKE) :].sum(-1).tolist() == [1] * len(OTHERS)


def test_near_equal_candidates_are_counted_and_one_in_a_validation() -> None:
    from ftk.contracts.contexts import Encoding, Reading
    from ftk.contracts.values import WindowPlan
    from ftk.models.tokenizers.vocabulary import learn_tokenizer
    from ftk.tasks.ranking.metric import Ranked, RankingMetric

    made, notes = ranking_task(encoder="bi"), Notes()
    rows = [{"query": f"q{at}", "positive": text} for at, text in enumerate([*ALIKE, *OTHERS])]
    numbered = [Row(row, "rows.jsonl", number) for number, row in enumerate(rows, start=1)]
    examples = made.read(numbered, Reading({}, True, notes))
    tokenizer = learn_tokenizer([example.key for example in examples], word_pieces(120), max_length=64)
    made.features(examples, Encoding(tokenizer, None, WindowPlan(32, 8), notes))
    assert of_kind(notes.drain(), task_kinds.ALIKE_CANDIDATES).count == len(ALIKE) - 1
    metric = RankingMetric(temperature=None)
    for at, example in enumerate(examples):
        vector = np.eye(6, dtype=np.float32)[max(0, at - len(ALIKE) + 1)]
        metric.update(example, Ranked(np.ones(1), np.zeros(0), np.stack([vector, vector])))
    scores = metric.compute()
    assert (scores["mrr"], scores["candidates"]) == (1.0, 6.0)
