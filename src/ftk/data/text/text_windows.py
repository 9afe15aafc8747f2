"""Texts, or pairs of texts, to windows of sub-words that a model takes, whatever its special tokens are."""

from __future__ import annotations

import logging
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from ftk.contracts.values import WindowPlan
from ftk.data.text.special_tokens import special_tokens
from ftk.errors import DataError, ModelError

if TYPE_CHECKING:
    from torch import Tensor

_AT_ONCE = 1024
"""Texts handed to the tokenizer at once; it works on them in parallel."""


@dataclass(frozen=True, slots=True)
class TextWindow:
    """What one window shows of a text and of its second text.

    Attributes:
        input_ids: with special tokens.
        first, second: the sub-words shown: from, to, counted in the whole text; (0, 0) for a second one that is not.
        first_at, second_at: where they begin in ``input_ids``.
        segment: where the tokens of the second segment begin in ``input_ids``; its length where there are none.
    """

    input_ids: NDArray[np.int32]
    first: tuple[int, int]
    second: tuple[int, int]
    first_at: int
    second_at: int
    segment: int


class TextEncoder:
    """Encodes texts with one tokenizer and one plan of windows."""

    def __init__(self, tokenizer: Any, plan: WindowPlan, *, pairs: bool) -> None:
        if not getattr(tokenizer, "is_fast", False):
            raise ModelError(
                f"the tokenizer {type(tokenizer).__name__} cannot be used; a model with a tokenizer.json is needed."
            )
        self.tokenizer = tokenizer
        self.plan = plan
        self.pairs = pairs
        if pairs:
            self.before, self.between, self.after, self._flip = _pair_layout(tokenizer)
        else:
            self.before, self.after = special_tokens(tokenizer)
            self.between, self._flip = self.before[:0], 0
        special = len(self.before) + len(self.between) + len(self.after)
        self.capacity = plan.length - special
        if self.capacity < (4 if pairs else 1):
            raise DataError(
                f"data.max_length={plan.length} leaves no room for text beside {special} special tokens; set a "
                "larger one."
            )

    def tokens(self, texts: Sequence[str], *, offsets: bool = False) -> Iterator[tuple[NDArray[np.int32], Any]]:
        """The sub-words of each text without special tokens, and where asked for their [sub-words, 2] offsets."""
        # A text that is longer than one window is what windows are for; the tokenizer need not warn of it.
        logging.getLogger("transformers.tokenization_utils_base").setLevel(logging.ERROR)
        for begin in range(0, len(texts), _AT_ONCE):
            encoding = self.tokenizer(
                list(texts[begin : begin + _AT_ONCE]),
                add_special_tokens=False,
                return_offsets_mapping=offsets,
                return_attention_mask=False,
                return_token_type_ids=False,
                verbose=False,
            )
            places: Any = encoding["offset_mapping"] if offsets else [None] * len(encoding["input_ids"])
            for ids, place in zip(encoding["input_ids"], places, strict=True):
                found = np.asarray(place, dtype=np.int64).reshape(-1, 2) if offsets else None
                yield np.asarray(ids, dtype=np.int32), found

    def windows(self, first: NDArray[np.int32], second: NDArray[np.int32] | None = None) -> list[TextWindow]:
        """Windows that together show all of a text, or all of it beside all of a second one.

        One text is cut into overlapping pieces. Of two, the shorter one is shown whole in each window, as long as it
        leaves the other one half of the room; where both are longer, each piece of the one meets each of the other.
        """
        parts = self._parts(len(first), len(second) if second is not None else None)
        return [self._window(first, one, second, two) for one, two in parts]

    def size(self, first: int, second: int | None = None) -> tuple[int, int]:
        """How many windows texts of so many sub-words have, and how many tokens these have together."""
        parts = self._parts(first, second)
        special = len(self.before) + len(self.between) + len(self.after)
        return len(parts), sum(special + one[1] - one[0] + two[1] - two[0] for one, two in parts)

    def _parts(self, first: int, second: int | None) -> list[tuple[tuple[int, int], tuple[int, int]]]:
        """What each window shows of a text and of a second one."""
        if second is None:
            return [(part, (0, 0)) for part in self._pieces(first, self.capacity)]
        if first + second <= self.capacity:
            return [((0, first), (0, second))]
        half = self.capacity // 2
        shorter = min(first, second, half)
        room = self.capacity - shorter
        rooms = (shorter, room) if first <= second else (room, shorter)
        return [(one, two) for one in self._pieces(first, rooms[0]) for two in self._pieces(second, rooms[1])]

    def _pieces(self, total: int, room: int) -> list[tuple[int, int]]:
        """Overlapping ranges of at most ``room`` sub-words; the last one ends where the text does."""
        if total <= room:
            return [(0, total)]
        step = max(1, room - min(self.plan.stride, room // 2))
        begins = [*range(0, total - room, step), total - room]
        return [(begin, begin + room) for begin in begins]

    def _window(
        self,
        first: NDArray[np.int32],
        one: tuple[int, int],
        second: NDArray[np.int32] | None = None,
        two: tuple[int, int] = (0, 0),
    ) -> TextWindow:
        shown = first[one[0] : one[1]]
        if second is None:
            ids = np.concatenate([self.before, shown, self.after])
            return TextWindow(ids, one, two, len(self.before), len(ids), len(ids))
        ids = np.concatenate([self.before, shown, self.between, second[two[0] : two[1]], self.after])
        second_at = len(self.before) + len(shown) + len(self.between)
        return TextWindow(ids, one, two, len(self.before), second_at, second_at - self._flip)


def add_segments(inputs: dict[str, Tensor], segments: Sequence[int]) -> None:
    """Put ``token_type_ids``, [windows, time], beside ``input_ids``: 1 from where the second segment begins."""
    import torch

    time = torch.arange(inputs["input_ids"].shape[1])
    begins = torch.tensor(list(segments))[:, None]
    inputs["token_type_ids"] = ((time >= begins) & inputs["attention_mask"].bool()).long()


def takes_segments(tokenizer: Any) -> bool:
    """Whether the model of a tokenizer tells the first text of a pair from the second by types."""
    return "token_type_ids" in tokenizer.model_input_names


def _pair_layout(tokenizer: Any) -> tuple[NDArray[np.int32], NDArray[np.int32], NDArray[np.int32], int]:
    """Special tokens before, between and after two texts, and how many between them are of the second segment."""
    bare = tokenizer("a", add_special_tokens=False)["input_ids"]
    encoded = tokenizer("a", "a", return_token_type_ids=True)
    full, types = encoded["input_ids"], encoded["token_type_ids"]
    found = [at for at in range(len(full) - len(bare) + 1) if full[at : at + len(bare)] == bare]
    if len(found) < 2 or len(bare) == 0:
        raise ModelError(f"the tokenizer {type(tokenizer).__name__} changes two texts when it puts them together.")
    first, second = found[0], found[-1]
    flip = types.index(1) if 1 in types else second
    parts = (full[:first], full[first + len(bare) : second], full[second + len(bare) :])
    before, between, after = (np.asarray(part, dtype=np.int32) for part in parts)
    return before, between, after, second - flip
