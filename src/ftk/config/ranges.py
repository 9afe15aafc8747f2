"""Checks of a typed config that need its values alone: ranges, and relations between keys."""

import math
from collections.abc import Iterator
from typing import Any

from ftk.config.choices import Decay, Format, Init, Precision
from ftk.config.mistakes import Mistake
from ftk.config.schema import (
    DataConfig,
    EvaluateConfig,
    HardwareConfig,
    ModelConfig,
    PredictConfig,
    RunConfig,
    ScheduleConfig,
    TrainConfig,
    TrainingConfig,
    TrainingRunConfig,
)
from ftk.system.duration import seconds

Config = TrainingConfig | EvaluateConfig | PredictConfig


def check_ranges(config: Config, command: str) -> list[Mistake]:
    """All mistakes in the config of a command that its values alone show."""
    mistakes = [*_data(config.data), *_hardware(config.hardware), *_run(config.run)]
    if isinstance(config, TrainingConfig):
        mistakes += [
            *_model(config.model),
            *_optimizer(config.optimizer),
            *_schedule(config.schedule),
            *_train(config.train),
            *_training(config, command),
        ]
        return mistakes
    if not config.checkpoint:
        mistakes.append(Mistake("checkpoint=null", "Say which model: checkpoint=runs/<run>/best."))
    if config.run.resume:
        mistakes.append(Mistake(f"run.resume={as_word(config.run.resume)}", "Only training is resumed."))
    mistakes += _without_effect(config)
    if isinstance(config, PredictConfig):
        if config.input is None:
            advice = "Say what to read: input=<file, glob or folder>, or input=- for standard input."
            mistakes.append(Mistake("input=null", advice))
        if not config.output:
            advice = "Say where to write: output=<file>, or output=- for standard output."
            mistakes.append(Mistake("output=", advice))
    return mistakes


def as_word(value: Any) -> str:
    """A value as it is written on a command line."""
    if isinstance(value, (list, tuple)):
        return f"[{','.join(map(as_word, value))}]"
    if value is None:
        return "null"
    return str(value).lower() if isinstance(value, bool) else str(value)


def _training(config: TrainingConfig, command: str) -> Iterator[Mistake]:
    """Mistakes between the sections of a training."""
    micro = config.hardware.micro_batch
    if micro is not None and micro > config.train.batch_size:
        advice = f"It is a part of train.batch_size={config.train.batch_size} and cannot be larger."
        yield Mistake(f"hardware.micro_batch={micro}", advice)
    if config.hardware.precision is Precision.int8:
        advice = "Nothing is trained in int8, it is for evaluate and predict. hardware.precision=auto is fastest here."
        yield Mistake("hardware.precision=int8", advice)
    if config.task is None:
        yield Mistake("task=null", f"Say what to train for: task={'mlm' if command == 'pretrain' else 'ner'}.")


def _positive(key: str, value: float | None) -> Iterator[Mistake]:
    if value is not None and not 0 < value < math.inf:
        yield Mistake(f"{key}={value}", "It must be greater than 0." if value <= 0 else "It must be a finite number.")


def _share(key: str, value: float) -> Iterator[Mistake]:
    if not 0 <= value <= 1:
        yield Mistake(f"{key}={value}", "It must be between 0 and 1.")


def _data(data: DataConfig) -> Iterator[Mistake]:
    for key in ("limit", "validation_tokens", "workers"):
        yield from _positive(f"data.{key}", getattr(data, key))
    if not 0 <= data.validation_share < 1:
        yield Mistake(f"data.validation_share={data.validation_share}", "It must be at least 0 and below 1.")
    if data.max_length is not None and data.max_length < 8:
        yield Mistake(f"data.max_length={data.max_length}", "A window needs at least 8 tokens.")
    if data.stride is not None and data.stride < 0:
        yield Mistake(f"data.stride={data.stride}", "It cannot be negative.")
    if data.stride is not None and data.max_length is not None and data.stride > data.max_length // 2:
        advice = f"Windows of data.max_length={data.max_length} may share at most half of it: {data.max_length // 2}."
        yield Mistake(f"data.stride={data.stride}", advice)
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
    if data.format is Format.demo:
        for split in ("train", "validation", "test"):
            if (spec := getattr(data, split)) is not None:
                advice = "data=demo brings its own files; leave out one of the two."
                yield Mistake(f"data.{split}={as_word(spec)}", advice)


def _columns(columns: dict[str, Any]) -> Iterator[Mistake]:
    """Roles that are given no column, no name, or the same column twice."""
    for role, wanted in columns.items():
        what = f"data.columns.{role}={as_word(wanted)}"
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
    for key in ("micro_batch", "threads", "eval_tokens"):
        yield from _positive(f"hardware.{key}", getattr(hardware, key))


def _run(run: RunConfig) -> Iterator[Mistake]:
    if run.resume not in (True, False, "force"):
        yield Mistake(f"run.resume={run.resume}", f"It must be true, false or force; '{run.resume}' is none of them.")
    elif run.resume and run.overwrite:
        what = f"run.resume={as_word(run.resume)} run.overwrite=true"
        yield Mistake(what, "Resume the run, or replace it: not both.")
    elif run.resume and run.dir is None:
        yield Mistake(f"run.resume={as_word(run.resume)}", "Say which run to resume: run.dir=runs/<run>.")
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
        yield Mistake(f"model.dropout={model.dropout}", "It must be at least 0 and below 1.")
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
        advice = "The weights that join the encoders are random: model.init=random. Each encoder has its own init."
        yield Mistake(f"model.init={model.init.value}", advice)
    if model.tokenizer.train is not None or model.tokenizer.name is not None or model.image_processor:
        yield Mistake(
            "model.towers", "Tokenizer and image processor belong to an encoder: model.towers.text.tokenizer."
        )
    for name, tower in model.towers.items():
        if tower.towers or tower.freeze:
            advice = f"An encoder has neither towers nor freeze; model.freeze=[towers.{name}] freezes it."
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
        yield Mistake(f"model.tokenizer: special tokens {words}", "Each of them must be different.")


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
        advice = "It is a share below 1 or a number of steps, never negative."
        yield Mistake(f"schedule.warmup={schedule.warmup}", advice)
    yield from _share("schedule.floor", schedule.floor)
    yield from _share("schedule.cooldown", schedule.cooldown)
    if schedule.decay is not Decay.wsd and schedule.cooldown:
        yield Mistake(f"schedule.cooldown={schedule.cooldown}", "Only schedule=wsd has a cooldown.")
    if schedule.warmup < 1 < schedule.warmup + schedule.cooldown:
        what = f"schedule.warmup={schedule.warmup} schedule.cooldown={schedule.cooldown}"
        yield Mistake(what, "As shares of all steps they cannot be more than 1 together.")


def _train(train: TrainConfig) -> Iterator[Mistake]:
    limits = ("epochs", "max_steps", "max_tokens", "patience")
    for key in (*limits, "batch_size", "batch_start", "max_grad_norm", "log_every"):
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
        advice = f"The batch grows to train.batch_size={train.batch_size}."
        yield Mistake(f"train.batch_start={train.batch_start}", advice)
    if (train.batch_start is None) != (train.batch_warmup == 0) or train.batch_warmup < 0:
        what = f"train.batch_start={as_word(train.batch_start)} train.batch_warmup={train.batch_warmup}"
        advice = "A batch that grows needs both: the size it begins with, and the number of steps over which it grows."
        yield Mistake(what, advice)


def _is_time(text: str) -> bool:
    try:
        return seconds(text) > 0
    except ValueError:
        return False


def _without_effect(config: EvaluateConfig | PredictConfig) -> Iterator[Mistake]:
    """Values that only training reads, so that setting them has no effect."""
    predicts = isinstance(config, PredictConfig)
    name, reads = ("predict", "input") if predicts else ("evaluate", "data.test")
    unread = ("train", "validation", *(["test"] if predicts else []))
    for split in unread if config.data.format is not Format.hub else ():
        if getattr(config.data, split) is not None:
            what = f"data.{split}={as_word(getattr(config.data, split))}"
            yield Mistake(what, f"'ftk {name}' does not read it; it reads {reads}.")
    if config.hardware.micro_batch is not None:
        what = f"hardware.micro_batch={config.hardware.micro_batch}"
        yield Mistake(what, f"'ftk {name}' does not use it; hardware.eval_tokens sets the size of its batches.")
