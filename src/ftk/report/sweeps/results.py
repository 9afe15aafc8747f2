"""The rows of a sweep: one for each job, and one for each group of jobs that differ in the seed alone."""

import csv
import statistics
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from ftk.config.spelling.writing import as_word
from ftk.contracts.score import Score
from ftk.report.sweeps.saved_jobs import SavedJob
from ftk.system.atomic import replaced

JOBS, SEEDS = "results.csv", "seeds.csv"
"""The files of a sweep."""
_SEED = "run.seed"


@dataclass(frozen=True, kw_only=True)
class Row:
    """One job of a sweep.

    Attributes:
        key: the name of the job.
        group: that of all jobs that differ from it in the seed alone.
        task: as the command line or the config names it; empty if unknown.
        score: decides which job is the best.
        swept: the values of the keys that differ between jobs.
        numbers: every metric, as ``validation f1``, and the seconds; none while the job is not done.
        state: ``done``, ``begun`` or ``failed``.
        parameters: the number of values in the weights; empty if unknown.
        folder: the name of its run folder; empty if it has none.
        error: the first line of why it failed.
    """

    key: str
    group: str
    task: str = ""
    score: Score | None = None
    swept: Mapping[str, str] = field(default_factory=dict)
    numbers: Mapping[str, float] = field(default_factory=dict)
    state: str = "done"
    parameters: str = ""
    folder: str = ""
    error: str = ""

    @property
    def value(self) -> float | None:
        """Its score, of the validation if it had one."""
        if self.score is None:
            return None
        found = (self.numbers.get(f"{split} {self.score.name}") for split in ("validation", "test"))
        return next((value for value in found if value is not None), None)


@dataclass(frozen=True, kw_only=True)
class Failed:
    """A job that failed, as ``sweep.json`` keeps it."""

    group: str
    words: Mapping[str, str]
    error: str


def rows_of(jobs: Sequence[SavedJob], failed: Mapping[str, Failed], swept: Iterable[str]) -> list[Row]:
    """The rows of all jobs, the best first; jobs without results come last.

    Args:
        jobs: that have a run folder.
        failed: the jobs that failed; a job that is done all the same has not.
        swept: keys to show even if no two jobs differ in them.
    """
    there = {job.identity.key for job in jobs}
    alone = {key: one for key, one in failed.items() if key not in there}
    words = [*(job.words for job in jobs), *(one.words for one in alone.values())]
    keys = list(dict.fromkeys([*swept, *(key for some in words for key in some)]))
    cells = {
        key: [*(value_of(job, key) for job in jobs), *(one.words.get(key, "") for one in alone.values())]
        for key in keys
    }
    keys = [key for key in keys if key in set(swept) or len(set(cells[key])) > 1]
    rows = []
    for number, job in enumerate(jobs):
        error = "" if job.done or job.identity.key not in failed else failed[job.identity.key].error
        rows.append(
            Row(
                key=job.identity.key,
                group=job.identity.group,
                task=job.words.get("task", task_of(job.config)),
                score=job.score,
                swept={key: cells[key][number] for key in keys},
                numbers=job.metrics or {},
                state="done" if job.done else "failed" if error else "begun",
                parameters=job.parameters,
                folder=job.folder.name,
                error=error,
            )
        )
    for number, (name, one) in enumerate(alone.items(), len(jobs)):
        values = {key: cells[key][number] for key in keys}
        rows.append(Row(key=name, group=one.group, swept=values, state="failed", error=one.error))
    return sorted(rows, key=_order)


def value_of(job: SavedJob, key: str) -> str:
    """The value of a key as the command line of a job sets it, or else as its config has it."""
    if key in job.words:
        return job.words[key]
    found: Any = job.config
    for part in key.split("."):
        found = found.get(part) if isinstance(found, Mapping) else None
    return "" if found is None or isinstance(found, Mapping) else as_word(found)


def task_of(config: Mapping[str, Any]) -> str:
    task = config.get("task")
    return str(task.get("_target_", "")).rpartition(".")[2] if isinstance(task, Mapping) else ""


def _order(row: Row) -> tuple[Any, ...]:
    """The sort key: jobs of one task and score together, the best first, and then those without results."""
    value, score = row.value, row.score
    if value is None or score is None:
        return (1, "", "", row.state, 0.0, *_values(row))
    return (0, row.task, score.name, "", -value if score.higher_is_better else value, *_values(row))


def _values(row: Row) -> tuple[Any, ...]:
    """Jobs that are equally good are in the order of their values: numbers as numbers."""
    return (*(_as_number(value) for value in row.swept.values()), row.key)


def _as_number(text: str) -> tuple[int, float, str]:
    try:
        return 0, float(text), text
    except ValueError:
        return 1, 0.0, text


def metric_columns(rows: Sequence[Row]) -> list[str]:
    """The names of all metrics, the losses and the scores that decide first."""
    names = [row.score.name for row in rows if row.score is not None]
    first = [f"{split} {name}" for split in ("validation", "test") for name in dict.fromkeys(["loss", *names])]
    there = dict.fromkeys(name for row in rows for name in row.numbers if name != "seconds")
    return [*(name for name in first if name in there), *(name for name in there if name not in first)]


def write_results(folder: Path, rows: Sequence[Row]) -> None:
    """Write ``results.csv``, and ``seeds.csv`` if several jobs differ in the seed alone, in full precision."""
    swept = list(dict.fromkeys(key for row in rows for key in row.swept))
    metrics = metric_columns(rows)
    lines = [
        {
            "job": row.key,
            **row.swept,
            **{name: repr(value) for name, value in row.numbers.items()},
            "parameters": row.parameters,
            "state": row.state,
            "folder": row.folder,
            "error": row.error,
        }
        for row in rows
    ]
    _write_csv(folder / JOBS, ["job", *swept, *metrics, "seconds", "parameters", "state", "folder", "error"], lines)
    groups = seed_groups(rows)
    if groups:
        columns = [key for key in swept if key != _SEED]
        names = [*metrics, "seconds"]
        lines = [
            {**{key: one.swept.get(key, "") for key in columns}, "n": str(one.number), **one.in_full()}
            for one in groups
        ]
        kinds = [f"{name} {kind}" for name in names for kind in ("mean", "deviation")]
        _write_csv(folder / SEEDS, [*columns, "n", *kinds], lines)


@dataclass(frozen=True, kw_only=True)
class SeedGroup:
    """Jobs that differ in the seed alone.

    Attributes:
        swept: the values of the other keys.
        number: how many of them are done.
        means: the mean of each metric.
        deviations: the standard deviation of each metric (of a sample, with n - 1); none for a single job.
        first: one of the jobs.
    """

    swept: Mapping[str, str]
    number: int
    means: Mapping[str, float]
    deviations: Mapping[str, float]
    first: Row

    def in_full(self) -> dict[str, str]:
        """All means and deviations in full precision, by column."""
        found = {f"{name} mean": repr(value) for name, value in self.means.items()}
        return found | {f"{name} deviation": repr(value) for name, value in self.deviations.items()}


def seed_groups(rows: Sequence[Row]) -> list[SeedGroup]:
    """The groups of all jobs that are done, the best mean first; none if no two jobs differ in the seed alone."""
    members: dict[str, list[Row]] = {}
    for row in rows:
        if row.state == "done":
            members.setdefault(row.group, []).append(row)
    if all(len(some) == 1 for some in members.values()):
        return []
    groups = [_group(some) for some in members.values()]
    return sorted(groups, key=_group_order)


def _group(rows: Sequence[Row]) -> SeedGroup:
    values = {
        name: [row.numbers[name] for row in rows if name in row.numbers]
        for name in dict.fromkeys(name for row in rows for name in row.numbers)
    }
    return SeedGroup(
        swept={key: value for key, value in rows[0].swept.items() if key != _SEED},
        number=len(rows),
        means={name: statistics.fmean(some) for name, some in values.items()},
        deviations={name: statistics.stdev(some) for name, some in values.items() if len(some) > 1},
        first=rows[0],
    )


def _group_order(group: SeedGroup) -> tuple[Any, ...]:
    row = group.first
    found = (group.means.get(f"{split} {row.score.name}") for split in ("validation", "test")) if row.score else ()
    value = next((one for one in found if one is not None), None)
    if value is None or row.score is None:
        return (1, "", "", 0.0, *_values(row))
    return (0, row.task, row.score.name, -value if row.score.higher_is_better else value, *_values(row))


def _write_csv(path: Path, columns: Sequence[str], rows: Sequence[Mapping[str, str]]) -> None:
    with (
        replaced(path) as temporary,
        open(temporary, "x", encoding="utf-8", errors="backslashreplace", newline="") as stream,
    ):
        writer = csv.DictWriter(stream, columns, restval="")
        writer.writeheader()
        writer.writerows(rows)
