"""Encoder-decoders of transformers: what their decoder is given, how far it counts, and what they generate."""

from __future__ import annotations

import copy
from collections.abc import Mapping
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from ftk.errors import ConfigError, ModelError
from ftk.models.loading.model_config import first_position

IGNORED = -100
"""The label of padding, as transformers has it."""
_BEAMS_AT_ONCE = 512
"""Texts that are written at once, one for each beam of each row: each has scores for the whole vocabulary."""
_OF_BEAMS = ["length_penalty", "early_stopping"]
_OF_SAMPLES = ["temperature", "top_k", "top_p", "min_p", "top_h", "typical_p", "epsilon_cutoff", "eta_cutoff"]
"""What transformers has settings for that mean nothing without beams, and without drawing."""


def decoder_inputs(model: Any, labels: Tensor) -> Tensor:
    """[rows, time] what the decoder is given to predict ``labels``: the same shifted, as the architecture does it.

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
    """[rows, time] which decoder inputs follow padding: those that are shifted from it."""
    none = torch.zeros_like(labels[:, :1], dtype=torch.bool)
    return torch.cat([none, labels[:, :-1] == IGNORED], dim=1)


def check_generates(model: Any, *, targets: int, settings: Mapping[str, Any]) -> None:
    """Refuse a model that cannot generate, or not as far.

    Args:
        model: any.
        targets: tokens in the longest target.
        settings: for its generation config.

    Raises:
        ConfigError: from ``generation_config``.
        ModelError: it cannot, or its decoder has fewer positions.
    """
    config = model.config
    if not getattr(config, "is_encoder_decoder", False) or not hasattr(model, "generate"):
        raise ModelError(f"a model of the architecture {config.model_type} generates no text from another one.")
    for name in ("decoder_start_token_id", "eos_token_id", "pad_token_id"):
        if getattr(model.generation_config, name, None) is None:
            raise ModelError(
                f"the model's generation_config.json and config.json have no {name}, which generating needs."
            )
    limit = decoder_limit(model)
    if limit is not None and targets > limit:
        raise ConfigError(
            f"task.max_target_length: a target has {targets} tokens, this model's decoder counts {limit} positions; "
            f"set {limit} at the most."
        )
    generation_config(model, settings)


def decoder_limit(model: Any) -> int | None:
    """Tokens that the decoder takes, the one that it begins with included; None where it has no table of positions."""
    inner = getattr(model.config, "decoder", None)
    positions = getattr(inner or model.config, "max_position_embeddings", None)
    return positions - first_position(model.get_decoder()) if isinstance(positions, int) else None


def generate(model: Any, inputs: Mapping[str, Tensor], settings: Mapping[str, Any]) -> list[NDArray[np.int32]]:
    """What a model generates for each row.

    Args:
        model: an encoder-decoder in evaluation.
        inputs: of its encoder: ``input_ids`` and ``attention_mask``, [rows, time].
        settings: for its generation config; what is None stays as the model has it.

    Returns:
        For each row [1 + length]: 1 where the text is as long as it may be, and was perhaps broken off, else 0; then
        its tokens, from behind the one that the decoder begins with up to the end.

    Raises:
        ConfigError: from ``generation_config``.
    """
    config = generation_config(model, settings)
    at_once = max(1, _BEAMS_AT_ONCE // (config.num_beams or 1))
    devices = [inputs["input_ids"].device] if inputs["input_ids"].is_cuda else []
    found: list[NDArray[np.int64]] = []
    with torch.random.fork_rng(devices=devices, enabled=bool(config.do_sample)):
        if config.do_sample:
            torch.manual_seed(0)
        for first in range(0, len(inputs["input_ids"]), at_once):
            part = {name: tensor[first : first + at_once] for name, tensor in inputs.items()}
            found.extend(model.generate(**part, generation_config=config)[:, 1:].cpu().numpy())
    ends = config.eos_token_id if isinstance(config.eos_token_id, (list, tuple)) else [config.eos_token_id]
    rows = []
    for row in found:
        at = np.flatnonzero(np.isin(row, ends))
        length = int(at[0]) if len(at) else len(row)
        full = length + 1 >= _most(config) if len(at) else length >= _most(config)  # an end may be forced there
        rows.append(np.concatenate([[full], row[:length]]).astype(np.int32))
    return rows


def generation_config(model: Any, settings: Mapping[str, Any]) -> Any:
    """The generation config of a model with some settings changed, as transformers would save it.

    What the model has for ways to generate that are not the one that is asked for, such as a penalty of beams where
    there is one, is left out.

    Raises:
        ConfigError: a setting is none, two contradict each other, or the decoder does not count so far.
    """
    config = copy.deepcopy(model.generation_config)
    given = {name: value for name, value in settings.items() if value is not None}
    for name, value in given.items():
        setattr(config, name, value)
    idle = ([] if (config.num_beams or 1) > 1 else _OF_BEAMS) + ([] if config.do_sample else _OF_SAMPLES)
    for name in idle:
        if name in given:
            raise ConfigError(f"task.{name}={given[name]} is of beams; set task.num_beams=2 or more, or leave it out.")
        setattr(config, name, None)
    if "max_new_tokens" in given:
        config.max_length = None  # it is another way to say the same
    _check_length(model, config)
    try:
        config.validate(strict=True)
    except ValueError as error:
        raise ConfigError(f"task: {' '.join(str(error).split())}") from error
    return config


def _check_length(model: Any, config: Any) -> None:
    """See whether it is said how long a text may be, and whether the model can write one so long."""
    if config.max_new_tokens is None and config.max_length is None:
        raise ConfigError(
            "task.max_new_tokens: the model's generation_config.json does not say how long a text may be; set it."
        )
    most, limit = _most(config), decoder_limit(model)
    if limit is not None and most > limit:  # the last token is written and not read again
        raise ConfigError(
            f"task.max_new_tokens={most}: this model's decoder counts {limit} positions; set {limit} at the most."
        )
    least = config.min_new_tokens or (config.min_length or 1) - 1
    if least > most:
        raise ConfigError(
            f"task.max_new_tokens={most}: the model's generation_config.json wants {least} at the least; set that or "
            "more."
        )


def _most(config: Any) -> int:
    """The tokens of a text at the most, its end included."""
    return int(config.max_new_tokens if config.max_new_tokens is not None else config.max_length - 1)
