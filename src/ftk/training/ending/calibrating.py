"""Calibrates the best model of a run, once, when training has ended."""

from __future__ import annotations

import copy
import dataclasses
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch

from ftk.calibration.conformal import nonconformity
from ftk.calibration.figures import Reliability
from ftk.calibration.folding import fold
from ftk.calibration.kept import ENTRY, LEAST, Kept
from ftk.calibration.maps import FitMap, Pairs, Rescored, ScoreMap, by_temperature, fit_isotonic, fit_vector
from ftk.calibration.out_of_scope import ENERGY, MAHALANOBIS, Scope, fit_states, has_states, limit_of, states_of
from ftk.calibration.outputs import Outputs
from ftk.calibration.temperature import FOLDS, answers, fit_temperature
from ftk.config.choices import Calibration, OutOfScope
from ftk.config.schema import FinetuneConfig
from ftk.contracts import finding_kinds as kinds
from ftk.contracts.confidence import Confidence, Shape
from ftk.contracts.notes import Notes
from ftk.contracts.task import Task, fields_of
from ftk.contracts.values import Batch
from ftk.core.layouts import laid_out
from ftk.core.saving.checkpoint import Snapshot, save
from ftk.models.loading.verified_folder import verify_folder
from ftk.report.cards.card import own_card
from ftk.training.run import Run

_FITS: dict[Calibration, FitMap] = {Calibration.vector: fit_vector, Calibration.isotonic: fit_isotonic}


@dataclass(frozen=True, slots=True)
class _Calibrated:
    """A calibration before it is saved.

    Attributes:
        model: with plain modules, as it is saved.
        task: with thresholds that have moved.
        outputs: of the model that is saved, for validation rows.
        calibrated: what changes its scores; None: nothing does.
        facts: about the method, for ``ftk.json``.
        before, after: figures of calibration.
    """

    model: torch.nn.Module
    task: Task
    outputs: Outputs
    calibrated: ScoreMap | None
    facts: Mapping[str, Any]
    before: Mapping[str, Any]
    after: Mapping[str, Any]


def calibrate(run: Run) -> Kept | None:
    """Calibrate the model in ``best/``, unless that is done, and take the thresholds that have moved.

    The folder is replaced as a whole, and its ``ftk.json`` says that it is calibrated: a run that is killed here, or
    that ends twice, does it once.

    Returns:
        The calibration in ``best/``; None if it has none.

    Raises:
        RunError: it cannot be saved; the model before is still there.
    """
    saved, notes = verify_folder(run.folder.best), Notes()
    if ENTRY not in saved and isinstance(run.config, FinetuneConfig):
        _calibrate(run, run.config, saved, notes)
        saved = verify_folder(run.folder.best)
    elif ENTRY in saved and (asked := _method(run)) != saved[ENTRY].get("method"):
        notes.add(kinds.KEPT_CALIBRATION, kept=saved[ENTRY].get("method"), asked=asked)
    run.console.report(notes.drain())
    return Kept.read(run.folder.best, saved)


def _method(run: Run) -> str:
    return run.config.calibrate.value if isinstance(run.config, FinetuneConfig) else Calibration.none.value


def _calibrate(run: Run, config: FinetuneConfig, saved: Mapping[str, Any], notes: Notes) -> None:
    confidence, method = run.task.spec.confidence, config.calibrate
    if method is Calibration.none:
        return
    if confidence is None or "validation" not in run.prepared:
        if run.folder.invocation.sets("calibrate"):
            policy = "no_probabilities" if confidence is None else "no_validation"
            notes.add(kinds.NOT_CALIBRATED, policy=policy, method=method.value)
        return
    part = run.prepared["validation"]
    # Compiling would take longer than what is computed here.
    runner = run.evaluator(run.reload_best(fast=not run.config.hardware.compile)).runner
    outputs = Outputs.of(runner, part.examples, part.features)
    if (found := answers(outputs.at(1.0), confidence)) < LEAST:
        notes.add(kinds.FEW_TO_CALIBRATE, method=method.value, found=found, least=LEAST)
        return
    if method is Calibration.temperature:
        made = _by_temperature(run, outputs, confidence, notes)
    else:
        made = _by_map(run, outputs, confidence, method)
    pairs = _rescored(made)
    arrays = {} if made.calibrated is None else made.calibrated.arrays()
    if confidence.shape is Shape.classes:
        arrays["conformal"] = nonconformity(pairs, confidence)
    limits = _limits(run, config, made.outputs, confidence, arrays)
    facts = {"method": method.value, **made.facts, "rows": len(outputs.rows), **limits}
    _save(run, made, saved, facts, arrays)
    notes.add(kinds.CALIBRATED, **_values(method, facts, made))


def _by_temperature(run: Run, outputs: Outputs, confidence: Confidence, notes: Notes) -> _Calibrated:
    """The model with a temperature in its last layer; beside it where this cannot be, or would change a decision."""
    fit = fit_temperature(outputs.at, confidence)
    assert fit is not None
    plain, temperature = run.reload_best(fast=False), fit.temperature
    facts: dict[str, Any] = {"temperature": temperature, "folded": True}
    if temperature == 1:
        return _Calibrated(plain, run.task, outputs, None, facts, fit.before, fit.after)
    before, after = outputs.at(1.0), outputs.at(temperature)
    moved = confidence.moved(run.task, temperature, [one for _, one in before], [one for _, one in after])
    if not fold(plain, temperature, lambda: _logits(run, plain)):
        notes.add(kinds.NOT_FOLDED, policy="no_layer", temperature=round(temperature, 4), model=type(plain).__name__)
    else:
        same = copy.deepcopy(plain)
        same = same if run.config.hardware.compile else run.quickened(same)
        runner = dataclasses.replace(outputs.runner, model=same, runnable=moved)
        folded = Outputs.of(runner, outputs.examples, outputs.features)
        others = _changed(before, folded.at(1.0), confidence, moved.spec.confidence or confidence)
        if not others:
            if fields := _moved(run.task, moved):
                facts["moved"] = fields
            return _Calibrated(plain, moved, folded, None, facts, fit.before, fit.after)
        notes.add(
            kinds.NOT_FOLDED,
            policy="decisions",
            temperature=round(temperature, 4),
            model=type(plain).__name__,
            rows=others,
        )
        plain = run.reload_best(fast=False)
    facts["folded"] = False
    calibrated = by_temperature(temperature, confidence.shape)
    return _Calibrated(plain, run.task, outputs, calibrated, facts, fit.before, fit.after)


def _by_map(run: Run, outputs: Outputs, confidence: Confidence, method: Calibration) -> _Calibrated:
    """The model with a function beside it that changes its scores."""
    pairs = outputs.at(1.0)
    raw, crossed = Reliability(confidence), Reliability(confidence)
    for number in range(FOLDS):
        others = [pair for at, pair in enumerate(pairs) if at % FOLDS != number]
        rescored = Rescored(confidence, _FITS[method](others, confidence))
        for example, prediction in pairs[number::FOLDS]:
            raw.add(example, prediction)
            crossed.add(example, rescored(prediction))
    calibrated = _FITS[method](pairs, confidence)
    facts = {"names": list(calibrated.names)} if calibrated.names else {}
    plain = run.reload_best(fast=False)
    return _Calibrated(plain, run.task, outputs, calibrated, facts, raw.compute(), crossed.compute())


def _logits(run: Run, model: torch.nn.Module) -> torch.Tensor:
    """The logits of a model with plain modules for the first windows of the validation split, in its own precision."""
    features = run.prepared["validation"].features
    batch = laid_out(run.task.collate(features, list(range(min(4, len(features)))), None), run.layout, features)
    model.eval()
    with torch.inference_mode():
        logits: torch.Tensor = run.task.forward(model, batch.to(run.hardware.device)).float()
    return logits


def _changed(before: Pairs, after: Pairs, confidence: Confidence, moved: Confidence) -> int:
    """For how many rows another decision is made."""
    both = zip(before, after, strict=True)
    return sum(confidence.decision(one) != moved.decision(other) for (_, one), (_, other) in both)


def _moved(before: Task, after: Task) -> dict[str, Any]:
    """The fields that differ, with their values before."""
    now = fields_of(after)
    return {name: value for name, value in fields_of(before).items() if value != now[name]}


def _rescored(made: _Calibrated) -> Pairs:
    """The validation rows with their predictions as they will be written."""
    pairs, confidence = made.outputs.at(1.0), made.task.spec.confidence
    if made.calibrated is None or confidence is None:
        return pairs
    rescored = Rescored(confidence, made.calibrated)
    return [(example, rescored(prediction)) for example, prediction in pairs]


def _limits(
    run: Run, config: FinetuneConfig, outputs: Outputs, confidence: Confidence, arrays: dict[str, Any]
) -> dict[str, Any]:
    """The scores up to which rows are in scope; what these need of training rows is added to ``arrays``."""
    if confidence.shape is not Shape.classes:
        return {}
    limits = {ENERGY: _limit(outputs, ENERGY, arrays)}
    if config.predict.out_of_scope is OutOfScope.mahalanobis and has_states(outputs.runner.model):
        arrays |= _of_states(run, outputs)
        limits[MAHALANOBIS] = _limit(outputs, MAHALANOBIS, arrays)
    return {"out_of_scope": limits}


def _limit(outputs: Outputs, method: str, arrays: Mapping[str, Any]) -> float:
    """The limit that 95 % of the validation rows pass."""
    runner, features, lengths = outputs.runner, outputs.features, outputs.features.lengths
    scope = Scope(method, runner.model, arrays)
    try:
        if method == ENERGY:
            for batch, logits in outputs.logits:
                scope.seen(logits, batch)
        else:
            for block in outputs.blocks:
                windows = features.windows_of(block.start, block.stop)
                for batch, logits in runner.outputs(features, windows, lengths):
                    scope.seen(logits, batch)
        return limit_of([scope.of(features.windows_of(row, row + 1)) for row in outputs.rows])
    finally:
        scope.close()


def _of_states(run: Run, outputs: Outputs) -> dict[str, Any]:
    """Means and covariance of the states of training rows."""
    part, labels = run.prepared["train"], run.source.labels
    assert labels is not None
    with states_of(outputs.runner.model) as states:
        found: dict[int, Any] = {}

        def watch(batch: Batch) -> None:
            found.update(zip(batch.windows, states.of_batch(), strict=True))

        blocks = Outputs.of(outputs.runner, part.examples, part.features, watch=watch)
    rows = [(row, window) for row in blocks.rows for window in part.features.windows_of(row, row + 1)]
    label = np.array([labels.ids[part.examples[row].target] for row, _ in rows])
    return fit_states(np.stack([found[window] for _, window in rows]), label)


def _save(
    run: Run, made: _Calibrated, saved: Mapping[str, Any], facts: Mapping[str, Any], arrays: Mapping[str, Any]
) -> None:
    task = {**saved["task"], "fields": fields_of(made.task)}
    taken = Snapshot(
        model=made.model,
        processor=run.source.processor,
        manifest={**saved, "task": task, ENTRY: facts},
        beside=run.beside(),
        calibration={name: torch.from_numpy(np.ascontiguousarray(array)) for name, array in arrays.items()},
        own=own_card(run.folder.best),
    )
    save(run.folder.best, taken)
    run.task = made.task


def _values(method: Calibration, facts: Mapping[str, Any], made: _Calibrated) -> dict[str, Any]:
    """The values of the finding."""
    how = f"temperature {facts['temperature']:.3f}" if "temperature" in facts else method.value
    return {
        "how": how,
        "rows": facts["rows"],
        "before": 100 * made.before["ece"],
        "after": 100 * made.after["ece"],
    }
