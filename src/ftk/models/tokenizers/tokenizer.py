"""Loads the tokenizer of a model folder, and checks that it is the one that its files describe."""

import importlib.util
import shutil
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from ftk.contracts.notes import Notes
from ftk.data.text.special_tokens import note_special_tokens
from ftk.errors import ModelError, numbered
from ftk.models.files.needed import kind_of_folder, read_values
from ftk.models.files.untrusted_folder import check_untrusted_folder
from ftk.models.tokenizers.tokenizer_files import WHOLE, check_has_tokenizer, no_tokenizer, not_loaded
from ftk.models.tokenizers.tokenizer_of_file import PROBES, as_in_file

_OPTIONAL = ("tokenizer_file", "tokenizer_config_file", "normalizer_file", "target_vocab_file")
"""Files of tokenizer classes that a tokenizer may lack."""
_OTHER_NAMES = ("tokenizer.model*", "tekken.json", "tiktoken.model", "*.tiktoken")
"""Vocabularies that transformers finds under other names than those that a class lists."""


def load_tokenizer(folder: Path | str, notes: Notes | None = None) -> Any:
    """Loads the tokenizer of a model folder.

    Args:
        folder: of a model.
        notes: collect what the user should know about it.

    Raises:
        ModelError: the folder has no usable tokenizer.
    """
    from transformers import AutoTokenizer

    folder = Path(folder)
    check_untrusted_folder(folder)
    check_has_tokenizer(folder)
    notes = Notes() if notes is None else notes
    tokenizer: Any = None
    try:
        tokenizer = AutoTokenizer.from_pretrained(str(folder), trust_remote_code=False, local_files_only=True)
    except Exception as error:  # any of several libraries may fail here; each failure means the same to the user
        if not (folder / WHOLE).is_file():
            raise ModelError(_why_not(folder, error)) from error
        failure = error
    if tokenizer is not None:
        if not hasattr(tokenizer, "is_fast"):
            raise ModelError(f"{folder}: {type(tokenizer).__name__} is no tokenizer of texts.")
        _check_complete(folder, tokenizer)
    if (folder / WHOLE).is_file():
        tokenizer = as_in_file(folder, tokenizer, notes)
    elif tokenizer.is_fast:
        tokenizer = _as_saved(folder, tokenizer)
    if tokenizer is None:
        raise ModelError(_why_not(folder, failure)) from failure
    for name in ("is_local", "local_files_only"):  # these describe the loading, not the tokenizer, but would be saved
        tokenizer.init_kwargs.pop(name, None)
    _check_content(folder, tokenizer)
    note_special_tokens(tokenizer, notes)
    return tokenizer


def _as_saved(folder: Path, tokenizer: Any) -> Any:
    """A tokenizer made of a vocabulary file as it is read from the ``tokenizer.json`` that it is saved in.

    Some classes put special tokens around a text only when they read that file; a model must be trained with the
    tokens that it predicts with.
    """
    from transformers import AutoTokenizer

    with TemporaryDirectory() as saved:
        tokenizer.save_pretrained(saved)
        if (folder / "config.json").is_file():
            shutil.copy(folder / "config.json", saved)
        again: Any = AutoTokenizer.from_pretrained(saved, trust_remote_code=False, local_files_only=True)
        again = as_in_file(Path(saved), again, Notes())
    if again(list(PROBES))["input_ids"] == tokenizer(list(PROBES))["input_ids"]:
        return tokenizer
    again.name_or_path = again.init_kwargs["name_or_path"] = tokenizer.name_or_path
    return again


def _why_not(folder: Path, error: Exception) -> str:
    """Why a tokenizer cannot be loaded, and what helps."""
    whole = (folder / WHOLE).is_file()
    pieces = [] if whole else [path.name for pattern in ("*.model", "*.spm") for path in sorted(folder.glob(pattern))]
    files = [] if whole or pieces else _missing(folder, _class_of(folder))
    if files:
        return no_tokenizer(folder, f"{' and '.join(files)} {'are' if len(files) > 1 else 'is'} missing")
    libraries = [name for name in ("sentencepiece", "google.protobuf") if not _is_installed(name)]
    if libraries and (pieces or "sentencepiece" in str(error).lower()):
        what = f"{pieces[0]} is a SentencePiece model" if pieces else "its tokenizer is one of SentencePiece"
        return f"{folder}: {what}, and the libraries that read it are not installed: pip install 'ftk[sentencepiece]'."
    return not_loaded(folder, error)


def _is_installed(module: str) -> bool:
    try:
        return importlib.util.find_spec(module) is not None
    except ModuleNotFoundError:  # the package around it
        return False


def _check_complete(folder: Path, tokenizer: Any) -> None:
    """Refuses a tokenizer that was made without its files: transformers makes an empty vocabulary then.

    Raises:
        ModelError: files that its class lists are missing.
    """
    kind = type(tokenizer)
    if (folder / WHOLE).is_file() or _is_generic(kind):
        return
    missing, needed = _missing(folder, kind), _needed(kind)
    if not tokenizer.is_fast and len(missing) < max(1, len(needed)):
        return  # the class itself fails if it cannot do without
    if missing or not needed:
        names = " and ".join(missing or [WHOLE])
        found = f"{names} {'are' if len(missing) > 1 else 'is'} missing, which {kind.__name__} reads"
        raise ModelError(no_tokenizer(folder, f"{found}, and so is {WHOLE}" if missing else found))


def _needed(kind: Any) -> dict[str, str]:
    """The vocabulary files of a tokenizer class, by what they are for."""
    try:
        names = getattr(kind, "vocab_files_names", {})
    except ImportError:  # a stand-in for a class that needs a library
        names = {}
    return {key: str(name) for key, name in names.items() if key not in _OPTIONAL}


def _missing(folder: Path, kind: Any) -> list[str]:
    needed = _needed(kind).items()
    return [name for key, name in needed if not (folder / name).is_file() and not _has_other(folder, key)]


def _class_of(folder: Path) -> Any:
    """The class of transformers for the tokenizer of a folder, by its configs; None if they name none."""
    import transformers
    from transformers.models.auto.tokenization_auto import TOKENIZER_MAPPING_NAMES

    named = read_values(folder / "tokenizer_config.json").get("tokenizer_class")
    name = named or TOKENIZER_MAPPING_NAMES.get(str(kind_of_folder(folder)))
    return getattr(transformers, str(name), None) or getattr(transformers, str(name).removesuffix("Fast"), None)


def _is_generic(kind: type) -> bool:
    from transformers import PreTrainedTokenizerFast

    return kind is PreTrainedTokenizerFast


def _has_other(folder: Path, key: str) -> bool:
    return key == "vocab_file" and any(next(folder.glob(pattern), None) for pattern in _OTHER_NAMES)


def _check_content(folder: Path, tokenizer: Any) -> None:
    """Refuses a vocabulary of nothing but special tokens.

    Raises:
        ModelError: it has no word.
    """
    if not type(tokenizer).vocab_files_names:  # its vocabulary is bytes or code points
        return
    special = set(tokenizer.all_special_tokens)
    if len(tokenizer) <= len(special) and special.issuperset(tokenizer.get_vocab()):
        entries = numbered(len(tokenizer), "entry", "entries")
        why = f"the vocabulary of {type(tokenizer).__name__} has {entries}, all special"
        raise ModelError(no_tokenizer(folder, why))
