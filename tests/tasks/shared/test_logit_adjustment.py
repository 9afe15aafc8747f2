"""Logit adjustment: the loss of Menon et al. 2021, shares of the training rows, and what is refused beside it."""

import json
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

from conftest import write_jsonl
from ftk.contracts.notes import Notes
from ftk.contracts.saved_head import SavedHead
from ftk.contracts.values import Batch
from ftk.errors import ConfigError
from ftk.tasks import build_task
from ftk.tasks.shared.class_weights import ClassWeights, Sampling
from ftk.tasks.shared.single_label import SingleLabel, settle_priors

pytestmark = pytest.mark.torch
PRIORS = [["a", 0.7], ["b", 0.2], ["c", 0.1]]
ROWS = [{"text": f"word{number % 3} word", "label": "common" if number % 8 else "rare"} for number in range(48)]


def settings(**changed: Any) -> SingleLabel:
    values: dict[str, Any] = {"label_names": None, "sampling": Sampling.natural, "logit_adjustment": 1.0, **changed}
    return SingleLabel(values.pop("weights", ClassWeights(None, 0.0, 0.0)), **values)


@pytest.mark.parametrize("strength", [0.0, 0.5, 1.0])
def test_the_loss_is_that_of_the_paper(strength: float) -> None:
    import torch

    logits = torch.randn(5, 3, generator=torch.Generator().manual_seed(0))
    label = torch.tensor([0, 2, 1, 0, -1])
    batch = Batch({}, {"label": label}, range(5), count=4, tokens=0)
    found = settings(logit_adjustment=strength, priors=PRIORS).loss(logits, batch)
    shares = np.array([share for _, share in PRIORS])
    expected = 0.0
    for row, right in zip(logits.double().numpy(), label.tolist(), strict=True):
        if right >= 0:  # equation 10: log(1 + sum of (share of other / share of right)^strength * e^(other - right))
            others = [name for name in range(3) if name != right]
            odds = [(shares[one] / shares[right]) ** strength * np.exp(row[one] - row[right]) for one in others]
            expected += np.log1p(sum(odds))
    assert found.sum.item() == pytest.approx(expected, rel=1e-5)
    assert found.count == 4


def test_shares_are_those_of_the_rows_that_are_drawn() -> None:
    examples = [
        SimpleNamespace(target=name, weight=weight) for name, weight in [("b", 1), ("a", 2), ("b", 1), ("c", 4)]
    ]
    assert settings().learned(examples)["priors"] == [["a", 0.25], ["b", 0.25], ["c", 0.5]]
    named = settings(label_names=["a", "b", "c", "d"]).learned(examples)["priors"]
    assert dict(named)["d"] == pytest.approx(1 / 9)  # without a row: as if it had one
    assert "priors" not in settings(logit_adjustment=0.0).learned(examples)


def test_shares_follow_the_outputs_of_a_model_that_has_these_labels() -> None:
    task = build_task({**shipped(), "logit_adjustment": 1.0, "priors": PRIORS})
    head = SavedHead(architecture=None, auto_model=None, names=("c", "a", "b"))
    settled = settle_priors(task, head, Notes())
    assert [name for name, _ in settled.priors] == ["c", "a", "b"]
    assert dict(settled.priors) == dict(PRIORS)
    assert settle_priors(task, None, Notes()).priors == PRIORS


def shipped() -> dict[str, Any]:
    from ftk.config.paths import values_of

    return values_of("task/text-classification")


@pytest.mark.parametrize(
    "changed", [{"logit_adjustment": -1.0}, {"sampling": "balanced"}, {"class_weights": "balanced"}], ids=str
)
def test_what_would_correct_twice_or_the_wrong_way_is_refused(changed: dict[str, Any]) -> None:
    with pytest.raises(ConfigError, match="logit_adjustment"):
        build_task({**shipped(), "logit_adjustment": 1.0, **changed})


@pytest.mark.slow
def test_a_run_keeps_the_shares_with_its_model_and_scores_as_in_training(ftk) -> None:
    data = f"data.train={write_jsonl('rows.jsonl', ROWS)}"
    argv = ("task=text-classification", "model=cnn", data, "data.validation=rows.jsonl", "data.duplicates=keep")
    more = ("hardware=cpu", "train.max_steps=6", "train.batch_size=16", "run.curves=false", "run.dir=run")
    result = ftk("finetune", *argv, *more, "task.logit_adjustment=1", "run.stop_after=3")
    assert result.code == 0, result.err
    result = ftk("finetune", *argv, *more, "task.logit_adjustment=1", "run.resume=true")
    assert result.code == 0, result.err
    result = ftk("finetune", *argv, *more, "task.logit_adjustment=1", "run.dir=whole")
    assert result.code == 0, result.err
    first, other = (Path(name, "best", "model.safetensors").read_bytes() for name in ("run", "whole"))
    assert first == other
    fields = json.loads(Path("run/best/ftk.json").read_text())["task"]["fields"]
    assert dict(fields["priors"]) == {"common": pytest.approx(42 / 48), "rare": pytest.approx(6 / 48)}
    result = ftk("evaluate", "checkpoint=run/best", "data.test=rows.jsonl", "hardware=cpu", "run.dir=scored")
    assert result.code == 0, result.err
    then, now = (json.loads(Path(name, "metrics.json").read_text()) for name in ("run", "scored"))
    assert now["test"]["loss"] == pytest.approx(then["validation"]["loss"], rel=1e-5)
    result = ftk("finetune", *argv, *more, "task.priors=[[common,0.5]]", "run.dir=set")
    assert result.code == 1
    assert "task.priors" in result.err
    result = ftk("finetune", "task=multi-label", data, "task.logit_adjustment=1", "run.dir=several")
    assert result.code == 1
    assert "task.logit_adjustment" in result.err
