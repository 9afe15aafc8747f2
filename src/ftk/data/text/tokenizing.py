"""Runs a tokenizer over any number of texts."""

from __future__ import annotations

import logging
from collections.abc import Iterator, Sequence
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from ftk.contracts import finding_kinds as kinds
from ftk.contracts.notes import Notes
from ftk.data.text.plain_text import plain_text

_AT_ONCE = 1024
"""Texts that the tokenizer gets at once; it works on them in parallel."""


def tokenized(
    tokenizer: Any,
    texts: Sequence[str],
    *,
    offsets: bool = False,
    kind: Literal["text", "text_target"] = "text",
    masks: bool = False,
    notes: Notes | None = None,
) -> Iterator[tuple[NDArray[np.int32], Any]]:
    """The sub-words of each text, without special tokens, and their offsets.

    Special tokens that a text spells out are read as text.

    Args:
        tokenizer: of transformers.
        texts: any number of them.
        offsets: whether to return the characters of each sub-word, as the tokenizer gives them; else they are None.
        kind: ``text`` for what is read, ``text_target`` for what is written: some tokenizers have two vocabularies.
        masks: whether the mask token in a text is a mask.
        notes: counts the texts that spell out a special token.
    """
    plain = plain_text(tokenizer, masks=masks)
    # The tokenizer warns of texts longer than the model takes; ftk reads those in windows, or counts and reports them.
    logging.getLogger("transformers.tokenization_utils_base").setLevel(logging.ERROR)
    for begin in range(0, len(texts), _AT_ONCE):
        part = list(texts[begin : begin + _AT_ONCE])
        encoding = tokenizer(
            **{kind: part},
            add_special_tokens=False,
            return_offsets_mapping=offsets,
            return_attention_mask=False,
            return_token_type_ids=False,
            verbose=False,
        )
        places = encoding["offset_mapping"] if offsets else [None] * len(encoding["input_ids"])
        for text, ids, place in zip(part, encoding["input_ids"], places, strict=True):
            if plain.concerns(text, ids):
                if notes is not None:
                    _note(plain.spelled(text, ids), notes)
                ids, place = plain.encode(text, kind)
            yield np.asarray(ids, dtype=np.int32), place


def _note(names: list[str], notes: Notes) -> None:
    for name in names:
        notes.add(kinds.SPECIAL_TOKEN_IN_TEXT, token=name if name.isprintable() else repr(name))
