"""Cuts the sub-words of a text where words begin inside them, for any tokenizer of the tokenizers library."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

_MARKS = ("\u2581", "\u0120")
"""How SentencePiece and byte-level tokenizers write the space before a sub-word."""


class PieceCutter:
    """Gives each part of a cut sub-word the sub-words that the vocabulary has for it.

    A part from inside a word is written as one: ``##ab`` becomes ``##a`` and ``##b`` in a WordPiece vocabulary.
    """

    def __init__(self, tokenizer: Any) -> None:
        backend = tokenizer.backend_tokenizer
        self._tokenizer = tokenizer
        self._model = backend.model
        self._normalizer = backend.normalizer
        self._inner = getattr(self._model, "continuing_subword_prefix", None) or ""
        self._backend = backend
        self._of_bytes = has_byte_letters(backend)
        self._special = frozenset(tokenizer.all_special_ids) - {tokenizer.unk_token_id}
        self._known: dict[tuple[str, str, bool], tuple[int, ...]] = {}

    def cut(
        self, text: str, ids: NDArray[np.int32], spans: NDArray[np.int64], cuts: Sequence[int]
    ) -> tuple[NDArray[np.int32], NDArray[np.int64]]:
        """The sub-words of a text, none of which covers characters on both sides of a cut.

        Args:
            text: the text.
            ids: its sub-words.
            spans: [sub-words, 2] the characters that each covers.
            cuts: the characters before which sub-words are cut, in order.

        Returns:
            The sub-words and their characters. If nothing needs to be cut, they are the given ones.
        """
        at = np.asarray(cuts, dtype=np.int64)
        crossed = np.searchsorted(at, spans[:, 0], "right") < np.searchsorted(at, spans[:, 1], "left")
        if not crossed.any():
            return ids, spans
        parts: list[tuple[NDArray[np.int32], NDArray[np.int64]]] = []
        done = 0
        for first, last in _groups(spans, crossed):
            parts.append((ids[done:first], spans[done:first]))
            parts.append(self._group(text, ids[first:last], spans[first:last], at))
            done = last
        parts.append((ids[done:], spans[done:]))
        return np.concatenate([one for one, _ in parts]), np.concatenate([places for _, places in parts])

    def _group(
        self, text: str, ids: NDArray[np.int32], spans: NDArray[np.int64], cuts: NDArray[np.int64]
    ) -> tuple[NDArray[np.int32], NDArray[np.int64]]:
        """Sub-words that share characters, encoded anew between the cuts."""
        begin, end = int(spans[:, 0].min()), int(spans[:, 1].max())
        inside = cuts[(cuts > begin) & (cuts < end)].tolist()
        bounds = [place for place in inside if text[begin:place].strip()]
        if not bounds or self._special.intersection(ids.tolist()):
            return ids, spans  # nothing but the space before a word is cut off
        token = self._tokenizer.convert_ids_to_tokens(int(ids[0]))
        mark = next((mark for mark in _MARKS if token.startswith(mark)), "")
        found: list[int] = []
        places: list[tuple[int, int]] = []
        for number, (one, other) in enumerate(zip([begin, *bounds], [*bounds, end], strict=True)):
            within = number > 0 or (bool(self._inner) and token.startswith(self._inner))
            pieces = self._pieces(text[one:other].strip(), "" if number else mark, within)
            found += pieces
            places += [(one, other)] * len(pieces)
        return np.array(found, dtype=np.int32), np.array(places, dtype=np.int64).reshape(-1, 2)

    def _pieces(self, part: str, mark: str, within: bool) -> tuple[int, ...]:
        """The sub-words of a part of a word."""
        key = (part, mark, within)
        if key not in self._known:
            if self._inner:
                text = part if self._normalizer is None else self._normalizer.normalize_str(part).strip()
                found = self._word_pieces(text, within)
            else:
                found = vocabulary_pieces(self._backend, part, mark, of_bytes=self._of_bytes)
            if len(part) > 1 and self._special.intersection(found):  # the part spells a special token
                found = [*self._pieces(part[:1], mark, within), *self._pieces(part[1:], "", True)]
            self._known[key] = tuple(found)
        return self._known[key]

    def _word_pieces(self, text: str, within: bool) -> list[int]:
        """The longest entries of a WordPiece vocabulary, one after the other."""
        found: list[int] = []
        at = 0
        while at < len(text):
            prefixes = (self._inner, "") if within or at else ("", self._inner)
            # A character that only begins words in the vocabulary may have to go on with one, and the other way round.
            entry = self._longest(text, at, prefixes[0]) or self._longest(text, at, prefixes[1])
            if entry is None:
                return [self._model.token_to_id(self._model.unk_token)]
            number, at = entry
            found.append(number)
        return found

    def _longest(self, text: str, begin: int, prefix: str) -> tuple[int, int] | None:
        """The longest entry with this prefix that a text has at a place, and where it ends; None without one."""
        for end in range(len(text), begin, -1):
            number = self._model.token_to_id(prefix + text[begin:end])
            if number is not None:
                return number, end
        return None


def has_byte_letters(backend: Any) -> bool:
    """Whether a tokenizer of the tokenizers library writes each byte as a letter."""
    return "ByteLevel" in str(backend.pre_tokenizer)


def vocabulary_pieces(backend: Any, part: str, mark: str = "", *, of_bytes: bool) -> list[int]:
    """The entries of the vocabulary for a part of a word.

    Args:
        backend: of the tokenizers library.
        part: as it is in the text.
        mark: the sign of a space before it.
        of_bytes: whether the vocabulary writes each byte as a letter.
    """
    text = part if backend.normalizer is None else backend.normalizer.normalize_str(part).strip()
    if of_bytes:
        from tokenizers import pre_tokenizers

        level = pre_tokenizers.ByteLevel(add_prefix_space=False, use_regex=False)
        text = "".join(piece for piece, _ in level.pre_tokenize_str(text))
    # Some normalizers put the mark of a space before any text.
    text = text.lstrip(_MARKS[0])
    return [token.id for token in backend.model.tokenize(mark + text)] if text else []


def _groups(spans: NDArray[np.int64], crossed: NDArray[np.bool_]) -> list[tuple[int, int]]:
    """Ranges of overlapping sub-words, each with at least one sub-word to cut."""
    groups: list[tuple[int, int]] = []
    for number in np.flatnonzero(crossed).tolist():
        if groups and number < groups[-1][1]:
            continue
        first, last = number, number + 1
        low, high = spans[number]
        while first > 0 and spans[first - 1, 1] > low:
            first -= 1
            low = min(low, spans[first, 0])
        while last < len(spans) and spans[last, 0] < high:
            high = max(high, spans[last, 1])
            last += 1
        groups.append((first, last))
    return groups
