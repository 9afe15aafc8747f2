"""The words of a text that answer a question, or that there are none."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, ClassVar

from ftk.config.schema import Unseen
from ftk.contracts.notes import Notes
from ftk.contracts.row import Row
from ftk.contracts.values import Batch, Labels, Loss, Noise
from ftk.data.examples.questions import Misplaced, QuestionExample, QuestionReader
from ftk.tasks.question_answering.metric import AnswerMetric, Language, best_threshold, match
from ftk.tasks.shared.row_task import RowTask

if TYPE_CHECKING:
    from numpy.typing import NDArray
    from torch import Tensor

    from ftk.contracts.values import WindowPlan
    from ftk.data.batching.features import Features
    from ftk.data.text.text_windows import TextWindow
    from ftk.tasks.question_answering.answer_spans import Candidate, FoundAnswers, Passage

_NO_TARGET = -1
"""The position of an answer that no window shows, or that was dropped: nothing is learned of it."""


@dataclass(kw_only=True)
class QuestionAnswering(RowTask):
    """Passages that answer questions. The fields are described in ``configs/task/question-answering.yaml``."""

    roles: ClassVar[tuple[str, ...]] = ("question", "context", "answers")
    demo: ClassVar[str | None] = "question-answering"
    auto_model: ClassVar[str] = "AutoModelForQuestionAnswering"
    score: ClassVar[str] = "f1"
    labels_are: ClassVar[str | None] = None
    groups_are: ClassVar[str] = "training rows that all ask of one context"

    no_answer: Any
    threshold: Any
    null_threshold: float | None
    max_answer_tokens: int
    n_best: int
    misplaced_answers: Misplaced
    language: Language

    def faults(self) -> Iterator[str]:
        yield from super().faults()
        if self.no_answer != "auto" and not isinstance(self.no_answer, bool):
            yield f"task.no_answer={self.no_answer}: it is auto, true or false."
        fixed = self.threshold
        is_number = isinstance(fixed, (int, float)) and not isinstance(fixed, bool) and abs(fixed) < float("inf")
        if fixed != "tuned" and not is_number:
            yield f"task.threshold={fixed}: it is tuned, or a number."
        margin = self.null_threshold
        if margin is not None and not abs(margin) < float("inf"):
            yield f"task.null_threshold={margin}: it is a number."
        elif margin is not None and fixed != "tuned":
            yield f"task.null_threshold={margin}: task.threshold={fixed} would count instead; leave out one of the two."
        elif margin is not None and self.no_answer is False:
            yield f"task.null_threshold={margin}: no question is without an answer here (task.no_answer); leave it out."
        for name in ("max_answer_tokens", "n_best"):
            if getattr(self, name) < 1:
                yield f"task.{name}={getattr(self, name)}: it is a number from 1 on."

    @property
    def tuned(self) -> tuple[str, ...]:  # type: ignore[override]
        return ("null_threshold",) if self.threshold == "tuned" and self.no_answer is not False else ()

    @property
    def may_lack(self) -> bool:
        """Whether no answer may be given."""
        return self.no_answer is True

    @property
    def margin(self) -> float | None:
        """The margin above which no answer is given; None where one always is."""
        if not self.may_lack:
            return None
        return (self.null_threshold or 0.0) if self.threshold == "tuned" else float(self.threshold)

    def read(
        self, rows: Iterable[Row], *, columns: dict[str, Any], labelled: bool, notes: Notes
    ) -> list[QuestionExample]:
        policy = self.misplaced_answers
        return QuestionReader(columns=columns, labelled=labelled, misplaced=policy, notes=notes).read(rows)

    def key(self, example: QuestionExample) -> str:
        return f"{example.question}\n{example.context}".strip()

    def group(self, example: QuestionExample) -> str:
        """The context: a model that has seen it answers other questions on it the better."""
        return example.context

    def fit(self, examples: Sequence[QuestionExample]) -> QuestionAnswering:
        if self.no_answer != "auto":
            return self
        return replace(self, no_answer=any(not example.answers for example in examples))

    def labels(self, examples: Sequence[QuestionExample]) -> Labels:
        """The two numbers that the model says of each sub-word."""
        return Labels(("start", "end"))

    def check_labels(
        self, examples: Sequence[QuestionExample], labels: Labels | None, *, split: str, policy: Unseen, notes: Notes
    ) -> None:
        return

    def features(
        self,
        examples: Sequence[QuestionExample],
        tokenizer: Any,
        labels: Labels | None,
        plan: WindowPlan,
        notes: Notes,
    ) -> Features:
        import numpy as np

        from ftk.data.batching.features import Features, Ragged
        from ftk.data.text.text_windows import TextEncoder, takes_segments
        from ftk.tasks.question_answering.answer_spans import Passage

        encoder = TextEncoder(tokenizer, plan, pairs=True)
        contexts = list(dict.fromkeys(example.context for example in examples))
        passages = {
            text: Passage.of(text, ids, offsets)
            for text, (ids, offsets) in zip(contexts, encoder.tokens(contexts, offsets=True), strict=True)
        }
        labelled = labels is not None and all(example.answers is not None for example in examples)
        questions = encoder.tokens([example.question for example in examples])
        rows: list[int] = []
        names = ("input_ids", "place", "begin", "end", "segment", "target")
        found: dict[str, list[NDArray[Any]]] = {name: [] for name in names}
        for number, (example, (question, _)) in enumerate(zip(examples, questions, strict=True)):
            passage = passages[example.context]
            windows = encoder.windows(question, passage.input_ids)
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
        if not takes_segments(tokenizer):
            del found["segment"]
        if not labelled:
            del found["target"]
        return Features({name: Ragged.of(values) for name, values in found.items()}, np.array(rows, dtype=np.int64))

    def _note(
        self, example: QuestionExample, passage: Passage, windows: int, plan: WindowPlan, labelled: bool, notes: Notes
    ) -> None:
        """Say what is read in pieces, and what cannot be answered."""
        if windows > 1:
            notes.count(f"row|rows longer than {plan.length} tokens", "read in overlapping windows")
            notes.count("window|windows", "for the rows longer than one", number=windows)
        if not len(passage.shown):
            what = "row|rows of whose context the tokenizer leaves nothing"
            notes.count(what, "no answer is found in it", example.row.where)
        if labelled and not example.answers and not self.may_lack:
            what = "row|rows without an answer"
            notes.count(what, "one is given all the same (task.no_answer=false)", example.row.where)

    def _targets(
        self, example: QuestionExample, passage: Passage, windows: Sequence[TextWindow], notes: Notes
    ) -> list[NDArray[Any]]:
        """For each window where the answer begins and ends in ``input_ids``: 0 where the window does not show all of
        it; ``_NO_TARGET`` for all windows of a row whose answer none of them shows."""
        import numpy as np

        nothing = [np.zeros(2, dtype=np.int32) for _ in windows]
        if not example.answers:
            return nothing
        unknown = [np.full(2, _NO_TARGET, dtype=np.int32) for _ in windows]
        answer = next((answer for answer in example.answers if answer.start is not None), None)
        if answer is None or answer.start is None:
            return unknown  # counted where it was dropped
        span = passage.span(answer.start, answer.start + len(answer.text))
        if span is None:
            what = "row|rows of whose answer the tokenizer leaves nothing"
            notes.count(what, "nothing is learned of them", example.row.where)
            return unknown
        if span[1] - span[0] >= self.max_answer_tokens:
            what = f"row|rows whose answer has more than {self.max_answer_tokens} sub-words"
            notes.count(what, "never found whole (task.max_answer_tokens)", example.row.where)
        targets = nothing
        for number, window in enumerate(windows):
            low, high = passage.within(window.second)
            if low <= span[0] and span[1] < high:
                at = passage.shown[[*span]] - window.second[0] + window.second_at
                targets[number] = at.astype(np.int32)
        if any(target.any() for target in targets):
            return targets
        what = "row|rows whose answer is longer than what windows show of the context"
        notes.count(what, "nothing is learned of them (data.max_length, data.stride)", example.row.where)
        return unknown

    def collate(self, features: Features, windows: Sequence[int], pad_id: int, noise: Noise | None) -> Batch:
        """``input_ids``, ``attention_mask``, where the model has them ``token_type_ids``: [windows, time].

        The targets: ``possible``, [windows, time], the sub-words of the context and the first position, which stands
        for no answer; where there are answers ``span``, [windows, 2], the positions of their first and last sub-word.
        """
        import numpy as np
        import torch

        from ftk.data.batching.features import padded_inputs
        from ftk.data.text.text_windows import add_segments

        columns = features.columns
        inputs, tokens = padded_inputs([columns["input_ids"][window] for window in windows], pad_id)
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

        said = model(**batch.inputs)
        logits = torch.stack([said.start_logits, said.end_logits], dim=1).float()
        return logits.masked_fill(~batch.targets["possible"][:, None], float("-inf"))

    def loss(self, outputs: Tensor, batch: Batch) -> Loss:
        """The mean of the cross entropies of start and end, summed over windows."""
        from torch.nn.functional import cross_entropy

        span = batch.targets["span"].flatten()
        total = cross_entropy(outputs.flatten(0, 1), span, ignore_index=_NO_TARGET, reduction="sum")
        return Loss(total / 2, batch.count)

    def outputs(self, outputs: Tensor, features: Features, batch: Batch) -> list[NDArray[Any]]:
        """[2, 1 + sub-words] log-probabilities of start and end: no answer, then the sub-words of the context."""
        import numpy as np

        scores = outputs.log_softmax(-1).cpu().numpy()
        place = features.columns["place"]
        return [
            scores[row][:, np.append(0, place[window])].astype(np.float32) for row, window in enumerate(batch.windows)
        ]

    def decode(
        self,
        examples: Sequence[QuestionExample],
        features: Features,
        first_row: int,
        outputs: dict[int, NDArray[Any]],
        labels: Labels | None,
    ) -> list[FoundAnswers]:
        """The best passages of each row, over its windows."""
        from ftk.tasks.question_answering.answer_spans import found_answers

        begin, end = features.columns["begin"], features.columns["end"]
        return [
            found_answers(
                ((outputs[window], begin[window], end[window]) for window in features.windows_of(row, row + 1)),
                longest=self.max_answer_tokens,
                number=self.n_best,
                may_lack=self.may_lack,
            )
            for row in range(first_row, first_row + len(examples))
        ]

    @property
    def untuned(self) -> str | None:
        if not self.may_lack or self.threshold != "tuned" or self.null_threshold is not None:
            return None
        return "no answer is given where its score is above that of the best one (task.threshold=… for a margin)"

    def tune(self, scored: Sequence[tuple[QuestionExample, FoundAnswers]], labels: Labels | None) -> QuestionAnswering:
        """The threshold of the best F1, where there are rows with and rows without an answer to find it on."""
        if not self.may_lack or self.threshold != "tuned":
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
        return AnswerMetric(self.language, self.margin)

    def record(self, example: QuestionExample, prediction: FoundAnswers) -> dict[str, Any]:
        """``question``, ``context``, ``answer``, ``candidates``, ``no_answer_score`` where there may be none, and
        ``gold_answers`` where the row has some."""

        def written(found: Candidate) -> dict[str, Any]:
            text = example.context[found.start : found.end]
            return {"text": text, "start": found.start, "end": found.end, "score": round(found.score, 6)}

        answer = prediction.chosen(self.margin)
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
        return {**{name: value for name, value in example.columns.items() if name not in result}, **result}
