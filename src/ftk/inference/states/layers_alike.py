"""How alike the layers of the models of several runs are, on the rows that the runs predicted."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from ftk.comparing.alike.cka import LEAST_ROWS, BatchedCKA
from ftk.comparing.alike.measure import number_or_none
from ftk.comparing.opened import Outcomes
from ftk.config.command_line import override_words
from ftk.config.compose import compose
from ftk.config.schema import PredictConfig
from ftk.contracts.notes import Notes
from ftk.errors import DataError, FtkError, ModelError, RunError
from ftk.inference.saved_model import SavedModel
from ftk.system.startup import fast_import

if TYPE_CHECKING:
    from ftk.inference.states.of_layers import LayerStates

LAYERLESS = "ftk-tfidf-linear"
"""The model that is one linear layer."""
_AT_ONCE = 256
"""Rows whose kernels are in memory together."""


def check_models(runs: Sequence[Outcomes]) -> None:
    """Refuse runs without a model folder or without layers, before anything is computed.

    Raises:
        RunError: a run has no model.
        ModelError: a model has no layers.
    """
    for run in runs:
        _folder(run)
        model = run.config.get("model")
        config = model.get("config") if isinstance(model, Mapping) else None
        if isinstance(config, Mapping) and config.get("model_type") == LAYERLESS:
            raise ModelError(f"compare.cka=true: {run.path}: a model of the type {LAYERLESS} has no layers to compare.")


def layers_alike(runs: Sequence[Outcomes]) -> list[dict[str, Any]]:
    """The linear CKA of the layers of each two models, as JSON has it. This imports torch.

    Args:
        runs: with their rows in one order.

    Returns:
        For each pair ``models``, their numbers, and ``cka``: for each layer of the first one, its input first, the
        alignment with each layer of the other one; null where a layer has one state for all rows.

    Raises:
        RunError: a run has no model, or there are too few rows.
        ModelError: a model is damaged, or has no layers.
        DataError: the inputs cannot be read again from the predictions.
    """
    rows = len(runs[0].records)
    if rows < LEAST_ROWS:
        raise RunError(f"compare.cka=true: {rows} rows say nothing about layers; at least {LEAST_ROWS} do.")
    models = [_opened(run) for run in runs]
    found: BatchedCKA | None = None
    for part in np.array_split(np.arange(rows), max(1, rows // _AT_ONCE)):
        states = [_states(run, model, part.tolist()) for run, model in zip(runs, models, strict=True)]
        found = found or BatchedCKA([len(layers) for layers in states])
        found.add(states)
    assert found is not None
    return [
        {"models": [one, other], "cka": [[number_or_none(value) for value in row] for row in found.of(one, other)]}
        for one in range(len(runs))
        for other in range(one + 1, len(runs))
    ]


def _folder(run: Outcomes) -> Path:
    """The model folder of a run.

    Raises:
        RunError: there is none.
    """
    if not run.config:
        raise RunError(f"compare.cka=true: {run.path} is a file of predictions; the model is needed, so name the run.")
    model = run.environment.get("model")
    origin = model.get("origin") if isinstance(model, Mapping) else None
    evaluated = [Path(origin)] if isinstance(origin, str) and "train" not in run.config else []
    folder = next((path for path in (run.path / "best", *evaluated) if (path / "ftk.json").is_file()), None)
    if folder is None:
        places = " or ".join(map(str, (run.path / "best", *evaluated)))
        raise RunError(f"compare.cka=true: the model of {run.path} is gone; it would be in {places}.")
    return folder


def _opened(run: Outcomes) -> LayerStates:
    folder = _folder(run)
    job = compose("predict", override_words({"checkpoint": folder, "input": "-"}), check=lambda config, command: [])
    assert isinstance(job.config, PredictConfig)
    saved = SavedModel.open(folder, None, frozenset(), Notes())
    with fast_import("torch"):
        from ftk.inference.states.of_layers import LayerStates  # torch from here on
    try:
        return LayerStates(saved, job.config.data, job.config.hardware)
    except ModelError as error:
        raise ModelError(f"compare.cka=true: {run.path}: {error}") from error


def _states(run: Outcomes, model: LayerStates, rows: Sequence[int]) -> list[Any]:
    try:
        return model.of([run.records[row] for row in rows])
    except DataError as error:
        raise DataError(
            f"compare.cka=true: the inputs of {run.path} cannot be read again from its predictions: {error}"
        ) from error
    except FtkError as error:
        raise ModelError(f"compare.cka=true: {run.path}: {error}") from error
