"""What enters the last layer of a model for windows, with what the layer should make of it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from ftk.contracts.spec import Probe
from ftk.contracts.values import Batch
from ftk.core.evaluate import Runner
from ftk.core.seeding import drawn
from ftk.kernels.head import HeadLinear

MOST_WINDOWS = 10_000
"""Windows whose states are computed at most."""
MOST_TOKENS = 1 << 20
"""Tokens of these windows at most."""
MOST_NUMBERS = 1 << 24
"""Numbers of all states at most."""
_CLOSE = 1e-3


@dataclass(frozen=True, slots=True, eq=False)
class Inputs:
    """The inputs of a linear layer, and its targets.

    Attributes:
        states: [rows, size], a row for each window, or for each word of all windows.
        target: [rows] or [rows, outputs].
        weight: [rows] or [rows, outputs] how much each counts; None: 1.
        window: [rows] the window of each, ascending.
    """

    states: NDArray[np.float32]
    target: NDArray[Any]
    weight: NDArray[np.float64] | None
    window: NDArray[np.int64]


class OtherOutputs(Exception):
    """The outputs of the layer are not those of the model."""


def linear_output(model: nn.Module) -> nn.Linear | None:
    """The one linear layer with an output for each label, outside of the encoder, fast or not; None: not one alone."""
    encoder = getattr(model, getattr(model, "base_model_prefix", "") or "", None)
    inside = set() if encoder is None or encoder is model else set(encoder.modules())
    outputs = getattr(getattr(model, "config", None), "num_labels", None)
    linear = (module for module in model.modules() if isinstance(module, nn.Linear) and module not in inside)
    found = [one for one in linear if type(one) in (nn.Linear, HeadLinear) and one.out_features == outputs]
    return found[0] if len(found) == 1 else None


def inputs_of(
    runner: Runner,
    layer: nn.Linear,
    probe: Probe,
    features: Any,
    windows: Sequence[int],
    *,
    dropout_seed: int | None = None,
) -> Inputs:
    """The inputs of a layer for some windows, computed without gradients.

    Args:
        runner: the model of a run with its task.
        layer: from ``linear_output``.
        probe: what its outputs are.
        features: of rows with targets.
        windows: the numbers of those that are run.
        dropout_seed: of the dropout, which is as in training; None: without dropout.

    Raises:
        OtherOutputs: the layer does not make the model's outputs.
    """
    parts: list[tuple[NDArray[np.float32], NDArray[Any], NDArray[np.float64] | None, NDArray[np.int64]]] = []
    taken: list[tuple[Tensor, Tensor]] = []
    handle = layer.register_forward_hook(lambda _, given, made: taken.append((given[0].detach(), made.detach())))
    runner.model.train(dropout_seed is not None)
    try:
        with torch.compiler.set_stance("force_eager"), drawn(dropout_seed or 0, 0, 0, 0):  # compiling takes longer
            for batch, outputs in runner.outputs(features, windows, features.lengths):
                parts.append(_part(batch, outputs, taken, probe))
                taken.clear()
    finally:
        handle.remove()
    states, target, weight, window = (list(column) for column in zip(*parts, strict=True))
    order = np.argsort(np.concatenate(window), kind="stable")  # batches are in the order of their lengths
    weights = None if any(one is None for one in weight) else np.concatenate(weight)[order]
    return Inputs(np.concatenate(states)[order], np.concatenate(target)[order], weights, np.concatenate(window)[order])


def _part(batch: Batch, outputs: Any, taken: list[tuple[Tensor, Tensor]], probe: Probe) -> Any:
    """The states, targets, weights and windows of one batch."""
    if len(taken) != 1 or not isinstance(outputs, Tensor):
        raise OtherOutputs
    given, made = taken[0]
    window = np.asarray(batch.windows, dtype=np.int64)
    if probe is Probe.tokens:
        if given.ndim != 3:
            raise OtherOutputs
        position = batch.targets["position"]
        window = window[(position // given.shape[1]).cpu().numpy()]
        given, made = (one.flatten(0, 1).index_select(0, position) for one in (given, made))
    if given.ndim != 2 or made.shape != outputs.shape or not _same(made, outputs):
        raise OtherOutputs
    weight = batch.targets.get("weight")
    target = batch.targets["label"]
    states, labels = given.float().cpu().numpy(), target.cpu().numpy()
    known = np.ones(len(labels), dtype=bool) if labels.dtype.kind == "f" else labels >= 0
    weights = None if weight is None else weight.cpu().numpy().astype(np.float64)[known]
    return states[known], labels[known], weights, window[known]


def _same(made: Tensor, outputs: Tensor) -> bool:
    """Whether outputs are those of the layer, or both are no numbers."""
    return torch.allclose(made.float(), outputs.float(), rtol=_CLOSE, atol=_CLOSE, equal_nan=True)


def some_windows(features: Any, size: int, probe: Probe) -> NDArray[np.int64]:
    """The numbers of the windows whose states are computed: all, or as many as the limits allow, taken evenly.

    Of each class the first few are among them.

    Args:
        features: of the training rows.
        size: of a state.
        probe: what is fitted.
    """
    number = len(features)
    rows = len(features.columns["position"].values) / max(1, number) if probe is Probe.tokens else 1.0
    tokens = float(np.mean(features.lengths[:])) if number else 1.0
    most = int(min(MOST_WINDOWS, MOST_TOKENS / max(1.0, tokens), MOST_NUMBERS / size / max(1.0, rows)))
    if number <= most:
        return np.arange(number)
    some = np.linspace(0, number - 1, max(1, most)).astype(np.int64)
    return np.union1d(some, _first_of_classes(features)) if probe is Probe.classes else np.unique(some)


_FIRST = 3


def _first_of_classes(features: Any) -> NDArray[np.int64]:
    label = np.asarray(features.columns["label"].values)
    order = np.argsort(label, kind="stable")
    begins = np.searchsorted(label[order], np.unique(label))
    within = np.arange(len(label)) - np.repeat(begins, np.diff([*begins, len(label)]))
    found: NDArray[np.int64] = order[within < _FIRST]
    return found
