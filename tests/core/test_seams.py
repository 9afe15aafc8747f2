"""What plugs into the core without a change of it: an objective, a stateful part, a publisher, ranks."""

import json
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from types import SimpleNamespace
from typing import Any, ClassVar

import numpy as np
import pytest

from conftest import TINY, Result, write_lines
from ftk.contracts.score import Score
from ftk.contracts.spec import TaskSpec

pytestmark = pytest.mark.torch

RUN = (
    *TINY,
    "train.batch_size=8",
    "train.epochs=null",
    "train.max_steps=8",
    "train.eval_every=4",
    "train.save_every=2",
)


class TwoPasses:
    """A test-only objective: the mean of the task's loss over two passes with different dropout."""

    passes: ClassVar[int] = 2

    def __init__(self, weight: float = 0.5) -> None:
        self.weight = weight

    def __call__(self, model: Any, task: Any, batch: Any, run: Any) -> Any:
        with run.autocast():
            first = task.forward(model, batch)
        with run.rng(1), run.autocast():
            second = task.forward(model, batch)
        total = (1 - self.weight) * task.loss(first, batch).sum + self.weight * task.loss(second, batch).sum
        run.backward(total)
        return total.detach()


class AveragedWeights:
    """A test-only part: the running mean of the trained parameters, a step at a time."""

    def __init__(self, model: Any) -> None:
        self.trained = {name: value for name, value in model.named_parameters() if value.requires_grad}
        self.mean = {name: value.detach().clone() for name, value in self.trained.items()}
        self.steps = 0

    def update(self) -> None:
        self.steps += 1
        for name, value in self.trained.items():
            self.mean[name].lerp_(value.detach(), 0.5)

    def tensors(self) -> dict[str, Any]:
        return dict(self.mean)

    def numbers(self) -> dict[str, Any]:
        return {"steps": self.steps}

    def restore(self, tensors: dict[str, Any], numbers: dict[str, Any]) -> None:
        self.mean = {name: value.clone() for name, value in tensors.items()}
        self.steps = numbers["steps"]


class PublishesMean:
    """A test-only publisher: validates and keeps the averaged weights, resumes from the trained ones."""

    def __init__(self, average: AveragedWeights) -> None:
        self.average = average

    @contextmanager
    def published(self, model: Any) -> Iterator[Any]:
        trained = {name: value.detach().clone() for name, value in self.average.trained.items()}
        model.load_state_dict(self.average.mean, strict=False)
        try:
            yield model
        finally:
            model.load_state_dict(trained, strict=False)

    def resumable(self, model: Any) -> dict[str, Any]:
        weights: dict[str, Any] = model.state_dict()
        return weights


@pytest.fixture
def averaged(monkeypatch: pytest.MonkeyPatch) -> None:
    """Every training keeps a running mean, and publishes it."""
    from ftk.training import runner
    from ftk.training.building.builder import RunBuilder
    from ftk.training.observer import RunObserver

    build = RunBuilder.build

    def built(self: Any, fingerprints: Any) -> Any:
        run = build(self, fingerprints)
        average = AveragedWeights(run.state.model)
        run.state.parts["average"] = average
        run.publisher = PublishesMean(average)
        return run

    class Updating(RunObserver):
        def stepped(self, info: Any) -> None:
            super().stepped(info)
            self.run.state.parts["average"].update()  # type: ignore[attr-defined]

    monkeypatch.setattr(RunBuilder, "build", built)
    monkeypatch.setattr(runner, "RunObserver", Updating)


def tensors_of(path: str) -> dict[str, Any]:
    from safetensors.torch import load_file

    return load_file(path)


@pytest.mark.slow
def test_a_part_is_saved_resumed_and_published_by_name(
    ftk: Callable[..., Result], toy: tuple[str, ...], averaged: None
) -> None:
    import torch

    assert ftk("finetune", *RUN, *toy, "run.dir=whole").code == 0
    assert ftk("finetune", *RUN, *toy, "run.dir=broken", "run.stop_after=5").code == 0
    state = json.loads(Path("broken/last/trainer.json").read_text())
    assert state["parts"]["average"] == {"steps": 5}
    resumed = ftk("finetune", *RUN, *toy, "run.dir=broken", "run.resume=true")
    assert resumed.code == 0, resumed.err
    for name in ("best/model.safetensors", "last/model.safetensors", "last/trainer.safetensors"):
        assert Path("broken", name).read_bytes() == Path("whole", name).read_bytes(), name
    part = {name: value for name, value in tensors_of("whole/last/trainer.safetensors").items() if "average." in name}
    best, last = tensors_of("whole/best/model.safetensors"), tensors_of("whole/last/model.safetensors")
    step = json.loads(Path("whole/metrics.json").read_text())["best_step"]
    assert step in (4, 8)
    assert not torch.equal(best["classifier.weight"], last["classifier.weight"])
    if step == 8:
        assert torch.equal(best["classifier.weight"], part["average.classifier.weight"])


def test_a_state_with_other_parts_is_refused(
    ftk: Callable[..., Result], toy: tuple[str, ...], averaged: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    from ftk.core.state import TrainState

    assert ftk("finetune", *RUN, *toy, "run.dir=run", "run.stop_after=5").code == 0
    restore = TrainState.restore

    def without(self: Any, *args: Any, **kwargs: Any) -> None:
        del self.parts["average"]
        restore(self, *args, **kwargs)

    monkeypatch.setattr(TrainState, "restore", without)
    result = ftk("finetune", *RUN, *toy, "run.dir=run", "run.resume=true")
    assert result.code == 1
    assert "average" in result.err


OWN = """
from typing import ClassVar

class TwoPasses:
    passes: ClassVar[int] = 2

    def __init__(self, weight):
        self.weight = weight

    def __call__(self, model, task, batch, run):
        with run.autocast():
            first = task.forward(model, batch)
        with run.rng(1), run.autocast():
            second = task.forward(model, batch)
        total = (1 - self.weight) * task.loss(first, batch).sum + self.weight * task.loss(second, batch).sum
        run.backward(total)
        return total.detach()
"""


@pytest.mark.slow
def test_an_objective_from_a_folder_of_the_users(
    ftk: Callable[..., Result], toy: tuple[str, ...], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """Chosen by ``_target_``; stopped between two saves of a step with micro batches, it resumes to the same bytes."""
    (tmp_path / "mine" / "objective").mkdir(parents=True)
    (tmp_path / "mine_code").mkdir()
    write_lines("mine_code/own_objective.py", [OWN])
    write_lines("mine/objective/two.yaml", ["_target_: own_objective.TwoPasses", "weight: 0.5"])
    monkeypatch.syspath_prepend(str(tmp_path / "mine_code"))
    own = ("--config-dir", "mine", "objective=two", "hardware.micro_batch=3")
    words = ("finetune", *RUN, *toy)
    assert ftk(*words, *own, "run.dir=whole").code == 0
    assert ftk(*words, *own, "run.dir=broken", "run.stop_after=5").code == 0
    resumed = ftk(*words, *own, "run.dir=broken", "run.resume=true")
    assert resumed.code == 0, resumed.err
    assert ftk(*words, "hardware.micro_batch=3", "run.dir=plain").code == 0
    for name in ("last/model.safetensors", "last/trainer.safetensors"):
        whole = Path("whole", name).read_bytes()
        assert Path("broken", name).read_bytes() == whole, name
        assert Path("plain", name).read_bytes() != whole, name


@pytest.mark.parametrize(
    ("words", "part"),
    [
        (("objective._target_=nowhere.Missing",), "nowhere.Missing"),
        (("objective._target_=torch.nn.Linear",), "torch.nn.Linear"),
        (("+objective.alpha=1",), "objective.alpha"),
    ],
)
def test_what_is_no_objective_is_refused(
    ftk: Callable[..., Result], toy: tuple[str, ...], words: tuple[str, ...], part: str
) -> None:
    result = ftk("finetune", *RUN, *toy, *words, "train.epochs=0", "run.dir=run")
    assert result.code == 1
    assert part in result.err
    assert "train.epochs=0" in result.err  # with the other mistakes of the config
    assert "Traceback" not in result.err
    assert not Path("run").exists()


class TwoRanks:
    """A test-only world of two threads, each with its own model."""

    size = 2

    def __init__(self, rank: int, shared: SimpleNamespace) -> None:
        self.rank = rank
        self.main = rank == 0
        self.shared = shared

    def _exchange(self, value: Any) -> list[Any]:
        self.shared.values[self.rank] = value
        self.shared.barrier.wait(timeout=60)
        found = list(self.shared.values)
        self.shared.barrier.wait(timeout=60)
        return found

    def share(self, windows: Any, epochs: Any) -> tuple[Any, ...]:
        return windows[self.rank :: 2], epochs[self.rank :: 2]

    def sum(self, values: Any) -> Any:
        one, other = self._exchange(values.clone())
        return one + other

    def reduce(self, parameters: Any) -> None:
        parameters = list(parameters)
        ours = [parameter.grad.clone() for parameter in parameters]
        for parameter, one, other in zip(parameters, *self._exchange(ours), strict=True):
            parameter.grad.copy_(one + other)

    def any(self, flag: bool) -> bool:
        return any(self._exchange(flag))

    def first(self, value: float) -> float:
        found: float = self._exchange(value)[0]
        return found

    def gather(self, outputs: Any) -> dict[int, Any]:
        one, other = self._exchange(dict(outputs))
        return {**one, **other}


class Words:
    """A task of one linear layer over counts, whose loss is a sum over a different number of targets a window."""

    spec = TaskSpec(columns=(), auto_model="", score="loss", higher_is_better=False)

    def __init__(self) -> None:
        self.data = np.random.default_rng(0).normal(size=(40, 6)).astype(np.float32)

    def collate(self, features: Any, windows: list[int], seed: Any) -> Any:
        import torch

        from ftk.contracts.values import Batch

        counts = [window % 3 + 1 for window in windows]
        inputs = {"input_ids": torch.tensor(self.data[windows])}
        return Batch(inputs, {"count": torch.tensor(counts)}, windows, sum(counts), 6 * len(windows))

    def forward(self, model: Any, batch: Any) -> Any:
        return model(batch.inputs["input_ids"])[:, 0]

    def loss(self, outputs: Any, batch: Any) -> Any:
        from ftk.contracts.values import Loss

        return Loss((batch.targets["count"] * (outputs - 1) ** 2).sum(), batch.count)


class Quiet:
    """An observer that keeps the reports of the steps."""

    def __init__(self) -> None:
        self.steps: list[Any] = []

    def stepped(self, info: Any) -> None:
        self.steps.append(info)

    def logged(self, event: dict[str, Any]) -> None: ...

    def warned(self, text: str) -> None:
        raise AssertionError(text)

    def validate(self, state: Any) -> dict[str, Any]:
        return {"loss": 1.0}

    def validated(self, state: Any, metrics: dict[str, Any], *, best: bool) -> None: ...

    def save(self, state: Any) -> None: ...


def trained_by(world: Any, features: Any) -> SimpleNamespace:
    import torch

    from ftk.config.choices import Decay, OnNonFinite, OnSpike, Precision
    from ftk.core.anomalies import LossGuard
    from ftk.core.batch_source import BatchSource
    from ftk.core.hardware import Hardware
    from ftk.core.limits import Interval, RunLimits
    from ftk.core.loop import train
    from ftk.core.plan import Plan
    from ftk.core.state import TrainState
    from ftk.data.batching.order import BlockOrder
    from ftk.objectives import Plain
    from ftk.optim.schedules import Schedule
    from ftk.system.signals import Stop

    model = torch.nn.Linear(6, 1)
    with torch.no_grad():
        for parameter in model.parameters():
            parameter.fill_(0.1)
    optimizer = torch.optim.SGD([{"params": list(model.parameters()), "peak_lr": 0.01}], lr=0.01)
    hardware = Hardware(torch.device("cpu"), Precision.fp32, "")
    state = TrainState(model, optimizer, hardware.scaler())
    task: Any = Words()
    plan = Plan(
        limits=RunLimits(steps=6, tokens=None, seconds=None),
        seed=1,
        batch_size=7,
        max_grad_norm=0.5,
        micro_batch=3,
        guard=LossGuard(non_finite=OnNonFinite.stop, spike=OnSpike.ignore, spike_factor=4.0),
        schedule=Schedule(decay=Decay.linear, warmup=0.0, floor=0.1, cooldown=0.0),
        eval_every=Interval(steps=3),
        save_every=Interval(steps=3),
        log_every=1,
        patience=None,
        score=Score.of_task(task.spec, None),
    )
    order = BlockOrder(40, 7, 1, start=None, warmup=0)
    source = BatchSource(task=task, features=features, order=order, seed=1, world=world)
    observer = Quiet()
    train(state, Plain(), source, plan, hardware, world, observer, Stop())
    return SimpleNamespace(model=model, steps=observer.steps)


def by_two_ranks(act: Callable[[Any], Any]) -> dict[int, Any]:
    """What each of two ranks returns."""
    shared = SimpleNamespace(values=[None, None], barrier=threading.Barrier(2))
    found: dict[int, Any] = {}
    threads = [
        threading.Thread(target=lambda rank=rank: found.update({rank: act(TwoRanks(rank, shared))}))
        for rank in range(2)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(found) == [0, 1]
    return found


def test_two_ranks_train_what_one_process_trains() -> None:
    """Each computes half of the windows; the loss is divided by the count of both, and gradients are summed."""
    import torch

    from ftk.core.world import SingleProcess

    features = SimpleNamespace(places=lambda windows: "")
    alone = trained_by(SingleProcess(), features)
    found = by_two_ranks(lambda world: trained_by(world, features))
    for rank in found.values():
        for one, other in zip(rank.model.parameters(), alone.model.parameters(), strict=True):
            torch.testing.assert_close(one, other)
        assert [info.count for info in rank.steps] == [info.count for info in alone.steps]
        assert [info.tokens for info in rank.steps] == [info.tokens for info in alone.steps]
        assert [info.loss_sum for info in rank.steps] == pytest.approx([info.loss_sum for info in alone.steps])
        assert [info.grad_norm for info in rank.steps] == pytest.approx([info.grad_norm for info in alone.steps])


class Numbered:
    """Features of nine windows, one per row."""

    lengths = np.array([6, 3, 5, 1, 2, 6, 4, 2, 3])

    def windows_of(self, first_row: int, end_row: int) -> range:
        return range(first_row, end_row)


class Mean:
    """The mean of all predictions."""

    def __init__(self) -> None:
        self.found: list[float] = []

    def update(self, example: Any, prediction: float) -> None:
        self.found.append(prediction)

    def compute(self) -> dict[str, Any]:
        return {"mean": sum(self.found) / len(self.found), "order": list(self.found)}


class ScoredWords(Words):
    """Words that are predicted and scored, four rows at a time."""

    spec = SimpleNamespace(rows_at_once=4, score="mean")

    def to_numpy(self, outputs: Any, features: Any, batch: Any) -> list[Any]:
        return list(outputs.numpy())

    def decode(self, examples: Any, outputs: Any, labels: Any) -> list[float]:
        return [float(outputs.of(row)[0]) for row in range(len(examples))]

    def metric(self, labels: Any) -> Mean:
        return Mean()


def scored_by(world: Any) -> dict[str, Any]:
    import torch

    from ftk.config.choices import Precision
    from ftk.core.evaluate import Evaluator, Runner
    from ftk.core.hardware import Hardware

    model = torch.nn.Linear(6, 1)
    with torch.no_grad():
        for parameter in model.parameters():
            parameter.fill_(0.1)
    task: Any = ScoredWords()
    hardware = Hardware(torch.device("cpu"), Precision.fp32, "")
    runner = Runner(
        model=model, runnable=task, labels=None, hardware=hardware, batch_tokens=7, poll=lambda: None, world=world
    )
    features: Any = Numbered()
    return Evaluator(runner, task).score(range(9), features, rows=7)


def test_two_ranks_score_what_one_process_scores() -> None:
    """Each runs every second batch; the outputs are gathered, so that every rank has all predictions, in order."""
    from ftk.core.world import SingleProcess

    alone = scored_by(SingleProcess())
    found = by_two_ranks(scored_by)
    assert len(alone["order"]) == 7
    for rank in found.values():
        assert rank["loss"] == pytest.approx(alone["loss"])
        assert rank["order"] == alone["order"]
