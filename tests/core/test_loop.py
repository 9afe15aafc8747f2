"""One optimizer step: exact under accumulation, equal to a plain PyTorch step, safe when numbers go wrong."""

import re
from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

from conftest import toy_sentences, word_pieces, write_conll

pytestmark = pytest.mark.torch


@pytest.fixture
def make(tmp_path: Path) -> Any:
    """Builds a state over 16 toy sentences with a tiny model without dropout."""
    import torch

    from ftk.config.choices import Decay, Init, OnNonFinite, OnSpike, Precision
    from ftk.config.schema import ModelConfig
    from ftk.contracts.contexts import Encoding, Reading
    from ftk.contracts.notes import Notes
    from ftk.contracts.score import Score
    from ftk.contracts.values import WindowPlan
    from ftk.core.anomalies import LossGuard
    from ftk.core.hardware import Hardware
    from ftk.core.limits import Interval, RunLimits
    from ftk.core.plan import Plan
    from ftk.core.state import TrainState
    from ftk.data.batching.order import StepOrder
    from ftk.data.examples.sentences import Broken
    from ftk.data.examples.spans.placing import Misaligned, Overlapping
    from ftk.data.examples.tags import Scheme, Units
    from ftk.data.readers.tagged.conll import read_conll
    from ftk.data.row_corpus import RowCorpus
    from ftk.data.text.words import Words
    from ftk.models.loading.load import load_weights
    from ftk.models.loading.source import resolve_model
    from ftk.optim.groups import build_optimizer
    from ftk.optim.schedules import Schedule
    from ftk.tasks.token_classification.task import Subwords, TokenClassification

    task = TokenClassification(
        label_subwords=Subwords.first,
        tag_scheme=Scheme.auto,
        broken_tags=Broken.repair,
        misaligned_spans=Misaligned.error,
        overlapping_spans=Overlapping.error,
        words=Words.auto,
        units=Units.spans,
        class_weights=None,
        focal=0.0,
        label_smoothing=0.0,
    )
    notes = Notes()
    path = write_conll(tmp_path / "toy.conll", toy_sentences(16))
    examples = task.read(read_conll(path, "utf-8", {}, notes), Reading({}, True, notes))
    labels = task.labels(examples)
    config = {"model_type": "bert", "hidden_size": 32, "num_hidden_layers": 2, "num_attention_heads": 2}
    model_config = ModelConfig(
        name=None,
        revision=None,
        init=Init.random,
        package=None,
        package_for=None,
        sha256=None,
        default_lr=1e-3,
        dropout=0.0,
        config={**config, "intermediate_size": 64, "max_position_embeddings": 64},
        image_processor={},
        decoder_init=None,
        freeze=[],
        towers={},
        tokenizer=word_pieces(200),
    )
    source = resolve_model(model_config, RowCorpus(task, {"train": examples}, labels, {}))
    features = task.features(examples, Encoding(source.tokenizer, labels, WindowPlan(64, 16), notes))

    def build(
        *,
        total_steps: int = 1,
        micro_batch: int | None = None,
        precision: Precision = Precision.fp32,
        **plan: Any,
    ) -> SimpleNamespace:
        hardware = Hardware(torch.device("cpu"), precision, "")
        model = load_weights(source, task.spec.auto_model, seed=3).model
        settings = {"_target_": "torch.optim.AdamW", "lr": 1e-3, "weight_decay": 0.1}
        state = TrainState(model, build_optimizer(model, settings), hardware.scaler())
        schedule = Schedule(decay=Decay.constant, warmup=0.0, floor=0.0, cooldown=0.0)
        never = Interval(99, None)
        guard = LossGuard(
            non_finite=OnNonFinite(plan.pop("on_non_finite", "stop")),
            spike=OnSpike(plan.pop("on_spike", "ignore")),
            spike_factor=2.0,
        )
        values = {"seed": 1, "max_grad_norm": 1.0, "eval_every": never, "save_every": never, "log_every": 1}
        limits = RunLimits(steps=total_steps, tokens=None, seconds=None)
        fixed = {"limits": limits, "schedule": schedule, "patience": None, "guard": guard, "batch_size": 16}
        score = Score.of_task(task.spec, None)
        full = Plan(micro_batch=micro_batch, score=score, **{**fixed, **values, **plan})
        order = StepOrder(features.lengths, 16, 1)
        return SimpleNamespace(
            state=state,
            task=task,
            features=features,
            order=order,
            plan=full,
            hardware=hardware,
            source=source,
            warned=[],
        )

    return build


def run(setup: SimpleNamespace, layout: Any = None) -> Iterator[Any]:
    from ftk.contracts.layout import USUAL
    from ftk.core.batch_source import BatchSource
    from ftk.core.step import Stepper, steps
    from ftk.core.world import SingleProcess
    from ftk.objectives import Plain

    world = SingleProcess()
    source = BatchSource(
        task=setup.task,
        features=setup.features,
        order=setup.order,
        seed=setup.plan.seed,
        world=world,
        layout=layout or USUAL,
    )
    return steps(Stepper(setup.state, Plain(), source, setup.plan, setup.hardware, world, setup.warned.append))


def parameters(setup: SimpleNamespace) -> dict[str, Any]:
    return {name: value.detach().clone() for name, value in setup.state.model.named_parameters()}


@pytest.mark.parametrize("micro_batch", [4, 3, 1])
def test_micro_batches_do_not_change_the_step(make: Any, micro_batch: int) -> None:
    import torch

    whole, cut = make(), make(micro_batch=micro_batch)
    [expected], [found] = list(run(whole)), list(run(cut))
    assert found.count == expected.count
    assert found.loss_sum == pytest.approx(expected.loss_sum, rel=1e-5)
    assert found.grad_norm == pytest.approx(expected.grad_norm, rel=1e-4)
    for name, value in parameters(whole).items():
        assert torch.allclose(value, parameters(cut)[name], atol=2e-6), name


def test_a_step_equals_the_plain_pytorch_step(make: Any) -> None:
    """Against transformers' own loss, torch's clipping and one AdamW with hand-made groups."""
    import torch

    setup, plain = make(total_steps=3), make()
    model = plain.state.model.train()
    decayed = [p for p in model.parameters() if p.ndim > 1]
    kept = [p for p in model.parameters() if p.ndim <= 1]
    groups = [{"params": decayed, "weight_decay": 0.1}, {"params": kept, "weight_decay": 0.0}]
    optimizer = torch.optim.AdamW(groups, lr=1e-3)
    for step, info in enumerate(run(setup)):
        windows, _ = plain.order.step(step)
        batch = plain.task.collate(plain.features, windows.tolist(), None)
        labels = torch.full(batch.inputs["input_ids"].shape, -100)
        labels.view(-1)[batch.targets["position"]] = batch.targets["label"]
        loss = model(**batch.inputs, labels=labels).loss
        loss.backward()
        norm = torch.nn.utils.clip_grad_norm_(model.parameters(), 1.0)
        optimizer.step()
        optimizer.zero_grad()
        assert info.loss_sum / info.count == pytest.approx(loss.item(), rel=1e-5)
        assert info.grad_norm == pytest.approx(float(norm), rel=1e-4)
    assert setup.state.progress.step == 3
    for name, value in parameters(setup).items():
        assert torch.allclose(value, dict(model.named_parameters())[name], atol=1e-5), name


def test_dropout_is_a_function_of_seed_and_step(make: Any) -> None:
    import torch

    from ftk.core.seeding import seed_step

    draws = []
    for seed, step in [(1, 5), (1, 5), (1, 6), (2, 5)]:
        seed_step(seed, step)
        draws.append(torch.rand(8))
    assert torch.equal(draws[0], draws[1])
    assert not torch.equal(draws[0], draws[2])
    assert not torch.equal(draws[0], draws[3])


def test_bf16_autocast_learns_and_keeps_fp32_parameters(make: Any) -> None:
    import torch

    from ftk.config.choices import Precision

    setup = make(precision=Precision.bf16, total_steps=12, max_grad_norm=None)
    losses = [info.loss_sum / info.count for info in run(setup)]
    assert losses[-1] < losses[0]
    assert {value.dtype for value in parameters(setup).values()} == {torch.float32}


def test_fp16_scales_the_loss_and_skips_overflows(make: Any) -> None:
    import torch

    from ftk.config.choices import Precision

    setup = make(precision=Precision.fp16, total_steps=12)
    assert setup.state.scaler.is_enabled()
    losses = [info.loss_sum / info.count for info in run(setup)]
    assert losses[-1] < losses[0]
    overflowing = make(precision=Precision.fp16, total_steps=1)
    overflowing.state.scaler = torch.amp.GradScaler("cpu", init_scale=2.0**120)
    before = parameters(overflowing)
    list(run(overflowing))
    assert overflowing.state.progress.skipped == 1
    assert all(torch.equal(value, before[name]) for name, value in parameters(overflowing).items())


def change_loss(setup: SimpleNamespace, change: Any, *calls: int) -> None:
    """Let the loss of some forward passes, counted from 1, be another one."""
    from ftk.contracts.values import Loss

    task_loss, seen = setup.task.loss, []

    def loss(outputs: Any, batch: Any) -> Loss:
        seen.append(1)
        found = task_loss(outputs, batch)
        return Loss(change(found.sum), found.count) if len(seen) in calls else found

    setup.task.loss = loss


BROKEN = {
    "nan": (lambda total: total * float("nan"), "the loss is nan, while all parameters are finite"),
    "inf": (lambda total: total * float("inf"), "the loss is inf, while all parameters are finite"),
    "gradient": (lambda total: (total - total).sqrt() + total, r"the gradient's norm is nan, .* \(bert\..* more\)"),
}


@pytest.mark.parametrize("kind", BROKEN)
def test_a_number_that_is_not_finite_stops_before_the_parameters_change(make: Any, kind: str) -> None:
    import torch

    from ftk.errors import RunError

    change, told = BROKEN[kind]
    setup = make(total_steps=4)
    change_loss(setup, change, 2)
    running = run(setup)
    next(running)
    before = parameters(setup)
    with pytest.raises(RunError, match=rf"step 2: {told}.* rows \[0, 1"):
        next(running)
    assert all(torch.equal(value, before[name]) for name, value in parameters(setup).items())
    assert setup.state.progress.step == 1


@pytest.mark.parametrize("kind", BROKEN)
def test_such_an_update_is_left_out_where_the_policy_says_so(make: Any, kind: str) -> None:
    import torch

    change, told = BROKEN[kind]
    setup = make(total_steps=4, on_non_finite="skip")
    change_loss(setup, change, 2)
    running = run(setup)
    next(running)
    before = parameters(setup)
    left_out = next(running)
    assert (left_out.count, left_out.loss_sum) == (0, 0.0)
    assert all(torch.equal(value, before[name]) for name, value in parameters(setup).items())
    assert len(list(running)) == 2
    assert setup.state.progress.left_out == 1
    assert setup.state.progress.left_out_in_a_row == 0
    [warning] = setup.warned
    assert re.match(rf"step 2: {told}.*Its update is skipped\.", warning)
    assert not any(torch.equal(value, before[name]) for name, value in parameters(setup).items())


def test_a_model_that_is_lost_is_not_skipped_for_ever(make: Any) -> None:
    from ftk.errors import RunError

    setup = make(total_steps=50, on_non_finite="skip")
    change_loss(setup, BROKEN["nan"][0], *range(3, 60))
    with pytest.raises(RunError, match=r"step 22: .* The 19 updates before it were skipped, too"):
        list(run(setup))


@pytest.mark.parametrize(
    ("after", "told"),
    [
        (0, r"NaN or infinite: bert\.encoder\.layer\.0\.output\.dense\.weight \(1 of .*Take another model"),
        (1, r"parameters are no longer finite \(bert\.encoder\.layer\.0\.output\.dense\.weight\)"),
    ],
)
def test_parameters_that_are_broken_are_named_as_the_cause(make: Any, after: int, told: str) -> None:
    import torch

    from ftk.errors import RunError

    setup = make(total_steps=4)
    steps = run(setup)
    for _ in range(after):
        next(steps)
    with torch.no_grad():
        setup.state.model.bert.encoder.layer[0].output.dense.weight[0, 0] = float("inf")
    with pytest.raises(RunError, match=told):
        list(steps)


@pytest.mark.parametrize(("policy", "left_out", "spikes"), [("ignore", 0, 0), ("count", 0, 1), ("skip", 1, 1)])
def test_a_spike_is_treated_by_policy(make: Any, policy: str, left_out: int, spikes: int) -> None:
    setup = make(total_steps=30, on_spike=policy)
    change_loss(setup, lambda total: total * 50, 25)
    assert len(list(run(setup))) == 30
    progress = setup.state.progress
    assert (progress.left_out, progress.spikes) == (left_out, spikes)
    assert len(setup.warned) == left_out


def test_a_spike_stops_where_the_policy_says_so(make: Any) -> None:
    from ftk.errors import RunError

    setup = make(total_steps=30, on_spike="stop")
    change_loss(setup, lambda total: total * 50, 25)
    with pytest.raises(RunError, match=r"step 25: the loss is .* times its running mean of .* rows \["):
        list(run(setup))


def too_little_memory(setup: SimpleNamespace, rows: int, error: BaseException) -> list[int]:
    """Raise an error for every micro batch of more rows; returns the sizes that were tried."""
    forward, tried = setup.task.forward, []

    def limited(model: Any, batch: Any) -> Any:
        tried.append(len(batch.windows))
        if len(batch.windows) > rows:
            raise error
        return forward(model, batch)

    setup.task.forward = limited
    return tried


@pytest.mark.parametrize("kind", ["gpu", "cpu", "python"])
def test_with_too_little_memory_a_step_is_done_again_in_halves(make: Any, kind: str) -> None:
    import torch

    errors = {
        "gpu": torch.OutOfMemoryError("CUDA out of memory. Tried to allocate 2.00 GiB"),
        "cpu": RuntimeError("[enforce fail at alloc_cpu.cpp:127] . DefaultCPUAllocator: can't allocate memory"),
        "python": MemoryError(),
    }
    whole, limited = make(total_steps=3), make(total_steps=3)
    expected = list(run(whole))
    tried = too_little_memory(limited, 5, errors[kind])
    found = list(run(limited))
    assert tried[:6] == [16, 8, 4, 4, 4, 4]
    assert set(tried[6:]) == {4}
    assert limited.state.progress.micro_batch == 4
    assert [info.count for info in found] == [info.count for info in expected]
    for one, other in zip(found, expected, strict=True):
        assert one.grad_norm == pytest.approx(other.grad_norm, rel=1e-5)
    for name, value in parameters(whole).items():
        assert torch.allclose(value, parameters(limited)[name], atol=2e-6), name
    assert [warning.split()[0] for warning in limited.warned] == ["16", "8"]


def test_rows_of_one_length_are_halved_from_the_most_that_were_computed_at_once(make: Any) -> None:
    from ftk.contracts.layout import Layout, Padding

    setup = make()
    most = int(np.bincount(setup.features.lengths).max())
    assert 1 < most < 8
    tried = too_little_memory(setup, most - 1, MemoryError())
    list(run(setup, Layout(Padding.one_length)))
    assert tried.count(most) == 1
    assert [warning.split()[0] for warning in setup.warned] == [str(most)]
    assert setup.state.progress.micro_batch == (most + 1) // 2


@pytest.mark.slow
def test_too_little_memory_for_one_row_says_what_to_change(make: Any) -> None:
    import torch

    from ftk.errors import RunError

    setup = make(total_steps=3)
    too_little_memory(setup, 0, torch.OutOfMemoryError("out of memory"))
    before = parameters(setup)
    with pytest.raises(RunError, match=r"step 1: one row of .* does not fit into memory .* data\.max_length"):
        list(run(setup))
    assert all(torch.equal(value, before[name]) for name, value in parameters(setup).items())


def test_other_errors_are_not_taken_for_it(make: Any) -> None:
    setup = make()
    too_little_memory(setup, 0, RuntimeError("shapes cannot be multiplied"))
    with pytest.raises(RuntimeError, match="cannot be multiplied"):
        list(run(setup))


def test_the_largest_batch_is_tried_first_where_memory_is_limited(make: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    import torch

    from ftk.core import step

    plain, limited = make(total_steps=2), make(total_steps=2)
    list(run(plain))
    monkeypatch.setattr(step, "is_limited", lambda: True)
    tried = too_little_memory(limited, 99, MemoryError())
    running = run(limited)
    next(running)
    longest = sorted(limited.features.lengths.tolist())[-16:]
    assert len(tried) == 2
    assert len(longest) == tried[0]
    next(running)
    for name, value in parameters(plain).items():
        assert torch.equal(value, parameters(limited)[name]), name


def test_state_survives_json_and_safetensors(make: Any, tmp_path: Path) -> None:
    import json

    import torch
    from safetensors.torch import load_file, save_file

    setup, other = make(total_steps=2), make(total_steps=2)
    list(run(setup))
    save_file(setup.state.tensors(), tmp_path / "state.safetensors")
    numbers = json.loads(json.dumps(setup.state.numbers()))
    other.state.restore(load_file(tmp_path / "state.safetensors"), numbers)
    assert other.state.progress == setup.state.progress
    expected, found = setup.state.tensors(), other.state.tensors()
    assert expected.keys() == found.keys()
    assert all(torch.equal(expected[name], found[name]) for name in expected)
    assert np.isfinite(setup.state.progress.loss_sum)
