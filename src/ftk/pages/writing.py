"""Writes the page of a run when it ends, or when someone asks for it."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from functools import partial
from itertools import accumulate
from pathlib import Path
from typing import Any

from ftk.contracts.findings import Finding
from ftk.contracts.notes import Notes
from ftk.errors import FtkError, first_line
from ftk.pages.entities import entities_of, training_entities
from ftk.pages.page import REPORT, Options, run_page
from ftk.pages.rendering import write_page
from ftk.pages.run_files import RunFiles
from ftk.report.console import Console
from ftk.system.collection import without_collection

_MOST_BYTES = 256 << 20
"""Predictions that are read into memory at the end of a run."""


@without_collection()
def write_report(groups: Sequence[Sequence[Path]], output: Path, options: Options) -> list[Finding]:
    """Write the page of a run, or that of several.

    Args:
        groups: the run folders, in the groups that are compared.
        output: the file to write.
        options: what the page shows.

    Returns:
        What could not be read.

    Raises:
        FtkError: a folder is none of a run, or a file of it is damaged.
        OSError: the file cannot be written.
    """
    notes = Notes()
    runs = [RunFiles.open(path) for group in groups for path in group]
    if len(runs) == 1:
        page = run_page(runs[0], options, partial(training_entities, runs[0]), notes)
    else:
        from ftk.pages.side_by_side import comparison_page

        ends = list(accumulate(map(len, groups)))
        numbers = [list(range(end - len(group), end)) for group, end in zip(groups, ends, strict=True)]
        page = comparison_page(runs, numbers, options, notes)
    output.parent.mkdir(parents=True, exist_ok=True)
    write_page(page, output)
    return list(notes)


@without_collection()
def report_at_end(folder: Path, console: Console, training: Sequence[Any] | None = None) -> None:
    """Write the page of a run that has ended. The run is there already, so whatever fails is only said.

    Args:
        folder: of the run.
        console: shows where the page is, or why there is none.
        training: the examples that the model was trained on; None if it was trained elsewhere.
    """
    again = f"'ftk report {folder}' writes it"
    size = sum(path.stat().st_size for path in (folder / "predictions").glob("*.jsonl"))
    if size > _MOST_BYTES:
        console.say(f"{REPORT} is not written, because the predictions have {size / 1e6:,.0f} MB; {again}")
        return
    try:
        notes = Notes()
        page = run_page(RunFiles.open(folder), Options(), lambda: _entities(training), notes)
        write_page(page, folder / REPORT)
        console.report(notes.drain())
    except Exception as error:
        if os.environ.get("FTK_TRACEBACK") == "1":
            raise
        why = str(error) if isinstance(error, FtkError) else f"{type(error).__name__}: {first_line(error)}"
        console.warn(f"{REPORT} is not written ({why}); the run is whole, and {again}")
    else:
        console.say(f"report: {folder / REPORT}")


def _entities(training: Sequence[Any] | None) -> tuple[Mapping[tuple[str, str], int] | None, str]:
    if training is None:
        return None, "this run trained nothing"
    return entities_of(training), "the training rows are on disk, or too many"
