"""``ftk evaluate``: score a checkpoint on labelled rows."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from contextlib import closing, nullcontext
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ftk.calibration.asked import Asked
from ftk.commands.checks.predictions import refuse_unknown_predictions
from ftk.commands.checks.tasks import unread_data_keys
from ftk.commands.checks.values import check_values
from ftk.config.choices import Precision
from ftk.config.compose import run_jobs
from ftk.config.invocation import Invocation
from ftk.config.mistakes import ConfigMistakes
from ftk.config.schema import EvaluateConfig
from ftk.contracts.contexts import Encoding
from ftk.contracts.notes import Notes
from ftk.contracts.task import fields_of
from ftk.data.readers.decoding.once import inputs
from ftk.inference.pipeline import note_unknown_words, scores_in_records
from ftk.inference.places import model_folder, model_name
from ftk.inference.saved_model import SavedModel
from ftk.inference.scoring import score
from ftk.pages.writing import report_at_end
from ftk.report.calibration_table import calibration_table
from ftk.report.console import Console
from ftk.report.run_folder import RunFolder
from ftk.report.sweeps.running import exit_code, run_sweep
from ftk.report.unsure import unsure_line
from ftk.system.peak_memory import peak_memory_mb
from ftk.system.startup import fast_import
from ftk.tasks import task_name

if TYPE_CHECKING:
    from ftk.calibration.assurance import Assurance
    from ftk.contracts.protocols import Corpus
    from ftk.contracts.values import Prepared
    from ftk.core.evaluate import Evaluator, Runner
    from ftk.inference.checkpoint import Checkpoint
    from ftk.inference.int8_cost import Int8Cost

    Cost = Callable[[Mapping[str, Any], Console], Int8Cost]


@inputs()
def run(command: str, argv: list[str]) -> int:
    """Run the command line: one evaluation, or one for each job of a sweep."""
    return exit_code(run_jobs(command, argv, evaluate, check=check_values, sweep=run_sweep))


@inputs()
def evaluate(config: EvaluateConfig, invocation: Invocation) -> dict[str, Any]:
    """Evaluate one model; returns the run folder, the score's name and the metrics."""
    console = Console()
    notes = Notes()
    # A folder that is taken shows before a model is downloaded.
    folder = RunFolder.claim(config.run, invocation, model_name(config))
    path = model_folder(config)
    # The files are verified, and the rows checked against the model's labels, before torch is imported.
    saved = SavedModel.open(path, config.task, invocation.names("task"), notes, model=config.model)
    if mistakes := list(unread_data_keys(saved.trained.task, config.data)):  # the folder alone may name the task
        raise ConfigMistakes(mistakes)
    refuse_unknown_predictions(saved.trained.task, config.predict)
    asked = Asked.of(config.predict, saved.kept())
    saved, data = saved.for_scoring(config.data, notes)
    task, labels = saved.trained.task, saved.trained.labels
    corpus = saved.open_corpus(data, notes)
    console.report(notes.drain())
    with fast_import("torch"):
        from ftk.core.evaluate import Evaluator  # torch from here on
    checkpoint = saved.checkpoint(config.data)
    encoding = Encoding(checkpoint.source.processor, labels, checkpoint.windows, notes)
    notes.extend(checkpoint.source.notes.drain())
    note_unknown_words(corpus, checkpoint.source.tokenizer, notes)
    prepared = corpus.prepare(encoding, console)["test"]
    console.report(notes.drain())
    runner = checkpoint.runner(task, config.hardware, console)
    task.check_model(runner.model, prepared.features)
    with closing(folder), closing(console):
        scores = scores_in_records(config.predict.scores, labels)
        evaluator = Evaluator(runner, task, scores, _assurance(checkpoint, runner, asked))
        cost = _cost(checkpoint, evaluator, prepared, config)
        return _score(folder, console, evaluator, prepared, corpus, path, cost, report=config.run.report)


def _assurance(checkpoint: Checkpoint, runner: Runner, asked: Asked) -> Assurance | None:
    """What looks at the predictions; None if they have no probabilities."""
    from ftk.calibration.assurance import Assurance

    confidence = checkpoint.task.spec.confidence
    if confidence is None:
        return None
    return Assurance(confidence, asked, runner.model, checkpoint.kept, labelled=True)


def _cost(checkpoint: Checkpoint, evaluator: Evaluator, prepared: Prepared, config: EvaluateConfig) -> Cost | None:
    """What compares the scores of int8 with those of the same rows without it; None in another precision."""
    if config.hardware.precision is not Precision.int8:
        return None
    from ftk.inference.int8_cost import int8_cost

    return partial(int8_cost, checkpoint, evaluator.task, config.hardware, prepared)


def _score(
    folder: RunFolder,
    console: Console,
    evaluator: Evaluator,
    prepared: Prepared,
    corpus: Corpus,
    path: Path,
    cost: Cost | None,
    *,
    report: bool,
) -> dict[str, Any]:
    """Score the model of a folder, and write and print the results."""
    from ftk.models.loading.provenance import digests_of

    spec = evaluator.task.spec
    folder.lock(console.warn)
    fields = {"name": task_name(evaluator.task), "fields": fields_of(evaluator.task)}
    model = {"origin": str(path), "files": digests_of(path), "task": fields}
    folder.open(hardware=evaluator.runner.hardware.facts(), data=corpus.fingerprints(), model=model)
    console.log_to(folder.path / "log.txt", append=False)
    notes = Notes()
    with notes.of("test"), folder.predictions("test") if spec.writes_records else nullcontext() as write:
        found = score(evaluator, prepared, write, notes)
    speed = {
        "tokens": found.tokens,
        "seconds": round(found.seconds, 3),
        "tokens_per_second": round(found.tokens_per_second, 1),
        "peak_memory_mb": peak_memory_mb(),
    }
    figures = {} if evaluator.beside is None else evaluator.beside.figures()
    written = {"test": found.metrics, **({"calibration": {"test": figures}} if figures else {}), "evaluation": speed}
    folder.write("metrics.json", written)
    console.result("test", found.metrics, f"test, {found.rows:,} rows")
    if (table := calibration_table({"test": figures})) is not None:
        console.table(table)
    if line := unsure_line(figures):
        console.say(line)
    if cost is not None:
        compared = cost(found.metrics, console)
        folder.write("metrics.json", {**written, "int8": compared.to_json()})
        console.table(compared.table())
        compared.note(spec.score, notes)
    console.report(notes.drain())
    console.say(f"{found.tokens:,} tokens in {found.seconds:.1f} s ({speed['tokens_per_second']:,.0f} tokens/s)")
    if spec.writes_records:
        console.say(f"predictions: {folder.path / 'predictions' / 'test.jsonl'}")
    else:
        console.say(f"metrics: {folder.path / 'metrics.json'}")
    if report:
        report_at_end(folder.path, console)
    return {
        "dir": str(folder.path),
        "score": spec.score,
        "higher_is_better": spec.higher_is_better,
        "test": found.metrics,
    }
