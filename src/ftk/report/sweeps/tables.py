"""The tables of a sweep on a terminal; ``results.csv`` has all metrics in full."""

from collections.abc import Sequence

from ftk.report.console import Console
from ftk.report.sweeps.results import Row, SeedGroup, metric_columns, seed_groups
from ftk.report.tables import TextTable
from ftk.system.duration import duration

_SHOWN_DIGITS = 6
"""Digits of a job's name that a table shows; more where two would look the same."""


def title_of(rows: Sequence[Row], *, failed: int | None = None, waiting: int = 0) -> str:
    """How many jobs there are, and how many of them are not done.

    Args:
        rows: of the jobs that have a run folder or failed.
        failed: the jobs that failed; None: those that rows say.
        waiting: further jobs, which have not begun.
    """
    states = [row.state for row in rows]
    number = len(rows) + waiting
    parts = [f"{number:,} job{'s' if number != 1 else ''}"]
    parts.append(f"{states.count('failed') if failed is None else failed} failed")
    parts += [f"{begun} begun"] if (begun := states.count("begun")) else []
    parts += [f"{waiting} not begun"] if waiting else []
    return ", ".join(parts)


def show_tables(console: Console, rows: Sequence[Row], title: str) -> None:
    """Show the jobs, best first, and the groups of seeds; each task and each score has its own table."""
    ranked: dict[tuple[str, str], list[Row]] = {}
    for row in rows:
        if row.value is not None and row.score is not None:
            ranked.setdefault((row.task, row.score.name), []).append(row)
    others = [row for row in rows if row.value is None]
    if not rows:
        console.say(title)
    elif len(ranked) < 2:
        members = [row for some in ranked.values() for row in some]
        _show(console, title, [*members, *others])
    else:
        console.say(f"{title}; scores of different tasks or metrics are not ranked together")
        for (task, score), members in ranked.items():
            _show(console, f"{f'{task}, ' if task else ''}best {score} first", members, without="task")
        if others:
            _show(console, "without results", others)
    for row in rows:
        if row.error:
            console.say(f"job {row.key} failed: {row.error}")


def _show(console: Console, title: str, rows: Sequence[Row], *, without: str = "") -> None:
    swept = [key for key in dict.fromkeys(key for row in rows for key in row.swept) if key != without]
    metrics = _few(rows)
    digits = _digits(rows)
    sizes = len({row.parameters for row in rows if row.parameters}) > 1
    if len(swept) + sizes > 2:  # the losses are in results.csv
        metrics = _scores(metrics)
    columns = ["job", *_short(swept), *metrics, *(["parameters"] if sizes else []), "time"]
    lines = [
        [
            row.key[:digits],
            *(row.swept.get(key, "") for key in swept),
            *(_number(row.numbers.get(name)) for name in metrics),
            *([f"{int(row.parameters):,}" if row.parameters else ""] if sizes else []),
            row.state if row.state != "done" else duration(row.numbers["seconds"]) if "seconds" in row.numbers else "",
        ]
        for row in rows
    ]
    console.table(TextTable(title, columns, lines))
    groups = seed_groups(rows)
    if groups:
        _show_groups(console, groups, [key for key in swept if key != "run.seed"], _scores(metrics))


def _show_groups(console: Console, groups: Sequence[SeedGroup], swept: Sequence[str], metrics: Sequence[str]) -> None:
    lines = [
        [
            *(group.swept.get(key, "") for key in swept),
            str(group.number),
            *(_spread(group, name) for name in metrics),
        ]
        for group in groups
    ]
    console.table(TextTable("over seeds: mean ± standard deviation", [*_short(swept), "n", *metrics], lines))


def _few(rows: Sequence[Row]) -> list[str]:
    """The losses and the scores that decide."""
    names = {"loss", *(row.score.name for row in rows if row.score is not None)}
    return [name for name in metric_columns(rows) if name.partition(" ")[2] in names]


def _scores(metrics: Sequence[str]) -> list[str]:
    """Metrics without the losses, unless there is nothing else."""
    return [name for name in metrics if not name.endswith(" loss")] or [*metrics]


def _short(columns: Sequence[str]) -> list[str]:
    """The last parts of the keys; the whole key where two have the same last part."""
    last = [column.rpartition(".")[2] for column in columns]
    return [short if last.count(short) == 1 else column for short, column in zip(last, columns, strict=True)]


def _digits(rows: Sequence[Row]) -> int:
    number = _SHOWN_DIGITS
    while len({row.key[:number] for row in rows}) < len({row.key for row in rows}):
        number += 1
    return number


def _number(value: float | None) -> str:
    return "" if value is None else f"{value:.4f}"


def _spread(group: SeedGroup, name: str) -> str:
    if name not in group.means:
        return ""
    deviation = group.deviations.get(name)
    return _number(group.means[name]) + ("" if deviation is None else f" ± {deviation:.4f}")
