"""Runs a tokenizer over any number of texts."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator, Sequence
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from ftk.contracts import finding_kinds as kinds
from ftk.contracts.notes import Notes
from ftk.data.text.long_texts import LONG, parts_of, pieces_of
from ftk.data.text.plain_text import plain_text

_AT_ONCE = 1024
"""Texts that the tokenizer gets at once; it works on them in parallel."""
_CHARACTERS = 1 << 21
"""Characters of them, because each token takes some hundred bytes until all are done."""


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

    def run(part: list[str]) -> Iterator[tuple[Any, Any, list[str]]]:
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
                yield *plain.encode(text, kind), plain.spelled(text, ids)
            else:
                yield ids, place, []

    for part in parts_of(texts, _AT_ONCE, _CHARACTERS):
        found = _joined(part[0], run) if len(part[0]) > LONG else run(list(part))
        for ids, place, names in found:
            if notes is not None:
                _note(names, notes)
            yield np.asarray(ids, dtype=np.int32), place


def _joined(
    text: str, run: Callable[[list[str]], Iterator[tuple[Any, Any, list[str]]]]
) -> Iterator[tuple[NDArray[np.int32], NDArray[np.int64] | None, list[str]]]:
    """Yield the sub-words of a long text, which is tokenized in pieces."""
    ids: list[NDArray[np.int32]] = []
    places: list[NDArray[np.int64]] = []
    names: set[str] = set()
    cut = list(pieces_of(text))
    for part in parts_of([piece for _, piece in cut], len(cut), _CHARACTERS):
        begins = [begin for begin, _ in cut[: len(part)]]
        del cut[: len(part)]
        for begin, (found, place, spelled) in zip(begins, run(list(part)), strict=True):
            ids.append(np.asarray(found, dtype=np.int32))
            if place is not None:
                places.append(np.asarray(place, dtype=np.int64).reshape(-1, 2) + begin)
            names.update(spelled)
    yield np.concatenate(ids), np.concatenate(places) if places else None, sorted(names)


def _note(names: list[str], notes: Notes) -> None:
    for name in names:
        notes.add(kinds.SPECIAL_TOKEN_IN_TEXT, token=name if name.isprintable() else repr(name))
