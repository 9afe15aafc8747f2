"""``run.verify_resume=true`` checks that stopping and resuming gives the same bytes as an uninterrupted run."""

import json
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

from ftk.config.invocation import Invocation
from ftk.config.schema import TrainingRunConfig
from ftk.config.spelling.writing import as_word, command, words_of
from ftk.errors import RunError
from ftk.models.loading.verified_folder import MANIFEST
from ftk.report.console import Console

_STOP, _END = 4, 8
"""The step at which one run stops, and the step at which both are compared."""
_NOT_COMPARED = (MANIFEST, "trainer.json")
"""Files that contain times; everything else in the second one is compared."""
_TIMES = ("seconds", "elapsed", "first_step", "save_marks")


def verify_resume(invocation: Invocation, run: TrainingRunConfig, console: Console) -> None:
    """Check with the user's own config that a stop changes nothing: three short processes in a temporary folder.

    Args:
        invocation: the run that is about to begin.
        run: its section of the config.
        console: shows what was compared.

    Raises:
        RunError: the bytes differ, or one of the processes failed.
    """
    with tempfile.TemporaryDirectory(prefix="ftk-verify-resume-") as name:
        whole, stopped = Path(name, "whole"), Path(name, "stopped")
        console.say(f"run.verify_resume: three processes train {_END}, {_STOP} and {_END - _STOP} steps first")
        _run(invocation, run, whole, f"run.stop_after={_END}")
        _run(invocation, run, stopped, f"run.stop_after={_STOP}")
        if _step(whole) <= _STOP:
            steps = _step(whole)
            console.warn(f"run.verify_resume: {steps} steps are too few to stop at step {_STOP}; nothing was checked")
            return
        _run(invocation, run, stopped, f"run.stop_after={_END}", "run.resume=true")
        one, other = _contents(whole), _contents(stopped)
        differing = sorted(name for name in one.keys() | other.keys() if one.get(name) != other.get(name))
        if differing:
            raise RunError(
                f"run.verify_resume: stopped after step {_STOP} and resumed, the run differs at step {_step(whole)}: "
                f"{', '.join(differing)}. Everything random in this config (a task, an objective or an optimizer of "
                "your own?) must be a function of run.seed and the step."
            )
        console.say(
            f"resume verified: stopped after step {_STOP} and resumed in a new process, weights, optimizer, progress "
            f"and metrics at step {_step(whole)} are the same bytes as without a stop"
        )


def continued(invocation: Invocation, run: TrainingRunConfig, *words: str) -> str:
    """The command line of a run with other settings of its folder; those that configs set are overridden."""
    own = {"run.dir", "run.resume", "run.overwrite", "run.stop_after", "run.verify_resume"}
    own -= {word.partition("=")[0] for word in words}
    usual = {"run.overwrite": run.overwrite, "run.verify_resume": run.verify_resume, "run.stop_after": run.stop_after}
    in_configs = [key for key in own & usual.keys() if usual[key] and not invocation.sets(key)]
    back = [f"{key}={'null' if key == 'run.stop_after' else 'false'}" for key in sorted(in_configs)]
    without = (*own, *(word.partition("=")[0] for word in words))
    return invocation.command_line(without=without, extra=(*back, *words))


def _run(invocation: Invocation, run: TrainingRunConfig, folder: Path, *words: str) -> None:
    line = words_of(continued(invocation, run, f"run.dir={as_word(folder)}", "run.keep=state", "tracker=null", *words))
    done = subprocess.run([sys.executable, "-m", *line], capture_output=True, text=True, check=False)
    if done.returncode:
        last = done.stderr.strip().splitlines()[-1:] or [f"exit code {done.returncode}"]
        raise RunError(f"run.verify_resume: one of its processes failed ({last[0]}): {command(line)}")


def _step(folder: Path) -> int:
    return int(json.loads((folder / "last" / MANIFEST).read_text(encoding="utf-8"))["step"])


def _contents(folder: Path) -> dict[str, Any]:
    """Everything that must be equal: SHA-256 of files, and progress and metrics without times."""
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
    events = [json.loads(line, parse_constant=str) for line in lines]  # NaN, which is not equal to itself
    found["metrics.jsonl"] = [{key: value for key, value in one.items() if key not in _TIMES} for one in events]
    return found
