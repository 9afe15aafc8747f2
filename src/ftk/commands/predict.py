"""``ftk predict``: rows in, one JSON line for each row out, in order, however many there are."""

import time
from itertools import chain, islice
from pathlib import Path
from typing import Any

from ftk.commands.checks import check_values
from ftk.config.compose import run_jobs
from ftk.config.invocation import Invocation
from ftk.config.schema import PredictConfig
from ftk.contracts.notes import Notes
from ftk.data.readers.decoding.once import inputs
from ftk.data.readers.splits import is_stream, stream
from ftk.inference.pipeline import Predictions
from ftk.inference.places import model_folder
from ftk.inference.saved_model import SavedModel
from ftk.report.console import Console
from ftk.report.records import json_lines
from ftk.report.sweep import report_sweep
from ftk.system.startup import fast_import


@inputs()
def run(command: str, argv: list[str]) -> int:
    """Run the command line: one prediction, or one for each job of a sweep."""
    return report_sweep(run_jobs(command, argv, predict, check=check_values))


@inputs()
def predict(config: PredictConfig, invocation: Invocation) -> dict[str, Any]:
    """Predict for the rows of one input; returns the number of rows and the seconds that it took."""
    console = Console(stderr=True)
    notes = Notes()
    saved = SavedModel.open(model_folder(config), config.task, invocation.names("task"), notes)
    data = saved.with_columns(config.data, config.input, notes, labelled=False)
    live = is_stream(config.input) and invocation.sweep_job is None  # the jobs of a sweep read the same rows
    rows = stream(config.input, data, notes, saved.trained.task.spec.columns, live=live)
    console.report(notes.drain())
    predictions = Predictions(saved, data, config.predict.scores)
    parts = predictions.examples(rows, notes)
    first = list(islice(parts, 1))  # a file or a column that cannot be read is reported before torch is imported
    console.report(notes.drain_facts())
    with fast_import("torch"):
        import ftk.inference.checkpoint  # noqa: F401  (torch from here on)
    predictions.load(config.hardware, console)
    predictions.note_texts(first, notes)
    began = time.perf_counter()
    predictions.prepare(console)
    done = 0
    output = None if config.output == "-" else Path(config.output).expanduser().resolve()  # through a link, not over it
    with json_lines(output) as write, console.counting("rows") as show:
        for examples in chain(first, parts):
            for record in predictions.records(examples, notes):
                write(record)
                done += 1
            show(done)
    console.report(notes.drain())
    seconds = time.perf_counter() - began
    where = "standard output" if output is None else config.output
    rows_done = f"{done:,} row{'s' if done != 1 else ''}"
    console.say(f"{rows_done} in {seconds:.1f} s ({done / max(seconds, 1e-9):,.0f} rows/s) to {where}")
    return {"rows": done, "seconds": seconds}
