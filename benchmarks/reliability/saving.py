"""What saving every minute costs: the same steps of a real encoder with and without saves, in turns."""

from __future__ import annotations

import json
import random
from pathlib import Path
from statistics import median

from benchmarks.reliability.runs import ftk

_SECONDS = 10


def run(data: Path, folder: Path, encoder: Path | None, pairs: int) -> list[str]:
    """Pairs of runs; the one saves every ten seconds, which is scaled to a minute."""
    if encoder is None:
        return ["No encoder was named (`--encoder`): what saving costs was not measured."]
    generator = random.Random(4)
    words = [word for _ in range(400) for word in ("Ada", "went", "to", "Oslo", "by", "slow", "train")]
    rows = ["\n".join(f"{generator.choice(words)}\tO" for _ in range(40)) + "\nOslo\tB-LOC" for _ in range(3200)]
    (folder / "many.conll").write_text("\n\n".join(rows) + "\n", encoding="utf-8")
    times: dict[str, list[float]] = {"with": [], "without": []}
    saves = []
    for pair in range(pairs):
        for name, every in (("with", f"{_SECONDS}s"), ("without", "10h")):
            target = folder / f"saving-{name}-{pair}"
            argv = _argv(folder, encoder, target, every)
            if ftk(argv, target.with_suffix(".log")).wait(600):
                return [f"A run failed: {target.with_suffix('.log').read_text(encoding='utf-8')[-300:]}"]
            trained = json.loads((target / "metrics.json").read_text(encoding="utf-8"))["train"]
            times[name].append(trained["elapsed"])
            if name == "with":
                saves.append(trained["elapsed"] / _SECONDS)
    costs = [(one - other) / saved for one, other, saved in zip(times["with"], times["without"], saves, strict=True)]
    size = sum(path.stat().st_size for path in (folder / "saving-with-0" / "last").iterdir()) / 1e6
    return [
        f"One epoch of NER over 3,200 rows with the real encoder (a state of {size:,.0f} MB), {pairs} pairs, in turns: "
        f"{median(times['with']):.1f} s with a save every {_SECONDS} s, {median(times['without']):.1f} s without. "
        f"A save costs {median(costs):.2f} s of training (from {min(costs):.2f} to {max(costs):.2f}): saving every "
        f"minute is **{100 * median(costs) / 60:.2f} %** of the time."
    ]


def _argv(folder: Path, encoder: Path, run_folder: Path, every: str) -> list[str]:
    return [
        "finetune",
        "task=ner",
        "model=auto",
        f"model.name={encoder}",
        f"data.train={folder / 'many.conll'}",
        "data.validation_share=0",
        "train.epochs=1",
        f"train.save_every={every}",
        f"run.dir={run_folder}",
    ]
