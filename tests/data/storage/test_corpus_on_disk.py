"""A corpus on disk is read, cut and counted like one in memory."""

import random
import weakref
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from conftest import TINY, Result, write_jsonl
from data_helpers import data_config, shipped_task
from ftk.contracts import finding_kinds as kinds
from ftk.contracts.notes import Notes
from ftk.contracts.row import Row
from ftk.data.row_corpus import RowCorpus, read_training_corpus
from ftk.data.splitting.limiting import limited
from ftk.data.storage.collecting import RowStorage
from ftk.data.storage.stored import Stored
from ftk.errors import ConfigError, DataError

WORDS = ["Ada", "Bo", "Cleo", "Dora", "met", "saw", "left", "in", "Oslo", "Rome", "Paris", "today", "again"]


@pytest.fixture(autouse=True)
def _small_parts(monkeypatch: pytest.MonkeyPatch) -> None:
    """So few rows at once that a small corpus has many parts."""
    monkeypatch.setattr("ftk.data.storage.reading._PART", 37)
    monkeypatch.setattr("ftk.data.storage.stored_features._PART", 11)


def sentence(draws: random.Random) -> str:
    return " ".join(draws.choices(WORDS, k=draws.randint(1, 9)))


def rows_of(task: str) -> list[dict[str, Any]]:
    """Rows of which some repeat others, contradict them or are empty."""
    draws = random.Random(task)
    rows: list[dict[str, Any]] = []
    for number in range(200):
        text = sentence(draws)
        if task == "ner":
            tokens = text.split()
            row = {"tokens": tokens, "tags": ["B-PER" if token in WORDS[:4] else "O" for token in tokens]}
        elif task == "regression":
            row = {"text": text, "score": draws.random()}
        elif task == "multi-label":
            row = {"text": text, "labels": draws.sample(["a", "b", "c"], k=draws.randint(0, 3))}
        elif task == "question-answering":
            word = draws.choice(text.split())
            row = {
                "question": f"Who {number % 9}?",
                "context": text,
                "answers": [{"text": word, "start": text.index(word)}],
            }
        elif task == "translation":
            row = {"source": text, "target": text[::-1]}
        else:
            row = {"text": text, "pair": sentence(draws), "label": draws.choice("abc")}
        rows.append(row)
    return rows + rows[:5] + rows[5:8][::-1]


def corpus(task: str, storage: str, **changes: Any) -> tuple[RowCorpus, list[dict[str, Any]]]:
    notes = Notes()
    file = write_jsonl("train.jsonl", rows_of(task))
    data = data_config(train=file, storage=storage, test_share=0.1, **changes)
    found = read_training_corpus(data, shipped_task(task), notes)
    return found, [finding.to_json() for finding in notes if finding.kind is not kinds.STORED_ROWS]


TASKS = ["ner", "regression", "multi-label", "question-answering", "translation", "text-classification"]


@pytest.mark.parametrize("task", TASKS)
@pytest.mark.parametrize("duplicates", ["keep", "drop"])
def test_splits_and_findings_are_those_in_memory(task: str, duplicates: str) -> None:
    there, findings = corpus(task, "disk", duplicates=duplicates)
    held, expected = corpus(task, "memory", duplicates=duplicates)
    assert all(isinstance(rows, Stored) for rows in there.examples.values())
    assert {split: list(map(repr, rows)) for split, rows in there.examples.items()} == {
        split: list(map(repr, rows)) for split, rows in held.examples.items()
    }
    assert findings == expected
    assert there.labels == held.labels
    assert there.task == held.task
    assert list(there.texts()) == list(held.texts())


def test_rows_go_to_the_disk_when_the_memory_is_too_small(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("ftk.data.storage.collecting.available_memory", lambda: 0)
    monkeypatch.setattr("ftk.data.storage.collecting._LEAST", 50_000)
    notes = Notes()
    files = {split: write_jsonl(f"{split}.jsonl", rows_of("ner")) for split in ("train", "test")}
    found = read_training_corpus(data_config(**files), shipped_task("ner"), notes)
    assert all(isinstance(rows, Stored) for rows in found.examples.values())
    stored = [finding for finding in notes if finding.kind is kinds.STORED_ROWS]
    assert [(finding.split, finding.policy, finding.values["rows"]) for finding in stored] == [
        ("train", "too_large", 208),
        ("test", "too_large", 208),
    ]


class Cell:
    """A value of which it is known whether it is in memory."""


def test_rows_are_never_all_in_memory_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("ftk.data.storage.collecting.available_memory", lambda: 0)
    monkeypatch.setattr("ftk.data.storage.collecting._LEAST", 50_000)
    alive: weakref.WeakSet[Cell] = weakref.WeakSet()
    most = 0

    def rows() -> Iterator[Row]:
        nonlocal most
        for number in range(2000):
            cell = Cell()
            alive.add(cell)
            most = max(most, len(alive))
            yield Row({"text": cell}, "rows.jsonl", number)

    data, notes = data_config(storage="auto"), Notes()
    found = RowStorage.of(data).collect(limited(rows(), "train", data, shipped_task("ner").spec, notes), notes)
    assert len(found) == 2000
    assert most < 400


def test_a_part_that_would_be_read_in_another_way_is_refused_with_the_key_that_decides() -> None:
    tags = [["B-PER", "B-PER", "O"]] * 100 + [["I-PER", "B-PER", "O"]] * 100  # IOB2, then IOB1
    rows = [{"tokens": ["Ada", "Bo", str(number)], "tags": names} for number, names in enumerate(tags)]
    file = write_jsonl("train.jsonl", rows)
    with pytest.raises(DataError) as error:
        read_training_corpus(data_config(train=file, storage="disk"), shipped_task("ner"), Notes())
    [found] = error.value.findings
    assert (found.kind, found.values["key"]) == (kinds.OTHER_READING, "task.tag_scheme")
    read_training_corpus(data_config(train=file, storage="disk"), shipped_task("ner", tag_scheme="iob2"), Notes())


def test_faults_of_all_parts_are_reported_together() -> None:
    rows = [{"tokens": ["a"], "tags": ["O"] * (1 + (number % 50 == 0))} for number in range(200)]
    with pytest.raises(DataError) as error:
        read_training_corpus(
            data_config(train=write_jsonl("t.jsonl", rows), storage="disk"), shipped_task("ner"), Notes()
        )
    [found] = [one for one in error.value.findings if one.kind is kinds.UNEQUAL_TAGS]
    assert found.count == 4


def test_balanced_sampling_is_refused() -> None:
    file = write_jsonl("train.jsonl", rows_of("text-classification"))
    task = shipped_task("text-classification", sampling="balanced")
    with pytest.raises(ConfigError, match=r"^task\.sampling=balanced"):
        read_training_corpus(data_config(train=file, storage="disk"), task, Notes())


@pytest.mark.slow
@pytest.mark.parametrize("task", ["ner", "multi-label", "question-answering"])
def test_weights_predictions_and_scores_are_those_in_memory(ftk: Callable[..., Result], task: str) -> None:
    file = write_jsonl("train.jsonl", rows_of(task))
    for storage in ("memory", "disk"):
        run = ("finetune", f"task={task}", *TINY, f"data.train={file}", "data.test_share=0.1", "train.max_steps=12")
        result = ftk(*run, "train.batch_size=8", f"data.storage={storage}", f"run.dir={storage}")
        assert result.code == 0, result.err
        score = ("evaluate", "checkpoint=memory/best", f"data.test={file}", f"run.dir=scored-{storage}")
        result = ftk(*score, f"data.storage={storage}")
        assert result.code == 0, result.err
    for name in ("best/model.safetensors", "predictions/test.jsonl", "predictions/validation.jsonl"):
        assert (Path("disk") / name).read_bytes() == (Path("memory") / name).read_bytes(), name
    name = "predictions/test.jsonl"
    assert (Path("scored-disk") / name).read_bytes() == (Path("scored-memory") / name).read_bytes()


@pytest.mark.slow
def test_a_run_goes_on_with_its_rows_elsewhere(ftk: Callable[..., Result]) -> None:
    file = write_jsonl("train.jsonl", rows_of("ner"))
    run = ("finetune", "task=ner", *TINY, f"data.train={file}", "run.dir=run", "train.max_steps=6")
    assert ftk(*run, "data.storage=disk").code == 0
    resumed = ftk(*run, "data.storage=memory", "run.resume=true")
    assert resumed.code == 0, resumed.err
