"""The tokenizer files of a model folder, looked at without the libraries that read them."""

import json
from collections.abc import Collection, Mapping
from fnmatch import fnmatchcase
from pathlib import Path
from typing import Any

from ftk.config.schema import ModelConfig
from ftk.errors import ModelError, first_line
from ftk.models.files.needed import CONFIG, TOKENIZER_CONFIG, read_values
from ftk.models.files.whole import refuse_file
from ftk.system.paths import expanded

WHOLE = "tokenizer.json"
"""The file of the tokenizers library, which holds all of a tokenizer."""
_PARTS = ("model", "added_tokens")
"""What it cannot do without."""
_VOCABULARIES = ["tokenizer*.json", "*vocab*", "merges.txt", "*.model", "*.spm", "*.codes", "*.tiktoken"]
_VOCABULARIES += ["tekken.json", "dict*.txt", "byte_maps.json", "*.tokenizer"]
NO_VOCABULARY = f"neither {WHOLE} nor a vocabulary such as vocab.txt is there"
_WITHOUT_FILES = ("ByT5Tokenizer", "CanineTokenizer", "PerceiverTokenizer")
"""Classes whose vocabulary is bytes or code points."""
_TYPES_WITHOUT_FILES = ("canine", "perceiver")
"""Architectures with such a tokenizer."""


def check_has_tokenizer(folder: Path) -> None:
    """Refuses a folder without a vocabulary.

    Raises:
        ModelError: it has none, and its tokenizer needs one.
    """
    names = {path.name for path in folder.iterdir()} if folder.is_dir() else set()
    if lacks_tokenizer(names, {name: read_values(folder / name) for name in (TOKENIZER_CONFIG, CONFIG)}):
        raise ModelError(no_tokenizer(folder, NO_VOCABULARY))


def lacks_tokenizer(names: Collection[str], values: Mapping[str, Mapping[str, Any]]) -> bool:
    """Whether a model lacks a vocabulary that its tokenizer needs.

    Args:
        names: of its files.
        values: contents of config.json and tokenizer_config.json, as far as they are there.
    """
    files = [name for name in names if name != TOKENIZER_CONFIG and "/" not in name]
    if any(fnmatchcase(name, pattern) for name in files for pattern in _VOCABULARIES):
        return False
    named = str(values.get(TOKENIZER_CONFIG, {}).get("tokenizer_class")).removesuffix("Fast")
    without = named == "None" and values.get(CONFIG, {}).get("model_type") in _TYPES_WITHOUT_FILES
    return not (without or named in _WITHOUT_FILES)


def no_tokenizer(model: Path | str, why: str, *, kind: str = "folder") -> str:
    """What is said of a model without a tokenizer.

    Args:
        model: its folder or hub id.
        why: what is missing.
        kind: what it is, a folder or a repository.
    """
    return (
        f"{model}: the {kind} has no tokenizer files ({why}), so it is no text model that ftk can use. Copy them from "
        "where the model comes from. In training, model.tokenizer.name=FOLDER names another folder that has them."
    )


def not_loaded(folder: Path, error: Exception) -> str:
    """What is said of a tokenizer whose files are there and cannot be read.

    Args:
        folder: of the model.
        error: of the library that reads them.
    """
    fault = _fault_of(folder / WHOLE) if (folder / WHOLE).is_file() else None
    found = f"{folder}: the tokenizer cannot be loaded ({first_line(error)})."
    if fault is not None:
        found = f"{folder / WHOLE}: the tokenizer cannot be loaded: the file {fault}."
    return (
        f"{found} Copy its files again from where the model comes from. In training, model.tokenizer.name=FOLDER names "
        "another folder that has a tokenizer."
    )


def _fault_of(path: Path) -> str | None:
    """What is wrong with a ``tokenizer.json``, as far as its outline tells."""
    try:
        described = json.loads(path.read_text(encoding="utf-8"))
    except (ValueError, RecursionError) as damaged:
        return f"is no JSON ({first_line(damaged)})"
    lacking = [part for part in _PARTS if not isinstance(described, dict) or part not in described]
    return f"has no '{lacking[0]}', which every tokenizer.json has" if lacking else None


def check_tokenizer_folders(model: ModelConfig) -> None:
    """Refuses, before any row is read, a model whose folder has no tokenizer. Models of a hub are found later.

    Args:
        model: the model section of the config, for a task that reads texts.

    Raises:
        ModelError: a folder has no tokenizer.
    """
    model = model.towers.get("text", model)
    if model.tokenizer.name is not None:
        refuse_file(model.tokenizer.name, "model.tokenizer.name")
        folder = expanded(model.tokenizer.name)
        if folder.is_dir():  # else it is the name of one in the hub's cache
            check_has_tokenizer(folder)
    elif model.tokenizer.train is None and model.name is not None:
        folder = expanded(model.name)
        if (folder / "config.json").is_file():
            check_has_tokenizer(folder)


def check_saved_tokenizer(folder: Path) -> None:
    """Refuses, before any row is read, a model folder without a tokenizer, or with one that its table is too small for.

    Args:
        folder: of a model that is evaluated, or predicts.

    Raises:
        ModelError: it cannot read texts.
    """
    check_has_tokenizer(folder)
    rows = read_values(folder / CONFIG).get("vocab_size")
    if isinstance(rows, int) and (folder / WHOLE).is_file():
        described = read_values(folder / WHOLE)
        check_fits(folder, tokens=_tokens(described), rows=rows)


def check_fits(folder: Path, *, tokens: int, rows: int) -> None:
    """Refuses a model whose tokenizer has tokens that it has no embeddings of.

    Args:
        folder: of the model.
        tokens: that the embeddings of the tokenizer's vocabulary need.
        rows: of the table of embeddings.

    Raises:
        ModelError: there are too few rows.
    """
    if tokens > rows:
        raise ModelError(
            f"{folder}: the tokenizer has tokens up to number {tokens - 1:,}, but the model has embeddings for "
            f"{rows:,}; a text with one of the others could not be read. Train it further (ftk finetune "
            "model.name=FOLDER): that adds the missing embeddings."
        )


def _tokens(described: dict[str, Any]) -> int:
    """The highest number of a token in ``tokenizer.json``, and one."""
    model, added = described.get("model"), described.get("added_tokens")
    vocabulary = model.get("vocab") if isinstance(model, dict) else None
    numbers: list[Any] = [len(vocabulary) - 1] if isinstance(vocabulary, list) else []
    numbers += vocabulary.values() if isinstance(vocabulary, dict) else []
    numbers += [token.get("id") for token in added if isinstance(token, dict)] if isinstance(added, list) else []
    return max((number for number in numbers if isinstance(number, int)), default=-1) + 1
