"""``ftk evaluate`` in int8 says what that costs on the same rows."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from conftest import Result, write_jsonl
from ftk.contracts import finding_kinds as kinds
from small_models import WORDS, save_model_folder

pytestmark = pytest.mark.torch

CPU = ("hardware=cpu", "hardware.threads=1")


@pytest.fixture(autouse=True)
def _needs_int8() -> None:
    from ftk.kernels.processor import processor

    if not processor().has_int8:
        pytest.skip("this processor has neither VNNI nor AMX")


def with_outliers(folder: Path, channels: int, factor: float) -> None:
    """Give some channels of each value layer large activations, and the layer after it small weights for them."""
    from safetensors.torch import load_file, save_file

    weights = load_file(folder / "model.safetensors")
    for layer in range(2):
        name = f"bert.encoder.layer.{layer}.attention"
        for end in ("weight", "bias"):
            weights[f"{name}.self.value.{end}"][:channels] *= factor
        weights[f"{name}.output.dense.weight"][:, :channels] /= factor
    save_file(weights, folder / "model.safetensors", metadata={"format": "pt"})


def test_int8_is_held_against_bf16_on_the_same_rows(ftk: Callable[..., Result]) -> None:
    save_model_folder(Path("m"), "bert", "AutoModelForSequenceClassification", id2label={0: "a", 1: "b"})
    with_outliers(Path("m"), 2, 1e4)
    texts = [f"{one} {other}" for one in WORDS for other in WORDS[:4]]
    write_jsonl("t.jsonl", ({"text": text, "label": "ab"[number % 2]} for number, text in enumerate(texts)))
    argv = ("evaluate", "--json", "checkpoint=m", "task=text-classification", "data.test=t.jsonl", *CPU)
    result = ftk(*argv, "hardware.precision=int8", "run.dir=int8")
    assert result.code == 0, result.err
    plain = ftk(*argv, "hardware.precision=auto", "run.dir=plain")
    assert plain.code == plain.count(kinds.QUANTIZATION_COST) == 0

    def written(run: str) -> dict[str, Any]:
        found: dict[str, Any] = json.loads(Path(run, "metrics.json").read_text())
        return found

    other = result.found(kinds.QUANTIZATION_COST).values["other"]
    compared, alone = written("int8"), written("plain")["test"]
    assert "int8" not in written("plain")
    assert {"loss", "accuracy", "f1_macro"} <= compared["int8"].keys()
    for name, values in compared["int8"].items():
        assert values["int8"] == compared["test"][name]
        assert values[other] == alone[name]
        assert values["difference"] == values["int8"] - values[other]
    tables = [event for event in result.events if event["type"] == "table"]
    [table] = [one for one in tables if "difference" in one["rows"][0]]
    assert [row["score"] for row in table["rows"]] == list(compared["int8"])
    assert Path("int8/log.txt").read_text().count("difference") == 1


def test_each_kind_of_metrics_is_compared(ftk: Callable[..., Result]) -> None:
    save_model_folder(Path("m"), "bert")
    write_jsonl("t.jsonl", [{"query": "Ada", "candidates": WORDS, "labels": [1] + [0] * (len(WORDS) - 1)}] * 3)
    argv = ("evaluate", "--json", "checkpoint=m", "task=ranking", "data.test=t.jsonl", *CPU, "run.dir=scores")
    result = ftk(*argv, "hardware.precision=int8")
    assert result.code == 0, result.err
    assert result.found(kinds.QUANTIZATION_COST).values["metric"] == "mrr"
    assert json.loads(Path("scores/metrics.json").read_text())["int8"].keys() >= {"mrr", "ndcg@10"}
