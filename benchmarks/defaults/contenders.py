"""What stands beside one another in a cell, and how one run of it is made and timed."""

from __future__ import annotations

import json
import os
import resource
import shutil
import subprocess
import sys
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from benchmarks.defaults.cells import Cell, drawn, files_of, rows_of, write_rows
from benchmarks.defaults.records import predictions_of, score, write_predictions
from benchmarks.speed.settings import ROOT

from ftk.system.atomic import write_text

CONTENDERS = ("ftk", "before", "trainer", "trainer-rates", "tfidf", "frozen")
RATES = (5e-5, 1e-4, 3e-4)
"""The first is the default of Trainer."""
_SHARE = 0.8
"""Of the rows, for training, where the rest chooses the rate."""


class Failed(Exception):
    """A run ended with an error; the last lines that it wrote."""


@dataclass(frozen=True, slots=True)
class Place:
    """Where runs find what they need, and where they leave what they made.

    Attributes:
        data: the folder of all corpora.
        work: everything that is made.
        model: the folder of the encoder.
        ftk: a checkout of ftk, whose src is run.
        before: the one that is compared with; None if there is none.
        threads: of each run.
    """

    data: Path
    work: Path
    model: Path
    ftk: Path
    before: Path | None
    threads: int

    def result(self, cell: Cell, contender: str, seed: int) -> Path:
        """The file of a run."""
        return self.work / "done" / cell.name / f"{contender}-{seed}.json"

    def predictions(self, cell: Cell, contender: str, seed: int) -> Path:
        """The predictions of a run."""
        return self.work / "predictions" / cell.name / f"{contender}-{seed}.jsonl"

    def checkout(self, cell: Cell, contender: str) -> Path:
        """The checkout whose code a contender runs."""
        return self.before if contender == "before" and self.before is not None else self.ftk


def measure(place: Place, cell: Cell, contender: str, seed: int) -> dict[str, Any]:
    """Run a contender once, and write down its score and its seconds, or how it failed.

    Args:
        place: the folders.
        cell: the corpus and its rows.
        contender: one of ``CONTENDERS``.
        seed: draws the rows, and is that of the run.
    """
    path = place.predictions(cell, contender, seed)
    path.parent.mkdir(parents=True, exist_ok=True)
    try:
        made = _made(place, cell, contender, seed, path)
        found = {"score": score(path, cell.corpus), **made}
    except Failed as failed:
        found = {"failed": str(failed)}
    found |= {"threads": place.threads, "commit": commit_of(place.checkout(cell, contender))}
    result = place.result(cell, contender, seed)
    result.parent.mkdir(parents=True, exist_ok=True)
    write_text(result, json.dumps(found, indent=1, ensure_ascii=False) + "\n")
    return found


def commit_of(checkout: Path) -> str:
    """The commit of a checkout, with a sign if files were changed."""
    argv = ["git", "describe", "--always", "--dirty=+", "--exclude=*"]
    done = subprocess.run(argv, cwd=checkout, capture_output=True, text=True, check=False)
    return done.stdout.strip() or "unknown"


def _made(place: Place, cell: Cell, contender: str, seed: int, path: Path) -> dict[str, Any]:
    files = files_of(cell, seed, place.data, place.work)
    tags = cell.corpus.task == "ner"
    if contender in ("ftk", "before") or (contender == "tfidf" and tags):
        words = [f"task={cell.corpus.task}", f"model={'bilstm' if contender == 'tfidf' else 'minilm'}"]
        return _ftk(place, cell, contender, [*words, f"data.train={files.train}"], seed, path)
    job = {"corpus": cell.corpus.name, "train": str(files.train), "test": str(files.test), "seed": seed}
    if contender == "trainer":
        return {"rate": RATES[0], **_peer(place, "trainer", {**job, "rate": RATES[0]}, path)}
    if contender == "trainer-rates":
        chosen = _chosen_rate(place, cell)
        if chosen["rate"] == RATES[0] and (result := _default_of(place, cell, seed, path)):
            return {**result, "choosing": chosen}
        return {
            **_peer(place, "trainer", {**job, "rate": chosen["rate"]}, path),
            "rate": chosen["rate"],
            "choosing": chosen,
        }
    return _peer(place, "linear", {**job, "way": contender}, path)


def _default_of(place: Place, cell: Cell, seed: int, path: Path) -> dict[str, Any] | None:
    """What Trainer reached at its default rate, if that is the best and was run already."""
    result, predictions = place.result(cell, "trainer", seed), place.predictions(cell, "trainer", seed)
    if not (result.is_file() and predictions.is_file()):
        return None
    found = json.loads(result.read_text(encoding="utf-8"))
    if "failed" in found:
        return None
    shutil.copyfile(predictions, path)
    return {name: found[name] for name in ("wall", "cpu", "rate")}


def _chosen_rate(place: Place, cell: Cell) -> dict[str, Any]:
    """The rate with the best score on a fifth of the rows of seed 1; of equal ones that with the lowest loss."""
    kept = place.work / "rates" / f"{cell.name}.json"
    if kept.is_file():
        return json.loads(kept.read_text(encoding="utf-8"))
    kept.parent.mkdir(parents=True, exist_ok=True)
    rows = rows_of(files_of(cell, 1, place.data, place.work).train)
    train = drawn(rows, round(_SHARE * len(rows)), 1)
    taken = {id(row) for row in train}
    parts = {"train": train, "test": [row for row in rows if id(row) not in taken]}
    job: dict[str, Any] = {"corpus": cell.corpus.name, "seed": 1}
    for name, part in parts.items():
        file = kept.with_suffix(f".{name}.jsonl")
        write_rows(file, part)
        job[name] = str(file)
    tried = []
    for rate in RATES:
        path = kept.with_suffix(".found.jsonl")
        made = _peer(place, "trainer", {**job, "rate": rate}, path)
        tried.append({"rate": rate, "score": score(path, cell.corpus), **made})
    best = max(tried, key=lambda one: (one["score"], -one["loss"]))
    chosen = {"rate": best["rate"], "cpu": sum(one["cpu"] for one in tried), "tried": tried}
    write_text(kept, json.dumps(chosen, indent=1) + "\n")
    return chosen


def _ftk(place: Place, cell: Cell, contender: str, words: Sequence[str], seed: int, path: Path) -> dict[str, Any]:
    test = place.work / "data" / cell.corpus.name / "test.jsonl"
    run = place.work / f"run-{os.getpid()}"
    shutil.rmtree(run, ignore_errors=True)
    own = [f"data.test={test}", f"run.seed={seed}", f"run.dir={run}"]
    source = place.checkout(cell, contender) / "src"
    try:
        seconds, _ = _timed([sys.executable, "-m", "ftk", "finetune", *words, *own], place, {"PYTHONPATH": str(source)})
        metrics = json.loads((run / "metrics.json").read_text(encoding="utf-8"))
        write_predictions(path, cell.corpus, rows_of(test), predictions_of(run, cell.corpus))
    finally:
        shutil.rmtree(run, ignore_errors=True)
    return {**seconds, "said": metrics["test"][cell.corpus.score]}


def _peer(place: Place, name: str, job: Mapping[str, Any], path: Path) -> dict[str, Any]:
    file = place.work / f"job-{os.getpid()}.json"
    write_text(file, json.dumps({**job, "model": str(place.model), "predictions": str(path)}))
    try:
        path_of = {"PYTHONPATH": os.pathsep.join([str(ROOT), str(ROOT / "src")])}
        seconds, out = _timed([sys.executable, "-m", f"benchmarks.defaults.{name}", str(file)], place, path_of)
    finally:
        file.unlink(missing_ok=True)
    return {**seconds, **json.loads(out.splitlines()[-1])}


def _timed(argv: Sequence[str], place: Place, more: Mapping[str, str]) -> tuple[dict[str, float], str]:
    """Run a command; its seconds on the clock and of the processor, and what it printed.

    Raises:
        Failed: it did.
    """
    threads = {f"{name}_NUM_THREADS": str(place.threads) for name in ("OMP", "MKL", "OPENBLAS")}
    before, began = resource.getrusage(resource.RUSAGE_CHILDREN), time.perf_counter()
    done = subprocess.run(argv, cwd=place.work, env={**os.environ, **threads, **more}, capture_output=True, text=True)
    wall, after = time.perf_counter() - began, resource.getrusage(resource.RUSAGE_CHILDREN)
    if done.returncode:
        raise Failed("\n".join((done.stdout + done.stderr).splitlines()[-5:])[-1000:])
    cpu = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    return {"wall": round(wall, 1), "cpu": round(cpu, 1)}, done.stdout
