"""How long it takes until something happens: help, a config error, the first optimizer step."""

from __future__ import annotations

import subprocess
import sys
import time
from collections.abc import Callable

from benchmarks.speed.page import Measured, Section, table
from benchmarks.speed.pairs import Ratio, interval
from benchmarks.speed.settings import Settings

_REPEATS = 5
_HELP, _ERROR, _STEP = "`ftk --help`", "a config error", "the first optimizer step of `ftk finetune`"
_IMPORTS, _CLASSES = "`import torch, transformers`", "the same, and the Auto classes"
_LIBRARIES = "import torch, transformers"
_AUTO = f"{_LIBRARIES}; from transformers import AutoConfig, AutoModelForTokenClassification, AutoTokenizer"


def run(settings: Settings) -> list[Section]:
    """The one section."""
    ftk = [sys.executable, "-m", "ftk"]
    measures: dict[str, Callable[[], float]] = {
        _HELP: lambda: _whole(settings, [*ftk, "--help"], 0),
        _ERROR: lambda: _whole(settings, [*ftk, "finetune", "task=ner", "optimizer.lrr=1e-4", "model=nothing"], 1),
        _IMPORTS: lambda: _whole(settings, [sys.executable, "-c", _LIBRARIES], 0),
        _CLASSES: lambda: _whole(settings, [sys.executable, "-c", _AUTO], 0),
        _STEP: lambda: _first_step(settings, [*ftk, *_words(settings)]),
    }
    seconds: dict[str, list[float]] = {name: [] for name in measures}
    repeats = 2 if settings.quick else max(_REPEATS, settings.pairs)
    for done in range(-1, repeats):  # the first one fills the caches of the system
        for name, measure in measures.items():
            value = measure()
            if done >= 0:
                seconds[name].append(value)
        settings.say(f"start: round {done + 1} of {repeats}")
    found = {name: interval(values) for name, values in seconds.items()}
    behind = interval([step - imports for step, imports in zip(seconds[_STEP], seconds[_CLASSES], strict=True)])
    text = [
        f"Whole processes from their start to their end, {repeats} each, taking turns, caches warm. The first "
        "optimizer step: from the start of the process to the line that tells of it, on 64 rows of WNUT-17.",
        table(["", "seconds"], [[name, _seconds(value)] for name, value in found.items()]),
    ]
    measured = [
        Measured("start-help", _seconds(found[_HELP]), found[_HELP].median <= 0.1),
        Measured("start-error", _seconds(found[_ERROR]), found[_ERROR].median <= 0.5),
        Measured("start-step", f"{_seconds(behind)} more than {found[_CLASSES].median:.2f} s", behind.median <= 2),
    ]
    return [Section(title="Start", text=text, measured=measured, raw={"seconds": seconds})]


def _seconds(value: Ratio) -> str:
    return f"{value.median:.2f} s ({value.low:.2f} to {value.high:.2f})"


def _words(settings: Settings) -> list[str]:
    train = settings.corpus("ner_wnut17", "train.conll")
    return [
        "finetune",
        "task=ner",
        "model=auto",
        f"model.name={settings.encoder}",
        f"data.train={train}",
        "data.limit=64",
        "data.cut=simple",
        "train.epochs=100",
        "train.log_every=1",
        f"run.dir={settings.work / 'start'}",
        "run.overwrite=true",
    ]


def _whole(settings: Settings, argv: list[str], code: int) -> float:
    began = time.perf_counter()
    done = subprocess.run(argv, capture_output=True, text=True, check=False, env=settings.environment())
    seconds = time.perf_counter() - began
    if done.returncode != code:
        raise SystemExit(f"{' '.join(argv)}: exit code {done.returncode}\n{done.stdout[-2000:]}\n{done.stderr[-2000:]}")
    return seconds


def _first_step(settings: Settings, argv: list[str]) -> float:
    began = time.perf_counter()
    process = subprocess.Popen(
        argv, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, env=settings.environment()
    )
    assert process.stdout is not None
    told = []
    seconds = None
    for line in process.stdout:
        told.append(line)
        if line.startswith("step 1/"):
            seconds = time.perf_counter() - began
            break
    process.kill()
    process.wait()
    process.stdout.close()
    if seconds is None:
        raise SystemExit(f"{' '.join(argv)} ended before its first step:\n{''.join(told[-20:])}")
    return seconds
