"""Backbone and head with their weights, for a model that was found, a task and its labels."""

from dataclasses import dataclass, field, replace
from typing import Any

import torch
import transformers
from torch import nn
from transformers import AutoModel, AutoModelForCausalLM

from ftk.errors import ModelError, first_line
from ftk.models.architectures import fusion, heads
from ftk.models.loading.encoder_decoder_config import check_decodes
from ftk.models.loading.model_config import build, import_models
from ftk.models.loading.source import Source

_ALIGNED = 64
"""Bytes at whose multiples torch begins a tensor on the CPU."""


@dataclass(slots=True)
class Loaded:
    """A model with its weights, and what to say of them."""

    model: nn.Module
    facts: list[str] = field(default_factory=list)
    new_head: bool = False
    """Whether the head, or a part of it, has random weights."""


def check_head(source: Source, auto_model: str) -> None:
    """See whether an architecture can have a head, before anything is done for it.

    Raises:
        ModelError: there is no such class.
    """
    known = _auto_class(auto_model)._model_mapping
    if type(source.config) not in known:
        writes = auto_model == "AutoModelForSeq2SeqLM"
        way_out = (
            "Take model=encoder-decoder, which puts a decoder behind it, or another" if writes else "Choose another"
        )
        raise ModelError(
            f"{source.origin}: there is no head for {heads.PURPOSES.get(auto_model, auto_model)} for the architecture "
            f"{source.config.model_type}. {way_out} model."
        )
    check_decodes(source.config, source.origin)


def load(source: Source, auto_model: str, *, seed: int) -> Loaded:
    """The model in fp32 on the CPU; what its file lacks is made from the seed, and said.

    Raises:
        ModelError: from ``check_head``; or the weights cannot be read, or lack parts of the encoder.
    """
    check_head(source, auto_model)
    head_class = _auto_class(auto_model)
    torch.manual_seed(seed)
    if source.folder is None:
        model = build(head_class, source.config)
        for name, tower in source.towers.items():
            encoders = getattr(model, model.base_model_prefix)
            if tower.folder is not None and hasattr(encoders, name):
                _take_encoder(getattr(encoders, name), tower)
        return Loaded(model, [f"weights: {source.origin}; {_millions(model)} M parameters"], new_head=True)
    if source.part is not None:
        model, new_head = _with_new_head(head_class, source), True
        facts = _fill_decoder(model, source)
    elif source.same_labels:
        model, info = _from_pretrained(head_class, source)
        _keep_fixed(model, head_class)
        facts, new_head = _check_loaded(model, info, source), bool(info["missing_keys"])
    else:
        model, new_head = _with_new_head(head_class, source), True
        facts = ["the model was trained for other labels: its head is made new"]
    return Loaded(model, [f"weights: {source.origin}; {_millions(model)} M parameters", *facts], new_head)


def _auto_class(name: str) -> Any:
    """What builds models with a head: a class of ftk's own, or one of transformers."""
    return getattr(heads, name, None) or getattr(fusion, name, None) or getattr(transformers, name)


def _from_pretrained(auto_class: Any, source: Source) -> tuple[Any, dict[str, Any]]:
    """A model with the weights of a folder, and what transformers says of how they fitted."""
    import_models()
    try:
        model, info = auto_class.from_pretrained(
            str(source.folder),
            config=source.config,
            dtype=torch.float32,
            use_safetensors=True,
            trust_remote_code=False,
            local_files_only=True,
            output_loading_info=True,
        )
    except Exception as error:  # any of several libraries may fail here; each failure means the same to the user
        reason = first_line(error)
        raise ModelError(f"{source.folder}: the weights cannot be loaded ({reason}).") from error
    _align(model)
    return model, info


def _align(model: nn.Module) -> None:
    """Move weights to where torch itself would have put them.

    In the memory of a file they begin anywhere, and convolutions round their sums by where it is: a resumed run would
    end with other last bits than one that was not interrupted.
    """
    for tensor in (*model.parameters(), *model.buffers()):
        if tensor.data_ptr() % _ALIGNED:
            tensor.data = tensor.data.clone()


def _keep_fixed(model: nn.Module, head_class: Any) -> None:
    """Leave untrained what the architecture does not train, such as positions that are sines.

    When it reads a file transformers makes each tensor anew, as one that is trained.
    """
    with torch.device("meta"):
        built = build(head_class, model.config)
    fixed = {name for name, parameter in built.named_parameters() if not parameter.requires_grad}
    for name, parameter in model.named_parameters():
        if name in fixed:
            parameter.requires_grad_(False)


def _with_new_head(head_class: Any, source: Source) -> nn.Module:
    """The encoder of a model that was trained for other labels, under a new head; or of one that is made of parts."""
    model = build(head_class, source.config)
    _take_encoder(getattr(model, source.part or model.base_model_prefix), source)
    return model


def _take_encoder(target: Any, source: Source) -> None:
    """Give an encoder the weights that there are for it; a head in the same folder is left aside."""
    encoder, info = _from_pretrained(AutoModel, replace(source, config=target.config))
    wanted = target.state_dict()
    missing = [name for name in info["missing_keys"] if name in wanted]
    if source.part is not None:  # a decoder reads each position, and nothing reads what is pooled of them
        missing = [name for name in missing if not name.startswith("pooler.")]
    if missing:
        raise ModelError(f"{source.folder}: the weights lack {len(missing)} tensors of the encoder: {_some(missing)}.")
    target.load_state_dict({name: tensor for name, tensor in encoder.state_dict().items() if name in wanted})


def _fill_decoder(model: Any, source: Source) -> list[str]:
    """Give a decoder that was put behind an encoder the weights that it begins with, and say which they are.

    With ``warm_decoder`` these are the encoder's own, as far as it has the like of them: embeddings, layers, and the
    head of a masked language model if the folder has one (Rothe, Narayan and Severyn 2020, "Leveraging Pre-trained
    Checkpoints for Sequence Generation Tasks").
    """
    if not source.warm_decoder:
        return [f"the weights are of the {source.part}; all else of the {source.config.model_type} is made new"]
    try:
        decoder, info = _from_pretrained(AutoModelForCausalLM, replace(source, config=model.decoder.config))
    except ModelError as error:
        raise ModelError(f"{error} With model.decoder_init=random the decoder takes none of them.") from error
    model.decoder.load_state_dict(decoder.state_dict())
    made = [f"decoder.{name}" for name in sorted(info["missing_keys"])]
    other = [name for name in model.state_dict() if name.partition(".")[0] not in (source.part, "decoder")]
    return [
        f"the decoder begins with the weights of the {source.part} (model.decoder_init=encoder)",
        f"made new, the file has none: {_some([*other, *made])}",
    ]


def _check_loaded(model: nn.Module, info: dict[str, Any], source: Source) -> list[str]:
    prefix = getattr(model, "base_model_prefix", "")
    missing = sorted(info["missing_keys"])
    encoder = [name for name in missing if name.startswith(f"{prefix}.") and ".pooler." not in name]
    mismatched = [str(item[0]) for item in info.get("mismatched_keys", ())]
    if encoder or mismatched:
        raise ModelError(
            f"{source.folder}: the weights lack or misfit {len(encoder) + len(mismatched)} of the model's tensors: "
            f"{_some([*encoder, *mismatched])}."
        )
    facts = [f"made new, the file has none: {_some(missing)}"] if missing else []
    unused = sorted(info["unexpected_keys"])
    if unused:
        facts.append(f"not used of the file: {_some(unused)}")
    return facts


def _millions(model: nn.Module) -> str:
    return f"{sum(parameter.numel() for parameter in model.parameters()) / 1e6:.1f}"


def _some(names: list[str]) -> str:
    return ", ".join(names[:4]) + (f" and {len(names) - 4} more" if len(names) > 4 else "")
