"""What a tokenizer puts around text, and which of its tokens are not text."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ftk.data.text.special_tokens import require_offsets, special_tokens
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
        pad_id: what short blocks are padded with.
        ordinary: the tokens that a masked one may be replaced by at random.
    """

    prefix: NDArray[np.int32]
    suffix: NDArray[np.int32]
    pair: tuple[NDArray[np.int32], NDArray[np.int32], NDArray[np.int32]] | None
    mask_id: int
    pad_id: int
    is_special: NDArray[np.bool_]
    ordinary: NDArray[np.int64]

    @classmethod
    def of(cls, tokenizer: Any) -> Frame:
        """What a tokenizer does, found by trying.

        Raises:
            ModelError: it has no mask token.
        """
        require_offsets(tokenizer)
        if tokenizer.mask_token_id is None:
            raise ModelError(
                f"the tokenizer {type(tokenizer).__name__} has no mask token: this is no model that fills masks, and "
                "it cannot be pretrained by masking."
            )
        prefix, suffix = special_tokens(tokenizer)
        known = np.array(sorted(set(tokenizer.get_vocab().values())), dtype=np.int64)  # some numbers may be missing
        is_special = np.zeros(int(known[-1]) + 1, dtype=np.bool_)
        is_special[list(tokenizer.all_special_ids)] = True
        return cls(
            prefix,
            suffix,
            _pair(tokenizer),
            mask_id=tokenizer.mask_token_id,
            pad_id=tokenizer.pad_token_id or 0,
            is_special=is_special,
            ordinary=known[~is_special[known]],
        )


def _pair(tokenizer: Any) -> tuple[NDArray[np.int32], NDArray[np.int32], NDArray[np.int32]] | None:
    left, right = (tokenizer(text, add_special_tokens=False)["input_ids"] for text in ("a", "b"))
    encoding = tokenizer("a", "b")
    ids, text = encoding["input_ids"], encoding.sequence_ids(0)
    first, second = ([place for place, number in enumerate(text) if number == wanted] for wanted in (0, 1))
    if not first or not second or [ids[place] for place in (*first, *second)] != [*left, *right]:
        return None
    parts = ids[: first[0]], ids[first[-1] + 1 : second[0]], ids[second[-1] + 1 :]
    before, middle, behind = (np.asarray(part, dtype=np.int32) for part in parts)
    return (before, middle, behind) if len(middle) else None
