"""Reads and creates model configs, and builds models with random weights from them."""

import importlib
import re
from pathlib import Path
from typing import Any

import torch
import transformers
from torch import nn
from transformers import AutoConfig, AutoModel

from ftk.contracts import finding_kinds as kinds
from ftk.contracts.notes import Notes
from ftk.errors import ModelError, first_line
from ftk.models.architectures import fusion
from ftk.models.architectures.pointer_generator import register_pointer_generator
from ftk.models.architectures.small import register_small_models
from ftk.models.configs.encoder_decoder_config import (
    ENCODER,
    combined,
    encoder_of,
    encoder_values,
    is_composite,
    is_composite_type,
)
from ftk.models.files.untrusted_folder import check_untrusted_folder
from ftk.system.startup import fast_import

_DROPOUT = re.compile(r"dropout|(^|_)p?drop(_(mlp|conv_encoder))?(_rate)?$")
"""Keys of a config with a rate of dropout, by whatever name: hidden_dropout_prob, resid_pdrop, attn_drop_rate."""
_LEAVES_OUT = re.compile(r"layer_?drop|path")
"""Of these, keys that leave out whole layers or branches (Fan et al. 2019; Huang et al. 2016), which is no dropout: at
the rates that are usual for dropout it changes how deep a model is."""


def read_whole_config(folder: Path, changes: dict[str, Any]) -> tuple[Any, str | None]:
    """Reads the config of a model in a folder.

    Args:
        folder: of the model, or of the encoder of an encoder-decoder.
        changes: ``model.config``; another ``model_type`` makes an encoder-decoder of the encoder in the folder.

    Returns:
        The config of the whole model, and the part that the folder has weights for; None if it has all.

    Raises:
        ModelError: the config is invalid or has no such key.
    """
    changes = {name: value for name, value in changes.items() if value != {}}
    model_type = changes.pop("model_type", None)
    config = read_config(folder, {})
    if model_type in (None, config.model_type) and not (is_composite(config) and changes):
        return read_config(folder, changes), None
    if model_type in (None, config.model_type):
        raise ModelError(
            f"model.config.{min(changes)}: {folder} already has an encoder and a decoder; their configs cannot be "
            "changed."
        )
    return combined(config, model_type, changes), ENCODER


def read_config(folder: Path, changes: dict[str, Any]) -> Any:
    """Reads the config in a model folder and changes some of its values.

    Raises:
        ModelError: the folder is refused, its config is invalid, or it has no such key.
    """
    check_untrusted_folder(folder)
    import_models()
    try:
        config = AutoConfig.from_pretrained(str(folder), trust_remote_code=False, local_files_only=True)
    except Exception as error:  # any of several libraries may fail here; each failure means the same to the user
        raise ModelError(
            f"{folder}: config.json does not describe a model that can be built ({first_line(error)})."
        ) from error
    for name, value in changes.items():
        if not hasattr(config, name):
            raise ModelError(f"model.config.{name}={value}: the config of {config.model_type} has no key '{name}'.")
        setattr(config, name, value)
    return config


def make_config(values: dict[str, Any]) -> Any:
    """Creates a config from ``model_type`` and the other values of ``model.config``.

    Raises:
        ModelError: transformers does not know the architecture, or it refuses a value.
    """
    values = dict(values)
    model_type = values.pop("model_type")
    import_models()
    if is_composite_type(model_type):
        encoder = make_config(encoder_values(model_type, values))
        return combined(encoder, model_type, {**values, ENCODER: {}})
    try:
        known = AutoConfig.for_model(model_type)
    except ValueError as error:
        raise ModelError(
            f"model.config.model_type={model_type}: transformers does not know this architecture."
        ) from error
    for name, value in values.items():
        if not hasattr(known, name):
            raise ModelError(f"model.config.{name}={value}: the config of {model_type} has no key '{name}'.")
    try:
        return AutoConfig.for_model(model_type, **values)
    except Exception as error:  # configs raise errors of several types for invalid values
        raise ModelError(f"model.config: {first_line(error)}") from error


def set_dropout(config: Any, rate: float | None) -> None:
    """Sets all dropout rates of a config and of the configs in it; None leaves them unchanged."""
    if rate is None:
        return
    for part, name in dropout_keys(config).values():
        value = getattr(part, name)
        setattr(part, name, [rate] * len(value) if isinstance(value, (list, tuple)) else rate)


def dropout_keys(config: Any) -> dict[str, tuple[Any, str]]:
    """The keys of a config, and of the configs in it, that are rates of dropout, each with its config and its name."""
    found: dict[str, tuple[Any, str]] = {}
    left = [("", config)]
    while left:
        at, part = left.pop()
        names = [name for name, value in part.to_dict().items() if _DROPOUT.search(name) and _are_rates(value)]
        found |= {f"{at}{name}": (part, name) for name in names if not _LEAVES_OUT.search(name)}
        inner = ((name, getattr(part, name, None)) for name in sorted(part.sub_configs, reverse=True))
        left += [(f"{at}{name}.", one) for name, one in inner if hasattr(one, "to_dict")]
    return found


def report_dropout(config: Any, rate: float, notes: Notes) -> None:
    """Reports which keys of a config have the rate of ``model.dropout``."""
    if found := dropout_keys(config):
        notes.add(kinds.DROPOUT_SET, rate=rate, keys=[*found])
    else:
        notes.add(kinds.NO_DROPOUT, rate=rate, architecture=config.model_type)


def _are_rates(value: Any) -> bool:
    """Whether a value is a probability, or a list of them; a key that is null takes its rate from another one."""
    if isinstance(value, (list, tuple)):
        return bool(value) and all(map(_are_rates, value))
    return isinstance(value, (int, float)) and not isinstance(value, bool) and 0 <= value <= 1


def embedded_tokens(config: Any, values: dict[str, Any], tokenizer: Any) -> int:
    """Size of the embedding table: the tokenizer's vocabulary, or a larger ``model.config.vocab_size``."""
    needed = max(tokenizer.get_vocab().values()) + 1
    if "vocab_size" not in values:
        return needed
    if config.vocab_size < needed:
        raise ModelError(
            f"model.config.vocab_size={config.vocab_size}: the tokenizer needs {needed:,}. Leave the key out, or set "
            "it to at least that."
        )
    return int(config.vocab_size)


def build(auto_class: Any, config: Any) -> Any:
    """Builds a model with random weights."""
    import_models()
    if getattr(config, "architectures", ()) is None:
        config.architectures = []  # transformers iterates over it if a config has several classes for one head
    try:
        return auto_class.from_config(config)
    except Exception as error:  # architectures raise errors of several types for invalid values
        raise ModelError(f"model.config: {first_line(error)}") from error


def first_position(model: nn.Module) -> int:
    """Index of a text's first position: 0, or the index after the padding entry of the position table."""
    for name, module in model.named_modules():
        if "position" in name and isinstance(module, nn.Embedding):
            return 0 if module.padding_idx is None else module.padding_idx + 1
    return 0


def first_position_of(config: Any) -> int:
    """Index of a text's first position in the model of a config, which is built without memory to find out."""
    encoder = encoder_of(config)
    with torch.device("meta"):
        return first_position(build(AutoModel, encoder if type(encoder) in AutoModel._model_mapping else config))


def import_models() -> None:
    """Imports the modules that all architectures share, and registers ftk's own architectures with transformers."""
    with fast_import("transformers.modeling_utils"):
        importlib.import_module("transformers.modeling_utils")
        register_small_models()
        fusion.register_fusion()
        register_pointer_generator()


def quiet() -> None:
    """Silences transformers; ftk reports how a model was loaded itself."""
    transformers.logging.set_verbosity_error()
    transformers.logging.disable_progress_bar()
