"""What a tokenizer puts around text, and which of its tokens are not text."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ftk.data.subwords import special_tokens
from ftk.errors import ModelError


@dataclass(frozen=True, slots=True)
class Frame:
    """How blocks of text are framed, and what masking has to know of the vocabulary.

    Attributes:
        prefix: before a text.
        suffix: behind it; its first token also parts documents.
        pair: before, between and behind two texts; None where the tokenizer knows no pairs.
        mask_id: the mask token.
        is_special: [vocabulary] which tokens are never masked.
        ordinary: the tokens that a masked one may be replaced by at random.
    """

    prefix: NDArray[np.int32]
    suffix: NDArray[np.int32]
    pair: tuple[NDArray[np.int32], NDArray[np.int32], NDArray[np.int32]] | None
    mask_id: int
    is_special: NDArray[np.bool_]
    ordinary: NDArray[np.int64]

    @classmethod
    def of(cls, tokenizer: Any) -> Frame:
        """What a tokenizer does, found by trying.

        Raises:
            ModelError: it has no mask token.
        """
        if tokenizer.mask_token_id is None:
            raise ModelError(
                f"the tokenizer {type(tokenizer).__name__} has no mask token: this is no model that fills masks, and "
                "it cannot be pretrained by masking."
            )
        prefix, suffix = special_tokens(tokenizer)
        size = len(tokenizer)
        is_special = np.zeros(size, dtype=np.bool_)
        is_special[list(tokenizer.all_special_ids)] = True
        return cls(prefix, suffix, _pair(tokenizer), tokenizer.mask_token_id, is_special, np.flatnonzero(~is_special))


def _pair(tokenizer: Any) -> tuple[NDArray[np.int32], NDArray[np.int32], NDArray[np.int32]] | None:
    left, right = (tokenizer(text, add_special_tokens=False)["input_ids"] for text in ("a", "b"))
    ids = tokenizer("a", "b")["input_ids"]
    special = set(tokenizer.all_special_ids)
    inner = [position for position, token in enumerate(ids) if token not in special]
    if [ids[position] for position in inner] != [*left, *right] or not inner:
        return None
    between = inner[len(left) - 1] + 1
    parts = ids[: inner[0]], ids[between : inner[len(left)]], ids[inner[-1] + 1 :]
    before, middle, behind = (np.asarray(part, dtype=np.int32) for part in parts)
    return (before, middle, behind) if len(middle) else None
