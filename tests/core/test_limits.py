"""How long a run is, and when it is validated and saved: by steps, tokens or time."""

import json
from collections.abc import Callable
from dataclasses import asdict
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

from conftest import TINY, Result, read_jsonl
from ftk.contracts.score import Score
from ftk.contracts.spec import TaskSpec

pytestmark = pytest.mark.torch

TOKENS = 7
"""Tokens in a window of ``Counting``."""


class Counting:
    """A task of one weight. Each forward pass takes a second on ``clock``, each validation and save what it is told."""

    spec = TaskSpec(columns=(), auto_model="", score="loss", higher_is_better=False)

    def __init__(self, clock: SimpleNamespace, validation: float = 0.0, saving: float = 0.0) -> None:
        self.clock = clock
        self.validation = validation
        self.saving = saving
        self.steps: list[Any] = []
        self.windows: list[list[int]] = []
        self.validated_at: list[int] = []
        self.best_at: list[int] = []
        self.logged_at: list[int] = []
        self.saved_at: list[int] = []
        self.last_saved: dict[str, Any] = {}

    # The task.

    def collate(self, features: Any, windows: list[int], seed: Any) -> Any:
        import torch

        from ftk.contracts.values import Batch

        assert len(seed.epoch) == len(windows)
        self.windows.append(windows)
        ids = torch.ones(len(windows), TOKENS, dtype=torch.int64)
        return Batch({"input_ids": ids}, {}, windows, len(windows), ids.numel())

    def forward(self, model: Any, batch: Any) -> Any:
        self.clock.now += self.clock.a_step(len(self.steps))
        return model(batch.inputs["input_ids"].float())

    def loss(self, outputs: Any, batch: Any) -> Any:
        from ftk.contracts.values import Loss

        return Loss(outputs.sum(), batch.count)

    # The observer.

    def warned(self, text: str) -> None:
        raise AssertionError(text)

    def stepped(self, info: Any) -> None:
        self.steps.append(info)

    def logged(self, event: dict[str, Any]) -> None:
        self.logged_at.append(event["step"])

    def validate(self, state: Any) -> dict[str, Any]:
        self.clock.now += self.validation
        self.validated_at.append(state.progress.step)
        return {"loss": 1.0}

    def validated(self, state: Any, metrics: dict[str, Any], *, best: bool) -> None:
        self.best_at += [state.progress.step] * best

    def save(self, state: Any) -> None:
        self.clock.now += self.saving
        self.saved_at.append(state.progress.step)
        self.last_saved = asdict(state.progress)

    @property
    def rates(self) -> list[float]:
        """The share of the peak learning rate in each step."""
        return [info.lr for info in self.steps]


@pytest.fixture
def trained(monkeypatch: pytest.MonkeyPatch) -> Callable[..., Counting]:
    """Runs the loop on a clock that only the task moves."""
    import torch

    from ftk.config.choices import Decay, OnNonFinite, OnSpike, Precision
    from ftk.core import step
    from ftk.core.anomalies import LossGuard
    from ftk.core.batch_source import BatchSource
    from ftk.core.hardware import Hardware
    from ftk.core.limits import Interval, RunLimits
    from ftk.core.loop import train
    from ftk.core.plan import Plan
    from ftk.core.state import Progress, TrainState
    from ftk.core.world import SingleProcess
    from ftk.data.batching.order import BlockOrder
    from ftk.objectives import Plain
    from ftk.optim.schedules import Schedule
    from ftk.system.signals import Stop

    never = Interval(10**6, None)
    clock = SimpleNamespace(now=1000.0)
    monkeypatch.setattr(step, "time", SimpleNamespace(perf_counter=lambda: clock.now))

    def run(
        *,
        steps: int | None = None,
        tokens: int | None = None,
        seconds: float | None = None,
        eval_every: Interval = never,
        save_every: Interval = never,
        a_step: Callable[[int], float] = lambda step: 1.0,
        validation: float = 0.0,
        saving: float = 0.0,
        log_every: int = 1,
        warmup: float = 0.0,
        order: BlockOrder | None = None,
        progress: Progress | None = None,
    ) -> Counting:
        clock.a_step = a_step
        task: Any = Counting(clock, validation, saving)
        hardware = Hardware(torch.device("cpu"), Precision.fp32, "")
        model = torch.nn.Linear(TOKENS, 1)
        optimizer = torch.optim.SGD([{"params": list(model.parameters()), "peak_lr": 1.0}], lr=1.0)
        state = TrainState(model, optimizer, hardware.scaler(), progress or Progress())
        plan = Plan(
            limits=RunLimits(steps=steps, tokens=tokens, seconds=seconds),
            seed=1,
            max_grad_norm=None,
            batch_size=1,
            micro_batch=None,
            guard=LossGuard(non_finite=OnNonFinite.stop, spike=OnSpike.ignore, spike_factor=4.0),
            schedule=Schedule(decay=Decay.linear, warmup=warmup, floor=0.1, cooldown=0.0),
            eval_every=eval_every,
            save_every=save_every,
            log_every=log_every,
            patience=None,
            score=Score.of_task(task.spec, None),
        )
        order = order or BlockOrder(100, 1, 1, start=None, warmup=0)
        features: Any = SimpleNamespace(places=lambda windows: "")
        world = SingleProcess()
        source = BatchSource(task=task, features=features, order=order, seed=1, world=world)
        train(state, Plain(), source, plan, hardware, world, task, Stop())
        return task

    return run


def every(share: float) -> Any:
    from ftk.core.limits import Interval

    return Interval(None, share)


def share_by_pace(step: int, elapsed: float, first: float, seconds: float) -> float:
    """How far a step is on the schedule if the run continues at the pace of the steps after the first one."""
    if step < 2:
        return 0.0  # nothing is known yet
    return step / (step + (seconds - elapsed) * (step - 1) / (elapsed - first))


def test_steps_are_exact_and_so_is_their_schedule(trained: Callable[..., Counting]) -> None:
    run = trained(steps=9)
    assert [info.step for info in run.steps] == list(range(1, 10))
    assert [info.last for info in run.steps] == [False] * 8 + [True]
    assert run.rates == pytest.approx([1 - 0.9 * step / 9 for step in range(9)])
    assert run.validated_at == run.saved_at == [9]


@pytest.mark.parametrize(("tokens", "steps"), [(1, 1), (7, 1), (8, 2), (69, 10), (70, 10), (71, 11)])
def test_a_run_ends_with_the_first_step_that_reaches_its_tokens(
    trained: Callable[..., Counting], tokens: int, steps: int
) -> None:
    run = trained(tokens=tokens)
    assert len(run.steps) == steps
    assert [info.last for info in run.steps] == [False] * (steps - 1) + [True]
    assert run.validated_at == run.saved_at == [steps]


@pytest.mark.parametrize(
    "a_step",
    [lambda step: 1.0, lambda step: 4.0 if step < 5 else 0.5, lambda step: 0.5 if step < 20 else 5.0],
    ids=["steady", "slow at first", "slow in the end"],
)
def test_a_run_ends_with_its_time_and_its_rate_is_low_by_then(
    trained: Callable[..., Counting], a_step: Callable[[int], float]
) -> None:
    run = trained(seconds=60, a_step=a_step)
    took = [a_step(step) for step in range(len(run.steps))]
    assert sum(took[:-1]) < 60 <= sum(took)
    assert run.rates[0] == 1.0
    assert run.rates == sorted(run.rates, reverse=True)
    # The last step knows of the time before it.
    before = len(took) - 1
    assert run.rates[-1] == pytest.approx(1 - 0.9 * share_by_pace(before, sum(took[:-1]), took[0], 60))
    assert run.rates[-1] < 0.2
    assert run.validated_at == run.saved_at == [len(run.steps)]


def test_the_warm_up_is_a_share_of_the_time_too(trained: Callable[..., Counting]) -> None:
    rates = trained(seconds=100, warmup=0.2).rates
    assert rates.index(max(rates)) in (19, 20, 21)
    assert rates[:20] == sorted(rates[:20])
    assert rates[21:] == sorted(rates[21:], reverse=True)


def test_a_slow_first_step_does_not_skip_the_warm_up(trained: Callable[..., Counting]) -> None:
    """It may compile: of 100 seconds it takes 30, and the warm-up is a fifth of the 71 steps there are."""
    rates = trained(seconds=100, warmup=0.2, a_step=lambda step: 1.0 if step else 30.0).rates
    assert len(rates) == 71
    assert rates[:14] == sorted(rates[:14])
    assert rates[1] < 0.2
    assert rates.index(max(rates)) in (13, 14, 15)
    assert rates[15:] == sorted(rates[15:], reverse=True)


def test_validations_take_of_the_time(trained: Callable[..., Counting]) -> None:
    run = trained(seconds=40, eval_every=every(0.25), validation=4.0)
    assert len(run.validated_at) == 4
    assert len(run.steps) == 40 - 3 * 4  # the last validation comes after the last step
    validations = [sum(done < step for done in run.validated_at) for step in range(1, len(run.steps) + 1)]
    begins = [step + 4 * before for step, before in enumerate(validations)]
    shares = [share_by_pace(step, begin, 1.0, 40) for step, begin in enumerate(begins)]
    assert run.rates == pytest.approx([1 - 0.9 * share for share in shares])


@pytest.mark.parametrize("took", ["saving", "validation"])
def test_a_run_whose_time_ends_between_two_steps_is_scored_logged_and_saved(
    trained: Callable[..., Counting], took: str
) -> None:
    from ftk.core.limits import Interval

    due = {"saving": "save_every", "validation": "eval_every"}[took]
    run = trained(seconds=10, log_every=100, **{took: 6.0, due: Interval(4, None)})
    assert [info.last for info in run.steps] == [False] * 4
    assert run.validated_at == run.best_at == run.logged_at == [4]
    assert run.saved_at == ([4, 4] if took == "saving" else [4])
    assert (run.last_saved["validated"], run.last_saved["best_step"], run.last_saved["loss_count"]) == (4, 4, 0)


def test_what_was_done_when_the_time_ended_is_not_done_again(trained: Callable[..., Counting]) -> None:
    from ftk.core.limits import Interval

    run = trained(seconds=10, eval_every=Interval(4, None), save_every=Interval(4, None), saving=6.0)
    assert run.logged_at == [1, 2, 3, 4]
    assert run.validated_at == run.saved_at == [4]


def test_a_resumed_run_with_no_time_left_is_scored(trained: Callable[..., Counting]) -> None:
    from ftk.core.state import Progress

    run = trained(seconds=10, progress=Progress(step=6, tokens=6 * TOKENS, elapsed=10.0, loss_sum=1.0, loss_count=1))
    assert run.steps == []
    assert run.validated_at == run.best_at == [6]


def test_a_model_that_the_last_validation_finds_lost_is_not_saved(
    trained: Callable[..., Counting], monkeypatch: pytest.MonkeyPatch
) -> None:
    from ftk.core.limits import Interval
    from ftk.errors import RunError

    saved_at: list[int] = []

    def save(self: Counting, state: Any) -> None:
        self.clock.now += 6.0
        saved_at.append(state.progress.step)

    monkeypatch.setattr(Counting, "save", save)
    monkeypatch.setattr(Counting, "validate", lambda self, state: {"loss": float("nan")})
    with pytest.raises(RunError, match="step 4: the validation loss is nan"):
        trained(seconds=10, save_every=Interval(4, None))
    assert saved_at == [4]


def test_whatever_limit_is_first_ends_the_run(trained: Callable[..., Counting]) -> None:
    assert len(trained(steps=5, tokens=70, seconds=8).steps) == 5
    assert len(trained(steps=50, tokens=21, seconds=8).steps) == 3
    run = trained(steps=50, tokens=700, seconds=8)
    assert len(run.steps) == 8
    assert run.rates[-1] == pytest.approx(1 - 0.9 * 7 / 8), "the schedule ends with the nearest limit"


@pytest.mark.parametrize("limit", [{"steps": 10}, {"tokens": 10 * TOKENS}, {"seconds": 10}])
def test_a_share_of_the_run_is_a_share_of_every_kind_of_limit(
    trained: Callable[..., Counting], limit: dict[str, int]
) -> None:
    run = trained(**limit, eval_every=every(0.25), save_every=every(0.5))
    assert run.validated_at == [3, 5, 8, 10]
    assert run.saved_at == [5, 10]


@pytest.mark.parametrize(
    ("share", "validated_at"), [(0.1, list(range(1, 11))), (0.3, [3, 6, 9, 10]), (0.01, [*range(1, 11)])]
)
def test_shares_that_do_not_divide_the_run(
    trained: Callable[..., Counting], share: float, validated_at: list[int]
) -> None:
    assert trained(steps=10, eval_every=every(share)).validated_at == validated_at


def test_an_interrupted_run_continues_with_the_time_that_is_left(trained: Callable[..., Counting]) -> None:
    from ftk.core.state import Progress

    whole = trained(seconds=10, eval_every=every(0.5))
    done = Progress(step=6, tokens=6 * TOKENS, elapsed=6.0, first_step=1.0, validated=5, eval_marks=1)
    rest = trained(seconds=10, eval_every=every(0.5), progress=done)
    assert [info.step for info in rest.steps] == [7, 8, 9, 10]
    assert rest.rates == pytest.approx(whole.rates[6:])
    assert whole.validated_at == [5, 10]
    assert rest.validated_at == [10]


def test_a_validation_that_was_due_when_the_run_was_stopped_is_made_up_for(trained: Callable[..., Counting]) -> None:
    from ftk.core.state import Progress

    done = Progress(step=5, tokens=5 * TOKENS, elapsed=5.0)
    assert trained(seconds=10, eval_every=every(0.5), progress=done).validated_at == [5, 10]


def test_a_batch_grows_and_no_block_is_left_out(trained: Callable[..., Counting]) -> None:
    from ftk.data.batching.order import BlockOrder

    run = trained(steps=8, order=BlockOrder(50, 10, 1, start=2, warmup=4))
    assert [len(windows) for windows in run.windows] == [2, 4, 6, 8, 10, 10, 10, 10]
    assert [info.count for info in run.steps] == [2, 4, 6, 8, 10, 10, 10, 10]
    seen = [window for windows in run.windows for window in windows]
    assert sorted(seen[:50]) == list(range(50))


def test_estimates_of_the_whole() -> None:
    from ftk.core.limits import RunLimits
    from ftk.core.state import Progress

    by_all = RunLimits(steps=100, tokens=1000, seconds=60)
    assert by_all.total(Progress()) == 100
    assert by_all.share(Progress()) == 0
    halfway = Progress(step=10, tokens=500, elapsed=15, first_step=1.5)
    assert by_all.total(halfway) == 20
    assert by_all.share(halfway) == 0.5
    by_time = RunLimits(steps=None, tokens=None, seconds=60)
    assert np.isinf(by_time.total(Progress()))
    assert by_time.total(halfway) == 40
    assert by_time.share(halfway) == 0.25
    slow = Progress(step=1, elapsed=30, first_step=30)
    assert np.isinf(by_time.total(slow)), "the first step says nothing of the pace"
    assert by_time.total(Progress(step=2, elapsed=31, first_step=30)) == 31
    assert by_time.total(Progress(step=11, elapsed=40, first_step=30)) == 31
    assert by_time.total(Progress(step=31, elapsed=70, first_step=30)) == 31, "never fewer than are done"
    assert not by_time.reached(halfway)
    assert by_time.reached(Progress(step=1, elapsed=60))


def test_max_tokens_on_the_command_line(ftk: Callable[..., Result], toy: tuple[str, ...]) -> None:
    limits = ("train.epochs=null", "train.max_tokens=500", "train.eval_every=0.25", "train.save_every=0.5")
    result = ftk("finetune", *TINY, *toy, *limits, "train.batch_size=4", "train.log_every=1", "run.dir=run")
    assert result.code == 0, result.err
    assert "(500 tokens)" in result.out
    events = read_jsonl("run/metrics.jsonl")
    steps = [event for event in events if event["split"] == "train"]
    tokens = [event["tokens"] for event in steps]
    assert tokens[-2] < 500 <= tokens[-1]
    assert len([event for event in events if event["split"] == "validation"]) == 4
    trained = json.loads(Path("run/metrics.json").read_text())["train"]
    assert trained["tokens"] == tokens[-1]
    assert trained["steps"] == len(tokens)
    assert max(event["lr"] for event in steps) > 3e-3 * 0.8
    assert steps[-1]["lr"] < 3e-3 * 0.2


def test_a_budget_on_the_command_line_ends_the_run(ftk: Callable[..., Result], toy: tuple[str, ...]) -> None:
    # So short that the first step ends it, however fast the machine is.
    result = ftk("finetune", *TINY, *toy, "train.budget=0.000001s", "run.dir=run")
    assert result.code == 0, result.err
    assert json.loads(Path("run/metrics.json").read_text())["train"]["steps"] == 1
    assert Path("run/best/model.safetensors").exists()


@pytest.mark.parametrize("limits", [("train.epochs=null",), ("train.epochs=1",)])
def test_without_any_limit_it_is_one_pass(
    ftk: Callable[..., Result], toy: tuple[str, ...], limits: tuple[str, ...]
) -> None:
    result = ftk("finetune", *TINY, *toy, *limits, "run.dir=run")
    assert result.code == 0, result.err
    assert ("one pass over the data" in result.out) == (limits == ("train.epochs=null",))
    assert json.loads(Path("run/metrics.json").read_text())["train"]["epochs"] == 1.0
