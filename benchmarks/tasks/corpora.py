"""Corpora without splits of their own, cut once and for all runs; and smaller parts of a training file."""

import csv
import json
import random
import zipfile
from pathlib import Path

from PIL import Image

SEED = 0


def cut(source: Path, folder: Path) -> dict[str, Path]:
    """A JSONL file as train, validation and test: 70, 10 and 20 % of its rows, shuffled."""
    rows = source.read_text(encoding="utf-8").splitlines()
    random.Random(SEED).shuffle(rows)
    first, second = round(0.7 * len(rows)), round(0.8 * len(rows))
    parts = {"train": rows[:first], "validation": rows[first:second], "test": rows[second:]}
    return {name: _write(folder / f"{source.stem}.{name}.jsonl", part) for name, part in parts.items()}


def share(source: Path, folder: Path, percent: int) -> Path:
    """So many percent of the rows of a CSV file of ``text`` and ``category``, of each class at least one."""
    with open(source, encoding="utf-8", newline="") as stream:
        rows = list(csv.DictReader(stream))
    random.Random(SEED).shuffle(rows)
    wanted, kept, classes = max(1, round(len(rows) * percent / 100)), [], set()
    for row in rows:  # first one of each class: a class that is not there cannot be learned
        if row["category"] not in classes:
            classes.add(row["category"])
            kept.append(row)
    chosen = {id(row) for row in kept}
    kept += [row for row in rows if id(row) not in chosen][: max(0, wanted - len(kept))]
    return _write(folder / f"{source.stem}.{percent}.jsonl", [json.dumps(row, ensure_ascii=False) for row in kept])


def held_out(source: Path, folder: Path, number: int) -> tuple[Path, Path]:
    """A CSV file of ``text`` and ``category`` as train and validation, the latter of so many rows."""
    with open(source, encoding="utf-8", newline="") as stream:
        rows = [json.dumps(row, ensure_ascii=False) for row in csv.DictReader(stream)]
    random.Random(SEED).shuffle(rows)
    train = _write(folder / f"{source.stem}.train.jsonl", rows[number:])
    return train, _write(folder / f"{source.stem}.validation.jsonl", rows[:number])


def hands(archive: Path, folder: Path) -> dict[str, Path]:
    """The drawings of Omniglot by who drew them: 14 of the 20 hands to train, 2 to validate and 4 to test.

    Every hand drew every character once: the label is the alphabet with the number of the character.
    """
    parts: dict[str, list[str]] = {"train": [], "validation": [], "test": []}
    with zipfile.ZipFile(archive) as packed:
        for name in sorted(name for name in packed.namelist() if name.endswith(".png")):
            packed.extract(name, folder / "omniglot")
            _, alphabet, character, file = name.split("/")
            hand = int(file.removesuffix(".png").split("_")[1])
            part = "train" if hand <= 14 else "validation" if hand <= 16 else "test"
            row = {"image": name, "label": f"{alphabet} {character.removeprefix('character')}"}
            parts[part].append(json.dumps(row))
    return {name: _write(folder / "omniglot" / f"{name}.jsonl", rows) for name, rows in parts.items()}


def spoiled(source: Path, folder: Path) -> dict[str, Path]:
    """A JSONL file of images and texts twice: with every image replaced by noise, and with every text emptied."""
    rows = [json.loads(line) for line in source.read_text(encoding="utf-8").splitlines()]
    noisy, emptied = [], []
    chance = random.Random(SEED)
    (folder / "noise").mkdir(parents=True, exist_ok=True)
    for number, row in enumerate(rows):
        path = source.parent / row["image"]
        with Image.open(path) as image:
            size = image.size
        noise = Image.frombytes("RGB", size, chance.randbytes(3 * size[0] * size[1]))
        noise.save(folder / "noise" / f"{number}.png")
        noisy.append(json.dumps({**row, "image": f"noise/{number}.png"}, ensure_ascii=False))
        emptied.append(json.dumps({**row, "image": str(path), "text": ""}, ensure_ascii=False))
    return {
        "images of noise": _write(folder / f"{source.stem}.noise.jsonl", noisy),
        "no text": _write(folder / f"{source.stem}.empty.jsonl", emptied),
    }


def _write(path: Path, lines: list[str]) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text("".join(f"{line}\n" for line in lines), encoding="utf-8")
    return path
