"""``ftk predict``: rows in, one JSON line for each row out, in order, however many there are."""

import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from itertools import chain, islice
from pathlib import Path
from typing import Any, Protocol

from ftk.commands.checks.predictions import refuse_unknown_predictions
from ftk.commands.checks.values import check_values
from ftk.config.compose import run_jobs
from ftk.config.invocation import Invocation
from ftk.config.schema import PredictConfig
from ftk.contracts.notes import Notes
from ftk.data.readers.decoding.once import inputs
from ftk.data.readers.splits import is_stream, stream
from ftk.inference.arriving import Arriving
from ftk.inference.made_from import made_from
from ftk.inference.pipeline import Predictions
from ftk.inference.places import model_folder
from ftk.inference.saved_model import SavedModel
from ftk.report.console import Console
from ftk.report.output.partial_output import PartialOutput, partial_output
from ftk.report.output.stopped_output import Begun, RowsDigest, begun, part_of
from ftk.report.records import StandardOutput
from ftk.report.sweeps.running import exit_code, run_sweep
from ftk.report.unsure import unsure_line
from ftk.system.paths import expanded
from ftk.system.startup import fast_import


@inputs()
def run(command: str, argv: list[str]) -> int:
    """Run the command line: one prediction, or one for each job of a sweep."""
    return exit_code(run_jobs(command, argv, predict, check=check_values, sweep=run_sweep))


Records = Callable[[list[Any], Notes], Iterator[dict[str, Any]]]
"""Makes one record for each example."""


class Addition(Protocol):
    """What a command adds to the records of predictions."""

    def check(self, saved: SavedModel) -> dict[str, Any]:
        """Refuse a model for which nothing can be added; returns what the records then depend on."""
        ...

    def records(self, predictions: Predictions, console: Console) -> Records:
        """What makes records, of a model that is loaded."""
        ...


@inputs()
def predict(config: PredictConfig, invocation: Invocation, addition: Addition | None = None) -> dict[str, Any]:
    """Predict for the rows of one input; returns the number of rows and the seconds that it took.

    Args:
        config: of the command.
        invocation: the command line.
        addition: to each record; None: nothing.
    """
    console = Console(stderr=True)
    notes = Notes()
    output = None if config.output == "-" else expanded(config.output).resolve()  # through a link, not over it
    stopped = begun(output) if output is not None and config.run.resume else None
    path, named = model_folder(config), invocation.names("task")
    saved = SavedModel.open(path, config.task, named, notes, model=config.model)
    refuse_unknown_predictions(saved.trained.task, config.predict)
    added = {} if addition is None else addition.check(saved)
    data = saved.with_columns(config.data, config.input, notes, labelled=False)
    live = is_stream(config.input) and invocation.sweep_job is None  # the jobs of a sweep read the same rows
    arriving = Arriving(notes, full=stopped.mark.rows if stopped is not None else 0) if live else None
    own = notes if arriving is None else arriving.own
    rows = stream(config.input, data, own, saved.trained.task.spec.columns, live=live)
    console.report(notes.drain())
    predictions = Predictions(saved, data, config.predict)
    parts = predictions.examples(rows, notes, arriving=arriving)
    first = list(islice(parts, 1))  # a file or a column that cannot be read is reported before torch is imported
    console.report(notes.drain_facts())
    digest = RowsDigest()
    left = _left(chain(first, parts), stopped, digest)
    with fast_import("torch"):
        import ftk.inference.checkpoint  # noqa: F401  (torch from here on)
    predictions.load(config.hardware, console)
    predictions.note_texts(first, notes)
    began = time.perf_counter()
    predictions.prepare(console)
    records = predictions.records if addition is None else addition.records(predictions, console)
    done = digest.rows
    made = {**made_from(predictions), **added} if output is not None else {}
    if stopped is not None:
        stopped.check_made_from(made)
        predictions.go_on(done)
        console.say(f"going on after {done:,} row{'s' if done != 1 else ''}")
    with (
        _output(config, output, made, stopped, digest, console, invocation) as out,
        console.counting("rows") as show,
    ):
        for examples in left:
            for record in records(examples, notes):
                out.write(record)
                done += 1
            out.part_done(example.row for example in examples)
            show(done)
    console.report(notes.drain())
    if predictions.beside is not None and (line := unsure_line(predictions.beside.figures())):
        console.say(line)
    seconds = time.perf_counter() - began
    where = "standard output" if output is None else config.output
    rows_done = f"{done:,} row{'s' if done != 1 else ''}"
    now = done - (stopped.mark.rows if stopped is not None else 0)
    console.say(f"{rows_done} in {seconds:.1f} s ({now / max(seconds, 1e-9):,.0f} rows/s) to {where}")
    return {"rows": done, "seconds": seconds}


def _left(parts: Iterator[list[Any]], stopped: Begun | None, digest: RowsDigest) -> Iterator[list[Any]]:
    """The parts of the input that have no records, after those that have are read again and compared.

    Raises:
        RunError: these are others now.
    """
    if stopped is None:
        return parts
    while digest.rows < stopped.mark.rows and (examples := next(parts, None)) is not None:
        digest.add(example.row for example in examples)
    stopped.check_rows(digest.rows, digest.hexdigest())
    return parts


@contextmanager
def _output(
    config: PredictConfig,
    output: Path | None,
    made: Mapping[str, Any],
    stopped: Begun | None,
    digest: RowsDigest,
    console: Console,
    invocation: Invocation,
) -> Iterator[StandardOutput | PartialOutput]:
    """Where the records go; says what is left where not all are written."""
    if output is None:
        yield StandardOutput()
        return
    out: PartialOutput | None = None
    replaces = config.run.overwrite or (stopped is not None and stopped.replaces)
    try:
        with partial_output(output, made, stopped=stopped, digest=digest, replaces=replaces, warn=console.warn) as out:
            yield out
    except BaseException:
        if out is not None and out.rows:
            command = invocation.command_line(without=("run.resume", "run.overwrite"), extra=("run.resume=true",))
            console.say(
                f"{out.rows:,} rows are done, and in {part_of(output)}. This goes on with the others:\n{command}"
            )
        raise
