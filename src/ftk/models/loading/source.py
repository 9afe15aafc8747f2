"""Models before their weights: config, tokenizer, image processor, labels, and where the weights are."""

from collections.abc import Collection
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import torch
from transformers import AutoModel

from ftk.config.schema import DecoderInit, Init, ModelConfig
from ftk.contracts.protocols import Corpus
from ftk.contracts.values import Labels
from ftk.errors import ModelError
from ftk.models.architectures import fusion
from ftk.models.loading.encoder_decoder_config import encoder_of, settle_tokens, settle_vocabulary
from ftk.models.loading.image_processor import (
    TextAndImages,
    image_processor_of,
    load_image_processor,
    settle_image_size,
)
from ftk.models.loading.locate import locate
from ftk.models.loading.model_config import (
    build,
    embedded_tokens,
    first_position,
    make_config,
    quiet,
    read_config,
    read_whole_config,
    set_dropout,
)
from ftk.models.loading.tokenizer import load_tokenizer
from ftk.models.loading.verified_folder import trained_length
from ftk.models.loading.vocabulary import learn_tokenizer

_LONGEST = 512
"""Tokens in a window unless the user asks for more: attention costs grow with its square."""


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
    warm_decoder: bool = False
    """Whether a decoder that is put behind that part begins with the same weights."""
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
    quiet()
    source = _put_together(model, corpus) if model.towers else _find(model, corpus, reads)
    source.config.problem_type = corpus.task.spec.problem_type
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
    config = make_config({**model.config, **configs})
    set_dropout(config, model.dropout)
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
        config, part = read_whole_config(folder, model.config)
    else:
        origin = "random weights"
        config = make_config(model.config)
    if model.decoder_init is not None and (part is None or model.init is Init.random):
        raise ModelError(
            f"model.decoder_init={model.decoder_init.value}: no decoder is put behind a pretrained encoder here; leave "
            "the key out."
        )
    tokenizer = image_processor = None
    if "text" in reads:
        tokenizer = _tokenizer(model, folder, config, corpus)
        if model.tokenizer.name is None and model.tokenizer.train is not None:
            kind = model.tokenizer.train.value
            origin += f", a {kind} vocabulary of {len(tokenizer):,} learned from the training texts"
        if model.init is Init.random:
            settle_vocabulary(config, embedded_tokens(config, model.config, tokenizer))
        if model.init is Init.random or part is not None:
            settle_tokens(config, tokenizer)
    if "image" in reads:
        image_processor = image_processor_of(model, folder)
        settle_image_size(config, image_processor, model.config if model.init is Init.random else None)
    if model.init is Init.random and folder is not None:
        origin = f"random weights in the architecture of {origin}"
    set_dropout(config, model.dropout)
    if tokenizer is not None:
        settle_segments(config, tokenizer)
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
        warm_decoder=part is not None and model.decoder_init is not DecoderInit.random,
        image_processor=image_processor,
    )


def reopen(folder: Path, labels: Labels | None, reads: Collection[str] = ("text",)) -> Source:
    """A model folder that ftk wrote, to go on with, evaluate or predict."""
    quiet()
    config = read_config(folder, {})
    tokenizer = load_tokenizer(folder) if "text" in reads else None
    image_processor = load_image_processor(folder) if "image" in reads else None
    if tokenizer is not None:
        settle_segments(config, tokenizer)
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
            skeleton = build(AutoModel, config)
        limits.append(positions - first_position(skeleton))
    return int(min(limits))


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


def _of_texts(config: Any) -> Any:
    """The config of the encoder of texts in that of a model of several."""
    return getattr(config, fusion.TOWERS["text"], config)


def settle_segments(config: Any, tokenizer: Any) -> None:
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
