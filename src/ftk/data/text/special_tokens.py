"""The special tokens that a tokenizer puts around texts, and what ftk requires of a tokenizer."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from ftk.errors import ModelError


def require_offsets(tokenizer: Any) -> None:
    """Refuse a tokenizer that is not from the tokenizers library.

    Raises:
        ModelError: it is not.
    """
    if not getattr(tokenizer, "is_fast", False):
        raise ModelError(
            f"the tokenizer {type(tokenizer).__name__} reports no character offsets; "
            "a model with a tokenizer.json is needed."
        )


def special_tokens(
    tokenizer: Any, kind: Literal["text", "text_target"] = "text"
) -> tuple[NDArray[np.int32], NDArray[np.int32]]:
    """The special tokens before and after one text, found by encoding one.

    Args:
        tokenizer: of transformers.
        kind: ``text`` for what is read, ``text_target`` for what is written.

    Raises:
        ModelError: the tokenizer changes a text when it adds special tokens.
    """
    bare = tokenizer(**{kind: "a"}, add_special_tokens=False)["input_ids"]
    full = tokenizer(**{kind: "a"})["input_ids"]
    for begin in range(len(full) - len(bare) + 1):
        if full[begin : begin + len(bare)] == bare:
            return _array(full[:begin]), _array(full[begin + len(bare) :])
    raise ModelError(f"the tokenizer {type(tokenizer).__name__} changes a text when it adds special tokens to it.")


@dataclass(frozen=True, slots=True)
class PairTokens:
    """The special tokens around two texts.

    Attributes:
        before, between, after: the tokens.
        second_segment: how many of those between the texts belong to the second segment.
    """

    before: NDArray[np.int32]
    between: NDArray[np.int32]
    after: NDArray[np.int32]
    second_segment: int


def pair_tokens(tokenizer: Any) -> PairTokens | None:
    """The special tokens around two texts, found by encoding two; None if the tokenizer changes or swaps the texts."""
    first, second = (tokenizer(text, add_special_tokens=False)["input_ids"] for text in ("a", "b"))
    encoding = tokenizer("a", "b", return_token_type_ids=True)
    ids, types, text = encoding["input_ids"], encoding["token_type_ids"], encoding.sequence_ids(0)
    left, right = ([place for place, number in enumerate(text) if number == wanted] for wanted in (0, 1))
    if not left or not right or [ids[place] for place in (*left, *right)] != [*first, *second]:
        return None
    between = _array(ids[left[-1] + 1 : right[0]])
    begin = types.index(1) if 1 in types else right[0]
    return PairTokens(_array(ids[: left[0]]), between, _array(ids[right[-1] + 1 :]), right[0] - begin)


def _array(ids: list[int]) -> NDArray[np.int32]:
    return np.asarray(ids, dtype=np.int32)
