"""Run folders as a run leaves them, written without one."""

import json
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from typing import Any

import yaml

from conftest import write_lines
from ftk.config.paths import values_of

Records = list[dict[str, Any]]


def write_run(
    folder: Path,
    task: str,
    records: Iterable[Mapping[str, Any]],
    metrics: Mapping[str, Any],
    *,
    events: Iterable[Mapping[str, Any]] = (),
    findings: Iterable[Mapping[str, Any]] = (),
    suspects: Iterable[Mapping[str, Any]] = (),
    **further: Any,
) -> Path:
    """Write the folder of a finished run with a test split.

    Args:
        folder: of the run.
        task: the word that chooses the task.
        records: of its predictions.
        metrics: of the test split.
        events: the lines of ``metrics.jsonl``.
        findings: the lines of ``findings.jsonl``.
        suspects: the lines of ``suspects.jsonl``.
        further: more of ``metrics.json``.
    """
    (folder / "predictions").mkdir(parents=True)
    command = f"ftk finetune task={task} run.dir={folder.name}"
    config = {"task": dict(values_of(f"task/{task}")), "train": {"metric": None}, "run": {"seed": 1}}
    (folder / "config.yaml").write_text(f"# {command}\n{yaml.safe_dump(config)}", encoding="utf-8")
    environment = {"command": command, "data": {"train": {"train.jsonl": "0" * 64}}, "packages": {"torch": "2"}}
    (folder / "environment.json").write_text(json.dumps(environment), encoding="utf-8")
    (folder / "metrics.json").write_text(json.dumps({"test": metrics, "best_step": 3, **further}), encoding="utf-8")
    for name, lines in (
        ("predictions/test", records),
        ("metrics", events),
        ("findings", findings),
        ("suspects", suspects),
    ):
        if written := [json.dumps(line) for line in lines]:
            write_lines(folder / f"{name}.jsonl", written)
    return folder


def labelled(number: int = 40, **columns: Any) -> Records:
    """Records of a classification: every fourth is wrong, and the surest mistake is the last one."""
    records = []
    for at in range(number):
        gold, wrong = ("good", "bad")[at % 2], at % 4 == 3
        label = ("bad", "good")[at % 2] if wrong else gold
        sure = 0.5 + 0.4 * at / number
        scores = {label: sure, ("bad" if label == "good" else "good"): 1 - sure}
        records.append(
            {"text": f"text {at}", **columns, "label": label, "score": sure, "scores": scores, "gold_label": gold}
        )
    return records


def spans() -> Records:
    """Records with a right, a wrongly bounded, a wrongly typed, a missed and a spurious entity."""
    text = "Ada Berg went to Oslo, Lima and Turin by Rail"

    def entity(label: str, word: str, **more: Any) -> dict[str, Any]:
        start = text.index(word)
        return {"label": label, "start": start, "end": start + len(word), "text": word, **more}

    gold = [entity("PER", "Ada Berg"), entity("LOC", "Oslo"), entity("LOC", "Lima"), entity("LOC", "Turin")]
    given = [entity("PER", "Ada", score=0.9), entity("LOC", "Oslo", score=0.8), entity("PER", "Lima", score=0.7)]
    given.append(entity("ORG", "Rail", score=0.4))
    return [{"text": text, "entities": given, "gold_entities": gold} for _ in range(4)]


PRIVATE = "xylophone"
"""What the texts of the records below have."""


def answers(text: str) -> Records:
    """Records of questions with a wrong answer."""
    given = {"text": text, "start": 0, "end": len(text), "score": 0.4}
    gold = [{"text": "other", "start": 20}]
    return [
        {
            "question": f"what {text}",
            "context": f"{text} is not the other",
            "answer": given,
            "candidates": [given],
            "gold_answers": gold,
        }
    ]


FORMS: dict[str, tuple[Callable[[], Records], dict[str, float]]] = {
    "text-classification": (lambda: labelled(text=PRIVATE), {"accuracy": 0.75}),
    "ner": (lambda: [{**one, "text": one["text"].replace("Turin", PRIVATE[:5])} for one in spans()], {"f1": 0.3}),
    "question-answering": (lambda: answers(PRIVATE), {"exact": 0.0, "f1": 0.0}),
    "regression": (
        lambda: [{"text": PRIVATE, "value": 1.5 * at, "gold_value": float(at)} for at in range(20)],
        {"rmse": 1.0},
    ),
    "summarization": (
        lambda: [{"source": PRIVATE, "target": PRIVATE, "gold_target": f"a {PRIVATE} of gold"} for _ in range(3)],
        {"rougeL": 0.5},
    ),
    "ranking": (
        lambda: [
            {"query": PRIVATE, "candidate": f"{PRIVATE} {at}", "score": 0.1 * at, "rank": at, "ranked_among": 9}
            for at in range(1, 9)
        ],
        {"mrr": 0.3},
    ),
    "multi-label": (
        lambda: [
            {"text": PRIVATE, "labels": ["a"], "scores": {"a": 0.9, "b": 0.2}, "gold_labels": ["b"]} for _ in range(6)
        ],
        {"f1_micro": 0.0},
    ),
}
"""By task, what makes records of it, and the scores of their split."""
