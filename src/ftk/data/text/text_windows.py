"""Converts texts, or pairs of texts, to windows of sub-words, for any special tokens."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from ftk.contracts import finding_kinds as kinds
from ftk.contracts.notes import Notes
from ftk.contracts.values import WindowPlan
from ftk.data.text.special_tokens import pair_tokens, require_offsets, special_tokens
from ftk.data.text.tokenizing import tokenized
from ftk.errors import DataError, ModelError

if TYPE_CHECKING:
    from torch import Tensor

_Ranges = list[tuple[int, int]]


@dataclass(frozen=True, slots=True)
class TextWindow:
    """One window of a text, or of a pair of texts.

    Attributes:
        input_ids: with special tokens.
        first, second: the range of sub-words that the window shows of each text; (0, 0) if there is no second text.
        first_at, second_at: where they begin in ``input_ids``.
        segment: where the second segment begins in ``input_ids``; its length if there is none.
    """

    input_ids: NDArray[np.int32]
    first: tuple[int, int]
    second: tuple[int, int]
    first_at: int
    second_at: int
    segment: int


class TextEncoder:
    """Encodes texts with one tokenizer and one plan of windows.

    Args:
        tokenizer: of transformers.
        plan: of the windows.
        pairs: whether a window shows two texts.
        notes: collect what is noticed about texts.
    """

    def __init__(self, tokenizer: Any, plan: WindowPlan, *, pairs: bool, notes: Notes | None = None) -> None:
        self.tokenizer = tokenizer
        self.notes = notes
        self.plan = plan
        self.pairs = pairs
        if pairs:
            found = pair_tokens(tokenizer)
            if found is None:
                raise ModelError(f"the tokenizer {type(tokenizer).__name__} changes texts when it joins two of them.")
            self.before, self.between, self.after = found.before, found.between, found.after
            self._flip = found.second_segment
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

    def tokens(
        self, texts: Sequence[str], *, role: str | None = None, offsets: bool = False
    ) -> Iterator[tuple[NDArray[np.int32], Any]]:
        """The sub-words of each text without special tokens, and their [sub-words, 2] offsets if asked for.

        Args:
            texts: any number of them.
            role: of the texts; the prefix of the plan for this role stands before each. Offsets are those in the text
                itself; sub-words of the prefix alone have -1. None: no prefix.
            offsets: whether to return them.

        Raises:
            ModelError: the tokenizer has no offsets.
        """
        if offsets:
            require_offsets(self.tokenizer)
        prefix: str = "" if role is None else getattr(self.plan.prefix, role)
        if prefix:
            self._check_prefix(texts, prefix)
            texts = [prefix + text for text in texts]
        for ids, places in tokenized(self.tokenizer, texts, offsets=offsets, notes=self.notes):
            yield ids, _in_text(np.asarray(places, dtype=np.int64).reshape(-1, 2), len(prefix)) if offsets else None

    def _check_prefix(self, texts: Sequence[str], prefix: str) -> None:
        """Report texts that begin with the prefix already.

        Raises:
            DataError: the prefix leaves no room for a text.
        """
        ((ids, _),) = tokenized(self.tokenizer, [prefix])
        if len(ids) >= self.capacity:
            raise DataError(
                f"data.max_length={self.plan.length}: the prefix {prefix!r} (model.text_prefix) has {len(ids)} tokens, "
                f"and windows have room for {self.capacity}; set a larger one."
            )
        begin = prefix.strip()
        if self.notes is not None and begin and (twice := sum(text.startswith(begin) for text in texts)):
            self.notes.add(kinds.PREFIXED_TWICE, number=twice, prefix=prefix)

    def windows(self, first: NDArray[np.int32], second: NDArray[np.int32] | None = None) -> list[TextWindow]:
        """Windows that together show all of a text, or all of it beside all of a second text.

        One text is cut into overlapping parts. Of two, the shorter one is shown whole in each window, as long as it
        leaves half of the room to the other; if both are longer, each part of one is shown beside each part of the
        other, or, if these are more than ``plan.max_windows``, each of their first and last parts.
        """
        parts = self._parts(len(first), len(second) if second is not None else None)
        return [self._window(first, one, second, two) for one, two in parts]

    def size(self, first: int, second: int | None = None) -> tuple[int, int]:
        """The number of windows for texts of these lengths in sub-words, and the tokens of all these windows
        together."""
        parts = self._parts(first, second)
        special = len(self.before) + len(self.between) + len(self.after)
        return len(parts), sum(special + one[1] - one[0] + two[1] - two[0] for one, two in parts)

    def is_cut(self, first: int, second: int) -> bool:
        """Whether a pair of texts of these lengths in sub-words has more windows than are read."""
        if first + second <= self.capacity:
            return False
        ones, twos = self._both(first, second)
        return min(len(ones), len(twos)) > 1 and len(ones) * len(twos) > self.plan.max_windows

    def _parts(self, first: int, second: int | None) -> list[tuple[tuple[int, int], tuple[int, int]]]:
        """The ranges of the two texts that each window shows."""
        if second is None:
            return [(part, (0, 0)) for part in self._pieces(first, self.capacity)]
        if first + second <= self.capacity:
            return [((0, first), (0, second))]
        ones, twos = self._both(first, second)
        if self.is_cut(first, second):
            ones, twos = _within(ones, twos, self.plan.max_windows)
        return [(one, two) for one in ones for two in twos]

    def _both(self, first: int, second: int) -> tuple[_Ranges, _Ranges]:
        """All parts of two texts that are shown beside each other."""
        half = self.capacity // 2
        shorter = min(first, second, half)
        room = self.capacity - shorter
        rooms = (shorter, room) if first <= second else (room, shorter)
        return self._pieces(first, rooms[0]), self._pieces(second, rooms[1])

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


def _in_text(offsets: NDArray[np.int64], prefix: int) -> NDArray[np.int64]:
    """[sub-words, 2] the offsets in a text without the prefix of so many characters before it."""
    if not prefix:
        return offsets
    moved = np.maximum(offsets - prefix, 0)
    moved[offsets[:, 1] <= prefix] = -1
    return moved


def _within(ones: _Ranges, twos: _Ranges, most: int) -> tuple[_Ranges, _Ranges]:
    """The first and the last of the parts of two texts, so that no more than ``most`` pairs of them are left."""
    side = max(1, math.isqrt(most))
    few = min(len(ones), len(twos), side)
    many = max(1, most // few)
    if len(ones) <= len(twos):
        return _ends(ones, few), _ends(twos, many)
    return _ends(ones, many), _ends(twos, few)


def _ends(parts: _Ranges, number: int) -> _Ranges:
    """The first parts and the last ones, of an odd number one more of the first."""
    if len(parts) <= number:
        return parts
    last = number // 2
    return parts[: number - last] + parts[len(parts) - last :]


def add_segments(inputs: dict[str, Tensor], segments: Sequence[int]) -> None:
    """Add ``token_type_ids``, [windows, time], to the inputs: 1 from the beginning of the second segment."""
    import torch

    time = torch.arange(inputs["input_ids"].shape[1])
    begins = torch.tensor(list(segments))[:, None]
    inputs["token_type_ids"] = ((time >= begins) & inputs["attention_mask"].bool()).long()


def takes_segments(tokenizer: Any) -> bool:
    """Whether the model of a tokenizer distinguishes the texts of a pair by ``token_type_ids``."""
    return "token_type_ids" in tokenizer.model_input_names
