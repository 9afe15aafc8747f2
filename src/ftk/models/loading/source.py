"""Resolves a model without its weights: config, tokenizer, image processor, labels, and the location of the weights."""

from collections.abc import Collection
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from ftk.config.choices import DecoderInit, Init
from ftk.config.schema import ModelConfig
from ftk.contracts.notes import Notes
from ftk.contracts.protocols import Corpus
from ftk.contracts.values import Labels
from ftk.errors import ModelError
from ftk.models.architectures import fusion
from ftk.models.configs.encoder_decoder_config import encoder_of, set_special_tokens, set_vocab_size
from ftk.models.configs.model_config import (
    embedded_tokens,
    make_config,
    quiet,
    read_config,
    read_whole_config,
    report_dropout,
    set_dropout,
)
from ftk.models.loading.image_processor import (
    TextAndImages,
    image_processor_of,
    load_image_processor,
    set_image_size,
)
from ftk.models.loading.kept_head import set_labels
from ftk.models.loading.locate import locate
from ftk.models.loading.pooling import settle_head
from ftk.models.loading.sentence_encoder import VECTORS, sentence_length
from ftk.models.loading.verified_folder import trained_length
from ftk.models.tokenizers.chosen_tokenizer import chosen_tokenizer
from ftk.models.tokenizers.embedding_table import embedding_rows, note_small
from ftk.models.tokenizers.end_of_text import end_texts
from ftk.models.tokenizers.model_inputs import set_token_type_input, text_config, token_limit
from ftk.models.tokenizers.pad_token import agree_on_padding
from ftk.models.tokenizers.tokenizer import load_tokenizer
from ftk.models.tokenizers.tokenizer_files import check_fits

_LONGEST = 512
"""Default window length in tokens; the cost of attention grows with its square."""


@dataclass(slots=True)
class Source:
    """A model whose weights are not loaded yet."""

    config: Any
    tokenizer: Any
    """None if the task reads no texts."""
    folder: Path | None
    """Where the weights are; None for random weights."""
    origin: str
    """Describes for messages where the weights come from."""
    limit: int
    """Maximum number of tokens in a window, including special tokens."""
    labels: Labels | None
    """Labels in the order of the model's outputs."""
    keeps_head: bool
    """Whether all weights in ``folder`` are used; else those of the encoder alone, and the head is new."""
    trained_length: int | None = None
    """Window length that these weights were trained with; longer windows would use untrained positions."""
    part: str | None = None
    """The part of the model that the weights in ``folder`` cover; None if they cover all of it."""
    warm_decoder: bool = False
    """Whether the decoder added behind that part is initialised with the same weights."""
    image_processor: Any = None
    """None if the task reads no images."""
    towers: dict[str, "Source"] = field(default_factory=dict)
    """Encoders by name, if the model has several; otherwise empty."""
    notes: Notes = field(default_factory=Notes)
    """What the user should know about the tokenizer."""

    @property
    def processor(self) -> Any:
        """The tokenizer, the image processor, or both: preprocesses rows and is saved with the weights."""
        if self.image_processor is None:
            return self.tokenizer
        return self.image_processor if self.tokenizer is None else TextAndImages(self.tokenizer, self.image_processor)

    @property
    def pad_id(self) -> int:
        """Token id used for padding; the attention mask hides it."""
        return getattr(self.tokenizer, "pad_token_id", None) or 0

    @property
    def learns_positions(self) -> bool:
        """Whether the text encoder's position embeddings start from random weights."""
        texts = self.towers.get("text", self)
        positions = getattr(encoder_of(texts.config), "max_position_embeddings", None)
        return texts.folder is None and positions is not None


def resolve_model(
    model: ModelConfig, corpus: Corpus, reads: Collection[str] = ("text",), notes: Notes | None = None
) -> Source:
    """Finds a model and reads its config, tokenizer and image processor, but not its weights.

    Args:
        model: the model section of the config.
        corpus: provides the labels (a model with exactly these labels keeps its own order) and the texts that a
            vocabulary is learned from.
        reads: the task's input modalities, ``text`` and ``image``.
        notes: collects what becomes of a head that the model has, and which rates of dropout are set.

    Raises:
        ModelError: the model is not found, its config is invalid, or it cannot read the task's inputs.
    """
    quiet()
    source = _resolve_towers(model, corpus) if model.towers else _resolve_encoder(model, corpus, reads)
    notes = Notes() if notes is None else notes
    spec, whole = corpus.task.spec, source.folder if source.part is None else None
    pairs = getattr(corpus.task, "pairs", False) is True
    keeps = settle_head(
        source.config,
        spec,
        corpus.labels,
        model,
        folder=whole,
        separator=getattr(source.tokenizer, "sep_token_id", None) if pairs else None,
        notes=notes,
    )
    if model.dropout is not None:
        report_dropout(source.config, model.dropout, notes)
    source.config.problem_type = spec.problem_type
    return replace(source, labels=set_labels(source.config, corpus.labels), keeps_head=keeps)


def _resolve_towers(model: ModelConfig, corpus: Corpus) -> Source:
    """Resolves a model of several encoders, each by itself."""
    towers = {
        name: _resolve_encoder(
            replace(tower, dropout=tower.dropout if model.dropout is None else model.dropout), corpus, (name,)
        )
        for name, tower in model.towers.items()
    }
    # The path of an encoder must not be saved with the model.
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
        keeps_head=True,
        trained_length=text.trained_length,
        image_processor=image.image_processor,
        towers=towers,
        notes=text.notes,
    )


def _resolve_encoder(model: ModelConfig, corpus: Corpus, reads: Collection[str]) -> Source:
    """Resolves a model of one encoder, without its labels."""
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
            f"model.decoder_init={model.decoder_init.value}: this model adds no decoder to a pretrained encoder; leave "
            "the key out."
        )
    tokenizer = image_processor = None
    notes = Notes()
    if "text" in reads:
        tokenizer = chosen_tokenizer(model, folder, config, corpus, notes)
        agree_on_padding(config, tokenizer, notes, new=model.init is Init.random)
        if model.tokenizer.name is None and model.tokenizer.train is not None:
            kind = model.tokenizer.train.value
            origin += f", a {kind} vocabulary of {len(tokenizer):,} learned from the training texts"
        elif folder is not None and model.init is Init.pretrained:
            note_small(config, tokenizer, notes)
        if model.init is Init.random:
            set_vocab_size(config, embedded_tokens(config, model.config, tokenizer))
        if model.init is Init.random or part is not None:
            set_special_tokens(config, tokenizer)
        end_texts(config, tokenizer, corpus.task.spec.auto_model, notes)
    if "image" in reads:
        image_processor = image_processor_of(model, folder)
        set_image_size(config, image_processor, model.config if model.init is Init.random else None)
    if model.init is Init.random and folder is not None:
        origin = f"random weights in the architecture of {origin}"
    set_dropout(config, model.dropout)
    if tokenizer is not None:
        set_token_type_input(config, tokenizer)
    weights = folder if model.init is Init.pretrained else None
    return Source(
        config=config,
        tokenizer=tokenizer,
        folder=weights,
        origin=origin,
        limit=token_limit(config, tokenizer),
        labels=None,
        keeps_head=True,
        trained_length=_length_of(weights, corpus.task.spec.auto_model) if weights is not None else None,
        part=part,
        warm_decoder=part is not None and model.decoder_init is not DecoderInit.random,
        image_processor=image_processor,
        notes=notes,
    )


def _length_of(folder: Path, auto_model: str) -> int | None:
    """The window length that weights were trained with, as far as their folder says."""
    return trained_length(folder) or (sentence_length(folder) if auto_model == VECTORS else None)


def reopen_model(
    folder: Path, labels: Labels | None, reads: Collection[str] = ("text",), *, adopted_for: str | None = None
) -> Source:
    """Reads a model folder for resuming, evaluating or predicting; the weights are not loaded.

    Args:
        folder: that ftk wrote, or of a model of another tool.
        labels: in the order of the outputs; None keeps those of the folder.
        reads: the input modalities of the task.
        adopted_for: the auto class of the head for which a model of another tool is opened.
    """
    quiet()
    config = read_config(folder, {})
    notes = Notes()
    tokenizer = load_tokenizer(folder, notes) if "text" in reads else None
    image_processor = load_image_processor(folder) if "image" in reads else None
    if tokenizer is not None:
        rows = embedding_rows(config)
        if rows is not None:
            check_fits(folder, tokens=embedded_tokens(config, {}, tokenizer), rows=rows)
        agree_on_padding(text_config(config), tokenizer, notes)
        if adopted_for is not None:
            end_texts(text_config(config), tokenizer, adopted_for, notes)
        set_token_type_input(config, tokenizer)
    labels = set_labels(config, labels)
    return Source(
        config=config,
        tokenizer=tokenizer,
        folder=folder,
        origin=f"folder {folder}",
        limit=token_limit(config, tokenizer),
        labels=labels,
        keeps_head=True,
        trained_length=trained_length(folder),
        image_processor=image_processor,
        notes=notes,
    )


def window_length(source: Source, asked: int | None) -> int:
    """Window length in tokens.

    Args:
        source: the model.
        asked: ``data.max_length``; None takes the length that the model was trained with or accepts, at most 512.

    Raises:
        ModelError: ``asked`` exceeds the model's maximum.
    """
    if asked is None:
        return min(source.limit, _LONGEST, source.trained_length or _LONGEST)
    if asked > source.limit:
        raise ModelError(f"data.max_length={asked}: this model accepts at most {source.limit} tokens.")
    return asked
