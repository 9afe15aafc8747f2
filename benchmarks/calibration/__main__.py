"""Train models without calibration, calibrate them, and compare.

python -m benchmarks.calibration [--models fasttext-bag,bilstm] [--seeds 1,2,3,4,5] [--data FOLDER] [--output FILE.json]

The first model is for classes, the second for entities. Each is trained with ``calibrate=none``; then the run goes on
with ``calibrate=temperature``, which has nothing left to train. Results are added to FILE.json as they come; what is
there is not run again. ``python -m benchmarks.calibration.page FILE.json`` makes a page of it.
"""

from __future__ import annotations

import argparse
import contextlib
import io
import json
import shutil
from pathlib import Path
from typing import Any

import numpy as np
from benchmarks.calibration.corpora import CLASSES, corpora

ROOT = Path(__file__).resolve().parents[2]
SPLITS, COVERAGE = 200, 0.95


def main() -> None:
    """Run what is missing, one seed after the other."""
    parser = argparse.ArgumentParser(description="Calibration before and after a temperature.")
    parser.add_argument("--models", default="fasttext-bag,bilstm")
    parser.add_argument("--seeds", default="1,2,3,4,5")
    parser.add_argument("--only", default="")
    parser.add_argument("--words", default="", help="further words of ftk finetune")
    parser.add_argument("--data", type=Path, default=ROOT.parent / "shared" / "data")
    parser.add_argument("--work", type=Path, default=ROOT / "runs" / "calibration")
    parser.add_argument("--output", type=Path, default=ROOT / "benchmarks" / "calibration" / "results.json")
    options = parser.parse_args()
    found = json.loads(options.output.read_text(encoding="utf-8")) if options.output.exists() else {}
    models = options.models.split(",")
    for seed in options.seeds.split(","):
        for name, (of, words) in corpora(options.data.resolve(), options.work.resolve()).items():
            model = models[0] if of == CLASSES else models[-1]
            key = f"{name}, {model}, {seed}"
            if key in found or (options.only not in name and options.only != of):
                continue
            words = [*words, f"model={model}", f"run.seed={seed}", *options.words.split()]
            found[key] = {"of": of, **_measured(words, of, options.work.resolve() / "run")}
            options.output.write_text(json.dumps(found, indent=1) + "\n", encoding="utf-8")
            print(key, json.dumps(found[key]), flush=True)


def _measured(words: list[str], of: str, folder: Path) -> dict[str, Any]:
    words = [*words, f"run.dir={folder}", "predict.scores=all", "train.baselines=none", "run.curves=false"]
    before = _ftk([*words, "calibrate=none", "run.overwrite=true"], folder)
    labels = _decisions(folder)
    # A copy, so that the two are one training: only what follows it differs.
    calibrated = folder.with_name("calibrated")
    shutil.rmtree(calibrated, ignore_errors=True)
    shutil.copytree(folder, calibrated)
    words = [word for word in words if not word.startswith("run.dir=")]
    after = _ftk([*words, f"run.dir={calibrated}", "calibrate=temperature", "run.resume=force"], calibrated)
    result = {
        "score": before["test"]["f1" if of != CLASSES else "accuracy"],
        "temperature": after["calibration"].get("temperature"),
        "folded": after["calibration"].get("folded"),
        "before": _figures(before),
        "after": _figures(after),
        "other decisions": sum(one != other for one, other in zip(labels, _decisions(calibrated), strict=True)),
        "rows": len(labels),
    }
    if of == CLASSES:
        result["coverage"] = _coverage(_records(calibrated))
    return result


def _figures(metrics: dict[str, Any]) -> dict[str, float]:
    return {name: metrics["calibration"]["test"][name] for name in ("ece", "ece_plain", "brier", "nll")}


def _records(folder: Path) -> list[dict[str, Any]]:
    lines = (folder / "predictions" / "test.jsonl").read_text(encoding="utf-8").splitlines()
    return [json.loads(line) for line in lines]


def _decisions(folder: Path) -> list[Any]:
    """What is decided for each test row: the label, or the entities without their scores."""

    def plain(record: dict[str, Any]) -> Any:
        if "label" in record:
            return record["label"]
        return [{name: one[name] for name in ("label", "start", "end")} for one in record["entities"]]

    return [plain(record) for record in _records(folder)]


def _coverage(records: list[dict[str, Any]]) -> dict[str, float]:
    """How often the sets of 200 random halves of the test rows, made from the other halves, have the right label."""
    from ftk.calibration.conformal import quantile

    right = np.array([1 - record["scores"].get(record["gold_label"], 0.0) for record in records])
    chance, shares = np.random.default_rng(0), []
    for _ in range(SPLITS):
        order = chance.permutation(len(right))
        half = len(right) // 2
        limit = quantile(np.sort(right[order[:half]]), COVERAGE)
        shares.append(float((right[order[half:]] <= limit).mean()))
    return {"mean": float(np.mean(shares)), "lowest": min(shares), "highest": max(shares)}


def _ftk(words: list[str], folder: Path) -> dict[str, Any]:
    """Train in this process, which has imported all that it needs; returns metrics.json."""
    from ftk import cli

    shown = io.StringIO()
    with contextlib.redirect_stdout(shown):
        if cli.run(["finetune", *words]):
            raise SystemExit(f"ftk finetune {' '.join(words)}\n{shown.getvalue()[-1000:]}")
    found: dict[str, Any] = json.loads((folder / "metrics.json").read_text(encoding="utf-8"))
    return found


if __name__ == "__main__":
    main()
