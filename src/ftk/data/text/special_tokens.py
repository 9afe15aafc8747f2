"""The special tokens that a tokenizer puts around texts, and what ftk requires of a tokenizer."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from ftk.contracts import finding_kinds as kinds
from ftk.contracts.notes import Notes
from ftk.errors import ModelError, first_line

_RARE = ("\U00010005", "\U00010300", "\U00010437", "\U00010800")
"""Characters that hardly any vocabulary of words or pieces has."""


def require_offsets(tokenizer: Any) -> None:
    """Refuse a tokenizer that is not from the tokenizers library, for a task that places its results in the text.

    Raises:
        ModelError: it is not.
    """
    if not getattr(tokenizer, "is_fast", False):
        raise ModelError(
            f"the tokenizer {type(tokenizer).__name__} reports no character offsets, which this task needs: a model "
            "with a tokenizer.json is needed. Tasks on whole texts, such as text-classification, do without."
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


def note_special_tokens(tokenizer: Any, notes: Notes) -> None:
    """Report special tokens that a tokenizer lacks, or does not use.

    A token for what the vocabulary lacks that only the vocabulary knows of is made known to the tokenizer.

    Args:
        tokenizer: of transformers.
        notes: collect what is missing.

    Raises:
        ModelError: it stops at words that its vocabulary lacks.
    """
    name = type(tokenizer).__name__
    try:
        framed, bare = tokenizer("a")["input_ids"], tokenizer("a", add_special_tokens=False)["input_ids"]
        read = [tokenizer(text, add_special_tokens=False)["input_ids"] for text in _RARE]
    except Exception as error:  # the library raises plain exceptions
        raise ModelError(
            f"the tokenizer {name} stops at words that its vocabulary lacks ({first_line(error)}): it has no unknown "
            "token. Give its vocabulary one, or use another model."
        ) from error
    if tokenizer.unk_token_id is None:
        found = {token for ids in read for token in tokenizer.convert_ids_to_tokens(ids)}
        if len(found) == 1 and "unk" in (unknown := found.pop()).lower():
            tokenizer.add_special_tokens({"unk_token": unknown})
        elif not any(read):
            notes.add(kinds.NO_UNKNOWN_TOKEN, tokenizer=name)
    own = [str(token) for token in (tokenizer.cls_token, tokenizer.sep_token) if token is not None]
    if own and framed == bare:
        notes.add(kinds.NO_SPECIAL_TOKENS, tokenizer=name, tokens=" and ".join(own))


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
    ids, types = encoding["input_ids"], encoding["token_type_ids"]
    if getattr(tokenizer, "is_fast", False):
        text = encoding.sequence_ids(0)
        left, right = ([place for place, number in enumerate(text) if number == wanted] for wanted in (0, 1))
    else:
        left = _found(ids, first, 0)
        right = _found(ids, second, left[-1] + 1) if left else []
    if not left or not right or [ids[place] for place in (*left, *right)] != [*first, *second]:
        return None
    between = _array(ids[left[-1] + 1 : right[0]])
    begin = types.index(1) if 1 in types else right[0]
    return PairTokens(_array(ids[: left[0]]), between, _array(ids[right[-1] + 1 :]), right[0] - begin)


def _found(ids: list[int], part: list[int], begin: int) -> list[int]:
    """The places of the first tokens, from a place on, that are the given ones."""
    for at in range(begin, len(ids) - len(part) + 1):
        if part and ids[at : at + len(part)] == part:
            return list(range(at, at + len(part)))
    return []


def _array(ids: list[int]) -> NDArray[np.int32]:
    return np.asarray(ids, dtype=np.int32)
