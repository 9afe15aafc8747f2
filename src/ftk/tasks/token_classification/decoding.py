"""Makes tags and entities of rows from the tag probabilities of their windows."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ftk.data.examples.tags import OUTSIDE, entities
from ftk.tasks.token_classification.viterbi import best_sequences

# The scores of a word without sub-words: its neighbours decide its tag, or it is O.
_UNKNOWN, _UNKNOWN_OUTSIDE = -1.0, -0.9
# How much less likely it is that an entity begins inside a sub-word than that it goes on there.
_LATER = np.float32(0.01)


@dataclass(frozen=True, slots=True)
class TagPrediction:
    """The tags of one row.

    Attributes:
        tags: valid IOB2, one per word.
        raw: the best tag of each word by itself, before decoding.
        scores: the probability of each of ``tags``; NaN for a word that the tokenizer removes.
        sure: [entities] how likely each is right, if that was calibrated; None: the mean of its words' scores.
    """

    tags: list[str]
    raw: list[str]
    scores: NDArray[np.float32]
    sure: NDArray[np.float64] | None = None


@dataclass(frozen=True, slots=True)
class TokenPrediction:
    """The tags of one row, each predicted independently.

    Attributes:
        tags: one per word; None for a word that the tokenizer removes.
        scores: their probabilities; NaN for such a word.
    """

    tags: list[str | None]
    scores: NDArray[np.float32]


Rows = Sequence[tuple[int, Sequence[tuple[NDArray[np.int32], NDArray[np.float32]]]]]
"""For each row its number of words, and for each of its windows the words it owns, with their [words, tags]
log-probabilities."""


def decode_rows(rows: Rows, names: Sequence[str]) -> list[TagPrediction]:
    """One prediction per row, its windows merged.

    Args:
        rows: the windows of each.
        names: the tags, in the order of the columns.
    """
    outside = list(names).index(OUTSIDE)
    scores, seen = [], []
    for num_words, windows in rows:
        row = np.full((num_words, len(names)), _UNKNOWN, dtype=np.float32)
        row[:, outside] = _UNKNOWN_OUTSIDE
        read = np.zeros(num_words, dtype=bool)
        for words, log_probabilities in windows:
            row[words] = log_probabilities
            read[words] = True
        scores.append(row)
        seen.append(read)
    predictions = []
    for row, read, path in zip(scores, seen, best_sequences(scores, names), strict=True):
        raw = np.where(read, row.argmax(-1), outside) if len(row) else path
        probability = np.where(read, np.exp(row[np.arange(len(path)), path]), np.nan)
        predictions.append(TagPrediction([names[tag] for tag in path], [names[tag] for tag in raw], probability))
    return predictions


def decode_tokens(rows: Rows, names: Sequence[str]) -> list[TokenPrediction]:
    """One prediction per row, its windows merged: the likeliest tag of each word.

    Args:
        rows: the windows of each.
        names: the tags, in the order of the columns.
    """
    predictions = []
    for num_words, windows in rows:
        tags: list[str | None] = [None] * num_words
        scores = np.full(num_words, np.nan, dtype=np.float32)
        for words, log_probabilities in windows:
            scores[words] = np.exp(log_probabilities.max(-1))
            for word, best in zip(words.tolist(), log_probabilities.argmax(-1).tolist(), strict=True):
                tags[word] = names[best]
        predictions.append(TokenPrediction(tags, scores))
    return predictions


def entity_records(
    text: str, starts: Sequence[int], ends: Sequence[int], prediction: TagPrediction
) -> list[dict[str, Any]]:
    """The entities of a row with their character offsets; see ``scores_of_entities``."""
    found = []
    for (kind, first, last), score in zip(entities(prediction.tags), scores_of_entities(prediction), strict=True):
        start, end = starts[first], ends[last - 1]
        written = round(float(score), 6)
        found.append({"label": kind, "start": start, "end": end, "text": text[start:end], "score": written})
    return found


def scores_of_entities(prediction: TagPrediction) -> NDArray[np.float64]:
    """[entities] how likely each is right: the mean probability of its words' tags, unless it was calibrated; 0 for an
    entity of words that the tokenizer removes."""
    if prediction.sure is not None:
        return prediction.sure
    found = []
    for _, first, last in entities(prediction.tags):
        known = prediction.scores[first:last][~np.isnan(prediction.scores[first:last])]
        found.append(float(known.mean()) if len(known) else 0.0)
    return np.array(found, dtype=np.float64)


def tag_scores(prediction: TokenPrediction) -> list[float | None]:
    """The probability of each tag as records have it; None if there is no tag."""
    return [None if np.isnan(score) else round(float(score), 6) for score in prediction.scores]


def spread_over_words(
    scores: NDArray[np.float32], shares: NDArray[np.bool_], names: Sequence[str]
) -> NDArray[np.float32]:
    """The scores of words of spans where a word shares its sub-word with the word before it.

    A sub-word with B- begins an entity, which its further words continue. An entity that begins with one of them is
    still possible, if the words around demand it.

    Args:
        scores: [words, tags] log-probabilities of the sub-word of each word.
        shares: [words] whether it is the sub-word of the word before as well.
        names: the tags, in the order of the columns.
    """
    begins, insides = _begins_and_insides(tuple(names))
    spread, rows = scores.copy(), np.flatnonzero(shares)[:, None]
    spread[rows, insides] = np.minimum(np.logaddexp(scores[rows, begins], scores[rows, insides]), 0)
    spread[rows, begins] -= _LATER
    return spread


@lru_cache(maxsize=4)
def _begins_and_insides(names: tuple[str, ...]) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """[types] the numbers of the B- and of the I- tags."""
    number = {name: at for at, name in enumerate(names)}
    pairs = [(number[f"B{name[1:]}"], inside) for name, inside in number.items() if name[0] == "I"]
    table = np.array(pairs, dtype=np.int64).reshape(-1, 2)
    return table[:, 0], table[:, 1]
