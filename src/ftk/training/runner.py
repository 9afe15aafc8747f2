"""Runs a training: build, lock the folder, train or fit, score."""

from typing import Any

from ftk.config.schema import TrainingConfig
from ftk.contracts.notes import Notes
from ftk.contracts.protocols import Corpus
from ftk.core.fit import FittedModel, fit
from ftk.core.loop import train
from ftk.core.out_of_memory import is_out_of_memory
from ftk.core.saving.background_save import Saver
from ftk.core.state import TrainState
from ftk.errors import Interrupted, RunError, error_text, first_line
from ftk.models.loading.provenance import provenance
from ftk.report.console import Console, StepProgress
from ftk.report.records import MetricsFile
from ftk.report.run_folder import RunFolder
from ftk.report.saved_run import saved_environment
from ftk.system.signals import Stop
from ftk.training.building.builder import RunBuilder
from ftk.training.building.planning import length_of, unread_in_loss, unread_keys
from ftk.training.building.rate_test import with_found_rate
from ftk.training.dynamics import KeptLosses
from ftk.training.ending.hints import note_patience
from ftk.training.ending.results import finish
from ftk.training.going_on import (
    has_other_validation,
    note_nothing_left,
    note_rate,
    note_sizes,
    refuse_fitted_once,
    reset_best_score,
    rows_of,
    save_state,
)
from ftk.training.metric_check import check_metric
from ftk.training.observer import RunObserver
from ftk.training.resuming import RESUME_WITH, restore, resume_hint
from ftk.training.run import Run
from ftk.training.tracking.tracked import TrackedMetrics, tracked


def run_training(
    config: TrainingConfig, folder: RunFolder, corpus: Corpus, console: Console, stop: Stop | None = None
) -> dict[str, Any]:
    """Train, keep the best model, and score it.

    Args:
        config: of the run.
        folder: claimed for it.
        corpus: read and checked.
        console: shows and logs messages.
        stop: whether someone asked the run to stop; by default a new one, which knows the signals of this process.

    Returns:
        The content of metrics.json, and the folder and the score of the run.

    Raises:
        Interrupted: someone asked it to stop; its message has the command that resumes.
        FtkError: it cannot run, or cannot continue.
    """
    try:
        return _run(config, folder, corpus, console, stop or Stop())
    except Interrupted as interrupted:
        message = str(interrupted)
        if RESUME_WITH not in message:
            message += resume_hint(folder, config.run)
        raise Interrupted(interrupted.signal_number, message) from interrupted
    except OSError as error:  # a full disk, wherever it shows first
        raise RunError(f"{error_text(error)}{resume_hint(folder, config.run)}") from error
    except (RuntimeError, MemoryError) as error:
        if not is_out_of_memory(error):
            raise
        raise RunError(
            f"out of memory ({first_line(error)}). Try a smaller hardware.micro_batch, hardware.eval_tokens or "
            f"model{resume_hint(folder, config.run)}"
        ) from error


def _run(config: TrainingConfig, folder: RunFolder, corpus: Corpus, console: Console, stop: Stop) -> dict[str, Any]:
    fingerprints = corpus.fingerprints()
    run = RunBuilder(config, folder, corpus, console, stop).build(fingerprints)
    stop.check()
    check_metric(run)
    if folder.resume:
        _go_on(run)
    else:
        folder.lock(console.warn)
    folder.check_space(_bytes_of_run(run.state))
    if run.finds_rate:
        run = with_found_rate(run)
    model = {} if folder.resume else provenance(run.source)
    folder.open(hardware=run.hardware.facts(), data=fingerprints, model=model, rows=rows_of(run), chosen=run.chosen)
    console.log_to(folder.path / "log.txt", append=folder.resume)
    metrics = MetricsFile(folder.path / "metrics.jsonl")
    if folder.resume:
        metrics.rewind(run.state.progress.step, run.state.progress.validated)
        console.say(f"resuming after step {run.state.progress.step}")
    with tracked(config.tracker, folder, metrics, console) as tracker:
        if isinstance(run.state.model, FittedModel):
            console.say(f"run: {folder.path} (fitted at once)")
            _fit(run, tracker)
        else:
            console.say(f"run: {folder.path} ({length_of(run.plan, run.order, run.config.train)})")
            _train(run, tracker)
        result = finish(run)
        tracker.finish(result, run.state.progress.step)
    return result


def _go_on(run: Run) -> None:
    """Restore the state of the run so far, and report what is different for the rest of it."""
    notes = Notes()
    saved = saved_environment(run.folder.path).get("rows")
    numbers = restore(run)
    refuse_fitted_once(run)
    note_sizes(run, saved if isinstance(saved, dict) else {}, notes)
    if run.folder.changed or run.folder.changed_splits:
        note_rate(run, numbers, notes)
    note_nothing_left(run, notes)
    run.folder.check_space(_bytes_of_run(run.state))
    if has_other_validation(run):
        reset_best_score(run, notes)
        save_state(run)  # before the folder says that it has these rows
    run.console.report(notes.drain())


def _train(run: Run, metrics: TrackedMetrics) -> None:
    """Train step by step."""
    progress, folder = run.state.progress, run.folder
    kept = KeptLosses.of(run)
    at_once = f"ended at once by a second signal; anything saved before it is in {folder.last}"
    with run.console.progress(run.plan.limits.steps, progress.step) as bar, run.stop.deferred(at_once):
        try:
            after = run.config.run.stop_after
            if after is not None and progress.step >= after:
                raise Interrupted(0)
            with Saver() as saver:
                observer = RunObserver(run, metrics, bar, saver, kept)
                train(
                    run.state,
                    run.objective,
                    run.batch_source(),
                    run.plan,
                    run.hardware,
                    run.world,
                    observer,
                    run.stop,
                    None if kept is None else kept.losses,
                )
            note_patience(run)
        except Interrupted as interrupted:
            message = f"stopped after step {progress.step}{resume_hint(folder, run.config.run)}"
            raise Interrupted(interrupted.signal_number, message) from interrupted


def _fit(run: Run, metrics: TrackedMetrics) -> None:
    """Fit the model at once; a run that resumes may have done so already."""
    console, invocation = run.console, run.folder.invocation
    if run.state.progress.best_step is not None:
        console.say("the model is fitted already")
        return
    if unread := unread_keys(run.config, invocation):
        console.warn(f"{', '.join(unread)}: not used, because this model is not trained step by step")
    if in_loss := unread_in_loss(invocation):
        console.warn(f"{', '.join(in_loss)}: not used in fitting, only in the loss of validation and test")
    num_labels = len(run.source.labels.names) if run.source.labels is not None else 0
    assert isinstance(run.state.model, FittedModel)
    with Saver() as saver:
        observer = RunObserver(run, metrics, StepProgress(console, None), saver)
        scores = fit(
            run.state,
            run.state.model,
            run.prepared["train"].features,
            num_labels=num_labels,
            score=run.plan.score,
            observer=observer,
            say=console.say,
        )
        with run.stop.deferred():
            observer.validated(run.state, scores, best=True)
            saver.wait()
    run.stop.check()


def _bytes_of_run(state: TrainState) -> int:
    """The most that a run keeps on the disk: two best models, one of them being written, and three states."""
    tensors = {tensor.data_ptr(): tensor for tensor in state.model.state_dict().values()}  # tied ones once
    weights = sum(tensor.numel() * tensor.element_size() for tensor in tensors.values())
    settings = state.optimizer.defaults
    moments = 2 if "betas" in settings else 1 if settings.get("momentum") else 0
    parts = sum(
        value.numel() * value.element_size() for part in state.parts.values() for value in part.tensors().values()
    )
    return int(weights * (2 + 3 * (1 + moments)) + 3 * parts)
