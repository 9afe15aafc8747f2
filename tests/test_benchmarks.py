"""The tools beside ftk that reach into it."""

import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
TINY = ("task=ner", "model=tiny", "hardware=cpu", "hardware.threads=1")


@pytest.mark.slow
@pytest.mark.torch
def test_the_profile_of_a_training_names_where_its_time_goes() -> None:
    argv = [sys.executable, "-m", "benchmarks.profile_steps", "--steps=2", "--warmup=1", "finetune", *TINY]
    done = subprocess.run(argv, cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert "matrix products" in done.stdout
