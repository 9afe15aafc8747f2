"""The end of a command line: the exit code, and for a sweep the table of its jobs."""

import csv
from pathlib import Path
from typing import Any

from ftk.config.compose import Outcome
from ftk.report.console import Console, results_table


def report_sweep(outcomes: list[Outcome]) -> int:
    """Print and write the results of a sweep, best first.

    Returns:
        0, or 1 where a job of a sweep failed. A single run raises its error instead.
    """
    jobs = [outcome for outcome in outcomes if outcome.invocation.sweep_job is not None]
    if not jobs:
        return 0
    failed = [job for job in jobs if job.error is not None]
    rows = sorted((_row(job) for job in jobs), key=lambda row: (row["failed"], -row["order"]))
    columns = ["job", "overrides", *_scores(jobs), "folder"]
    table = [[str(row.get(column, "")) for column in columns] for row in rows]
    console = Console()
    console.table(results_table(f"{len(jobs)} jobs, {len(failed)} failed", columns, table))
    folder = jobs[0].invocation.sweep_dir
    assert folder is not None
    if folder.is_dir():
        _write_csv(folder / "results.csv", columns, table)
        console.say(f"results: {folder / 'results.csv'}")
    return 1 if failed else 0


def _row(job: Outcome) -> dict[str, Any]:
    row: dict[str, Any] = {
        "job": job.invocation.sweep_job,
        "overrides": " ".join(job.invocation.overrides),
        "failed": job.error is not None,
        "order": 0.0,
        "folder": Path(job.metrics["dir"]).name if "dir" in job.metrics else "",
    }
    if job.error is not None:
        row["folder"] = f"failed: {str(job.error).splitlines()[0]}"
    for name, value in _flat(job.metrics).items():
        row[name] = f"{value:.4f}"
    validation = job.metrics.get("validation", job.metrics.get("test", {}))
    row["order"] = next((validation[key] for key in ("f1", "accuracy") if key in validation), 0.0)
    return row


def _scores(jobs: list[Outcome]) -> list[str]:
    names: dict[str, None] = {}
    for job in jobs:
        names.update(dict.fromkeys(_flat(job.metrics)))
    return list(names)


def _flat(metrics: dict[str, Any]) -> dict[str, float]:
    found = {}
    for split in ("validation", "test"):
        for name in ("loss", "f1", "accuracy"):
            value = metrics.get(split, {}).get(name)
            if isinstance(value, float):
                found[f"{split} {name}"] = value
    return found


def _write_csv(path: Path, columns: list[str], table: list[list[str]]) -> None:
    with open(path, "w", encoding="utf-8", newline="") as stream:
        writer = csv.writer(stream)
        writer.writerow(columns)
        writer.writerows(table)
