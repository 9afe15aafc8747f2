"""The special tokens around blocks of text, and the tokens that masking may use."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ftk.data.text.special_tokens import pair_tokens, require_offsets, special_tokens
from ftk.errors import ModelError


@dataclass(frozen=True, slots=True)
class BlockFrame:
    """The special tokens around blocks, and the parts of the vocabulary that masking needs.

    Attributes:
        prefix: before a text.
        suffix: after it; its first token also separates documents.
        pair: before, between and after two texts; None if the tokenizer has no form for pairs.
        mask_id: the mask token.
        pad_id: the padding token.
        is_special: [vocabulary] the tokens that are never masked.
        ordinary: the tokens that may replace a masked token at random.
    """

    prefix: NDArray[np.int32]
    suffix: NDArray[np.int32]
    pair: tuple[NDArray[np.int32], NDArray[np.int32], NDArray[np.int32]] | None
    mask_id: int
    pad_id: int
    is_special: NDArray[np.bool_]
    ordinary: NDArray[np.int64]

    @classmethod
    def of(cls, tokenizer: Any) -> BlockFrame:
        """The frame of a tokenizer, found by encoding texts.

        Raises:
            ModelError: it has no mask token.
        """
        require_offsets(tokenizer)
        if tokenizer.mask_token_id is None:
            raise ModelError(
                f"the tokenizer {type(tokenizer).__name__} has no mask token: the model does not fill masks, and "
                "cannot be pretrained by masking."
            )
        prefix, suffix = special_tokens(tokenizer)
        pair = pair_tokens(tokenizer)
        around_pair = None if pair is None or not len(pair.between) else (pair.before, pair.between, pair.after)
        known = np.array(sorted(set(tokenizer.get_vocab().values())), dtype=np.int64)  # some numbers may be missing
        is_special = np.zeros(int(known[-1]) + 1, dtype=np.bool_)
        is_special[list(tokenizer.all_special_ids)] = True
        return cls(
            prefix,
            suffix,
            around_pair,
            mask_id=tokenizer.mask_token_id,
            pad_id=tokenizer.pad_token_id or 0,
            is_special=is_special,
            ordinary=known[~is_special[known]],
        )
