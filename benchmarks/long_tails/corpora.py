"""Five skewed corpora of some 1,200 training rows: three as they are, two made skewed by leaving out rows."""

from __future__ import annotations

import csv
import json
import random
from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

TRAIN, VALIDATION, TEST = 1200, 200, 800
RATIO = 50
"""Rows of the largest class for one of the smallest, where rows are left out."""

Rows = list[dict[str, Any]]


@dataclass(frozen=True)
class Corpus:
    """What models are trained and scored on.

    Attributes:
        name: of the corpus.
        task: of ``ftk finetune``.
        scores: the score of the task, and the one that counts all labels the same.
        balanced_test: whether the test rows have as many of each label, unlike the training rows.
    """

    name: str
    task: str
    scores: tuple[str, str] = ("accuracy", "f1_macro")
    balanced_test: bool = False

    @property
    def folder(self) -> str:
        """The name of its folder."""
        return self.name.replace(", ", "-").replace(" 1:", "-1-")


CORPORA = (
    Corpus("goemotions", "text-classification"),
    Corpus("semeval2010", "relation"),
    Corpus("banking77 1:50", "text-classification", balanced_test=True),
    Corpus("snips 1:50", "text-classification", balanced_test=True),
    Corpus("goemotions, several", "multi-label", scores=("f1_micro", "f1_macro")),
)


def made(data: Path, work: Path, corpus: Corpus) -> dict[str, Path]:
    """The files of a corpus by split; the same ones each time."""
    folder = work / corpus.folder / "data"
    files = {split: folder / f"{split}.jsonl" for split in ("train", "validation", "test")}
    if all(path.is_file() for path in files.values()):
        return files
    folder.mkdir(parents=True, exist_ok=True)
    for split, rows in _rows(data, corpus).items():
        text = "".join(json.dumps(row, ensure_ascii=False) + "\n" for row in rows)
        files[split].write_text(text, encoding="utf-8")
    return files


def _rows(data: Path, corpus: Corpus) -> dict[str, Rows]:
    """The rows of each split."""
    if corpus.name.startswith("goemotions"):
        several = corpus.task == "multi-label"
        train, test = (_emotions(data / "cls_goemotions", part, several) for part in ("train", "test"))
    elif corpus.name == "semeval2010":
        train, test = (_jsonl(data / "re_semeval2010" / f"{part}.jsonl") for part in ("train", "test"))
    elif corpus.name.startswith("banking77"):
        train, test = (_intents(data / "cls_banking77" / f"{part}.csv") for part in ("train", "test"))
    else:
        train, test = (
            [{"text": row["text"], "label": row["intent"]} for row in _jsonl(data / "slot_snips" / f"{part}.jsonl")]
            for part in ("train", "validate")
        )
    for rows in (train, test):
        random.Random(0).shuffle(rows)
    if not corpus.balanced_test:
        return {"train": train[:TRAIN], "validation": train[TRAIN : TRAIN + VALIDATION], "test": test[:TEST]}
    kept = long_tail(train)
    rest = {id(row) for row in kept}
    left = [row for row in train if id(row) not in rest]
    return {"train": kept, "validation": left[:VALIDATION], "test": test[:TEST]}


def long_tail(rows: Rows) -> Rows:
    """Rows whose labels have numbers that fall exponentially, from the largest to a fiftieth of it, as in Cui et al.
    2019, "Class-Balanced Loss Based on Effective Number of Samples"; which label is large is drawn with the seed 0."""
    by_label = defaultdict(list)
    for row in rows:
        by_label[row["label"]].append(row)
    labels = sorted(by_label)
    random.Random(0).shuffle(labels)
    shares = [RATIO ** (-place / (len(labels) - 1)) for place in range(len(labels))]
    most = min(TRAIN / sum(shares), min(map(len, by_label.values())))
    found = [row for name, share in zip(labels, shares, strict=True) for row in by_label[name][: round(most * share)]]
    random.Random(0).shuffle(found)
    return found


def skew(rows: Iterable[dict[str, Any]]) -> tuple[int, int, int]:
    """Number of labels, rows of the largest, and of the smallest."""
    counts: dict[str, int] = defaultdict(int)
    for row in rows:
        for name in row["labels"] if "labels" in row else [row["label"]]:
            counts[name] += 1
    return len(counts), max(counts.values()), min(counts.values())


def rows_of(path: Path) -> Rows:
    """The rows of a file of ``made``."""
    return _jsonl(path)


def _emotions(folder: Path, part: str, several: bool) -> Rows:
    names = (folder / "labels.txt").read_text(encoding="utf-8").split()
    with open(folder / f"{part}.tsv", encoding="utf-8", newline="") as stream:
        lines: Sequence[Sequence[str]] = list(csv.reader(stream, delimiter="\t", quoting=csv.QUOTE_NONE))
    rows = [{"text": text, "labels": [names[int(one)] for one in ids.split(",")]} for text, ids, _ in lines]
    if several:
        return rows
    return [{"text": row["text"], "label": row["labels"][0]} for row in rows if len(row["labels"]) == 1]


def _jsonl(path: Path) -> Rows:
    return [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]


def _intents(path: Path) -> Rows:
    with open(path, encoding="utf-8", newline="") as stream:
        return [{"text": row["text"], "label": row["category"]} for row in csv.DictReader(stream)]
