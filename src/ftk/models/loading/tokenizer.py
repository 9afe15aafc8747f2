"""The tokenizer in a model folder."""

from pathlib import Path
from typing import Any

from ftk.errors import ModelError, first_line
from ftk.models.loading.untrusted_folder import check_folder

_FILES = ("tokenizer*", "vocab*", "merges.txt", "*.model", "*.spm")
"""What a folder with a tokenizer has, in any way that transformers writes them."""


def load_tokenizer(folder: Path | str) -> Any:
    """The tokenizer in a model folder.

    Raises:
        ModelError: the folder has none that can be used.
    """
    from transformers import AutoTokenizer

    check_folder(Path(folder))
    try:
        tokenizer: Any = AutoTokenizer.from_pretrained(str(folder), trust_remote_code=False, local_files_only=True)
    except Exception as error:  # any of several libraries may fail here; each failure means the same to the user
        if not any(next(Path(folder).glob(pattern), None) for pattern in _FILES):
            raise ModelError(f"{folder}: it has no file of a tokenizer, so it is no model of texts.") from error
        reason = first_line(error)
        raise ModelError(f"{folder}: its tokenizer cannot be loaded ({reason}).") from error
    for name in ("is_local", "local_files_only"):  # how it was loaded is not part of what it is; it would be saved
        tokenizer.init_kwargs.pop(name, None)
    return tokenizer
