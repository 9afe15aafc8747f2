"""Refuses models of the hub that a task cannot use by their small files: before rows are read or weights fetched."""

from __future__ import annotations

from typing import Any

from ftk.config.schema import ModelConfig
from ftk.errors import ModelError
from ftk.models.files.hub import Listed
from ftk.models.files.needed import CONFIG
from ftk.models.loading.compatibility import unsuited
from ftk.models.loading.locate import look_up
from ftk.models.tokenizers.tokenizer_files import NO_VOCABULARY, lacks_tokenizer, no_tokenizer


def check_hub_models(model: ModelConfig, task: Any) -> None:
    """Refuses the model of a training, or a tower of it, that the task cannot use.

    Args:
        model: the model section of the config.
        task: that is trained.

    Raises:
        ModelError: the hub does not have the model, it has no weights that ftk reads, no tokenizer for a task that
            reads texts, or its architecture does not suit the task.
    """
    for name, tower in model.towers.items():
        _check(tower, None, reads_text=name == "text")
    _check(model, task, reads_text="text" in task.spec.modalities)


def _check(model: ModelConfig, task: Any, *, reads_text: bool) -> None:
    if model.name is None or (found := look_up(model)) is None:
        return
    kind = found.values.get(CONFIG, {}).get("model_type")
    whole = "model_type" not in model.config  # else the model is the encoder of another one
    if task is not None and whole and isinstance(kind, str) and (why := unsuited(kind, task)):
        why = why if kind in why else f"Its architecture is {kind}. {why}"
        raise ModelError(f"model.name={model.name}: {why[0].lower()}{why[1:]}")
    own = model.tokenizer.name is None and model.tokenizer.train is None
    if reads_text and own:
        check_listed_tokenizer(model.name, found)


def check_listed_tokenizer(name: str, found: Listed) -> None:
    """Refuses a model without a vocabulary.

    Args:
        name: the hub id.
        found: what is known of it.

    Raises:
        ModelError: it has none, and its tokenizer needs one.
    """
    if lacks_tokenizer(found.names, found.values):
        raise ModelError(no_tokenizer(name, NO_VOCABULARY, kind="repository"))
