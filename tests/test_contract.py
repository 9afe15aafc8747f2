"""What every task must do. A new task is one more name in TASKS.

A task outside of ftk is tested with ``FTK_CONTRACT_TASK``, its name, ``FTK_CONTRACT_ROWS``, a file of JSON lines with
eight rows, and ``FTK_CONTRACT_KEYS``, what OTHERS has for other tasks; see docs/adding-a-task.md.
"""

import importlib
import json
import math
import os
import pkgutil
import re
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from broken_models import changed, of_each_tensor
from conftest import TINY, Result, assert_close, assert_refused, read_jsonl, run_ftk, write_jsonl
from ftk.contracts import finding_kinds as kinds

pytestmark = pytest.mark.torch

OWN = os.environ.get("FTK_CONTRACT_TASK")
"""A task outside of ftk, which is then tested instead of TASKS."""
OWN_ROWS = os.path.abspath(os.environ.get("FTK_CONTRACT_ROWS", ""))
OWN_CONFIGS = os.path.abspath(os.environ.get("FTK_CONFIG_PATH", ""))
OWN_WORDS = ("--config-dir", OWN_CONFIGS, f"task={OWN}") if OWN else ()
"""What ``evaluate`` and ``predict`` need beside the checkpoint."""

TASKS = [
    "ner",
    "mlm",
    "text-classification",
    "multi-label",
    "regression",
    "token-classification",
    "question-answering",
    "relation",
    "image-classification",
    "image-text-classification",
    "ranking",
    "summarization",
    "translation",
]

FAST = frozenset({"ner"})
"""The task that is tested each time; the slow tests have the others."""

BY_HEART = (
    *TINY[2:],
    "debug=overfit",
    "model.dropout=0",
    "train.epochs=null",
    "train.max_steps=150",
)
"""Settings under which eight rows are learned by heart."""

SHORT = ("data.max_length=32",)
"""Windows that are shorter than some of the rows."""

OTHERS = {
    "mlm": (*SHORT, "train.max_steps=600"),  # no labels to learn from: more steps
    "text-classification": (*SHORT, "train.max_steps=250"),  # some labels have a single row
    "question-answering": ("data.max_length=104",),  # 32 tokens are shorter than every row
    "image-classification": (),
    "image-text-classification": ("data.max_length=16",),
}
"""What tasks have instead that are not trained so."""

if OWN:
    OTHERS[OWN] = (*SHORT, *os.environ.get("FTK_CONTRACT_KEYS", "").split())

ONE_LENGTH = {"image-classification"}
"""Tasks whose windows are all of one length."""

MODELS = {
    "multi-label": (*TINY[:2], "model.pooling=mean"),  # a head of ftk in the place of that of transformers
    "summarization": ("model=t5-tiny", "model.default_lr=3e-3", "task.num_beams=1"),
    "translation": ("model=marian-tiny", "model.default_lr=1e-3", "task.label_smoothing=0", "task.num_beams=1"),
    "image-classification": ("model=vit-tiny", "model.default_lr=3e-3", "model.image_processor.size=32"),
    "image-text-classification": (
        "model=fusion",
        "model.default_lr=3e-3",
        "model@model.towers.text=tiny",
        "model@model.towers.image=vit-tiny",
        "model.towers.image.image_processor.size=32",
    ),
}
"""What trains in the place of an encoder of texts; a target that is smoothed is never learned by heart."""

PERFECT = {"bleu": 100.0}
"""The best value of scores that do not end at 1."""

ADVICE = (
    "Eight rows are not learned by heart. Is anything random or smoothed while they are learned? OTHERS sets other "
    "keys for a task, such as a smoothing of 0 or more steps, and MODELS another model."
)
"""What to try if a task does not learn eight rows by heart."""

SHIFTS = {"qa_outputs.bias"}
"""Parameters that are added to all logits of a softmax alike: but for rounding their gradient is 0."""

SCORED = {"raw_tags", "raw_entities", "rank", "ranked_among", "ties"}
"""What only the records of rows that are scored have."""

FREQUENT = {"and", "in", "of", "the", "to"}
"""Words that even the smallest vocabulary has whole."""


def contract_params() -> list[Any]:
    """The tasks as parameters; all but some are marked as slow."""
    return [OWN] if OWN else [name if name in FAST else pytest.param(name, marks=pytest.mark.slow) for name in TASKS]


@pytest.fixture(scope="module", params=contract_params())
def trained(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> SimpleNamespace:
    """Eight rows of the task's demo corpus, learned by heart by a tiny model through the command line."""

    from ftk.config.compose import compose
    from ftk.data.readers.splits import demo_files
    from ftk.tasks import build_task

    name = request.param
    folder = tmp_path_factory.mktemp(name)
    node = compose(
        "finetune", [f"task={name}"], check=lambda *_: [], config_dir=OWN_CONFIGS if OWN else None
    ).config.task
    task = build_task(node)
    assert OWN or task.spec.demo, f"{name}: name a demo corpus in the spec (src/ftk/demo/), or set FTK_CONTRACT_ROWS"
    source = Path(OWN_ROWS) if OWN else demo_files(task.spec.demo)["train"]
    assert source.is_file(), f"FTK_CONTRACT_ROWS must name a file of JSON lines, not {source}"
    rows = read_jsonl(source)[:8]
    for row in rows:
        if "image" in row:  # by its path from anywhere
            row["image"] = str((source.parent / row["image"]).resolve())
    data = write_jsonl(folder / "eight.jsonl", rows)
    files = (f"data.train={data}", f"data.validation={data}", f"data.cache_dir={folder / 'cache'}")
    words = (*MODELS.get(name, TINY[:2]), *BY_HEART, *OTHERS.get(name, SHORT), *files)
    assert run_ftk(task.spec.command, f"task={name}", *OWN_WORDS[:2], *words, f"run.dir={folder / 'run'}") == 0
    metrics = json.loads((folder / "run" / "metrics.json").read_text(encoding="utf-8"))
    return SimpleNamespace(name=name, task=task, data=Path(data), run=folder / "run", metrics=metrics)


@pytest.fixture
def shapes() -> Iterator[Counter[str]]:
    """Checks the shapes in the docstrings of all functions; counts what was checked."""
    import ftk.tasks
    from docstring_shapes import install

    for module in pkgutil.walk_packages(ftk.tasks.__path__, "ftk.tasks."):
        importlib.import_module(module.name)
    seen: Counter[str] = Counter()
    remove = install(seen)
    yield seen
    remove()


@pytest.fixture(scope="module")
def loaded(trained: SimpleNamespace) -> SimpleNamespace:
    """The checkpoint, its model, and its eight rows as features, loaded as ``ftk evaluate`` loads them."""
    from ftk.commands.checks.values import check_values
    from ftk.config.compose import compose
    from ftk.contracts.contexts import Encoding
    from ftk.contracts.notes import Notes
    from ftk.inference.checkpoint import Checkpoint
    from ftk.inference.manifest import task_of
    from ftk.kernels.proof import Verdict
    from ftk.kernels.ways import install, training_ways
    from ftk.models.loading.load import load_weights
    from ftk.models.loading.verified_folder import verify_folder
    from ftk.report.console import Console

    argv = [f"checkpoint={trained.run / 'best'}", f"data.test={trained.data}", "hardware=cpu", "hardware.threads=1"]
    job = compose("evaluate", [*argv, *OWN_WORDS[2:]], check=check_values, config_dir=OWN_CONFIGS if OWN else None)
    config, folder, notes, console = job.config, trained.run / "best", Notes(), Console(stderr=True)
    known = task_of(verify_folder(folder), config.task, job.invocation.names("task"), str(folder), Notes())
    checkpoint = Checkpoint.open(folder, known, config.data)
    task, processor = checkpoint.task, checkpoint.source.processor
    corpus = task.open_corpus(config.data, notes, labels=checkpoint.labels, test_only=True)
    encoding = Encoding(processor, checkpoint.labels, checkpoint.windows, notes)
    prepared = corpus.prepare(encoding, console)["test"]
    runner = checkpoint.runner(task, config.hardware, console)
    model = load_weights(
        checkpoint.source, task.spec.auto_model, seed=0
    ).model  # as training has it, which evaluation packs
    install(model, training_ways(), Verdict().allows)
    return SimpleNamespace(
        checkpoint=checkpoint,
        task=task,
        model=model,
        examples=prepared.examples,
        features=prepared.features,
        runner=runner,
    )


@pytest.fixture
def opened(loaded: SimpleNamespace) -> SimpleNamespace:
    """The loaded checkpoint as it is before a test: in evaluation mode and without gradients."""
    loaded.model.eval().zero_grad(set_to_none=True)
    return loaded


def test_every_shipped_task_is_tested() -> None:
    from ftk.config.paths import shipped_configs

    shipped = {path.stem for path in shipped_configs().glob("task/*.yaml")}
    assert set(TASKS) == shipped, "TASKS must name every task in configs/task/"


def collated(opened: SimpleNamespace, *windows: int) -> Any:
    """A batch of some windows, or of all of them."""
    return opened.task.collate(opened.features, windows or range(len(opened.features)), None)


def test_it_overfits_eight_rows(trained: SimpleNamespace, opened: SimpleNamespace) -> None:
    spec = opened.task.spec
    score, best = trained.metrics["validation"][spec.score], PERFECT.get(spec.score, 1.0)
    learned = score > 0.95 * best if spec.higher_is_better else score < 0.1
    assert learned, f"{spec.score} {score}: {ADVICE} The best value of a score is 1, or stands in PERFECT."
    events = [event for event in read_jsonl(trained.run / "metrics.jsonl") if event["split"] == "train"]
    first, last = events[0]["loss"], events[-1]["loss"]
    assert last < 0.1 * first, f"the loss fell from {first} to {last}, not below a tenth: {ADVICE}"


def test_every_parameter_gets_a_gradient(opened: SimpleNamespace) -> None:
    batch = collated(opened)
    loss = opened.task.loss(opened.task.forward(opened.model.train(), batch), batch)
    (loss.sum / loss.count).backward()
    parameters = [(name, p) for name, p in opened.model.named_parameters() if p.requires_grad]
    assert parameters
    idle = [name for name, p in parameters if p.grad is None or not p.grad.any()]
    idle = [name for name in idle if name not in SHIFTS]
    assert idle == [], "the loss does not depend on these; add those whose gradient is 0 for a reason to SHIFTS"


def test_loss_is_a_sum_over_its_count(opened: SimpleNamespace) -> None:
    """Many targets in batches of any cut, or where a task forbids to cut them in any order: the sum is one, and so is
    the count that it is divided by."""
    task, model = opened.task, opened.model.eval()
    number = len(opened.features)
    whole = collated(opened)
    total = task.loss(task.forward(model, whole), whole)
    for size in (1, 3):
        parts = [collated(opened, *range(begin, min(number, begin + size))) for begin in range(0, number, size)]
        if task.spec.in_batch_loss_hint is not None:
            parts = [collated(opened, *range(size, number), *range(size))]
            assert parts[0].windows != whole.windows
        assert len(parts) > 1 or task.spec.in_batch_loss_hint
        losses = [task.loss(task.forward(model, part), part) for part in parts]
        counts = [sum(loss.count for loss in losses), sum(part.count for part in parts), total.count, whole.count]
        assert len(set(counts)) == 1, "loss and collate must count the same targets, however a batch is cut"
        assert counts[0] >= 8
        added, whole_sum = sum(loss.sum.item() for loss in losses), total.sum.item()
        assert added == pytest.approx(whole_sum, rel=1e-4, abs=1e-5), "Loss.sum must be a sum over targets, not a mean"
        assert sum(part.tokens for part in parts) == whole.tokens == opened.features.lengths.sum()


@pytest.mark.skipif(OWN is not None, reason="shapes in docstrings are a rule for ftk's own tasks")
def test_tensors_have_the_shapes_that_docstrings_give(opened: SimpleNamespace, shapes: Counter[str]) -> None:
    batch = collated(opened)
    outputs = opened.task.forward(opened.model.train(), batch)
    (opened.task.loss(outputs, batch).sum / batch.count).backward()
    list(opened.runner.predictions(opened.examples, opened.features))
    tasks = {name for name in shapes if name.startswith("ftk.tasks.")}
    assert tasks, "no shape in the docstrings of this task's forward, loss, to_numpy or decode"
    assert set(shapes) - tasks, "no shape in the docstrings of the models and kernels that it uses"


def test_save_and_load_give_equal_outputs(opened: SimpleNamespace, tmp_path: Path) -> None:
    import torch

    from ftk.core.saving.checkpoint import Snapshot, save
    from ftk.kernels.proof import Verdict
    from ftk.kernels.ways import install, training_ways
    from ftk.models.loading.load import load_weights
    from ftk.models.loading.source import reopen_model

    task, source = opened.task, opened.checkpoint.source
    facts = {"task": {}, "labels": None, "max_length": 8, "stride": 0, "step": 1}
    save(tmp_path / "again", Snapshot(model=opened.model, processor=source.processor, manifest=facts))
    reopened = reopen_model(tmp_path / "again", opened.checkpoint.labels, task.spec.modalities)
    again = load_weights(reopened, task.spec.auto_model, seed=9).model
    install(again, training_ways(), Verdict().allows)
    batch = collated(opened)
    with torch.inference_mode():
        expected, found = (
            task.to_numpy(task.forward(model.eval(), batch), opened.features, batch) for model in (opened.model, again)
        )
    assert len(expected) == len(opened.features)
    assert all((one == other).all() for one, other in zip(expected, found, strict=True))


def test_padded_equals_single(trained: SimpleNamespace, opened: SimpleNamespace) -> None:
    """Windows together with longer ones and windows alone: the same predictions and scores."""
    several = len(set(opened.features.lengths.tolist())) > 1
    assert several == (trained.name not in ONE_LENGTH), "ONE_LENGTH names the tasks whose windows have one length"
    alone = replace(opened.runner, batch_tokens=1)
    pairs = [list(runner.predictions(opened.examples, opened.features)) for runner in (opened.runner, alone)]
    assert len(pairs[0]) == len(opened.examples)
    for (example, together), (_, single) in zip(*pairs, strict=True):
        assert_close(opened.task.record(example, single), opened.task.record(example, together))


def test_evaluate_scores_as_training_did(trained: SimpleNamespace, ftk: Callable[..., Result]) -> None:
    argv = (f"checkpoint={trained.run / 'best'}", f"data.test={trained.data}", "hardware=cpu", "hardware.threads=1")
    result = ftk("evaluate", *OWN_WORDS, *argv, "run.dir=scores")
    assert result.code == 0, result.err
    assert_close(json.loads(Path("scores/metrics.json").read_text())["test"], trained.metrics["validation"])


def test_predictions_round_trip(trained: SimpleNamespace, ftk: Callable[..., Result]) -> None:
    """Every row comes back, in order, with what training wrote of it; where that is none, with its mask filled."""
    given = read_jsonl(trained.data)
    if trained.name == "mlm":
        words = [next(word for word in row["text"].split() if word in FREQUENT) for row in given]
        given = [
            {**row, "text": row["text"].replace(f" {word} ", " [MASK] ", 1)}
            for row, word in zip(given, words, strict=True)
        ]
    path = write_jsonl("in.jsonl", given)
    argv = (f"checkpoint={trained.run / 'best'}", f"input={path}", "output=out.jsonl", "hardware=cpu")
    result = ftk("predict", *OWN_WORDS, *argv)
    assert result.code == 0, result.err
    written = read_jsonl("out.jsonl")
    columns = ("text", "tokens", "question", "query", "source", "image", *given[0])
    column = next(name for name in columns if name in given[0] and name in written[0])
    shown = [_unmarked(row[column]) if trained.name == "relation" else row[column] for row in given]
    assert [record[column] for record in written] == shown
    stored = trained.run / "predictions" / "validation.jsonl"
    assert stored.exists() == trained.task.spec.writes_records
    if stored.exists():
        scored = [{key: value for key, value in row.items() if key not in SCORED} for row in read_jsonl(stored)]
        assert_close(written, scored)
        return
    for record in written:
        [mask] = record["masks"]
        assert record["text"][mask["start"] : mask["end"]] == "[MASK]"
        probabilities = [candidate["probability"] for candidate in mask["candidates"]]
        assert len(probabilities) == 5
        assert probabilities == sorted(probabilities, reverse=True)
        assert 0 < sum(probabilities) <= 1.001
    # The first row stands where it stood in training: at the beginning of a block.
    assert written[0]["masks"][0]["candidates"][0]["text"] == words[0]


def test_numbers_that_are_not_finite_are_no_predictions(
    trained: SimpleNamespace, ftk: Callable[..., Result], tmp_path: Path
) -> None:
    broken = changed(trained.run / "best", tmp_path / "broken", of_each_tensor(math.nan))
    argv = (*OWN_WORDS, f"checkpoint={broken}", "hardware=cpu", "hardware.threads=1")
    result = ftk("evaluate", "--json", *argv, f"data.test={trained.data}", "run.dir=scores")
    assert result.code == 1
    assert [kind for kind, _ in result.errors] == [kinds.NOT_FINITE]
    assert not Path("scores/metrics.json").exists()
    rows = read_jsonl(trained.data)
    if trained.name == "mlm":
        rows = [{**row, "text": f"[MASK] {row['text']}"} for row in rows]
    result = ftk("predict", "--json", *argv, f"input={write_jsonl('in.jsonl', rows)}", "output=out.jsonl")
    assert_refused(result, kinds.NOT_FINITE, count=len(rows))
    assert not Path("out.jsonl").exists()


@pytest.mark.parametrize("trained", contract_params(), indirect=True, scope="module")
def test_a_run_that_was_stopped_and_resumed_ends_with_the_same_bytes(
    trained: SimpleNamespace, ftk: Callable[..., Result], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Stopped as by a kill, between two saves: nothing is written once a forward pass has failed."""

    class Stopped(BaseException):
        pass

    kind = type(trained.task)
    forward, seen = kind.forward, []

    def counted(self: Any, model: Any, batch: Any) -> Any:
        seen.append(model.training)
        if sum(seen) == 6:
            raise Stopped
        return forward(self, model, batch)

    model = MODELS.get(trained.name, TINY[:2])
    words = (
        trained.task.spec.command,
        f"task={trained.name}",
        *OWN_WORDS[:2],
        *model,
        *TINY[2:],
        *OTHERS.get(trained.name, ()),
        "train.batch_size=3",
    )
    if trained.name in ("summarization", "translation"):
        words += ("task.max_new_tokens=4",)  # a model that has learned nothing writes as long as it may
    files = (f"data.train={trained.data}", f"data.validation={trained.data}")
    argv = (*words, *files, "train.epochs=null", "train.max_steps=7", "train.save_every=2", "train.eval_every=3")
    assert ftk(*argv, "run.dir=whole").code == 0
    with monkeypatch.context() as patch:
        patch.setattr(kind, "forward", counted)
        with pytest.raises(Stopped):
            ftk(*argv, "run.dir=broken")
    resumed = ftk(*argv, "run.dir=broken", "run.resume=true")
    assert resumed.code == 0, resumed.err
    assert "resuming after step" in resumed.out
    names = ["best/model.safetensors", "last/model.safetensors", "last/trainer.safetensors", "best/config.json"]
    names += [path.relative_to("whole").as_posix() for path in Path("whole/predictions").glob("*.jsonl")]
    for name in names:
        assert Path("broken", name).read_bytes() == Path("whole", name).read_bytes(), name


def _unmarked(text: str) -> str:
    """A text without the marks of its entities."""
    return re.sub("</?e[12]>", "", text)
