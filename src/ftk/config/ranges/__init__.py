"""Checks of a typed config that need its values alone: ranges, and relations between keys."""

from collections.abc import Iterator

from ftk.config.choices import Precision
from ftk.config.data_choices import BadRows, Format
from ftk.config.mistakes import Mistake
from ftk.config.ranges.checking import check_checking
from ftk.config.ranges.data import check_data
from ftk.config.ranges.model import check_model
from ftk.config.ranges.run import check_hardware, check_predictions, check_run, check_sweep
from ftk.config.ranges.splits import check_test_share, refuse_limit
from ftk.config.ranges.training import check_optimizer, check_schedule, check_train
from ftk.config.schema import CheckConfig, EvaluateConfig, PredictConfig, PretrainConfig, TrainingConfig
from ftk.config.spelling.writing import as_word

__all__ = ["Config", "check_ranges", "refuse_limit"]

Config = TrainingConfig | EvaluateConfig | PredictConfig | CheckConfig


def check_ranges(config: Config, command: str) -> list[Mistake]:
    """All mistakes in the config of a command that its values alone show."""
    if isinstance(config, CheckConfig):
        return list(check_checking(config))
    mistakes = [*check_data(config.data), *check_hardware(config.hardware), *check_sweep(config.sweep)]
    mistakes += check_run(config.run, config.sweep, in_folder=not isinstance(config, PredictConfig))
    if not isinstance(config, PretrainConfig):
        mistakes += check_predictions(config.predict)  # type: ignore[union-attr]
    if not isinstance(config, PredictConfig) and config.data.bad_rows is not BadRows.error:
        advice = f"'ftk {command}' leaves no row out; correct the row, or remove it. 'ftk predict' can keep bad rows."
        mistakes.append(Mistake(f"data.bad_rows={config.data.bad_rows.value}", advice))
    if isinstance(config, TrainingConfig):
        mistakes += [
            *check_model(config.model),
            *check_optimizer(config.optimizer),
            *check_schedule(config.schedule),
            *check_train(config.train),
            *_training(config, command),
        ]
        return mistakes
    if not config.checkpoint and config.model is None:
        mistakes.append(Mistake("checkpoint=null", "Say which model: checkpoint=runs/<run>/best."))
    if config.checkpoint and config.model is not None:
        what = f"checkpoint={config.checkpoint} model={config.model.name}"
        mistakes.append(Mistake(what, "Both name the model; leave out one of them."))
    if config.run.resume and not isinstance(config, PredictConfig):
        mistakes.append(Mistake(f"run.resume={as_word(config.run.resume)}", "Only training and 'ftk predict' go on."))
    mistakes += _without_effect(config, command)
    if isinstance(config, PredictConfig):
        if config.run.resume == "force":
            mistakes.append(Mistake("run.resume=force", "A prediction goes on with run.resume=true, or begins again."))
        elif config.run.resume and config.output == "-":
            advice = "Only a prediction that writes a file can be resumed: output=<file>."
            mistakes.append(Mistake("run.resume=true output=-", advice))
        if config.input is None:
            advice = "Say what to read: input=<file, glob or folder>, or input=- for standard input."
            mistakes.append(Mistake("input=null", advice))
        if not config.output:
            advice = "Say where to write: output=<file>, or output=- for standard output."
            mistakes.append(Mistake("output=", advice))
    return mistakes


def _training(config: TrainingConfig, command: str) -> Iterator[Mistake]:
    """Mistakes that only a training can have, and those between its sections."""
    yield from check_test_share(config.data)
    micro = config.hardware.micro_batch
    if micro is not None and micro > config.train.batch_size:
        advice = f"It is a part of train.batch_size={config.train.batch_size} and cannot be larger."
        yield Mistake(f"hardware.micro_batch={micro}", advice)
    if config.hardware.precision is Precision.int8:
        advice = "Nothing is trained in int8, it is for evaluate and predict. hardware.precision=auto is fastest here."
        yield Mistake("hardware.precision=int8", advice)
    if config.task is None:
        yield Mistake("task=null", f"Say what to train for: task={'mlm' if command == 'pretrain' else 'ner'}.")


def _without_effect(config: EvaluateConfig | PredictConfig, name: str) -> Iterator[Mistake]:
    """Values that only training reads, so that setting them has no effect."""
    predicts = isinstance(config, PredictConfig)
    reads = "input" if predicts else "data.test"
    unread = ("train", "validation", *(["test"] if predicts else []))
    for split in unread if config.data.format is not Format.hub else ():
        if getattr(config.data, split) is not None:
            what = f"data.{split}={as_word(getattr(config.data, split))}"
            yield Mistake(what, f"'ftk {name}' does not read it; it reads {reads}.")
    if predicts:
        yield from refuse_limit("data.limit", config.data.limit)
        if config.sweep.dir is not None:
            advice = f"'ftk {name}' has no run folders, so a sweep has none; output names the file of each job."
            yield Mistake(f"sweep.dir={config.sweep.dir}", advice)
        if config.sweep.jobs > 1:
            yield Mistake(f"sweep.jobs={config.sweep.jobs}", f"The jobs of 'ftk {name}' run one after the other.")
    for key in ("group", "test_share"):
        if value := getattr(config.data, key):
            yield Mistake(f"data.{key}={value}", f"'ftk {name}' holds no rows out; only training does.")
    if config.hardware.micro_batch is not None:
        what = f"hardware.micro_batch={config.hardware.micro_batch}"
        yield Mistake(what, f"'ftk {name}' does not use it; hardware.eval_tokens sets the size of its batches.")
