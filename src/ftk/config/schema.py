"""Type and meaning of each config key. Its value is in ``configs/``; ``docs/configs.md`` is made of both.

A key of type ``int | None`` may be ``null`` in YAML. The dataclasses have no defaults on purpose: each fact has one
home, and a test composes every shipped config and finds no key without a value.
"""

from dataclasses import dataclass, field
from typing import Any

# OmegaConf reads these annotations at run time: Optional and Union in their runtime form, no Literal.
from ftk.config.choices import (
    Decay,
    DecoderInit,
    Device,
    Documents,
    Duplicates,
    Format,
    Init,
    Normalization,
    OnNonFinite,
    OnSpike,
    Precision,
    Unseen,
    Vocabulary,
)


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
    default_lr: float
    """Peak learning rate that suits this model, the default of `optimizer.lr`."""
    dropout: float | None
    """Rate of all dropout layers of the model; null: the rates in its config."""
    config: dict[str, Any]
    """Values of the model's config: the whole architecture for random weights, changes for pretrained ones."""
    image_processor: dict[str, Any]
    """Values of the image processor: all of them for random weights, changes for pretrained ones."""
    decoder_init: DecoderInit | None
    """Initial weights of a decoder attached to a pretrained encoder; encoder, or null: those of the encoder."""
    freeze: list[Any]
    """Names of modules that are not trained and have no dropout, such as `bert.embeddings` or `towers.text`."""
    towers: "dict[str, ModelConfig]"
    """For a model of several encoders, as `model=fusion`: a section such as this one for each, by its name."""
    tokenizer: TokenizerConfig


@dataclass(kw_only=True, slots=True)
class DataConfig:
    """The data: where rows or texts come from, and how they are read."""

    format: Format
    train: Any
    """Training data: file, glob, folder or a list of them; for `format=parallel` two files, for `hub` a split."""
    validation: Any
    """Validation data, as train; null: `validation_share` of the training rows is split off."""
    test: Any
    """Test data, as train; null: no test."""
    name: str | None
    """For `format=hub`: hub id or folder of a dataset."""
    subset: str | None
    """For `format=hub`: the dataset's configuration."""
    revision: str | None
    """For `format=hub`: branch, tag or commit."""
    columns: dict[str, Any]
    """Columns by role: a name, or a number from 0 where columns have none; null: found, and reported."""
    header: bool
    """Whether the first line of CSV and TSV files names the columns; without it, they are called 0, 1, 2 …"""
    encoding: str
    """Character encoding of text files; a byte order mark is always recognised."""
    max_length: int | None
    """Maximum tokens in a window or block, special tokens included; null: the maximum of the model, but at most 512."""
    stride: int | None
    """Tokens that two neighbouring windows share; null: a quarter of max_length."""
    limit: int | None
    """Read only this many rows, or documents, from the start of each split; null: all."""
    validation_share: float
    """Share of the training rows, or documents, that becomes the validation split if none is named; 0: none."""
    split_seed: int
    """Seed of that split. It is not run.seed, so that runs with different seeds are validated on the same rows."""
    validation_tokens: int | None
    """For mlm: stop splitting off validation documents once they have this many tokens; null: no limit."""
    documents: Documents | None
    """For mlm with text files: where a document ends; null: at a blank line."""
    cache_dir: str | None
    """Cache for tokenized texts (mlm) and vectors (ranking); null: $FTK_CACHE, $XDG_CACHE_HOME/ftk or ~/.cache/ftk."""
    workers: int | None
    """For mlm: processes that tokenize; null: one per processor."""
    duplicates: Duplicates
    """Repeated training rows, or documents: keep them, drop all but the first (counted), or stop with an error."""
    duplicate_lines: Duplicates
    """For mlm: the same for repeated lines."""
    unseen_labels: Unseen
    """Labels that only validation or test has: error, or count (they stay in the gold standard, as missed)."""


@dataclass(kw_only=True, slots=True)
class ScheduleConfig:
    """The learning rate schedule: the factor of `optimizer.lr` at each step."""

    decay: Decay
    warmup: float
    """Length of the linear rise from 0: a share of all steps if below 1, else a number of steps."""
    floor: float
    """Learning rate at the end of the decay, as a share of the peak."""
    cooldown: float
    """For wsd: share of all steps, at the end, during which the learning rate falls."""


@dataclass(kw_only=True, slots=True)
class TrainConfig:
    """The length of training, batches, validation, saves, and what to do about bad losses."""

    epochs: float | None
    """Passes over the training data; may be a fraction. null: until another limit is reached; one if there is none."""
    max_steps: int | None
    """Maximum optimizer steps; null: no limit. The limit that is reached first ends the run."""
    max_tokens: int | None
    """Maximum tokens, without padding; null: no limit."""
    budget: Any
    """Maximum wall-clock time from the first step on, with validations: 90s, 30m, 1.5h, 1h30m, 2d; null: no limit."""
    batch_size: int
    """Windows (or blocks) in one optimizer step, over all micro batches; a row that is not too long is one window."""
    batch_start: int | None
    """For pretrain: blocks in the first step; the batch grows from there to batch_size. null: it does not grow."""
    batch_warmup: int
    """Optimizer steps during which the batch grows, linearly."""
    max_grad_norm: float | None
    """Maximum norm of the gradient, which is scaled down to it; null: no clipping."""
    eval_every: Any
    """Interval of validations: `epoch`, steps, or below 1 a share of the run. The last step always has one."""
    save_every: Any
    """Interval of saves of `last/`: a time such as 10m, or as for eval_every; the last step is always saved."""
    log_every: int
    """Optimizer steps between two lines in metrics.jsonl and in plain terminal output."""
    patience: int | None
    """Stop after this many validations without a better score; null: never."""
    on_non_finite: OnNonFinite
    """A loss or gradient that is not finite: stop, or skip the update and count it. Parameters are not changed."""
    on_spike: OnSpike
    """A loss above `spike_factor` times its running mean: ignore, count, skip the update, or stop."""
    spike_factor: float
    """A loss above this many times its running mean is a spike."""


@dataclass(kw_only=True, slots=True)
class HardwareConfig:
    """Device, precision and memory; never what is optimised."""

    device: Device
    precision: Precision
    micro_batch: int | None
    """Windows that are computed at once; gradients are summed over them. null: the whole batch. Tasks that compare the
    rows of a batch with each other refuse a smaller one."""
    threads: int | None
    """CPU threads; null: the default of torch."""
    eval_tokens: int
    """Maximum tokens, with padding, in a batch of validation, evaluate and predict."""
    compile: bool
    """Compile the model with torch.compile, which takes about a minute. For GPUs: on a CPU, it replaces ftk's own
    kernels, which are faster."""


@dataclass(kw_only=True, slots=True)
class RunConfig:
    """The run folder."""

    dir: str | None
    """Folder that training and evaluate write to; null: `runs/<command>-<task>-<model>-<time>`."""
    seed: int
    """Seed of random weights, the order of rows, masks and dropout."""
    resume: Any
    """true: resume from `last/` in run.dir; `force`: even if config, data or versions have changed."""
    overwrite: bool
    """Replace the run in run.dir, or the output file of predict, if it exists."""


@dataclass(kw_only=True, slots=True)
class TrainingRunConfig(RunConfig):
    """The run folder of a training."""

    stop_after: int | None
    """Stop after this step, as if by a signal, to resume later; the schedule is that of the whole run."""
    verify_resume: bool
    """Before the run, check with this config that stopping and resuming gives the same bytes as not stopping."""
    # The default is for config folders that were copied from a release without this key.
    curves: bool = True
    """Draw loss, score, learning rate and speed into curves.png when the run ends."""


@dataclass(kw_only=True, slots=True)
class TrainingConfig:
    """The config of `ftk pretrain` and `ftk finetune`."""

    task: Any
    """The task: `_target_` and the fields of its dataclass."""
    model: ModelConfig
    data: DataConfig
    optimizer: dict[str, Any]
    """`_target_`, a class of torch.optim or of your own, and its keyword arguments."""
    schedule: ScheduleConfig
    # The default is for config folders that were copied from a release without this section.
    objective: dict[str, Any] = field(default_factory=lambda: {"_target_": "ftk.objectives.Plain"})
    """`_target_`, a class of ftk.objectives or of your own, and its keyword arguments."""
    train: TrainConfig
    hardware: HardwareConfig
    run: TrainingRunConfig


@dataclass(kw_only=True, slots=True)
class PretrainConfig(TrainingConfig):
    """`ftk pretrain`."""


@dataclass(kw_only=True, slots=True)
class FinetuneConfig(TrainingConfig):
    """`ftk finetune`."""


@dataclass(kw_only=True, slots=True)
class EvaluateConfig:
    """`ftk evaluate`."""

    checkpoint: str | None
    """Model folder that ftk wrote, as `runs/<run>/best`; with task=mlm also another masked language model."""
    task: Any
    """null: the task of the checkpoint, with the values of its training. Name it for a task of your own, or to set some
    of its keys, `task=translation task.num_beams=1`; all others keep the values of the training, which is reported."""
    data: DataConfig
    hardware: HardwareConfig
    run: RunConfig


@dataclass(kw_only=True, slots=True)
class PredictConfig:
    """`ftk predict`."""

    checkpoint: str | None
    """Model folder that ftk wrote, as `runs/<run>/best`; with task=mlm also another masked language model."""
    task: Any
    """null: the task of the checkpoint, with the values of its training. Name it for a task of your own, or to set some
    of its keys, `task=translation task.num_beams=1`; all others keep the values of the training, which is reported."""
    input: Any
    """File, glob, folder, a list of them, or `-` for standard input."""
    output: str
    """File for JSON lines, or `-` for standard output."""
    data: DataConfig
    hardware: HardwareConfig
    run: RunConfig


SCHEMAS: dict[str, type] = {
    "pretrain": PretrainConfig,
    "finetune": FinetuneConfig,
    "evaluate": EvaluateConfig,
    "predict": PredictConfig,
}
