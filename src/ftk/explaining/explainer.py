"""Scores of words: how much each word of a row speaks for what was predicted."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from numpy.typing import NDArray

from ftk.contracts.contexts import Encoding
from ftk.contracts.explanations import Over, Part, ReadsOtherwise, ReadText, Wanted
from ftk.contracts.notes import Notes
from ftk.explaining.asked import Asked
from ftk.explaining.scoring import Scorer
from ftk.inference.checkpoint import Checkpoint


@dataclass(frozen=True, slots=True, eq=False)
class _Job:
    """A part of something wanted, with the words of its window."""

    wanted: tuple[int, int]
    """The number of the row, and of what is wanted of it."""
    part: Part
    words: NDArray[Any]
    """[tokens] the word of each token; -1 for none."""


class Explainer:
    """Explains the predictions of a model.

    Args:
        checkpoint: of the model.
        scorer: runs it.
        asked: what to explain, and how.
    """

    def __init__(self, checkpoint: Checkpoint, scorer: Scorer, asked: Asked) -> None:
        self._checkpoint, self._scorer, self._asked = checkpoint, scorer, asked

    def explain(
        self, examples: Sequence[Any], records: Sequence[dict[str, Any]], notes: Notes
    ) -> list[list[dict[str, Any]]]:
        """For each row what was explained of it, each with ``relevance``: the words and their scores.

        Args:
            examples: the rows.
            records: of their predictions.
            notes: collect what the user should know.

        Raises:
            ConfigError: the task needs a label to be named, or the model has nothing that the method needs.
            ModelError: the tokenizer does not say where its tokens stand in a text.
        """
        if not examples:
            return []
        checkpoint, explains = self._checkpoint, self._asked.explains
        # What is noted about these rows was noted when they were predicted.
        encoding = Encoding(checkpoint.source.processor, None, checkpoint.windows, Notes())
        runs: Any = checkpoint.task
        if isinstance(explains, ReadsOtherwise):
            runs = explains.runs
            examples = [explains.example(example, record) for example, record in zip(examples, records, strict=True)]
        features = runs.features(examples, encoding)
        words = explains.words(examples, encoding)
        assert len(words) == len(features), "a task explains other windows than it makes"
        wanted: list[list[Wanted]] = []
        jobs: list[_Job] = []
        for row, (example, record) in enumerate(zip(examples, records, strict=True)):
            windows = features.windows_of(row, row + 1)
            found = explains.wanted(example, record, windows, features, checkpoint.labels, self._asked.label)
            for number, one in enumerate(found):
                jobs += [_Job((row, number), part, words[part.window]) for part in one.parts]
            wanted.append(found)
        scored = self._scorer.scores(features, [job.part for job in jobs], [job.words for job in jobs], notes)
        merged = _merged(jobs, scored, wanted)
        return [
            [
                {**one.about, "relevance": list(_shown(texts, merged.get((row, number), {})))}
                for number, one in enumerate(found)
            ]
            for row, (found, texts) in enumerate(zip(wanted, map(explains.texts, examples), strict=True))
        ]


def _merged(
    jobs: Sequence[_Job], scored: Sequence[tuple[float, dict[int, float]]], wanted: Sequence[Sequence[Wanted]]
) -> dict[tuple[int, int], dict[int, float]]:
    """The scores of words over all windows, for each thing that is wanted.

    Args:
        jobs: the parts.
        scored: for each of them the number that is explained, and the scores of its words.
        wanted: what they are parts of, by row.
    """
    of_wanted: dict[tuple[int, int], list[int]] = defaultdict(list)
    for number, job in enumerate(jobs):
        of_wanted[job.wanted].append(number)
    merged: dict[tuple[int, int], dict[int, float]] = {}
    for key, numbers in of_wanted.items():
        if wanted[key[0]][key[1]].over is Over.max:
            numbers = [max(numbers, key=lambda number: scored[number][0])]
        alone = len(numbers) == 1
        sums: dict[int, float] = defaultdict(float)
        for number in numbers:
            share = 1.0 if alone else jobs[number].part.share
            for word, score in scored[number][1].items():
                sums[word] += share * score
        merged[key] = sums
    return merged


def _shown(texts: Sequence[ReadText], scores: dict[int, float]) -> Iterator[dict[str, Any]]:
    """The words that the model read, with their scores, in the order of the texts."""
    number = 0
    for text in texts:
        named = {"field": text.name} if len(texts) > 1 else {}
        for start, end in zip(text.starts, text.ends, strict=True):
            if number in scores:
                place = {"start": int(start), "end": int(end), "text": text.text[start:end]}
                yield {**named, **place, "score": float(f"{scores[number]:.6g}")}
            number += 1
