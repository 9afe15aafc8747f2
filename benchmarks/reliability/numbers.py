"""A NaN, an infinity or a spike in the loss of one random step."""

from __future__ import annotations

import json
import random
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from statistics import mean, stdev
from typing import Any

from benchmarks.reliability.runs import Kind, Process

_CHANGES = {"nan": float("nan"), "inf": float("inf"), "spike": 40.0}
_KIND = Kind(task="ner", precision="fp32", accumulation=1, workers=0)
_STEPS = 36


def run(data: Path, folder: Path, number: int) -> list[str]:
    """So many runs of each sort, and of each policy."""
    generator = random.Random(3)
    tasks = []
    for name in _CHANGES:
        for policy in ("stop", "skip"):
            for one in range(number):
                step = generator.randrange(24, _STEPS) if name == "spike" else generator.randrange(1, _STEPS)
                tasks.append((data, folder / f"numbers-{name}-{policy}-{one}", name, policy, step, one + 1))
    plain = [(data, folder / f"numbers-plain-{one}", None, "stop", 0, one + 1) for one in range(number)]
    with ThreadPoolExecutor(2) as pool:
        found = list(pool.map(lambda task: _one(*task), tasks))
        scores = [result["f1"] for result in pool.map(lambda task: _one(*task), plain)]
    lines = []
    for at, (name, policy) in enumerate((name, policy) for name in _CHANGES for policy in ("stop", "skip")):
        part = found[at * number : (at + 1) * number]
        caught = sum(result["caught"] for result in part)
        reached = f"{mean(result['f1'] for result in part):.4f}" if policy == "skip" else "–"
        lines.append(f"| {name} | {policy} | {caught} of {number} | {reached} |")
    return [
        "The loss of one random step was made NaN, infinite, or 40 times as large (then with `train.spike_factor=4`), "
        f"{number} runs each with seeds 1 to {number}. Caught: with `stop` the run ended with an error that names this "
        "step, with `skip` the one update was left out and counted. Test F1 of the same seeds without any of it: "
        f"{mean(scores):.4f} (standard deviation {stdev(scores):.4f}).",
        "\n".join(["| loss | policy | caught at its step | mean test F1 |", "| --- | --- | ---: | ---: |", *lines]),
    ]


def _one(data: Path, folder: Path, name: str | None, policy: str, step: int, seed: int) -> dict[str, Any]:
    argv = [word for word in _KIND.argv(data, folder) if not word.startswith(("train.save_every", "data."))]
    argv += [f"data.{split}={data / f'noisy-{split}.conll'}" for split in ("train", "validation", "test")]
    argv += [f"train.on_non_finite={policy}", f"train.on_spike={policy}", f"run.seed={seed}"]
    log = folder.with_suffix(".log")
    code = Process.of(lambda: _work(argv, _CHANGES[name] if name else None, step), log).wait()
    told = log.read_text(encoding="utf-8")
    result: dict[str, Any] = {"caught": f"step {step}: the " in told and code == (1 if policy == "stop" else 0)}
    metrics = folder / "metrics.json"
    if metrics.exists():
        found = json.loads(metrics.read_text(encoding="utf-8"))
        result["f1"] = found["test"]["f1"]
        if name is not None:
            result["caught"] = result["caught"] and found["train"].get("left_out_steps") == 1
    return result


def _work(argv: list[str], factor: float | None, step: int) -> int:
    from ftk import cli
    from ftk.contracts.values import Loss
    from ftk.tasks.token_classification.task import TokenClassification

    plain, seen = TokenClassification.loss, []

    def loss(self: Any, outputs: Any, batch: Any) -> Any:
        found = plain(self, outputs, batch)
        if not outputs.requires_grad:
            return found
        seen.append(1)
        return Loss(found.sum * factor, found.count) if factor is not None and len(seen) == step else found

    TokenClassification.loss = loss  # type: ignore[method-assign]
    return cli.run(argv)
