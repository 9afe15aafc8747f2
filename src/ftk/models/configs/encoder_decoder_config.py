"""Configs of encoder-decoders composed of two models, and vocabulary settings in a config and its parts."""

from __future__ import annotations

import copy
from collections.abc import Iterator, Mapping
from typing import Any

from ftk.errors import ModelError

ENCODER = "encoder"
"""Name of the encoder in the config of a composite architecture."""
_ROLES = ("pad", "bos", "eos", "cls", "sep")
_SET_BY_ID = ("decoder_start_token_id", "forced_bos_token_id", "forced_eos_token_id")
_SUBSTITUTES = {"bos": "cls", "eos": "sep", "cls": "bos", "sep": "eos"}
"""Special tokens to use for those that a tokenizer lacks."""


def parts_of(config: Any) -> Iterator[Any]:
    """Yields a config, then the configs of its parts."""
    yield config
    for name in config.sub_configs:
        if (part := getattr(config, name, None)) is not None:
            yield part


def encoder_of(config: Any) -> Any:
    """The encoder's config; the config itself if the architecture is not composite."""
    return getattr(config, ENCODER) if ENCODER in config.sub_configs else config


def is_composite(config: Any) -> bool:
    """Whether a config combines an encoder and a decoder of arbitrary architectures."""
    from transformers import AutoConfig

    return all(config.sub_configs.get(name) is AutoConfig for name in (ENCODER, "decoder"))


def is_composite_type(model_type: str) -> bool:
    """Whether an architecture is composite, by its ``model_type``."""
    from transformers import CONFIG_MAPPING

    return model_type in CONFIG_MAPPING and is_composite(CONFIG_MAPPING[model_type])


def encoder_values(model_type: str, values: Mapping[str, Any]) -> dict[str, Any]:
    """The values of ``model.config.encoder`` for an encoder with random weights.

    Raises:
        ModelError: its ``model_type`` is missing.
    """
    found = dict(values.get(ENCODER) or {})
    if not found.get("model_type"):
        raise ModelError(
            f"model.config.model_type={model_type}: the encoder is missing. Name a pretrained one (model.name), or "
            "give its architecture and sizes: +model.config.encoder.model_type=bert …"
        )
    return found


def combined(encoder: Any, model_type: str, values: Mapping[str, Any]) -> Any:
    """Creates the config of an encoder-decoder whose decoder has the encoder's architecture.

    Args:
        encoder: config of the encoder.
        model_type: of the whole model: ``encoder-decoder``.
        values: ``encoder`` and ``decoder``: changes to the two configs.

    Raises:
        ModelError: ``model_type`` is not composite, or a config has no such key.
    """
    from transformers import CONFIG_MAPPING

    if not is_composite_type(model_type):
        raise ModelError(
            f"model.config.model_type={model_type}: the model is a {encoder.model_type}, and its architecture cannot "
            "be changed. model_type=encoder-decoder adds a decoder to it."
        )
    unknown = values.keys() - {ENCODER, "decoder"}
    if unknown:
        raise ModelError(
            f"model.config.{min(unknown)}: with model_type={model_type}, set keys of model.config.encoder.… and "
            "model.config.decoder.…"
        )
    encoder, decoder = copy.deepcopy(encoder), copy.deepcopy(encoder)
    for name, part in ((ENCODER, encoder), ("decoder", decoder)):
        for key, value in dict(values.get(name) or {}).items():
            if not hasattr(part, key):
                raise ModelError(
                    f"model.config.{name}.{key}={value}: the config of {part.model_type} has no key '{key}'."
                )
            setattr(part, key, value)
    whole: Any = CONFIG_MAPPING[model_type]  # the mapping is typed without the parts
    return whole(encoder=encoder.to_dict(), decoder=_decoding(decoder).to_dict())


def check_decodes(config: Any, origin: str) -> None:
    """Checks that the decoder of a composite architecture can decode.

    Raises:
        ModelError: transformers has no decoder for its architecture.
    """
    from transformers import MODEL_FOR_CAUSAL_LM_MAPPING

    if is_composite(config) and type(config.decoder) not in MODEL_FOR_CAUSAL_LM_MAPPING:
        raise ModelError(
            f"{origin}: transformers has no decoder for the architecture {config.decoder.model_type}. Use bert, "
            "roberta, xlm-roberta, electra or another that has one."
        )
    if is_composite(config):
        _decoding(config.decoder)


def set_special_tokens(config: Any, tokenizer: Any) -> None:
    """Writes a tokenizer's special token ids into a config that was created without it.

    A config names tokens by role (``eos_token_id``), or refers to such a role by an equal id
    (``decoder_start_token_id``, ``forced_eos_token_id``). A generating model needs a start and an end token; if the
    architecture leaves them open, they are those that the tokenizer puts around a text.
    """
    own = {role: getattr(tokenizer, f"{role}_token_id", None) for role in _ROLES}
    ids = {role: _token_id(tokenizer, role) for role in _ROLES} if config.is_encoder_decoder else own
    for part in parts_of(config):
        before = {role: getattr(part, f"{role}_token_id", None) for role in _ROLES}
        for name in [name for name in part.to_dict() if name.endswith("_token_id")]:
            role, value = name.removesuffix("_token_id"), getattr(part, name)
            if name in _SET_BY_ID:
                role = next((other for other in _ROLES if before[other] == value), role)
            if role in _ROLES and value is not None:
                setattr(part, name, ids[role])
        part.pad_token_id = ids["pad"]
    if config.is_encoder_decoder:
        config.eos_token_id = ids["eos"]
        if getattr(config, "decoder_start_token_id", None) is None:
            config.decoder_start_token_id = ids["bos"] if ids["bos"] is not None else ids["pad"]


def set_vocab_size(config: Any, size: int) -> None:
    """Sets the vocabulary size of a config and of all its parts."""
    config.vocab_size = size
    for part in parts_of(config):
        for name in ("vocab_size", "decoder_vocab_size"):
            if getattr(part, name, None) is not None:
                setattr(part, name, size)


def _decoding(config: Any) -> Any:
    """Turns the config of an encoder into that of a decoder with cross-attention."""
    config.is_decoder, config.add_cross_attention = True, True
    return config


def _token_id(tokenizer: Any, role: str) -> int | None:
    own = getattr(tokenizer, f"{role}_token_id", None)
    if own is None and role in _SUBSTITUTES:
        own = getattr(tokenizer, f"{_SUBSTITUTES[role]}_token_id", None)
    return own
