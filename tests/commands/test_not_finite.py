"""NaN and infinity in the outputs of a model are no labels, no scores and no answers."""

import json
import math
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from broken_models import changed, of_word
from conftest import TINY, Result, assert_refused, read_jsonl, run_ftk, write_jsonl
from ftk.contracts import finding_kinds as kinds

pytestmark = pytest.mark.torch

WORDS = ("red", "fox", "runs", "home", "blue", "sea", "zulu", "old", "tree")
ROWS = [
    {"text": " ".join(WORDS[(row + step * step) % len(WORDS)] for step in range(2 + row % 4)), "label": "ab"[row % 2]}
    for row in range(24)
]
ONE = [{"text": "red fox"}, {"text": "red zulu fox"}, {"text": "blue sea"}]
"""The second row has the word whose embedding is broken."""


@pytest.fixture(scope="module")
def checkpoint(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A tiny text classifier; each word of the rows is one entry of its vocabulary."""
    folder = tmp_path_factory.mktemp("checkpoint")
    data = write_jsonl(folder / "t.jsonl", ROWS)
    argv = ["task=text-classification", *TINY, f"data.train={data}", f"data.validation={data}", "train.max_steps=2"]
    assert run_ftk("finetune", *argv, f"run.dir={folder / 'run'}") == 0
    return folder / "run" / "best"


def strict(path: str) -> list[dict[str, Any]]:
    """The lines of a file, which must be JSON as its standard has it."""

    def refuse(name: str) -> None:
        raise AssertionError(f"{name} is no JSON")

    return [json.loads(line, parse_constant=refuse) for line in Path(path).read_text(encoding="utf-8").splitlines()]


@pytest.mark.parametrize("value", [math.nan, math.inf, -math.inf])
@pytest.mark.parametrize("precision", ["fp32", "auto"])
def test_a_row_without_finite_numbers_stops_prediction(
    value: float, precision: str, checkpoint: Path, ftk: Callable[..., Result]
) -> None:
    broken = changed(checkpoint, "broken", of_word(checkpoint, "zulu", value))
    argv = (f"checkpoint={broken}", f"input={write_jsonl('in.jsonl', ONE)}", "output=out.jsonl", "hardware=cpu")
    result = ftk("predict", "--json", *argv, f"hardware.precision={precision}")
    assert_refused(result, kinds.NOT_FINITE)
    found = result.found(kinds.NOT_FINITE)
    assert found.places == ["in.jsonl:2"]
    assert "word_embeddings.weight" in found.values["cause"]
    assert "data.bad_rows=keep" in result.texts
    assert not Path("out.jsonl").exists()


def test_kept_rows_have_an_error_instead_of_a_prediction(checkpoint: Path, ftk: Callable[..., Result]) -> None:
    broken = changed(checkpoint, "broken", of_word(checkpoint, "zulu", math.nan))
    rows = write_jsonl("in.jsonl", [{"text": "zulu", "label": "a", "id": 7}, *ONE])
    argv = (f"input={rows}", "hardware=cpu", "hardware.precision=fp32")
    result = ftk("predict", "--json", f"checkpoint={broken}", *argv, "output=out.jsonl", "data.bad_rows=keep")
    assert result.code == 0, result.err
    assert result.count(kinds.NOT_FINITE) == 2
    assert ftk("predict", f"checkpoint={checkpoint}", *argv, "output=whole.jsonl").code == 0
    lost, good, other, last = strict("out.jsonl")
    assert [good, last] == [strict("whole.jsonl")[1], strict("whole.jsonl")[3]]
    assert lost.pop("error").startswith("in.jsonl:1")
    assert lost == {"text": "zulu", "gold_label": "a", "id": 7}
    assert other.keys() == {"text", "error"}


@pytest.mark.parametrize("compiled", [False, True])
def test_the_search_for_the_cause_leaves_no_trace(
    compiled: bool, checkpoint: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    import torch

    import ftk as api
    from ftk.inference import checkpoint as module

    monkeypatch.setattr(torch.nn.Module, "compile", lambda self, **how: None)
    broken = changed(checkpoint, "broken", of_word(checkpoint, "zulu", math.nan))
    model = api.load(broken, "hardware=cpu", "hardware.threads=1", f"hardware.compile={str(compiled).lower()}")
    loads, load = [], module.load_weights

    def counted(*args: Any, **kwargs: Any) -> Any:
        loads.append(args)
        return load(*args, **kwargs)

    monkeypatch.setattr(module, "load_weights", counted)
    torch.manual_seed(7)
    before = torch.random.get_rng_state()
    with pytest.raises(api.DataError):
        model.predict(["red zulu fox"])
    assert torch.equal(torch.random.get_rng_state(), before)
    assert len(loads) == (0 if compiled else 1)  # a compiled model has its own modules, as on a GPU


def test_a_model_that_computes_nothing_is_refused_even_if_rows_are_kept(
    checkpoint: Path, ftk: Callable[..., Result]
) -> None:
    def head(weights: dict[str, Any]) -> None:
        weights["classifier.bias"][0] = math.inf

    argv = (f"checkpoint={changed(checkpoint, 'broken', head)}", f"input={write_jsonl('in.jsonl', ONE)}")
    result = ftk("predict", "--json", *argv, "output=out.jsonl", "hardware=cpu", "data.bad_rows=keep")
    assert_refused(result, kinds.NOT_FINITE, count=3)
    assert "classifier.bias" in result.found(kinds.NOT_FINITE).values["cause"]
    assert "data.bad_rows" not in result.texts


def test_weights_that_overflow_are_told_from_weights_that_are_broken(
    checkpoint: Path, ftk: Callable[..., Result]
) -> None:
    def large(weights: dict[str, Any]) -> None:
        weights["classifier.weight"] = 3e38 * weights["classifier.weight"].sign()

    argv = (f"checkpoint={changed(checkpoint, 'broken', large)}", f"input={write_jsonl('in.jsonl', ONE)}")
    result = ftk("predict", "--json", *argv, "output=out.jsonl", "hardware=cpu", "hardware.precision=fp32")
    assert result.code == 1
    assert "finite" in result.found(kinds.NOT_FINITE).values["cause"]
    assert "classifier" not in result.found(kinds.NOT_FINITE).values["cause"]


def test_weights_that_no_output_shows_are_reported(checkpoint: Path, ftk: Callable[..., Result]) -> None:
    def saturated(weights: dict[str, Any]) -> None:
        weights["bert.encoder.layer.1.output.LayerNorm.weight"][0] = math.inf

    argv = (f"checkpoint={changed(checkpoint, 'broken', saturated)}", f"input={write_jsonl('in.jsonl', ONE)}")
    result = ftk("predict", "--json", *argv, "output=out.jsonl", "hardware=cpu", "hardware.precision=fp32")
    assert result.code == 0, result.err
    [place] = result.found(kinds.BROKEN_WEIGHTS).places
    assert place.startswith("bert.encoder.layer.1.output.LayerNorm.weight: 1 of ")


def test_evaluation_and_validation_name_the_row(checkpoint: Path, ftk: Callable[..., Result]) -> None:
    broken = changed(checkpoint, "broken", of_word(checkpoint, "zulu", math.nan))
    rows = [{**row, "label": "a"} for row in ONE]
    result = ftk("evaluate", "--json", f"checkpoint={broken}", f"data.test={write_jsonl('in.jsonl', rows)}")
    assert_refused(result, kinds.NOT_FINITE)
    assert result.found(kinds.NOT_FINITE).places == ["in.jsonl:2"]
    train = write_jsonl("t.jsonl", [row for row in ROWS if "zulu" not in row["text"]])
    words = (
        "task=text-classification",
        "model=auto",
        f"model.name={broken}",
        "hardware=cpu",
        "run.dir=r",
        "run.overwrite=true",
    )
    for split in ("validation", "test"):
        files = (f"data.train={train}", "data.validation_share=0", f"data.{split}=in.jsonl", "train.max_steps=1")
        result = ftk("finetune", "--json", *words, *files, "optimizer.weight_decay=0", "train.max_grad_norm=null")
        assert_refused(result, kinds.NOT_FINITE)
        assert result.found(kinds.NOT_FINITE).places == ["in.jsonl:2"]
        assert Path("r/best").exists() == (split == "test")


def test_int8_blames_only_the_row_that_is_broken(checkpoint: Path, ftk: Callable[..., Result]) -> None:
    """In int8 the numbers of a batch have one scale, which one row spoils for all."""
    from ftk.kernels.processor import processor

    if not processor().has_int8:
        pytest.skip("this processor computes no int8")
    broken = changed(checkpoint, "broken", of_word(checkpoint, "zulu", math.nan))
    argv = (f"checkpoint={broken}", f"input={write_jsonl('in.jsonl', ONE)}", "output=out.jsonl", "hardware=cpu")
    result = ftk("predict", "--json", *argv, "hardware.precision=int8", "data.bad_rows=keep")
    assert result.code == 0, result.err
    assert ["error" in record for record in read_jsonl("out.jsonl")] == [False, True, False]


def test_training_from_broken_weights_that_no_row_reaches_is_reported(
    checkpoint: Path, ftk: Callable[..., Result]
) -> None:
    broken = changed(checkpoint, "broken", of_word(checkpoint, "zulu", math.nan))
    rows = write_jsonl("train.jsonl", [{"text": "red fox", "label": "a"}, {"text": "blue sea", "label": "b"}])
    argv = ("task=text-classification", "model=auto", f"model.name={broken}", f"data.train={rows}", "train.max_steps=1")
    result = ftk("finetune", "--json", *argv, "data.validation_share=0", "hardware=cpu", "run.dir=from-broken")
    assert result.code == 0, result.texts
    assert result.count(kinds.BROKEN_WEIGHTS) == 1
