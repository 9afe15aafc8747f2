"""Checks of a typed config that need values rather than types: ranges, relations, files that must be there."""

import math
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from ftk.config.duration import seconds
from ftk.config.mistakes import Mistake
from ftk.config.schema import (
    DataConfig,
    Decay,
    Duplicates,
    EvaluateConfig,
    Format,
    HardwareConfig,
    Init,
    ModelConfig,
    Precision,
    PredictConfig,
    RunConfig,
    ScheduleConfig,
    TrainConfig,
    TrainingConfig,
    TrainingRunConfig,
)
from ftk.data.readers.folders import is_folder_of_classes
from ftk.data.readers.parallel import parallel_files
from ftk.data.readers.paths import expand
from ftk.errors import ConfigError, FtkError


def check_values(config: TrainingConfig | EvaluateConfig | PredictConfig, command: str) -> list[Mistake]:
    """All mistakes in the values of the config of a command."""
    mistakes = [*_data(config.data), *_hardware(config.hardware), *_run(config.run)]
    if isinstance(config, TrainingConfig):
        mistakes += [
            *_model(config.model),
            *_optimizer(config.optimizer),
            *_schedule(config.schedule),
            *_train(config.train),
        ]
        if config.hardware.micro_batch is not None and config.hardware.micro_batch > config.train.batch_size:
            mistakes.append(
                Mistake(
                    f"hardware.micro_batch={config.hardware.micro_batch}",
                    f"It is a part of train.batch_size={config.train.batch_size} and cannot be larger.",
                )
            )
        if config.hardware.precision is Precision.int8:
            advice = (
                "Nothing is trained in int8, it is for evaluate and predict; hardware.precision=auto is fastest here."
            )
            mistakes.append(Mistake("hardware.precision=int8", advice))
    else:
        mistakes += _checkpoint(config.checkpoint, plain=config.task is not None)
        if config.run.resume:
            mistakes.append(Mistake(f"run.resume={_yaml(config.run.resume)}", "Only training is resumed."))
        mistakes += _without_effect(config)
    if isinstance(config, PredictConfig):
        mistakes += _input(config)
    if config.task is not None:
        mistakes += _task(config, command)
    elif isinstance(config, TrainingConfig):
        advice = f"Say what to train for: task={'mlm' if command == 'pretrain' else 'ner'}."
        mistakes.append(Mistake("task=null", advice))
    return mistakes


def _yaml(value: Any) -> str:
    """A value as it is written on a command line."""
    if isinstance(value, (list, tuple)):
        return f"[{','.join(map(_yaml, value))}]"
    if value is None:
        return "null"
    return str(value).lower() if isinstance(value, bool) else str(value)


def _positive(key: str, value: float | None) -> Iterator[Mistake]:
    if value is not None and not 0 < value < math.inf:
        yield Mistake(f"{key}={value}", "It must be greater than 0." if value <= 0 else "It must be a finite number.")


def _sentence(error: FtkError | str) -> str:
    """An error of the form 'key=value: what is wrong' without its beginning."""
    text = str(error).split(": ", 1)[-1]
    return text[:1].upper() + text[1:]


def _share(key: str, value: float) -> Iterator[Mistake]:
    if not 0 <= value <= 1:
        yield Mistake(f"{key}={value}", "It is a share: between 0 and 1.")


def _data(data: DataConfig) -> Iterator[Mistake]:
    for key in ("limit", "validation_tokens", "workers"):
        yield from _positive(f"data.{key}", getattr(data, key))
    if not 0 <= data.validation_share < 1:
        yield Mistake(f"data.validation_share={data.validation_share}", "It is a share: from 0 up to, but not, 1.")
    if data.max_length is not None and data.max_length < 8:
        yield Mistake(f"data.max_length={data.max_length}", "A window needs at least 8 tokens.")
    if data.stride is not None and data.stride < 0:
        yield Mistake(f"data.stride={data.stride}", "It cannot be negative.")
    if data.stride is not None and data.max_length is not None and data.stride > data.max_length // 2:
        yield Mistake(
            f"data.stride={data.stride}",
            f"Windows of data.max_length={data.max_length} may share at most half of it: {data.max_length // 2}.",
        )
    try:
        "".encode(data.encoding)
    except LookupError:
        yield Mistake(f"data.encoding={data.encoding}", "Python knows no such encoding; try utf-8, latin-1 or cp1252.")
    yield from _columns(data.columns)
    if data.format is Format.hub:
        if data.name is None:
            yield Mistake("data=hub", "Say which dataset: data.name=<hub id or folder>.")
        return
    if data.name is not None:
        yield Mistake(f"data.name={data.name}", "It names a dataset of the datasets library: add data=hub.")
    for split in ("train", "validation", "test"):
        spec = getattr(data, split)
        if spec is None:
            continue
        if data.format is Format.demo:
            yield Mistake(f"data.{split}={_yaml(spec)}", "data=demo brings its own files; leave out one of the two.")
            continue
        try:
            if data.format is Format.parallel:
                parallel_files(spec, key=f"data.{split}")
            elif not (isinstance(spec, str) and is_folder_of_classes(Path(spec).expanduser())):
                expand(spec, key=f"data.{split}")
        except FtkError as error:
            yield Mistake(f"data.{split}={_yaml(spec)}", _sentence(error))


def _columns(columns: dict[str, Any]) -> Iterator[Mistake]:
    """Roles for which no column, no name, or one column twice is given."""
    for role, wanted in columns.items():
        what = f"data.columns.{role}={_yaml(wanted)}"
        listed = isinstance(wanted, (list, tuple))
        names = [str(name) for name in wanted] if listed else [wanted]
        if listed and role != "label":
            yield Mistake(what, "It is the name of one column; only data.columns.label can be several.")
        elif listed and not names:
            yield Mistake(what, "Name at least one column, or leave it to be found by name: null.")
        elif listed and any(isinstance(name, (list, tuple, dict)) or name in (None, "") for name in wanted):
            yield Mistake(what, "Each of them is the name of a column.")
        elif listed and len(set(names)) < len(names):
            doubled = next(name for name in names if names.count(name) > 1)
            yield Mistake(what, f"It names the column '{doubled}' twice.")
        elif wanted == "" or isinstance(wanted, dict):
            yield Mistake(what, "It is the name of a column; null has it found by name.")


def _hardware(hardware: HardwareConfig) -> Iterator[Mistake]:
    yield from _positive("hardware.micro_batch", hardware.micro_batch)
    yield from _positive("hardware.threads", hardware.threads)
    yield from _positive("hardware.eval_tokens", hardware.eval_tokens)


def _run(run: RunConfig) -> Iterator[Mistake]:
    if run.resume not in (True, False, "force"):
        yield Mistake(f"run.resume={run.resume}", f"It must be true, false or force; '{run.resume}' is none of them.")
    elif run.resume and run.overwrite:
        yield Mistake(
            f"run.resume={_yaml(run.resume)} run.overwrite=true", "Go on with the run, or replace it: not both."
        )
    elif run.resume and run.dir is None:
        yield Mistake(f"run.resume={_yaml(run.resume)}", "Say which run to go on with: run.dir=runs/<run>.")
    if isinstance(run, TrainingRunConfig):
        yield from _positive("run.stop_after", run.stop_after)
    if not 0 <= run.seed < 2**63:
        yield Mistake(f"run.seed={run.seed}", "A seed is a number from 0 to 2^63 - 1.")


def _model(model: ModelConfig) -> Iterator[Mistake]:
    if model.init is Init.pretrained and not model.name:
        yield Mistake("model.name=null", "Say which model: model.name=<hub id or folder>, or model=bert-base-cased.")
    if model.init is Init.random and not (model.name or model.config.get("model_type")):
        yield Mistake(
            "model.init=random",
            "An architecture is needed: model.config.model_type and its sizes (see 'ftk configs show model/tiny'), "
            "or model.name of a model to take the architecture from.",
        )
    if model.dropout is not None and not 0 <= model.dropout < 1:
        yield Mistake(f"model.dropout={model.dropout}", "It is a rate: from 0 up to, but not, 1.")
    yield from _positive("model.default_lr", model.default_lr)
    if model.towers:
        yield from _towers(model)
    else:
        yield from _tokenizer(model)


def _towers(model: ModelConfig) -> Iterator[Mistake]:
    if set(model.towers) != {"text", "image"}:
        advice = "A model of several encoders has two: text and image, as in model=fusion."
        yield Mistake(f"model.towers={', '.join(model.towers)}", advice)
    if model.init is not Init.random:
        advice = "What is put together has random weights of its own: model.init=random; its encoders have their init."
        yield Mistake(f"model.init={model.init.value}", advice)
    if model.tokenizer.train is not None or model.tokenizer.name is not None or model.image_processor:
        yield Mistake("model.towers", "What is read, and how, is said of its encoders: model.towers.text.tokenizer.")
    for name, tower in model.towers.items():
        if tower.towers or tower.freeze:
            advice = f"An encoder has none of its own; model.freeze=[towers.{name}] names one of the whole."
            yield Mistake(f"model.towers.{name}", advice)
            continue
        for mistake in _model(tower):
            yield Mistake(mistake.what.replace("model.", f"model.towers.{name}.", 1), mistake.advice)


def _tokenizer(model: ModelConfig) -> Iterator[Mistake]:
    tokenizer = model.tokenizer
    if tokenizer.train is None:
        if tokenizer.name is None and model.name is None and model.init is Init.random and not model.image_processor:
            yield Mistake(
                "model.tokenizer.train=null",
                "A model without a name has no tokenizer: learn one (wordpiece, bpe or unigram), or name one "
                "(model.tokenizer.name).",
            )
        return
    what = f"model.tokenizer.train={tokenizer.train.value}"
    if tokenizer.name is not None:
        yield Mistake(f"{what} model.tokenizer.name={tokenizer.name}", "Learn a vocabulary, or name one: not both.")
    if model.init is Init.pretrained:
        yield Mistake(what, "Pretrained weights belong to the vocabulary that they were trained with; see model.init.")
    yield from _positive("model.tokenizer.vocab_size", tokenizer.vocab_size)
    yield from _positive("model.tokenizer.max_characters", tokenizer.max_characters)
    known = ("pad_token", "unk_token", "cls_token", "sep_token", "mask_token")
    for name, token in tokenizer.special_tokens.items():
        if name not in known:
            advice = f"A learned vocabulary has {', '.join(known)}; others go to model.tokenizer.extra_tokens."
            yield Mistake(f"model.tokenizer.special_tokens.{name}={token}", advice)
    words = [*tokenizer.special_tokens.values(), *tokenizer.extra_tokens]
    for word in words:
        if not isinstance(word, str) or not word.strip():
            yield Mistake(f"model.tokenizer: special token {word!r}", "A token is a text that is not empty.")
    if len({str(word) for word in words}) < len(words):
        yield Mistake(f"model.tokenizer: special tokens {words}", "Each of them must be another one.")


def _optimizer(optimizer: dict[str, Any]) -> Iterator[Mistake]:
    if not isinstance(optimizer.get("_target_"), str):
        yield Mistake("optimizer._target_", "Name a class: torch.optim.AdamW.")
    lr = optimizer.get("lr")
    if isinstance(lr, bool) or not isinstance(lr, (int, float)):
        yield Mistake(f"optimizer.lr={lr}", "It must be a number.")
    else:
        yield from _positive("optimizer.lr", lr)
    decay = optimizer.get("weight_decay", 0.0)
    if isinstance(decay, bool) or not isinstance(decay, (int, float)) or not 0 <= decay < math.inf:
        yield Mistake(f"optimizer.weight_decay={decay}", "It must be a number, 0 or greater.")


def _schedule(schedule: ScheduleConfig) -> Iterator[Mistake]:
    if not 0 <= schedule.warmup < math.inf:
        yield Mistake(
            f"schedule.warmup={schedule.warmup}", "It is a share below 1 or a number of steps, never negative."
        )
    yield from _share("schedule.floor", schedule.floor)
    yield from _share("schedule.cooldown", schedule.cooldown)
    if schedule.decay is not Decay.wsd and schedule.cooldown:
        yield Mistake(f"schedule.cooldown={schedule.cooldown}", "Only schedule=wsd has a cooldown.")
    if schedule.warmup < 1 < schedule.warmup + schedule.cooldown:
        yield Mistake(
            f"schedule.warmup={schedule.warmup} schedule.cooldown={schedule.cooldown}",
            "As shares of all steps they cannot be more than 1 together.",
        )


def _train(train: TrainConfig) -> Iterator[Mistake]:
    for key in (
        "epochs",
        "max_steps",
        "max_tokens",
        "batch_size",
        "batch_start",
        "max_grad_norm",
        "log_every",
        "patience",
    ):
        yield from _positive(f"train.{key}", getattr(train, key))
    for key in ("eval_every", "save_every"):
        value = getattr(train, key)
        number = isinstance(value, (int, float)) and not isinstance(value, bool) and 0 < value < math.inf
        timed = key == "save_every" and isinstance(value, str) and _is_time(value)
        if not (value == "epoch" or timed or (number and (value < 1 or isinstance(value, int)))):
            time = "a time as 10m, " if key == "save_every" else ""
            advice = f"It is {time}'epoch', a whole number of optimizer steps, or below 1 a share of the run."
            yield Mistake(f"train.{key}={value}", advice)
    if not 1 < train.spike_factor < math.inf:
        yield Mistake(f"train.spike_factor={train.spike_factor}", "A spike is above the mean: a number above 1.")
    if train.budget is not None:
        try:
            if not seconds(str(train.budget)):
                yield Mistake(f"train.budget={train.budget}", "It must be greater than 0.")
        except ValueError:
            yield Mistake(f"train.budget={train.budget}", "Write a time with its unit: 90s, 30m, 1.5h or 1h30m.")
    if train.batch_start is not None and train.batch_start > train.batch_size:
        yield Mistake(
            f"train.batch_start={train.batch_start}", f"The batch grows to train.batch_size={train.batch_size}."
        )
    if (train.batch_start is None) != (train.batch_warmup == 0) or train.batch_warmup < 0:
        start = "null" if train.batch_start is None else train.batch_start
        yield Mistake(
            f"train.batch_start={start} train.batch_warmup={train.batch_warmup}",
            "A batch that grows needs both: the size it begins with, and the number of steps over which it grows.",
        )


def _is_time(text: str) -> bool:
    try:
        return seconds(text) > 0
    except ValueError:
        return False


def _without_effect(config: EvaluateConfig | PredictConfig) -> Iterator[Mistake]:
    """Values that only training reads: a user who sets them expects something that will not happen."""
    unread: tuple[str, ...]
    if isinstance(config, PredictConfig):
        name, reads, unread = "predict", "input", ("train", "validation", "test")
    else:
        name, reads, unread = "evaluate", "data.test", ("train", "validation")
    for split in unread if config.data.format is not Format.hub else ():
        if getattr(config.data, split) is not None:
            what = f"data.{split}={_yaml(getattr(config.data, split))}"
            yield Mistake(what, f"'ftk {name}' does not read it; it reads {reads}.")
    if config.hardware.micro_batch is not None:
        what = f"hardware.micro_batch={config.hardware.micro_batch}"
        yield Mistake(what, f"'ftk {name}' does not use it; hardware.eval_tokens sets the size of its batches.")


def _checkpoint(checkpoint: str | None, *, plain: bool) -> Iterator[Mistake]:
    """
    Args:
        checkpoint: the model folder.
        plain: whether one that ftk did not write will do.
    """
    if not checkpoint:
        yield Mistake("checkpoint=null", "Say which model: checkpoint=runs/<run>/best.")
        return
    folder = Path(checkpoint).expanduser()
    if not folder.is_dir():
        yield Mistake(f"checkpoint={checkpoint}", f"There is no such folder (looked at {folder.absolute()}).")
    elif not (folder / "ftk.json").is_file() and not (plain and (folder / "config.json").is_file()):
        inner = [name for name in ("best", "last") if (folder / name / "ftk.json").is_file()]
        hint = f" Did you mean '{folder / inner[0]}'?" if inner else " It must be one that ftk wrote."
        if (folder / "config.json").is_file():
            hint = " If it is a masked language model that ftk did not write, add task=mlm."
        yield Mistake(f"checkpoint={checkpoint}", f"The folder has no ftk.json.{hint}")


def _input(config: PredictConfig) -> Iterator[Mistake]:
    if config.input is None:
        yield Mistake("input=null", "Say what to read: input=<file, glob or folder>, or input=- for standard input.")
    elif config.input != "-":
        try:
            if not (isinstance(config.input, str) and is_folder_of_classes(Path(config.input).expanduser())):
                expand(config.input, key="input")
        except FtkError as error:
            yield Mistake(f"input={config.input}", _sentence(error))
    if not config.output:
        yield Mistake("output=", "Say where to write: output=<file>, or output=- for standard output.")
    elif config.output != "-":
        path = Path(config.output).expanduser()
        read = [] if config.input in (None, "-") else _files(config.input)
        if path.exists() and any(path.samefile(file) for file in read):
            yield Mistake(f"output={config.output}", "This is the input; name another file.")
        elif path.exists() and not path.is_file() and not path.is_dir():
            yield Mistake(f"output={config.output}", "This is no regular file; write to it with output=- and '>'.")
        elif path.is_dir():
            yield Mistake(f"output={config.output}", "This is a folder; name a file.")
        elif path.exists() and not config.run.overwrite:
            yield Mistake(f"output={config.output}", "The file is there already; add run.overwrite=true to replace it.")


def _files(spec: Any) -> list[Path]:
    """The files of an input, none where it has a mistake, which is told elsewhere."""
    try:
        return expand(spec, key="input")
    except FtkError:
        return []


def _task(config: TrainingConfig | EvaluateConfig | PredictConfig, command: str) -> Iterator[Mistake]:
    from ftk.contracts.spec import statistics_fields
    from ftk.tasks import build_task

    try:
        task = build_task(config.task)
    except ConfigError as error:
        for fault in error.faults:
            yield Mistake(fault.split(": ", 1)[0], _sentence(fault))
        return
    except FtkError as error:
        yield Mistake(str(error).split(": ", 1)[0], _sentence(error))
        return
    for name in statistics_fields(task):
        if (value := getattr(task, name)) is not None:
            yield Mistake(f"task.{name}={value}", "Training fills it in from its rows; leave it out.")
    for role, column in config.data.columns.items():
        if column is not None and role not in task.spec.columns:
            yield Mistake(
                f"data.columns.{role}={column}", f"This task reads the columns {', '.join(task.spec.columns)}."
            )
    if "text" not in task.spec.modalities:
        for key, value in (("max_length", config.data.max_length), ("stride", config.data.stride)):
            if value is not None:
                yield Mistake(f"data.{key}={value}", "This task reads no texts; images have the size of the model's.")
    texts = task.spec.command == "pretrain"
    if isinstance(config, TrainingConfig):
        if task.spec.command != command:
            kind = "raw text" if texts else "labelled rows"
            yield Mistake(f"task ({type(task).__name__})", f"It learns from {kind}: ftk {task.spec.command}.")
            return  # what the config of this command says of the data is meant for another task
        micro = config.hardware.micro_batch
        if task.spec.in_batch_loss_hint is not None and micro is not None and micro < config.train.batch_size:
            what = f"hardware.micro_batch={micro} train.batch_size={config.train.batch_size}"
            advice = f"The rows of a batch are compared with each other: it is not cut. {task.spec.in_batch_loss_hint}"
            yield Mistake(what, advice)
        yield from _fits(config, task)
        if not texts and config.train.batch_start is not None:
            yield Mistake(f"train.batch_start={config.train.batch_start}", "Only 'ftk pretrain' lets the batch grow.")
    yield from texts_only(task, config.data)


def _fits(config: TrainingConfig, task: Any) -> Iterator[Mistake]:
    """Architectures that cannot do what is asked; those of hub ids and folders tell it once they are read."""
    from ftk.models.architectures.small import FITTED
    from ftk.models.loading.compatibility import unsuited

    kind = config.model.config.get("model_type")
    if kind is not None and (advice := unsuited(kind, task)):
        yield Mistake(f"model.config.model_type={kind}", advice)
    if kind in FITTED and config.run.verify_resume:
        advice = "This model is fitted at once: there is no step to stop at, and nothing to prove."
        yield Mistake("run.verify_resume=true", advice)


def texts_only(task: Any, data: DataConfig) -> Iterator[Mistake]:
    """Keys of data that a task for labelled rows does not read: who sets them expects what will not happen."""
    if task.spec.command == "pretrain":
        return
    for key, value in (("documents", data.documents), ("validation_tokens", data.validation_tokens)):
        if value is not None:
            yield Mistake(f"data.{key}={getattr(value, 'value', value)}", "Only masked language models read it.")
    if data.duplicate_lines is not Duplicates.keep:
        what = f"data.duplicate_lines={data.duplicate_lines.value}"
        yield Mistake(what, "Only masked language models read it; see data.duplicates.")
