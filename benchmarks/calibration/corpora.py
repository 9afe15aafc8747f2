"""The corpora: six of classes with at least 700 test rows, and four of entities."""

from __future__ import annotations

import csv
import json
import random
from collections.abc import Iterable
from pathlib import Path
from typing import Any

Rows = list[dict[str, Any]]
CLASSES, ENTITIES = "classes", "entities"


def corpora(data: Path, work: Path) -> dict[str, tuple[str, list[str]]]:
    """By name what each is of, and the words of ``ftk finetune`` for it; what has no validation or test is cut once."""
    work.mkdir(parents=True, exist_ok=True)
    semeval, pairs, snips = data / "re_semeval2010", data / "pair_banking77", data / "slot_snips"
    btc, ncbi, wnut = data / "ner_btc", data / "ner_ncbi_disease", data / "ner_wnut17"
    banking = data / "cls_banking77"
    intents = ["data.columns.label=intent", "data.columns.text=text"]
    slots = ["task.misaligned_spans=expand", "task.overlapping_spans=longest"]
    text, ner = "task=text-classification", "task=ner"
    tests = {"test": snips / "validate.jsonl"}
    return {
        "banking77": (
            CLASSES,
            [text, *_cut(_csv(banking / "train.csv"), work / "banking77", 0.1, {"test": banking / "test.csv"})],
        ),
        "sms_spam": (CLASSES, [text, *_cut(_jsonl(data / "cls_sms_spam" / "spam.jsonl"), work / "sms", 0.15)]),
        "pair_banking77": (
            CLASSES,
            [text, *_named(train=pairs / "train.jsonl", validation=pairs / "dev.jsonl", test=pairs / "test.jsonl")],
        ),
        "snips intents": (
            CLASSES,
            [text, *_cut(_jsonl(snips / "train.jsonl"), work / "intents", 0.1, tests), *intents],
        ),
        "semeval2010": (
            CLASSES,
            [
                "task=relation",
                *_cut(_jsonl(semeval / "train.jsonl"), work / "semeval", 0.1, {"test": semeval / "test.jsonl"}),
            ],
        ),
        "vader tweets": (
            CLASSES,
            [
                text,
                *_cut(_jsonl(data / "reg_vader" / "tweets.jsonl"), work / "tweets", 0.15),
                "data.columns.label=label",
            ],
        ),
        "BTC": (
            ENTITIES,
            [
                ner,
                *_named(train=btc / "btc.train.conll", validation=btc / "btc.dev.conll", test=btc / "btc.test.conll"),
            ],
        ),
        "NCBI disease": (
            ENTITIES,
            [ner, *_named(train=ncbi / "train.conll", validation=ncbi / "devel.conll", test=ncbi / "test.conll")],
        ),
        "snips slots": (ENTITIES, [ner, *_cut(_jsonl(snips / "train.jsonl"), work / "slots", 0.1, tests), *slots]),
        "WNUT-17 (shifted)": (
            ENTITIES,
            [ner, *_named(train=wnut / "train.conll", validation=wnut / "dev.conll", test=wnut / "test.conll")],
        ),
    }


def _named(**files: Path) -> list[str]:
    return [f"data.{split}={path}" for split, path in files.items()]


def _cut(rows: Rows, stem: Path, share: float, others: dict[str, Path] | None = None) -> list[str]:
    """A validation split of a share of the rows; without a test file also a test split, of twice as many."""
    random.Random(0).shuffle(rows)
    size = round(share * len(rows))
    parts = {"validation": rows[:size]}
    if others is None:
        parts["test"], size = rows[size : round(size + 0.2 * len(rows))], round(size + 0.2 * len(rows))
    parts["train"] = rows[size:]
    files = {split: _write(stem.with_name(f"{stem.name}.{split}.jsonl"), part) for split, part in parts.items()}
    return _named(**files, **(others or {}))


def _jsonl(path: Path) -> Rows:
    return [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]


def _csv(path: Path) -> Rows:
    with open(path, encoding="utf-8", newline="") as stream:
        return list(csv.DictReader(stream))


def _write(path: Path, rows: Iterable[dict[str, Any]]) -> Path:
    path.write_text("".join(json.dumps(row, ensure_ascii=False) + "\n" for row in rows), encoding="utf-8")
    return path
