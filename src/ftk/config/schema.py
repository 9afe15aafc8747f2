"""Every key of a config: its type and its meaning. Its value is in ``configs/`` and nowhere else.

A field named ``x: int | None`` may be ``null`` in YAML. The dataclasses have no defaults on purpose:
each fact has one home, and a test composes every shipped config and finds no key without a value.
"""

from dataclasses import dataclass, field
from enum import Enum
from typing import Any

# OmegaConf reads these annotations at run time: Optional and Union in their runtime form, no Literal.


class Init(Enum):
    """Where weights come from."""

    pretrained = "pretrained"
    random = "random"


class DecoderInit(Enum):
    """What a decoder that is put behind a pretrained encoder begins with."""

    encoder = "encoder"
    random = "random"


class Format(Enum):
    """What a data file is; ``auto`` looks at its ending, then at its content."""

    auto = "auto"
    conll = "conll"
    jsonl = "jsonl"
    csv = "csv"
    parquet = "parquet"
    text = "text"
    folders = "folders"
    squad = "squad"
    parallel = "parallel"
    hub = "hub"
    demo = "demo"


class Device(Enum):
    """Which processor computes; ``auto`` takes a GPU where there is one, and says so."""

    auto = "auto"
    cpu = "cpu"
    cuda = "cuda"


class Precision(Enum):
    """The type of the matrix products; parameters and optimizer stay fp32. int8 is for evaluate and predict."""

    auto = "auto"
    fp32 = "fp32"
    bf16 = "bf16"
    fp16 = "fp16"
    int8 = "int8"


class Decay(Enum):
    """The shape of the learning rate after the warm-up."""

    linear = "linear"
    cosine = "cosine"
    constant = "constant"
    wsd = "wsd"


class OnNonFinite(Enum):
    """What to do where a loss or a gradient is not a finite number."""

    stop = "stop"
    skip = "skip"


class OnSpike(Enum):
    """What to do where a loss is far above what it was lately."""

    ignore = "ignore"
    count = "count"
    skip = "skip"
    stop = "stop"


class Unseen(Enum):
    """What to do with labels of validation or test that training lacks."""

    error = "error"
    count = "count"


class Duplicates(Enum):
    """What to do with rows whose text occurs before in the same split."""

    keep = "keep"
    drop = "drop"
    error = "error"


class Documents(Enum):
    """What one document of a text file is."""

    blank_line = "blank_line"
    line = "line"
    file = "file"


class Vocabulary(Enum):
    """The kinds of vocabulary that can be learned from the training texts."""

    wordpiece = "wordpiece"
    bpe = "bpe"
    unigram = "unigram"


class Normalization(Enum):
    """The Unicode form that text is brought into before a learned vocabulary sees it."""

    none = "none"
    nfc = "nfc"
    nfkc = "nfkc"


@dataclass(kw_only=True, slots=True)
class TokenizerConfig:
    """The tokenizer: the model's own, another one, or one that is learned from the training texts."""

    name: str | None
    """Folder of a tokenizer to use instead of the model's own, or its hub id in the cache."""
    train: Vocabulary | None
    """Learn a vocabulary from the training texts: wordpiece, bpe (byte-level) or unigram; for random weights only."""
    vocab_size: int
    """Entries of a learned vocabulary; more where the letters alone are more."""
    lowercase: bool
    """Whether a learned vocabulary ignores case and accents."""
    normalization: Normalization
    """Unicode form before a learned vocabulary sees the text."""
    special_tokens: dict[str, Any]
    """Other spellings in a learned vocabulary: mask_token, cls_token, sep_token, pad_token, unk_token."""
    extra_tokens: list[Any]
    """Further entries that a learned vocabulary never splits."""
    max_characters: int
    """A vocabulary is learned from at most this many characters, taken evenly from all documents."""


@dataclass(kw_only=True, slots=True)
class ModelConfig:
    """The encoder."""

    name: str | None
    """Hub id or folder; null where init is random."""
    revision: str | None
    """Branch, tag or commit on the hub."""
    init: Init
    """pretrained: weights from `name`; random: an architecture from `config`."""
    package: str | None
    """An installed Python package whose folder `model/` holds the weights of `package_for`, for want of a hub."""
    package_for: str | None
    """The hub id that `package` stands for; another `name` is never taken from it."""
    sha256: str | None
    """SHA-256 that the weights in `package` must have."""
    default_lr: float
    """The peak learning rate that suits this model; `optimizer.lr` takes it unless it is set."""
    dropout: float | None
    """One rate for all dropout of the model; null: the model's own rates."""
    config: dict[str, Any]
    """Architecture values: all of them where init is random, changes to the model's own where it is pretrained."""
    image_processor: dict[str, Any]
    """Values of the image processor: all of them where weights are random, changes to the model's own otherwise."""
    decoder_init: DecoderInit | None
    """What a decoder that is put behind a pretrained encoder begins with; null: encoder, its weights."""
    freeze: list[Any]
    """Names of parts of the model whose weights stay as they are: `bert.embeddings`, `towers.text`."""
    towers: "dict[str, ModelConfig]"
    """For a model of several encoders: each of them as a model section, by its name; see `model=fusion`."""
    tokenizer: TokenizerConfig


@dataclass(kw_only=True, slots=True)
class DataConfig:
    """The rows: where they come from and how much of them is read."""

    format: Format
    train: Any
    """File, glob, folder, or a list of them; for `format=parallel` two files; for `format=hub` the name of a split."""
    validation: Any
    """As train; null: `validation_share` of the training rows is cut off."""
    test: Any
    """As train; null: no test."""
    name: str | None
    """For `format=hub`: hub id or folder of a dataset."""
    subset: str | None
    """For `format=hub`: the dataset's configuration."""
    revision: str | None
    """For `format=hub`: branch, tag or commit."""
    columns: dict[str, Any]
    """Which column holds what: a name, or a number counted from 0; null: found by name or by content, and said."""
    header: bool
    """Whether the first line of CSV and TSV names the columns; without it they are called 0, 1, 2 …"""
    encoding: str
    """Character encoding of text files; a byte order mark is always understood."""
    max_length: int | None
    """Tokens in one window, special ones included; null: what the model takes, 512 at the most."""
    stride: int | None
    """Tokens that neighbouring windows share; null: a quarter of max_length."""
    limit: int | None
    """Rows to read of each split, from its start; null: all."""
    validation_share: float
    """Share of the training rows to cut off as validation where none is named; 0: train without validation."""
    split_seed: int
    """Seed of that cut; apart from run.seed, so that runs with different seeds are scored on the same rows."""
    validation_tokens: int | None
    """For texts: no more documents are held out for validation once they have this many tokens; null: no such limit."""
    documents: Documents | None
    """For text files of masked language models: where a document ends; null: at a blank line."""
    cache_dir: str | None
    """Where tokenized texts are kept; null: $FTK_CACHE, else $XDG_CACHE_HOME/ftk, else ~/.cache/ftk."""
    workers: int | None
    """Processes that tokenize texts; null: one for each processor."""
    duplicates: Duplicates
    """Policy for repeated rows in training; for texts, of repeated documents."""
    duplicate_lines: Duplicates
    """For text files of masked language models: policy for lines that occurred before."""
    unseen_labels: Unseen
    """Labels of validation or test that training lacks: error, or count (they stay in the gold standard, as missed)."""


@dataclass(kw_only=True, slots=True)
class ScheduleConfig:
    """The learning rate as a share of `optimizer.lr`, step by step."""

    decay: Decay
    warmup: float
    """Length of the linear rise from 0: below 1 a share of all steps, else a number of steps."""
    floor: float
    """Share of the peak that the decay ends at."""
    cooldown: float
    """For wsd: share of all steps at the end over which the rate falls."""


@dataclass(kw_only=True, slots=True)
class TrainConfig:
    """What is optimised, for how long, and when it is looked at."""

    epochs: float | None
    """Passes over the training data; null: as many as the other limits allow, and one if there is none."""
    max_steps: int | None
    """Optimizer steps at the most; null: no such limit."""
    max_tokens: int | None
    """Real tokens at the most, padding not counted; null: no such limit."""
    budget: Any
    """Wall-clock time from the first step on, validations included: 90s, 30m, 1.5h or 1h30m; null: no such limit."""
    batch_size: int
    """Windows in one optimizer step, over all micro batches; a row is one window unless it is long."""
    batch_start: int | None
    """For texts: windows in the first step, from where the batch grows to batch_size; null: it does not grow."""
    batch_warmup: int
    """Optimizer steps over which it grows, in a straight line."""
    max_grad_norm: float | None
    """Gradients are scaled down to this norm; null: not clipped."""
    eval_every: Any
    """Between validations: `epoch`, a number of optimizer steps, or below 1 a share of the whole run."""
    save_every: Any
    """Between saves of `last/`: a time as 10m, `epoch`, a number of optimizer steps, or below 1 a share of the run."""
    log_every: int
    """Optimizer steps between two lines of metrics.jsonl and of plain terminal output."""
    patience: int | None
    """Validations without a better score after which training stops; null: never."""
    on_non_finite: OnNonFinite
    """A loss or a gradient that is not finite: stop, or skip the update and count it; no parameter has changed."""
    on_spike: OnSpike
    """A loss above `spike_factor` times its running mean: ignore, count, skip the update, or stop."""
    spike_factor: float
    """How far above the running mean of the loss a spike begins."""


@dataclass(kw_only=True, slots=True)
class HardwareConfig:
    """How it is computed: speed and memory, never what is optimised."""

    device: Device
    precision: Precision
    micro_batch: int | None
    """Examples computed at once; null: the whole batch. Gradients are summed over micro batches."""
    threads: int | None
    """CPU threads; null: what torch chooses."""
    eval_tokens: int
    """Tokens, padding included, in one batch of validation, evaluate and predict."""
    compile: bool
    """torch.compile the model, which takes about a minute. For a GPU; on a CPU ftk's own kernels are faster."""


@dataclass(kw_only=True, slots=True)
class RunConfig:
    """The run folder."""

    dir: str | None
    """Where everything is written; null: runs/<command>-<task>-<model>-<time>."""
    seed: int
    """Seeds head, order and dropout."""
    resume: Any
    """Go on from `last/` in run.dir; `force`: also where config, data or versions are others than those of the run."""
    overwrite: bool
    """Replace what an earlier run or prediction left at the same place."""


@dataclass(kw_only=True, slots=True)
class TrainingRunConfig(RunConfig):
    """The run folder of a training."""

    stop_after: int | None
    """Stop as if by a signal when this many steps of the run are done, the plan being that of the whole run."""
    verify_resume: bool
    """Before the run, prove with this config that stopping and going on gives the same bytes as not stopping."""
    curves: bool = True
    """Draw loss, score, learning rate and speed into curves.png when the run ends. The default here is for config
    folders copied from an earlier release."""


@dataclass(kw_only=True, slots=True)
class TrainingConfig:
    """What `ftk pretrain` and `ftk finetune` are made of."""

    task: Any
    """The task: `_target_` and the fields of its dataclass."""
    model: ModelConfig
    data: DataConfig
    optimizer: dict[str, Any]
    """`_target_`, a class of torch.optim or of your own, and its keyword arguments."""
    schedule: ScheduleConfig
    objective: dict[str, Any] = field(default_factory=lambda: {"_target_": "ftk.objectives.Plain"})
    """`_target_`, a class of ftk.objectives or of your own, and its keyword arguments. It has a default here, so that
    config folders copied from an earlier release still work."""
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
    """A model folder that ftk wrote: runs/<run>/best; with task=mlm also a plain masked language model."""
    task: Any
    """null: the task and the fields that the checkpoint was trained with."""
    data: DataConfig
    hardware: HardwareConfig
    run: RunConfig


@dataclass(kw_only=True, slots=True)
class PredictConfig:
    """`ftk predict`."""

    checkpoint: str | None
    """A model folder that ftk wrote: runs/<run>/best; with task=mlm also a plain masked language model."""
    task: Any
    """null: the task and the fields that the checkpoint was trained with."""
    input: Any
    """File, glob, folder, a list of them, or - for standard input."""
    output: str
    """A file for JSON lines, or - for standard output."""
    data: DataConfig
    hardware: HardwareConfig
    run: RunConfig


SCHEMAS: dict[str, type] = {
    "pretrain": PretrainConfig,
    "finetune": FinetuneConfig,
    "evaluate": EvaluateConfig,
    "predict": PredictConfig,
}
