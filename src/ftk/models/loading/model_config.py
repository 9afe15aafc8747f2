"""Configs of architectures, read or made, and models with random weights of them."""

import importlib
from pathlib import Path
from typing import Any

import transformers
from torch import nn
from transformers import AutoConfig

from ftk.errors import ModelError
from ftk.models.architectures import fusion
from ftk.models.architectures.pointer_generator import register_pointer_generator
from ftk.models.architectures.small import register_small_models
from ftk.models.loading.encoder_decoder_config import (
    ENCODER,
    combined,
    encoder_values,
    is_of_parts,
    is_of_parts_by_name,
    parts_of,
)
from ftk.models.loading.untrusted_folder import check_folder
from ftk.system.startup import fast_import


def read_whole_config(folder: Path, changes: dict[str, Any]) -> tuple[Any, str | None]:
    """The config of a model, and which part of it a folder has the weights of; None: all of it."""
    changes = {name: value for name, value in changes.items() if value != {}}
    model_type = changes.pop("model_type", None)
    config = read_config(folder, {})
    if model_type in (None, config.model_type) and not (is_of_parts(config) and changes):
        return read_config(folder, changes), None
    if model_type in (None, config.model_type):
        raise ModelError(
            f"model.config.{min(changes)}: {folder} is made of an encoder and a decoder already; neither is changed."
        )
    return combined(config, model_type, changes), ENCODER


def read_config(folder: Path, changes: dict[str, Any]) -> Any:
    check_folder(folder)
    import_models()
    try:
        config = AutoConfig.from_pretrained(str(folder), trust_remote_code=False, local_files_only=True)
    except Exception as error:  # any of several libraries may fail here; each failure means the same to the user
        reason = str(error).strip().splitlines()[0] if str(error).strip() else type(error).__name__
        raise ModelError(f"{folder}: its config.json describes no model that can be built ({reason}).") from error
    for name, value in changes.items():
        if not hasattr(config, name):
            raise ModelError(f"model.config.{name}={value}: a {config.model_type} config has no such value.")
        setattr(config, name, value)
    return config


def make_config(values: dict[str, Any]) -> Any:
    values = dict(values)
    model_type = values.pop("model_type")
    import_models()
    if is_of_parts_by_name(model_type):
        encoder = make_config(encoder_values(model_type, values))
        return combined(encoder, model_type, {**values, ENCODER: {}})
    try:
        known = AutoConfig.for_model(model_type)
    except ValueError as error:
        raise ModelError(f"model.config.model_type={model_type}: transformers has no such architecture.") from error
    for name, value in values.items():
        if not hasattr(known, name):
            raise ModelError(f"model.config.{name}={value}: a {model_type} config has no such value.")
    try:
        return AutoConfig.for_model(model_type, **values)
    except Exception as error:  # configs check their values with errors of several kinds
        raise ModelError(f"model.config: {str(error).strip().splitlines()[0]}") from error


def set_dropout(config: Any, rate: float | None) -> None:
    """Give all dropout of a config one rate; None leaves it as it is."""
    for one in parts_of(config) if rate is not None else ():
        for name, value in one.to_dict().items():
            if "dropout" in name and isinstance(value, (int, float)) and not isinstance(value, bool):
                setattr(one, name, rate)


def embedded_tokens(config: Any, values: dict[str, Any], tokenizer: Any) -> int:
    """Entries of the table of embeddings: what the tokenizer needs, or the larger number that the user gave."""
    needed = max(tokenizer.get_vocab().values()) + 1
    if "vocab_size" not in values:
        return needed
    if config.vocab_size < needed:
        raise ModelError(
            f"model.config.vocab_size={config.vocab_size}: the tokenizer has entries up to {needed:,}; leave the key "
            "out, or make it larger."
        )
    return int(config.vocab_size)


def build(auto_class: Any, config: Any) -> Any:
    """A model with random weights."""
    import_models()
    if getattr(config, "architectures", ()) is None:
        config.architectures = []  # over which transformers iterates where a config has several classes for one head
    try:
        return auto_class.from_config(config)
    except Exception as error:  # architectures check their values with errors of several kinds
        raise ModelError(f"model.config: {str(error).strip().splitlines()[0]}") from error


def first_position(model: nn.Module) -> int:
    """The number of a text's first position: 0, or what comes behind the padding entry of the positions' table."""
    for name, module in model.named_modules():
        if "position" in name and isinstance(module, nn.Embedding):
            return 0 if module.padding_idx is None else module.padding_idx + 1
    return 0


def import_models() -> None:
    """What all architectures have in common; transformers would import it only with the first. And the small models."""
    with fast_import("transformers.modeling_utils"):
        importlib.import_module("transformers.modeling_utils")
        register_small_models()
        fusion.register_fusion()
        register_pointer_generator()


def quiet() -> None:
    """What transformers would log of a load is said by ftk, in its own words."""
    transformers.logging.set_verbosity_error()
    transformers.logging.disable_progress_bar()
