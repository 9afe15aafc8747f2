"""A text of one language as one of another."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from typing import ClassVar

from ftk.contracts.notes import Notes
from ftk.contracts.values import Labels
from ftk.tasks.generation.metrics import BLEU_WORDS, NEEDS_MORE, TranslationMetric, bleu_words, require
from ftk.tasks.generation.sequence_task import SequenceTask


@dataclass(kw_only=True)
class Translation(SequenceTask):
    """Translations. The fields are described in ``configs/task/translation.yaml``."""

    demo: ClassVar[str | None] = "translation"
    score: ClassVar[str] = "bleu"

    bleu_words: str

    def faults(self) -> Iterator[str]:
        yield from super().faults()
        if self.bleu_words not in ("auto", *BLEU_WORDS):
            yield f"task.bleu_words={self.bleu_words}: it is auto, {', '.join(BLEU_WORDS)}."

    def check_scores(self) -> None:
        require("sacrebleu", for_what="BLEU", install="sacrebleu")
        if self.bleu_words in NEEDS_MORE:
            module, install = NEEDS_MORE[self.bleu_words]
            require(module, for_what=f"task.bleu_words={self.bleu_words}", install=install)

    def with_words(self, references: Iterable[str], notes: Notes) -> Translation:
        if self.bleu_words != "auto":
            return self
        words = bleu_words(references)
        if words != BLEU_WORDS[0]:
            notes.say(f"BLEU takes words by the script of the targets: task.bleu_words={words}")
        return replace(self, bleu_words=words)

    def metric(self, labels: Labels | None) -> TranslationMetric:
        return TranslationMetric(words=self.bleu_words)
