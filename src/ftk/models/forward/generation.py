"""Runs encoder-decoders: decoder inputs, limits of the decoder, and generation."""

from __future__ import annotations

import copy
from collections.abc import Mapping
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor
from transformers import LogitsProcessor, LogitsProcessorList

from ftk.errors import ConfigError, ModelError
from ftk.models.configs.model_config import first_position

IGNORED = -100
"""Label of padding, as in transformers."""
USUAL = {"num_beams": 4, "max_new_tokens": 128}
"""Settings for a model that says nothing about them."""
_NOTHING: Mapping[str, Any] = {}
_BEAMS_AT_ONCE = 512
"""Sequences generated at once, counting each beam; each has scores for the whole vocabulary."""
_BEAM_SETTINGS = ["length_penalty", "early_stopping"]
_SAMPLING_SETTINGS = ["temperature", "top_k", "top_p", "min_p", "top_h", "typical_p", "epsilon_cutoff", "eta_cutoff"]
"""Settings that have no effect without beams, and without sampling."""


def decoder_inputs(model: Any, labels: Tensor) -> Tensor:
    """Decoder inputs for predicting ``labels``, [rows, time]: the labels shifted as the architecture does it.

    Args:
        model: an encoder-decoder.
        labels: [rows, time] with ``IGNORED`` as padding.
    """
    prepare = getattr(model, "prepare_decoder_input_ids_from_labels", None)
    if prepare is not None:
        shifted: Tensor = prepare(labels)
        return shifted
    config = model.config
    start = torch.full_like(labels[:, :1], config.decoder_start_token_id)
    return torch.cat([start, labels[:, :-1]], dim=1).masked_fill(labels_padding(labels), config.pad_token_id)


def labels_padding(labels: Tensor) -> Tensor:
    """True for decoder inputs that are shifted from padding: [rows, time]."""
    none = torch.zeros_like(labels[:, :1], dtype=torch.bool)
    return torch.cat([none, labels[:, :-1] == IGNORED], dim=1)


def check_generates(
    model: Any, *, targets: int, settings: Mapping[str, Any], own: Mapping[str, Any] = _NOTHING
) -> None:
    """Checks that a model can generate, and that its decoder is long enough.

    Args:
        model: any model.
        targets: number of tokens in the longest target.
        settings, own: as in ``generation_config``.

    Raises:
        ConfigError: a target exceeds the decoder's positions; or from ``generation_config``.
        ModelError: the model cannot generate.
    """
    config = model.config
    if not getattr(config, "is_encoder_decoder", False) or not hasattr(model, "generate"):
        raise ModelError(
            f"a model of the architecture {config.model_type} cannot generate text from text; choose an "
            "encoder-decoder."
        )
    for name in ("decoder_start_token_id", "eos_token_id", "pad_token_id"):
        if getattr(model.generation_config, name, None) is None:
            raise ModelError(f"the model's generation_config.json and config.json lack {name}, which generation needs.")
    limit = decoder_limit(model)
    if limit is not None and targets > limit:
        raise ConfigError(
            f"task.max_target_length: a target has {targets} tokens, but this model's decoder has {limit} positions. "
            f"Set task.max_target_length to at most {limit}."
        )
    generation_config(model, settings, own)


def decoder_limit(model: Any) -> int | None:
    """Maximum number of decoder tokens, including the start token; None if the decoder has no position table."""
    inner = getattr(model.config, "decoder", None)
    positions = getattr(inner or model.config, "max_position_embeddings", None)
    return positions - first_position(model.get_decoder()) if isinstance(positions, int) else None


def generate(
    model: Any, inputs: Mapping[str, Tensor], settings: Mapping[str, Any], own: Mapping[str, Any] = _NOTHING
) -> list[NDArray[Any]]:
    """Generates a text for each row.

    Args:
        model: an encoder-decoder in evaluation mode.
        inputs: of the encoder: ``input_ids`` and ``attention_mask``, [rows, time].
        settings, own: as in ``generation_config``.

    Returns:
        For each row an array [1 + length]: 1 if the text reached the maximum length and may be unfinished, else 0; then
        the generated tokens without the start and end tokens. For a row whose scores are not all finite: NaN alone.

    Raises:
        ConfigError: from ``generation_config``.
    """
    config = generation_config(model, settings, own)
    at_once = max(1, _BEAMS_AT_ONCE // (config.num_beams or 1))
    devices = [inputs["input_ids"].device] if inputs["input_ids"].is_cuda else []
    found: list[NDArray[np.int64]] = []
    finite: list[bool] = []
    with torch.random.fork_rng(devices=devices, enabled=bool(config.do_sample)):
        if config.do_sample:
            torch.manual_seed(0)
        for first in range(0, len(inputs["input_ids"]), at_once):
            part = {name: tensor[first : first + at_once] for name, tensor in inputs.items()}
            check = _FiniteScores(len(part["input_ids"]))
            texts = model.generate(**part, generation_config=config, logits_processor=LogitsProcessorList([check]))
            found.extend(texts[:, 1:].cpu().numpy())
            finite.extend(check.finite())
    ends = config.eos_token_id if isinstance(config.eos_token_id, (list, tuple)) else [config.eos_token_id]
    rows: list[NDArray[Any]] = []
    for row, usable in zip(found, finite, strict=True):
        if not usable:
            rows.append(np.full(1, np.nan, dtype=np.float32))
            continue
        at = np.flatnonzero(np.isin(row, ends))
        length = int(at[0]) if len(at) else len(row)
        full = length + 1 >= _most(config) if len(at) else length >= _most(config)  # the end token may be forced there
        rows.append(np.concatenate([[full], row[:length]]).astype(np.int32))
    return rows


class _FiniteScores(LogitsProcessor):
    """Looks whether the highest score of each next token is finite: NaN and infinity are higher than any other number.

    Args:
        rows: number of rows; each may have several beams.
    """

    def __init__(self, rows: int) -> None:
        self._rows = rows
        self._lost: Tensor | None = None

    def __call__(self, input_ids: Tensor, scores: Tensor) -> Tensor:
        """Returns the scores; those of a row that is lost become 0, because NaN cannot be sampled from."""
        lost = ~scores.amax(-1).isfinite()
        rows = lost.view(self._rows, -1).any(-1)
        self._lost = rows if self._lost is None else self._lost | rows
        return scores.masked_fill(lost[:, None], 0.0) if bool(rows.any()) else scores

    def finite(self) -> list[bool]:
        """Whether all scores of each row were finite."""
        found: list[bool] = [True] * self._rows if self._lost is None else (~self._lost).tolist()
        return found


def generation_config(model: Any, settings: Mapping[str, Any], own: Mapping[str, Any] = _NOTHING) -> Any:
    """The model's generation config with some settings changed, as transformers would save it.

    The model's settings for other generation modes, such as a length penalty when there is only one beam, are removed.

    Args:
        model: an encoder-decoder.
        settings: that win; None leaves one to ``own``, then to the generation config, then to ``USUAL``.
        own: what the model's config.json says about the task; it wins over the generation config.

    Raises:
        ConfigError: a setting is invalid, two contradict each other, or the decoder has too few positions.
    """
    config = copy.deepcopy(model.generation_config)
    given = {name: value for name, value in settings.items() if value is not None}
    known = {name: value for name, value in own.items() if value is not None and hasattr(config, name)}
    for name, value in {**known, **given}.items():
        setattr(config, name, value)
    if "max_new_tokens" not in given and "max_length" in known:
        config.max_new_tokens = None
    if config.num_beams is None:
        config.num_beams = USUAL["num_beams"]
    if config.max_new_tokens is None and config.max_length is None:
        limit = decoder_limit(model)
        config.max_new_tokens = USUAL["max_new_tokens"] if limit is None else min(USUAL["max_new_tokens"], limit)
    idle = ([] if (config.num_beams or 1) > 1 else _BEAM_SETTINGS) + ([] if config.do_sample else _SAMPLING_SETTINGS)
    for name in idle:
        if name in given:
            raise ConfigError(
                f"task.{name}={given[name]} needs beam search; set task.num_beams=2 or more, or leave it out."
            )
        setattr(config, name, None)
    if "max_new_tokens" in given:
        config.max_length = None  # the two settings exclude each other
    _check_length(model, config)
    try:
        config.validate(strict=True)
    except ValueError as error:
        raise ConfigError(f"task: {' '.join(str(error).split())}") from error
    return config


def _check_length(model: Any, config: Any) -> None:
    """Checks that the decoder has enough positions for the maximum length."""
    most, limit = _most(config), decoder_limit(model)
    if limit is not None and most > limit:  # the last token is generated but never fed back
        raise ConfigError(
            f"task.max_new_tokens={most}: this model's decoder has {limit} positions; set at most {limit}."
        )
    least = config.min_new_tokens or (config.min_length or 1) - 1
    if least > most:
        raise ConfigError(
            f"task.max_new_tokens={most}: the model's generation_config.json requires at least {least}; set that or "
            "more."
        )


def _most(config: Any) -> int:
    """Maximum number of generated tokens, including the end token."""
    return int(config.max_new_tokens if config.max_new_tokens is not None else config.max_length - 1)
