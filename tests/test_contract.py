"""What every task must do. A new task is one more name in TASKS."""

import json
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from conftest import TINY, Result, read_jsonl
from ftk.data.rows import Notes
from ftk.data.source import demo_files

pytestmark = pytest.mark.torch

TASKS = ["ner"]


@pytest.fixture(scope="module", params=TASKS)
def trained(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> SimpleNamespace:
    """Eight rows of the task's demo corpus, learned by heart by a tiny model through the command line."""
    from ftk import cli

    folder = tmp_path_factory.mktemp(request.param)
    rows = (demo_files(request.param)["train"]).read_text(encoding="utf-8").splitlines()[:8]
    data = folder / "eight.jsonl"
    data.write_text("\n".join(rows) + "\n", encoding="utf-8")
    argv = [f"task={request.param}", *TINY, "debug=overfit", f"data.train={data}", f"data.validation={data}"]
    code = cli.run(["finetune", *argv, f"run.dir={folder / 'run'}"])
    assert code == 0
    return SimpleNamespace(task=request.param, rows=len(rows), data=data, run=folder / "run")


@pytest.fixture
def opened(trained: SimpleNamespace) -> SimpleNamespace:
    """The checkpoint with features of its eight rows."""
    from ftk.commands.checkpoint import Checkpoint
    from ftk.config.schema import DataConfig, Duplicates, Format, Unseen
    from ftk.core.device import Hardware
    from ftk.core.evaluate import Evaluator
    from ftk.data.source import read_file
    from ftk.models.folder import open_model
    from ftk.models.load import load

    data = DataConfig(
        format=Format.auto,
        train=None,
        validation=None,
        test=None,
        name=None,
        subset=None,
        revision=None,
        columns={},
        encoding="utf-8",
        max_length=None,
        stride=None,
        limit=None,
        validation_share=0.0,
        split_seed=0,
        duplicates=Duplicates.keep,
        unseen_labels=Unseen.error,
    )
    checkpoint = Checkpoint.open(trained.run / "best", open_model(trained.run / "best"), None, data)
    notes = Notes()
    rows = list(read_file(trained.data, Format.jsonl, data, notes, labelled=True))
    examples = checkpoint.task.read(rows, columns={}, labelled=True, notes=notes)
    features = checkpoint.features(examples, notes, labelled=True)
    model = load(checkpoint.source, checkpoint.task.auto_model, seed=0).model
    import torch

    from ftk.config.schema import Precision

    evaluator = Evaluator(
        model=model,
        task=checkpoint.task,
        labels=checkpoint.labels,
        hardware=Hardware(torch.device("cpu"), Precision.fp32, ""),
        pad_id=0,
        batch_tokens=4096,
        poll=lambda: None,
    )
    return SimpleNamespace(
        checkpoint=checkpoint, model=model, examples=examples, features=features, evaluator=evaluator, data=data
    )


def test_it_overfits_eight_rows(trained: SimpleNamespace, opened: SimpleNamespace) -> None:
    metrics = json.loads((trained.run / "metrics.json").read_text())
    assert metrics["validation"][opened.checkpoint.task.score] > 0.95
    events = [event for event in read_jsonl(trained.run / "metrics.jsonl") if event["split"] == "train"]
    assert events[-1]["loss"] < 0.1 * events[0]["loss"]


def test_every_parameter_gets_a_gradient(opened: SimpleNamespace) -> None:
    task, model, features = opened.checkpoint.task, opened.model, opened.features
    model.train()
    batch = task.collate(features, range(len(features)), 0)
    loss = task.loss(task.forward(model, batch), batch)
    (loss.sum / loss.count).backward()
    without = [name for name, p in model.named_parameters() if p.requires_grad and (p.grad is None or not p.grad.any())]
    assert without == []


def test_loss_is_a_sum_over_its_count(opened: SimpleNamespace) -> None:
    task, features, model = opened.checkpoint.task, opened.features, opened.model.eval()
    whole = task.collate(features, range(len(features)), 0)
    total = task.loss(task.forward(model, whole), whole)
    parts = [task.collate(features, [window], 0) for window in range(len(features))]
    losses = [task.loss(task.forward(model, part), part) for part in parts]
    assert sum(loss.count for loss in losses) == total.count == whole.count
    assert sum(loss.sum.item() for loss in losses) == pytest.approx(total.sum.item(), rel=1e-4)


def test_save_and_load_give_equal_outputs(opened: SimpleNamespace, tmp_path: Path) -> None:
    import torch

    from ftk.core.checkpoint import save_model
    from ftk.models.load import load, reopen

    task, features = opened.checkpoint.task, opened.features
    save_model(tmp_path / "again", opened.model, opened.checkpoint.source.tokenizer, {"task": {}})
    again = load(reopen(tmp_path / "again", opened.checkpoint.labels), task.auto_model, seed=9).model
    batch = task.collate(features, range(len(features)), 0)
    with torch.inference_mode():
        expected, found = (task.forward(model.eval(), batch) for model in (opened.model, again))
    assert torch.equal(expected, found)


def test_padded_equals_single(opened: SimpleNamespace) -> None:
    """Rows together with longer ones and rows alone: the same predictions and scores."""
    together = list(opened.evaluator.predictions(opened.examples, opened.features))
    assert len(together) == len(opened.examples)
    for example, prediction in together:
        features = opened.checkpoint.features([example], Notes(), labelled=True)
        [(_, alone)] = opened.evaluator.predictions([example], features)
        task = opened.checkpoint.task
        _same(task.record(example, alone), task.record(example, prediction))


def test_predictions_round_trip(trained: SimpleNamespace, ftk: Callable[..., Result]) -> None:
    result = ftk("predict", f"checkpoint={trained.run / 'best'}", f"input={trained.data}", "output=out.jsonl")
    assert result.code == 0, result.err
    given, written = read_jsonl(trained.data), read_jsonl("out.jsonl")
    assert len(written) == len(given)
    stored = read_jsonl(trained.run / "predictions" / "validation.jsonl")
    for row, record, kept in zip(given, written, stored, strict=True):
        assert record["text"] == row["text"]
        _same(record, kept)


def _same(one: Any, other: Any) -> None:
    """Equal values; floats to four digits."""
    if isinstance(one, dict):
        assert one.keys() == other.keys()
        for key, value in one.items():
            _same(value, other[key])
    elif isinstance(one, list):
        assert len(one) == len(other)
        for left, right in zip(one, other, strict=True):
            _same(left, right)
    elif isinstance(one, float):
        assert one == pytest.approx(other, abs=1e-4)
    else:
        assert one == other
