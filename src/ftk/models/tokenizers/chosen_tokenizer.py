"""The tokenizer of a model that is trained: a named one, a learned one, or the model's own."""

from pathlib import Path
from typing import Any

from ftk.config.schema import ModelConfig
from ftk.contracts.notes import Notes
from ftk.contracts.protocols import Corpus
from ftk.errors import ModelError
from ftk.models.files.whole import refuse_file
from ftk.models.tokenizers.tokenizer import load_tokenizer
from ftk.models.tokenizers.vocabulary import learn_tokenizer
from ftk.system.paths import expanded

_LONGEST = 512
"""Maximum number of tokens of a learned tokenizer, for architectures without a maximum."""


def chosen_tokenizer(model: ModelConfig, folder: Path | None, config: Any, corpus: Corpus, notes: Notes) -> Any:
    """The tokenizer of ``model.tokenizer.name``, else a learned one (``.train``), else the model's own.

    Args:
        model: the model section of the config.
        folder: of a named model; None if the model has no name.
        config: of the model.
        corpus: the texts that a vocabulary is learned from.
        notes: collect what the user should know about the tokenizer.

    Raises:
        ModelError: there is none, or it cannot be used.
    """
    if model.tokenizer.name is not None:
        return load_tokenizer(_folder_of(model.tokenizer.name), notes)
    if model.tokenizer.train is not None:
        return learn_tokenizer(
            corpus.texts(),
            model.tokenizer,
            max_length=getattr(config, "max_position_embeddings", _LONGEST),
            cache_file=corpus.vocabulary_file(model.tokenizer),
            single_characters=corpus.task.spec.finds_spans,
        )
    if folder is None:
        raise ModelError(
            f"model.config.model_type={config.model_type}: this model has no tokenizer, but the task reads texts. "
            "Choose a text model, or set model.tokenizer.train or model.tokenizer.name."
        )
    return load_tokenizer(folder, notes)


def _folder_of(name: str) -> Path:
    """The folder of a tokenizer, or of a hub id in the cache."""
    from huggingface_hub import try_to_load_from_cache
    from huggingface_hub.errors import HFValidationError

    refuse_file(name, "model.tokenizer.name")
    folder = expanded(name)
    if folder.is_dir():
        return folder
    try:
        cached = [try_to_load_from_cache(name, file) for file in ("tokenizer_config.json", "tokenizer.json")]
    except HFValidationError:
        cached = []
    for file in cached:
        if isinstance(file, str):
            return Path(file).parent
    raise ModelError(
        f"model.tokenizer.name={name}: there is no such folder, and the hub's cache has no tokenizer of this name."
    )
