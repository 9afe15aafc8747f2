"""``ftk.load``: from a model folder to a model that predicts."""

from __future__ import annotations

from pathlib import Path

from ftk.api.model import Model
from ftk.api.session import os_errors_explained, preserve_torch_state
from ftk.commands.checks.values import check_values
from ftk.config.command_line import override_words
from ftk.config.compose import compose
from ftk.config.schema import PredictConfig
from ftk.contracts.notes import Notes
from ftk.inference.pipeline import Predictions
from ftk.inference.places import model_folder
from ftk.inference.saved_model import SavedModel
from ftk.report.console import Console


def load(
    path: str | Path | None = None,
    *overrides: str,
    hardware: str | None = None,
    precision: str | None = None,
    eval_tokens: int | None = None,
    verbose: bool = False,
) -> Model:
    """A trained model, verified by its checksums and ready to predict.

    Args:
        path: a model folder that ftk wrote, as ``runs/<run>/best``; with ``"task=ner"`` also the folder or hub id of a
            model that another tool trained. None for a preset as it comes: ``"model=minilm", "task=ranking"``.
        overrides: overrides of ``ftk predict``: ``"data.max_length=128"``, ``"task.top_k=3"``.
        hardware: an option of the group ``hardware``: ``auto`` (the default), ``cpu``, ``cpu-bf16`` …
        precision: ``auto``, ``fp32``, ``bf16``, ``fp16`` or ``int8``.
        eval_tokens: tokens, padding included, in one batch; fewer need less memory.
        verbose: print to standard error what was chosen and loaded.

    Returns:
        The model. What ``verbose`` would print is in its ``log``.

    Raises:
        ConfigError: there is no such folder, or an override has a mistake; torch is not imported then.
        ModelError: the folder is damaged, or does not hold all weights; or the model has no head for the task.
    """
    words = override_words({"checkpoint": path, "input": "-"})
    words += [f"hardware={hardware}"] if hardware is not None else []
    chosen = {"hardware.precision": precision, "hardware.eval_tokens": eval_tokens}
    words += override_words({key: value for key, value in chosen.items() if value is not None})
    job = compose("predict", [*words, *overrides], check=check_values)
    assert isinstance(job.config, PredictConfig)
    console, notes = Console(stderr=True, quiet=not verbose), Notes()
    with os_errors_explained():
        folder, named = model_folder(job.config), job.invocation.names("task")
        saved = SavedModel.open(folder, job.config.task, named, notes, model=job.config.model)
        console.report(notes.drain())
        predictions = Predictions(saved, job.config.data, job.config.predict)
        with preserve_torch_state(threads=job.config.hardware.threads is None):
            checkpoint = saved.checkpoint(job.config.data)
            runner = checkpoint.runner(saved.trained.task, job.config.hardware, console)
            predictions.use(checkpoint, runner)
            predictions.prepare(console)
    return Model(saved, predictions, checkpoint, runner, console)
