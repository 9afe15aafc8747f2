"""How tasks that predict one thing for a whole text, or for a pair of texts, are explained."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from enum import Enum
from typing import TYPE_CHECKING, Any, ClassVar

import numpy as np

from ftk.contracts.explanations import Over, Part, ReadText, Wanted
from ftk.data.text.text_windows import TextEncoder, TextWindow
from ftk.data.text.word_windows import words_of_subwords
from ftk.data.text.words import Words, split_words
from ftk.tasks.shared.text_input import ROLES, Pooling

if TYPE_CHECKING:
    from numpy.typing import NDArray
    from torch import Tensor

    from ftk.contracts.contexts import Encoding
    from ftk.contracts.values import Labels


class Outputs(Enum):
    """What the outputs for a text are."""

    one_label = "one_label"
    """Logits of labels; exactly one label is right."""
    labels = "labels"
    """Logits of labels; any number of labels may be right."""
    numbers = "numbers"


@dataclass(frozen=True, slots=True)
class TextExplains:
    """Explains the label, the labels or the numbers of texts.

    Attributes:
        pooling: how the windows of a text become one prediction.
        outputs: what is predicted.
        scale: for numbers, what each output is multiplied with; None: nothing.
        roles: of the text and of the second one, for the prefixes of a model.
    """

    pooling: Pooling
    outputs: Outputs
    scale: Sequence[float] | None = None
    roles: tuple[str, str] = ROLES

    needs_label: ClassVar[bool] = False

    def texts(self, example: Any) -> list[ReadText]:
        """The text, and for a pair the second one."""
        return [read_text(name, text) for name, text in named_texts(example)]

    def words(self, examples: Sequence[Any], encoding: Encoding) -> list[NDArray[Any]]:
        """For each window, [tokens] the word of each token."""
        pairs = any(example.pair is not None for example in examples)
        encoder = TextEncoder(encoding.processor, encoding.windows, pairs=pairs)
        firsts = encoder.tokens([example.text for example in examples], role=self.roles[0], offsets=True)
        second = [example.pair or "" for example in examples]
        seconds = encoder.tokens(second, role=self.roles[1], offsets=True) if pairs else None
        found = []
        for example, (ids, offsets) in zip(examples, firsts, strict=True):
            one = words_in(example.text, offsets)
            other, others = None, None
            if seconds is not None:
                other, places = next(seconds)
                others = words_in(example.pair or "", places, first=len(read_text("text", example.text).starts))
            windows = encoder.windows(ids, other)
            kept = windows[:1] if self.pooling is Pooling.first else windows
            found += [words_of_window(window, one, others) for window in kept]
        return found

    def names(self, labels: Labels | None) -> tuple[str, ...]:
        """The labels, or the targets."""
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
        """The predicted label, each given label, or each number."""
        assert labels is not None
        if only is not None:
            names = [only]
        elif self.outputs is Outputs.one_label:
            names = [record["label"]]
        else:
            names = record["labels"] if self.outputs is Outputs.labels else list(labels.names)
        key = "target" if self.outputs is Outputs.numbers else "label"
        over = Over.max if self.pooling is Pooling.max else Over.mean
        return [
            Wanted({key: name}, tuple(Part(window, labels.ids[name], 1 / len(windows)) for window in windows), over)
            for name in names
        ]

    def values(self, outputs: Tensor, features: Any, parts: Sequence[Part]) -> Tensor:
        """[parts] the logit of each label, for one label of many its lead over the others, or the numbers."""
        import torch

        keys = torch.tensor([part.key for part in parts], device=outputs.device)
        if self.outputs is Outputs.one_label:
            return leads(outputs, keys)
        own = outputs.gather(1, keys[:, None])[:, 0]
        if self.scale is None:
            return own
        return own * torch.tensor([float(self.scale[part.key]) for part in parts], device=outputs.device)


def leads(logits: Tensor, keys: Tensor) -> Tensor:
    """[rows] how far one logit of each row is above the others, which count by their share of the probability.

    With two labels this is the difference of their logits. It is linear in the logits: the shares are constants.

    Args:
        logits: [rows, labels].
        keys: [rows] the label of each row.
    """
    own = logits.gather(1, keys[:, None])
    if logits.shape[1] == 1:
        return own[:, 0]
    shares = logits.detach().scatter(1, keys[:, None], float("-inf")).softmax(-1)
    others = logits.masked_fill(shares == 0, 0)  # minus infinity times 0 is not a number
    return own[:, 0] - (shares * others).sum(-1)


def named_texts(example: Any) -> list[tuple[str, str]]:
    """The texts of an example by their keys in its record."""
    return [("text", example.text), *([("pair", example.pair)] if example.pair is not None else [])]


def read_text(name: str, text: str) -> ReadText:
    """A text with its words as people see them."""
    return ReadText(name, text, *split_words(text, Words.coarse))


def words_in(text: str, offsets: NDArray[Any], first: int = 0) -> NDArray[Any]:
    """[sub-words] the word of a text that each sub-word is of; -1 for none.

    Args:
        text: the text.
        offsets: [sub-words, 2] the characters that each covers.
        first: the number of the first word.
    """
    words = words_of_subwords(text, offsets, *split_words(text, Words.coarse))
    return np.where(words >= 0, words + first, -1)


def words_of_window(window: TextWindow, first: NDArray[Any], second: NDArray[Any] | None = None) -> NDArray[Any]:
    """[tokens] the word of each token of a window.

    Args:
        window: of one text, or of two.
        first, second: [sub-words] the words of each text.
    """
    found = np.full(len(window.input_ids), -1, dtype=np.int64)
    shown = [(first, window.first, window.first_at)]
    if second is not None:
        shown.append((second, window.second, window.second_at))
    for words, (begin, end), at in shown:
        found[at : at + end - begin] = words[begin:end]
    return found
