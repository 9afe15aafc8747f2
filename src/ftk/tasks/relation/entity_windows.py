"""A text with signs around two entities, and the one window of it that shows both."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ftk.contracts import finding_kinds as kinds
from ftk.contracts.notes import Notes
from ftk.contracts.row import Row
from ftk.data.text.text_windows import TextEncoder
from ftk.errors import DataError
from ftk.tasks import finding_kinds as task_kinds

_LEAST = 4
"""The sub-words that a window needs room for: each sign, and one sub-word of each entity."""


@dataclass(frozen=True, slots=True)
class Signed:
    """A text with signs, and the characters of each entity in it.

    Attributes:
        text: ``The @ hinge @ of the # door #``.
        head, tail: where the opening sign begins, where the entity begins, where it ends, where the closing sign ends.
    """

    text: str
    head: tuple[int, int, int, int]
    tail: tuple[int, int, int, int]


@dataclass(frozen=True, slots=True)
class EntityWindow:
    """The window of a text that shows head and tail.

    Attributes:
        input_ids: with special tokens.
        head, tail: positions in ``input_ids``: of the opening sign, and of the entity, from and to.
    """

    input_ids: NDArray[np.int32]
    head: tuple[int, int, int]
    tail: tuple[int, int, int]


@dataclass(frozen=True, slots=True)
class _Place:
    """The sub-words of an entity.

    Attributes:
        sign: the sub-word of the opening sign.
        first, end: the sub-words of the entity itself, from and to.
        closed: one past the sub-word of the closing sign.
    """

    sign: int
    first: int
    end: int
    closed: int


def signed(text: str, head: tuple[int, int], tail: tuple[int, int], signs: tuple[str, str]) -> Signed:
    """Put a sign before and after each of two entities, with spaces around the signs.

    Args:
        text: any.
        head, tail: the entities, from and to; they share no character.
        signs: of the head and of the tail.
    """
    made, at = "", 0
    places = {}
    for role, (start, end), sign in sorted(
        [("head", head, signs[0]), ("tail", tail, signs[1])], key=lambda item: item[1]
    ):
        made += text[at:start]
        # With spaces around it a sign is a separate sub-word; joined to a neighbour, as in '"@', it may not be.
        made += "" if not made or made[-1].isspace() else " "
        begin = len(made)
        made += f"{sign} {text[start:end]} {sign}"
        entity = begin + len(sign) + 1
        places[role] = (begin, entity, entity + end - start, len(made))
        made += "" if end == len(text) or text[end].isspace() else " "
        at = end
    return Signed(made + text[at:], places["head"], places["tail"])


class EntityEncoder:
    """Makes one window of each text, and counts what it leaves out.

    Args:
        encoder: of texts.
        signs: in the texts.
        notes: collect what is left out, and signs that the tokenizer does not know.
    """

    def __init__(self, encoder: TextEncoder, signs: tuple[str, str], notes: Notes) -> None:
        self.encoder = encoder
        self.notes = notes
        unknown = encoder.tokenizer.unk_token_id
        for sign, (ids, _) in zip(signs, encoder.tokens(signs), strict=True):
            if not len(ids) or (unknown is not None and unknown in ids):
                read = encoder.tokenizer.unk_token if len(ids) else "nothing"
                self.notes.add(task_kinds.UNKNOWN_SIGN, sign=sign, read=read)
        if encoder.capacity < _LEAST:
            raise DataError(
                f"data.max_length={encoder.plan.length} leaves room for {encoder.capacity} tokens of text; two "
                "entities and their signs need more."
            )

    def windows(self, texts: Sequence[Signed], rows: Sequence[Row]) -> list[EntityWindow]:
        """The window of each text.

        Args:
            texts: any number.
            rows: of the texts, for messages.
        """
        encoded = self.encoder.tokens([text.text for text in texts], role="text", offsets=True)
        return [
            self._window(ids, _place(offsets, text.head), _place(offsets, text.tail), row)
            for (ids, offsets), text, row in zip(encoded, texts, rows, strict=True)
        ]

    def shown(self, texts: Sequence[Signed]) -> list[tuple[NDArray[np.int64], NDArray[np.int64]]]:
        """The sub-words that the window of each text shows, and the [sub-words, 2] characters that each covers."""
        found = []
        for (ids, offsets), text in zip(
            self.encoder.tokens([text.text for text in texts], role="text", offsets=True), texts, strict=True
        ):
            parts = self._parts(len(ids), _place(offsets, text.head), _place(offsets, text.tail))
            shown = _numbers_in(parts)
            found.append((shown, offsets[shown] if len(offsets) else offsets))
        return found

    def _parts(self, total: int, head: _Place, tail: _Place) -> list[tuple[int, int]]:
        left, right = sorted((_reach(head), _reach(tail)))
        return shown_parts(total, left, right, self.encoder.capacity)

    def _window(self, ids: NDArray[np.int32], head: _Place, tail: _Place, row: Row) -> EntityWindow:
        parts = self._parts(len(ids), head, tail)
        shown = _numbers_in(parts)
        self._note(len(ids), parts, (head, tail), row)
        before = len(self.encoder.before)
        window = np.concatenate([self.encoder.before, ids[shown], self.encoder.after])
        return EntityWindow(window, _shift(head, shown, before), _shift(tail, shown, before))

    def _note(self, total: int, parts: list[tuple[int, int]], entities: tuple[_Place, _Place], row: Row) -> None:
        length = self.encoder.plan.length
        left_out = total - sum(end - begin for begin, end in parts)
        if not left_out:
            return
        if any(not any(begin <= entity.sign and entity.end <= end for begin, end in parts) for entity in entities):
            self.notes.add(task_kinds.ENTITY_CUT, row.where, length=length)
        if len(parts) > 1:
            self.notes.add(task_kinds.ENTITIES_APART, row.where, length=length)
        else:
            self.notes.add(kinds.LONG_ROW, policy="around_entities", length=length)
        self.notes.add(task_kinds.TOKENS_LEFT_OUT, number=left_out)


def shown_parts(total: int, left: tuple[int, int], right: tuple[int, int], capacity: int) -> list[tuple[int, int]]:
    """The one or two parts of a text that a window shows.

    Args:
        total: the number of its sub-words.
        left, right: the sub-words of each entity and its signs, from and to, in the order of the text.
        capacity: the number of sub-words that a window shows.

    Returns:
        From and to, for each part. If both entities fit, there is one part around both, with equal room on both sides;
        else there is a part around each. Each gets half of the room; an entity that is longer also gets what the other
        does not need.
    """
    if total <= capacity:
        return [(0, total)]
    both = (left[0], max(left[1], right[1]))
    if both[1] - both[0] <= capacity:
        return [_around(both, capacity, total)]
    needed, half = [left[1] - left[0], right[1] - right[0]], capacity // 2
    room = half
    if needed[0] > half:
        room = min(needed[0], capacity - min(needed[1], capacity - half))
    elif needed[1] > capacity - half:
        room = max(capacity - needed[1], needed[0])
    one, other = _around(left, room, total), _around(right, capacity - room, total)
    return [one, other] if one[1] < other[0] else [(one[0], max(one[1], other[1]))]


def _numbers_in(parts: list[tuple[int, int]]) -> NDArray[np.int64]:
    return np.concatenate([np.arange(begin, end) for begin, end in parts])


def _around(part: tuple[int, int], room: int, total: int) -> tuple[int, int]:
    """A part with equal room on both sides; its beginning if there is not enough room for all of it."""
    spare = room - (part[1] - part[0])
    begin = part[0] if spare < 0 else max(0, min(part[0] - spare // 2, total - room))
    return begin, begin + room


def _place(offsets: NDArray[np.int64], entity: tuple[int, int, int, int]) -> _Place:
    """The sub-words of an entity, whatever the tokenizer did with its signs.

    The opening sign is the sub-word that contains it, even one joined to a word; or the next sub-word, if the tokenizer
    removes the sign. An entity that the tokenizer removes is represented by its sign.
    """
    if not len(offsets):
        return _Place(0, 0, 1, 1)
    opened, begin, stop, closed = entity
    starts, ends = offsets[:, 0], offsets[:, 1]
    covering = np.flatnonzero((starts <= opened) & (opened < ends))
    following = np.flatnonzero(starts >= opened)
    sign = int(next((found[0] for found in (covering, following) if len(found)), len(offsets) - 1))
    inside = np.flatnonzero((starts < stop) & (begin < ends))
    first, end = (int(inside[0]), int(inside[-1]) + 1) if len(inside) else (sign, sign + 1)
    until = np.flatnonzero((starts < closed) & (opened < ends))
    last = int(until[-1]) + 1 if len(until) else end
    return _Place(sign, first, end, max(last, end, sign + 1))


def _reach(place: _Place) -> tuple[int, int]:
    return min(place.sign, place.first), place.closed


def _shift(place: _Place, shown: NDArray[np.int64], before: int) -> tuple[int, int, int]:
    """The positions of a sign and an entity in the window, as far as the part with the sign shows the entity."""
    sign, first, end = (int(at) for at in np.searchsorted(shown, [place.sign, place.first, place.end]))
    gaps = np.flatnonzero(np.diff(shown) > 1) + 1
    part_end = int(next((gap for gap in gaps if gap > sign), len(shown)))
    first, end = (first, min(end, part_end)) if first < part_end else (sign, sign + 1)
    return before + sign, before + first, before + end
