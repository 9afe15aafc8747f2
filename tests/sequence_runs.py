"""Rows of sources and targets that a tiny encoder-decoder learns, and runs over them."""

import random
from pathlib import Path

from conftest import write_jsonl

WORDS = {"one": "eins", "two": "zwei", "three": "drei", "four": "vier", "five": "fünf", "six": "sechs", "ten": "zehn"}
FAST = (
    "hardware=cpu",
    "hardware.threads=1",
    "model.dropout=0",
    "data.max_length=32",
    "train.batch_size=16",
    "task.max_new_tokens=16",
    "task.label_smoothing=0",
)
"""Settings of short runs."""


def numbers(number: int, seed: int) -> list[dict]:
    """Rows of some numbers, word by word."""
    generator = random.Random(seed)
    rows = []
    for row in range(number):
        chosen = generator.choices(list(WORDS), k=generator.randint(1, 9))
        rows.append({"id": row, "source": " ".join(chosen), "target": " ".join(WORDS[word] for word in chosen)})
    return rows


def number_files() -> tuple[str, ...]:
    """The overrides that name files of 96, 12 and 12 such rows, written where the test stands."""
    parts = {"train": 96, "validation": 12, "test": 12}
    return tuple(
        f"data.{split}={write_jsonl(Path.cwd() / f'{split}.jsonl', numbers(size, seed))}"
        for seed, (split, size) in enumerate(parts.items())
    )
