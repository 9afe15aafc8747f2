"""Rows for which a model computes numbers that are not finite: which they are, and why."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from itertools import chain
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import nn

from ftk.config.choices import Precision
from ftk.contracts import finding_kinds as kinds
from ftk.contracts.findings import SHOWN
from ftk.contracts.layout import USUAL, Layout
from ftk.contracts.notes import Notes
from ftk.contracts.protocols import Runnable, Windows
from ftk.contracts.values import Batch
from ftk.core.hardware import Hardware
from ftk.core.layouts import laid_out
from ftk.errors import DataError

_SMALL = 1024
"""Arrays of up to so many numbers are looked at together."""
_ALL_LOST = 32
"""If so many windows have no finite numbers by themselves, the others are not tried."""
_OTHER_MODEL = (
    "Take another model folder, or train it again with a lower optimizer.lr, a longer schedule.warmup or "
    "hardware.precision=fp32."
)


@dataclass(frozen=True, slots=True)
class Cause:
    """Why numbers are not finite, and what the user can do."""

    text: str
    way_out: str


@dataclass(frozen=True, slots=True)
class NotFinite:
    """Stands in the place of a row's prediction.

    Attributes:
        where: the row, for messages.
        cause: why there is no prediction.
    """

    where: str
    cause: Cause


class NotFiniteError(DataError):
    """Rows for which a model computes numbers that are not finite.

    Attributes:
        others: whether there are other rows.
    """

    def __init__(self, rows: Sequence[NotFinite], *, others: bool) -> None:
        """
        Args:
            rows: all of them; the text has the cause of the first.
            others: whether there are other rows.
        """
        cause, notes = rows[0].cause, Notes()
        places = [row.where for row in rows[:SHOWN]]
        notes.add(kinds.NOT_FINITE, *places, number=len(rows), cause=cause.text, way_out=cause.way_out)
        super().__init__("\n".join(map(str, notes)), findings=tuple(notes))
        self.others = others


def not_finite(outputs: Mapping[int, Any]) -> list[int]:
    """The windows with a number that is not finite, given the array of each. What is no array of floats is passed."""
    small: list[NDArray[Any]] = []
    large: list[NDArray[Any]] = []
    for array in outputs.values():
        if _is_float(array):
            (small if array.size <= _SMALL else large).append(array)
    if (not small or np.isfinite(np.concatenate(small, axis=None)).all()) and all(map(_is_finite, large)):
        return []
    return [window for window, array in outputs.items() if _is_float(array) and not _is_finite(array)]


def _is_float(array: Any) -> bool:
    return isinstance(array, np.ndarray) and array.dtype.kind == "f"


def _is_finite(array: NDArray[Any]) -> bool:
    return bool(np.isfinite(array).all())


def note_broken_weights(model: nn.Module, notes: Notes) -> None:
    """Report the weights of a model that are not finite: the rows that they do not reach have predictions."""
    broken = _broken_tensors(model)
    if broken:
        places = [f"{name}: {bad:,} of {total:,}" for name, (bad, total) in broken.items()]
        notes.add(kinds.BROKEN_WEIGHTS, *places[:SHOWN], number=len(broken))


def cause_in_model(model: nn.Module) -> Cause | None:
    """The cause, if weights of the model are not finite."""
    broken = _broken_tensors(model)
    if not broken:
        return None
    name, (bad, total) = next(iter(broken.items()))
    more = f" and {len(broken) - 1} more tensor{'s' if len(broken) > 2 else ''}" if len(broken) > 1 else ""
    return Cause(f"weights of the model are NaN or infinite: {name} ({bad:,} of {total:,}){more}", _OTHER_MODEL)


def cause_in_input(batch: Batch) -> Cause | None:
    """The cause, if what the model reads is not finite."""
    for name, tensor in batch.inputs.items():
        if tensor.is_floating_point() and not tensor.isfinite().all():
            return Cause(
                f"what the model reads has such numbers ({name}), while all weights are finite",
                "Look at the row, and at preprocessor_config.json of the model.",
            )
    return None


def cause_in_computing(precision: Precision, *, finite_in_fp32: bool) -> Cause:
    """The cause, if neither the weights nor the input has such numbers: they overflow on the way.

    Args:
        precision: in which they were computed.
        finite_in_fp32: whether the same row has finite numbers in fp32.
    """
    if finite_in_fp32:
        return Cause(
            f"they overflow in {precision.value}, while all weights, and the numbers in fp32, are finite",
            "hardware.precision=fp32 computes them.",
        )
    again = "" if precision is Precision.fp32 else ", and in fp32, too"
    return Cause(f"they overflow in {precision.value}{again}, while all weights are finite", _OTHER_MODEL)


@torch.inference_mode()
def _broken_tensors(model: nn.Module) -> dict[str, tuple[int, int]]:
    """The weights with numbers that are not finite: how many, and of how many. A mask may hold minus infinity."""
    found = {}
    for name, tensor in chain(model.named_parameters(), model.named_buffers()):
        if not tensor.is_floating_point() or tensor.layout is not torch.strided or bool(tensor.sum().isfinite()):
            continue  # a sum is the quickest look at all numbers
        bad = int((tensor.isnan() if not isinstance(tensor, nn.Parameter) else ~tensor.isfinite()).sum())
        if bad:
            found[name] = (bad, tensor.numel())
    return found


@dataclass(frozen=True, slots=True)
class SingleWindows:
    """Runs a model on one window at a time, to find out which have numbers that are not finite, and why.

    Attributes:
        runnable: the task whose model it is, or a predictor.
        model: as it was run.
        plain: loads the same model for fp32, where ``model`` was changed to be faster; None: it was not.
        hardware: where it runs.
        features: all windows.
        loss: the summed loss of a batch, if it must be finite, too.
        layout: of the batches.
    """

    runnable: Runnable
    model: nn.Module
    plain: Callable[[], nn.Module] | None
    hardware: Hardware
    features: Windows
    loss: Callable[[Any, Batch], float] | None = None
    layout: Layout = USUAL

    def computed(self, window: int) -> NDArray[Any] | None:
        """What ``to_numpy`` keeps of the window; None if a number is not finite."""
        return self._computed(self.model, window, self.hardware.autocast())

    def lost(self, windows: Sequence[int], found: dict[int, NDArray[Any]]) -> list[int]:
        """Those of the windows that have such numbers by themselves too: in int8, one window changes all of its batch.

        Args:
            windows: with such numbers.
            found: the outputs of all; gets those of windows that have none by themselves, and 0 for the others.
        """
        lost: list[int] = []
        for tried, window in enumerate(windows):
            alone = None if tried == len(lost) == _ALL_LOST else self.computed(window)
            if alone is None:
                lost.append(window)
                found[window] = np.zeros_like(found[window])
            else:
                found[window] = alone
        return lost

    def cause(self, window: int) -> Cause:
        """Why the window has such numbers."""
        model = self.model if self.plain is None else self.plain().to(self.hardware.device).eval()
        batch = self._batch(window)
        found = cause_in_model(model) or cause_in_input(batch)
        if found is not None:
            return found
        precision = Precision.fp32 if self.hardware.in_fp32 else self.hardware.precision
        fp32 = torch.autocast(self.hardware.device.type, enabled=False)
        again = precision is not Precision.fp32 and self._computed(model, window, fp32) is not None
        return cause_in_computing(precision, finite_in_fp32=again)

    def row(self, example: Any, windows: Sequence[int], cause: Cause) -> NotFinite:
        """The row of some windows without a prediction."""
        row = getattr(example, "row", None)
        where = self.features.places(np.array(windows)) if row is None else row.where
        return NotFinite(where, cause)

    def _batch(self, window: int) -> Batch:
        batch = self.runnable.collate(self.features, [window], None)
        return laid_out(batch, self.layout, self.features).to(self.hardware.device)

    @torch.inference_mode()
    def _computed(self, model: nn.Module, window: int, autocast: AbstractContextManager[object]) -> NDArray[Any] | None:
        batch = self._batch(window)
        with autocast:
            outputs = self.runnable.forward(model, batch)
        [array] = self.runnable.to_numpy(outputs, self.features, batch)
        finite = not not_finite({window: array}) and (self.loss is None or math.isfinite(self.loss(outputs, batch)))
        return array if finite else None
