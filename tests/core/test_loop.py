"""One optimizer step: exact under accumulation, equal to a plain PyTorch step, safe when numbers go wrong."""

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

    from ftk.config.schema import Decay, Init, ModelConfig, Precision
    from ftk.core.device import Hardware
    from ftk.core.horizon import Every, Horizon
    from ftk.core.loop import Plan
    from ftk.core.state import TrainState
    from ftk.data.batches import StepOrder
    from ftk.data.conll import read_conll
    from ftk.data.corpus import RowCorpus
    from ftk.data.rows import Notes
    from ftk.data.sentences import Broken
    from ftk.data.spans import Misaligned, Overlapping
    from ftk.data.subwords import WindowPlan
    from ftk.data.tags import Scheme
    from ftk.data.words import Words
    from ftk.models.load import find, load
    from ftk.optim.groups import build_optimizer
    from ftk.optim.schedules import Schedule
    from ftk.tasks.token_classification import Subwords, TokenClassification

    task = TokenClassification(
        label_subwords=Subwords.first,
        tag_scheme=Scheme.auto,
        broken_tags=Broken.repair,
        misaligned_spans=Misaligned.error,
        overlapping_spans=Overlapping.error,
        words=Words.auto,
    )
    notes = Notes()
    path = write_conll(tmp_path / "toy.conll", toy_sentences(16))
    examples = task.read(read_conll(path, "utf-8", {}, notes), columns={}, labelled=True, notes=notes)
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
        tokenizer=word_pieces(200),
    )
    source = find(model_config, RowCorpus(task, {"train": examples}, labels, {}))
    features = task.features(examples, source.tokenizer, labels, WindowPlan(64, 16), notes)

    def build(
        *,
        total_steps: int = 1,
        micro_batch: int | None = None,
        precision: Precision = Precision.fp32,
        **plan: Any,
    ) -> SimpleNamespace:
        hardware = Hardware(torch.device("cpu"), precision, "")
        model = load(source, task.auto_model, seed=3).model
        settings = {"_target_": "torch.optim.AdamW", "lr": 1e-3, "weight_decay": 0.1}
        state = TrainState(model, build_optimizer(model, settings), hardware.scaler())
        schedule = Schedule(decay=Decay.constant, warmup=0.0, floor=0.0, cooldown=0.0)
        never = Every(99, None)
        values = {"seed": 1, "max_grad_norm": 1.0, "eval_every": never, "save_every": never, "log_every": 1}
        horizon = Horizon(steps=total_steps, tokens=None, seconds=None)
        full = Plan(horizon=horizon, micro_batch=micro_batch, schedule=schedule, patience=None, **{**values, **plan})
        order = StepOrder(features.lengths, 16, 1)
        return SimpleNamespace(
            state=state, task=task, features=features, order=order, plan=full, hardware=hardware, source=source
        )

    return build


def run(setup: SimpleNamespace) -> Iterator[Any]:
    from ftk.core.loop import steps

    return steps(setup.state, setup.task, setup.features, setup.order, setup.plan, setup.hardware, 0)


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
        batch = plain.task.collate(plain.features, windows.tolist(), 0, None)
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

    from ftk.core.state import seed_step

    draws = []
    for seed, step in [(1, 5), (1, 5), (1, 6), (2, 5)]:
        seed_step(seed, step)
        draws.append(torch.rand(8))
    assert torch.equal(draws[0], draws[1])
    assert not torch.equal(draws[0], draws[2])
    assert not torch.equal(draws[0], draws[3])


def test_bf16_autocast_learns_and_keeps_fp32_parameters(make: Any) -> None:
    import torch

    from ftk.config.schema import Precision

    setup = make(precision=Precision.bf16, total_steps=12, max_grad_norm=None)
    losses = [info.loss_sum / info.count for info in run(setup)]
    assert losses[-1] < losses[0]
    assert {value.dtype for value in parameters(setup).values()} == {torch.float32}


def test_fp16_scales_the_loss_and_skips_overflows(make: Any) -> None:
    import torch

    from ftk.config.schema import Precision

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


def test_a_loss_that_is_no_number_stops_before_the_parameters_change(make: Any) -> None:
    import torch

    from ftk.errors import RunError
    from ftk.tasks.base import Loss

    setup = make(total_steps=4)
    task_loss = setup.task.loss
    calls = []

    def loss(outputs: Any, batch: Any) -> Loss:
        calls.append(1)
        found = task_loss(outputs, batch)
        return Loss(found.sum * float("nan"), found.count) if len(calls) == 2 else found

    setup.task.loss = loss
    running = run(setup)
    next(running)
    before = parameters(setup)
    with pytest.raises(RunError, match=r"step 2: the loss is nan .* rows \[0, 1"):
        next(running)
    assert all(torch.equal(value, before[name]) for name, value in parameters(setup).items())
    assert setup.state.progress.step == 1


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
