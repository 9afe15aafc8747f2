"""How answers are explained: the start and the end of the passage that was found."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ClassVar

import numpy as np

from ftk.contracts.explanations import Over, Part, ReadText, Wanted
from ftk.data.text.text_windows import TextEncoder
from ftk.tasks.shared.explained_texts import leads, read_text, words_in, words_of_window

if TYPE_CHECKING:
    from numpy.typing import NDArray
    from torch import Tensor

    from ftk.contracts.contexts import Encoding
    from ftk.contracts.values import Labels


@dataclass(frozen=True, slots=True)
class AnswerExplains:
    """Explains where an answer starts and ends. A question without an answer is not explained."""

    needs_label: ClassVar[bool] = False

    def texts(self, example: Any) -> list[ReadText]:
        """The question and the context."""
        return [read_text("question", example.question), read_text("context", example.context)]

    def words(self, examples: Sequence[Any], encoding: Encoding) -> list[NDArray[Any]]:
        """For each window, [tokens] the word of each token."""
        encoder = TextEncoder(encoding.processor, encoding.windows, pairs=True)
        questions = encoder.tokens([example.question for example in examples], offsets=True)
        contexts = encoder.tokens([example.context for example in examples], offsets=True)
        found = []
        for example, (one, places), (two, others) in zip(examples, questions, contexts, strict=True):
            first = words_in(example.question, places)
            number = len(read_text("question", example.question).starts)
            second = words_in(example.context, others, first=number)
            found += [words_of_window(window, first, second) for window in encoder.windows(one, two)]
        return found

    def names(self, labels: Labels | None) -> tuple[str, ...]:
        """None: answers have no labels."""
        return ()

    def wanted(
        self,
        example: Any,
        record: dict[str, Any],
        windows: range,
        features: Any,
        labels: Labels | None,
        only: str | None,
    ) -> list[Wanted]:
        """The start and the end of the answer, in the window where they are most likely."""
        answer = record["answer"]
        if answer is None:
            return []
        columns = features.columns
        found = []
        for side, name, offset in ((0, "start", answer["start"]), (1, "end", answer["end"])):
            parts = []
            for window in windows:
                begin, end = columns["begin"][window], columns["end"][window]
                # The sub-word that covers the character at this edge; answers may begin inside a sub-word.
                covers = np.flatnonzero((begin <= offset - side) & (offset - side < end))
                if len(covers):
                    parts.append(Part(window, (side, int(columns["place"][window][covers[0]]))))
            found.append(Wanted({"of": name, "text": answer["text"]}, tuple(parts), Over.max))
        return found

    def values(self, outputs: Tensor, features: Any, parts: Sequence[Part]) -> Tensor:
        """[parts] how far the logit of the start, or of the end, is above those of the other places."""
        import torch

        rows = torch.arange(len(parts), device=outputs.device)
        sides = torch.tensor([part.key[0] for part in parts], device=outputs.device)
        places = torch.tensor([part.key[1] for part in parts], device=outputs.device)
        return leads(outputs[rows, sides], places)
