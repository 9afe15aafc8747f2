"""The end of a command line: the exit code, and for a sweep the table of its jobs."""

import csv
from pathlib import Path
from typing import Any

from ftk.config.invocation import Outcome
from ftk.contracts.score import Score
from ftk.errors import first_line
from ftk.report.console import Console
from ftk.report.tables import TextTable


def report_sweep(outcomes: list[Outcome]) -> int:
    """Print and write the results of a sweep, best first; each task and each score has its own table.

    Returns:
        0, or 1 if a job of a sweep failed. A single run raises its error instead.
    """
    jobs = [outcome for outcome in outcomes if outcome.invocation.sweep_job is not None]
    if not jobs:
        return 0
    failed = [job for job in jobs if job.error is not None]
    groups = _groups(jobs)
    console = Console()
    title = f"{len(jobs)} jobs, {len(failed)} failed"
    if len(groups) > 1:
        console.say(f"{title}; scores of different tasks or metrics are not ranked together")
    for (task, score), members in groups.items():
        rows = [_row(job) for job in members]
        columns = _columns(rows)
        if len(groups) > 1:
            title = "failed" if score is None else f"{f'{task}, ' if task else ''}best {score} first"
            columns = [column for column in columns if column != "task" or score is None]
        shown = [[row.get(column, "failed" if row["error"] else "") for column in columns] for row in rows]
        console.table(TextTable(title, _headers(columns), shown))
    rows = [_row(job) for members in groups.values() for job in members]
    columns = _columns(rows)
    for job in failed:
        console.say(f"job {job.invocation.sweep_job} failed: {_failure(job)}")
    folder = jobs[0].invocation.sweep_dir
    assert folder is not None
    if folder.is_dir():
        _write_csv(folder / "results.csv", [*columns, "folder", "error"], rows)
        console.say(f"results: {folder / 'results.csv'}")
    return 1 if failed else 0


def _groups(jobs: list[Outcome]) -> dict[tuple[str, str | None], list[Outcome]]:
    """The jobs by task and score, the best first.

    Failed jobs have no score. They are in the table of the task if the sweep has only one, else in a last group.
    """
    groups: dict[tuple[str, str | None], list[Outcome]] = {}
    for job in sorted(jobs, key=_order):
        groups.setdefault((_task(job), job.metrics.get("score")), []).append(job)
    failed = [job for (_, score), members in groups.items() if score is None for job in members]
    ranked = {key: members for key, members in groups.items() if key[1] is not None}
    if len(ranked) == 1:
        key, members = next(iter(ranked.items()))
        return {key: members + failed}
    return ranked | ({("", None): failed} if failed else {})


def _task(job: Outcome) -> str:
    """The name of the task in the config; empty if the checkpoint names the task."""
    name = job.invocation.choices.get("task", "None")
    return "" if name == "None" else name


def _columns(rows: list[dict[str, str]]) -> list[str]:
    return list(dict.fromkeys(key for row in rows for key in row if key not in ("folder", "error")))


def _headers(columns: list[str]) -> list[str]:
    """The last parts of the keys; the whole key where two have the same last part."""
    last = [column.rpartition(".")[2] for column in columns]
    return [short if last.count(short) == 1 else column for short, column in zip(last, columns, strict=True)]


def _row(job: Outcome) -> dict[str, str]:
    """The swept values of a job, its scores, its folder and its error."""
    row = {"job": str(job.invocation.sweep_job)}
    row |= {key.lstrip("+"): value for key, _, value in (word.partition("=") for word in job.invocation.swept)}
    row |= {name: f"{value:.4f}" for name, value in _scores(job.metrics).items()}
    row["folder"] = Path(job.metrics["dir"]).name if "dir" in job.metrics else ""
    row["error"] = _failure(job)
    return row


def _failure(job: Outcome) -> str:
    """The first line of a job's error; empty if it succeeded."""
    return "" if job.error is None else first_line(job.error)


def _order(job: Outcome) -> tuple[bool, float]:
    """The sort key: failed jobs last, the best score first."""
    scores = job.metrics.get("validation", job.metrics.get("test", {}))
    score = _score(job.metrics)
    value = score.value(scores) or 0.0
    return job.error is not None, -value if score.higher_is_better else value


def _score(metrics: dict[str, Any]) -> Score:
    return Score(metrics.get("score", "loss"), metrics.get("higher_is_better", True))


def _scores(metrics: dict[str, Any]) -> dict[str, float]:
    found = {}
    for split in ("validation", "test"):
        for score in dict.fromkeys((Score("loss", False), _score(metrics))):
            value = score.value(metrics.get(split, {}))
            if value is not None:
                found[f"{split} {score.name}"] = value
    return found


def _write_csv(path: Path, columns: list[str], rows: list[dict[str, str]]) -> None:
    with open(path, "w", encoding="utf-8", newline="") as stream:
        writer = csv.DictWriter(stream, columns, restval="")
        writer.writeheader()
        writer.writerows(rows)
