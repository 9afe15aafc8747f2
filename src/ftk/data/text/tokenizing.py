"""Runs a tokenizer over any number of texts."""

from __future__ import annotations

import logging
from collections.abc import Iterator, Sequence
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

_AT_ONCE = 1024
"""Texts that the tokenizer gets at once; it works on them in parallel."""


def tokenized(
    tokenizer: Any, texts: Sequence[str], *, offsets: bool = False, kind: Literal["text", "text_target"] = "text"
) -> Iterator[tuple[NDArray[np.int32], Any]]:
    """The sub-words of each text, without special tokens, and their offsets.

    Args:
        tokenizer: of transformers.
        texts: any number of them.
        offsets: whether to return the characters of each sub-word, as the tokenizer gives them; else they are None.
        kind: ``text`` for what is read, ``text_target`` for what is written: some tokenizers have two vocabularies.
    """
    # The tokenizer warns of texts longer than the model takes; ftk reads those in windows, or counts and reports them.
    logging.getLogger("transformers.tokenization_utils_base").setLevel(logging.ERROR)
    for begin in range(0, len(texts), _AT_ONCE):
        encoding = tokenizer(
            **{kind: list(texts[begin : begin + _AT_ONCE])},
            add_special_tokens=False,
            return_offsets_mapping=offsets,
            return_attention_mask=False,
            return_token_type_ids=False,
            verbose=False,
        )
        places = encoding["offset_mapping"] if offsets else [None] * len(encoding["input_ids"])
        for ids, place in zip(encoding["input_ids"], places, strict=True):
            yield np.asarray(ids, dtype=np.int32), place
