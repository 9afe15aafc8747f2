"""The keys of the model section."""

from dataclasses import dataclass, field
from typing import Any

# OmegaConf reads these annotations at run time: Optional and Union in their runtime form, no Literal.
from ftk.config.choices import DecoderInit, HeadInit, Init, Normalization, TokenPooling, Vocabulary


@dataclass(kw_only=True, slots=True)
class TokenizerConfig:
    """The tokenizer: the one of the model, another one, or one that is learned from the training texts."""

    name: str | None
    """Folder of a tokenizer, or its hub id in the cache; null: the tokenizer of the model, or a learned one."""
    train: Vocabulary | None
    """Learn a vocabulary of this kind from the training texts, with `init=random` only; bpe is on bytes."""
    vocab_size: int
    """Size of a learned vocabulary; wordpiece and bpe have more entries if there are more characters than this."""
    lowercase: bool
    """Whether a learned vocabulary ignores case and accents."""
    normalization: Normalization
    """Unicode form that text is converted to before a learned vocabulary splits it."""
    special_tokens: dict[str, Any]
    """Spelling of mask_token, cls_token, sep_token, pad_token and unk_token in a learned vocabulary, if unusual."""
    extra_tokens: list[Any]
    """Strings that a learned vocabulary has as one entry each and never splits."""
    max_characters: int
    """Maximum characters that a vocabulary is learned from, taken evenly from all documents."""


@dataclass(kw_only=True, slots=True)
class TextPrefixConfig:
    """What stands before each text that the model reads, because it was trained so: `query: `, `passage: `.

    null is what the files of a sentence encoder say (config_sentence_transformers.json), else nothing.
    """

    # The defaults are for config folders that were copied from a release without these keys.
    text: str | None = None
    """Before each text, for tasks on texts; the second text of a pair has its own."""
    pair: str | None = None
    """Before each second text of a pair."""
    query: str | None = None
    """Before each query of a ranking."""
    candidate: str | None = None
    """Before each candidate of a ranking."""


@dataclass(kw_only=True, slots=True)
class ModelConfig:
    """The model: its weights, architecture and tokenizer.

    With random weights and without a `name`, a model of texts needs `tokenizer.train` or `tokenizer.name`, and a model
    of images needs `image_processor.size`.
    """

    name: str | None
    """Hub id or folder; null if `init=random` takes the architecture from `config`."""
    revision: str | None
    """Branch, tag or commit on the hub."""
    init: Init
    """pretrained: the weights of `name`; random: random weights for the architecture of `config` or of `name`."""
    package: str | None
    """Installed Python package whose folder `model/` has the weights of `package_for`, for use without a hub."""
    package_for: str | None
    """Hub id of the weights in `package`; no other `name` is loaded from it."""
    sha256: str | None
    """SHA-256 that the weight file in `package` must have."""
    default_lr: float | None
    """Peak learning rate that suits this model, from which `optimizer.lr=auto` starts; null: by its width. One that you
    name is the rate as it is."""
    dropout: float | None
    """Rate of all dropout layers of the model; null: the rates in its config."""
    # The defaults are for config folders that were copied from a release without these keys.
    pooling: TokenPooling = TokenPooling.auto
    default_pooling: TokenPooling | None = None
    """The way in which this model was trained to pool, for `pooling=auto` where its files do not say."""
    config: dict[str, Any]
    """Values of the model's config: the whole architecture for random weights, changes for pretrained ones."""
    image_processor: dict[str, Any]
    """Values of the image processor: all of them for random weights, changes for pretrained ones."""
    decoder_init: DecoderInit | None
    """Initial weights of a decoder attached to a pretrained encoder; encoder, or null: those of the encoder."""
    # The default is for config folders that were copied from a release without this key.
    reinit_layers: int = 0
    """Layers of a pretrained encoder, from the top, that begin with random weights; 0: none."""
    freeze: list[Any]
    """Names of modules that are not trained and have no dropout, such as `bert.embeddings` or `towers.text`."""
    # The default is for config folders that were copied from a release without this key.
    text_prefix: TextPrefixConfig = field(default_factory=TextPrefixConfig)
    towers: "dict[str, ModelConfig]"
    """For a model of several encoders, as `model=fusion`: a section such as this one for each, by its name."""
    tokenizer: TokenizerConfig
    # The default is what runs of earlier releases did, whose configs lack the key.
    head_init: HeadInit = HeadInit.random
    """Initial weights of a new head. probe: fitted to the training rows while the encoder is frozen, before the first
    step; random: from the seed; auto: probe where the weights are pretrained and the task has such a head."""
