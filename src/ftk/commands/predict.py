"""``ftk predict``: rows in, one JSON line a row out, in order, whatever their number."""

import time
from collections.abc import Iterator
from dataclasses import replace
from itertools import chain, islice
from pathlib import Path
from typing import Any

from ftk import __version__
from ftk.commands.checks import check_values
from ftk.config.compose import run_jobs
from ftk.config.invocation import Invocation
from ftk.config.schema import PredictConfig
from ftk.contracts import finding_kinds as kinds
from ftk.contracts.contexts import Encoding, Place, Reading
from ftk.contracts.notes import Notes
from ftk.contracts.protocols import Predictor, PreparesPrediction
from ftk.contracts.row import Row
from ftk.data.readers.splits import stream
from ftk.inference.manifest import manifest_of, task_of
from ftk.report.console import Console
from ftk.report.records import json_lines
from ftk.report.sweep import report_sweep
from ftk.system.cache import cache_key
from ftk.system.startup import fast_import

_ROWS_AT_ONCE = 2048


def run(command: str, argv: list[str]) -> int:
    """Run the command line: one prediction, or one for each job of a sweep."""
    return report_sweep(run_jobs(command, argv, predict, check=check_values))


def predict(config: PredictConfig, invocation: Invocation) -> dict[str, Any]:
    """One prediction, from checkpoint and input to records."""
    assert config.checkpoint is not None
    console = Console(stderr=True)
    notes = Notes()
    path = Path(config.checkpoint).expanduser()
    manifest = manifest_of(path, notes)
    rows = stream(config.input, config.data, notes)
    trained = task_of(manifest, config.task, invocation.names("task"), str(path), notes)
    console.report(notes.drain())
    predictor = trained.task.predictor()
    parts = _examples(predictor, rows, Reading(config.data.columns, labelled=False, notes=notes))
    first = list(islice(parts, 1))  # a file or a column that cannot be read is told before torch is imported
    console.report(notes.drain_facts())
    with fast_import("torch"):
        from ftk.inference.checkpoint import Checkpoint  # torch from here on

    checkpoint = Checkpoint.open(path, trained, config.data)
    runner = checkpoint.runner(predictor, config.hardware, console)
    encoding = Encoding(checkpoint.source.processor, None, checkpoint.windows, notes)
    began = time.perf_counter()
    if isinstance(predictor, PreparesPrediction):
        facts = Notes()
        model = _made_by(manifest, runner.hardware)
        place = Place(model, runner.predictions, replace(encoding, notes=facts), config.data, console)
        predictor.prepare_predict(place)
        console.report(facts.drain())
    done = 0
    output = None if config.output == "-" else Path(config.output).expanduser().resolve()  # through a link, not over it
    with json_lines(output) as write, console.counting("rows") as show:
        for examples in chain(first, parts):
            features = predictor.features(examples, encoding)
            for example, prediction in runner.predictions(examples, features):
                record = predictor.record(example, prediction)
                _note_replaced(example, record, notes)
                write(record)
                done += 1
            show(done)
    console.report(notes.drain())
    seconds = time.perf_counter() - began
    where = "standard output" if output is None else config.output
    rows_done = f"{done:,} row{'s' if done != 1 else ''}"
    console.say(f"{rows_done} in {seconds:.1f} s ({done / max(seconds, 1e-9):,.0f} rows/s) to {where}")
    return {"rows": done, "seconds": seconds}


def _examples(predictor: Predictor, rows: Iterator[Row], reading: Reading) -> Iterator[list[Any]]:
    """The rows as examples, so many at once.

    Raises:
        DataError: rows that cannot be read.
    """
    while part := list(islice(rows, _ROWS_AT_ONCE)):
        examples = predictor.read(part, reading)
        reading.notes.raise_errors()
        yield examples


def _made_by(manifest: dict[str, Any], hardware: Any) -> str:
    """A name for the files of a model and what computes with them."""
    return cache_key([__version__, manifest.get("files"), hardware.device.type, hardware.precision.value])


def _note_replaced(example: Any, record: dict[str, Any], notes: Notes) -> None:
    """Columns that the task did not read, whose name its prediction needs, and which are kept under no other."""
    row: Row = example.row
    for name, value in getattr(example, "columns", row.values).items():
        if name in record and record[name] != value and f"gold_{name}" not in record:
            notes.add(kinds.REPLACED_COLUMN, row.where, column=name)
