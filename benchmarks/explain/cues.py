"""How often the word that alone fixes the label is found first: nonsense words planted in random texts.

python -m benchmarks.explain.cues --work /tmp/cues
"""

from __future__ import annotations

import argparse
import json
import os
import random
import subprocess
import sys
from pathlib import Path

CUES = {"red": "blorptag", "green": "quindle", "blue": "vexmor", "grey": "zathrin"}
FIRST, LAST = tuple("bdfgklmnprst"), ("ado", "eni", "ilu", "oma", "uri", "ave", "elo")
WORDS = [first + last for first in FIRST for last in LAST]
METHODS = ("relevance", "gradients", "erasure")


def rows(number: int, seed: int) -> list[dict[str, str]]:
    """Texts of 8 to 30 random words, one of them the cue of the label, anywhere."""
    draw = random.Random(seed)
    made = []
    for _ in range(number):
        label = draw.choice(list(CUES))
        words = draw.choices(WORDS, k=draw.randint(7, 29))
        words.insert(draw.randint(0, len(words)), CUES[label])
        made.append({"text": " ".join(words), "label": label})
    return made


def ftk(work: Path, *words: str) -> None:
    """Run a command of ftk."""
    line = [sys.executable, "-c", "from ftk.cli import main; main()", *words]
    subprocess.run(line, cwd=work, check=True, stdout=subprocess.DEVNULL, env={**os.environ, "OMP_NUM_THREADS": "1"})


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--work", type=Path, required=True)
    parser.add_argument("--rows", type=int, default=1000)
    parser.add_argument("--seeds", type=int, default=3)
    options = parser.parse_args()
    options.work.mkdir(parents=True, exist_ok=True)
    for name, number, seed in (("train", 2000, 1), ("validation", 200, 2), ("test", options.rows, 3)):
        lines = "".join(json.dumps(row) + "\n" for row in rows(number, seed))
        (options.work / f"{name}.jsonl").write_text(lines)
    found: dict[str, list[float]] = {method: [] for method in METHODS}
    for seed in range(1, options.seeds + 1):
        words = ["task=text-classification", "model=tiny", "model.default_lr=1e-3", "train.epochs=3", "hardware=cpu"]
        words += [f"data.{split}={split}.jsonl" for split in ("train", "validation", "test")]
        quiet = ["run.curves=false", "train.baselines=none", "run.overwrite=true", f"run.seed={seed}"]
        ftk(options.work, "finetune", *words, *quiet, "run.dir=run")
        for method in METHODS:
            asked = ["checkpoint=run/best", "input=test.jsonl", f"output={method}.jsonl", f"method={method}"]
            ftk(options.work, "explain", *asked, "run.overwrite=true", "hardware=cpu")
            records = [json.loads(line) for line in (options.work / f"{method}.jsonl").read_text().splitlines()]
            right = [record for record in records if record["label"] == record["gold_label"]]
            first = [max(one["explanations"][0]["relevance"], key=lambda word: word["score"]) for one in right]
            hits = sum(word["text"] == CUES[record["label"]] for word, record in zip(first, right, strict=True))
            found[method].append(100 * hits / max(1, len(right)))
            print(f"seed {seed}  {method}: {found[method][-1]:.1f} % of {len(right)} right rows", flush=True)
    for method, shares in found.items():
        print(f"{method}: {sum(shares) / len(shares):.2f} % (seeds: {', '.join(f'{one:.1f}' for one in shares)})")


if __name__ == "__main__":
    main()
