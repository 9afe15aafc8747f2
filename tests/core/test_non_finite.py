"""Which rows have numbers that are not finite, and why; and how many rows are in memory together."""

import math
from collections.abc import Callable, Sequence
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

from ftk.contracts.values import Batch, Labels
from ftk.data.batching.features import Features, Ragged

pytestmark = pytest.mark.torch

ROWS = [[2], [3, 300, 4], [5, 6], [70, 8]]


class Products:
    """The Runnable of a model with one weight: the largest product of a row with it."""

    def __init__(self, **spec: Any) -> None:
        from ftk.contracts.spec import PredictorSpec

        self.spec = PredictorSpec(auto_model="", **spec)
        self.seen: list[int] = []

    def collate(self, features: Features, windows: Sequence[int], seed: Any) -> Batch:
        import torch

        ids = [features.columns["input_ids"][window].tolist() for window in windows]
        padded = torch.tensor([[*row, *[0] * (3 - len(row))] for row in ids], dtype=torch.float32)
        return Batch({"numbers": padded.masked_fill(padded == 70, math.nan)}, {}, windows, len(windows), 1)

    def forward(self, model: Any, batch: Batch) -> Any:
        return model(batch.inputs["numbers"][..., None])[..., 0].float().amax(-1)

    def to_numpy(self, outputs: Any, features: Features, batch: Batch) -> list[Any]:
        return list(outputs[:, None].numpy())

    def decode(self, examples: Sequence[Any], outputs: Any, labels: Any) -> list[float]:
        self.seen.append(len(examples))
        return [float(outputs.of(row)[0][0]) for row in range(len(examples))]


def features_of(rows: Sequence[Sequence[int]]) -> Features:
    ids = Ragged.of([np.array(row, dtype=np.int32) for row in rows])
    return Features({"input_ids": ids}, np.arange(len(rows)), 0)


def runner_of(runnable: Any, weight: float, precision: str, labels: int = 2) -> Any:
    import torch

    from ftk.config.choices import Precision
    from ftk.core.evaluate import Runner
    from ftk.core.hardware import Hardware

    model = torch.nn.Linear(1, 1, bias=False)
    model.weight.data.fill_(weight)
    return Runner(
        model=model,
        runnable=runnable,
        labels=Labels(tuple(map(str, range(labels)))),
        hardware=Hardware(torch.device("cpu"), Precision(precision), ""),
        batch_tokens=100,
        poll=lambda: None,
    )


def test_a_model_that_computes_in_fp32_does_not_overflow_in_bf16() -> None:
    from dataclasses import replace

    runner = runner_of(Products(), 2e38, "bf16")
    runner = replace(runner, hardware=replace(runner.hardware, in_fp32=True))
    cause = runner.single(features_of(ROWS[:1])).cause(0)
    assert "fp32" in cause.text
    assert "bf16" not in cause.text


EXAMPLES = [SimpleNamespace(row=SimpleNamespace(where=f"in.jsonl:{line}")) for line in range(1, 5)]


@pytest.mark.parametrize(
    ("weight", "precision", "rows", "lost", "says", "way_out"),
    [
        (400.0, "fp16", 3, {"in.jsonl:2"}, "fp16", "hardware.precision=fp32 "),
        (400.0, "fp32", 3, set(), "", ""),
        (2e38, "bf16", 3, {"in.jsonl:1", "in.jsonl:2", "in.jsonl:3"}, "in bf16, and in fp32", "another model folder"),
        (2e38, "fp32", 3, {"in.jsonl:1", "in.jsonl:2", "in.jsonl:3"}, "in fp32", "another model folder"),
        (math.nan, "fp32", 1, {"in.jsonl:1"}, "weight (1 of 1)", "another model folder"),
        (-math.inf, "bf16", 1, {"in.jsonl:1"}, "weight (1 of 1)", "another model folder"),
        (1.0, "fp32", 4, {"in.jsonl:4"}, "numbers", "preprocessor_config.json"),
    ],
)
def test_the_rows_and_the_cause_are_named(
    weight: float, precision: str, rows: int, lost: set[str], says: str, way_out: str
) -> None:
    from ftk.core.non_finite import NotFinite, NotFiniteError

    runner, features, examples = runner_of(Products(), weight, precision), features_of(ROWS[:rows]), EXAMPLES[:rows]
    found = dict(enumerate(one for _, one in runner.predictions(examples, features, keep=True)))
    stand_ins = [one for one in found.values() if isinstance(one, NotFinite)]
    assert {one.where for one in stand_ins} == lost
    assert all(math.isfinite(one) for one in found.values() if not isinstance(one, NotFinite))
    if not lost:
        return
    assert says in stand_ins[0].cause.text
    assert way_out in stand_ins[0].cause.way_out
    with pytest.raises(NotFiniteError) as caught:
        list(runner.predictions(examples, features))
    assert caught.value.others == (len(lost) < rows)
    [finding] = caught.value.findings
    assert set(finding.places) == lost


@pytest.mark.parametrize(
    ("labels", "each_token", "parts"),
    [(1000, False, [200]), (1000, True, [200]), (2000, False, [200]), (400_000, False, [83, 83, 34]),
     (400_000, True, [28] * 7 + [4]), (10**8, False, [1] * 200)],
)  # fmt: skip
def test_rows_with_very_many_outputs_are_held_in_parts(labels: int, each_token: bool, parts: list[int]) -> None:
    runnable = Products(labels_each_token=each_token)
    runner, features = runner_of(runnable, 1.0, "fp32"), features_of([[1, 2, 3]] * 200)
    object.__setattr__(runner, "labels", SimpleNamespace(names=range(labels)))
    examples = [SimpleNamespace(row=SimpleNamespace(where=str(row))) for row in range(200)]
    assert [one for _, one in runner.predictions(examples, features)] == [3.0] * 200
    assert sum(runnable.seen) == 200
    if each_token and labels > 1000:
        assert max(runnable.seen) * 3 * labels <= 2**25
    else:
        assert runnable.seen == parts


def test_beams_whose_scores_are_not_finite_are_found_by_row() -> None:
    import torch

    from ftk.models.forward.generation import _FiniteScores

    check = _FiniteScores(3)
    scores = torch.zeros(6, 4)
    scores[:, 0] = -math.inf  # a token that a setting forbids
    assert torch.equal(check(torch.zeros(6, 1), scores), scores)
    scores[3, 1] = math.nan
    assert check(torch.zeros(6, 1), scores).isnan().sum() == 0
    check(torch.zeros(6, 1), torch.zeros(6, 4))
    assert check.finite() == [True, False, True]


def metrics_of(make: Callable[[], dict[str, Any]]) -> dict[str, Any]:
    from ftk.contracts.task_checks import checked_scores

    task: Any = SimpleNamespace(spec=SimpleNamespace(score="f1"))
    return checked_scores(task, SimpleNamespace(compute=make), needed=True)


def test_scores_that_do_not_exist_are_none() -> None:
    found = metrics_of(
        lambda: {"f1": np.float32("nan"), "loss": math.inf, "r2": -math.inf, "per_label": {"a": {"f1": np.nan}}}
    )
    assert found == {"f1": None, "loss": math.inf, "r2": None, "per_label": {"a": {"f1": None}}}
