"""The special tokens that a tokenizer puts around a text, and what ftk requires of a tokenizer."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from ftk.errors import ModelError


def require_offsets(tokenizer: Any) -> None:
    """Refuse a tokenizer that is not one of the tokenizers library.

    Raises:
        ModelError: it is not.
    """
    if not getattr(tokenizer, "is_fast", False):
        raise ModelError(
            f"the tokenizer {type(tokenizer).__name__} reports no character offsets; "
            "a model with a tokenizer.json is needed."
        )


def special_tokens(tokenizer: Any) -> tuple[NDArray[np.int32], NDArray[np.int32]]:
    """What the tokenizer puts before and after one text, found by encoding one."""
    bare = tokenizer("a", add_special_tokens=False)["input_ids"]
    full = tokenizer("a")["input_ids"]
    for begin in range(len(full) - len(bare) + 1):
        if full[begin : begin + len(bare)] == bare:
            return (
                np.asarray(full[:begin], dtype=np.int32),
                np.asarray(full[begin + len(bare) :], dtype=np.int32),
            )
    raise ModelError(f"the tokenizer {type(tokenizer).__name__} changes a text when it adds special tokens to it.")
