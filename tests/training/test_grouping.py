"""Which rows share a step: chosen when a run begins, kept when it goes on, and a named value wins."""

import json
from collections.abc import Callable
from pathlib import Path

import pytest

from conftest import TINY, Result, write_jsonl
from ftk.models.loading.verified_folder import write_manifest

pytestmark = pytest.mark.torch

ROWS = [
    {"text": " ".join(["fox", "sea"][row % 2] for _ in range(row % 7 + 1)), "label": "ab"[row % 2]} for row in range(40)
]
FILES = ("last/model.safetensors", "last/trainer.safetensors")


@pytest.fixture
def argv(ftk: Callable[..., Result]) -> tuple[str, ...]:
    """A training of weights that were trained before."""
    data = f"data.train={write_jsonl('rows.jsonl', ROWS)}"
    words = ("finetune", "task=text-classification", data, "train.eval_every=2", "train.batch_size=8")
    assert ftk(*words, *TINY, "train.max_steps=1", "run.dir=first").code == 0
    assert grouping("first") == "length"
    return (*words, "model=auto", "model.name=first/best", "train.max_steps=6")


def grouping(run: str) -> str:
    return str(json.loads(Path(run, "last/ftk.json").read_text())["grouping"])


def same(one: str, other: str) -> bool:
    return all(Path(one, name).read_bytes() == Path(other, name).read_bytes() for name in FILES)


@pytest.mark.slow
def test_trained_weights_get_random_batches_and_a_resumed_run_goes_on_with_them(
    ftk: Callable[..., Result], argv: tuple[str, ...]
) -> None:
    assert ftk(*argv, "run.dir=whole").code == 0
    assert grouping("whole") == "none"
    assert ftk(*argv, "run.dir=halves", "run.stop_after=3").code == 0
    assert ftk(*argv, "run.dir=halves", "run.resume=true").code == 0
    assert same("whole", "halves")
    assert ftk(*argv, "run.dir=grouped", "train.grouping=length").code == 0
    assert grouping("grouped") == "length"
    assert not same("whole", "grouped")
    other = ftk(*argv, "run.dir=halves", "run.resume=true", "train.grouping=length")
    assert other.code == 1
    assert "train.grouping" in other.err


@pytest.mark.slow
def test_a_run_of_an_earlier_release_goes_on_grouped_by_length(
    ftk: Callable[..., Result], argv: tuple[str, ...]
) -> None:
    assert ftk(*argv, "run.dir=whole", "train.grouping=length").code == 0
    assert ftk(*argv, "run.dir=halves", "train.grouping=length", "run.stop_after=3").code == 0
    config = Path("halves/config.yaml")
    config.write_text("".join(line for line in config.read_text().splitlines(True) if "grouping:" not in line))
    manifest = json.loads(Path("halves/last/ftk.json").read_text())
    for name in ("grouping", "check", "files"):
        del manifest[name]
    Path("halves/last/ftk.json").unlink()
    write_manifest(Path("halves/last"), manifest)
    resumed = ftk(*argv, "run.dir=halves", "run.resume=true")
    assert resumed.code == 0, resumed.err
    assert same("whole", "halves")
    assert grouping("halves") == "length"
