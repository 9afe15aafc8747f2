"""The folder of the model that a command uses: of ``checkpoint``, or of the preset that ``model`` chooses."""

from __future__ import annotations

import dataclasses
import re
from pathlib import Path

from omegaconf import OmegaConf

from ftk.config.paths import values_of
from ftk.config.schema import EvaluateConfig, ModelConfig, PredictConfig
from ftk.contracts.notes import Notes
from ftk.errors import ModelError
from ftk.inference.adopted import adopt_head
from ftk.models.files.needed import CONFIG
from ftk.models.loading.head_of_folder import saved_head
from ftk.models.loading.hub_models import check_listed_tokenizer
from ftk.models.loading.locate import locate, look_up
from ftk.models.loading.verified_folder import MANIFEST
from ftk.system.paths import expanded

_OF_RUNS = ("best", "last", "previous")
_HUB_ID = re.compile(r"[A-Za-z0-9][\w.-]*/[\w.-]+")
_WAY_OUT = (
    "checkpoint=<folder> needs no hub: best/ of a run, or a folder with the config, the weights and the tokenizer of a "
    "model."
)


def is_hub_id(checkpoint: str) -> bool:
    """Whether a name can be that of a model on the hub: owner and name, and no folder is called like the owner.

    The names of the models in a run folder are never taken for one: a mistyped path is not looked up on the hub.
    """
    path = Path(checkpoint)
    return _HUB_ID.fullmatch(checkpoint) is not None and path.name not in _OF_RUNS and not path.parent.exists()


def model_folder(config: EvaluateConfig | PredictConfig) -> Path:
    """The folder of the model that a command uses.

    Raises:
        ModelError: there is no such model, or no weights that ftk opens.
    """
    if config.model is not None:
        _check_listed(config, config.model, "model.name")
        return locate(config.model, way_out=_WAY_OUT).folder
    assert config.checkpoint is not None
    folder = expanded(config.checkpoint)
    if (folder / MANIFEST).is_file():
        return folder
    place = dataclasses.replace(_preset(), name=config.checkpoint)
    try:
        _check_listed(config, place, "checkpoint")
        return locate(place, key="checkpoint", way_out=_WAY_OUT).folder
    except ModelError as error:
        text = re.sub(rf"model\.name=(?=\W?{re.escape(config.checkpoint)})", "checkpoint=", str(error))
        raise ModelError(text) from error


def _check_listed(config: EvaluateConfig | PredictConfig, place: ModelConfig, key: str) -> None:
    """Refuses a model of the hub that the task cannot use, before its weights are fetched.

    Raises:
        ModelError: there is no such model, no weights that ftk opens, no head for the task, or no tokenizer.
    """
    assert place.name is not None
    found = look_up(place, key=key, way_out=_WAY_OUT)
    if found is None or MANIFEST in found.names or not (values := found.values.get(CONFIG)):
        return
    head = saved_head(values)
    task, _ = adopt_head(place.name, head, config.task, Notes())
    if "text" in task.spec.modalities:
        check_listed_tokenizer(place.name, found)


def model_name(config: EvaluateConfig | PredictConfig) -> str:
    """The name of a model in the names of run folders: that of its run, of its preset, or on the hub."""
    folder = expanded(str(config.checkpoint))
    if config.model is None and folder.is_dir():
        return folder.resolve().parent.name
    name = config.model.name if config.model is not None else config.checkpoint
    return str(name).rstrip("/").rpartition("/")[2]


def _preset() -> ModelConfig:
    """The values of ``model=auto``."""
    found = OmegaConf.to_object(OmegaConf.merge(OmegaConf.structured(ModelConfig), values_of("model/auto")))
    assert isinstance(found, ModelConfig)
    return found
