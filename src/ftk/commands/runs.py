"""``ftk runs``: list, filter, sort and remove runs, or the entries of the cache."""

import sys
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from ftk.commands.run_words import run_words
from ftk.errors import ConfigError, RunError
from ftk.report.console import Console
from ftk.report.kept_folders import in_bytes
from ftk.report.listing.caches import Entry, entries_in
from ftk.report.listing.removal import Removed, remove_entry, remove_run
from ftk.report.listing.runs import ListedRun, runs_in
from ftk.report.listing.selection import Selection
from ftk.report.tables import TextTable
from ftk.system.cache import cache_folder

USAGE = """\
usage: ftk runs [DIR ...] [KEY=VALUE ...] [--json]

Lists the runs in folders and below them (default: runs), the newest first.

  task=ner model=bert-*     runs with these values of their configs; any key will do, * stands for anything
  state=done                done, begun, running or damaged; several with commas
  older=30d                 nothing was written to them for so long
  sort=test.f1              the highest first; date, size, name, or a metric (-test.loss: the lowest first)
  first=10                  as many at most
  remove=true               remove what is listed; at least one of the words above is needed, state=* means all
  caches=true               the entries of the cache instead, or of the folders named; with older= and remove=

Runs that a process writes are never removed, nor are files in them that ftk did not write.
"""
_DEFAULT = Path("runs")


def run(command: str, argv: list[str]) -> int:
    """Answer one ``ftk runs`` command line."""
    if argv and argv[0] in ("-h", "--help"):
        sys.stdout.write(USAGE)
        return 0
    words = run_words(argv)
    if len(words.groups) > 1:
        raise ConfigError("--: the folders of ftk runs are no groups; name them one after the other.")
    selection = Selection.of(words.keys)
    if selection.remove and not selection.chosen:
        all_of_them = "older=0s means all entries" if selection.caches else "state=* means all runs"
        raise ConfigError(f"remove=true: say which ones, as with older=30d; {all_of_them}.")
    console = Console()
    if selection.caches:
        _show_caches(console, selection, words.paths or (cache_folder(None),))
        return 0
    folders = words.paths or (_DEFAULT,)
    if not words.paths and not _DEFAULT.is_dir():
        raise RunError("there is no folder 'runs' here; name the folder of the runs: ftk runs DIR.")
    if files := [path for path in folders if not path.is_dir()]:
        raise RunError(f"{files[0]}: this is a file; name the folder of the runs.")
    found = runs_in(folders, console.warn)
    chosen = selection.of_runs(found)
    _show_runs(console, chosen, len(found), selection.metric)
    if selection.remove:
        _remove_runs(console, chosen)
    return 0


def _show_runs(console: Console, runs: Sequence[ListedRun], number: int, metric: str | None) -> None:
    """Show runs as a table, or as one event for each.

    Args:
        console: shows them.
        runs: that are chosen.
        number: how many there are.
        metric: the one that sorts; None: none does.
    """
    size = in_bytes(sum(run.size for run in runs))
    of = f" of {number:,}" if number != len(runs) else ""
    title = f"{len(runs):,}{of} run{'s' if number != 1 else ''}, {size}"
    if console.json:
        for one in runs:
            console.event("run", str(one.path), _values(one))
    if console.json or not runs:
        console.say(title)
        return
    columns = ["run", "task", "model", *([metric] if metric is not None else []), "score", "state", "size", "written"]
    lines = [
        [
            str(one.path),
            one.value("task"),
            one.value("model"),
            *([_number(one.number(metric))] if metric is not None else []),
            "" if one.score is None else f"{one.score[0]} {_number(one.score[1])}",
            one.state,
            in_bytes(one.size),
            time.strftime("%Y-%m-%d %H:%M", time.localtime(one.changed)),
        ]
        for one in runs
    ]
    console.table(TextTable(title, columns, lines))


def _values(run: ListedRun) -> dict[str, Any]:
    """A run for programs: its size in bytes, and when it was written in seconds since 1970."""
    return {
        "path": str(run.path),
        "task": run.value("task"),
        "model": run.value("model"),
        "state": run.state,
        "size": run.size,
        "written": run.changed,
        "score": None if run.score is None else {"name": run.score[0], "value": run.score[1]},
        "metrics": dict(run.numbers),
    }


def _number(value: float | None) -> str:
    return "" if value is None else f"{value:.4f}"


def _remove_runs(console: Console, runs: Sequence[ListedRun]) -> None:
    freed = number = 0
    for one in runs:
        how = Removed.in_use if one.state == "running" else remove_run(one.path)
        if how is not Removed.whole:
            console.warn(f"{one.path}: {how.value}")
        if how is not Removed.in_use:
            freed, number = freed + one.size, number + 1
    console.say(f"removed: {number:,} run{'s' if number != 1 else ''}, {in_bytes(freed)}")


def _show_caches(console: Console, selection: Selection, folders: Sequence[Path]) -> None:
    """Show the entries by kind, and remove them if that is asked for."""
    entries = [one for folder in folders for one in entries_in(folder) if selection.is_old(one.changed)]
    kinds: dict[str, list[Entry]] = {}
    for one in entries:
        kinds.setdefault(one.kind, []).append(one)
    lines = [
        [
            kind,
            some[0].meaning,
            f"{len(some):,}",
            in_bytes(sum(one.size for one in some)),
            time.strftime("%Y-%m-%d %H:%M", time.localtime(max(one.changed for one in some))),
        ]
        for kind, some in kinds.items()
    ]
    title = f"cache in {', '.join(map(str, folders))}: {in_bytes(sum(one.size for one in entries))}"
    if not entries:
        console.say(title)
        return
    console.table(TextTable(title, ["kind", "holds", "entries", "size", "newest"], lines))
    if not selection.remove:
        return
    freed = number = kept = 0
    for one in entries:
        if one.in_use or remove_entry(one.path) is Removed.in_use:
            kept += 1
        else:
            freed, number = freed + one.size, number + 1
    if kept:
        console.warn(f"{kept:,} kept: a process uses them")
    console.say(f"removed: {number:,} entr{'ies' if number != 1 else 'y'}, {in_bytes(freed)}")
