"""``ftk evaluate``: a checkpoint, scored on labelled rows."""

from pathlib import Path
from typing import Any

from ftk.commands.manifest import task_of
from ftk.config import compose
from ftk.config.schema import EvaluateConfig
from ftk.data.corpus import read_test_corpus
from ftk.data.rows import Notes
from ftk.models.folder import open_model
from ftk.report.console import Console, label_table, scores_line
from ftk.report.run_folder import RunFolder
from ftk.report.sweep import report_sweep


def run(command: str, argv: list[str]) -> int:
    """Run the command line: one evaluation, or one for each job of a sweep."""
    return report_sweep(compose.run(command, argv, evaluate))


def evaluate(config: EvaluateConfig, invocation: compose.Invocation) -> dict[str, Any]:
    """One evaluation, from checkpoint to metrics."""
    assert config.checkpoint is not None
    console = Console()
    notes = Notes()
    path = Path(config.checkpoint).expanduser()
    folder = RunFolder.claim(config.run, invocation, path.resolve().parent.name)
    # The files are verified, and the rows checked against the model's labels, before torch is imported.
    manifest = open_model(path)
    task, labels, _ = task_of(manifest, config.task, str(path))
    corpus = read_test_corpus(config.data, task, labels, notes)
    for line in notes.drain():
        console.say(line)
    import torch  # from here on

    from ftk.commands.checkpoint import Checkpoint

    checkpoint = Checkpoint.open(path, manifest, config.task, config.data)
    examples = corpus.examples["test"]
    features = checkpoint.features(examples, notes, labelled=True)
    for line in notes.drain():
        console.say(line)
    evaluator = checkpoint.evaluator(config.hardware, console)
    folder.open(hardware=evaluator.hardware.why, threads=torch.get_num_threads(), data=corpus.fingerprints())
    console.log_to(folder.path / "log.txt", append=False)
    with folder.predictions("test") as write:
        metrics = evaluator.score(examples, features, write)
    folder.write("metrics.json", {"test": metrics})
    table = label_table(f"test, {len(examples):,} rows", metrics)
    if table is not None:
        console.table(table)
    console.say(f"test  {scores_line(metrics)}")
    console.say(f"predictions: {folder.path / 'predictions' / 'test.jsonl'}")
    console.close()
    return {
        "dir": str(folder.path),
        "score": task.score,
        "higher_is_better": task.higher_is_better,
        "test": metrics,
    }
