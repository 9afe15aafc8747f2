"""Scores of a masked language model, in constant memory."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

from ftk.errors import DataError


@dataclass(slots=True)
class BlockScore:
    """The scores of one block: sums over its masked tokens."""

    loss: float
    right: int
    masked: int
    pair_loss: float = 0.0
    pair_right: int = 0


class MaskedMetric:
    """Perplexity and accuracy at the masked tokens; for pairs also the accuracy of next-sentence prediction."""

    def __init__(self, *, pairs: bool) -> None:
        self._pairs = pairs
        self._total = BlockScore(0.0, 0, 0)
        self._blocks = 0

    def update(self, example: int, prediction: BlockScore) -> None:
        """Count one block."""
        total = self._total
        total.loss += prediction.loss
        total.right += prediction.right
        total.masked += prediction.masked
        total.pair_loss += prediction.pair_loss
        total.pair_right += prediction.pair_right
        self._blocks += 1

    def compute(self) -> dict[str, Any]:
        """``perplexity`` and ``accuracy`` at the masked tokens, and the number of these.

        Raises:
            DataError: no token was masked, so there is nothing to score.
        """
        total = self._total
        if not total.masked:
            raise DataError(
                "these texts cannot be scored: no token of them can be masked, for all of them are unknown to the "
                "vocabulary. Texts and vocabulary do not belong together."
            )
        mean = total.loss / total.masked
        scores: dict[str, Any] = {
            "perplexity": math.exp(mean) if mean < 700 else None,
            "accuracy": total.right / total.masked,
        }
        if self._pairs:
            scores["mlm_loss"] = mean
            scores["next_sentence_loss"] = total.pair_loss / max(1, self._blocks)
            scores["next_sentence_accuracy"] = total.pair_right / max(1, self._blocks)
        return {**scores, "masked_tokens": total.masked}
