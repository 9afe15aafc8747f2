"""A task and a model of a user's own, in a folder outside of ftk: the worked example of the docs, and its shape."""

import re
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from types import SimpleNamespace

import pytest
import yaml

from conftest import Result, read_jsonl, write_jsonl

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
MODEL = """
# A small encoder of one's own.
defaults: [auto]
init: random
default_lr: 3.0e-3
config:
  model_type: mine
  hidden_size: 32
  num_hidden_layers: 1
  num_attention_heads: 2
  intermediate_size: 64
  max_position_embeddings: 64
tokenizer: {train: wordpiece, vocab_size: 200}
"""
ARCHITECTURE = """
from transformers import AutoConfig, AutoModel, AutoModelForSequenceClassification
from transformers import BertConfig, BertForSequenceClassification, BertModel


class MineConfig(BertConfig):
    model_type = "mine"


class MineModel(BertModel):
    config_class = MineConfig


class MineForSequenceClassification(BertForSequenceClassification):
    config_class = MineConfig


AutoConfig.register("mine", MineConfig, exist_ok=True)
AutoModel.register(MineConfig, MineModel, exist_ok=True)
AutoModelForSequenceClassification.register(MineConfig, MineForSequenceClassification, exist_ok=True)
"""


def blocks(language: str) -> list[str]:
    """The blocks of code of the page in one language."""
    return re.findall(rf"^```{language}\n(.*?)^```", PAGE.read_text(encoding="utf-8"), flags=re.DOTALL | re.MULTILINE)


@pytest.fixture
def mine(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[SimpleNamespace]:
    """The example as the page has it, and an architecture that its module registers."""
    package = tmp_path / "mine"
    package.mkdir()
    (package / "__init__.py").write_text("")
    (package / "architecture.py").write_text(ARCHITECTURE, encoding="utf-8")
    (package / "topic.py").write_text("\n".join(blocks("python")), encoding="utf-8")
    (package / "registered.py").write_text("import mine.architecture\nfrom mine.topic import Topic\n")
    task, data = blocks("yaml")
    for name, text in {
        "task/topic": task,
        "task/own": task.replace("mine.topic.Topic", "mine.registered.Topic"),
        "data/topics": data,
        "model/mine": MODEL,
    }.items():
        path = tmp_path / f"conf/{name}.yaml"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
    monkeypatch.syspath_prepend(str(tmp_path))
    yield SimpleNamespace(conf=("--config-dir", str(tmp_path / "conf")), task=yaml.safe_load(task))
    for name in [name for name in sys.modules if name.partition(".")[0] == "mine"]:
        del sys.modules[name]


@pytest.mark.torch
@pytest.mark.parametrize(("task", "model"), [("topic", "tiny"), ("own", "mine")])
def test_the_worked_example_is_trained_evaluated_and_predicts(
    ftk: Callable[..., Result], mine: SimpleNamespace, task: str, model: str
) -> None:
    rows = write_jsonl("rows.jsonl", [{"id": row["id"], "body": row["text"], "topic": row["label"]} for row in ROWS])
    argv = (*mine.conf, f"task={task}", "data=topics", "hardware=cpu", "hardware.threads=1")
    steps = ("model.dropout=0", "train.epochs=40", "train.batch_size=3", "optimizer.lr=3e-3", "data.cache_dir=cache")
    splits = (f"data.train={rows}", f"data.validation={rows}")
    trained = ftk("finetune", *argv, f"model={model}", *steps, *splits, "run.dir=run")
    assert trained.code == 0, trained.err
    scored = ftk("evaluate", *argv, "checkpoint=run/best", f"data.test={rows}", "run.dir=scores")
    assert scored.code == 0, scored.err
    predicted = ftk("predict", *argv, "checkpoint=run/best", f"input={rows}", "output=out.jsonl")
    assert predicted.code == 0, predicted.err
    written = read_jsonl("out.jsonl")
    assert written == read_jsonl("scores/predictions/test.jsonl") == read_jsonl("run/predictions/validation.jsonl")
    assert [(row["id"], row["text"]) for row in written] == [(row["id"], row["text"]) for row in ROWS]
    assert [row["label"] for row in written] == [row["label"] for row in ROWS], "six sentences are learned by heart"


def test_mistakes_in_rows_and_fields_of_the_example_are_reported(
    ftk: Callable[..., Result], mine: SimpleNamespace
) -> None:
    rows = write_jsonl("rows.jsonl", [*ROWS, {"text": 7, "label": "sport"}])
    other = write_jsonl("other.jsonl", [{"text": "Rain.", "label": "weather"}])
    argv = ("finetune", *mine.conf, "task=topic", "model=tiny", f"data.train={rows}", f"data.validation={other}")
    assert "task.smoothing=2.0" in ftk(*argv, "task.smoothing=2").err
    assert "rows.jsonl:7" in ftk(*argv).err
    write_jsonl("rows.jsonl", ROWS)
    assert "other.jsonl:1: weather" in ftk(*argv).err


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
