"""Fields of tasks on the command line: all mistakes in them at once, and none of them without effect."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from conftest import TINY, Result, write_jsonl
from data_helpers import shipped_task
from ftk.contracts import finding_kinds as kinds
from ftk.contracts.task import fields_of
from ftk.tasks import task_from_fields

TRAIN = [{"text": f"{first} and {second}", "labels": [first]} for first in ("red", "blue") for second in "abcdef"]
NOTHING_TO_TUNE = "would count instead; leave out one of the two."


def told(result: Result) -> dict[str, str]:
    """What a refusal says, by what it is about."""
    assert (result.code, result.out) == (1, "")
    head, *blocks = result.err.rstrip("\n").split("\n\n")
    assert head.endswith("in the configuration; nothing was run.")
    return {what.strip(): advice.strip() for what, _, advice in (block.partition("\n") for block in blocks)}


@pytest.mark.parametrize(
    ("task", "words", "expected"),
    [
        (
            "text-classification",
            ["pooling=foo", "focal=-1", "label_smoothing=high", "label_names=nowhere.txt", "class_weights={spam: -1}"],
            {
                "pooling=foo": "It must be one of mean, max, first; 'foo' is not.",
                "focal=-1.0": "It must be at least 0.",
                "label_smoothing=high": "It must be a number; 'high' is not.",
                "label_names=nowhere.txt": "The file cannot be read (No such file or directory).",
                "class_weights.spam=-1": "A weight must be at least 0.",
            },
        ),
        (
            "multi-label",
            ["separator=", "threshold=2", "thresholds={red: 7}", "class_weights=heavy"],
            {
                "separator=": "the sign between the labels of one cell",
                "threshold=2": "a probability between 0 and 1.",
                "thresholds.red=7": "It must be a probability between 0 and 1.",
                "class_weights=heavy": "It must be null, balanced, or a weight by name",
            },
        ),
        ("multi-label", ["thresholds=high"], {"thresholds=high": "It must be null, or a probability by label"}),
        ("multi-label", ["threshold=0.5", "thresholds={red: 0.3}"], {"thresholds": NOTHING_TO_TUNE}),
        (
            "regression",
            ["mean=[3]", "deviation=2"],
            {"mean=[3]": "Training fills it in", "deviation=2": "leave it out"},
        ),
        ("question-answering", ["threshold=1", "null_threshold=2"], {"null_threshold=2.0": NOTHING_TO_TUNE}),
        ("question-answering", ["no_answer=false", "null_threshold=2"], {"null_threshold=2.0": "leave it out."}),
        (
            "question-answering",
            ["null_threshold=nan", "n_best=0"],
            {"null_threshold=nan": "number", "n_best=0": "at least 1"},
        ),
        (
            "relation",
            ["head_mark=a b", "head=x"],
            {"head_mark=a b": "without spaces", "head=x": "entity_start, r_bert"},
        ),
        (
            "ner",
            ["units=word", "words=x", "focal=-2"],
            {"units=word": "one of", "words=x": "one of", "focal=-2.0": "at least 0"},
        ),
    ],
)
def test_all_mistakes_in_the_fields_of_a_task_come_at_once(
    ftk: Callable[..., Result], task: str, words: list[str], expected: dict[str, str]
) -> None:
    found = told(ftk("finetune", f"task={task}", *(f"task.{word}" for word in words)))
    assert found.keys() == {f"task.{word}" for word in expected}
    for word, advice in expected.items():
        assert advice in found[f"task.{word}"]
    assert list(Path().iterdir()) == []


def fields(run: str) -> dict[str, Any]:
    return json.loads(Path(run, "best/ftk.json").read_text())["task"]["fields"]


@pytest.mark.slow
@pytest.mark.torch
def test_thresholds_that_are_given_are_kept(ftk: Callable[..., Result]) -> None:
    data = write_jsonl("train.jsonl", TRAIN)
    fast = ("task=multi-label", *TINY, "debug=one-step", f"data.train={data}", f"data.validation={data}")
    given = ftk("finetune", *fast, "task.thresholds={red: 0.001}", "run.dir=given")
    assert given.code == 0, given.err
    assert fields("given")["thresholds"] == {"red": 0.001}
    metrics = json.loads(Path("given/metrics.json").read_text())["validation"]["per_label"]
    assert {name: scores["threshold"] for name, scores in metrics.items()} == {"blue": 0.5, "red": 0.001}
    assert ftk("finetune", *fast, "run.dir=tuned").code == 0
    assert fields("tuned")["thresholds"].keys() == {"blue", "red"}
    # One number for all replaces the tuned thresholds; a threshold for an unknown label is reported.
    over = ("evaluate", "checkpoint=tuned/best", "task=multi-label", f"data.test={data}", "hardware=cpu")
    result = ftk(*over, "task.threshold=0.25", "run.dir=one")
    assert result.code == 0, result.err
    metrics = json.loads(Path("one/metrics.json").read_text())["test"]["per_label"]
    assert {scores["threshold"] for scores in metrics.values()} == {0.25}
    assert ftk("finetune", *fast, "task.threshold=0.4", "run.dir=fixed").code == 0
    fixed = ("evaluate", "checkpoint=fixed/best", "task=multi-label", f"data.test={data}", "hardware=cpu")
    result = ftk(*fixed, "--json", "task.threshold=tuned", "run.dir=two")
    assert result.code == 0, result.err
    assert "0.5" in result.found(kinds.NOTHING_TUNED).values["default"]
    unknown = ftk(*over, "task.thresholds={green: 0.3}")
    assert (unknown.code, "task.thresholds.green: there is no such label; there are blue, red." in unknown.err) == (
        1,
        True,
    )
    trained = ftk("finetune", *fast, "task.thresholds={green: 0.3}")
    assert "task.thresholds.green: there is no such label" in trained.err


@pytest.mark.torch
def test_a_margin_that_is_given_is_kept(ftk: Callable[..., Result]) -> None:
    fast = ("task=question-answering", *TINY, "debug=one-step")
    result = ftk("finetune", *fast, "task.no_answer=true", "task.null_threshold=1.25", "run.dir=given")
    assert result.code == 0, result.err
    assert fields("given")["null_threshold"] == 1.25


@pytest.mark.torch
def test_a_model_keeps_what_its_targets_were_standardised_by(ftk: Callable[..., Result]) -> None:
    assert ftk("finetune", "task=regression", *TINY, "debug=one-step", "run.dir=run").code == 0
    data = write_jsonl("test.jsonl", [{"text": "a", "score": 1.0}, {"text": "b", "score": 2.5}])
    over = ("evaluate", "checkpoint=run/best", f"data.test={data}", "hardware=cpu")
    scores = []
    for words in (("run.dir=own",), ("run.dir=named", "task=regression")):
        result = ftk(*over, *words)
        assert result.code == 0, result.err
        scores.append(json.loads(Path(words[0].partition("=")[2], "metrics.json").read_text())["test"])
    assert scores[0] == scores[1]


@pytest.mark.parametrize("task", ["text-classification", "multi-label", "ner"])
@pytest.mark.parametrize(
    ("weights", "message"),
    [
        ("{A: 0, B: 0}", "task.class_weights={A: 0.0, B: 0.0}: all labels weigh 0; there is nothing to learn."),
        ("{C: 2}", "task.class_weights.C: there is no such label; there are A, B"),
    ],
)
def test_weights_that_cannot_work_are_reported_before_torch_is_needed(
    ftk: Callable[..., Result], monkeypatch: pytest.MonkeyPatch, task: str, weights: str, message: str
) -> None:
    monkeypatch.setitem(__import__("sys").modules, "ftk.training.runner", None)  # importing it is an error
    if task == "ner":
        weights = weights.replace("}", ", O: 0}") if "0" in weights else weights
        message = message.replace("0.0}", "0.0, O: 0.0}").replace("are A, B", "are O, A, B")
        rows = [{"tokens": ["x", f"y{i}"], "tags": ["B-A", "B-B"]} for i in range(6)]
    else:
        rows = [{"text": f"{name} {i}", "label": name} for i in range(6) for name in "AB"]
    data = write_jsonl("rows.jsonl", rows)
    result = ftk("finetune", f"task={task}", *TINY, f"data.train={data}", f"task.class_weights={weights}")
    assert result.code == 1
    assert message in result.err


@pytest.mark.parametrize("text", ["???", "${oc.env:HOME}", "a ${x} b"])
def test_labels_and_tokens_are_no_interpolations(text: str) -> None:
    """Neither in a config nor in a saved model; OmegaConf would resolve the one and take the other for a gap."""
    task = shipped_task("text-classification")
    weights = {text: 2.0, "other": 0.5}
    made = task_from_fields(type(task), {**fields_of(task), "class_weights": weights})
    assert fields_of(made)["class_weights"] == weights
    ner = shipped_task("ner")
    spacing = [[","], ["St.", text]]
    assert fields_of(task_from_fields(type(ner), {**fields_of(ner), "spacing": spacing}))["spacing"] == spacing
