"""The curves of a run: drawn from whatever its metrics.jsonl holds."""

import struct
from pathlib import Path
from typing import Any

import pytest

from conftest import write_jsonl
from ftk.contracts.score import Score
from ftk.report.curves import plot_curves


def train(step: int, **changes: Any) -> dict[str, Any]:
    event = {
        "step": step,
        "split": "train",
        "loss": 3.0 / step,
        "lr": 1e-3,
        "tokens": 100 * step,
        "seconds": 0.5 * step,
    }
    return {**event, "grad_norm": 1.0, **changes}


def validation(step: int, **scores: Any) -> dict[str, Any]:
    return {"step": step, "split": "validation", "loss": 2.0 / step, **scores}


@pytest.mark.parametrize(
    ("events", "score"),
    [
        ([train(1), train(2), validation(2, accuracy=0.5, perplexity=7.0)], "loss"),
        ([train(1), train(2), validation(2, f1=0.5, labels={"PER": {"f1": 0.5}})], "f1"),
        ([train(1)], "loss"),
        ([train(1), validation(1, perplexity=float("inf"))], "loss"),
        ([train(1), train(2, seconds=0.5), train(3, seconds=0.4)], "loss"),
    ],
    ids=["pretraining", "finetuning", "without validation", "infinite", "clock that stands"],
)
@pytest.mark.slow
def test_a_png_is_drawn(tmp_path: Path, events: list[dict[str, Any]], score: str) -> None:
    picture = tmp_path / "curves.png"
    plot_curves(Path(write_jsonl(tmp_path / "metrics.jsonl", events)), picture, Score(score, True))
    content = picture.read_bytes()
    assert content.startswith(b"\x89PNG\r\n\x1a\n")
    width, height = struct.unpack(">II", content[16:24])
    assert width > height > 400
    assert sorted(path.name for path in tmp_path.iterdir()) == ["curves.png", "metrics.jsonl"]


def test_nothing_is_drawn_of_a_run_without_steps(tmp_path: Path) -> None:
    plot_curves(Path(write_jsonl(tmp_path / "metrics.jsonl", [])), tmp_path / "curves.png", Score("loss", False))
    assert not (tmp_path / "curves.png").exists()


def test_an_older_picture_is_replaced(tmp_path: Path) -> None:
    picture = tmp_path / "curves.png"
    picture.write_bytes(b"old")
    plot_curves(Path(write_jsonl(tmp_path / "metrics.jsonl", [train(1)])), picture, Score("loss", False))
    assert picture.read_bytes() != b"old"
