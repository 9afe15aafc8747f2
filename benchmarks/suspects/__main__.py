"""Planted label errors: how many are found, beside cleanlab on the same probabilities, and what it costs.

    python -m benchmarks.suspects ../shared/data WORK [corpus …] [--part=4] [--seeds=1]

Each corpus is trained on once, as ``ftk finetune`` does by default; ``--part=4`` takes every fourth row. cleanlab (2.9)
gets the probabilities of the heads. Times are seconds of the processor, so that other work counts little.
"""

from __future__ import annotations

import json
import os
import resource
import subprocess
import sys
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
from benchmarks.suspects.noise import Corpus, corpora, planted

_LOOKED_AT = 0.06
"""Of the rows: twice as many as have a wrong label."""


def main(argv: Sequence[str]) -> None:
    """Run the benchmark, and write the table."""
    options = dict(word[2:].split("=", 1) for word in argv if word.startswith("--"))
    data, work, *names = (word for word in argv if not word.startswith("--"))
    part, seeds = int(options.get("part", 1)), int(options.get("seeds", 1))
    found = []
    for corpus in corpora(Path(data)):
        if names and corpus.name not in names:
            continue
        rows = corpus.rows[::part]
        for seed in range(seeds):
            folder = Path(work) / f"{corpus.name.replace(' ', '-')}-{seed}"
            found.append(measured(Corpus(corpus.name, corpus.task, rows), folder.absolute(), seed))
            print(json.dumps(found[-1]), flush=True)
            (Path(work) / "results.jsonl").write_text("".join(json.dumps(one) + "\n" for one in found))
    print(table(found))


def measured(corpus: Corpus, folder: Path, seed: int) -> dict[str, Any]:
    """The numbers of one corpus."""
    folder.mkdir(parents=True, exist_ok=True)
    changed, wrong = planted(corpus, seed)
    train = folder / "train.jsonl"
    train.write_text("".join(json.dumps(row, ensure_ascii=False) + "\n" for row in changed), encoding="utf-8")
    common = (f"task={corpus.task}", "model=minilm", f"data.train={train}", "hardware.threads=1")
    trained = _seconds("finetune", *common, f"run.dir={folder / 'run'}", "run.overwrite=true", "train.baselines=none")
    began = time.process_time()
    judged = _judged(folder, common, wrong)
    searched = time.process_time() - began
    facts = {"corpus": corpus.name, "seed": seed, "rows": len(changed), "planted": int(wrong.sum())}
    times = {"training": trained, "search": searched, "cost": (trained + searched) / trained}
    return facts | judged | {name: round(value, 3) for name, value in times.items()}


def _judged(folder: Path, common: Sequence[str], wrong: np.ndarray) -> dict[str, float]:
    """Average precision and the share found, of ftk and of cleanlab."""
    from ftk.api.training import compose
    from ftk.checking.suspects.finding import find_suspects
    from ftk.contracts.notes import Notes
    from ftk.inference.states.frozen import FrozenEncoder
    from ftk.report.console import Console
    from ftk.report.dynamics import Dynamics
    from ftk.tasks import build_task

    config = compose(*common, f"data.cache_dir={folder / 'cache'}", "data.validation_share=0")
    corpus: Any = build_task(config.task).open_corpus(config.data, Notes())
    examples = list(corpus.examples["train"])
    planted_here = np.array([wrong[example.row.line - 1] for example in examples])
    encoder = FrozenEncoder.open(config.model, config.data, config.hardware, Console(quiet=True))
    found = find_suspects(examples, encoder, Dynamics.read(folder / "run"))
    scores = {"ftk": found.score, "heads": found.by_heads, **_of_cleanlab(examples, found)}
    result = {}
    for name, likely in scores.items():
        result[f"{name} AP"], result[f"{name} found"] = _precision(planted_here, likely)
    return result


def _of_cleanlab(examples: Sequence[Any], found: Any) -> dict[str, np.ndarray]:
    """The scores of cleanlab for the same probabilities, by its default."""
    if hasattr(examples[0], "tags"):
        from cleanlab.token_classification.rank import get_label_quality_scores as of_sentences

        sizes = np.cumsum([len(example.tags) for example in examples])[:-1]
        labels, shares = np.split(found.labels, sizes), np.split(found.probabilities, sizes)
        return {"cleanlab": np.asarray(of_sentences([part.tolist() for part in labels], shares)[0])}
    from cleanlab.rank import get_label_quality_scores

    return {"cleanlab": get_label_quality_scores(found.labels, found.probabilities)}


def _precision(wrong: np.ndarray, likely: np.ndarray) -> tuple[float, float]:
    from sklearn.metrics import average_precision_score

    first = np.argsort(likely, kind="stable")[: round(_LOOKED_AT * len(wrong))]
    return round(float(average_precision_score(wrong, -likely)), 4), round(float(wrong[first].sum() / wrong.sum()), 4)


def _seconds(*words: str) -> float:
    """The seconds of the processor that a command of ftk takes."""
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    environment = {**os.environ, "OMP_NUM_THREADS": "1"}
    subprocess.run([sys.executable, "-m", "ftk", *words], check=True, env=environment, stdout=subprocess.DEVNULL)
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    return after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime


def table(found: Sequence[dict[str, Any]]) -> str:
    """The results as Markdown."""
    columns = ("corpus", "rows", "planted", "ftk AP", "ftk found", "heads AP", "heads found")
    columns += ("cleanlab AP", "cleanlab found", "training", "search", "cost")
    lines = ["| " + " | ".join(columns) + " |", "| --- " * len(columns) + "|"]
    lines += ["| " + " | ".join(str(one[name]) for name in columns) + " |" for one in found]
    return "\n".join(lines)


if __name__ == "__main__":
    main(sys.argv[1:])
