"""Runs of one recipe with different seeds, of a small model: what their scores are made of, row by row.

    python -m benchmarks.compare.runs ../shared/data runs-of-seeds 200

It trains in turn a classifier and a regression on tweets (reg_vader) and a tagger of names (ner_btc), with the seeds 1,
2, 3, …, until it has so many runs of each; it goes on where it was stopped. The seed decides the weights, the order of
the rows and dropout; the rows of training, validation and test are the same. Of each run one file is kept, with the
[rows, numbers] that its scores are made of.
"""

from __future__ import annotations

import json
import shutil
import sys
from collections.abc import Iterator
from pathlib import Path

import numpy as np

import ftk
from ftk.comparing.opened import open_outcomes

_BAG = ("model=fasttext-bag", "train.epochs=4")
_BILSTM = ("model=bilstm", "model.config.hidden_size=128", "optimizer.lr=1e-2", "train.epochs=6")
_SHORT = (
    "train.eval_every=0.5",
    "train.baselines=none",
    "run.curves=false",
    "hardware=cpu",
    "hardware.threads=1",
    "hardware.precision=fp32",
)
_ROWS = {"train": 800, "validation": 200, "test": 1000}
RECIPES = {
    "class": (("task=text-classification", *_BAG), ("accuracy", "f1_macro")),
    "number": (("task=regression", *_BAG), ("pearson", "rmse")),
    "name": (("task=ner", *_BILSTM), ("f1",)),
}
"""By the name of a recipe its task and model, and the scores whose numbers are kept."""


def tweets(data: Path, column: str) -> Iterator[tuple[str, str]]:
    """The rows of each split as JSON Lines with a text and a label, in an order of their own."""
    lines = (data / "reg_vader" / "tweets.jsonl").read_text(encoding="utf-8").splitlines()
    rows = [json.loads(line) for line in lines]
    order = np.random.default_rng(1).permutation(len(rows))
    begin = 0
    for split, number in _ROWS.items():
        part = [{"text": rows[at]["text"], "label": rows[at][column]} for at in order[begin : begin + number]]
        yield split, "".join(json.dumps(row) + "\n" for row in part)
        begin += number


def sentences(data: Path) -> Iterator[tuple[str, str]]:
    """The first sentences of each split of the Broad Twitter Corpus."""
    for split, name in (("train", "train"), ("validation", "dev"), ("test", "test")):
        text = (data / "ner_btc" / f"btc.{name}.conll").read_text(encoding="utf-8")
        yield split, "\n\n".join(text.strip().split("\n\n")[: _ROWS[split]]) + "\n"


def written(data: Path, folder: Path) -> dict[str, list[str]]:
    """The words for the data of each recipe, whose files are written."""
    corpora = {
        "class": (".jsonl", tweets(data, "label")),
        "number": (".jsonl", tweets(data, "score")),
        "name": (".conll", sentences(data)),
    }
    words: dict[str, list[str]] = {}
    for name, (ending, splits) in corpora.items():
        for split, text in splits:
            path = folder / f"{name}-{split}{ending}"
            path.write_text(text, encoding="utf-8")
            words.setdefault(name, []).append(f"data.{split}={path}")
    return words


def main(data: Path, folder: Path, number: int) -> None:
    """Train so many runs of each recipe."""
    folder.mkdir(parents=True, exist_ok=True)
    words = written(data, folder)
    for seed in range(1, number + 1):
        for name, (recipe, scores) in RECIPES.items():
            kept, run = folder / f"{name}-{seed:04}.npz", folder / "run"
            if kept.exists():
                continue
            shutil.rmtree(run, ignore_errors=True)
            ftk.train(*recipe, *_SHORT, *words[name], f"run.seed={seed}", f"run.dir={run}")
            made_of = open_outcomes(run).scores
            numbers = {score: made_of[score].values for score in scores}
            np.savez_compressed(
                kept, **{key: each if isinstance(each, np.ndarray) else each.toarray() for key, each in numbers.items()}
            )
            print(name, seed, flush=True)
    shutil.rmtree(folder / "run", ignore_errors=True)


if __name__ == "__main__":
    main(Path(sys.argv[1]), Path(sys.argv[2]), int(sys.argv[3]))
