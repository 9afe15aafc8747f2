"""All checks of a config that need its files, its task and its model."""

import sys
from collections.abc import Iterator
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from ftk.commands.checks.tasks import check_task
from ftk.config.choices import HeadInit, Init, TokenPooling, Tracking
from ftk.config.data_choices import Format
from ftk.config.mistakes import Mistake
from ftk.config.ranges import Config, check_ranges
from ftk.config.ranges.comparing import check_comparing
from ftk.config.ranges.model import check_model
from ftk.config.ranges.reporting import check_reporting
from ftk.config.schema import (
    CheckConfig,
    CompareConfig,
    DataConfig,
    EvaluateConfig,
    ModelConfig,
    PredictConfig,
    ReportConfig,
    TrainingConfig,
)
from ftk.config.spelling.writing import as_word, pasted
from ftk.data.readers.places.inputs import input_files, refuse_split_folders
from ftk.data.readers.places.sources import check_source, is_class_folder
from ftk.errors import ConfigError, FtkError, ModelError
from ftk.models.loading.head_of_folder import head_in
from ftk.objectives.building import build_objective
from ftk.report.output.partial_output import refusal
from ftk.system.atomic import unwritable
from ftk.system.cache import cache_folder
from ftk.system.paths import expanded
from ftk.system.processes.streams import stdout_is_closed
from ftk.training.tracking.wandb import lacks_key


def check_values(config: Config | CompareConfig | ReportConfig, command: str) -> list[Mistake]:
    """All mistakes in the config of a command."""
    if isinstance(config, CompareConfig):
        return list(check_comparing(config))
    if isinstance(config, ReportConfig):
        return list(check_reporting(config))
    mistakes = [*check_ranges(config, command), *_cache(config.data, command), *_data(config.data)]
    if isinstance(config, CheckConfig):
        mistakes += _model(config.model) if config.model is not None else ()
        from ftk.checking.suspects.asked import suspects_mistakes  # numpy, which no other command needs here

        mistakes += suspects_mistakes(config)
    elif not isinstance(config, TrainingConfig):
        mistakes += _checkpoint(config.checkpoint, plain=config.task is not None)
        mistakes += _preset(config, command)
    else:
        mistakes += [*_objective(config), *_tracker(config)]
        if not config.run.resume:  # its model is in last/
            mistakes += _model(config.model)
    if isinstance(config, PredictConfig):
        mistakes += _input(config)
    if config.task is not None:
        mistakes += check_task(config, command)
    return mistakes


def _cache(data: DataConfig, command: str) -> Iterator[Mistake]:
    """A cache that has no place."""
    if command != "pretrain" and data.cache_dir is None:  # the other commands need one for large corpora alone
        return
    try:
        cache_folder(data.cache_dir)
    except FtkError as error:
        yield Mistake(f"data.cache_dir={as_word(data.cache_dir)}", Mistake.of(str(error)).advice)


def _data(data: DataConfig) -> Iterator[Mistake]:
    """Data files that do not exist."""
    if data.format in (Format.hub, Format.demo):
        return
    for split in ("train", "validation", "test"):
        spec = getattr(data, split)
        if spec is None:
            continue
        try:
            check_source(data, split)
        except FtkError as error:
            yield Mistake(f"data.{split}={as_word(spec)}", Mistake.of(str(error)).advice)


def _checkpoint(checkpoint: str | None, *, plain: bool) -> Iterator[Mistake]:
    """
    Args:
        checkpoint: the model folder.
        plain: whether the folder may be one that ftk did not write.
    """
    from ftk.inference.adopted import suited, tasks_for
    from ftk.inference.places import is_hub_id
    from ftk.models.files.whole import check_is_model

    if not checkpoint or is_hub_id(checkpoint):
        return
    folder = expanded(checkpoint)
    if folder.exists() and not folder.is_dir():
        advice = f"This is a file; name the folder that it is in: checkpoint={pasted(folder.parent)}"
        yield Mistake(f"checkpoint={checkpoint}", advice)
    elif not folder.is_dir():
        yield Mistake(f"checkpoint={checkpoint}", f"There is no such folder (resolved to {folder.absolute()}).")
    elif not (folder / "ftk.json").is_file() and not (plain and (folder / "config.json").is_file()):
        inner = [name for name in ("best", "last") if (folder / name / "ftk.json").is_file()]
        hint = f" Did you mean '{folder / inner[0]}'?" if inner else ""
        try:
            if (folder / "config.json").is_file():
                head = head_in(folder)
                name_it = (
                    " If another tool wrote it, name its task."
                    if head.architecture is None or any(tasks_for(head))
                    else ""
                )
                hint = f"{name_it} {suited(head)}"
            elif not inner:
                check_is_model(folder)
                hint = " It has no config.json either, which a model of another tool needs."
        except FtkError as error:
            hint = f" {error}"
        yield Mistake(f"checkpoint={checkpoint}", f"The folder has no ftk.json.{hint}")


def _preset(config: EvaluateConfig | PredictConfig, command: str) -> Iterator[Mistake]:
    """What cannot be meant by a model that is used as it comes."""
    model = config.model
    if model is None:
        return
    if config.task is None:
        yield Mistake("task=null", "A model as it comes needs a task: model=minilm task=ranking.")
    yield from check_model(model)
    if model.init is not Init.pretrained or model.towers:
        advice = f"Nothing was trained of a model with random weights; 'ftk {command}' uses pretrained ones."
        yield Mistake(f"model.init={model.init.value}", advice)
        return
    unread: dict[str, Any] = {"dropout": model.dropout, "decoder_init": model.decoder_init, "config": model.config}
    unread |= {"reinit_layers": model.reinit_layers or None}
    unread |= {"freeze": model.freeze, "image_processor": model.image_processor, "tokenizer.name": model.tokenizer.name}
    if model.pooling is not TokenPooling.auto:
        advice = "Only training reads it; a ranking by a model that another tool trained has task.pooling."
        yield Mistake(f"model.pooling={model.pooling.value}", advice)
    unread["head_init"] = model.head_init if model.head_init is HeadInit.probe else None
    for key, value in unread.items():
        if value not in (None, {}, []):
            yield Mistake(f"model.{key}={as_word(getattr(value, 'value', value))}", "Only training reads it.")


def _input(config: PredictConfig) -> Iterator[Mistake]:
    read: list[Path] = []
    if config.input not in (None, "-"):
        try:
            refuse_split_folders(config.input, config.data.format)
            if not is_class_folder(config.input):
                read = input_files(config.input)
        except FtkError as error:
            yield Mistake(f"input={as_word(config.input)}", Mistake.of(str(error)).advice)
    if config.output == "-" and stdout_is_closed():
        yield Mistake("output=-", "Standard output is closed; name a file: output=<file>.")
    if config.input == "-" and sys.stdin is None:
        yield Mistake("input=-", "Standard input is closed; name a file: input=<file>.")
    if config.output in ("", "-"):
        return
    path = expanded(config.output)
    if path.exists() and any(path.samefile(file) for file in read):
        yield Mistake(f"output={config.output}", "This is the input; name another file.")
    elif path.exists() and not path.is_file() and not path.is_dir():
        yield Mistake(f"output={config.output}", "This is no regular file; write to it with output=- and '>'.")
    elif path.is_dir():
        yield Mistake(f"output={config.output}", "This is a folder; name a file.")
    elif why := refusal(path.resolve(), resume=bool(config.run.resume), overwrite=config.run.overwrite):
        yield Mistake(f"output={config.output}", why)
    elif why := unwritable(path.resolve().parent):  # the file is written beside the one that a link names
        yield Mistake(f"output={config.output}", f"{why}; name another folder.")


def _model(model: ModelConfig, key: str = "model") -> Iterator[Mistake]:
    """Model folders whose files are missing, not whole or not trusted, and revisions of what has none."""
    from ftk.models.files.untrusted_folder import check_untrusted_folder
    from ftk.models.files.whole import check_is_model, check_weights, refuse_file, refuse_revision

    for name, tower in model.towers.items():
        yield from _model(tower, f"{key}.towers.{name}")
    if model.name is None:
        if model.revision is not None:
            yield Mistake(f"{key}.revision={model.revision}", f"{key}.name is not set; only a hub id has revisions.")
        return
    folder = expanded(model.name)
    try:
        refuse_file(model.name, f"{key}.name")
    except ModelError as error:
        yield Mistake.of(str(error))
    if not folder.is_dir():
        return
    try:
        if not (folder / "config.json").is_file():
            check_is_model(folder)
            return
        refuse_revision(model.name, model.revision)
        check_untrusted_folder(folder)
        if model.init is Init.pretrained:
            check_weights(folder)
    except ModelError as error:
        yield Mistake(f"{key}.name={as_word(model.name)}", str(error))


def _objective(config: TrainingConfig) -> Iterator[Mistake]:
    try:
        build_objective(config.objective)
    except ConfigError as error:
        yield from map(Mistake.of, error.faults)


def _tracker(config: TrainingConfig) -> Iterator[Mistake]:
    """A tracker that is not installed, or that would ask for a key."""
    if config.tracker is None:
        return
    name = config.tracker.value
    if find_spec(name) is None:
        yield Mistake(f"tracker={name}", f"It is an extra: pip install 'ftk[{name}]'")
    elif config.tracker is Tracking.wandb and lacks_key():
        advice = "WANDB_MODE=online needs a key (WANDB_API_KEY, or 'wandb login'); without WANDB_MODE runs are offline."
        yield Mistake("tracker=wandb", advice)
