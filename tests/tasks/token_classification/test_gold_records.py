"""Records of sentences have all that their scores count, whatever the policies make of the annotated spans."""

from typing import Any

import numpy as np
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from data_helpers import MANY, ner_task, sentences
from ftk.contracts.values import Labels
from ftk.data.examples.tags import Scheme, iob2_labels, parse_tag, to_iob2
from ftk.tasks.token_classification.decoding import TagPrediction

pytestmark = pytest.mark.torch

TEXT = "Ada of the Bank of Oslo naps, Bo-Bo too"
TOKENS = TEXT.split()
LABELS = Labels(tuple(iob2_labels(["A", "B"])))
LABEL = st.sampled_from("AB")


def spans_within(length: int) -> st.SearchStrategy[list[list[Any]]]:
    """Up to five spans, which may overlap, be equal, or begin inside a word."""
    ends = st.tuples(st.integers(0, length - 1), st.integers(1, length)).filter(lambda one: one[0] < one[1])
    return st.lists(st.tuples(ends, LABEL).map(lambda one: [*one[0], one[1]]), min_size=1, max_size=5)


def scored(row: dict[str, Any], draw: st.DataObject, **policies: str) -> tuple[dict[str, Any], dict[str, Any]]:
    """The scores of one row, and its record, for tags that are drawn or, half of the time, those that are learned."""
    task = ner_task(overlapping_spans="longest", **policies)
    (sentence,), notes = sentences([row], overlapping_spans="longest", **policies)
    assume(not any(finding.severity == "error" for finding in notes))
    words = len(sentence.starts)
    drawn = st.lists(st.sampled_from(LABELS.names), min_size=words, max_size=words)
    raw = draw.draw(st.one_of(st.just(sentence.tags), drawn))
    tags = to_iob2([tag for tag in map(parse_tag, raw) if tag is not None], Scheme.iob2)[0]
    prediction = TagPrediction(tags, raw, np.full(words, 0.5, dtype=np.float32))
    metric = task.metric(LABELS)
    metric.update(sentence, prediction)
    return metric.compute(), task.record(sentence, prediction)


def recounted(record: dict[str, Any]) -> tuple[int, float, float]:
    """The support, precision and recall by the entities of a record."""
    gold, found = (
        {(one["label"], one["start"], one["end"]) for one in record[key]} for key in ("gold_entities", "entities")
    )
    right = len(gold & found)
    return len(gold), right / len(found) if found else 0.0, right / len(gold) if gold else 0.0


@given(spans_within(len(TEXT)), st.sampled_from(["expand", "drop"]), st.data())
@MANY
@pytest.mark.slow
def test_spans_of_text_are_counted_as_the_record_has_them(spans: list[Any], policy: str, draw: st.DataObject) -> None:
    scores, record = scored({"text": TEXT, "spans": spans}, draw, misaligned_spans=policy, words="fine")
    assert (scores["support"], scores["precision"], scores["recall"]) == recounted(record)


@given(spans_within(len(TOKENS)), st.data())
@MANY
@pytest.mark.slow
def test_overlapping_spans_of_tokens_are_in_the_record(spans: list[Any], draw: st.DataObject) -> None:
    assume(any(end == len(TOKENS) for _, end, _ in spans))  # which says that ends are one past the last token
    scores, record = scored({"tokens": TOKENS, "spans": spans}, draw)
    if "gold_entities" in record:
        assert (scores["support"], scores["precision"], scores["recall"]) == recounted(record)
    else:
        assert scores["support"] == len({tuple(span) for span in spans})
