"""A task and a model of a user's own, in a folder outside of ftk: the worked example of the docs, and its shape."""

import json
import os
import re
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from types import SimpleNamespace

import pytest
import yaml

from conftest import TINY, Result, read_jsonl, write_jsonl

PAGE = Path(__file__).resolve().parents[2] / "docs/adding-a-task.md"
ROWS = [
    {"id": number, "text": f"The {noun} {verb} again.", "label": label}
    for number, (noun, verb, label) in enumerate(
        [
            ("striker", "scored", "sport"),
            ("keeper", "missed", "sport"),
            ("ferry", "left", "travel"),
            ("train", "stopped", "travel"),
            ("comet", "glowed", "science"),
            ("cell", "divided", "science"),
        ]
    )
]


def blocks(language: str) -> list[str]:
    """The blocks of code of the page in one language."""
    return re.findall(rf"^```{language}\n(.*?)^```", PAGE.read_text(encoding="utf-8"), flags=re.DOTALL | re.MULTILINE)


@pytest.fixture
def mine(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[SimpleNamespace]:
    """The example and the architecture of the page, and a task whose module registers the architecture."""
    package = tmp_path / "mine"
    package.mkdir()
    (package / "__init__.py").write_text("")
    *topic, architecture = blocks("python")
    (package / "architecture.py").write_text(architecture, encoding="utf-8")
    (package / "topic.py").write_text("\n".join(topic), encoding="utf-8")
    (package / "registered.py").write_text("import mine.architecture\nfrom mine.topic import Topic\n")
    task, data, model = blocks("yaml")
    for name, text in {
        "task/topic": task,
        "task/own": task.replace("mine.topic.Topic", "mine.registered.Topic"),
        "data/topics": data,
        "model/mine": model,
    }.items():
        path = tmp_path / f"conf/{name}.yaml"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
    monkeypatch.syspath_prepend(str(tmp_path))
    conf = ("--config-dir", str(tmp_path / "conf"))
    yield SimpleNamespace(folder=tmp_path, conf=conf, task=yaml.safe_load(task))
    for name in [name for name in sys.modules if name.partition(".")[0] == "mine"]:
        del sys.modules[name]


BROKEN = {
    "a tensor as loss": ("def loss(self, *args): return super().loss(*args).sum", ["Broken.loss", "Tensor", "Loss"]),
    "a loss per row": (
        "def loss(self, *args): return Loss(super().loss(*args).sum.expand(3), 3)",
        ["Broken.loss", "[3]", "scalar"],
    ),
    "a number as loss": (
        "def loss(self, *args): return Loss(super().loss(*args).sum.item(), 3)",
        ["Broken.loss", "float"],
    ),
    "another count": ("def loss(self, *args): return Loss(super().loss(*args).sum, 1)", ["Broken.loss", "1", "3"]),
    "a window too few": (
        "def to_numpy(self, *args): return super().to_numpy(*args)[1:]",
        ["Broken.to_numpy gave 5 arrays for 6 windows"],
    ),
    "a prediction too few": (
        "def decode(self, *args): return super().decode(*args)[1:]",
        ["Broken.decode gave 5 predictions for 6 examples"],
    ),
    "an unknown score": (
        "spec = replace(Topic.spec, score='acuracy')",
        ["Broken.spec", "acuracy", "TopicMetric.compute", "accuracy, f1_macro"],
    ),
    "no scores": (
        "def metric(self, labels): return SimpleNamespace(update=lambda *args: None, compute=lambda: 0.5)",
        ["SimpleNamespace.compute", "float", "dict"],
    ),
    "a score that is none": (
        "def metric(self, labels): return SimpleNamespace(update=lambda *args: None, compute=lambda: {'f1': {1}})",
        ["SimpleNamespace.compute", "set", "f1"],
    ),
    "an unknown head": (
        "spec = replace(Topic.spec, auto_model='AutoModelForSequenceClasification')",
        ["AutoModelForSequenceClasification", "'AutoModelForSequenceClassification'"],
    ),
}
"""What a task does wrong, and what the message names."""
HEADER = """
from dataclasses import dataclass, replace
from types import SimpleNamespace
import numpy as np
from ftk.tasks.base import Loss, RowTask
from mine.topic import Topic, TopicMetric

"""


def own_class(mine: SimpleNamespace, body: str, name: str = "broken") -> tuple[str, ...]:
    """Write a module with a class ``Broken``, and its YAML; returns the words that choose it."""
    (mine.folder / f"mine/{name}.py").write_text(HEADER + body + "\n", encoding="utf-8")
    fields = "".join(f"{key}: {value}\n" for key, value in mine.task.items() if key != "_target_")
    text = f"_target_: mine.{name}.Broken\n{fields}"
    (mine.folder / f"conf/task/{name}.yaml").write_text(text, encoding="utf-8")
    return (*mine.conf, f"task={name}")


@pytest.mark.torch
@pytest.mark.parametrize(("member", "named"), BROKEN.values(), ids=BROKEN)
def test_what_a_task_returns_is_checked(
    ftk: Callable[..., Result], mine: SimpleNamespace, member: str, named: list[str]
) -> None:
    argv = own_class(mine, f"@dataclass(kw_only=True)\nclass Broken(Topic):\n    {member}")
    rows = write_jsonl("rows.jsonl", ROWS)
    splits = (f"data.train={rows}", f"data.validation={rows}", "data.cache_dir=cache")
    result = ftk("finetune", *argv, *TINY, *splits, "train.batch_size=3", "train.epochs=1", "run.dir=run")
    assert result.code == 1
    assert [words for words in named if words not in result.err] == []


@pytest.mark.torch
@pytest.mark.slow
def test_scores_may_be_numpys_and_each_row_needs_a_prediction(
    ftk: Callable[..., Result], mine: SimpleNamespace
) -> None:
    """The task of this test gives scores as NumPy has them, and leaves a row of ``ftk predict`` out."""
    body = """
import torch

@dataclass(kw_only=True)
class Broken(Topic):
    def metric(self, labels):
        found = super().metric(labels)
        compute = found.compute
        others = {"rows": np.int64(6), "each": np.zeros(2), "sum": torch.ones(())}
        found.compute = lambda: {"accuracy": np.float32(compute()["accuracy"]), **others}
        return found

    def read(self, rows, reading):
        return [one for one in super().read(rows, reading) if reading.labelled or "ferry" not in one.text]
"""
    argv = (*own_class(mine, body), "hardware=cpu", "hardware.threads=1")
    rows = write_jsonl("rows.jsonl", ROWS)
    splits = (f"data.train={rows}", f"data.validation={rows}", "data.cache_dir=cache")
    trained = ftk("finetune", *argv, *TINY[:2], *splits, "train.batch_size=3", "train.epochs=1", "run.dir=run")
    assert trained.code == 0, trained.err
    scores = json.loads(Path("run/metrics.json").read_text(encoding="utf-8"))["validation"]
    assert (scores["rows"], scores["each"], scores["sum"]) == (6, [0.0, 0.0], 1.0)
    predicted = ftk("predict", *argv, "checkpoint=run/best", f"input={rows}", "output=out.jsonl")
    assert predicted.code == 1
    assert "Broken.read gave 5 examples for 6 rows" in predicted.err
    assert "rows.jsonl:3" in predicted.err


def test_a_class_that_is_no_task_yet_is_reported(
    ftk: Callable[..., Result], mine: SimpleNamespace, monkeypatch: pytest.MonkeyPatch
) -> None:
    rows = write_jsonl("rows.jsonl", ROWS)
    splits = (f"data.train={rows}", f"data.validation={rows}")
    argv = own_class(mine, "class Broken(Topic):\n    smoothing: float\n    share: int", name="plain")
    error = ftk("finetune", *argv, *splits).err
    assert "task._target_=mine.plain.Broken" in error
    assert "share" in error
    assert "@dataclass(kw_only=True)" in error
    argv = own_class(mine, "@dataclass(kw_only=True)\nclass Broken(RowTask):\n    smoothing: float", name="bare")
    error = ftk("finetune", *argv, *splits).err
    assert "task._target_=mine.bare.Broken" in error
    assert "collate, decode, features, forward, labels, loss, metric, read, record, spec, to_numpy" in error
    target = "task._target_=nowhere.topic.Topic"
    error = ftk("finetune", *mine.conf, "task=topic", target, *splits).err
    assert target in error
    assert "PYTHONPATH" in error


@pytest.mark.torch
@pytest.mark.slow
@pytest.mark.parametrize(("task", "model"), [("topic", "tiny"), ("own", "mine")])
def test_the_worked_example_is_trained_evaluated_and_predicts(
    ftk: Callable[..., Result], mine: SimpleNamespace, task: str, model: str
) -> None:
    rows = write_jsonl("rows.jsonl", [{"id": row["id"], "body": row["text"], "topic": row["label"]} for row in ROWS])
    argv = (*mine.conf, f"task={task}", "data=topics", "hardware=cpu", "hardware.threads=1")
    steps = ("model.dropout=0", "train.epochs=40", "train.batch_size=3", "optimizer.lr=3e-3", "data.cache_dir=cache")
    splits = (f"data.train={rows}", f"data.validation={rows}")
    train = ("finetune", *argv, f"model={model}", *steps, *splits, "run.dir=run")
    assert ftk(*train, "run.stop_after=7").code == 0
    trained = ftk(*train, "run.resume=true")
    assert trained.code == 0, trained.err
    assert "resuming after step 7" in trained.out
    scored = ftk("evaluate", *argv, "checkpoint=run/best", f"data.test={rows}", "run.dir=scores")
    assert scored.code == 0, scored.err
    predicted = ftk("predict", *argv, "checkpoint=run/best", f"input={rows}", "output=out.jsonl")
    assert predicted.code == 0, predicted.err
    written = read_jsonl("out.jsonl")
    assert written == read_jsonl("scores/predictions/test.jsonl") == read_jsonl("run/predictions/validation.jsonl")
    assert [(row["id"], row["text"]) for row in written] == [(row["id"], row["text"]) for row in ROWS]
    assert [row["label"] for row in written] == [row["label"] for row in ROWS], "six sentences are learned by heart"


@pytest.mark.slow
@pytest.mark.torch
def test_the_contract_of_tasks_can_be_run_for_a_task_outside_of_ftk(mine: SimpleNamespace) -> None:
    """As the page says: the contract in a process of its own, from the folder of the task."""
    nouns = {"goal": "sport", "match": "sport", "ferry": "travel", "train": "travel"}
    rows = [
        {"text": f"The {noun} was {'late and slow' * late}.", "label": label}
        for noun, label in nouns.items()
        for late in (0, 1)
    ]
    write_jsonl(mine.folder / "eight.jsonl", rows)
    own = {
        "FTK_CONTRACT_TASK": "topic",
        "FTK_CONTRACT_ROWS": "eight.jsonl",
        "FTK_CONTRACT_KEYS": "task.smoothing=0",
        "FTK_CONFIG_PATH": "conf",
    }
    path = os.pathsep.join([".", *os.environ.get("PYTHONPATH", "").split(os.pathsep)])
    argv = [
        sys.executable,
        "-m",
        "pytest",
        "-q",
        "-p",
        "no:cacheprovider",
        str(PAGE.parents[1] / "tests/test_contract.py"),
    ]
    environment = {**os.environ, **own, "PYTHONPATH": path}
    done = subprocess.run(argv, cwd=mine.folder, env=environment, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout
    assert re.search(r"\d+ passed", done.stdout)


def test_mistakes_in_rows_and_fields_of_the_example_are_reported(
    ftk: Callable[..., Result], mine: SimpleNamespace
) -> None:
    rows = write_jsonl("rows.jsonl", [*ROWS, {"text": 7, "label": "sport"}])
    other = write_jsonl("other.jsonl", [{"text": "Rain.", "label": "weather"}])
    argv = ("finetune", *mine.conf, "task=topic", "model=tiny", f"data.train={rows}", f"data.validation={other}")
    assert "task.smoothing=2.0" in ftk(*argv, "task.smoothing=2").err
    assert refusal(ftk(*argv, "--json")) == ("no-topic-text", 1, ["rows.jsonl:7"])
    write_jsonl("rows.jsonl", ROWS)
    assert refusal(ftk(*argv, "--json")) == ("unseen-topic", 1, ["other.jsonl:1: weather"])


def refusal(result: Result) -> tuple[str, int, list[str]]:
    """The kind, the count and the places of the finding that stopped a command; ftk does not list the kind."""
    [found] = result.events[-1]["findings"]
    return found["kind"], found["count"], found["places"]


def test_the_list_of_a_tasks_life_names_every_member() -> None:
    """The page names each public member of a task, and no other; a member more is a member too many."""
    from ftk.tasks.base import RowTask

    members = {name for name in dir(RowTask) if not name.startswith("_")}
    table = PAGE.read_text(encoding="utf-8").partition("## The life of a task")[2].partition("The steps get")[0]
    named = re.findall(r"^\| [^|]*\| (?:\*\*)?`(\w+)`", table, flags=re.MULTILINE)
    assert sorted(named) == sorted(members)
    assert len(members) <= 20


def test_every_task_has_at_most_twenty_members_and_three_classes() -> None:
    import dataclasses

    from ftk.config.paths import shipped_configs, values_of
    from ftk.tasks import build_task

    for path in sorted(shipped_configs().glob("task/*.yaml")):
        kind = type(build_task(values_of(f"task/{path.stem}")))
        fields = {item.name for item in dataclasses.fields(kind)}
        members = {name for name in dir(kind) if not name.startswith("_")} - fields
        assert len(members) <= 20, (kind, members)
        assert len([cls for cls in kind.__mro__ if cls.__module__.startswith("ftk.")]) <= 3, kind
