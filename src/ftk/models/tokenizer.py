"""The tokenizer in a model folder."""

from pathlib import Path
from typing import Any

from ftk.errors import ModelError


def load_tokenizer(folder: Path | str) -> Any:
    """The tokenizer in a model folder.

    Raises:
        ModelError: the folder has none that can be used.
    """
    from transformers import AutoTokenizer

    try:
        return AutoTokenizer.from_pretrained(str(folder), trust_remote_code=False, local_files_only=True)
    except Exception as error:  # any of several libraries may fail here; each failure means the same to the user
        reason = str(error).strip().splitlines()[0] if str(error).strip() else type(error).__name__
        raise ModelError(f"{folder}: its tokenizer cannot be loaded ({reason}).") from error
