"""The runs that are compared: each remedy on each corpus, with several seeds."""

from __future__ import annotations

import shutil
from pathlib import Path

from benchmarks.long_tails.corpora import CORPORA, Corpus, made

import ftk

SEEDS = (0, 1, 2)
EPOCHS, RATE = 4, 3e-4
REMEDIES: dict[str, tuple[str, ...]] = {
    "none": (),
    "class_weights": ("task.class_weights=balanced",),
    "logit_adjustment": ("task.logit_adjustment=1",),
    "focal": ("task.focal=2",),
    "sampling": ("task.sampling=balanced",),
}
_LACKS = {"multi-label": ("logit_adjustment", "sampling")}
"""What a task does not have."""


def remedies_of(corpus: Corpus) -> tuple[str, ...]:
    """The names of what is tried on a corpus; the first one is to do nothing."""
    return tuple(name for name in REMEDIES if name not in _LACKS.get(corpus.task, ()))


def folder_of(out: Path, corpus: Corpus, remedy: str, seed: int) -> Path:
    """Where a run is."""
    return out / corpus.folder / f"{remedy}-{seed}"


def train(data: Path, out: Path) -> None:
    """Train what is not trained yet, one after the other: all of one seed, then those of the next."""
    for seed in SEEDS:
        for corpus in CORPORA:
            for remedy in remedies_of(corpus):
                folder = folder_of(out, corpus, remedy, seed)
                if not (folder / "metrics.json").exists():
                    _train(made(data, out, corpus), folder, corpus, remedy, seed)


def _train(files: dict[str, Path], folder: Path, corpus: Corpus, remedy: str, seed: int) -> None:
    """One run. It is validated once, at its end, so that no score chooses the model; its weights are not kept."""
    shutil.rmtree(folder, ignore_errors=True)
    ftk.train(
        *(f"task={corpus.task}", "model=minilm", f"run.seed={seed}", f"run.dir={folder}"),
        *(f"data.{split}={path}" for split, path in files.items()),
        *REMEDIES[remedy],
        *(f"optimizer.lr={RATE}", f"train.epochs={EPOCHS}", "train.eval_every=1000000", "data.max_length=64"),
        *("run.curves=false", "run.report=false", "run.card=false", "run.keep=best", "hardware.threads=1"),
        *("train.baselines=none", "train.dynamics=false", "calibrate=none"),
    )
    for weights in folder.rglob("*.safetensors"):
        weights.unlink()
    print(folder, flush=True)
