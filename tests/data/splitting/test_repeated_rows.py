"""Rows that repeat others, contradict them, or have their two texts in the other order."""

from typing import Any

import pytest

from conftest import write_jsonl
from data_helpers import data_config, of_kind, shipped_task
from ftk.contracts import finding_kinds as kinds
from ftk.contracts.findings import Finding, FindingKind
from ftk.contracts.notes import Notes
from ftk.data.row_corpus import RowCorpus, read_training_corpus
from ftk.errors import DataError

Rows = list[dict[str, Any]]


def corpus(train: Rows, task: str, **data: Any) -> tuple[RowCorpus, list[Finding]]:
    files = {"train": write_jsonl("train.jsonl", train)}
    for split in ("validation", "test"):
        if split in data:
            files[split] = write_jsonl(f"{split}.jsonl", data.pop(split))
    notes = Notes()
    found = read_training_corpus(data_config(**files, validation_share=0.0, **data), shipped_task(task), notes)
    return found, list(notes)


def counts(findings: list[Finding], *wanted: FindingKind) -> list[int]:
    return [sum(finding.count for finding in findings if finding.kind == kind) for kind in wanted]


def qa(answer: str) -> dict[str, Any]:
    context = "Ada met Bo."
    return {"question": "Who?", "context": context, "answers": [{"text": answer, "start": context.index(answer)}]}


OF_TRAINING = (kinds.REPEATED_ROW, kinds.RELABELLED_ROW, kinds.MIRRORED_ROW)
SAME: Rows = [{"text": "a", "label": "x"}, {"text": " a ", "label": "x"}]
PAIRS: Rows = [{"text": "a", "pair": "b", "label": "x"}, {"text": "c", "pair": "d", "label": "y"}]


@pytest.mark.parametrize(
    ("task", "rows", "repeated", "relabelled", "mirrored"),
    [
        ("text-classification", [{"text": "a", "label": "x"}, {"text": "a", "label": "y"}], 0, 1, 0),
        ("text-classification", [*SAME, {"text": "b", "label": "y"}], 1, 0, 0),
        ("text-classification", [{"text": "a", "label": n} for n in (1, 0, 1, 0)], 1, 2, 0),
        ("text-classification", [*PAIRS, {"text": "b", "pair": "a", "label": "x"}], 0, 0, 1),
        ("text-classification", [*PAIRS, {"text": "b", "pair": "a", "label": "y"}], 0, 0, 1),
        ("text-classification", [*PAIRS, {"text": "b", "pair": "a", "label": "y"}, PAIRS[0]], 1, 0, 1),
        ("text-classification", [*PAIRS, {"text": "e", "pair": "e", "label": "y"}], 0, 0, 0),
        ("multi-label", [{"text": "a", "labels": ["x", "y"]}, {"text": "a", "labels": ["y", "x"]}], 1, 0, 0),
        ("multi-label", [{"text": "a", "labels": ["x", "y"]}, {"text": "a", "labels": ["x"]}], 0, 1, 0),
        ("regression", [{"text": "a", "score": 1}, {"text": "a", "score": 2}, {"text": "b", "score": 1.0}], 0, 1, 0),
        ("ner", [{"tokens": ["a"], "tags": ["B-X"]}, {"tokens": ["a"], "tags": ["O"]}], 0, 1, 0),
        ("ner", [{"tokens": ["a"], "tags": ["B-X"]}, {"text": "a", "spans": [[0, 1, "X"]]}], 1, 0, 0),
        ("relation", [{"text": "<e1>a</e1> <e2>b</e2>", "label": label} for label in "xyx"], 1, 1, 0),
        ("relation", [{"text": f"<e{e}>a</e{e}> <e{3 - e}>b</e{3 - e}>", "label": e} for e in (1, 2)], 0, 0, 0),
        ("question-answering", [qa("Ada"), qa("Bo"), qa("Ada")], 1, 1, 0),
        ("translation", [{"source": "a", "target": target} for target in "bbc"], 1, 1, 0),
        ("ranking", [{"query": "q", "candidate": c, "label": n} for c, n in (("a", 1), ("a", 0), ("b", 0))], 0, 1, 0),
    ],
)  # fmt: skip
def test_repeats_of_training(task: str, rows: Rows, repeated: int, relabelled: int, mirrored: int) -> None:
    assert counts(corpus(rows, task)[1], *OF_TRAINING) == [repeated, relabelled, mirrored]


CONTRADICTING: Rows = [{"text": "a", "label": "x"}, {"text": "b", "label": "y"}, {"text": "a", "label": "y"}]


@pytest.mark.parametrize(("policy", "kept"), [("keep", 3), ("drop", 2)])
def test_contradictions_by_policy(policy: str, kept: int) -> None:
    found, findings = corpus(CONTRADICTING, "text-classification", duplicates=policy)
    assert len(found.examples["train"]) == kept
    said = of_kind(findings, kinds.RELABELLED_ROW)
    assert (said.policy, said.places) == (policy, ["train.jsonl:3 'y' and :1 'x'"])


def test_contradictions_as_an_error() -> None:
    with pytest.raises(DataError) as error:
        corpus(CONTRADICTING, "text-classification", duplicates="error")
    assert [finding.kind for finding in error.value.findings] == [kinds.RELABELLED_ROW]


def test_repeats_between_splits() -> None:
    other: Rows = [
        PAIRS[0],
        {**PAIRS[0], "label": "y"},
        {"text": "b", "pair": "a", "label": "x"},
        {"text": "n", "pair": "m", "label": "x"},
        {"text": PAIRS[0]["text"].upper(), "pair": f" {PAIRS[0]['pair']}  ", "label": "x"},
    ]
    _, findings = corpus(PAIRS, "text-classification", validation=other, test=other[:1])
    of = (kinds.ROW_OF_TRAINING, kinds.RELABELLED_ROW_OF_TRAINING, kinds.MIRRORED_ROW_OF_TRAINING)
    assert counts(findings, *of, kinds.VARIANT_OF_TRAINING) == [2, 1, 1, 1]
    # Each names the row of training, and where the labels differ, both.
    places = [of_kind([one for one in findings if one.values.get("part") != "test"], kind).places for kind in of]
    assert places == [
        ["validation.jsonl:1 and train.jsonl:1"],
        ["validation.jsonl:2 'y' and train.jsonl:1 'x'"],
        ["validation.jsonl:3 and train.jsonl:1"],
    ]
    assert of_kind(findings, kinds.VARIANT_OF_TRAINING).places == ["validation.jsonl:5 and train.jsonl:1"]


def test_groups_on_two_named_sides_are_counted() -> None:
    rows = [{"text": f"t{number}", "label": "xy"[number % 2], "user": number // 2} for number in range(8)]
    _, findings = corpus(rows, "text-classification", test=[{"text": "n", "label": "x", "user": 3}], group="user")
    assert of_kind(findings, kinds.GROUP_OF_TRAINING).count == 1
