"""Sentences as an encoder reads them, and the sub-words of them that carry a label."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from enum import Enum

import numpy as np
from numpy.typing import NDArray

from ftk.contracts.values import Labels
from ftk.data.examples.sentences import Sentence
from ftk.data.text.scripts import is_spaced, text_of_tokens
from ftk.data.text.word_windows import Encoded, Window, words_of_subwords
from ftk.data.text.words import Words, split_words
from ftk.tasks.token_classification.spacing import Spacing, spaced
from ftk.tasks.token_classification.tagging import Tagging

_IMPOSSIBLE = -1e4
"""The log-probability of a label that a word cannot have."""


class Subwords(Enum):
    """Which sub-words of a word carry its label in training."""

    first = "first"
    all = "all"


@dataclass(slots=True)
class EncodedText:
    """A sentence as it is encoded.

    Attributes:
        text: what the tokenizer reads.
        starts, ends: character offsets of the words in it.
        cuts: the characters before which sub-words are cut.
        inner: the starts and the ends of the words that these words contain, if some contain several.
        heads: [words] which begin a word as training has it, if some do not; only these carry a label.
    """

    text: str
    starts: Sequence[int]
    ends: Sequence[int]
    cuts: Sequence[int] = ()
    inner: tuple[Sequence[int], Sequence[int]] | None = None
    heads: NDArray[np.bool_] | None = None

    @classmethod
    def of(cls, sentence: Sentence, words: Words, spacing: Spacing | None = None) -> EncodedText:
        """The text of a sentence, which is the same whether a row gives it as text or as tokens.

        Tokens of scripts without spaces are joined without spaces, and no sub-word is of two of them; each character in
        them carries a label. In a text, words that are tokens in the training rows have spaces around them, and of
        words that are together one token, such as ``C++``, the first one carries the label.

        Args:
            sentence: the sentence.
            words: how text is split into words.
            spacing: of the tokens in the training rows.
        """
        text, starts, ends = sentence.text, sentence.starts, sentence.ends
        cuts: Sequence[int] = ()
        heads = heads_in(sentence, spacing)
        if sentence.tokens is None:
            if spacing is not None and is_spaced(text):
                text, starts, ends = spaced(text, starts, ends, spacing.missing_in(text))
        elif not is_spaced(text):
            text, starts, ends = text_of_tokens(sentence.tokens)
            cuts = [start for start, end in zip(starts[1:], ends, strict=False) if start == end > 0]
        inner = None
        if sentence.tokens is not None and words.by_character:
            inner = split_words(text, words)
        elif not is_spaced(sentence.text) and (sentence.tokens is not None or words is Words.coarse):
            inner = split_words(text, Words.fine)
            inner = None if len(inner[0]) == len(starts) else inner
        if words is Words.characters:
            cuts = starts if inner is None else inner[0]
        return cls(text, starts, ends, cuts, inner, heads)

    def labelled(self, row: Encoded) -> NDArray[np.bool_] | None:
        """[sub-words] which begin a word of the text, whatever its tokens; None if tokens are its words."""
        if self.inner is None:
            return None
        word = words_of_subwords(self.text, row.spans, *self.inner)
        return first_of_words(word) & (word >= 0)


def with_labels(
    window: Window, labelled: NDArray[np.bool_] | None, heads: NDArray[np.bool_] | None, subwords: Subwords
) -> Window:
    """A window of a row with only those sub-words that carry a label.

    Args:
        window: the window.
        labelled: [sub-words of the row] which carry one although they do not begin a word of the row; None: none.
        heads: [words of the row] which carry one; None: all.
        subwords: which sub-words of a word carry its label.
    """
    if subwords is Subwords.all:
        return window
    kept = first_of_words(window.word)
    if heads is not None:
        kept &= heads[window.word]
    if labelled is not None:
        kept |= labelled[window.position + window.offset]
    return Window(window.input_ids, window.position[kept], window.word[kept], window.offset)


def heads_in(sentence: Sentence, spacing: Spacing | None) -> NDArray[np.bool_] | None:
    """[words] which words of a text stand behind white space, or behind a space that is missing; None if all do, for
    tokens, and for scripts without spaces.

    Args:
        sentence: the sentence.
        spacing: of the tokens in the training rows; None: each word is a token.
    """
    if spacing is None or sentence.tokens is not None or not is_spaced(sentence.text):
        return None
    starts, ends = np.array(sentence.starts, dtype=np.int64), np.array(sentence.ends, dtype=np.int64)
    heads = np.ones(len(starts), dtype=bool)
    heads[1:] = (starts[1:] != ends[:-1]) | np.isin(starts[1:], spacing.missing_in(sentence.text))
    return None if heads.all() else heads


def with_inner_words(
    word: NDArray[np.int32], scores: NDArray[np.float32], heads: NDArray[np.bool_], further: NDArray[np.int64]
) -> tuple[NDArray[np.int32], NDArray[np.float32]]:
    """Words with those that are one token with them, which go on with what they begin.

    Args:
        word: [words] the numbers of words that begin a token.
        scores: [words, labels] their log-probabilities.
        heads: [words of the row] which begin a token.
        further: for each label, the one that further words have.

    Returns:
        The numbers of all words of these tokens, and their log-probabilities.
    """
    ends = np.append(np.flatnonzero(heads), len(heads))
    sizes = ends[np.searchsorted(ends, word, side="right")] - word
    head = np.repeat(np.arange(len(word)), sizes)
    place = np.arange(len(head)) - np.repeat(np.cumsum(sizes) - sizes, sizes)
    later = np.full_like(scores, -np.inf)
    order = np.argsort(further, kind="stable")
    # Labels that go on alike are added one after the other: all first ones, all second ones.
    turn = np.empty(len(order), dtype=np.int64)
    turn[order] = np.arange(len(order)) - np.searchsorted(further[order], further[order])
    for number in range(int(turn.max()) + 1):
        label = np.flatnonzero(turn == number)
        later[:, further[label]] = np.logaddexp(later[:, further[label]], scores[:, label])
    later = np.maximum(later, np.float32(_IMPOSSIBLE))
    found = np.where((place > 0)[:, None], later[head], scores[head])
    return (word[head] + place).astype(word.dtype), found


def first_of_words(word: NDArray[np.int32]) -> NDArray[np.bool_]:
    """[sub-words] whether each is the first of its word, given the word of each."""
    first = np.ones(len(word), dtype=bool)
    first[1:] = word[1:] != word[:-1]
    return first


def shares_subword(position: NDArray[np.int32], word: NDArray[np.int32]) -> NDArray[np.bool_]:
    """[sub-words] whether each is the sub-word of the word before it as well."""
    shares = np.zeros(len(word), dtype=bool)
    shares[1:] = (position[1:] == position[:-1]) & (word[1:] != word[:-1])
    return shares


def joint_scores(
    scores: NDArray[np.float32], first: NDArray[np.bool_], further: NDArray[np.int64]
) -> NDArray[np.float32]:
    """[words, labels] log-probabilities of words, to which all of their sub-words contribute.

    Args:
        scores: [sub-words, labels] log-probabilities.
        first: [sub-words] whether each is the first of its word.
        further: for each label, the one that further sub-words of the word have.
    """
    begin = np.flatnonzero(first)
    together = np.add.reduceat(np.where(first[:, None], scores, scores[:, further]), begin, axis=0)
    joint = together - np.logaddexp.reduce(together, axis=-1, keepdims=True)
    alone = np.diff(np.append(begin, len(first))) == 1
    result: NDArray[np.float32] = np.where(alone[:, None], scores[begin], joint)
    return result


@dataclass(frozen=True, slots=True)
class Targets:
    """Makes the targets of windows.

    Attributes:
        labels: of the model.
        tagging: what tags mean.
        continued: [labels + 1] for each label, the label of the further sub-words of its word. The last one is for
            unknown labels, and is unknown.
        goes_on: [labels + 1] whether a label can only go on with what the word before it began.
    """

    labels: Labels
    tagging: Tagging
    continued: NDArray[np.int32]
    goes_on: NDArray[np.bool_]

    @classmethod
    def of(cls, labels: Labels, tagging: Tagging) -> Targets:
        """The targets of a model with these labels."""
        further = [tagging.continued(name) for name in labels.names]
        begins = {name for name, after in zip(labels.names, further, strict=True) if name != after}
        inner = {tagging.continued(name) for name in begins}
        goes_on = [name in inner for name in labels.names]
        return cls(
            labels,
            tagging,
            np.array([*(labels.ids[name] for name in further), -1], dtype=np.int32),
            np.array([*goes_on, False]),
        )

    def of_words(self, tags: Sequence[str]) -> NDArray[np.int32]:
        """[words] the labels of tags; -1 for one that the model does not know."""
        ids = self.labels.ids
        return np.array([ids.get(tag, -1) for tag in tags], dtype=np.int32)

    def of_window(self, window: Window, words: NDArray[np.int32]) -> NDArray[np.int32]:
        """[sub-words] the label that each of them learns.

        Of words that share a sub-word, those that go on with an entity have the label of the word before, so that one
        tag stands for all of them.
        """
        target = words[window.word]
        target = np.where(first_of_words(window.word), target, self.continued[target])
        for place in np.flatnonzero(shares_subword(window.position, window.word)).tolist():
            if self.goes_on[target[place]]:
                target[place] = target[place - 1]
        return target

    def parted(self, window: Window, tags: Sequence[str]) -> int:
        """The number of words whose tag a sub-word cannot have beside that of the word before, which it also covers."""
        places = np.flatnonzero(shares_subword(window.position, window.word)).tolist()
        word = window.word
        return sum(self.tagging.parts(tags[word[place - 1]], tags[word[place]]) for place in places)
