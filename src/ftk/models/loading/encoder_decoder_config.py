"""Architectures made of parts, and the numbers of a vocabulary in a config and in those of its parts."""

from __future__ import annotations

import copy
from collections.abc import Iterator, Mapping
from typing import Any

from ftk.errors import ModelError

ENCODER = "encoder"
"""The part that is read with, in the architectures that are made of two."""
_ROLES = ("pad", "bos", "eos", "cls", "sep")
_SAID_BY_NUMBER = ("decoder_start_token_id", "forced_bos_token_id", "forced_eos_token_id")
_STANDS_IN = {"bos": "cls", "eos": "sep", "cls": "bos", "sep": "eos"}
"""Which special token does for one that a tokenizer has not."""


def parts_of(config: Any) -> Iterator[Any]:
    """A config, and the configs of the parts that it is made of."""
    yield config
    for name in config.sub_configs:
        if (part := getattr(config, name, None)) is not None:
            yield part


def encoder_of(config: Any) -> Any:
    """The config of the part that reads: the config itself where it is not made of parts."""
    return getattr(config, ENCODER) if ENCODER in config.sub_configs else config


def is_of_parts(config: Any) -> bool:
    """Whether an architecture is made of an encoder and a decoder, each of any other architecture."""
    from transformers import AutoConfig

    return all(config.sub_configs.get(name) is AutoConfig for name in (ENCODER, "decoder"))


def is_of_parts_by_name(model_type: str) -> bool:
    """The same of an architecture that there is no config of yet."""
    from transformers import CONFIG_MAPPING

    return model_type in CONFIG_MAPPING and is_of_parts(CONFIG_MAPPING[model_type])


def encoder_values(model_type: str, values: Mapping[str, Any]) -> dict[str, Any]:
    """What the config says of an encoder that is made new.

    Raises:
        ModelError: its architecture is not among it.
    """
    found = dict(values.get(ENCODER) or {})
    if not found.get("model_type"):
        raise ModelError(
            f"model.config.model_type={model_type}: name the encoder (model.name), or give its architecture and sizes: "
            "+model.config.encoder.model_type=bert …"
        )
    return found


def combined(encoder: Any, model_type: str, values: Mapping[str, Any]) -> Any:
    """The config of an architecture made of an encoder and of a decoder of the same architecture.

    Args:
        encoder: the config of the encoder.
        model_type: of the whole: encoder-decoder.
        values: ``encoder`` and ``decoder``, changes to the configs of the two.

    Raises:
        ModelError: that architecture is not made of two, or a config has no such value.
    """
    from transformers import CONFIG_MAPPING

    if not is_of_parts_by_name(model_type):
        raise ModelError(
            f"model.config.model_type={model_type}: the model is a {encoder.model_type}, and stays one; with "
            "model_type=encoder-decoder it gets a decoder."
        )
    unknown = values.keys() - {ENCODER, "decoder"}
    if unknown:
        raise ModelError(
            f"model.config.{min(unknown)}: with model_type={model_type} the changes go to model.config.encoder.… and "
            "model.config.decoder.…"
        )
    encoder, decoder = copy.deepcopy(encoder), copy.deepcopy(encoder)
    for name, part in ((ENCODER, encoder), ("decoder", decoder)):
        for key, value in dict(values.get(name) or {}).items():
            if not hasattr(part, key):
                raise ModelError(f"model.config.{name}.{key}={value}: a {part.model_type} config has no such value.")
            setattr(part, key, value)
    whole: Any = CONFIG_MAPPING[model_type]  # its class says nothing of its parts to a type checker
    return whole(encoder=encoder.to_dict(), decoder=_decoding(decoder).to_dict())


def check_decodes(config: Any, origin: str) -> None:
    """See whether the decoder of an architecture made of parts can be one.

    Raises:
        ModelError: transformers has no decoder of its architecture.
    """
    from transformers import MODEL_FOR_CAUSAL_LM_MAPPING

    if is_of_parts(config) and type(config.decoder) not in MODEL_FOR_CAUSAL_LM_MAPPING:
        raise ModelError(
            f"{origin}: transformers has no decoder of the architecture {config.decoder.model_type}; it has some of "
            "bert, roberta, xlm-roberta, electra and others."
        )
    if is_of_parts(config):
        _decoding(config.decoder)


def settle_tokens(config: Any, tokenizer: Any) -> None:
    """Put the special tokens of a tokenizer into a config that was made without it.

    A config names tokens by their part (``eos_token_id``), or says by an equal number which of them it means
    (``decoder_start_token_id``, ``forced_eos_token_id``). A model that writes needs a beginning and an end: where the
    architecture leaves them open they are those that the tokenizer puts around a text.
    """
    own = {role: getattr(tokenizer, f"{role}_token_id", None) for role in _ROLES}
    ids = {role: _token_id(tokenizer, role) for role in _ROLES} if config.is_encoder_decoder else own
    for part in parts_of(config):
        before = {role: getattr(part, f"{role}_token_id", None) for role in _ROLES}
        for name in [name for name in part.to_dict() if name.endswith("_token_id")]:
            role, value = name.removesuffix("_token_id"), getattr(part, name)
            if name in _SAID_BY_NUMBER:
                role = next((other for other in _ROLES if before[other] == value), role)
            if role in _ROLES and value is not None:
                setattr(part, name, ids[role])
        part.pad_token_id = ids["pad"]
    if config.is_encoder_decoder:
        config.eos_token_id = ids["eos"]
        if getattr(config, "decoder_start_token_id", None) is None:
            config.decoder_start_token_id = ids["bos"] if ids["bos"] is not None else ids["pad"]


def settle_vocabulary(config: Any, size: int) -> None:
    """Give all tables of tokens of a config and of its parts one size."""
    config.vocab_size = size
    for part in parts_of(config):
        for name in ("vocab_size", "decoder_vocab_size"):
            if getattr(part, name, None) is not None:
                setattr(part, name, size)


def _decoding(config: Any) -> Any:
    config.is_decoder, config.add_cross_attention = True, True
    return config


def _token_id(tokenizer: Any, role: str) -> int | None:
    own = getattr(tokenizer, f"{role}_token_id", None)
    if own is None and role in _STANDS_IN:
        own = getattr(tokenizer, f"{_STANDS_IN[role]}_token_id", None)
    return own
