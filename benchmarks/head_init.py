"""What heads that are fitted to a frozen encoder reach on banking77, with and without the names of labels.

    python -m benchmarks.head_init SHARED/data/cls_banking77

Nothing is trained: MiniLM's states of the last layer are averaged over the tokens, and the head is the one that a run
of ``model=minilm`` begins with, by the code of ``model.head_init``. The rows are those of three seeds.
"""

import argparse
import csv
import random
import sys
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ftk.config.compose import compose
from ftk.inference.states.frozen import FrozenEncoder
from ftk.models.tuning.linear_fit import LinearFit, fit_classes
from ftk.report.console import Console
from ftk.tasks.shared.label_texts import words_of
from ftk.training.probing.beginning import TEXT_WEIGHT

SEEDS = (1, 2, 3)
DROPOUT = 0.1


def main() -> None:
    """Print a line for each number of rows, with the mean accuracy on all test rows and its range."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("data", type=Path, help="the folder with train.csv and test.csv")
    folder = parser.parse_args().data
    train, test = rows_of(folder / "train.csv"), rows_of(folder / "test.csv")
    config = compose("finetune", ["model=minilm"], check=lambda *_: []).config
    encoder = FrozenEncoder.open(config.model, config.data, config.hardware, Console(stderr=True))
    names = sorted({label for _, label in train})
    number = {name: at for at, name in enumerate(names)}
    states = {
        part: np.asarray(encoder.states([text for text, _ in rows]))
        for part, rows in (("train", train), ("test", test))
    }
    label = {part: np.array([number[name] for _, name in rows]) for part, rows in (("train", train), ("test", test))}
    texts = np.asarray(encoder.states([words_of(name) or name for name in names]))
    sys.stdout.write("| rows | without names | with names |\n| --- | --- | --- |\n")
    for size in ("one a class", 100, 400, 2000):
        found: dict[bool, list[float]] = {False: [], True: []}
        for seed in SEEDS:
            rows = chosen(label["train"], size, seed)
            for named, scores in found.items():
                fit = fitted(states["train"][rows], label["train"][rows], texts if named else texts[:0], len(names))
                outputs = states["test"] @ fit.weight.T + fit.bias
                scores.append(float((outputs.argmax(1) == label["test"]).mean()))
        cells = (f"{np.mean(one):.3f} ({min(one):.3f} to {max(one):.3f})" for one in found.values())
        sys.stdout.write(f"| {size} | {' | '.join(cells)} |\n")


def rows_of(path: Path) -> list[tuple[str, str]]:
    """The texts of a file with their labels."""
    with path.open(encoding="utf-8", newline="") as stream:
        return [(row["text"], row["category"]) for row in csv.DictReader(stream)]


def chosen(label: NDArray[np.int64], size: Any, seed: int) -> NDArray[np.int64]:
    """The numbers of some rows, or of the first row of each class in a random order."""
    order = list(range(len(label)))
    random.Random(seed).shuffle(order)
    if isinstance(size, int):
        return np.array(order[:size])
    _, first = np.unique(label[order], return_index=True)
    return np.array(order)[first]


def fitted(states: NDArray[Any], label: NDArray[np.int64], texts: NDArray[Any], classes: int) -> LinearFit:
    """The head that a run begins with."""
    rows, named = len(states), len(texts)
    return fit_classes(
        np.concatenate([states, texts]),
        np.concatenate([label, np.arange(named)]),
        classes,
        weights=np.repeat([1.0, TEXT_WEIGHT], [rows, named]),
        kept=np.repeat([False, True], [rows, named]) if named else None,
        dropout=DROPOUT,
    )


if __name__ == "__main__":
    main()
