"""The cells of the table: nine corpora, and how many of their rows are trained on, drawn anew by each seed."""

from __future__ import annotations

import csv
import json
import random
import re
from collections.abc import Callable, Hashable, Iterable, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

from benchmarks.tasks.corpora import cut

from ftk.system.atomic import write_text

TEST_ROWS = 2000
_TEST_SEED = 0
_WORD = re.compile(r"\w+|[^\w\s]")
Row = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Corpus:
    """A corpus, and what is asked of it.

    Attributes:
        name: in the table.
        task: the word of ftk for the task.
        score: that decides, a name of ``metrics.json``.
        rows: how many rows are trained on, the most first.
        read: the rows of training and of the test, from the folder of all corpora and one to write to.
    """

    name: str
    task: str
    score: str
    rows: tuple[int, int, int]
    read: Callable[[Path, Path], tuple[list[Row], list[Row]]]


@dataclass(frozen=True, slots=True)
class Cell:
    """A corpus with a number of rows.

    Attributes:
        corpus: the corpus.
        rows: that are trained on.
        seeds: how many runs there are; each draws rows of its own.
    """

    corpus: Corpus
    rows: int
    seeds: int

    @property
    def name(self) -> str:
        """Of files: ``banking77-100``."""
        return f"{self.corpus.name}-{self.rows}"


@dataclass(frozen=True, slots=True)
class Files:
    """Training and test rows on the disk, in the form that ftk reads without being told.

    Attributes:
        train: JSON Lines.
        test: JSON Lines.
    """

    train: Path
    test: Path


def cells() -> list[Cell]:
    """All of them, corpus by corpus."""
    return [Cell(corpus, rows, seeds) for corpus in CORPORA for rows, seeds in zip(corpus.rows, (3, 3, 5), strict=True)]


def files_of(cell: Cell, seed: int, data: Path, work: Path) -> Files:
    """The files of a run; they are made if they are not there."""
    folder = work / "data" / cell.corpus.name
    files = Files(folder / f"train-{cell.rows}-{seed}.jsonl", folder / "test.jsonl")
    folder.mkdir(parents=True, exist_ok=True)
    if not (files.train.is_file() and files.test.is_file()):
        train, test = cell.corpus.read(data, folder)
        random.Random(_TEST_SEED).shuffle(test)
        write_rows(files.test, test[:TEST_ROWS])
        write_rows(files.train, drawn(train, cell.rows, seed))
    return files


def drawn(rows: Sequence[Row], number: int, seed: int) -> list[Row]:
    """So many rows, drawn by the seed: of each label at least one, as long as they fit, and else at random."""
    chance = random.Random(seed)
    order = list(rows)
    chance.shuffle(order)
    first, rest, seen = [], [], set[Hashable]()
    for row in order:
        new = set(labels_of(row)) - seen
        (first if new and len(first) < number else rest).append(row)
        seen |= new
    kept = [*first, *rest][:number]
    chance.shuffle(kept)
    return kept


def labels_of(row: Row) -> set[str]:
    """The labels of a row, those of its tags without their position; none of a number."""
    if "tags" in row:
        return {tag[2:] for tag in row["tags"] if tag != "O"}
    if "labels" in row:
        return set(row["labels"])
    return {row["label"]} if isinstance(row["label"], str) else set()


def rows_of(path: Path) -> list[Row]:
    """The rows of a JSON Lines file."""
    with path.open(encoding="utf-8") as lines:
        return [json.loads(line) for line in lines]


def write_rows(path: Path, rows: Iterable[Row]) -> None:
    """Write a JSON Lines file, at once or not at all."""
    write_text(path, "".join(json.dumps(row, ensure_ascii=False) + "\n" for row in rows))


def _banking77(data: Path, _: Path) -> tuple[list[Row], list[Row]]:
    parts = []
    for split in ("train", "test"):
        with (data / "cls_banking77" / f"{split}.csv").open(encoding="utf-8", newline="") as stream:
            parts.append([{"text": row["text"], "label": row["category"]} for row in csv.DictReader(stream)])
    return parts[0], parts[1]


def _cut(source: str, columns: tuple[str, ...], data: Path, folder: Path) -> tuple[list[Row], list[Row]]:
    """Of a file without splits: 70 % are there to be drawn from, 20 % are the test."""
    parts = cut(data / source, folder)
    return _columns(parts["train"], columns), _columns(parts["test"], columns)


def _given(source: str, columns: tuple[str, ...], data: Path, _: Path) -> tuple[list[Row], list[Row]]:
    return _columns(data / source / "train.jsonl", columns), _columns(data / source / "test.jsonl", columns)


def _columns(path: Path, columns: tuple[str, ...]) -> list[Row]:
    """Some columns of a file; the last is the label."""
    return [{**{name: row[name] for name in columns[:-1]}, "label": row[columns[-1]]} for row in rows_of(path)]


def _goemotions(data: Path, _: Path) -> tuple[list[Row], list[Row]]:
    folder = data / "cls_goemotions"
    names = (folder / "labels.txt").read_text(encoding="utf-8").split()
    parts = []
    for split in ("train", "test"):
        lines = (folder / f"{split}.tsv").read_text(encoding="utf-8").splitlines()
        cells_of = [line.split("\t") for line in lines]
        parts.append([{"text": text, "labels": [names[int(at)] for at in ids.split(",")]} for text, ids, _ in cells_of])
    return parts[0], parts[1]


def _sentences(source: str, data: Path, _: Path) -> tuple[list[Row], list[Row]]:
    from benchmarks.ner_trainer_peer import read_conll  # it imports torch

    parts = [[sentence._asdict() for sentence in read_conll(data / source / f"{n}.conll")] for n in ("train", "test")]
    return parts[0], parts[1]


def _slots(data: Path, _: Path) -> tuple[list[Row], list[Row]]:
    parts = [[_tagged(row) for row in rows_of(data / "slot_snips" / f"{n}.jsonl")] for n in ("train", "validate")]
    return parts[0], parts[1]


def _tagged(row: Row) -> Row:
    """Words and punctuation marks; a word has the tag of the longest slot that has a character of it."""
    words = list(_WORD.finditer(row["text"]))
    tags = ["O"] * len(words)
    for slot in sorted(row["entities"], key=lambda slot: slot["start"] - slot["end"]):
        inside = [at for at, word in enumerate(words) if word.start() < slot["end"] and word.end() > slot["start"]]
        if all(tags[at] == "O" for at in inside):
            for place, at in enumerate(inside):
                tags[at] = f"{'I' if place else 'B'}-{slot['type']}"
    return {"tokens": [word.group() for word in words], "tags": tags}


_PAIR = ("text_a", "text_b")
_ROWS = (2000, 400, 100)
CORPORA = (
    Corpus("banking77", "text-classification", "accuracy", _ROWS, _banking77),
    Corpus(
        "sms_spam",
        "text-classification",
        "accuracy",
        _ROWS,
        partial(_cut, "cls_sms_spam/spam.jsonl", ("text", "label")),
    ),
    Corpus(
        "pair_banking77",
        "text-classification",
        "accuracy",
        _ROWS,
        partial(_given, "pair_banking77", (*_PAIR, "label")),
    ),
    Corpus("goemotions", "multi-label", "f1_micro", _ROWS, _goemotions),
    Corpus("semeval2010", "relation", "f1_semeval", _ROWS, partial(_given, "re_semeval2010", ("text", "label"))),
    Corpus(
        "sts2016",
        "regression",
        "pearson",
        (325, 150, 50),
        partial(_cut, "reg_sts2016/sts2016_open.jsonl", (*_PAIR, "score")),
    ),
    Corpus("wnut17", "ner", "f1", _ROWS, partial(_sentences, "ner_wnut17")),
    Corpus("ncbi", "ner", "f1", _ROWS, partial(_sentences, "ner_ncbi_disease")),
    Corpus("snips", "ner", "f1", _ROWS, _slots),
)
