"""The two kinds of tags: those that mark spans of words, and those that each word has by itself."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Collection, Iterator, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from ftk.contracts.protocols import Metric
from ftk.contracts.values import Labels, UnseenLabel
from ftk.data.examples.sentences import Sentence
from ftk.data.examples.tags import OUTSIDE, Scheme, entities, iob2_labels
from ftk.data.rows.label_names import in_order
from ftk.errors import DataError, ModelError
from ftk.tasks import finding_kinds as kinds
from ftk.tasks.token_classification.confidence import SPANS, TOKENS
from ftk.tasks.token_classification.entity_metric import EntityMetric, lenient_entities
from ftk.tasks.token_classification.gold import gold_spans, placed
from ftk.tasks.token_classification.tag_metric import TagMetric

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from ftk.contracts.confidence import Confidence
    from ftk.contracts.notes import Notes
    from ftk.tasks.token_classification.decoding import Rows, TagPrediction, TokenPrediction

_KNOWN_SHOWN = 20
"""Types or tags of the model that a message names."""


class Tagging(ABC):
    """All that depends on whether tags mark spans or belong to single tokens.

    Attributes:
        score: the metric by which the best model is chosen.
        demo: the folder of the demo corpus.
        confidence: the probabilities in predictions.
    """

    score: str
    demo: str
    confidence: Confidence

    @abstractmethod
    def labels(self, examples: Sequence[Sentence]) -> Labels:
        """The labels of the training split.

        Raises:
            DataError: there is nothing to learn.
        """

    @abstractmethod
    def check_names(self, labels: Labels) -> None:
        """Refuse the labels of a model that was trained with the other kind of tags.

        Raises:
            ModelError: the labels are of the other kind.
        """

    @abstractmethod
    def known(self, labels: Labels) -> list[str]:
        """What a model with these labels can find: types of spans, or tags."""

    @abstractmethod
    def unknown(self, example: Sentence, known: Collection[str]) -> Iterator[UnseenLabel]:
        """Yield the labels of a sentence that are not among the known ones, without the values that all share."""

    def unseen(self, examples: Sequence[Sentence], labels: Labels, split: str) -> Iterator[UnseenLabel]:
        """Yield the labels of the sentences of a split that do not occur in training."""
        known = self.known(labels)
        shown = ", ".join(known[:_KNOWN_SHOWN]) + (", …" if len(known) > _KNOWN_SHOWN else "") or "no type"
        names = frozenset(known)
        for example in examples:
            for found in self.unknown(example, names):
                yield replace(found, values={**found.values, "part": split, "known": shown})

    @abstractmethod
    def kind(self, tag: str) -> str:
        """The class of a tag: what ``task.class_weights`` names."""

    @abstractmethod
    def continued(self, tag: str) -> str:
        """The tag of the further sub-words of a word with this tag."""

    @abstractmethod
    def parts(self, before: str, after: str) -> bool:
        """Whether a sub-word of two words cannot have the tags of both."""

    @abstractmethod
    def shared(
        self, scores: NDArray[np.float32], shares: NDArray[np.bool_], names: Sequence[str]
    ) -> NDArray[np.float32]:
        """[words, tags] log-probabilities, where ``shares`` says which words have the sub-word of the word before."""

    @abstractmethod
    def decode(self, rows: Rows, names: Sequence[str]) -> Sequence[Any]:
        """One prediction per row."""

    @abstractmethod
    def metric(self, labels: Labels) -> Metric:
        """A fresh metric."""

    @abstractmethod
    def result(self, example: Sentence, prediction: Any) -> dict[str, Any]:
        """The prediction as a record has it."""

    @abstractmethod
    def gold(self, example: Sentence, scheme: Scheme) -> dict[str, Any]:
        """The labels of the row as a record has them; empty if the row gives none."""


class _EntityScores:
    """Entity scores of sentences and their predictions."""

    def __init__(self, types: Sequence[str]) -> None:
        self._metric = EntityMetric(types)

    def update(self, example: Sentence, prediction: TagPrediction) -> None:
        assert example.tags is not None
        self._metric.update(
            example.tags,
            prediction.tags,
            prediction.raw,
            unmarked=example.unmarked,
            overlapped=example.overlapped,
            widened=example.widened,
        )

    def compute(self) -> dict[str, Any]:
        return self._metric.compute()

    def judge(self, notes: Notes) -> None:
        self._metric.judge(notes)


class SpanTags(Tagging):
    """Spans in IOB2: entities, chunks, slots."""

    score = "f1"
    demo = "ner"
    confidence = SPANS

    def labels(self, examples: Sequence[Sentence]) -> Labels:
        kinds = {tag[2:] for example in examples for tag in example.tags or () if tag != OUTSIDE}
        if not kinds:
            raise DataError("data.train: no row has an entity; there is nothing to learn.")
        return Labels(tuple(iob2_labels(kinds)))

    def check_names(self, labels: Labels) -> None:
        if set(labels.names) != set(iob2_labels(self.known(labels))):
            shown = ", ".join(labels.names[:10]) + (", …" if len(labels.names) > 10 else "")
            raise ModelError(
                f"task=ner (task.units=spans): the model gives each token its own tag ({shown}), and marks no spans. "
                "It was trained with task.units=tokens: task=token-classification."
            )

    def known(self, labels: Labels) -> list[str]:
        return sorted({name[2:] for name in labels.names if name != OUTSIDE})

    def unknown(self, example: Sentence, known: Collection[str]) -> Iterator[UnseenLabel]:
        for kind, first, last in entities(example.tags or ()):
            if kind not in known:
                place = example.row.where_token(first)
                if example.tokens is None:
                    place = f"{example.row.where}: {example.text[example.starts[first] : example.ends[last - 1]]!r}"
                yield UnseenLabel(kinds.UNSEEN_ENTITY, place, {"label": kind})

    def kind(self, tag: str) -> str:
        return tag if tag == OUTSIDE else tag[2:]

    def continued(self, tag: str) -> str:
        # Only the first sub-word begins an entity: B-PER continues as I-PER.
        return f"I{tag[1:]}" if tag[0] == "B" else tag

    def parts(self, before: str, after: str) -> bool:
        return after[0] == "B" or (before != OUTSIDE and after == OUTSIDE)

    def shared(
        self, scores: NDArray[np.float32], shares: NDArray[np.bool_], names: Sequence[str]
    ) -> NDArray[np.float32]:
        from ftk.tasks.token_classification.decoding import spread_over_words

        return spread_over_words(scores, shares, names)

    def decode(self, rows: Rows, names: Sequence[str]) -> list[TagPrediction]:
        from ftk.tasks.token_classification.decoding import decode_rows

        return decode_rows(rows, names)

    def metric(self, labels: Labels) -> _EntityScores:
        return _EntityScores(self.known(labels))

    def result(self, example: Sentence, prediction: TagPrediction) -> dict[str, Any]:
        """For a row that is scored also what ``f1_conlleval`` counts, if decoding has changed it: ``raw_tags``, or for
        a row of text the ``raw_entities`` that it reads in them."""
        from ftk.tasks.token_classification.decoding import entity_records

        found = entity_records(example.text, example.starts, example.ends, prediction)
        repaired = example.tags is not None and prediction.raw != prediction.tags
        raw: dict[str, Any] = {}
        if example.tokens is not None:
            raw = {"raw_tags": prediction.raw} if repaired else {}
            return {"tokens": example.tokens, "tags": prediction.tags, **raw, "entities": found}
        lenient = sorted(lenient_entities(prediction.raw), key=lambda entity: entity[1:]) if repaired else []
        raw = {"raw_entities": placed(example, lenient)} if repaired else {}
        return {"text": example.text, "entities": found, **raw}

    def gold(self, example: Sentence, scheme: Scheme) -> dict[str, Any]:
        found = gold_spans(example, scheme)
        if found is None:
            return {}
        if example.tokens is None:
            return {"gold_entities": found}
        annotated = [*entities(example.tags or ()), *example.overlapped]
        overlapping = {"gold_entities": placed(example, sorted(annotated, key=lambda one: (one[1], -one[2], one[0])))}
        return {"gold_tags": found, **(overlapping if example.overlapped else {})}


class _TagScores:
    """Tag scores of sentences and their predictions."""

    def __init__(self, known: Sequence[str]) -> None:
        self._metric = TagMetric(known)

    def update(self, example: Sentence, prediction: TokenPrediction) -> None:
        assert example.tags is not None
        self._metric.update(example.tags, prediction.tags)

    def compute(self) -> dict[str, Any]:
        return self._metric.compute()

    def judge(self, notes: Notes) -> None:
        self._metric.judge(notes)


class TokenTags(Tagging):
    """A tag for each token, as the file has it: parts of speech, for instance."""

    score = "accuracy"
    demo = "token-classification"
    confidence = TOKENS

    def labels(self, examples: Sequence[Sentence]) -> Labels:
        found = in_order(tag for example in examples for tag in example.tags or ())
        if len(found) < 2:
            raise DataError(f"data.train: all tokens have one tag, {found[0]}; there is nothing to learn.")
        return Labels(found)

    def check_names(self, labels: Labels) -> None:
        return

    def known(self, labels: Labels) -> list[str]:
        return list(labels.names)

    def unknown(self, example: Sentence, known: Collection[str]) -> Iterator[UnseenLabel]:
        for number, tag in enumerate(example.tags or ()):
            if tag not in known:
                yield UnseenLabel(kinds.UNSEEN_TAG, f"{example.row.where_token(number)}: {tag}")

    def kind(self, tag: str) -> str:
        return tag

    def continued(self, tag: str) -> str:
        return tag

    def parts(self, before: str, after: str) -> bool:
        return before != after

    def shared(
        self, scores: NDArray[np.float32], shares: NDArray[np.bool_], names: Sequence[str]
    ) -> NDArray[np.float32]:
        return scores

    def decode(self, rows: Rows, names: Sequence[str]) -> list[TokenPrediction]:
        from ftk.tasks.token_classification.decoding import decode_tokens

        return decode_tokens(rows, names)

    def metric(self, labels: Labels) -> _TagScores:
        return _TagScores(labels.names)

    def gold(self, example: Sentence, scheme: Scheme) -> dict[str, Any]:
        found = example.gold if example.tags is None else example.tags
        return {} if found is None else {"gold_tags": found}

    def result(self, example: Sentence, prediction: TokenPrediction) -> dict[str, Any]:
        from ftk.tasks.token_classification.decoding import tag_scores

        scores = tag_scores(prediction)
        if example.tokens is not None:
            return {"tokens": example.tokens, "tags": prediction.tags, "scores": scores}
        places = zip(example.starts, example.ends, prediction.tags, scores, strict=True)
        tags = [
            {"start": start, "end": end, "text": example.text[start:end], "tag": tag, "score": score}
            for start, end, tag, score in places
        ]
        return {"text": example.text, "tags": tags}
