"""How the relation of two entities is explained."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ClassVar

import numpy as np

from ftk.contracts.explanations import Part, ReadText, Wanted
from ftk.contracts.notes import Notes
from ftk.data.text.text_windows import TextEncoder
from ftk.data.text.word_windows import words_of_subwords
from ftk.tasks.relation.entity_windows import EntityEncoder, Signed
from ftk.tasks.shared.explained_texts import leads, read_text

if TYPE_CHECKING:
    from numpy.typing import NDArray
    from torch import Tensor

    from ftk.contracts.contexts import Encoding
    from ftk.contracts.values import Labels
    from ftk.data.examples.relations import RelationExample


@dataclass(frozen=True, slots=True)
class RelationExplains:
    """Explains the predicted relation. The signs around the entities are no words.

    Attributes:
        signed: puts the signs into the text of a row.
        signs: of the head and of the tail.
    """

    signed: Callable[[Any], Signed]
    signs: tuple[str, str]

    needs_label: ClassVar[bool] = False

    def texts(self, example: RelationExample) -> list[ReadText]:
        """The text."""
        return [read_text("text", example.text)]

    def words(self, examples: Sequence[Any], encoding: Encoding) -> list[NDArray[Any]]:
        """For each window, [tokens] the word of each token."""
        texts = TextEncoder(encoding.processor, encoding.windows, pairs=False)
        encoder = EntityEncoder(texts, self.signs, Notes())
        made = [self.signed(example) for example in examples]
        found = []
        for example, one, (_, offsets) in zip(examples, made, encoder.shown(made), strict=True):
            read = read_text("text", example.text)
            starts = [_in_signed(example, one, start) for start in read.starts]
            ends = [_in_signed(example, one, end - 1) + 1 for end in read.ends]
            words = words_of_subwords(one.text, offsets, starts, ends) if starts else np.full(len(offsets), -1)
            edges = [np.full(len(part), -1, dtype=np.int64) for part in (texts.before, texts.after)]
            found.append(np.concatenate([edges[0], words, edges[1]]))
        return found

    def names(self, labels: Labels | None) -> tuple[str, ...]:
        """The relations."""
        return labels.names if labels is not None else ()

    def wanted(
        self,
        example: Any,
        record: dict[str, Any],
        windows: range,
        features: Any,
        labels: Labels | None,
        only: str | None,
    ) -> list[Wanted]:
        """The predicted label; nothing for an empty row."""
        assert labels is not None
        name = record["label"] if only is None else only
        if example.empty or name is None:
            return []
        return [Wanted({"label": name}, tuple(Part(window, labels.ids[name]) for window in windows))]

    def values(self, outputs: Tensor, features: Any, parts: Sequence[Part]) -> Tensor:
        """[parts] how far the logit of each label is above the others."""
        import torch

        return leads(outputs, torch.tensor([part.key for part in parts], device=outputs.device))


def _in_signed(example: RelationExample, signed: Signed, place: int) -> int:
    """Where a character of a text stands in the text with signs."""
    moved = 0
    for (start, end), (_, entity, _, closed) in sorted(
        [(example.head, signed.head), (example.tail, signed.tail)], key=lambda both: both[0]
    ):
        if place < start:
            break
        if place < end:
            return entity + place - start
        spaced = end == len(example.text) or example.text[end].isspace()
        moved = closed + (0 if spaced else 1) - end
    return place + moved
