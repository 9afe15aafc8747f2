"""The built wheel, installed in another folder, carries its configs and its demo corpus."""

import os
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

pytestmark = [pytest.mark.torch, pytest.mark.wheel]
ROOT = Path(__file__).resolve().parents[1]


@pytest.mark.slow
def test_the_wheel_works_far_from_the_checkout(tmp_path: Path) -> None:
    build = [sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", str(tmp_path / "dist")]
    subprocess.run(build, cwd=ROOT, check=True, capture_output=True)
    [wheel] = (tmp_path / "dist").glob("*.whl")
    installed = tmp_path / "site"
    with zipfile.ZipFile(wheel) as archive:
        archive.extractall(installed)
        names = archive.namelist()
    shipped = {path.relative_to(ROOT / "configs").as_posix() for path in (ROOT / "configs").rglob("*.yaml")}
    assert {name.removeprefix("ftk/configs/") for name in names if name.startswith("ftk/configs/")} == shipped
    drawing = "ftk/demo/image-classification/images/train-disc-01.png"
    assert {"ftk/demo/ner/train.jsonl", drawing, "ftk/py.typed"} <= set(names)
    away = tmp_path / "away"
    away.mkdir()
    # -P and an empty path: neither this folder nor the checkout may answer for the wheel.
    where = "import ftk, sys; print(ftk.__file__); from ftk.cli import run; sys.exit(run(sys.argv[1:]))"
    argv = ["finetune", "model=tiny", "debug=one-step", "run.dir=run", "hardware.threads=1"]
    environment = {**os.environ, "PYTHONPATH": str(installed)}
    done = subprocess.run(
        [sys.executable, "-P", "-c", where, *argv],
        cwd=away,
        env=environment,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert done.stdout.startswith(str(installed))
    assert (away / "run" / "best" / "model.safetensors").exists()
