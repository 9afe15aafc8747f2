"""Checks of the task of a config, and of the keys that it does not read."""

from collections.abc import Iterator

from ftk.commands.checks.pooling import pooling_mistakes
from ftk.commands.checks.predictions import uncalibrated_predictions, unknown_predictions
from ftk.config.choices import Grouping, HeadInit
from ftk.config.data_choices import Cut, Duplicates
from ftk.config.mistakes import Mistake
from ftk.config.ranges import Config, refuse_limit
from ftk.config.schema import DataConfig, EvaluateConfig, FinetuneConfig, PredictConfig, TrainingConfig
from ftk.config.spelling.writing import as_word
from ftk.contracts.spec import of_others_fields, statistics_fields
from ftk.contracts.task import Task
from ftk.errors import ConfigError, FtkError
from ftk.system.paths import expanded


def check_task(config: Config, command: str) -> Iterator[Mistake]:
    """What the task of a config, and its keys, make of the other keys."""
    from ftk.tasks import build_task

    try:
        task = build_task(config.task)
    except FtkError as error:
        yield from map(Mistake.of, error.faults if isinstance(error, ConfigError) else [str(error)])
        return
    for name in statistics_fields(task):
        if (value := getattr(task, name)) is not None:
            yield Mistake(f"task.{name}={value}", "Training fills it in from its rows; leave it out.")
    for name in of_others_fields(task) if isinstance(config, TrainingConfig) else ():
        if (value := getattr(task, name)) is not None:
            advice = (
                "Only 'ftk evaluate' and 'ftk predict' read it. '+model.config.id2label={0: …, 1: …}' names the labels "
                "of a model, and a head with the labels of the data is kept."
            )
            yield Mistake(f"task.{name}={as_word(value)}", advice)
    for role, column in config.data.columns.items():
        if column is not None and role not in task.spec.columns:
            yield Mistake(
                f"data.columns.{role}={column}", f"This task reads the columns {', '.join(task.spec.columns)}."
            )
    if "text" not in task.spec.modalities:
        for key in ("max_length", "stride", "max_windows"):
            if (value := getattr(config.data, key)) is not None:
                yield Mistake(f"data.{key}={value}", "This task reads no texts; images have the size of the model's.")
    if config.model is not None:
        yield from pooling_mistakes(config.model, task)
    if (
        isinstance(config, (EvaluateConfig, PredictConfig))
        and (value := getattr(task, "label_texts", None)) is not None
    ):
        yield Mistake(f"task.label_texts={as_word(value)}", "Only training reads it; leave it out.")
    texts = task.spec.command == "pretrain"
    if isinstance(config, TrainingConfig):
        if config.train.metric is not None and config.data.validation is None and config.data.validation_share == 0:
            advice = "There is no validation to choose the best model by (data.validation_share=0)."
            yield Mistake(f"train.metric={config.train.metric}", advice)
        if task.spec.command != command:
            kind = "raw text" if texts else "labelled rows"
            yield Mistake(f"task ({type(task).__name__})", f"It learns from {kind}: ftk {task.spec.command}.")
            return  # the data section is meant for another task
        micro = config.hardware.micro_batch
        if task.spec.in_batch_loss_hint is not None and micro is not None and micro < config.train.batch_size:
            what = f"hardware.micro_batch={micro} train.batch_size={config.train.batch_size}"
            advice = f"The rows of a batch are compared with each other: it is not cut. {task.spec.in_batch_loss_hint}"
            yield Mistake(what, advice)
        if config.train.dynamics is True and task.spec.row_losses is None:
            yield Mistake("train.dynamics=true", "Rows of this task have no losses of their own; leave the key out.")
        if config.model.head_init is HeadInit.probe and task.spec.probe is None:
            advice = "The head of this task is not fitted before training; leave it out."
            yield Mistake("model.head_init=probe", advice)
        yield from _fits(config, task)
        if texts and config.train.grouping is not Grouping.auto:
            what = f"train.grouping={config.train.grouping.value}"
            yield Mistake(what, "Blocks of text have one length: leave the key out.")
        if not texts and config.train.batch_start is not None:
            yield Mistake(f"train.batch_start={config.train.batch_start}", "Only 'ftk pretrain' lets the batch grow.")
    yield from unread_data_keys(task, config.data)
    if isinstance(config, FinetuneConfig):
        yield from uncalibrated_predictions(config, task)
    if isinstance(config, (FinetuneConfig, EvaluateConfig, PredictConfig)):
        yield from unknown_predictions(task, config.predict)


def _fits(config: TrainingConfig, task: Task) -> Iterator[Mistake]:
    """Architectures that do not suit the task. Those of hub ids are checked when they are read."""
    from ftk.models.architectures.small import FITTED
    from ftk.models.files.needed import kind_of_folder
    from ftk.models.loading.compatibility import unsuited

    kind, name = config.model.config.get("model_type"), config.model.name
    what = f"model.config.model_type={kind}"
    if kind is None and name is not None:
        kind, what = kind_of_folder(expanded(name)), f"model.name={name}"
    if kind is not None and (advice := unsuited(kind, task)):
        yield Mistake(what, advice if kind in f"{what} {advice}" else f"Its architecture is {kind}. {advice}")
    if kind in FITTED and config.train.dynamics is True:
        advice = "This model is fitted at once: there are no steps that losses of rows could be of."
        yield Mistake("train.dynamics=true", advice)
    if kind in FITTED and config.model.head_init is HeadInit.probe:
        yield Mistake("model.head_init=probe", "This model is fitted at once, with its head; leave it out.")
    if kind in FITTED and config.optimizer.get("lr") == "find":
        advice = "This model is fitted at once: there are no steps that could have a rate. Leave the key out."
        yield Mistake("optimizer.lr=find", advice)
    if kind in FITTED and config.run.verify_resume:
        advice = "This model is fitted at once: there is no step to stop at, so there is nothing to verify."
        yield Mistake("run.verify_resume=true", advice)


def unread_data_keys(task: Task, data: DataConfig) -> Iterator[Mistake]:
    """Keys of data that a task does not read, so that setting them has no effect."""
    if task.spec.command == "pretrain":
        for limit in data.limit.values() if isinstance(data.limit, dict) else [data.limit]:
            yield from refuse_limit("data.limit", limit)
        for key, default in (("group", None), ("test_share", 0), ("cut", Cut.stratified)):
            if (value := getattr(data, key)) != default:
                what = f"data.{key}={getattr(value, 'value', value)}"
                yield Mistake(what, "Only tasks with labelled rows read it; documents have no labels and no columns.")
        return
    for key, value in (("documents", data.documents), ("validation_tokens", data.validation_tokens)):
        if value is not None:
            yield Mistake(f"data.{key}={getattr(value, 'value', value)}", "Only masked language models read it.")
    if data.duplicate_lines is not Duplicates.keep:
        what = f"data.duplicate_lines={data.duplicate_lines.value}"
        yield Mistake(what, "Only masked language models read it; see data.duplicates.")
