"""Backbone and head from the model's config, the task and its labels."""

import importlib
from collections.abc import Collection
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import torch
import transformers
from torch import nn
from transformers import AutoConfig, AutoModel

from ftk.config.schema import Init, ModelConfig
from ftk.errors import ModelError
from ftk.imports import importing
from ftk.models import fusion, heads
from ftk.models.folder import trained_length
from ftk.models.gate import check_folder
from ftk.models.locate import locate
from ftk.models.parts import (
    ENCODER,
    check_decodes,
    combined,
    encoder_of,
    encoder_values,
    is_of_parts,
    is_of_parts_by_name,
    parts_of,
    settle_tokens,
    settle_vocabulary,
)
from ftk.models.processors import TextAndImages, image_processor_of, load_image_processor, settle_image_size
from ftk.models.small import register_small_models
from ftk.models.tokenizer import load_tokenizer
from ftk.models.vocabulary import learn_tokenizer
from ftk.tasks.base import Corpus, Labels

_LONGEST = 512
"""Tokens in a window unless the user asks for more: attention costs grow with its square."""
_ALIGNED = 64
"""Bytes at whose multiples torch begins a tensor on the CPU."""


@dataclass(slots=True)
class Source:
    """A model before its weights: config, tokenizer, and where the weights are."""

    config: Any
    tokenizer: Any
    """None where no texts are read."""
    folder: Path | None
    """None where the weights are random."""
    origin: str
    limit: int
    """Tokens that the model takes, special ones included."""
    labels: Labels | None
    """The labels in the order of the model's outputs."""
    same_labels: bool
    """Whether the weights in ``folder`` already have a head for just these labels."""
    trained_length: int | None = None
    """Tokens in the windows that ftk trained these weights with; longer ones would meet positions never seen."""
    part: str | None = None
    """The part of the model that the weights in ``folder`` are of; None: they are of all of it."""
    image_processor: Any = None
    """None where no images are read."""
    towers: dict[str, "Source"] = field(default_factory=dict)
    """Of a model that is put together here: its encoders, by name."""

    @property
    def processor(self) -> Any:
        """What rows become numbers by, and what is saved beside the weights."""
        if self.image_processor is None:
            return self.tokenizer
        return self.image_processor if self.tokenizer is None else TextAndImages(self.tokenizer, self.image_processor)

    @property
    def pad_id(self) -> int:
        """What short texts are filled up with; the attention mask hides it."""
        return getattr(self.tokenizer, "pad_token_id", None) or 0

    @property
    def learns_positions(self) -> bool:
        """Whether the positions of texts have random weights."""
        texts = self.towers.get("text", self)
        positions = getattr(encoder_of(texts.config), "max_position_embeddings", None)
        return texts.folder is None and positions is not None


@dataclass(slots=True)
class Loaded:
    """A model with its weights, and what to say of them."""

    model: nn.Module
    facts: list[str] = field(default_factory=list)
    new_head: bool = False
    """Whether the head, or a part of it, has random weights."""


def find(model: ModelConfig, corpus: Corpus, reads: Collection[str] = ("text",)) -> Source:
    """Config, tokenizer and image processor of a model; no weights are read yet.

    Args:
        model: the model section of the config.
        corpus: its labels, where a model that already has just these keeps its own order; and its texts, to learn a
            vocabulary from.
        reads: what the task's model takes in.

    Raises:
        ModelError: the model cannot be found, its config does not describe one, or it does not read what the task
            does.
    """
    _quiet()
    source = _put_together(model, corpus) if model.towers else _find(model, corpus, reads)
    source.config.problem_type = corpus.task.problem_type
    labels, same = _settle_labels(source.config, corpus.labels)
    return replace(source, labels=labels, same_labels=same)


def _put_together(model: ModelConfig, corpus: Corpus) -> Source:
    """A model of several encoders, each found by itself."""
    towers = {
        name: _find(replace(tower, dropout=tower.dropout if model.dropout is None else model.dropout), corpus, (name,))
        for name, tower in model.towers.items()
    }
    # Where an encoder was found is no part of what it is; it would be saved.
    configs = {
        fusion.TOWERS[name]: {key: value for key, value in tower.config.to_dict().items() if key != "_name_or_path"}
        for name, tower in towers.items()
    }
    config = _make_config({**model.config, **configs})
    _set_dropout(config, model.dropout)
    text, image = towers["text"], towers["image"]
    return Source(
        config=config,
        tokenizer=text.tokenizer,
        folder=None,
        origin="; ".join(f"{name}: {tower.origin}" for name, tower in towers.items()),
        limit=text.limit,
        labels=None,
        same_labels=False,
        trained_length=text.trained_length,
        image_processor=image.image_processor,
        towers=towers,
    )


def _find(model: ModelConfig, corpus: Corpus, reads: Collection[str]) -> Source:
    """A model of one encoder; its labels are not settled yet."""
    folder: Path | None = None
    part: str | None = None
    if model.name is not None:
        located = locate(model)
        folder, origin = located.folder, located.origin
        config, part = _read_whole_config(folder, model.config)
    else:
        origin = "random weights"
        config = _make_config(model.config)
    tokenizer = image_processor = None
    if "text" in reads:
        tokenizer = _tokenizer(model, folder, config, corpus)
        if model.tokenizer.name is None and model.tokenizer.train is not None:
            kind = model.tokenizer.train.value
            origin += f", a {kind} vocabulary of {len(tokenizer):,} learned from the training texts"
        if model.init is Init.random:
            settle_vocabulary(config, _embedded(config, model.config, tokenizer))
        if model.init is Init.random or part is not None:
            settle_tokens(config, tokenizer)
    if "image" in reads:
        image_processor = image_processor_of(model, folder)
        settle_image_size(config, image_processor, model.config if model.init is Init.random else None)
    if model.init is Init.random and folder is not None:
        origin = f"random weights in the architecture of {origin}"
    _set_dropout(config, model.dropout)
    if tokenizer is not None:
        _settle_segments(config, tokenizer)
    weights = folder if model.init is Init.pretrained else None
    return Source(
        config=config,
        tokenizer=tokenizer,
        folder=weights,
        origin=origin,
        limit=token_limit(config, tokenizer),
        labels=None,
        same_labels=False,
        trained_length=trained_length(weights) if weights is not None else None,
        part=part,
        image_processor=image_processor,
    )


def reopen(folder: Path, labels: Labels | None, reads: Collection[str] = ("text",)) -> Source:
    """A model folder that ftk wrote, to go on with, evaluate or predict."""
    _quiet()
    config = _read_config(folder, {})
    tokenizer = load_tokenizer(folder) if "text" in reads else None
    image_processor = load_image_processor(folder) if "image" in reads else None
    if tokenizer is not None:
        _settle_segments(config, tokenizer)
    labels, _ = _settle_labels(config, labels)
    return Source(
        config=config,
        tokenizer=tokenizer,
        folder=folder,
        origin=f"folder {folder}",
        limit=token_limit(config, tokenizer),
        labels=labels,
        same_labels=True,
        trained_length=trained_length(folder),
        image_processor=image_processor,
    )


def rate_scales(model: ModelConfig) -> dict[str, float]:
    """By what the rates of the encoders of a model are multiplied, and of their heads: each has one that suits it.

    So has the share of a weighted fusion: it is one number, which the steps that suit a matrix would leave where it is.
    """
    scales = {name: tower.default_lr / model.default_lr for name, tower in model.towers.items()}
    found = {f"{part}.{name}": scale for part in ("towers", "heads") for name, scale in scales.items()}
    return {**found, fusion.SHARE: fusion.SHARE_LR / model.default_lr} if model.towers else {}


def check_head(source: Source, auto_model: str) -> None:
    """See whether an architecture can have a head, before anything is done for it.

    Raises:
        ModelError: there is no such class.
    """
    known = _auto_class(auto_model)._model_mapping
    if type(source.config) not in known:
        joined = [config.model_type for config in known if is_of_parts(config)]
        way_out = (
            f"Take model={joined[0]}, which puts a new decoder behind it, or another" if joined else "Choose another"
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
        model = _build(head_class, source.config)
        for name, tower in source.towers.items():
            encoders = getattr(model, model.base_model_prefix)
            if tower.folder is not None and hasattr(encoders, name):
                _take_encoder(getattr(encoders, name), tower)
        return Loaded(model, [f"weights: {source.origin}; {_millions(model)} M parameters"], new_head=True)
    if source.part is not None:
        model, new_head = _with_new_head(head_class, source), True
        facts = [f"the weights are of the {source.part}; all else of the {source.config.model_type} is made new"]
    elif source.same_labels:
        model, info = _from_pretrained(head_class, source)
        facts, new_head = _check_loaded(model, info, source), bool(info["missing_keys"])
    else:
        model, new_head = _with_new_head(head_class, source), True
        facts = ["the model was trained for other labels: its head is made new"]
    return Loaded(model, [f"weights: {source.origin}; {_millions(model)} M parameters", *facts], new_head)


def token_limit(config: Any, tokenizer: Any) -> int:
    """Tokens that a model takes at once, special ones included.

    Where the table of positions has a padding entry (RoBERTa and its kin), positions begin after it; that is seen on
    the table itself, built without memory.
    """
    config = _of_texts(config)
    limits = [getattr(tokenizer, "model_max_length", None) or 10**9]
    config = encoder_of(config)
    positions = getattr(config, "max_position_embeddings", None) if tokenizer is not None else None
    if isinstance(positions, int) and positions > 0:
        with torch.device("meta"):
            skeleton = _build(AutoModel, config)
        limits.append(positions - first_position(skeleton))
    return int(min(limits))


def first_position(model: nn.Module) -> int:
    """The number of a text's first position: 0, or what comes behind the padding entry of the positions' table."""
    for name, module in model.named_modules():
        if "position" in name and isinstance(module, nn.Embedding):
            return 0 if module.padding_idx is None else module.padding_idx + 1
    return 0


def window_length(source: Source, asked: int | None) -> int:
    """Tokens in one window: what the user asked for, else what the model was trained with or takes, 512 at the most.

    Raises:
        ModelError: the user asked for more than the model takes.
    """
    if asked is None:
        return min(source.limit, _LONGEST, source.trained_length or _LONGEST)
    if asked > source.limit:
        raise ModelError(f"data.max_length={asked}: this model takes {source.limit} tokens at the most.")
    return asked


def _tokenizer(model: ModelConfig, folder: Path | None, config: Any, corpus: Corpus) -> Any:
    """The tokenizer that is named, else one that is learned, else the model's own."""
    if model.tokenizer.name is not None:
        return load_tokenizer(model.tokenizer.name)
    if model.tokenizer.train is not None:
        return learn_tokenizer(
            corpus.texts(),
            model.tokenizer,
            max_length=getattr(config, "max_position_embeddings", _LONGEST),
            remembered=corpus.remembered(model.tokenizer),
        )
    if folder is None:
        raise ModelError(
            f"model.config.model_type={config.model_type}: this model has no tokenizer, and the task reads texts; "
            "choose a model of texts, or say how it comes to a vocabulary (model.tokenizer.train or .name)."
        )
    return load_tokenizer(folder)


def _set_dropout(config: Any, rate: float | None) -> None:
    """Give all dropout of a config one rate; None leaves it as it is."""
    for one in parts_of(config) if rate is not None else ():
        for name, value in one.to_dict().items():
            if "dropout" in name and isinstance(value, (int, float)) and not isinstance(value, bool):
                setattr(one, name, rate)


def _embedded(config: Any, values: dict[str, Any], tokenizer: Any) -> int:
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


def _auto_class(name: str) -> Any:
    """What builds models with a head: a class of ftk's own, or one of transformers."""
    return getattr(heads, name, None) or getattr(fusion, name, None) or getattr(transformers, name)


def _from_pretrained(auto_class: Any, source: Source) -> tuple[Any, dict[str, Any]]:
    """A model with the weights of a folder, and what transformers says of how they fitted."""
    _import_models()
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
        reason = str(error).strip().splitlines()[0] if str(error).strip() else type(error).__name__
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


def _with_new_head(head_class: Any, source: Source) -> nn.Module:
    """The encoder of a model that was trained for other labels, under a new head; or of one that is made of parts."""
    model = _build(head_class, source.config)
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


def _of_texts(config: Any) -> Any:
    """The config of the encoder of texts in that of a model of several."""
    return getattr(config, fusion.TOWERS["text"], config)


def _settle_segments(config: Any, tokenizer: Any) -> None:
    """Have the tokenizer speak of the two segments of a pair where the model has embeddings for them, only there."""
    names = [name for name in tokenizer.model_input_names if name != "token_type_ids"]
    if getattr(_of_texts(config), "type_vocab_size", 0) > 1:
        names.insert(1, "token_type_ids")
    tokenizer.model_input_names = names


def _settle_labels(config: Any, labels: Labels | None) -> tuple[Labels | None, bool]:
    """Put the labels into the config; a model that has just these keeps its order."""
    if labels is None:
        return None, True
    own = getattr(config, "id2label", None) or {}
    names = tuple(own[number] for number in sorted(own))
    if set(names) == set(labels.names) and len(names) == len(labels.names):
        return Labels(names), True
    # A config without labels of its own has transformers' two stand-ins.
    fresh = all(name.startswith("LABEL_") for name in names)
    config.id2label = dict(enumerate(labels.names))
    config.label2id = dict(labels.ids)
    return labels, fresh


def _read_whole_config(folder: Path, changes: dict[str, Any]) -> tuple[Any, str | None]:
    """The config of a model, and which part of it a folder has the weights of; None: all of it."""
    changes = {name: value for name, value in changes.items() if value != {}}
    model_type = changes.pop("model_type", None)
    config = _read_config(folder, {})
    if model_type in (None, config.model_type) and not (is_of_parts(config) and changes):
        return _read_config(folder, changes), None
    if model_type in (None, config.model_type):
        raise ModelError(
            f"model.config.{min(changes)}: {folder} is made of an encoder and a decoder already; neither is changed."
        )
    return combined(config, model_type, changes), ENCODER


def _read_config(folder: Path, changes: dict[str, Any]) -> Any:
    check_folder(folder)
    _import_models()
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


def _make_config(values: dict[str, Any]) -> Any:
    values = dict(values)
    model_type = values.pop("model_type")
    _import_models()
    if is_of_parts_by_name(model_type):
        encoder = _make_config(encoder_values(model_type, values))
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


def _build(auto_class: Any, config: Any) -> Any:
    """A model with random weights."""
    _import_models()
    try:
        return auto_class.from_config(config)
    except Exception as error:  # architectures check their values with errors of several kinds
        raise ModelError(f"model.config: {str(error).strip().splitlines()[0]}") from error


def _import_models() -> None:
    """What all architectures have in common; transformers would import it only with the first. And the small models."""
    with importing("transformers.modeling_utils"):
        importlib.import_module("transformers.modeling_utils")
        register_small_models()
        fusion.register_fusion()


def _quiet() -> None:
    """What transformers would log of a load is said by ftk, in its own words."""
    transformers.logging.set_verbosity_error()
    transformers.logging.disable_progress_bar()


def _millions(model: nn.Module) -> str:
    return f"{sum(parameter.numel() for parameter in model.parameters()) / 1e6:.1f}"


def _some(names: list[str]) -> str:
    return ", ".join(names[:4]) + (f" and {len(names) - 4} more" if len(names) > 4 else "")
