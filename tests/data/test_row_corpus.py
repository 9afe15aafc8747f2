"""The splits of a run: held out, checked against each other, and everything odd in them reported or refused."""

import json
from collections.abc import Iterable
from typing import Any

import pytest

from conftest import write_jsonl
from data_helpers import data_config, ner_task, of_kind, shipped_task
from ftk.contracts import finding_kinds as kinds
from ftk.contracts.notes import Notes
from ftk.contracts.values import Labels
from ftk.data.examples.spans.placing import Span, align_to_words
from ftk.data.readers.splits import demo_files
from ftk.data.row_corpus import RowCorpus, read_test_corpus, read_training_corpus
from ftk.data.text.words import Words, split_words
from ftk.errors import DataError


def row(text: str, *kinds: str) -> dict[str, Any]:
    """A row whose words have these types, '' for none."""
    tokens = text.split()
    tags = [f"B-{kind}" if kind else "O" for kind in kinds] + ["O"] * (len(tokens) - len(kinds))
    return {"tokens": tokens, "tags": tags}


def corpus(
    *, train: Iterable[dict[str, Any]], task: dict[str, Any] | None = None, **changes: Any
) -> tuple[RowCorpus, list[str]]:
    """The corpus of these rows; other splits are given as rows too, everything else as ``data`` settings."""
    splits: dict[str, Any] = {
        "train": train,
        **{name: changes.pop(name) for name in ("validation", "test") if name in changes},
    }
    files = {name: write_jsonl(f"{name}.jsonl", rows) for name, rows in splits.items()}
    notes = Notes()
    found = read_training_corpus(data_config(**files, **changes), ner_task(**task or {}), notes)
    return found, list(map(str, notes.drain()))


def texts(found: RowCorpus, split: str) -> list[str]:
    return [example.text for example in found.examples[split]]


# Fifty texts, the first ten of which occur three times.
REPEATED = [row(f"Ada saw number {i}", "PER") for i in [*range(50), *range(10), *range(10)]]


@pytest.mark.parametrize("share", [0.02, 0.1, 0.5, 0.98])
def test_the_cut_is_seeded_and_keeps_equal_texts_on_one_side(share: float) -> None:
    found, notes = corpus(train=REPEATED, validation_share=share)
    train, held = texts(found, "train"), texts(found, "validation")
    assert not set(train) & set(held)
    assert abs(len(held) - round(70 * share)) <= 1
    everything = [" ".join(item["tokens"]) for item in REPEATED]
    assert sorted(train + held) == sorted(everything)
    assert train == [text for text in everything if text in set(train)], "the order of the file stays"
    assert any(f"{len(held)} of 70 training rows held out" in note for note in notes)

    again, _ = corpus(train=REPEATED, validation_share=share)
    assert texts(again, "validation") == held
    shuffled, _ = corpus(train=REPEATED[::-1], validation_share=share)
    assert set(texts(shuffled, "validation")) == set(held), "the order of the rows decides nothing"
    other, _ = corpus(train=REPEATED, validation_share=share, split_seed=1)
    assert set(texts(other, "validation")) != set(held)


def test_a_named_validation_split_and_a_share_of_zero_cut_nothing() -> None:
    found, _ = corpus(train=REPEATED, validation=[row("Ada", "PER")])
    assert {name: len(rows) for name, rows in found.examples.items()} == {"train": 70, "validation": 1}
    found, notes = corpus(train=REPEATED, validation_share=0.0)
    assert {name: len(rows) for name, rows in found.examples.items()} == {"train": 70}
    assert any(note.startswith("no validation (data.validation_share=0)") for note in notes)


@pytest.mark.parametrize("share", [0.01, 0.99])
def test_a_cut_leaves_rows_on_both_sides(share: float) -> None:
    found, _ = corpus(train=[row("a b", "PER"), row("b c", "PER")], validation_share=share)
    assert {name: len(rows) for name, rows in found.examples.items()} == {"train": 1, "validation": 1}
    with pytest.raises(DataError, match=r"^data\.validation: one training row is too few to hold out"):
        corpus(train=[row("a b", "PER")], validation_share=share)
    with pytest.raises(DataError, match=r"^data\.validation: 3 training rows of one text are too few to hold out"):
        corpus(train=[row("a b", "PER")] * 3, validation_share=share)


def test_the_labels_of_a_file_do_not_depend_on_where_it_is_cut() -> None:
    rare = [row(f"a b {i}", kind) for i, kind in enumerate("ABCDEFGH")]
    for seed in range(3):
        found, _ = corpus(train=rare, validation_share=0.5, split_seed=seed, unseen_labels="count")
        assert found.labels == Labels(("O", *(f"{letter}-{kind}" for kind in "ABCDEFGH" for letter in "BI")))


DOUBLED = [row("a b", "PER"), row("c d"), row("a b", "PER"), row("a b", "PER")]


@pytest.mark.parametrize(("policy", "kept"), [("keep", ["a b", "c d", "a b", "a b"]), ("drop", ["a b", "c d"])])
def test_repeated_rows_by_policy(policy: str, kept: list[str]) -> None:
    found, notes = corpus(train=DOUBLED, duplicates=policy, validation_share=0.0)
    assert texts(found, "train") == kept
    (note,) = [note for note in notes if "earlier row" in note]
    assert note.startswith("train: 2 rows with the text of an earlier row: ")
    assert f"(data.duplicates={policy}) (train.jsonl:3 and :1, :4 and :1)" in note


def test_repeated_rows_as_an_error() -> None:
    with pytest.raises(
        DataError, match=r"^2 rows with the text of .*\n +train\.jsonl:3 and :1\n +train\.jsonl:4 and :1$"
    ):
        corpus(train=DOUBLED, duplicates="error")
    found, _ = corpus(train=DOUBLED[:2], duplicates="error", validation_share=0.0)
    assert texts(found, "train") == ["a b", "c d"]


def test_rows_that_training_has_too_are_reported() -> None:
    found, notes = corpus(
        train=DOUBLED, validation=[row("x"), row("c d")], test=[row("a b", "PER"), row(""), row("a b", "PER")]
    )
    assert texts(found, "test") == ["a b", "", "a b"]
    assert [note for note in notes if " in training" in note] == [
        "1 row of validation that also occurs in training: kept; scores on them say little "
        "(validation.jsonl:2 and train.jsonl:2)",
        "2 rows of test that also occur in training: kept; scores on them say little "
        "(test.jsonl:1 and train.jsonl:4, :3 and train.jsonl:4)",
    ]


def test_empty_rows_leave_training_and_stay_elsewhere() -> None:
    found, notes = corpus(
        train=[row(""), row("a b", "PER"), row("")], test=[row(""), row("a"), row("")], validation=[row("b")]
    )
    assert texts(found, "train") == ["a b"]
    assert texts(found, "test") == ["", "a", ""]
    assert [note for note in notes if "empty" in note] == [
        "test: 2 empty rows: kept; they give the model no text to read (test.jsonl:1, :3)",
        "train: 2 empty rows: left out of training (train.jsonl:1, :3)",
    ]
    with pytest.raises(DataError, match=r"^data\.train: all rows are empty"):
        corpus(train=[row(""), row("")])


UNSEEN: dict[str, Any] = {
    "train": [row("a b", "PER"), row("c d", "LOC")],
    "validation": [row("Oslo x", "LOC"), row("y Bank z", "", "ORG")],
}


def test_labels_that_training_lacks() -> None:
    with pytest.raises(DataError) as caught:
        corpus(**UNSEEN, test=[row("Bank", "ORG"), row("Mars", "MISC")])
    message = str(caught.value)
    assert "1 ORG entity in validation, a label without training examples. The model knows LOC, PER." in message
    assert "validation.jsonl:2 (token 2)" in message
    assert "1 ORG entity in test" in message
    assert "1 MISC entity in test" in message
    found, notes = corpus(**UNSEEN, unseen_labels="count")
    assert found.labels is not None
    assert "B-ORG" not in found.labels.names
    assert found.examples["validation"][1].tags == ["O", "B-ORG", "O"]
    assert any(note.startswith("1 ORG entity in validation") and "counted as missed" in note for note in notes)


def test_marks_that_training_lacks_are_left_out_by_the_policy_for_rows_without_a_label() -> None:
    write_jsonl("train.jsonl", [{"text": "Good", "label": 1}, {"text": "Bad", "label": 0}])
    write_jsonl("test.jsonl", [{"text": "Fine", "label": 1}, {"text": "Odd", "label": -1}])
    files = {"train": "train.jsonl", "test": "test.jsonl", "validation_share": 0}
    for policies in ({}, {"unseen_labels": "count"}):
        with pytest.raises(DataError) as error:
            read_training_corpus(data_config(**files, **policies), shipped_task("text-classification"), Notes())
        assert [found.kind for found in error.value.findings] == [kinds.UNSEEN_MARK]
    notes = Notes()
    found = read_training_corpus(data_config(**files, unlabelled="drop"), shipped_task("text-classification"), notes)
    assert texts(found, "test") == ["Fine"]
    assert (of_kind(notes, kinds.UNSEEN_MARK).policy, of_kind(notes, kinds.UNSEEN_MARK).count) == ("drop", 1)


def test_columns_of_labels_without_a_positive_are_reported() -> None:
    write_jsonl("train.jsonl", [{"text": "Bad", "toxic": 1, "threat": 0}, {"text": "Good", "toxic": 0, "threat": 0}])
    config = data_config(train="train.jsonl", validation_share=0, columns={"label": ["toxic", "threat"]})
    notes = Notes()
    read_training_corpus(config, shipped_task("multi-label"), notes)
    assert of_kind(notes, kinds.UNUSED_COLUMN).places == ["threat"]


def test_all_faults_of_a_split_stop_the_run_together() -> None:
    bad: list[dict[str, Any]] = [{"tokens": ["a"], "tags": []}, {"id": 1}, row("fine")]
    with pytest.raises(DataError, match=r"(?s)unequal length.*train\.jsonl:1: 1 tokens, 0 tags.*train\.jsonl:2 has id"):
        corpus(train=bad)


def test_the_limit_counts_rows_of_each_split() -> None:
    found, notes = corpus(train=DOUBLED, validation=[row("x")] * 5, test=[row("y")], limit=2)
    assert {name: len(rows) for name, rows in found.examples.items()} == {"train": 2, "validation": 2, "test": 1}
    assert "rows: 2 train, 2 validation, 1 test; labels: O, B-PER, I-PER" in notes


def test_training_data_must_be_named() -> None:
    with pytest.raises(DataError, match=r"^data\.train: name the training data"):
        read_training_corpus(data_config(test=write_jsonl("a.jsonl", [row("a")])), ner_task(), Notes())


def test_rows_without_any_entity_teach_nothing() -> None:
    with pytest.raises(DataError, match="no row has an entity"):
        corpus(train=[row("a b"), row("c")], validation_share=0)


def test_words_are_cut_as_the_training_rows_are() -> None:
    tokens, spans = [row("a b", "PER")] * 2, {"text": "U.S.", "spans": [[0, 4, "LOC"]]}
    assert corpus(train=[*tokens, spans], validation_share=0)[0].task.words is Words.coarse
    assert corpus(train=[tokens[0], spans, spans], validation_share=0)[0].task.words is Words.fine
    assert corpus(train=[spans, spans], validation_share=0, task={"words": "coarse"})[0].task.words is Words.coarse


def test_fingerprints_are_of_the_files_of_each_split() -> None:
    first = corpus(train=DOUBLED, test=[row("x")])[0].fingerprints()
    other = corpus(train=DOUBLED, test=[row("z")])[0].fingerprints()
    assert first["train"] == other["train"]
    assert first["test"] != other["test"]
    assert list(first["test"]) == ["test.jsonl"]


def test_a_test_corpus_is_checked_against_the_labels_of_the_model() -> None:
    path, labels = write_jsonl("test.jsonl", [row("a b", "PER"), row("")]), Labels(("O", "B-PER", "I-PER"))
    found = read_test_corpus(data_config(test=path), ner_task(), labels, Notes())
    assert [example.tags for example in found.examples["test"]] == [["B-PER", "O"], []]
    with pytest.raises(DataError, match="1 PER entity in test"):
        read_test_corpus(data_config(test=path), ner_task(), Labels(("O", "B-LOC", "I-LOC")), Notes())
    with pytest.raises(DataError, match=r"^data\.test: name the data to score on"):
        read_test_corpus(data_config(train=path), ner_task(), labels, Notes())


def demo() -> dict[str, list[dict[str, Any]]]:
    """The rows of the demo corpus by split."""
    return {
        split: [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]
        for split, path in demo_files("ner").items()
    }


def named(rows: list[dict[str, Any]]) -> set[tuple[str, str]]:
    """The entities of some rows by type and text."""
    return {(span["label"], item["text"][span["start"] : span["end"]]) for item in rows for span in item["spans"]}


def test_the_demo_corpus_is_used_and_that_is_reported() -> None:
    notes = Notes()
    found = read_training_corpus(data_config(), ner_task(), notes)
    said = list(map(str, notes.drain()))
    assert said[0].startswith("no data named: training on the built-in demo corpus")
    assert {name: len(rows) for name, rows in found.examples.items()} == {
        name: len(rows) for name, rows in demo().items()
    }
    assert found.labels is not None
    assert {name[2:] for name in found.labels.names[1:]} == {"LOC", "MISC", "ORG", "PER"}
    assert not any(word in note for note in said for word in ("empty", "earlier row", "occur in training", "widened"))


def test_the_demo_corpus_is_sound() -> None:
    splits = demo()
    assert 550 <= sum(map(len, splits.values())) <= 700
    every = [item["text"] for rows in splits.values() for item in rows]
    assert len(set(every)) == len(every), "no text twice, in one split or in two"
    for rows in splits.values():
        assert {kind for kind, _ in named(rows)} == {"LOC", "MISC", "ORG", "PER"}
        for item in rows:
            assert item["text"] == item["text"].strip() != ""
            ends = 0
            for span in item["spans"]:
                assert ends <= span["start"] < span["end"] <= len(item["text"])
                ends = span["end"]
                surface = item["text"][span["start"] : span["end"]]
                assert surface == surface.strip()
                placed = align_to_words(item["text"], Span(**span), *split_words(item["text"], Words.fine))
                assert placed is not None
                assert placed.exact
    known = {text for _, text in named(splits["train"])}
    for split in ("validation", "test"):
        strings = {text for _, text in named(splits[split])}
        assert len(strings - known) >= 0.75 * len(strings), f"most entities of {split} are new"
