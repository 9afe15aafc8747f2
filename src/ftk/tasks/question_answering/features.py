"""Questions and contexts as windows, with the places of the answers in them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ftk.contracts import finding_kinds as kinds
from ftk.contracts.contexts import Encoding
from ftk.contracts.notes import Notes
from ftk.contracts.values import WindowPlan
from ftk.data.batching.features import Features, Ragged
from ftk.data.examples.questions import QuestionExample
from ftk.data.text.text_windows import TextEncoder, TextWindow, takes_segments
from ftk.tasks import finding_kinds as task_kinds
from ftk.tasks.question_answering.answer_spans import Passage

NO_TARGET = -1
"""The position of an answer that no window shows, or that was dropped: nothing is learned from it."""


@dataclass(frozen=True, slots=True)
class QuestionWindows:
    """Makes windows of questions and contexts.

    Attributes:
        allow_no_answer: whether a question may have no answer.
        max_answer_tokens: the number of sub-words that an answer has at most.
    """

    allow_no_answer: bool
    max_answer_tokens: int

    def features(self, examples: Sequence[QuestionExample], encoding: Encoding) -> Features:
        """The windows of some rows.

        ``input_ids``; ``place``, the positions of the context in them; ``begin`` and ``end``, the characters that these
        show; for some tokenizers ``segment``; and with answers ``target``.
        """
        plan, notes = encoding.windows, encoding.notes
        encoder = TextEncoder(encoding.processor, plan, pairs=True, notes=notes)
        contexts = list(dict.fromkeys(example.context for example in examples))
        passages = {
            text: Passage.of(text, ids, offsets)
            for text, (ids, offsets) in zip(contexts, encoder.tokens(contexts, offsets=True), strict=True)
        }
        labelled = encoding.labels is not None and all(example.answers is not None for example in examples)
        questions = encoder.tokens([example.question for example in examples])
        rows: list[int] = []
        names = ("input_ids", "place", "begin", "end", "segment", "target")
        found: dict[str, list[NDArray[Any]]] = {name: [] for name in names}
        for number, (example, (question, _)) in enumerate(zip(examples, questions, strict=True)):
            passage = passages[example.context]
            windows = encoder.windows(question, passage.input_ids)
            if encoder.is_cut(len(question), len(passage.input_ids)):
                notes.add(kinds.CUT_PAIR, example.row.where, most=plan.max_windows)
            self._note(example, passage, len(windows), plan, labelled, notes)
            for window in windows:
                low, high = passage.within(window.second)
                rows.append(number)
                found["input_ids"].append(window.input_ids)
                found["place"].append(passage.shown[low:high] - window.second[0] + window.second_at)
                found["begin"].append(passage.begin[low:high])
                found["end"].append(passage.end[low:high])
                found["segment"].append(np.array([window.segment]))
            if labelled:
                found["target"] += self._targets(example, passage, windows, notes)
        if not takes_segments(encoding.processor):
            del found["segment"]
        if not labelled:
            del found["target"]
        columns = {name: Ragged.of(values) for name, values in found.items()}
        return Features(columns, np.array(rows, dtype=np.int64), encoding.pad_id)

    def _note(
        self, example: QuestionExample, passage: Passage, windows: int, plan: WindowPlan, labelled: bool, notes: Notes
    ) -> None:
        """Count what is read in pieces, and what cannot be answered."""
        if windows > 1:
            notes.add(kinds.LONG_ROW, length=plan.length)
            notes.add(kinds.WINDOWS, number=windows)
        if not len(passage.shown):
            notes.add(task_kinds.VANISHED_CONTEXT, example.row.where)
        if labelled and not example.answers and not self.allow_no_answer:
            notes.add(task_kinds.UNANSWERED, example.row.where)

    def _targets(
        self, example: QuestionExample, passage: Passage, windows: Sequence[TextWindow], notes: Notes
    ) -> list[NDArray[Any]]:
        """For each window the positions of the first and the last sub-word of the answer.

        Both are 0 in a window that does not show all of the answer, and ``NO_TARGET`` in all windows of a row whose
        answer none of them shows.
        """
        nothing = [np.zeros(2, dtype=np.int32) for _ in windows]
        if not example.answers:
            return nothing
        unknown = [np.full(2, NO_TARGET, dtype=np.int32) for _ in windows]
        answer = next((answer for answer in example.answers if answer.start is not None), None)
        if answer is None or answer.start is None:
            return unknown  # counted where it was dropped
        span = passage.span(answer.start, answer.start + len(answer.text))
        if span is None:
            notes.add(task_kinds.VANISHED_ANSWER, example.row.where)
            return unknown
        if passage.begin[span[0]] < answer.start or passage.end[span[1]] > answer.start + len(answer.text):
            notes.add(task_kinds.ANSWER_INSIDE_SUBWORD, example.row.where)
        if span[1] - span[0] >= self.max_answer_tokens:
            notes.add(task_kinds.LONG_ANSWER, example.row.where, most=self.max_answer_tokens)
        targets = nothing
        for number, window in enumerate(windows):
            low, high = passage.within(window.second)
            if low <= span[0] and span[1] < high:
                at = passage.shown[[*span]] - window.second[0] + window.second_at
                targets[number] = at.astype(np.int32)
        if any(target.any() for target in targets):
            return targets
        notes.add(task_kinds.UNSHOWN_ANSWER, example.row.where)
        return unknown
