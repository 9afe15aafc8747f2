"""What the tests of pretraining share: texts that a tiny model learns from, and blocks of them without a run."""

import random
from pathlib import Path
from typing import Any

import yaml

from conftest import NAMES, PLACES, write_lines
from ftk.config.paths import shipped_configs
from ftk.contracts.contexts import Encoding

TINY_MODEL = (
    "model=tiny",
    "model.tokenizer.vocab_size=200",
    "model.config.hidden_size=32",
    "model.config.intermediate_size=64",
    "hardware=cpu",
    "hardware.threads=1",
    "data.max_length=32",
)
"""A model that trains in seconds, over blocks of 32 tokens."""


def story(number: int) -> list[str]:
    """One document, a sentence a line; which one depends on its number alone."""
    draw = random.Random(number)
    name, place = draw.choice(NAMES), draw.choice(PLACES)
    lines = [f"{name} went to {place} by slow train.", f"In {place} {name} was met by {draw.choice(NAMES)}."]
    return lines + [f"{name} likes {draw.choice(PLACES)} again and again." for _ in range(number % 3)]


def write_stories(path: Path | str, first: int, end: int) -> str:
    """Write some stories with blank lines between them; returns the path for a command line."""
    lines: list[str] = []
    for number in range(first, end):
        lines += [*story(number), ""]
    return write_lines(path, lines)


def mlm_task(**changes: Any) -> Any:
    """The shipped ``task=mlm`` with some fields changed."""
    from ftk.tasks import build_task

    shipped = yaml.safe_load((shipped_configs() / "task/mlm.yaml").read_text(encoding="utf-8"))
    return build_task({**shipped, **changes})


def blocks_of(task: Any, tokenizer: Any, lines: list[str], folder: Path, *, length: int, **data: Any) -> Any:
    """The training blocks of some documents, one per line unless ``documents`` says more, as a run would have them."""
    from ftk.config.data_choices import Documents, Duplicates, Format, Quoting, Unseen
    from ftk.config.schema import DataConfig
    from ftk.contracts.notes import Notes
    from ftk.contracts.values import WindowPlan
    from ftk.report.console import Console

    values = yaml.safe_load((shipped_configs() / "data/auto.yaml").read_text(encoding="utf-8"))
    values |= {
        "train": write_lines(folder / "documents.txt", lines),
        "validation_share": 0,
        "documents": Documents.line,
        "format": Format.text,
        "duplicates": Duplicates.keep,
        "duplicate_lines": Duplicates.keep,
        "unseen_labels": Unseen.error,
        "quoting": Quoting.auto,
        "cache_dir": str(folder / "cache"),
        **data,
    }
    corpus = task.open_corpus(DataConfig(**values), Notes())
    console = Console()
    try:
        return corpus.prepare(Encoding(tokenizer, None, WindowPlan(length, 0), Notes()), console)["train"].features
    finally:
        console.close()
