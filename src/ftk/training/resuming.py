"""Resuming a run: whether it may, and what it takes from its folder."""

from collections.abc import Callable, Mapping
from typing import Any

from ftk.config.schema import TrainingRunConfig
from ftk.config.spelling.writing import as_word
from ftk.contracts.spec import statistics_fields
from ftk.contracts.task import Task, fields_of
from ftk.core.saving.checkpoint import recover, restore_state
from ftk.core.state import Progress
from ftk.errors import FtkError, ModelError, RunError
from ftk.report.run_folder import RunFolder
from ftk.tasks import task_from_fields
from ftk.training.run import Run
from ftk.training.verify_resume import continued

RESUME_WITH = "Resume with:"


def check_resumable(
    folder: RunFolder,
    fingerprints: Mapping[str, Mapping[str, str]],
    facts: Mapping[str, Any],
    warn: Callable[[str], None],
) -> dict[str, Any]:
    """Compare config, data and environment with those of the run so far, and recover ``last/`` after a crash.

    Args:
        folder: of the run, locked.
        fingerprints: the SHA-256 of the data files, by split.
        facts: of the hardware.
        warn: receives a sentence for each difference that does not stop the run.

    Returns:
        The manifest of ``last/``.

    Raises:
        RunError: a difference would change the result.
        ModelError: no saved state is whole.
    """
    for difference in (*folder.check_same(), *folder.check_data(fingerprints), *folder.check_environment(facts)):
        warn(f"resumed with a difference, results may differ: {difference}")
    return recover(folder.last, folder.previous, say=warn)


def tuned_fields(task: Task) -> tuple[str, ...]:
    """The fields that validation tunes; none if the config sets those that are not filled in beside them."""
    found = tuple(name for name in task.spec.tunable_fields if getattr(task, name) is None)
    return found if set(found) - set(statistics_fields(task)) else ()


def tuned_task(task: Task, tuned: tuple[str, ...], saved: Mapping[str, Any], folder: RunFolder) -> Task:
    """The task with the tuned fields of a saved model, which belong to its weights.

    Args:
        task: of the run.
        tuned: the fields that validation tunes.
        saved: the manifest of the model.
        folder: for messages.

    Raises:
        RunError: the manifest is of another task.
    """
    try:
        there, own = saved["task"]["fields"], statistics_fields(task)
        # A model of an earlier release lacks what is filled in beside the fields that were tuned.
        fields = {**fields_of(task), **{name: there[name] for name in tuned if name in there or name not in own}}
        return task_from_fields(type(task), fields)
    except (KeyError, TypeError, FtkError) as error:
        raise RunError(f"{folder.path}: ftk.json of its model does not belong to this task ({error}).") from error


def restore(run: Run) -> dict[str, Any]:
    """Restore the training state of ``last/``.

    Returns:
        The saved numbers, among them the settings that the optimizer had.

    Raises:
        ModelError: it cannot be restored.
        RunError: the best model is damaged.
    """
    changed = {key for key in run.folder.changed if key.startswith("optimizer.")}
    same = changed <= {"optimizer.lr", "optimizer.weight_decay"}
    if not same:
        run.console.warn("the optimizer is a different one: it starts without the state of the previous one")
    numbers = restore_state(run.folder.last, run.state, optimizer=same)
    progress, plan = run.state.progress, run.plan
    # With longer intervals, less of them are over: the next one is due in its time all the same.
    progress.eval_marks = min(progress.eval_marks, plan.eval_every.times_due(progress, plan.limits))
    progress.save_marks = min(progress.save_marks, plan.save_every.times_due(progress, plan.limits))
    if progress.best_step is not None:  # a forced resume may choose the best model by another metric
        progress.best_score = run.plan.score.value(progress.best_metrics)
    _check_best(run, progress)
    return numbers


def _check_best(run: Run, progress: Progress) -> None:
    """If the run has a best model, it must be whole: no later step brings it back."""
    if progress.best_step is None:
        return
    try:
        found = int(recover(run.folder.best, say=run.console.warn, step=progress.best_step)["step"])
        if found > progress.step:
            run.console.warn(
                f"best/ is of step {found}, later than the state that the run resumes from; it is replaced when the "
                "run reaches its best step again"
            )
    except ModelError as error:
        if not run.folder.force:
            raise RunError(
                f"{error}\n  The best model so far is lost. run.resume=force resumes without it, and keeps the best "
                "one from now on."
            ) from error
        run.console.warn(f"{error} The best model so far is lost; the next validated one is kept.")
        progress.best_score, progress.best_step, progress.best_metrics, progress.without_gain = None, None, {}, 0


def resume_hint(folder: RunFolder, config: TrainingRunConfig) -> str:
    """Where the state is and the command that resumes; empty if the run has left no state."""
    if not (folder.resume or folder.opened) or not folder.last.is_dir():
        return ""
    command = continued(folder.invocation, config, f"run.dir={as_word(folder.path)}", "run.resume=true")
    return f"; the state is in {folder.last}. {RESUME_WITH}\n{command}"
