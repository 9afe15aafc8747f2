"""Builds a model with a head and loads its weights."""

from dataclasses import dataclass, field, replace
from typing import Any

import torch
import transformers
from torch import nn
from transformers import AutoModel, AutoModelForCausalLM

from ftk.errors import ModelError, first_line, numbered
from ftk.models.architectures import fusion, heads
from ftk.models.architectures.pooled_text import POOLING
from ftk.models.configs.encoder_decoder_config import check_decodes
from ftk.models.configs.model_config import build, embedded_tokens, import_models
from ftk.models.files.whole import check_weights
from ftk.models.loading.known_heads import PURPOSES
from ftk.models.loading.pooling import CLASSIFIES
from ftk.models.loading.sizes import refuse_other_sizes
from ftk.models.loading.source import Source
from ftk.models.tokenizers.embedding_table import embedding_rows, grow_embeddings
from ftk.models.tokenizers.pad_token import agree_on_padding
from ftk.system.sizes_in_words import parameters_in_words
from ftk.system.spelling import did_you_mean

_ALIGNED = 64
"""Alignment of CPU tensors in torch, in bytes."""


@dataclass(slots=True)
class Loaded:
    """A model with its weights."""

    model: nn.Module
    facts: list[str] = field(default_factory=list)
    """Messages about the weights: their origin, what was initialised, what was ignored."""
    new_head: bool = False
    """Whether the head or a part of it has random weights."""
    missing: list[str] = field(default_factory=list)
    """Tensors that the weights file should have and lacks; they were initialised from the seed."""


def check_head(source: Source, auto_model: str) -> None:
    """Checks that a head exists for an architecture, before anything is built.

    Raises:
        ModelError: neither transformers nor ftk has such a class.
    """
    known = _head_class(source, auto_model)._model_mapping
    if type(source.config) not in known:
        writes = auto_model == "AutoModelForSeq2SeqLM"
        way_out = "Use model=encoder-decoder, which adds a decoder, or another" if writes else "Choose another"
        raise ModelError(
            f"{source.origin}: the architecture {source.config.model_type} has no head for "
            f"{PURPOSES.get(auto_model, auto_model)}. {way_out} model."
        )
    check_decodes(source.config, source.origin)


def load_weights(source: Source, auto_model: str, *, seed: int) -> Loaded:
    """Loads the model in fp32 on the CPU; tensors missing from the weights file are initialised from the seed.

    Args:
        source: the resolved model.
        auto_model: name of the auto class, of transformers or of ftk.
        seed: of the random weights.

    Raises:
        ModelError: from ``check_head``; or the weights cannot be read, or lack parts of the encoder.
    """
    check_head(source, auto_model)
    loaded = _loaded(source, auto_model, seed)
    has_table = source.tokenizer is not None and embedding_rows(source.config) is not None
    tokens = embedded_tokens(source.config, {}, source.tokenizer) if has_table else 0
    if added := grow_embeddings(loaded.model, tokens):
        loaded.facts.append(f"embeddings: {added:,} added for tokens that the model lacks, each the mean of all others")
        agree_on_padding(loaded.model.config, source.tokenizer, source.notes)
    return loaded


def empty_model(source: Source, auto_model: str) -> Any:
    """The model without memory for its weights, to count them.

    Args:
        source: the model.
        auto_model: the class that puts the head of the task on it.
    """
    with torch.device("meta"):
        return build(_head_class(source, auto_model), source.config)


def _loaded(source: Source, auto_model: str, seed: int) -> Loaded:
    head_class = _head_class(source, auto_model)
    torch.manual_seed(seed)
    if source.folder is None:
        model = build(head_class, source.config)
        for name, tower in source.towers.items():
            encoders = getattr(model, model.base_model_prefix)
            if tower.folder is not None and hasattr(encoders, name):
                _load_encoder(getattr(encoders, name), tower)
        return Loaded(model, [f"weights: {source.origin}; {_size(model)}"], new_head=True)
    missing: list[str] = []
    if source.part is not None:
        model, new_head = build(head_class, source.config), True
        _load_encoder(getattr(model, source.part), source)
        facts = _initialise_decoder(model, source)
    elif source.keeps_head:
        model, info = _from_pretrained(head_class, source)
        _freeze_fixed(model, head_class)
        facts, missing = (
            _check_loaded(model, info, source),
            sorted(set(info["missing_keys"]) - {getattr(model, "guard", None)}),
        )
        new_head = bool(missing)
    else:
        model, new_head = build(head_class, source.config), True
        facts = _load_under_new_head(model, source)
    return Loaded(model, [f"weights: {source.origin}; {_size(model)}", *facts], new_head, missing)


def _head_class(source: Source, auto_model: str) -> Any:
    """The auto class that puts the head of a task on a model: that of ftk if none of transformers pools like it."""
    pools = getattr(source.config, POOLING, None) is not None
    return heads.AutoModelForPooledText if pools and auto_model == CLASSIFIES else _auto_class(auto_model)


def _auto_class(name: str) -> Any:
    """The auto class of this name, from ftk or from transformers.

    Raises:
        ModelError: neither has one.
    """
    found = getattr(heads, name, None) or getattr(fusion, name, None) or getattr(transformers, name, None)
    if not hasattr(found, "_model_mapping"):
        known = [other for module in (heads, fusion, transformers) for other in dir(module) if "AutoModel" in other]
        raise ModelError(
            f"auto_model='{name}' in the spec of the task: this is no auto class of transformers or ftk."
            f"{did_you_mean(name, known)}"
        )
    return found


def _from_pretrained(auto_class: Any, source: Source) -> tuple[Any, dict[str, Any]]:
    """The model with the weights of a folder, and the loading report of transformers."""
    import_models()
    if source.folder is not None:
        check_weights(source.folder)
    try:
        model, info = auto_class.from_pretrained(
            str(source.folder),
            config=source.config,
            dtype=torch.float32,
            use_safetensors=True,
            trust_remote_code=False,
            local_files_only=True,
            ignore_mismatched_sizes=True,  # they are refused below, by name
            output_loading_info=True,
        )
    except Exception as error:  # any of several libraries may fail here; each failure means the same to the user
        raise ModelError(f"{source.folder}: the weights cannot be loaded ({first_line(error)}).") from error
    refuse_other_sizes(str(source.folder), source.config, info["mismatched_keys"])
    _align(model)
    return model, info


def _align(model: nn.Module) -> None:
    """Copies unaligned weights to memory aligned as torch aligns it.

    Tensors in a memory-mapped file start anywhere, and convolutions round their sums depending on the alignment.
    Without this, a resumed run would differ in the last bits from an uninterrupted one.
    """
    for tensor in (*model.parameters(), *model.buffers()):
        if tensor.data_ptr() % _ALIGNED:
            tensor.data = tensor.data.clone()


def _freeze_fixed(model: nn.Module, head_class: Any) -> None:
    """Freezes parameters that the architecture does not train, such as sinusoidal positions.

    transformers makes every tensor trainable when it loads a file.
    """
    with torch.device("meta"):
        built = build(head_class, model.config)
    fixed = {name for name, parameter in built.named_parameters() if not parameter.requires_grad}
    for name, parameter in model.named_parameters():
        if name in fixed:
            parameter.requires_grad_(False)


def _load_under_new_head(model: Any, source: Source) -> list[str]:
    """Loads the encoder of a saved model under a new head, and returns messages about the weights."""
    prefix = model.base_model_prefix
    new = [f"{prefix}.{name}" for name in _load_encoder(getattr(model, prefix), source)]
    guard = getattr(model, "guard", None)
    new += [name for name in model.state_dict() if not name.startswith(f"{prefix}.") and name != guard]
    return [f"initialised from the seed: {listed_names(new)}"]


def _load_encoder(target: Any, source: Source) -> list[str]:
    """Loads the weights of an encoder and ignores a head in the same folder.

    Returns:
        The tensors of the layer that pools tokens, if the folder has none; they keep their random weights.
    """
    encoder, info = _from_pretrained(AutoModel, replace(source, config=target.config))
    found, wanted = encoder.state_dict(), target.state_dict()
    missing = [name for name in wanted if name in info["missing_keys"] or name not in found]
    pooling = [name for name in missing if "pooler" in name.split(".")]
    if len(missing) > len(pooling):
        lack = numbered(len(missing), "tensor")
        raise ModelError(f"{source.folder}: the weights lack {lack} of the encoder: {listed_names(missing)}.")
    left_out = set(pooling)
    loaded = {name: tensor for name, tensor in found.items() if name in wanted and name not in left_out}
    target.load_state_dict(loaded, strict=False)
    return pooling


def _initialise_decoder(model: Any, source: Source) -> list[str]:
    """Initialises a decoder added to an encoder, and returns messages about its weights.

    With ``warm_decoder`` it starts from the encoder's weights where shapes correspond: embeddings, layers, and the head
    of a masked language model if the folder has one (Rothe, Narayan and Severyn 2020, "Leveraging Pre-trained
    Checkpoints for Sequence Generation Tasks").
    """
    if not source.warm_decoder:
        return [
            f"the weights cover the {source.part}; the rest of the {source.config.model_type} is initialised from the "
            "seed"
        ]
    try:
        decoder, info = _from_pretrained(AutoModelForCausalLM, replace(source, config=model.decoder.config))
    except ModelError as error:
        raise ModelError(f"{error} With model.decoder_init=random the decoder does not use them.") from error
    model.decoder.load_state_dict(decoder.state_dict())
    made = [f"decoder.{name}" for name in sorted(info["missing_keys"])]
    other = [name for name in model.state_dict() if name.partition(".")[0] not in (source.part, "decoder")]
    return [
        f"the decoder starts from the weights of the {source.part} (model.decoder_init=encoder)",
        f"initialised from the seed (not in the weights file): {listed_names([*other, *made])}",
    ]


def _check_loaded(model: nn.Module, info: dict[str, Any], source: Source) -> list[str]:
    prefix = getattr(model, "base_model_prefix", "")
    missing = sorted(set(info["missing_keys"]) - {getattr(model, "guard", None)})
    encoder = [name for name in missing if name.startswith(f"{prefix}.") and ".pooler." not in name]
    if encoder:
        lack = numbered(len(encoder), "tensor")
        raise ModelError(f"{source.folder}: the weights lack {lack} of the encoder: {listed_names(encoder)}.")
    facts = [f"initialised from the seed (not in the weights file): {listed_names(missing)}"] if missing else []
    unused = sorted(info["unexpected_keys"])
    if unused:
        facts.append(f"ignored (in the weights file but not in the model): {listed_names(unused)}")
    return facts


def _size(model: nn.Module) -> str:
    return parameters_in_words(sum(parameter.numel() for parameter in model.parameters()))


def listed_names(names: list[str]) -> str:
    """The first four names, and how many more there are."""
    return ", ".join(names[:4]) + (f" and {len(names) - 4} more" if len(names) > 4 else "")
