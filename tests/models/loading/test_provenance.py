"""``environment.json`` says by their SHA-256 from which weights and tokenizer a run began, and what was scored."""

import hashlib
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from conftest import PLACES, TINY, Result, write_jsonl
from small_models import save_model_folder

pytestmark = [pytest.mark.torch, pytest.mark.slow]
SHORT = (*TINY[1:], "train.max_steps=1", "run.curves=false")


def sha256(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()


def began_from(run: str) -> Any:
    return json.loads(Path(run, "environment.json").read_text())["model"]


def test_what_a_run_began_from_and_what_was_scored(ftk: Callable[..., Result]) -> None:
    folder = save_model_folder(Path("encoder"), "bert")
    rows = write_jsonl(
        "rows.jsonl", [{"text": f"Ada went to {place} .", "label": "ab"[at % 2]} for at, place in enumerate(PLACES)]
    )
    argv = ("task=text-classification", "model=auto", f"model.name={folder}", *SHORT, f"data.train={rows}")
    for run in ("one", "two"):
        result = ftk("finetune", *argv, f"data.validation={rows}", f"run.dir={run}", f"run.seed={len(run)}")
        assert result.code == 0, result.err
    found = began_from("one")
    names = {path.name for path in folder.iterdir()}
    assert found["files"] == {name: sha256(folder / name) for name in names}
    assert {"model.safetensors", "config.json", "tokenizer.json"} <= names
    assert found["tokenizer"] == began_from("two")["tokenizer"]
    assert str(folder) in found["origin"]

    scored = ftk("evaluate", "checkpoint=one/best", f"data.test={rows}", "run.dir=scores", *TINY[2:])
    assert scored.code == 0, scored.err
    best = Path("one/best")
    assert began_from("scores")["files"]["model.safetensors"] == sha256(best / "model.safetensors")
    assert began_from("scores")["files"]["tokenizer.json"] == sha256(best / "tokenizer.json")
    assert sha256(best / "model.safetensors") != found["files"]["model.safetensors"]

    further = ftk("finetune", *argv[:2], "model.name=one/best", *argv[3:], f"data.validation={rows}", "run.dir=further")
    assert further.code == 0, further.err
    assert began_from("further")["files"]["model.safetensors"] == sha256(best / "model.safetensors")
