"""Faults that the benchmark plants are found by the command, in corpora small enough for a test."""

import json
import random
from pathlib import Path

import pytest
from benchmarks.check.corpora import Corpus
from benchmarks.check.faults import FAULTS, Fault
from benchmarks.check.planted import counted, run
from benchmarks.check.tables import jsonl

WORDS = (
    "card",
    "money",
    "bank",
    "transfer",
    "account",
    "arrived",
    "pending",
    "refund",
    "number",
    "where",
    "never",
    "today",
)


@pytest.fixture(scope="module")
def corpus(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Corpus]:
    """A corpus of questions with two labels, in a folder of corpora."""
    draw = random.Random(0)
    folder = tmp_path_factory.mktemp("corpora") / "questions"
    folder.mkdir()
    for split, number in (("train", 200), ("test", 60)):
        rows = [
            {"text": " ".join(draw.choices(WORDS, k=draw.randint(9, 16))), "label": draw.choice(["fees", "cards"])}
            for _ in range(number)
        ]
        (folder / f"{split}.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows), "utf-8")
    files = {"train": ("train.jsonl",), "test": ("test.jsonl",)}
    return folder.parent, Corpus("questions", "questions", "text-classification", files, jsonl("text", "label"))


@pytest.mark.slow
@pytest.mark.parametrize("fault", FAULTS, ids=lambda fault: fault.name)
def test_a_planted_fault_is_found(fault: Fault, corpus: tuple[Path, Corpus], tmp_path: Path) -> None:
    data, questions = corpus
    number, found = run(questions, questions, data, tmp_path, 300, fault)
    if number is None:
        pytest.skip("rows of this corpus cannot have it")
    before = counted(run(questions, questions, data, tmp_path, 300, None)[1])
    assert max(counted(found)[kind] - before[kind] for kind in fault.kinds) >= number
