"""What a run folder or a file of predictions says of its task."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ftk.config.paths import shipped_files, values_of
from ftk.contracts.spec import TaskSpec
from ftk.contracts.task import Task, fields_of
from ftk.errors import FtkError, RunError
from ftk.report.saved_run import saved_config, saved_environment
from ftk.system.spelling import did_you_mean
from ftk.tasks import build_task, built_in_task, called, task_from_fields

if TYPE_CHECKING:
    from ftk.contracts.outcomes import Records

_BY_GOLD = {
    "gold_labels": "multi-label",
    "gold_entities": "ner",
    "gold_tags": "ner",
    "gold_value": "regression",
    "gold_values": "regression",
    "gold_answers": "question-answering",
    "gold_target": "",
    "gold_label": "text-classification",
}
"""The gold standard of a record by its key, and the task that has it."""
GOLD = tuple(_BY_GOLD)
_MANIFEST = "ftk.json"


@dataclass(frozen=True, slots=True)
class RunFacts:
    """What is known of a run beside its predictions.

    Attributes:
        task: the word that chooses the task, such as ner.
        kind: the name of the class of the task.
        spec: the facts about the task.
        fields: of the task.
        metric: the name of the score that chose the best model; None if nothing says so.
        config: of the run; empty for a file.
        environment: the content of ``environment.json``; empty for a file.
        metrics: the content of ``metrics.json``; empty for a file.
    """

    task: str
    kind: str
    spec: TaskSpec
    fields: Mapping[str, Any]
    metric: str | None
    config: Mapping[str, Any]
    environment: Mapping[str, Any]
    metrics: Mapping[str, Any]


def facts_of_run(path: Path) -> RunFacts:
    """The facts of a run folder.

    Raises:
        RunError: a file is missing or damaged, or nothing says what the task was.
    """
    config, environment = saved_config(path), saved_environment(path)
    task = _task_of_run(path, config, environment)
    train = config.get("train")
    chosen = train.get("metric") if isinstance(train, Mapping) else None
    metrics = _json(path / "metrics.json") if (path / "metrics.json").is_file() else {}
    return _facts(task, chosen or task.spec.score, config, environment, metrics)


def facts_of_records(path: Path, records: Records, task: str | None, like: RunFacts | None) -> RunFacts:
    """The facts of a file of predictions.

    Args:
        path: the file, for messages.
        records: its records.
        task: the word for the task; None: that of ``like``, or what the records look like.
        like: the facts of a run beside which it is opened.

    Raises:
        RunError: the task is not known.
    """
    if task is None and like is not None:
        return like
    word = _guessed(path, records[0]) if task is None else task
    known = [name.removeprefix("task/") for name in shipped_files() if name.startswith("task/")]
    if word not in known:
        raise RunError(f"compare.task={word}: there is no such task.{did_you_mean(word, known)}")
    return _facts(build_task(dict(values_of(f"task/{word}"))), None, {}, {}, {})


def _facts(task: Task, metric: str | None, config: Any, environment: Any, metrics: Any) -> RunFacts:
    kind = type(task).__name__
    return RunFacts(called(task), kind, task.spec, fields_of(task), metric, config, environment, metrics)


def _task_of_run(path: Path, config: Mapping[str, Any], environment: Mapping[str, Any]) -> Task:
    """The task of a run, with the fields that its model has."""
    model = environment.get("model", {})
    saved = model.get("task") if isinstance(model, Mapping) else None
    folders: list[Path] = [path / "best", path / "last"]
    if isinstance(model, Mapping) and "task" not in config.get("train", {}) and isinstance(model.get("origin"), str):
        folders.append(Path(model["origin"]))
    for folder in folders:
        if saved is None and (folder / _MANIFEST).is_file():
            saved = _json(folder / _MANIFEST).get("task")
    try:
        if isinstance(saved, Mapping) and isinstance(saved.get("name"), str):
            return task_from_fields(built_in_task(saved["name"]), dict(saved.get("fields", {})))
        if isinstance(config.get("task"), Mapping):
            return build_task(dict(config["task"]))
    except FtkError as error:
        raise RunError(f"{path}: the task of the run cannot be read: {error}") from error
    raise RunError(
        f"{path}: nothing says of which task these predictions are: the model folder is gone. Compare the file "
        f"itself, and name its task: {path / 'predictions' / 'test.jsonl'} compare.task=…"
    )


def _json(path: Path) -> dict[str, Any]:
    try:
        found = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError, RecursionError) as error:
        raise RunError(f"{path}: the file is damaged ({error}).") from error
    return found if isinstance(found, dict) else {}


def _guessed(path: Path, record: Mapping[str, Any]) -> str:
    """The task that a record looks like.

    Raises:
        RunError: it looks like none, or like several.
    """
    names: Sequence[str] = tuple(record)
    if "query" in names:
        return "ranking"
    if "gold_label" in names and "head" in names and "tail" in names:
        return "relation"
    if "gold_tags" in names and "gold_entities" not in names and "entities" not in names:
        return "ner" if any(str(tag).startswith("B-") for tag in record["gold_tags"]) else "token-classification"
    word = next((task for gold, task in _BY_GOLD.items() if gold in names), None)
    if word:
        return word
    what = "has a generated text" if word == "" else f"has no gold standard ({', '.join(GOLD)})"
    raise RunError(
        f"{path}: of which task are these predictions? The first record {what}; it has {', '.join(names)}. Name the "
        "task, as in compare.task=summarization, and with compare.gold=… the key of the gold standard."
    )


def gold_key(task: str, record: Mapping[str, Any]) -> str:
    """The key by which a record has its gold standard, whether it is there or not.

    Args:
        task: the word for the task.
        record: with a prediction.
    """
    if task in ("ner", "token-classification"):
        return "gold_entities" if "entities" in record and "tokens" not in record else "gold_tags"
    if task == "regression":
        return "gold_values" if "values" in record else "gold_value"
    of_task = {name: key for key, name in _BY_GOLD.items()}
    generated = "target" in record and "source" in record
    return of_task.get(task, "gold_target" if generated else "gold_label")
