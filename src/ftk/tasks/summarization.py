"""A short text that says what a long one says."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from typing import ClassVar

from ftk.contracts.notes import Notes
from ftk.contracts.values import Labels
from ftk.tasks.generation.metrics import ROUGE_WORDS, RougeMetric, require, rouge_words
from ftk.tasks.generation.sequence_task import SequenceTask


@dataclass(kw_only=True)
class Summarization(SequenceTask):
    """Summaries. The fields are described in ``configs/task/summarization.yaml``."""

    demo: ClassVar[str | None] = "summarization"
    score: ClassVar[str] = "rougeL"

    rouge_words: str
    rouge_stemmer: bool

    def faults(self) -> Iterator[str]:
        yield from super().faults()
        if self.rouge_words not in ("auto", *ROUGE_WORDS):
            yield f"task.rouge_words={self.rouge_words}: it is auto, {', '.join(ROUGE_WORDS)}."

    def check_scores(self) -> None:
        require("rouge_score", for_what="ROUGE", install="rouge-score")

    def with_words(self, references: Iterable[str], notes: Notes) -> Summarization:
        if self.rouge_words != "auto":
            return self
        words = rouge_words(references)
        if words != ROUGE_WORDS[0]:
            notes.say(f"ROUGE takes words by the script of the targets: task.rouge_words={words}")
        return replace(self, rouge_words=words)

    def metric(self, labels: Labels | None) -> RougeMetric:
        return RougeMetric(words=self.rouge_words, stemmer=self.rouge_stemmer)
