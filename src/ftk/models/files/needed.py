"""Chooses which files of a model its classes need: config, weights, and what the class of its tokenizer lists."""

import contextlib
import json
import re
from collections.abc import Collection, Iterable
from pathlib import Path
from typing import Any

from ftk.models.files.weights import INDEX, WEIGHTS

CONFIG = "config.json"
TOKENIZER_CONFIG = "tokenizer_config.json"
MANIFEST = "ftk.json"
READ_FIRST = (CONFIG, TOKENIZER_CONFIG, INDEX, MANIFEST)
"""Files that say which others are needed."""

SENTENCE_CONFIG = "config_sentence_transformers.json"
SENTENCE_SETTINGS = tuple(
    f"sentence_{name}_config.json"
    for name in ("bert", "roberta", "distilbert", "camembert", "albert", "xlm-roberta", "xlnet")
)
"""Files of sentence encoders: prompts and similarity; and the length of the encoder, under one of these names."""

_OF_MODELS = (CONFIG, "generation_config.json", "preprocessor_config.json", "processor_config.json", MANIFEST)
_ALWAYS = (*_OF_MODELS, "modules.json", SENTENCE_CONFIG, *SENTENCE_SETTINGS)
_OF_EVERY_TOKENIZER = (TOKENIZER_CONFIG, "tokenizer.json", "special_tokens_map.json", "added_tokens.json")
_VOCABULARIES = (
    *("bpe.codes", "byte_maps.json", "dict.txt", "emoji.json", "entity_vocab.json", "merges.txt", "normalizer.json"),
    *("prophetnet.tokenizer", "sentencepiece.bpe.model", "sentencepiece.model", "source.spm", "spiece.model"),
    *("spm.model", "spm_char.model", "target.spm", "target_vocab.json", "tekken.json", "tiktoken.model"),
    *("tokenizer.model", "vocab-src.json", "vocab-tgt.json", "vocab.json", "vocab.txt"),
    *("word_pronunciation.json", "word_shape.json"),
)
"""Vocabularies of all tokenizers of transformers, for one whose class is not known or cannot be imported."""
_POOLING = re.compile(r"[^/]*Pooling/config\.json")
"""How a sentence encoder makes a vector of the states of its tokens: a file in a sub-folder."""
_MOST_BYTES = 1 << 26
"""A JSON file that is larger says nothing here; it is refused where it is read."""


def needed_files(names: Collection[str], values: dict[str, dict[str, Any]], *, weights: Iterable[str]) -> list[str]:
    """The files that a model and its tokenizer are loaded from, of those that there are.

    Args:
        names: all files of the model.
        values: contents of those of ``READ_FIRST`` that there are, by name.
        weights: the files of the weights.
    """
    wanted = {*_ALWAYS, *_OF_EVERY_TOKENIZER, *weights, *vocabularies(names, values)}
    wanted |= set(filter(is_pooling_file, names))
    # ftk verifies every file that a manifest lists.
    listed = values.get(MANIFEST, {}).get("files")
    wanted |= {str(name) for name in listed if not str(name).endswith(".bin")} if isinstance(listed, dict) else set()
    return sorted(wanted & set(names))


def safetensors_files(names: Collection[str], values: dict[str, dict[str, Any]]) -> list[str]:
    """The weights that are read by default, of those that there are: one file, or an index and its shards."""
    if WEIGHTS in names:
        return [WEIGHTS]
    shards = values.get(INDEX, {}).get("weight_map")
    return [INDEX, *sorted({str(name) for name in shards.values()})] if isinstance(shards, dict) else [INDEX]


def is_pooling_file(name: str) -> bool:
    """Whether a name is that of the config of the pooling of a sentence encoder: 1_Pooling/config.json."""
    return _POOLING.fullmatch(name) is not None


def is_of_pooling(folder: Path) -> bool:
    """Whether a folder holds the config of the pooling of a sentence encoder, and nothing else."""
    names = [path.name for path in folder.iterdir()]
    return names == ["config.json"] and is_pooling_file(f"{folder.name}/config.json")


def files_of_pooling(folder: Path) -> set[str]:
    """The configs of the pooling of a sentence encoder in the sub-folders of its folder: 1_Pooling/config.json."""
    found = {f"{path.parent.name}/{path.name}" for path in folder.glob("*/config.json") if path.is_file()}
    return set(filter(is_pooling_file, found))


def vocabularies(names: Collection[str], values: dict[str, dict[str, Any]]) -> set[str]:
    """Names of the files that a tokenizer may read beside those that every tokenizer has."""
    found: set[str] = set()
    for files in _listed_by_classes(values):
        found |= {str(name) for name in files.values()}
    # The tokenizers of newer libraries are chosen by version: tokenizer.4.0.0.json.
    versions = values.get(TOKENIZER_CONFIG, {}).get("fast_tokenizer_files")
    found |= {str(name) for name in versions} if isinstance(versions, list) else set()
    if not found & set(names):
        found |= {*_VOCABULARIES}
    return found


def _listed_by_classes(values: dict[str, dict[str, Any]]) -> list[dict[str, Any]]:
    """The files that the classes list which may read the tokenizer, by their roles."""
    from transformers.models.auto.tokenization_auto import TOKENIZER_MAPPING_NAMES, tokenizer_class_from_name

    config = values.get(CONFIG, {})
    by_type = TOKENIZER_MAPPING_NAMES.get(str(config.get("model_type")))
    names = (values.get(TOKENIZER_CONFIG, {}).get("tokenizer_class"), config.get("tokenizer_class"), by_type)
    found: list[dict[str, Any]] = []
    for name in dict.fromkeys(name for name in names if isinstance(name, str) and name):
        files = None
        with contextlib.suppress(Exception):  # the class may need a library that is not installed
            files = getattr(tokenizer_class_from_name(name), "vocab_files_names", None)
        # Of a class that cannot be asked, any vocabulary may be the one.
        found.append(files if isinstance(files, dict) else {name: name for name in _VOCABULARIES})
    return found


def kind_of_folder(folder: Path) -> str | None:
    """``model_type`` of the config in a folder; None if it cannot be read, which is reported where it is needed."""
    found = read_values(folder / CONFIG).get("model_type")
    return found if isinstance(found, str) else None


def read_values(path: Path) -> dict[str, Any]:
    """The content of a JSON file; empty if it is no object, or cannot be read."""
    try:
        values = json.loads(path.read_text(encoding="utf-8")) if path.stat().st_size <= _MOST_BYTES else {}
    except (OSError, ValueError, RecursionError):
        return {}
    return values if isinstance(values, dict) else {}
