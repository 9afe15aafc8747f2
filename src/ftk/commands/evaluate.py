"""``ftk evaluate``: score a checkpoint on labelled rows."""

from __future__ import annotations

from contextlib import closing, nullcontext
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ftk.commands.checks import check_values, texts_only
from ftk.config.compose import run_jobs
from ftk.config.invocation import Invocation
from ftk.config.mistakes import ConfigMistakes
from ftk.config.schema import EvaluateConfig
from ftk.contracts.notes import Notes
from ftk.inference.pipeline import SavedModel, score
from ftk.report.console import Console, label_table, scores_line
from ftk.report.run_folder import RunFolder
from ftk.report.sweep import report_sweep
from ftk.system.startup import fast_import

if TYPE_CHECKING:
    from ftk.contracts.protocols import Corpus
    from ftk.contracts.task import Task
    from ftk.contracts.values import Prepared
    from ftk.core.evaluate import Evaluator


def run(command: str, argv: list[str]) -> int:
    """Run the command line: one evaluation, or one for each job of a sweep."""
    return report_sweep(run_jobs(command, argv, evaluate, check=check_values))


def evaluate(config: EvaluateConfig, invocation: Invocation) -> dict[str, Any]:
    """Evaluate one checkpoint; returns the run folder, the score's name and the metrics."""
    assert config.checkpoint is not None
    console = Console()
    notes = Notes()
    path = Path(config.checkpoint).expanduser()
    folder = RunFolder.claim(config.run, invocation, path.resolve().parent.name)
    # The files are verified, and the rows checked against the model's labels, before torch is imported.
    saved = SavedModel.open(path, config.task, invocation.names("task"), notes)
    task, labels = saved.trained.task, saved.trained.labels
    if mistakes := list(texts_only(task, config.data)):  # the folder alone may name the task
        raise ConfigMistakes(mistakes)
    corpus = task.test_corpus(config.data, labels, notes)
    for line in notes.drain():
        console.say(line)
    with fast_import("torch"):
        import ftk.inference.checkpoint  # noqa: F401  (torch from here on)
    checkpoint = saved.checkpoint(config.data)
    prepared = corpus.prepare(checkpoint.source.processor, labels, checkpoint.windows, notes, console)["test"]
    for line in notes.drain():
        console.say(line)
    evaluator = checkpoint.evaluator(task, config.hardware, console)
    task.check_model(evaluator.model, prepared.features)
    with closing(folder), closing(console):
        return _score(folder, console, evaluator, task, prepared, corpus)


def _score(
    folder: RunFolder, console: Console, evaluator: Evaluator, task: Task, prepared: Prepared, corpus: Corpus
) -> dict[str, Any]:
    """Score, and write and print the results."""
    folder.lock(console.warn)
    folder.open(hardware=evaluator.hardware.facts(), data=corpus.fingerprints())
    console.log_to(folder.path / "log.txt", append=False)
    with folder.predictions("test") if task.writes_records else nullcontext() as write:
        found = score(evaluator, prepared, write)
    speed = {
        "tokens": found.tokens,
        "seconds": round(found.seconds, 3),
        "tokens_per_second": round(found.tokens_per_second, 1),
    }
    folder.write("metrics.json", {"test": found.metrics, "evaluation": speed})
    table = label_table(f"test, {found.rows:,} rows", found.metrics)
    if table is not None:
        console.table(table)
    console.say(f"test  {scores_line(found.metrics)}")
    console.say(f"{found.tokens:,} tokens in {found.seconds:.1f} s ({speed['tokens_per_second']:,.0f} tokens/s)")
    if task.writes_records:
        console.say(f"predictions: {folder.path / 'predictions' / 'test.jsonl'}")
    else:
        console.say(f"metrics: {folder.path / 'metrics.json'}")
    return {
        "dir": str(folder.path),
        "score": task.score,
        "higher_is_better": task.higher_is_better,
        "test": found.metrics,
    }
