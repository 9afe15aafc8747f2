"""Sources and targets as tokens, for any tokenizer: one window of a source, and a target up to so many tokens."""

from __future__ import annotations

import logging
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ftk.contracts.values import WindowPlan
from ftk.data.batching.features import Features
from ftk.errors import ConfigError, DataError, ModelError

_AT_ONCE = 1024
"""Texts handed to the tokenizer at once; it works on them in parallel."""


@dataclass(frozen=True, slots=True)
class SequenceFeatures(Features):
    """Sources, and beside them in ``labels`` the targets, where there are some.

    Attributes:
        tokenizer: which makes text of what is generated.
    """

    tokenizer: Any = None

    @property
    def lengths(self) -> NDArray[np.int64]:
        """Tokens of the source and of the target."""
        lengths = self.columns["input_ids"].lengths
        return lengths + self.columns["labels"].lengths if "labels" in self.columns else lengths

    def tokens_in_use(self, pad_id: int) -> NDArray[np.int64]:
        """[tokens] the tokens of sources and targets and all special tokens (a target begins with one of them), each
        once, in rising order."""
        parts = [self.columns[name].values for name in ("input_ids", "labels") if name in self.columns]
        return np.unique(np.concatenate([*parts, np.array([pad_id, *self.tokenizer.all_special_ids])])).astype(np.int64)


class SequenceEncoder:
    """Encodes sources and targets with one tokenizer.

    Args:
        tokenizer: of an encoder-decoder, or of the encoder that one is made of.
        plan: of the windows, of which the first one is read.
        prefix: what is put before each source.
        longest: tokens that are learned of a target, special ones included.

    Raises:
        ConfigError: nothing of a target fits into ``longest``.
        DataError: nothing of a source fits into a window.
        ModelError: the tokenizer has to be told the languages, or ends no text.
    """

    def __init__(self, tokenizer: Any, plan: WindowPlan, *, prefix: str, longest: int) -> None:
        if hasattr(tokenizer, "src_lang"):
            raise ModelError(
                f"the tokenizer {type(tokenizer).__name__} has to be told the languages of its texts, which ftk does "
                "not do; take a model of one pair of languages."
            )
        self.tokenizer = tokenizer
        self.prefix = prefix
        self.longest = longest
        self._before, self._after = _around(tokenizer, "text")
        before, self._end = _around(tokenizer, "text_target")
        if not len(self._end):
            raise ModelError(
                f"the tokenizer {type(tokenizer).__name__} puts nothing at the end of a text: a model could not learn "
                "where to end."
            )
        # What a decoder begins with is put there by the model. A token that tokenizers put before every text, as
        # [CLS], is no part of a target; one that begins a text is, as in BART.
        self._begin = before[before == tokenizer.bos_token_id] if tokenizer.bos_token_id is not None else before[:0]
        self.capacity = plan.length - len(self._before) - len(self._after)
        if self.capacity < 1:
            raise DataError(
                f"data.max_length={plan.length} leaves no room for text beside {plan.length - self.capacity} special "
                "tokens; set a larger one."
            )
        self._room = longest - len(self._begin) - len(self._end)
        if self._room < 1:
            raise ConfigError(f"task.max_target_length={longest}: no token fits in beside the special ones.")

    def sources(self, texts: Sequence[str]) -> Iterator[tuple[NDArray[np.int32] | None, bool]]:
        """Each source as it is read, and whether it is longer than that; None where the tokenizer leaves nothing."""
        prefixed = [self.prefix + text for text in texts]
        for text, ids in zip(texts, _encoded(self.tokenizer, "text", prefixed), strict=True):
            if not len(ids) or not text.strip():
                yield None, False
                continue
            shown = ids[: self.capacity]
            yield np.concatenate([self._before, shown, self._after]), len(ids) > self.capacity

    def targets(self, texts: Sequence[str]) -> Iterator[tuple[NDArray[np.int32], bool]]:
        """Each target as it is learned, and whether it is longer than that; of one that is, no end is learned."""
        for ids in _encoded(self.tokenizer, "text_target", texts):
            whole = np.concatenate([self._begin, ids, self._end])
            yield whole[: self.longest], len(ids) > self._room


def _encoded(tokenizer: Any, kind: str, texts: Sequence[str]) -> Iterator[NDArray[np.int32]]:
    """The tokens of each text, without special ones.

    Args:
        tokenizer: any.
        kind: text for what is read, text_target for what is written; some tokenizers have a vocabulary for each.
        texts: some.
    """
    # A text that is longer than one window is counted and said; the tokenizer need not warn of it.
    logging.getLogger("transformers.tokenization_utils_base").setLevel(logging.ERROR)
    for begin in range(0, len(texts), _AT_ONCE):
        part = list(texts[begin : begin + _AT_ONCE])
        found = tokenizer(**{kind: part}, add_special_tokens=False, return_attention_mask=False, verbose=False)
        for ids in found["input_ids"]:
            yield np.asarray(ids, dtype=np.int32)


def _around(tokenizer: Any, kind: str) -> tuple[NDArray[np.int32], NDArray[np.int32]]:
    """What the tokenizer puts before and after one text, found by encoding one."""
    bare = tokenizer(**{kind: "a"}, add_special_tokens=False)["input_ids"]
    full = tokenizer(**{kind: "a"})["input_ids"]
    for begin in range(len(full) - len(bare) + 1):
        if full[begin : begin + len(bare)] == bare:
            before, after = full[:begin], full[begin + len(bare) :]
            return np.asarray(before, dtype=np.int32), np.asarray(after, dtype=np.int32)
    raise ModelError(f"the tokenizer {type(tokenizer).__name__} changes a text when it adds special tokens to it.")
