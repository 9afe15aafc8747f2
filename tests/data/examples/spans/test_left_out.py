"""Spans that the policy ``longest`` leaves out: which of them, what is said, and what is not learned."""

from itertools import permutations
from typing import Any

import pytest

from conftest import write_jsonl
from data_helpers import data_config, ner_task, of_kind, shipped_task
from ftk.contracts import finding_kinds as kinds
from ftk.contracts.notes import Notes
from ftk.data.examples.spans.placing import Span, WordSpan, without_overlaps
from ftk.data.row_corpus import RowCorpus, read_training_corpus

TEXT = "Rania lives in Cairo and works for Acme"
ROLES = {"PER": (0, 5), "CLAUSE": (0, 20), "LOC": (15, 20), "ORG": (35, 39), "FIRM": (35, 39), "PART": (1, 4)}


def read(rows: list[list[str]], **fields: Any) -> tuple[RowCorpus, Notes]:
    """The corpus of rows that have spans of these labels."""
    spans = [[{"start": ROLES[one][0], "end": ROLES[one][1], "label": one} for one in row] for row in rows]
    texts = [{"text": f"{TEXT} {number}", "spans": found} for number, found in enumerate(spans)]
    notes = Notes()
    config = data_config(train=write_jsonl("train.jsonl", texts), validation_share=0.0)
    return read_training_corpus(config, ner_task(overlapping_spans="longest", **fields), notes), notes


@pytest.mark.parametrize(
    ("rows", "fields", "lost"),
    [
        ([["PER", "CLAUSE"], ["PER", "CLAUSE"]], {}, ["PER"]),
        ([["PER", "CLAUSE", "LOC"]], {}, ["LOC", "PER"]),
        ([["PER", "CLAUSE"], ["PER"]], {}, []),
        ([["ORG", "FIRM"]], {}, ["FIRM"]),
        ([["FIRM", "ORG"]], {}, ["ORG"]),
        ([["ORG", "FIRM"], ["FIRM", "ORG"]], {}, []),
        ([["PER", "ORG"]], {}, []),
        ([["LOC", "PART"]], {"misaligned_spans": "drop"}, ["PART"]),
        ([["LOC", "PART"]], {"misaligned_spans": "expand"}, []),
        ([["PART", "CLAUSE"]], {"misaligned_spans": "expand"}, ["PART"]),
        ([["PER", "PER"]], {}, []),
    ],
)
def test_a_type_that_is_left_out_everywhere_is_reported(
    rows: list[list[str]], fields: dict[str, str], lost: list[str]
) -> None:
    corpus, notes = read(rows, **fields)
    assert [one.places for one in notes if one.kind == kinds.UNLEARNED_TYPE] == ([lost] if lost else [])
    assert corpus.labels is not None
    assert not {f"B-{name}" for name in lost} & set(corpus.labels.names)


@pytest.mark.parametrize(("rows", "ties"), [([["ORG", "FIRM"]], 1), ([["ORG", "ORG"]], 0), ([["PER", "CLAUSE"]], 0)])
def test_a_tie_is_decided_by_the_order_of_the_row_and_said(rows: list[list[str]], ties: int) -> None:
    corpus, notes = read(rows)
    assert sum(one.count for one in notes if one.kind == kinds.TIED_SPANS) == ties
    assert corpus.examples["train"][0].tags.count(f"B-{rows[0][0]}") == (rows[0][0] != "PER")


def test_the_order_of_spans_decides_about_equal_words_alone() -> None:
    places = [(0, 2, "A"), (1, 3, "B"), (2, 4, "C"), (4, 5, "D")]
    spans = [WordSpan(Span(first, last, label), first, last, True) for first, last, label in places]
    kept = {tuple(one.span.label for one in without_overlaps(order)[0]) for order in permutations(spans)}
    assert kept == {("A", "C", "D")}


DIGITS = {"Arabic": "٠١٢٣٤٥٦٧٨٩", "Persian": "۰۱۲۳۴۵۶۷۸۹", "full width": "０１２３４５６７８９", "Nagari": "०१२३४५६७८९"}


@pytest.mark.parametrize("digits", DIGITS.values(), ids=DIGITS)
@pytest.mark.parametrize("tokens", [False, True])
def test_offsets_in_digits_of_any_script_are_numbers(digits: str, tokens: bool) -> None:
    def written(number: int) -> str:
        return "".join(digits[int(digit)] for digit in str(number))

    start, end = (3, 4) if tokens else (15, 20)
    span = {"start": written(start), "end": written(end), "label": "LOC"}
    row = {**({"tokens": TEXT.split()} if tokens else {"text": TEXT}), "spans": [span]}
    config = data_config(train=write_jsonl("train.jsonl", [row]), validation_share=0.0)
    corpus = read_training_corpus(config, ner_task(), Notes())
    assert corpus.examples["train"][0].tags == ["O", "O", "O", "B-LOC", "O", "O", "O", "O"]


@pytest.mark.parametrize("digits", DIGITS.values(), ids=DIGITS)
def test_classes_numbered_in_digits_of_any_script_have_the_names_of_the_config(digits: str) -> None:
    rows = [{"text": f"Row {number}", "label": digits[number % 2]} for number in range(4)]
    config = data_config(train=write_jsonl("train.jsonl", rows), validation_share=0.0)
    task = shipped_task("text-classification", label_names=("neg", "pos"))
    corpus = read_training_corpus(config, task, Notes())
    assert [one.target for one in corpus.examples["train"]] == ["neg", "pos", "neg", "pos"]


@pytest.mark.parametrize("digits", DIGITS.values(), ids=DIGITS)
def test_numbers_of_two_scripts_are_reported_as_labels_that_look_alike(digits: str) -> None:
    rows = [{"text": f"Row {number}", "label": ("01" + digits[:2])[number]} for number in range(4)]
    notes = Notes()
    config = data_config(train=write_jsonl("train.jsonl", rows), validation_share=0.0)
    read_training_corpus(config, shipped_task("text-classification"), notes)
    assert of_kind(notes, kinds.ALIKE_LABELS).count == 2
