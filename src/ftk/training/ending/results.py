"""The end of a training run: scores of the best model, metrics.json, curves."""

import dataclasses
from collections.abc import Mapping
from contextlib import nullcontext
from typing import Any

import torch

from ftk.calibration.asked import Asked
from ftk.calibration.assurance import Assurance
from ftk.calibration.kept import ENTRY, LEAST, Kept
from ftk.calibration.out_of_scope import has_states
from ftk.config.choices import Calibration, OutOfScope
from ftk.config.schema import FinetuneConfig
from ftk.contracts import finding_kinds as kinds
from ftk.contracts.notes import Notes
from ftk.contracts.protocols import ReportsParameters
from ftk.core.evaluate import Evaluator
from ftk.core.non_finite import NotFiniteError
from ftk.errors import ConfigError, DataError, numbered
from ftk.models.loading.verified_folder import verify_folder
from ftk.pages.writing import report_at_end
from ftk.report.calibration_table import calibration_table
from ftk.report.curves import plot_curves
from ftk.report.kept_folders import keep_only
from ftk.report.unsure import unsure_line
from ftk.system.duration import duration
from ftk.system.peak_memory import peak_memory_mb
from ftk.training.building.grouping import leaves_padding_out
from ftk.training.building.learned import differing, task_saved_with
from ftk.training.ending.baselines import baselines
from ftk.training.ending.calibrating import calibrate
from ftk.training.ending.carding import write_run_card
from ftk.training.ending.hints import still_improving
from ftk.training.resuming import tuned_task
from ftk.training.run import Run


def finish(run: Run) -> dict[str, Any]:
    """Score the best model on every split that has labels, and write the results.

    Returns:
        The content of metrics.json, and the folder and the score of the run.
    """
    run.stop.check()
    _check_best_step(run)
    kept = calibrate(run)
    best = run.reload_best(fast=True)
    result: dict[str, Any] = _scores(run, best, kept)
    learned = best.report_parameters() if isinstance(best, ReportsParameters) else {}
    if learned:
        result["learned"] = {name: round(value, 6) for name, value in learned.items()}
        run.console.say(f"learned: {', '.join(f'{name} {value:.4f}' for name, value in learned.items())}")
    if compared := baselines(run, result):
        result["baselines"] = compared
    result["best_step"] = run.state.progress.best_step
    result["train"] = _training_facts(run)
    if (hint := still_improving(run)) is not None:
        run.console.say(hint)
    run.folder.write("metrics.json", result)
    if run.config.run.curves:
        try:
            plot_curves(run.folder.path / "metrics.jsonl", run.folder.path / "curves.png", run.plan.score)
        except (ImportError, MemoryError) as error:  # everything that matters is written
            run.console.warn(f"curves.png is not drawn ({error})")
    if run.config.run.card:
        write_run_card(run, result)
    run.console.say(f"model: {run.folder.best}")
    run.console.say(keep_only(run.folder, run.config.run.keep))
    if run.config.run.report:
        report_at_end(run.folder.path, run.console, run.prepared["train"].examples)
    return {
        "dir": str(run.folder.path),
        "score": run.plan.score.name,
        "higher_is_better": run.plan.score.higher_is_better,
        **result,
    }


def _check_best_step(run: Run) -> None:
    """Take the step and the tuned fields of the model in ``best/``."""
    progress = run.state.progress
    saved = verify_folder(run.folder.best)
    run.task = tuned_task(run.task, run.tuned, saved, run.folder)
    if run.folder.resume:
        _take_fields(run, saved)
    step = int(saved["step"])
    if step != progress.best_step:
        run.console.warn(f"best/ is of step {step}, although step {progress.best_step} was the best of this run")
        progress.best_step = step


def _take_fields(run: Run, saved: Mapping[str, Any]) -> None:
    """Take the fields of the best model: a forced resume, this one or an earlier one, may have changed them since."""
    task, moved = saved["task"], saved.get(ENTRY, {}).get("moved", {})  # those that calibration moved are no difference
    fields = {name: value for name, value in task["fields"].items() if name not in moved}
    if others := differing(run.task, task_saved_with(run.task, {**saved, "task": {**task, "fields": fields}})):
        notes = Notes()
        notes.add(kinds.BEST_OF_OTHER_FIELDS, step=int(saved["step"]), fields=others)
        run.console.report(notes.drain())
    if others or moved:
        run.task = task_saved_with(run.task, saved)


def _scores(run: Run, best: torch.nn.Module, kept: Kept | None) -> dict[str, Any]:
    """The metrics of the best model by split, and how well calibrated it is; its predictions are written."""
    result: dict[str, Any] = {}
    calibration: dict[str, Any] = dict(kept.facts) if kept is not None else {}
    asked = _asked(run, best, kept)
    for split in ("validation", "test"):
        if split not in run.prepared:
            continue
        part, notes = run.prepared[split], Notes()
        evaluator, assurance = _assured(run, best, kept, asked)
        with notes.of(split), run.folder.predictions(split) if run.task.spec.writes_records else nullcontext() as write:
            try:
                result[split] = evaluator.score(part.examples, part.features, write, notes=notes)
            except NotFiniteError as error:
                text = f"{split}: {error}\nThe model is kept: {run.folder.best}"
                raise DataError(text, findings=error.findings) from error
        title = f"{split}, best model (step {run.state.progress.best_step})"
        run.console.result(split, result[split], title, run.plan.score.name)
        run.console.report(notes.drain())
        if assurance is not None:
            assurance.close()
            calibration[split] = assurance.figures()
            if line := unsure_line(calibration[split]):
                run.console.say(f"{split}: {line}")
    by_split: dict[str, Any] = {split: calibration[split] for split in result if split in calibration}
    if by_split:
        result["calibration"] = calibration
    if (table := calibration_table(by_split)) is not None:
        run.console.table(table)
    return result


def _assured(run: Run, best: torch.nn.Module, kept: Kept | None, asked: Asked) -> tuple[Evaluator, Assurance | None]:
    """What scores the best model, and what looks at its predictions; None if they have no probabilities."""
    evaluator, confidence = run.evaluator(best), run.task.spec.confidence
    if confidence is None or not isinstance(run.config, FinetuneConfig):
        return evaluator, None
    rescore = None if kept is None else kept.rescored(confidence, run.folder.best)
    assurance = Assurance(confidence, asked, best, kept, labelled=True)
    runner = dataclasses.replace(evaluator.runner, rescore=rescore)
    return dataclasses.replace(evaluator, runner=runner, beside=assurance), assurance


def _asked(run: Run, best: torch.nn.Module, kept: Kept | None) -> Asked:
    """What records are to say, as far as the model and the validation rows are enough for it."""
    if not isinstance(run.config, FinetuneConfig):
        return Asked()
    predict = run.config.predict
    if predict.out_of_scope is OutOfScope.mahalanobis and not has_states(best):
        run.console.warn(
            f"predict.out_of_scope=mahalanobis: it is left out, because {type(best).__name__} has no hidden states to "
            "compare. predict.out_of_scope=energy needs none."
        )
        predict = dataclasses.replace(predict, out_of_scope=None)
    for key, other in (("coverage", "out_of_scope"), ("out_of_scope", "coverage")):
        try:
            Asked.of(dataclasses.replace(predict, **{other: None}), kept, _too_few(run, kept))
        except ConfigError as error:
            run.console.warn(f"{error} It is left out.")
            predict = dataclasses.replace(predict, **{key: None})
    return Asked.of(predict, kept)


def _too_few(run: Run, kept: Kept | None) -> int | None:
    """The number of validation rows, if nothing is kept of them because they are too few."""
    if kept is not None or not isinstance(run.config, FinetuneConfig) or run.config.calibrate is Calibration.none:
        return None
    rows = len(run.prepared["validation"].examples) if "validation" in run.prepared else 0
    return rows if rows < LEAST else None


def _training_facts(run: Run) -> dict[str, Any]:
    """Steps, tokens and time, shown and returned; updates that were skipped are warned about."""
    progress, console = run.state.progress, run.console
    speed = progress.tokens / max(progress.seconds, 1e-9)
    utilisation = progress.tokens / max(1, progress.tokens + progress.padding)
    facts: dict[str, Any] = {
        "steps": progress.step,
        "tokens": progress.tokens,
        "padding": progress.padding,
        "utilisation": round(utilisation, 4),
        "epochs": round(run.order.epoch(progress.step), 4),
        "seconds": round(progress.seconds, 3),
        "elapsed": round(progress.elapsed, 3),
        "tokens_per_second": round(speed, 1),
        "peak_memory_mb": peak_memory_mb(),
    }
    if run.hardware.device.type == "cuda":
        facts["peak_gpu_memory_mb"] = round(torch.cuda.max_memory_allocated(run.hardware.device) / 1e6)
    left_out = ", which the layers left out" if leaves_padding_out(run.state.model) else ""
    console.say(
        f"trained: {numbered(progress.step, 'step')}, {progress.tokens:,} tokens in {duration(progress.seconds)} "
        f"({facts['tokens_per_second']:,.0f} tokens/s; {100 * facts['utilisation']:.1f} % of the positions of its "
        f"batches are real tokens, the rest is padding{left_out})"
    )
    if progress.skipped:
        facts["skipped_steps"] = progress.skipped
        console.warn(f"{numbered(progress.skipped, 'step')} skipped because a gradient overflowed fp16")
    if progress.left_out:
        facts["left_out_steps"] = progress.left_out
        console.warn(f"{numbered(progress.left_out, 'update')} skipped: not finite, or a loss spike")
    if progress.spikes:
        facts["spikes"] = progress.spikes
        console.warn(f"{numbered(progress.spikes, 'step')} with a loss far above its running mean")
    return facts
