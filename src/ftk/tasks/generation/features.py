"""Sources and targets as tokens, for any tokenizer: one window of a source, and the beginning of a long target."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ftk.contracts.notes import Notes
from ftk.contracts.values import WindowPlan
from ftk.data.batching.features import Features
from ftk.data.text.special_tokens import special_tokens
from ftk.data.text.tokenizing import tokenized
from ftk.errors import ConfigError, DataError, ModelError


@dataclass(frozen=True, slots=True)
class SequenceFeatures(Features):
    """Sources in ``input_ids`` and, for labelled rows, targets in ``labels``.

    Attributes:
        tokenizer: decodes what is generated.
    """

    tokenizer: Any = None

    @property
    def lengths(self) -> NDArray[np.int64]:
        """[windows] the number of tokens of the source and of the target."""
        lengths = self.columns["input_ids"].lengths
        return lengths + self.columns["labels"].lengths if "labels" in self.columns else lengths

    def tokens_in_use(self) -> NDArray[np.int64]:
        """[tokens] The distinct tokens of sources and targets, and all special tokens (a target begins with one of
        them), ascending."""
        special = [self.pad_id, *self.tokenizer.all_special_ids]
        parts = [self.columns[name].distinct(*special) for name in ("input_ids", "labels") if name in self.columns]
        return np.unique(np.concatenate(parts))


class SequenceEncoder:
    """Encodes sources and targets with one tokenizer.

    Args:
        tokenizer: of an encoder-decoder, or of the encoder that it is made of.
        plan: of the windows; the first window of a source is read.
        prefix: is put before each source.
        longest: the number of tokens of a target that are learned, special ones included.
        notes: collect what is noticed about texts.

    Raises:
        ConfigError: nothing of a target fits into ``longest``.
        DataError: nothing of a source fits into a window.
        ModelError: the tokenizer needs to know the languages, or ends no text.
    """

    def __init__(
        self, tokenizer: Any, plan: WindowPlan, *, prefix: str, longest: int, notes: Notes | None = None
    ) -> None:
        if hasattr(tokenizer, "src_lang"):
            raise ModelError(
                f"the tokenizer {type(tokenizer).__name__} needs to know the languages of its texts, which ftk does "
                "not set; take a model of one pair of languages."
            )
        self.tokenizer = tokenizer
        self.prefix = prefix
        self.longest = longest
        self.notes = notes
        self._before, self._after = special_tokens(tokenizer)
        before, self._end = special_tokens(tokenizer, "text_target")
        if not len(self._end):
            raise ModelError(
                f"the tokenizer {type(tokenizer).__name__} puts nothing at the end of a text: a model could not learn "
                "where to end."
            )
        # The model puts the first token of a decoder there. A token that tokenizers put before every text, such as
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
        """Yield each source as it is read, and whether it was longer; None if it is empty after tokenization."""
        prefixed = [self.prefix + text for text in texts]
        for text, (ids, _) in zip(texts, tokenized(self.tokenizer, prefixed, notes=self.notes), strict=True):
            if not len(ids) or not text.strip():
                yield None, False
                continue
            shown = ids[: self.capacity]
            yield np.concatenate([self._before, shown, self._after]), len(ids) > self.capacity

    def targets(self, texts: Sequence[str]) -> Iterator[tuple[NDArray[np.int32], bool]]:
        """Each target as it is learned, and whether it was longer; a longer target is learned without an end token."""
        for ids, _ in tokenized(self.tokenizer, texts, kind="text_target", notes=self.notes):
            whole = np.concatenate([self._begin, ids, self._end])
            yield whole[: self.longest], len(ids) > self._room
