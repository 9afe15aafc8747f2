"""Type and meaning of each config key. Its value is in ``configs/``; ``docs/configs.md`` is made of both.

A key of type ``int | None`` may be ``null`` in YAML. The dataclasses have no defaults on purpose: each fact has one
home, and a test composes every shipped config and finds no key without a value.
"""

from dataclasses import dataclass, field
from typing import Any

from ftk.config.choices import Calibration, Method, Tracking
from ftk.config.schema.checking import CheckingConfig
from ftk.config.schema.comparing import ComparingConfig
from ftk.config.schema.data import DataConfig
from ftk.config.schema.model import ModelConfig, TextPrefixConfig, TokenizerConfig
from ftk.config.schema.reporting import ReportingConfig
from ftk.config.schema.run import (
    HardwareConfig,
    PredictionsConfig,
    RunConfig,
    ScoredRunConfig,
    SweepConfig,
    TrainingRunConfig,
)
from ftk.config.schema.training import ScheduleConfig, TrainConfig

__all__ = [
    "SCHEMAS",
    "CheckConfig",
    "CheckingConfig",
    "CompareConfig",
    "ComparingConfig",
    "DataConfig",
    "EvaluateConfig",
    "ExplainConfig",
    "FinetuneConfig",
    "HardwareConfig",
    "ModelConfig",
    "PredictConfig",
    "PredictionsConfig",
    "PretrainConfig",
    "ReportConfig",
    "ReportingConfig",
    "RunConfig",
    "ScheduleConfig",
    "ScoredRunConfig",
    "SweepConfig",
    "TextPrefixConfig",
    "TokenizerConfig",
    "TrainConfig",
    "TrainingConfig",
    "TrainingRunConfig",
]


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
    sweep: SweepConfig = field(default_factory=SweepConfig)
    # The default is for config folders that were copied from a release without this key.
    tracker: Tracking | None = None
    """Tool that shows loss and scores while the run trains, each an extra of ftk: tensorboard, mlflow, wandb; null:
    none."""


@dataclass(kw_only=True, slots=True)
class PretrainConfig(TrainingConfig):
    """`ftk pretrain`."""


@dataclass(kw_only=True, slots=True)
class FinetuneConfig(TrainingConfig):
    """`ftk finetune`."""

    # The defaults are for config folders that were copied from a release without these keys.
    calibrate: Calibration = Calibration.temperature
    predict: PredictionsConfig = field(default_factory=PredictionsConfig)


@dataclass(kw_only=True, slots=True)
class CheckpointConfig:
    """A trained model, and the task that it is used for."""

    checkpoint: str | None
    """Model folder that ftk wrote, as `runs/<run>/best`; with `task=` also the folder or the hub id of a model that
    another tool trained."""
    # The default is for config folders that were copied from a release without this section.
    model: ModelConfig | None = None
    """Instead of `checkpoint`, a model as it comes, with `task=`: `model=minilm task=ranking`, or `model=auto` with
    `model.name=<hub id or folder>`; null: that of `checkpoint`."""
    task: Any
    """null: the task of the checkpoint, with the values of its training. Name it for a model of another tool, for a
    task of your own, or to set some of its keys, `task=translation task.num_beams=1`; all others keep the values of the
    training, which is reported."""


@dataclass(kw_only=True, slots=True)
class EvaluateConfig(CheckpointConfig):
    """`ftk evaluate`."""

    data: DataConfig
    hardware: HardwareConfig
    run: ScoredRunConfig
    sweep: SweepConfig = field(default_factory=SweepConfig)
    predict: PredictionsConfig = field(default_factory=PredictionsConfig)


@dataclass(kw_only=True, slots=True)
class PredictConfig(CheckpointConfig):
    """`ftk predict`."""

    input: Any
    """File, glob, folder, a list of them, or `-` for standard input."""
    output: str
    """File for JSON lines, or `-` for standard output."""
    data: DataConfig
    hardware: HardwareConfig
    run: RunConfig
    sweep: SweepConfig = field(default_factory=SweepConfig)
    predict: PredictionsConfig = field(default_factory=PredictionsConfig)


@dataclass(kw_only=True, slots=True)
class CheckConfig:
    """`ftk check`."""

    task: Any
    """The task that the data is for: `task=ner`, with the keys that its training will have."""
    model: ModelConfig | None
    """null: the data alone is checked. `model=minilm`, or `model.name=<hub id or folder>` with `model=auto`, adds what
    its tokenizer makes of the texts, and the time and the memory that a training would take."""
    data: DataConfig
    train: TrainConfig
    hardware: HardwareConfig
    check: CheckingConfig
    """What is looked for."""
    suspects: Any
    """Find rows whose label is likely wrong, of tasks with one label a text, and with spans or tags. true: into
    `suspects.jsonl`; or the name of another file. Heads judge rows that they did not learn: over states of `model`, or
    for whole texts without a model over TF-IDF."""
    run: str | None
    """For `suspects`: the folder of a run that was trained on these rows. The losses that it left join in."""


@dataclass(kw_only=True, slots=True)
class ExplainConfig(PredictConfig):
    """`ftk explain`."""

    method: Method
    """How the score of a word is found: relevance (one pass back through the model, by the rules of AttnLRP), gradients
    (the same with plain gradients), erasure (what changes without the word: one pass forward for each)."""
    label: str | None
    """Label, target or type of span to explain; null: what was predicted."""


@dataclass(kw_only=True, slots=True)
class CompareConfig:
    """`ftk compare`."""

    compare: ComparingConfig
    """How runs are compared."""


@dataclass(kw_only=True, slots=True)
class ReportConfig:
    """`ftk report`."""

    report: ReportingConfig
    explain: bool
    """Show which words wrong answers rest on, in at most the first 200 wrong examples of the page. It runs the model in
    `best/` again, for about two predictions of each of them. Not with `report.texts=false`."""


SCHEMAS: dict[str, type] = {
    "pretrain": PretrainConfig,
    "finetune": FinetuneConfig,
    "evaluate": EvaluateConfig,
    "predict": PredictConfig,
    "check": CheckConfig,
    "explain": ExplainConfig,
    "compare": CompareConfig,
    "report": ReportConfig,
}
