"""The words of a text that answer a question, or that there are none."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from functools import partial
from typing import TYPE_CHECKING, Any

import numpy as np

from ftk.contracts import finding_kinds as kinds
from ftk.contracts.contexts import Encoding, Reading, RowOutputs, SampleSeed
from ftk.contracts.notes import Notes
from ftk.contracts.row import Row
from ftk.contracts.saved_head import SavedHead
from ftk.contracts.spec import STATISTIC, TaskSpec, Wording
from ftk.contracts.values import Batch, Labels, Loss
from ftk.data.batching.features import Features, padded_inputs
from ftk.data.examples.questions import Misplaced, QuestionExample, QuestionReader
from ftk.data.text.text_windows import add_segments
from ftk.tasks.question_answering.answer_edges import AnswerEdges
from ftk.tasks.question_answering.answer_spans import Candidate, FoundAnswers, found_answers
from ftk.tasks.question_answering.answers import question_answers
from ftk.tasks.question_answering.explained import AnswerExplains
from ftk.tasks.question_answering.features import NO_TARGET, QuestionWindows
from ftk.tasks.question_answering.metric import AnswerMetric, Language, best_threshold, language_of, match
from ftk.tasks.question_answering.statistics import answer_statistics
from ftk.tasks.shared.records import with_columns
from ftk.tasks.shared.row_task import RowTask

if TYPE_CHECKING:
    from numpy.typing import NDArray
    from torch import Tensor


def _adopt(asked: QuestionAnswering, head: SavedHead, notes: Notes) -> tuple[QuestionAnswering, Labels]:
    """The task, which gives each question an answer unless ``no_answer`` is true."""
    if asked.no_answer == "auto":
        notes.add(kinds.ALWAYS_ANSWERED)
    return replace(asked, no_answer=asked.no_answer is True), asked.labels(())


@dataclass(kw_only=True)
class QuestionAnswering(RowTask):
    """Passages that answer questions. The fields are described in ``configs/task/question-answering.yaml``."""

    no_answer: Any
    threshold: Any
    null_threshold: float | None
    max_answer_tokens: int
    n_best: int
    misplaced_answers: Misplaced
    language: Language
    answer_edges: Any = field(default=None, metadata=STATISTIC)

    @property
    def spec(self) -> TaskSpec:
        tuned = self.threshold == "tuned"
        default = (
            "no answer is predicted if its score is above that of the best answer (task.threshold=… sets a margin)"
        )
        return TaskSpec(
            adopt=_adopt,
            columns=("question", "context", "answers"),
            answers=question_answers,
            score="f1",
            demo="question-answering",
            statistics=answer_statistics,
            auto_model="AutoModelForQuestionAnswering",
            finds_spans=True,
            explains=lambda task: AnswerExplains(),
            tunable_fields=("null_threshold",) if tuned and self.no_answer is not False else (),
            untuned_default=default if tuned and self._allow_no_answer and self.null_threshold is None else None,
            wording=Wording(labels=None, groups="training rows that all ask of one context"),
        )

    def validate(self, labels: Labels | None = None) -> Iterator[str]:
        if self.no_answer != "auto" and not isinstance(self.no_answer, bool):
            yield f"task.no_answer={self.no_answer}: it must be auto, true or false."
        fixed = self.threshold
        is_number = isinstance(fixed, (int, float)) and not isinstance(fixed, bool) and abs(fixed) < float("inf")
        if fixed != "tuned" and not is_number:
            yield f"task.threshold={fixed}: it must be tuned, or a number."
        margin = self.null_threshold
        if margin is not None and not abs(margin) < float("inf"):
            yield f"task.null_threshold={margin}: it must be a number."
        elif margin is not None and fixed != "tuned":
            yield f"task.null_threshold={margin}: task.threshold={fixed} would count instead; leave out one of the two."
        elif margin is not None and self.no_answer is False:
            yield f"task.null_threshold={margin}: no question is without an answer here (task.no_answer); leave it out."
        for name in ("max_answer_tokens", "n_best"):
            if getattr(self, name) < 1:
                yield f"task.{name}={getattr(self, name)}: it must be at least 1."

    @property
    def _allow_no_answer(self) -> bool:
        """Whether a question may have no answer."""
        return self.no_answer is True

    @property
    def _margin(self) -> float | None:
        """The margin above which no answer is given; None if one is always given."""
        if not self._allow_no_answer:
            return None
        return (self.null_threshold or 0.0) if self.threshold == "tuned" else float(self.threshold)

    def read(self, rows: Iterable[Row], reading: Reading) -> list[QuestionExample]:
        return QuestionReader(
            columns=reading.columns,
            labelled=reading.labelled,
            misplaced=self.misplaced_answers,
            notes=reading.notes,
            offsets=reading.offsets,
            seen=reading.seen,
        ).read(rows)

    def learn(self, examples: Sequence[QuestionExample]) -> QuestionAnswering:
        learned = replace(self, answer_edges=AnswerEdges.of(examples).to_field())
        if self.no_answer == "auto":
            learned = replace(learned, no_answer=any(not example.answers for example in examples))
        if self.language is Language.auto:
            answers = (answer.text for example in examples for answer in example.answers or ())
            learned = replace(learned, language=language_of(answers))
        return learned

    def labels(self, examples: Sequence[QuestionExample]) -> Labels:
        """The two numbers that the model computes for each sub-word."""
        return Labels(("start", "end"))

    def features(self, examples: Sequence[QuestionExample], encoding: Encoding) -> Features:
        return QuestionWindows(self._allow_no_answer, self.max_answer_tokens).features(examples, encoding)

    def collate(self, features: Features, windows: Sequence[int], seed: SampleSeed | None) -> Batch:
        """``input_ids``, ``attention_mask``, where the model has them ``token_type_ids``: [windows, time].

        The targets: ``possible``, [windows, time], the sub-words of the context and the first position, which stands
        for no answer; with answers ``span``, [windows, 2], the positions of their first and last sub-word.
        """
        import torch

        columns = features.columns
        inputs, tokens = padded_inputs([columns["input_ids"][window] for window in windows], features.pad_id)
        if "segment" in columns:
            add_segments(inputs, [int(columns["segment"][window][0]) for window in windows])
        possible = np.zeros(inputs["input_ids"].shape, dtype=bool)
        possible[:, 0] = True
        for row, window in enumerate(windows):
            possible[row, columns["place"][window]] = True
        targets = {"possible": torch.from_numpy(possible)}
        if "target" in columns:
            targets["span"] = torch.from_numpy(np.stack([columns["target"][window] for window in windows])).long()
        return Batch(inputs, targets, windows, count=len(windows), tokens=tokens)

    def forward(self, model: Any, batch: Batch) -> Tensor:
        """[windows, 2, time] logits of start and end; minus infinity where neither can be."""
        import torch

        outputs = model(**batch.inputs)
        logits = torch.stack([outputs.start_logits, outputs.end_logits], dim=1).float()
        return logits.masked_fill(~batch.targets["possible"][:, None], float("-inf"))

    def loss(self, outputs: Tensor, batch: Batch) -> Loss:
        """The mean of the cross entropies of start and end, summed over windows."""
        from torch.nn.functional import cross_entropy

        span = batch.targets["span"].flatten()
        total = cross_entropy(outputs.flatten(0, 1), span, ignore_index=NO_TARGET, reduction="sum")
        return Loss(total / 2, batch.count)

    def to_numpy(self, outputs: Tensor, features: Features, batch: Batch) -> list[NDArray[Any]]:
        """[2, 1 + sub-words] log-probabilities of start and end: no answer, then the sub-words of the context."""
        scores = outputs.log_softmax(-1).cpu().numpy()
        place = features.columns["place"]
        return [
            scores[row][:, np.append(0, place[window])].astype(np.float32) for row, window in enumerate(batch.windows)
        ]

    def decode(
        self, examples: Sequence[QuestionExample], outputs: RowOutputs, labels: Labels | None
    ) -> list[FoundAnswers]:
        """The best passages of each row, over its windows."""
        begin, end = outputs.features.columns["begin"], outputs.features.columns["end"]
        edges = AnswerEdges.of_field(self.answer_edges or {"before": (), "after": ()})
        return [
            found_answers(
                ((outputs.by_window[window], begin[window], end[window]) for window in outputs.windows(row)),
                longest=self.max_answer_tokens,
                number=self.n_best,
                allow_no_answer=self._allow_no_answer,
                cut=partial(edges.cut, example.context),
            )
            for row, example in enumerate(examples)
        ]

    def tune(self, scored: Sequence[tuple[QuestionExample, FoundAnswers]], labels: Labels | None) -> QuestionAnswering:
        """The task with the threshold of the best F1, if there are rows with and without an answer to find it on."""
        if not self._allow_no_answer or self.threshold != "tuned":
            return self
        scored = [(example, found) for example, found in scored if found.candidates]
        if len({bool(example.answers) for example, _ in scored}) < 2:
            return replace(self, null_threshold=None)
        given, empty = [], []
        for example, found in scored:
            best = found.candidates[0]
            gold = [answer.text for answer in example.answers or ()]
            given.append(match(gold, example.context[best.start : best.end], self.language)[1])
            empty.append(match(gold, "", self.language)[1])
        return replace(self, null_threshold=best_threshold([found.margin for _, found in scored], given, empty))

    def metric(self, labels: Labels | None) -> AnswerMetric:
        return AnswerMetric(self.language, self._margin)

    def record(self, example: QuestionExample, prediction: FoundAnswers) -> dict[str, Any]:
        """``question``, ``context``, ``answer``, ``candidates``, ``no_answer_score`` if there may be none, and
        ``gold_answers`` if the row has some."""

        def written(found: Candidate) -> dict[str, Any]:
            text = example.context[found.start : found.end]
            return {"text": text, "start": found.start, "end": found.end, "score": round(found.score, 6)}

        answer = prediction.chosen(self._margin)
        result: dict[str, Any] = {
            "question": example.question,
            "context": example.context,
            "answer": None if answer is None else written(answer),
            "candidates": [written(found) for found in prediction.candidates],
        }
        if prediction.no_answer is not None:
            result["no_answer_score"] = round(prediction.no_answer, 6)
        if example.gold is not None:
            result["gold_answers"] = example.gold
        return with_columns(example.columns, result)
