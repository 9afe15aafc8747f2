"""The length and the rate that a run chooses: said, written down, kept when it resumes; and the rate test."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import yaml

from conftest import TINY, Result, assert_refused, write_jsonl
from ftk.contracts import finding_kinds as kinds
from small_models import save_model_folder

pytestmark = pytest.mark.torch

ROWS = [{"text": f"{word} {n}", "label": word} for n in range(20) for word in ("red", "green", "blue")]
SHORT = ("hardware=cpu", "hardware.threads=1", "run.dir=run")


@pytest.fixture
def argv() -> tuple[str, ...]:
    """A training of pretrained weights, with the length and the rate left open."""
    folder = save_model_folder(Path("model"), "bert")
    data = f"data.train={write_jsonl('rows.jsonl', ROWS)}"
    return ("finetune", "task=text-classification", "model=auto", f"model.name={folder}", data, *SHORT, "--json")


def chosen(folder: str = "run") -> dict[str, Any]:
    found: dict[str, Any] = json.loads(Path(folder, "environment.json").read_text())["chosen"]
    return found


def test_a_run_says_and_keeps_what_it_has_chosen(ftk: Callable[..., Result], argv: tuple[str, ...]) -> None:
    result = ftk(*argv, "run.stop_after=2")
    assert result.code == 0, result.err
    assert result.found(kinds.CHOSEN_LENGTH, epochs=30, rows=54)
    rate = chosen()["optimizer.lr"]
    assert result.found(kinds.CHOSEN_RATE, rate=rate)
    first = chosen()
    more = write_jsonl("more.jsonl", ROWS * 40)
    refused = ftk(*argv, "run.resume=true", "optimizer.lr=find")
    assert refused.code == 1
    resumed = ftk(*argv, f"data.train={more}", "data.duplicates=keep", "run.resume=force", "train.max_steps=3")
    assert resumed.code == 0, resumed.err
    assert resumed.found(kinds.KEPT_RECIPE, key="train.epochs", kept="30")
    assert chosen() == first


@pytest.mark.parametrize(
    ("words", "lr", "open_keys"),
    [
        (("optimizer.lr=1e-3",), 1e-3, {"train.epochs", "train.eval_every", "train.patience"}),
        (("model.default_lr=2e-3", "train.epochs=2", "train.eval_every=4"), 2e-3, {"train.patience", "optimizer.lr"}),
    ],
)
def test_named_values_win(
    ftk: Callable[..., Result], argv: tuple[str, ...], words: tuple[str, ...], lr: float, open_keys: set[str]
) -> None:
    result = ftk(*argv, *words, "train.max_steps=3", "train.log_every=1", "schedule=constant", "schedule.warmup=0")
    assert result.code == 0, result.err
    assert set(chosen()) == open_keys
    events = [json.loads(line) for line in Path("run/metrics.jsonl").read_text().splitlines()]
    assert [event["lr"] for event in events if event["split"] == "train"] == [lr] * 3


def test_random_weights_are_trained_as_ever(ftk: Callable[..., Result], toy: tuple[str, ...]) -> None:
    result = ftk("finetune", *TINY, *toy, "run.dir=run", "--json")
    assert result.code == 0, result.err
    assert result.count(kinds.CHOSEN_LENGTH) == result.count(kinds.CHOSEN_RATE) == 0
    assert chosen() == {
        "train.epochs": 3,
        "train.eval_every": "epoch",
        "train.patience": None,
        "optimizer.lr": 3e-3,
    }


@pytest.mark.slow
def test_a_run_of_a_release_with_one_length_resumes_as_it_began(
    ftk: Callable[..., Result], argv: tuple[str, ...]
) -> None:
    then = ("train.epochs=3", "train.eval_every=epoch", "train.patience=null", "model.default_lr=5e-5")
    assert ftk(*argv, *then, "optimizer.lr=5e-5", "run.dir=unbroken").code == 0
    assert ftk(*argv, *then, "optimizer.lr=5e-5", "run.stop_after=2").code == 0
    path = Path("run/environment.json")
    saved = json.loads(path.read_text())
    del saved["chosen"]
    path.write_text(json.dumps(saved))
    resumed = ftk(*argv, "run.resume=true")
    assert resumed.code == 0, resumed.err
    names = ("best/model.safetensors", "last/model.safetensors", "predictions/validation.jsonl")
    assert all(Path("run", name).read_bytes() == Path("unbroken", name).read_bytes() for name in names)
    refused = ftk(*argv, "run.resume=true", "train.epochs=auto")
    assert refused.code == 1


@pytest.mark.slow
def test_a_found_rate_is_the_only_thing_that_a_rate_test_changes(
    ftk: Callable[..., Result], argv: tuple[str, ...]
) -> None:
    argv = (*argv, "train.max_steps=3")
    found = ftk(*argv, "optimizer.lr=find", "run.dir=found")
    assert found.code == 0, found.err
    rate = chosen("found")["optimizer.lr"]
    assert found.found(kinds.FOUND_RATE, rate=rate)
    assert ftk(*argv, f"optimizer.lr={rate}", "run.dir=named").code == 0
    assert ftk(*argv, "optimizer.lr=find", "run.stop_after=2").code == 0
    resumed = ftk(*argv, "optimizer.lr=find", "run.resume=true")
    assert resumed.code == 0, resumed.err
    assert resumed.count(kinds.FOUND_RATE) == 0
    for name in ("best/model.safetensors", "last/model.safetensors", "last/trainer.safetensors"):
        assert Path("run", name).read_bytes() == Path("found", name).read_bytes() == Path("named", name).read_bytes()
    assert yaml.safe_load(Path("run/config.yaml").read_text())["optimizer"]["lr"] == "find"


@pytest.mark.slow
def test_a_run_that_has_begun_tests_no_rate(ftk: Callable[..., Result], argv: tuple[str, ...]) -> None:
    assert ftk(*argv, "optimizer.lr=1e-3", "run.stop_after=1").code == 0
    assert_refused(ftk(*argv, "optimizer.lr=find", "run.resume=force"), kinds.LATE_RATE_TEST)


@pytest.mark.parametrize(
    "words", [("optimizer.lr=find", "model=tfidf-linear"), ("optimizer.lr=fast",), ("train.patience=1.5",)]
)
def test_what_cannot_be_meant_is_refused(ftk: Callable[..., Result], words: tuple[str, ...]) -> None:
    data = f"data.train={write_jsonl('rows.jsonl', ROWS)}"
    result = ftk("finetune", "task=text-classification", "model=tiny", data, *words, "--json")
    assert_refused(result, words[0])
