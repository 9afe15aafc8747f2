"""Finds the rows of a split whose label is likely wrong."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import groupby
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from ftk.checking.suspects.heads import OF_WORDS, cross_fitted, cross_fitted_words_of_texts, folds
from ftk.checking.suspects.scoring import Judged, judged, share_of, with_training
from ftk.data.examples.sentences import Sentence
from ftk.data.examples.tags import OUTSIDE, entities
from ftk.data.examples.texts import TextExample
from ftk.errors import DataError
from ftk.report.dynamics import Dynamics, identities

if TYPE_CHECKING:
    from ftk.inference.states.frozen import FrozenEncoder


_SURE = 30.0
"""The odds of a row without words."""


@dataclass(frozen=True, slots=True)
class DoubtfulSpan:
    """A part of a text whose label is likely wrong.

    Attributes:
        start, end: its characters.
        text: these characters.
        given: its label; None if it has none.
        suggested: the label that it would have; None if it would have none.
        likely: how likely the label is, between 0 and 1.
    """

    start: int
    end: int
    text: str
    given: str | None
    suggested: str | None
    likely: float


@dataclass(frozen=True, slots=True)
class Suspect:
    """A row whose label is likely wrong.

    Attributes:
        example: the row.
        number: of the row, from 0.
        score: between 0 and 1; the lower, the more suspect.
        given: its label; None for a row of spans.
        suggested: the label that it would have; None for a row of spans.
        spans: what is doubtful in a row of spans, the least likely first.
        by_heads: how likely the label is by the heads alone.
        by_training: the mean probability that training gave the label; None if it did not see the row.
    """

    example: Any
    number: int
    score: float
    given: str | None
    suggested: str | None
    spans: tuple[DoubtfulSpan, ...]
    by_heads: float
    by_training: float | None


@dataclass(frozen=True, slots=True, eq=False)
class Suspects:
    """The rows of a split, by how likely their labels are.

    Attributes:
        score: [rows] of all rows, between 0 and 1; ``argsort`` gives the most suspect ones first.
        estimate: about how many rows have a wrong label, by confident learning.
        found: the rows for which another label is likelier, the most suspect first.
        by_heads: [rows] the same as ``score`` by the heads alone.
        labels: [items] the classes of all texts, or of all words.
        probabilities: [items, classes] what the heads say of them.
    """

    score: NDArray[np.float64]
    estimate: int
    found: tuple[Suspect, ...]
    by_heads: NDArray[np.float64]
    labels: NDArray[np.int64]
    probabilities: NDArray[np.float32]


def find_suspects(examples: Sequence[Any], encoder: FrozenEncoder | None, dynamics: Dynamics | None = None) -> Suspects:
    """The rows whose label is likely wrong.

    Args:
        examples: labelled rows of one split: texts with one label, or sentences with tags.
        encoder: gives the states that heads are fitted on; None: TF-IDF, which needs no weights, for texts alone.
        dynamics: of a run that trained on the rows; None: heads alone decide.

    Raises:
        DataError: the rows have no labels of such a kind, or fewer than two of them.
    """
    examples = list(examples)
    if examples and all(isinstance(one, TextExample) and isinstance(one.target, str) for one in examples):
        found: _Texts | _Sentences = _Texts.of(examples, encoder)
    elif examples and all(isinstance(one, Sentence) and one.tags is not None for one in examples):
        found = _Sentences.of(examples, encoder)
    else:
        raise DataError(
            "suspects: they are found in texts with one label each, and in sentences with spans or tags; this task has "
            "neither. Leave the key out."
        )
    training = np.full(len(examples), np.nan)
    if dynamics is not None:
        training, _ = dynamics.of(identities(examples))
    odds, rank = found.odds_of_rows()
    score = share_of(with_training(rank, training))
    doubtful = with_training(odds, training) < 0
    suspects = tuple(
        found.suspect(
            row,
            score=float(score[row]),
            by_heads=float(share_of(odds[row])),
            by_training=None if np.isnan(training[row]) else float(training[row]),
        )
        for row in np.argsort(score, kind="stable").tolist()
        if doubtful[row]
    )
    return Suspects(score, found.estimate(), suspects, share_of(rank), found.labels, found.probabilities)


@dataclass(frozen=True, slots=True, eq=False)
class _Texts:
    """Texts with one label each."""

    examples: Sequence[TextExample]
    names: Sequence[str]
    labels: NDArray[np.int64]
    probabilities: NDArray[np.float32]
    judged: Judged

    @classmethod
    def of(cls, examples: Sequence[TextExample], encoder: FrozenEncoder | None) -> _Texts:
        names, labels = _numbered([example.target for example in examples])
        fold = folds(labels.tolist(), [example.key for example in examples])
        pairs = [example.pair or "" for example in examples] if any(one.pair is not None for one in examples) else None
        texts = [example.text for example in examples]
        if encoder is None:
            whole = [example.key for example in examples]
            probabilities = cross_fitted_words_of_texts(whole, labels, fold, len(names))
        else:
            probabilities = cross_fitted(np.asarray(encoder.states(texts, pairs)), labels, fold, len(names))
        return cls(examples, names, labels, probabilities, judged(probabilities, labels))

    def odds_of_rows(self) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        """[rows] the odds of the labels, and [rows] those that rows are ranked by: the same."""
        return self.judged.odds, self.judged.odds

    def estimate(self) -> int:
        found = self.judged.confident
        return int(np.count_nonzero((found >= 0) & (found != self.labels)))

    def suspect(self, row: int, **scores: Any) -> Suspect:
        return Suspect(
            self.examples[row],
            row,
            given=self.names[self.labels[row]],
            suggested=self.names[self.judged.other[row]],
            spans=(),
            **scores,
        )


@dataclass(frozen=True, slots=True, eq=False)
class _Sentences:
    """Sentences with a tag for each word. Of tags of spans, the types are judged: they say what a word belongs to."""

    examples: Sequence[Sentence]
    names: Sequence[str]
    labels: NDArray[np.int64]
    starts: NDArray[np.int64]
    probabilities: NDArray[np.float32]
    judged: Judged
    spans: bool

    @classmethod
    def of(cls, examples: Sequence[Sentence], encoder: FrozenEncoder | None) -> _Sentences:
        if encoder is None:
            raise DataError(
                "suspects: words are judged by the states of an encoder; name one, such as model=minilm, or model=auto "
                "model.name=<folder or hub id>."
            )
        tags = [example.tags or () for example in examples]
        spans = all(tag == OUTSIDE or tag[:2] in ("B-", "I-") for row in tags for tag in row)
        kind: Callable[[str], str] = (lambda tag: tag[2:] or OUTSIDE) if spans else str
        names, labels = _numbered([kind(tag) for row in tags for tag in row])
        starts = np.cumsum([0, *map(len, tags)])
        rarest = np.bincount(labels)
        of_rows = [int(min(part, key=lambda label: rarest[label], default=0)) for part in _parts(labels, starts)]
        fold = folds(of_rows, [example.key for example in examples])
        states, found = encoder.word_states(
            [example.text for example in examples],
            [(one.starts, one.ends) for one in examples],
            layers=encoder.word_layers,
        ).units()
        assert np.array_equal(found, starts)
        of_words = np.repeat(fold, np.diff(starts))
        probabilities = cross_fitted(states, labels, of_words, len(names), OF_WORDS)
        return cls(examples, names, labels, starts, probabilities, judged(probabilities, labels), spans)

    def odds_of_rows(self) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        """[rows] the odds of the least likely word of each row; and [rows] the same against other words of its label,
        by which rows are ranked."""
        odds, rank = (
            np.array([part.min(initial=_SURE) for part in _parts(values, self.starts)])
            for values in (self.judged.odds, self.judged.relative)
        )
        return odds, rank

    def estimate(self) -> int:
        wrong = (self.judged.confident >= 0) & (self.judged.confident != self.labels)
        return sum(bool(part.any()) for part in _parts(wrong, self.starts))

    def suspect(self, row: int, **scores: Any) -> Suspect:
        spans = sorted(self._doubtful(row), key=lambda span: span.likely)
        return Suspect(self.examples[row], row, given=None, suggested=None, spans=tuple(spans), **scores)

    def _doubtful(self, row: int) -> list[DoubtfulSpan]:
        """The words whose label is less likely than another one; of neighbours with the same two labels, one span.

        If no word is doubtful, since training alone makes the row suspect, it is the least likely word.
        """
        example, begin = self.examples[row], int(self.starts[row])
        words = np.arange(begin, int(self.starts[row + 1]))
        odds = self.judged.odds[words]
        doubtful = words[odds <= max(0.0, float(odds.min()))]
        owner = self._owners(row)

        def parts(word: int) -> tuple[int, int, int, int]:
            run = word - int(np.searchsorted(doubtful, word))
            return int(self.labels[word]), int(self.judged.other[word]), int(owner[word - begin]), run

        found = []
        for (given, other, _, _), group in groupby(doubtful.tolist(), parts):
            own = list(group)
            first, last = own[0] - begin, own[-1] - begin
            start, end = example.starts[first], example.ends[last]
            found.append(
                DoubtfulSpan(
                    start,
                    end,
                    example.text[start:end],
                    self._name(given),
                    self._name(other),
                    float(share_of(self.judged.odds[own].min())),
                )
            )
        return found

    def _owners(self, row: int) -> NDArray[np.int64]:
        """[words] the number of the span that each word is in; -1 outside of spans, so that two spans stay apart."""
        tags = self.examples[row].tags or ()
        owner = np.full(len(tags), -1)
        for number, (_, first, end) in enumerate(entities(tags) if self.spans else ()):
            owner[first:end] = number
        return owner

    def _name(self, label: int) -> str | None:
        name = self.names[label]
        return None if self.spans and name == OUTSIDE else name


def _numbered(labels: Sequence[str]) -> tuple[list[str], NDArray[np.int64]]:
    """The names of the labels, sorted, and [items] the number of each.

    Raises:
        DataError: all are the same.
    """
    names = sorted({*labels})
    if len(names) < 2:
        raise DataError(f"suspects: all labels are {names[0] if names else 'missing'}; there is nothing to compare.")
    numbers = {name: number for number, name in enumerate(names)}
    return names, np.array([numbers[label] for label in labels], dtype=np.int64)


def _parts(values: NDArray[Any], starts: NDArray[np.int64]) -> list[NDArray[Any]]:
    return np.split(values, starts[1:-1])
