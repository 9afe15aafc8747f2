"""``run.verify_resume=true``: the user's own config, stopped and gone on with, against the same without a stop."""

import json
import shlex
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

from ftk.config.compose import Invocation
from ftk.errors import RunError
from ftk.models.folder import MANIFEST
from ftk.report.console import Console

_STOP, _END = 4, 8
"""Steps after which the one run is stopped, and after which both are compared."""
_NOT_COMPARED = (MANIFEST, "trainer.json")
"""Files with times in them; of the latter all else is compared."""
_TIMES = ("seconds", "elapsed", "first_step", "save_marks")


def verify_resume(invocation: Invocation, console: Console) -> None:
    """Prove that stopping changes nothing: three short processes in a folder for the purpose, which is removed.

    Args:
        invocation: the run that is about to begin.
        console: is told what was compared.

    Raises:
        RunError: the bytes differ, or one of the processes failed.
    """
    with tempfile.TemporaryDirectory(prefix="ftk-verify-resume-") as name:
        whole, stopped = Path(name, "whole"), Path(name, "stopped")
        _run(invocation, whole, f"run.stop_after={_END}")
        _run(invocation, stopped, f"run.stop_after={_STOP}")
        at = _step(stopped)
        if at < _STOP:
            console.warn(f"run.verify_resume: the run has {at} steps, too few to stop in between; nothing was proved")
            return
        _run(invocation, stopped, f"run.stop_after={_END}", "run.resume=true")
        differing = [name for name, facts in _contents(whole).items() if _contents(stopped).get(name) != facts]
        if differing:
            raise RunError(
                f"run.verify_resume: stopped after step {_STOP} and gone on with, the run is another one at step "
                f"{_step(whole)}: {', '.join(differing)} differ. What is random or depends on the machine's load in "
                "this config (a task or an optimizer of your own?) must be a function of run.seed and the step."
            )
        console.say(
            f"resume verified: stopped after step {_STOP} and gone on with in a new process, weights, optimizer, "
            f"progress and metrics at step {_step(whole)} are the same bytes as without a stop"
        )


def _run(invocation: Invocation, folder: Path, *words: str) -> None:
    without = ("run.dir", "run.resume", "run.overwrite", "run.stop_after", "run.verify_resume")
    line = shlex.split(invocation.command_line(without=without, extra=(f"run.dir={folder}", *words)))
    done = subprocess.run([sys.executable, "-m", *line], capture_output=True, text=True, check=False)
    if done.returncode:
        last = done.stderr.strip().splitlines()[-1:] or [f"exit code {done.returncode}"]
        raise RunError(f"run.verify_resume: a part of the trial failed ({last[0]}). It was: {shlex.join(line)}")


def _step(folder: Path) -> int:
    return int(json.loads((folder / "last" / MANIFEST).read_text(encoding="utf-8"))["step"])


def _contents(folder: Path) -> dict[str, Any]:
    """What must be equal: files by their SHA-256, progress and metrics without their times."""
    manifest = json.loads((folder / "last" / MANIFEST).read_text(encoding="utf-8"))
    found: dict[str, Any] = {
        f"last/{name}": facts for name, facts in manifest["files"].items() if name not in _NOT_COMPARED
    }
    numbers = json.loads((folder / "last" / "trainer.json").read_text(encoding="utf-8"))
    progress = numbers.pop("progress")
    for key, values in {**numbers, **progress}.items():
        if key not in _TIMES:
            found[f"last/trainer.json, {key}"] = values
    metrics = folder / "metrics.jsonl"
    lines = metrics.read_text(encoding="utf-8").splitlines() if metrics.exists() else []
    events = [json.loads(line) for line in lines]
    found["metrics.jsonl"] = [{key: value for key, value in one.items() if key not in _TIMES} for one in events]
    return found
