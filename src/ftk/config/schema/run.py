"""The keys of the sections hardware, run, sweep and predict."""

from dataclasses import dataclass
from typing import Any

# OmegaConf reads these annotations at run time: Optional and Union in their runtime form, no Literal.
from ftk.config.choices import Device, Keep, OutOfScope, Precision


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
    """true: resume from `last/` in run.dir; `force`: even if config, data or versions have changed. predict:
    resume from `OUTPUT.part`."""
    overwrite: bool
    """Replace the run in run.dir, or the output file of predict, if it exists."""


@dataclass(kw_only=True, slots=True)
class ScoredRunConfig(RunConfig):
    """The run folder of a command that scores a model."""

    # The default is for config folders that were copied from a release without this key.
    report: bool = True
    """Write `report.html` when the run ends: its scores, what it gets wrong, and how it was made."""


@dataclass(kw_only=True, slots=True)
class TrainingRunConfig(ScoredRunConfig):
    """The run folder of a training."""

    stop_after: int | None
    """Stop after this step, as if by a signal, to resume later; the schedule is that of the whole run."""
    verify_resume: bool
    """Before the run, check with this config that stopping and resuming gives the same bytes as not stopping."""
    # The defaults are for config folders that were copied from a release without these keys.
    curves: bool = True
    """Draw loss, score, learning rate and speed into curves.png when the run ends."""
    card: bool = True
    """Write a model card, README.md, into best/ when the run ends. One of your own is never replaced."""
    keep: Keep = Keep.state
    """What a finished run keeps: state (best/, and last/ with the state to resume from), or best (best/ alone)."""


@dataclass(kw_only=True, slots=True)
class SweepConfig:
    """How a sweep (`-m`) runs its jobs. Another number of threads changes the last digits of
    results, and nothing else of it changes them."""

    # The defaults are for config folders that were copied from a release without this section.
    dir: str | None = None
    """Folder of the sweep, and in it one for each job. The same line with the same folder goes on where it was; null:
    `run.dir`, else `runs/<command>-sweep-<time>`."""
    jobs: int = 1
    """Jobs that run at once, each in a process of its own with its share of the processors."""
    retry: int = 1
    """How often a job that failed is tried again at the end of the sweep, unless its config or its data is at fault."""


@dataclass(kw_only=True, slots=True)
class PredictionsConfig:
    """What is written of predictions."""

    # The defaults are for config folders that were copied from a release without these keys.
    scores: Any = "auto"
    """Scores by label in a record: a number of them, the highest first; all; or auto: all of up to 100 labels, else
    the five highest."""
    abstain: float | None = None
    """Mark answers with a lower score: `abstained` in a record says whether its label is one, or which of its entities
    or tags are; null: none."""
    coverage: float | None = None
    """Add `label_set`, the labels among which the right one is with at least this probability; null: none. For tasks
    with one label a row, and models with a calibration."""
    out_of_scope: OutOfScope | None = None
    """Add `out_of_scope_score`, and whether it is above that of 95 % of validation rows; null: none. In training,
    `mahalanobis` also keeps what it needs in the model folder."""
