"""Texts and rows that are made for the suites about size."""

from __future__ import annotations

import random
from collections.abc import Sequence
from pathlib import Path

from benchmarks.speed.settings import Settings
from benchmarks.speed.suites.utilisation import whole_words


def write_rows(settings: Settings, target: Path, number: int, lengths: Sequence[int]) -> Path:
    """Rows of words that are a token each, one a line, of lengths drawn from some."""
    words = whole_words(settings)
    generator = random.Random(0)
    with target.open("w", encoding="utf-8") as stream:
        for _ in range(number):
            stream.write(" ".join(generator.choices(words, k=generator.choice(lengths))) + "\n")
    return target


def write_text(settings: Settings, target: Path, copies: int) -> Path:
    """The novels some times over, each time with other words here and there."""
    novels = sorted(settings.corpus("mlm_novels").glob("*.txt"))
    lines = [line for path in novels for line in path.read_text(encoding="utf-8").splitlines()]
    if settings.quick:
        lines = lines[: len(lines) // 12]
    with target.open("w", encoding="utf-8") as stream:
        for copy in range(copies):
            for number, line in enumerate(lines):
                words = line.split(" ")
                if line.strip():
                    words[(number * 7 + copy) % len(words)] = f"item{(number * 31 + copy * 17) % 9973}"
                stream.write(" ".join(words) + "\n")
            stream.write("\n")
    return target


def tiny_checkpoint(settings: Settings, folder: Path) -> Path:
    """A tiny model of entities: 2 layers of 64, with the encoder's vocabulary."""
    data = settings.corpus("ner_wnut17", "train.conll")
    settings.ftk(
        "finetune",
        "task=ner",
        "model=tiny",
        "model.tokenizer.train=null",
        f"model.tokenizer.name={settings.encoder}",
        f"data.train={data}",
        "train.max_steps=20",
        "train.eval_every=20",
        f"run.dir={folder}",
    )
    return folder / "best"
