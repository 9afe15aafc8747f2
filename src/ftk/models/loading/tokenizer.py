"""Loads the tokenizer of a model folder."""

from pathlib import Path
from typing import Any

from ftk.errors import ModelError, first_line
from ftk.models.loading.untrusted_folder import check_untrusted_folder

_FILES = ("tokenizer*", "vocab*", "merges.txt", "*.model", "*.spm")
"""Files that transformers writes for a tokenizer; a folder has at least one of them."""


def load_tokenizer(folder: Path | str) -> Any:
    """Loads the tokenizer of a model folder.

    Raises:
        ModelError: the folder has no usable tokenizer.
    """
    from transformers import AutoTokenizer

    check_untrusted_folder(Path(folder))
    try:
        tokenizer: Any = AutoTokenizer.from_pretrained(str(folder), trust_remote_code=False, local_files_only=True)
    except Exception as error:  # any of several libraries may fail here; each failure means the same to the user
        if not any(next(Path(folder).glob(pattern), None) for pattern in _FILES):
            raise ModelError(f"{folder}: the folder has no tokenizer files, so it is not a text model.") from error
        raise ModelError(f"{folder}: the tokenizer cannot be loaded ({first_line(error)}).") from error
    for name in ("is_local", "local_files_only"):  # these describe the loading, not the tokenizer, but would be saved
        tokenizer.init_kwargs.pop(name, None)
    return tokenizer
