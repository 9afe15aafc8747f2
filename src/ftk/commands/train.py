"""``ftk pretrain`` and ``ftk finetune``: the data is read and checked before torch is imported."""

from typing import Any

from ftk.commands.checks.pooling import with_pooling
from ftk.commands.checks.values import check_values
from ftk.config.compose import run_jobs
from ftk.config.invocation import Invocation
from ftk.config.schema import TrainingConfig
from ftk.contracts.notes import Notes
from ftk.data.readers.decoding.once import inputs
from ftk.models.loading.hub_models import check_hub_models
from ftk.models.loading.text_prefix import refuse_unread_prefix
from ftk.models.tokenizers.tokenizer_files import check_tokenizer_folders
from ftk.report.console import Console
from ftk.report.earlier_defaults import with_earlier_defaults_of
from ftk.report.run_folder import RunFolder
from ftk.report.sweeps.running import exit_code, run_sweep
from ftk.system.startup import fast_import
from ftk.tasks import build_task


@inputs()
def run(command: str, argv: list[str]) -> int:
    """Run the command line: one training, or one for each job of a sweep."""
    return exit_code(run_jobs(command, argv, train, check=check_values, sweep=run_sweep))


@inputs()
def train(config: TrainingConfig, invocation: Invocation, *, console: Console | None = None) -> dict[str, Any]:
    """Run one training; returns the run folder, the score's name and the metrics.

    Args:
        config: of the training.
        invocation: the command line.
        console: prints what happens; None: to standard output.
    """
    console = console or Console()
    notes = Notes()
    task = with_pooling(build_task(config.task), config.model, notes)
    refuse_unread_prefix(config.model, task.spec, invocation.names("model"))
    folder = RunFolder.claim(config.run, invocation, invocation.choices["task"], invocation.choices["model"])
    if folder.resume:
        config, folder.invocation = with_earlier_defaults_of(folder.path, config, invocation)
        task = build_task(config.task)
    if config.run.verify_resume:
        from ftk.training.verify_resume import verify_resume

        verify_resume(invocation, config.run, console)
    if "text" in task.spec.modalities and not folder.resume:
        check_tokenizer_folders(config.model)
    if not folder.resume:
        check_hub_models(config.model, task)
    corpus = task.open_corpus(config.data, notes)
    from ftk.checking.before_training import check_before_training  # numpy, which no mistake in the config needs

    check_before_training(corpus, notes)
    console.report(notes.drain())
    with fast_import("torch"):
        from ftk.training.runner import run_training  # torch from here on

    try:
        return run_training(config, folder, corpus, console)
    finally:
        folder.close()
        console.close()
