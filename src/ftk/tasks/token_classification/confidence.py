"""How likely each entity is right, or each tag."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import numpy as np

from ftk.contracts.confidence import Shape
from ftk.data.examples.sentences import Sentence
from ftk.data.examples.tags import entities

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from ftk.tasks.token_classification.decoding import TagPrediction, TokenPrediction


class _Answers:
    """What both kinds of tags have in common."""

    shape = Shape.answers

    def decision(self, prediction: Any) -> tuple[str, ...]:
        return tuple(prediction.tags)

    def moved(self, task: Any, temperature: float, before: Sequence[Any], after: Sequence[Any]) -> Any:
        """The task itself: there are no thresholds."""
        return task


@dataclass(frozen=True, slots=True)
class SpanConfidence(_Answers):
    """The entities of a row, as ``ftk.contracts.confidence.Confidence``: an entity is right if its type, its first and
    its last word are."""

    def names(self, prediction: TagPrediction) -> list[str]:
        return [kind for kind, _, _ in entities(prediction.tags)]

    def scores(self, prediction: TagPrediction) -> NDArray[np.float64]:
        from ftk.tasks.token_classification.decoding import scores_of_entities

        return scores_of_entities(prediction)

    def gold(self, example: Sentence, prediction: TagPrediction) -> NDArray[np.bool_]:
        gold = {*entities(example.tags or ()), *example.overlapped}
        return np.array([found in gold for found in entities(prediction.tags)], dtype=bool)

    def rescored(self, prediction: TagPrediction, scores: NDArray[np.float64]) -> TagPrediction:
        return replace(prediction, sure=scores)


@dataclass(frozen=True, slots=True)
class TokenConfidence(_Answers):
    """The tags of a row, as ``ftk.contracts.confidence.Confidence``; a word that the tokenizer removes has none."""

    def names(self, prediction: TokenPrediction) -> list[str]:
        return [tag for tag in prediction.tags if tag is not None]

    def scores(self, prediction: TokenPrediction) -> NDArray[np.float64]:
        return prediction.scores[self._there(prediction)].astype(np.float64)

    def gold(self, example: Sentence, prediction: TokenPrediction) -> NDArray[np.bool_]:
        pairs = zip(example.tags or (), prediction.tags, strict=True)
        return np.array([gold == tag for gold, tag in pairs if tag is not None], dtype=bool)

    def rescored(self, prediction: TokenPrediction, scores: NDArray[np.float64]) -> TokenPrediction:
        changed = prediction.scores.copy()
        changed[self._there(prediction)] = scores
        return replace(prediction, scores=changed)

    @staticmethod
    def _there(prediction: TokenPrediction) -> NDArray[np.bool_]:
        return np.array([tag is not None for tag in prediction.tags], dtype=bool)


SPANS, TOKENS = SpanConfidence(), TokenConfidence()
