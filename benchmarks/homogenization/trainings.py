"""The runs that are compared: models of several kinds, each with several seeds."""

from __future__ import annotations

import os
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

SEEDS = (0, 1, 2)
MODELS = {
    "tfidf-linear": (),
    "fasttext-bag": ("train.epochs=8",),
    "cnn": ("train.epochs=8",),
    "bilstm": ("train.epochs=8",),
    "tiny": ("train.epochs=8", "model.default_lr=3e-3"),
    "minilm": ("train.epochs=3", "optimizer.lr=2e-4"),
}
SMALL = ("tfidf-linear", "fasttext-bag", "cnn", "bilstm")


@dataclass(frozen=True)
class Corpus:
    """What models are trained and scored on.

    Attributes:
        name: of the corpus.
        words: of the command line; its paths are relative to the folder of the corpora.
        models: that can do the task.
    """

    name: str
    words: tuple[str, ...]
    models: tuple[str, ...] = SMALL


CORPORA = (
    Corpus(
        "banking77",
        (
            "task=text-classification",
            "data.train=cls_banking77/train.csv",
            "data.test=cls_banking77/test.csv",
            "data.limit={train: 3000}",
        ),
    ),
    Corpus(
        "semeval2010",
        (
            "task=text-classification",
            "data.train=re_semeval2010/train.jsonl",
            "data.test=re_semeval2010/test.jsonl",
            "data.limit={train: 3000}",
        ),
    ),
    Corpus(
        "snips-slots",
        (
            "task=ner",
            "data.train=slot_snips/train.jsonl",
            "data.test=slot_snips/validate.jsonl",
            "data.limit={train: 2000}",
            "task.misaligned_spans=drop",
        ),
        ("bilstm", "tiny"),
    ),
)


def folder_of(out: Path, corpus: Corpus, model: str, seed: int) -> Path:
    """Where a run is."""
    return out / corpus.name / f"{model}-{seed}"


def train(data: Path, out: Path) -> None:
    """Train what is not trained yet, one after the other, with one thread."""
    for corpus in CORPORA:
        for seed in SEEDS:
            for model in corpus.models:
                folder = folder_of(out, corpus, model, seed)
                if not (folder / "metrics.json").exists():
                    _train(data, folder, corpus, model, seed)


def _train(data: Path, folder: Path, corpus: Corpus, model: str, seed: int) -> None:
    words = [
        word.replace("=", f"={data}/", 1) if word.startswith(("data.train=", "data.test=")) else word
        for word in corpus.words
    ]
    command = [
        *(sys.executable, "-m", "ftk", "finetune", *words, f"model={model}", *MODELS[model], f"run.seed={seed}"),
        *(f"run.dir={folder}", "run.curves=false", "train.baselines=none", "hardware=cpu", "hardware.threads=1"),
    ]
    folder.parent.mkdir(parents=True, exist_ok=True)
    with open(folder.with_suffix(".log"), "w", encoding="utf-8") as log:
        code = subprocess.run(command, stdout=log, stderr=log, env={**os.environ, "OMP_NUM_THREADS": "1"}).returncode
    print(folder, "failed" if code else "done", flush=True)
