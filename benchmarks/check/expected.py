"""How far the estimates of ``ftk check`` are from real runs: seconds, and the most memory of the process.

    python -m benchmarks.check.expected [--data DIR] [--steps N]

Each line is one check and one training of N steps on a corpus of the development data, one after the other, in
processes of their own. Other work on the machine makes both slower, and not by the same factor.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

SHARED = Path(__file__).resolve().parents[3] / "shared" / "data"


def runs(data: Path) -> dict[str, list[str]]:
    """The command lines, by name."""
    return {
        "MiniLM, banking77": ["task=text-classification", f"data.train={data / 'cls_banking77' / 'train.csv'}"],
        "MiniLM, BTC": [
            "task=ner",
            f"data.train={data / 'ner_btc' / 'btc.train.conll'}",
            "data.limit={validation: 200}",
        ],
        "MiniLM, XQuAD": ["task=question-answering", f"data.train={data / 'qa_xquad' / 'xquad.en.json'}"],
        "MiniLM, STS": ["task=regression", f"data.train={data / 'reg_sts2016' / 'sts2016_open.jsonl'}"],
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=Path, default=SHARED)
    parser.add_argument("--steps", type=int, default=60)
    options = parser.parse_args()
    print(
        "| run | steps | seconds, estimated | seconds | GiB, estimated | GiB |\n"
        "| --- | ---: | ---: | ---: | ---: | ---: |"
    )
    for name, words in runs(options.data).items():
        line = [*words, "model=minilm", f"train.max_steps={options.steps}", "data.limit={train: 2000}"]
        expected = _event(["check", "--json", *line, "check.near_duplicates=null"], "facts")["expected"]
        with tempfile.TemporaryDirectory() as folder:
            seconds, memory = _trained([*line, f"run.dir={folder}/run", "run.curves=false", "train.baselines=none"])
        print(
            f"| {name} | {expected['steps']} | {expected['seconds']:.0f} | {seconds:.0f} "
            f"| {expected['memory'] / 2**30:.2f} | {memory / 2**30:.2f} |",
            flush=True,
        )


def _event(words: list[str], type: str) -> dict[str, Any]:
    done = subprocess.run([sys.executable, "-m", "ftk", *words], capture_output=True, text=True, check=False)
    found = [json.loads(line) for line in done.stdout.splitlines() if line.startswith('{"type"')]
    [event] = [one for one in found if one["type"] == type]
    return dict(event)


def _trained(words: list[str]) -> tuple[float, int]:
    """The seconds of a training from its first step on, with validations, and the most bytes that its process took."""
    script = (
        "import resource, sys; from ftk import cli; code = cli.run(sys.argv[1:]); "
        "print('\\n', resource.getrusage(resource.RUSAGE_SELF).ru_maxrss, file=sys.stderr); sys.exit(code)"
    )
    done = subprocess.run(
        [sys.executable, "-c", script, "finetune", *words], capture_output=True, text=True, check=True, env=os.environ
    )
    folder = next(word.removeprefix("run.dir=") for word in words if word.startswith("run.dir="))
    metrics = json.loads(Path(folder, "metrics.json").read_text(encoding="utf-8"))
    return metrics["train"]["elapsed"], 1024 * int(done.stderr.split()[-1])


if __name__ == "__main__":
    main()
