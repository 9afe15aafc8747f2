"""Finds out how a model takes padding, by running it on two short rows: architectures are not known by name."""

from __future__ import annotations

import copy
from collections.abc import Callable, Iterator
from itertools import chain
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from ftk.contracts import finding_kinds as kinds
from ftk.contracts.layout import USUAL, Layout, Padding
from ftk.contracts.notes import Notes
from ftk.data.batching.features import padded_inputs
from ftk.data.text.special_tokens import pair_tokens, special_tokens
from ftk.errors import ModelError, first_line
from ftk.kernels.first_layers import keep_first_layers
from ftk.models.architectures.small import FITTED
from ftk.models.configs.encoder_decoder_config import parts_of

_SHORT, _LONG = 3, 9
"""The numbers of ordinary tokens in the two rows, if the model takes so many."""
_EQUAL = 3e-6
"""The largest difference of equal outputs, relative to the largest of them."""
_ROUNDING = 30
"""So many times the difference that comes from the size of the batch alone is still rounding, in a deep model."""
_MOST = 1e-3
"""But no difference above this is rounding."""
_SMALL = 2e7
"""Models of up to so many parameters are run with all their layers, others with the first ones."""
_OWN_HEAD = (
    "AutoModelForSequenceClassification",
    "AutoModelForTokenClassification",
    "AutoModelForQuestionAnswering",
)
"""Heads that are run. The others need more than a text, or work position by position; of these the encoder is run."""
_OTHERWISE = (*FITTED, "ftk-fusion")
"""Models that read no padded rows of tokens, or images with them."""
_OUTPUTS = ("logits", "start_logits", "end_logits", "last_hidden_state")

Outputs = Callable[[dict[str, Tensor]], Tensor]


def layout_of(model: nn.Module, tokenizer: Any, auto_model: str, limit: int | None = None) -> Layout:
    """The layout in which a row in a batch gets the outputs that it gets alone.

    Args:
        model: with its weights in fp32 on the CPU; it is not changed. Of a large model the first layers are run, one of
            each kind among them.
        tokenizer: of the model.
        auto_model: the auto class of its head.
        limit: the most tokens that it takes, special ones included; None: as many as a row of the probe has.

    Raises:
        ModelError: the model cannot be run on the tokens of a text.
    """
    kind = getattr(model.config, "model_type", type(model).__name__)
    if tokenizer is None or kind in _OTHERWISE:
        return USUAL
    rows = _rows(model, tokenizer, limit, pairs=auto_model == "AutoModelForQuestionAnswering")
    long = max(rows, default=0)
    if long <= 1:  # no two texts of different lengths fit
        return USUAL
    short = min(_SHORT, long - 1)
    with torch.random.fork_rng(devices=[]), torch.inference_mode():
        for run in _runs(model, auto_model):
            try:
                padding = _padding(run, rows[short], rows[long], auto_model == _OWN_HEAD[0], tokenizer.pad_token_id)
                return Layout(padding, _least(run, rows))
            except _NotRunnable as error:
                failed = error
        raise ModelError(
            f"the architecture {kind} cannot be run on the tokens of a text alone ({failed}). It may need images, "
            "boxes or other input; choose a text model."
        ) from failed.__cause__


def note_layout(layout: Layout, model: Any, notes: Notes) -> None:
    """Notes what is unusual about a layout."""
    name = type(model).__name__
    if layout.padding in (Padding.left, Padding.left_counted):
        notes.add(kinds.PADDED_LEFT, policy=layout.padding.name, model=name)
    elif layout.padding is Padding.one_length:
        notes.add(kinds.ONE_LENGTH, model=name)


class _NotRunnable(Exception):
    """The model fails even for one row without padding."""


def _padding(run: Outputs, short: NDArray[Any], long: NDArray[Any], per_row: bool, pad_id: int) -> Padding:
    alone = [_alone(run, ids) for ids in (short, long)]
    equal = _EQUAL
    for padding in (Padding.right, Padding.left, Padding.left_counted) if per_row else (Padding.right,):
        inputs, _ = padded_inputs([short, long], pad_id)
        try:
            both = run(Layout(padding).arranged(inputs))
        except torch.OutOfMemoryError:
            raise
        except Exception:  # architectures raise errors of many types for batches that they cannot take
            continue
        largest = max(_difference(alone[row], both[row], len(ids)) for row, ids in enumerate((short, long)))
        if _EQUAL < largest <= _MOST and equal == _EQUAL:  # a deep model rounds otherwise in a larger batch
            equal = max(_EQUAL, _ROUNDING * _difference(alone[1], _alone(run, long, long[::-1].copy()), len(long)))
        if largest <= min(equal, _MOST):
            return padding
    return Padding.one_length


def _least(run: Outputs, rows: dict[int, NDArray[Any]]) -> int:
    """The length of the shortest row that the model takes; 0 if that is a row of one token."""
    for number, ids in rows.items():
        try:
            _alone(run, ids)
        except _NotRunnable:
            continue
        return len(ids) if number > 1 else 0
    return 0


def _alone(run: Outputs, ids: NDArray[Any], *others: NDArray[Any]) -> Tensor:
    """The outputs for a row that needs no padding."""
    try:
        return run(padded_inputs([ids, *others], 0)[0])[0]
    except torch.OutOfMemoryError:
        raise
    except Exception as error:  # architectures raise errors of many types for input that they cannot take
        raise _NotRunnable(first_line(error)) from error


def _difference(alone: Tensor, padded: Tensor, length: int) -> float:
    """The largest difference, relative to the largest output; infinite if padding makes an output infinite."""
    if padded.shape != alone.shape:
        padded = padded[:length]
        alone = alone[:length]
    if not alone.isfinite().all():
        return 0.0  # what such a model computes is of no use in any layout
    difference = (alone - padded).abs().max() / alone.abs().max().clamp(min=torch.finfo(alone.dtype).tiny)
    return float(difference) if difference.isfinite() else float("inf")


def _runs(model: nn.Module, auto_model: str) -> Iterator[Outputs]:
    """Ways to run the model: with the first layers if it is large, then with all of them."""
    if sum(parameter.numel() for parameter in model.parameters()) > _SMALL:
        first = _twin(model)
        if keep_first_layers(first, gaps=False):
            yield _outputs_of(first, auto_model)
    yield _outputs_of(_twin(model), auto_model)
    if auto_model not in _OWN_HEAD:  # an encoder may take other arguments than the model
        yield _outputs_of(_twin(model), _OWN_HEAD[0])


def _twin(model: nn.Module) -> nn.Module:
    """The model with the same tensors, but with all else of its own: some architectures change in their forward."""
    shared: dict[int, Any] = {id(tensor): tensor for tensor in chain(model.parameters(), model.buffers())}
    return copy.deepcopy(model, shared).eval()


def _outputs_of(model: nn.Module, auto_model: str) -> Outputs:
    """Gives the outputs for some inputs: [rows, …]; those for each position have the time second."""
    part: Any = model
    if auto_model not in _OWN_HEAD:
        part = getattr(model, model.base_model_prefix, model)  # type: ignore[call-overload]
        part = part.get_encoder() if auto_model == "AutoModelForSeq2SeqLM" else part

    def run(inputs: dict[str, Tensor]) -> Tensor:
        outputs = part(**inputs)
        found = [outputs[name].float() for name in _OUTPUTS if outputs.get(name) is not None]
        if not found:
            raise TypeError(f"{type(part).__name__} has none of the outputs {', '.join(_OUTPUTS)}")
        return torch.stack(found, -1) if len({one.shape for one in found}) == 1 else found[0]

    return run


def _rows(model: nn.Module, tokenizer: Any, limit: int | None, *, pairs: bool) -> dict[int, NDArray[Any]]:
    """Rows by the number of their ordinary tokens, from 1 to what the model takes, with the special tokens that the
    tokenizer puts around texts, or around pairs of an empty text and another."""
    before, after = special_tokens(tokenizer)
    if pairs and (found := pair_tokens(tokenizer)) is not None:
        before, after = np.concatenate([found.before, found.between]), found.after
    config: Any = model.config
    sizes = (getattr(part, "vocab_size", None) for part in parts_of(config))
    most = next((size for size in sizes if isinstance(size, int)), len(tokenizer))
    known = set(tokenizer.get_vocab().values()) - set(tokenizer.all_special_ids)
    ordinary = np.array(sorted(number for number in known if number < most), dtype=np.int64)
    middle = ordinary[np.linspace(0, len(ordinary) - 1, _LONG).astype(np.int64)]
    long = _LONG if limit is None else min(_LONG, limit - len(before) - len(after))
    return {number: np.concatenate([before, middle[-number:], after]) for number in range(1, long + 1)}
