"""Begins the head of a run with a linear model of the states of its frozen encoder.

The head that a linear model of the encoder's states makes is far better than a random one, and the first steps do not
pull the encoder towards a head that says nothing (Kumar et al. 2022, "Fine-Tuning can Distort Pretrained Features and
Underperform Out-of-Distribution").
"""

from __future__ import annotations

import dataclasses
import time
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from threadpoolctl import threadpool_limits
from torch import nn

from ftk.config.choices import HeadInit
from ftk.contracts import finding_kinds as kinds
from ftk.contracts.contexts import Encoding
from ftk.contracts.notes import Notes
from ftk.contracts.spec import Probe
from ftk.core.evaluate import Runner
from ftk.errors import ConfigError
from ftk.models.loading.load import Loaded
from ftk.models.loading.source import Source
from ftk.models.tuning.linear_fit import LinearFit, damped, fit_classes, fit_numbers, fit_presence
from ftk.models.tuning.linear_solver import Loss, binary_cross_entropy, cross_entropy, squared_error
from ftk.training.probing.states import Inputs, OtherOutputs, inputs_of, linear_output, some_windows

TEXT_WEIGHT = 2.0
"""How much a text of a label counts, in rows: with one to five rows a class more is better, with 25 nothing differs."""

_HELPED = frozenset((Probe.classes, Probe.labels, Probe.numbers))
"""What ``auto`` fits. States of words are left to the training: docs/head-init.md has the scores."""
_DROPPED = 256
"""Windows that are run with dropout, to see what it leaves of the fit."""
_LOSSES: dict[Probe, Loss] = {
    Probe.classes: cross_entropy,
    Probe.tokens: cross_entropy,
    Probe.labels: binary_cross_entropy,
    Probe.numbers: squared_error,
}


def begin_head(
    asked: HeadInit, loaded: Loaded, source: Source, runner: Runner, features: Any, encoding: Encoding, seed: int
) -> None:
    """Fit the new head of a model, where ``model.head_init`` asks for it.

    Args:
        asked: ``model.head_init``.
        loaded: the model; its last layer changes.
        source: of the model.
        runner: runs the model, on its device, with its task.
        features: of the training rows.
        encoding: of texts of labels; its notes receive what was done.
        seed: of the run.

    Raises:
        ConfigError: ``probe`` is asked for, and the head cannot be fitted.
    """
    task: Any = runner.runnable
    probe = task.spec.probe
    if asked is HeadInit.random or (asked is HeadInit.auto and (source.folder is None or probe not in _HELPED)):
        return
    layer = linear_output(loaded.model)
    if asked is HeadInit.auto and _reads_new_layers(loaded, layer):
        return
    if reason := _why_not(probe, layer, loaded, source):
        if asked is HeadInit.probe:
            raise ConfigError(f"model.head_init=probe: {reason} Leave the key out.")
        return
    assert layer is not None
    assert probe is not None
    began = time.perf_counter()
    windows = some_windows(features, layer.in_features, probe)
    try:
        found = inputs_of(runner, layer, probe, features, windows.tolist())
    except OtherOutputs:
        if asked is HeadInit.probe:
            reason = "its last layer is not what its outputs come from."
            raise ConfigError(
                f"model.head_init=probe: {type(loaded.model).__name__}: {reason} Leave the key out."
            ) from None
        encoding.notes.add(kinds.UNFITTED_HEAD, policy="layer")
        return
    found = dataclasses.replace(found, weight=_weighted(found, features.weight))
    texts = _texts_of_labels(runner, layer, probe, encoding)
    if not len(found.states) or not np.isfinite(found.states).all():
        encoding.notes.add(kinds.UNFITTED_HEAD, policy="not_finite" if len(found.states) else "states")
        return
    some = windows[np.unique(np.linspace(0, len(windows) - 1, min(len(windows), _DROPPED)).astype(np.int64))]
    dropped = inputs_of(runner, layer, probe, features, some.tolist(), dropout_seed=seed)
    with threadpool_limits(torch.get_num_threads(), user_api="blas"):  # as torch, or sums are in another order
        fit = _fitted(probe, found, texts, layer.out_features, _dropout(loaded.model))
        fit = damped(fit, found.states.mean(0), dropped.states, _as_fitted(probe, dropped.target), _LOSSES[probe])
    _take(layer, fit)
    if len(windows) < len(features):
        encoding.notes.add(kinds.HEAD_FROM_SOME, windows=len(windows), all=len(features))
    of_texts = {} if texts is None else {"texts": len(texts.states)}
    encoding.notes.add(
        kinds.FITTED_HEAD,
        policy="texts" if of_texts else None,
        states=len(found.states) + of_texts.get("texts", 0),
        vectors="states of words" if probe is Probe.tokens else "vectors",
        seconds=time.perf_counter() - began,
        asked=asked.value,
        **of_texts,
    )


def _reads_new_layers(loaded: Loaded, layer: nn.Linear | None) -> bool:
    """Whether the head has other new layers before its last one: what they make of the states is random."""
    model: Any = loaded.model
    encoder = getattr(model, model.base_model_prefix, None)
    known = [] if encoder is None else [*encoder.parameters()]
    known += [] if layer is None else [*layer.parameters()]
    ids = {id(one) for one in known}
    last = () if layer is None else {id(one) for one in layer.parameters()}
    return any(
        id(one) not in ids or (name in loaded.missing and id(one) not in last) for name, one in model.named_parameters()
    )


def _why_not(probe: Probe | None, layer: nn.Linear | None, loaded: Loaded, source: Source) -> str | None:
    """Why a head cannot be fitted, or must not be; None: it can."""
    if probe is None:
        return "the head of this task is not fitted beforehand."
    kind = type(loaded.model).__name__
    if layer is None:
        return f"{kind} has no linear layer that alone outputs the labels."
    name = next((name for name, module in loaded.model.named_modules() if module is layer), "")
    if source.keeps_head and source.folder is not None and f"{name}.weight" not in loaded.missing:
        return "the head of the model is kept, and goes on as it was trained."
    if (
        sum(parameter is layer.weight for module in loaded.model.modules() for parameter in module._parameters.values())
        > 1
    ):
        return f"the last layer of {kind} shares its weights with another."
    if layer.bias is None:
        return f"the last layer of {kind} has no bias."
    if not layer.weight.requires_grad:
        return "the head is frozen (model.freeze)."
    return None


def _weighted(found: Inputs, drawn: NDArray[np.float64] | None) -> NDArray[np.float64] | None:
    """How much each state counts: by its class, and by how often its window is drawn."""
    if drawn is None:
        return found.weight
    each: NDArray[np.float64] = drawn[found.window] / drawn.mean()
    if found.weight is None:
        return each
    both: NDArray[np.float64] = found.weight * (each if found.weight.ndim == 1 else each[:, None])
    return both


def _texts_of_labels(runner: Runner, layer: nn.Linear, probe: Probe, encoding: Encoding) -> Inputs | None:
    """The states of texts of labels; None if there are none."""
    task: Any = runner.runnable
    made = task.spec.label_examples
    examples = [] if made is None or encoding.labels is None else made(task, encoding.labels, encoding.notes)
    if not examples:
        return None
    features = task.features(examples, dataclasses.replace(encoding, notes=Notes()))
    return inputs_of(runner, layer, probe, features, range(len(features)))


def _fitted(probe: Probe, rows: Inputs, texts: Inputs | None, outputs: int, dropout: float) -> LinearFit:
    """The layer that is fitted to rows, and to texts of labels."""
    kept = None
    if texts is not None:
        kept = np.repeat([False, True], [len(rows.states), len(texts.states)])
        rows = Inputs(
            np.concatenate([rows.states, texts.states]),
            np.concatenate([rows.target, texts.target]),
            np.concatenate([_of(rows, 1.0, texts), _of(texts, TEXT_WEIGHT, rows)]),
            np.concatenate([rows.window, texts.window]),
        )
    if probe is Probe.numbers:
        return fit_numbers(rows.states, rows.target, weights=rows.weight, dropout=dropout)
    if probe is Probe.labels:
        return fit_presence(rows.states, rows.target > 0, weights=rows.weight, kept=kept, dropout=dropout)
    groups = rows.window if probe is Probe.tokens else None
    return fit_classes(
        rows.states, rows.target, outputs, weights=rows.weight, groups=groups, kept=kept, dropout=dropout
    )


def _as_fitted(probe: Probe, target: NDArray[Any]) -> NDArray[Any]:
    return target.astype(np.float64) if probe in (Probe.labels, Probe.numbers) else target


def _dropout(model: nn.Module) -> float:
    """The highest rate of dropout of a model; that of its head is often the one of its config."""
    return max((min(module.p, 0.9) for module in model.modules() if isinstance(module, nn.Dropout)), default=0.0)


def _of(inputs: Inputs, weight: float, other: Inputs) -> NDArray[np.float64]:
    """How much inputs count, in an array that fits beside that of others."""
    if inputs.weight is not None:
        return inputs.weight * weight
    wide = other.weight is not None and other.weight.ndim == 2
    return np.full(inputs.target.shape if wide else len(inputs.target), weight)


@torch.no_grad()
def _take(layer: nn.Linear, fit: LinearFit) -> None:
    layer.weight.copy_(torch.from_numpy(fit.weight))
    layer.bias.copy_(torch.from_numpy(fit.bias))
