"""Reads the special tokens that a text spells out, such as ``</s>``, as text, so that no row can look like two."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any, Literal
from weakref import WeakKeyDictionary, ref

from ftk.data.text.piece_cuts import has_byte_letters, vocabulary_pieces

_ROLES = ("bos_token", "eos_token", "unk_token", "sep_token", "pad_token", "cls_token", "mask_token")
"""The tokens that a model is given around, between or in place of texts, and that no text has of its own."""

_Piece = tuple[int, int, int]
"""A token and the characters that it covers."""


class PlainText:
    """Finds texts that a tokenizer reads special tokens in, and encodes them as text.

    Special tokens without such a role stay single tokens: they are words that the author of the tokenizer added, such
    as the signs of entities or of links, and texts contain them on purpose.

    Args:
        tokenizer: of transformers.
        masks: whether the mask token in a text is a mask.
    """

    def __init__(self, tokenizer: Any, *, masks: bool = False) -> None:
        self._tokenizer = ref(tokenizer)  # it is the key under which this object is kept
        found = {name: getattr(tokenizer, name, None) for name in _ROLES}
        if masks:
            del found["mask_token"]
        # A single letter or sign, such as the "!" that some models are padded with, is one of texts.
        names = {str(token) for token in found.values() if token is not None}
        self.names = frozenset(name for name in names if len(name) > 1 or not name.isprintable())
        self._unknown_id = tokenizer.unk_token_id
        self._unknown = str(tokenizer.unk_token) if str(tokenizer.unk_token) in self.names else None
        # The unknown token also stands for what the vocabulary lacks.
        self.ids = frozenset(tokenizer.convert_tokens_to_ids(sorted(self.names))) - {self._unknown_id, None}

    def concerns(self, text: str, ids: Sequence[int]) -> bool:
        """Whether the tokens of a text are to be found again by ``encode``."""
        return not self.ids.isdisjoint(ids) or (self._unknown is not None and self._unknown in text)

    def spelled(self, text: str, ids: Sequence[int]) -> list[str]:
        """The special tokens that a text spells out, by the letter or by the tokens that it was read as."""
        found = {text[begin:end] for begin, end in _places(text, self.names)}
        tokenizer: Any = self._tokenizer()
        return sorted(found or map(str, tokenizer.convert_ids_to_tokens(sorted(self.ids.intersection(ids)))))

    def encode(
        self, text: str, kind: Literal["text", "text_target"] = "text"
    ) -> tuple[list[int], list[tuple[int, int]] | None]:
        """The sub-words of a text and their characters; those of a tokenizer without offsets are None."""
        tokenizer: Any = self._tokenizer()
        if not getattr(tokenizer, "is_fast", False):
            return _InParts(tokenizer, kind, self.names, self.ids, self._unknown_id).encode(text), None
        found = [piece for piece, _ in _plain_pieces(self.backend, text, self.ids, self._unknown_id, self._unknown)]
        return [number for number, _, _ in found], [(begin, end) for _, begin, end in found]

    @cached_property
    def backend(self) -> Any:
        """A copy of the fast tokenizer, without truncation and padding, whose special tokens are those of ``names``.

        It finds none of them in a text, unless the vocabulary of its model has them as words.
        """
        from tokenizers import Tokenizer

        tokenizer: Any = self._tokenizer()
        described = json.loads(tokenizer.backend_tokenizer.to_str())
        for token in described["added_tokens"]:
            token["special"] = token["content"] in self.names
        copy = Tokenizer.from_str(json.dumps(described))
        copy.encode_special_tokens = True
        copy.no_truncation()
        copy.no_padding()
        return copy


def special_ids(backend: Any) -> frozenset[int]:
    """The special tokens of a ``PlainText.backend``, that for what the vocabulary lacks among them."""
    added = backend.get_added_tokens_decoder()
    return frozenset(number for number, token in added.items() if token.special)


def without_special(backend: Any, text: str, special: frozenset[int]) -> tuple[list[int], list[int]]:
    """The tokens of a text with the tokens of its characters for each special one.

    Args:
        backend: ``PlainText.backend``, or a copy of it.
        text: any.
        special: tokens that are replaced.

    Returns:
        The tokens, and the number of the token of ``backend`` that each comes from.
    """
    pieces = list(_plain_pieces(backend, text, special, None, None))
    return [number for (number, _, _), _ in pieces], [origin for _, origin in pieces]


def _plain_pieces(
    backend: Any, text: str, special: frozenset[int], unknown_id: int | None, unknown: str | None
) -> Iterator[tuple[_Piece, int]]:
    """The tokens of a text with their characters, and the number of the token of ``backend`` that each comes from.

    A special token that the vocabulary of the model has is replaced by the tokens of its characters, and so is the
    unknown token where it is spelled out.
    """
    encoding = backend.encode(text, add_special_tokens=False)
    of_bytes = has_byte_letters(backend)

    def pieces(part: str) -> list[int]:
        return vocabulary_pieces(backend, part, of_bytes=of_bytes)

    for origin, (number, (begin, end)) in enumerate(zip(encoding.ids, encoding.offsets, strict=True)):
        whole = text[begin:end].strip()
        if number not in special and (number != unknown_id or whole != unknown):
            yield (number, begin, end), origin
            continue
        at = text.find(whole, begin)  # without the space before it
        for piece, first, last in broken(whole, special.__contains__, pieces, unknown_id):
            yield (piece, at + first, at + last), origin


@dataclass(frozen=True, slots=True)
class _InParts:
    """Encodes the parts of a text between special tokens with a tokenizer in Python, and these as text."""

    tokenizer: Any
    kind: str
    names: frozenset[str]
    ids: frozenset[int]
    unknown: int | None

    def encode(self, text: str) -> list[int]:
        found: list[int] = []
        at = 0
        for begin, end in _places(text, self.names):
            found += [*self._tokens(text[at:begin]), *self._tokens_of_name(text[begin:end])]
            at = end
        found += self._tokens(text[at:])
        if self.ids.isdisjoint(found):
            return found
        return [number for number in self._tokens(text, split=True) if number not in self.ids]

    def _tokens_of_name(self, name: str) -> list[int]:
        whole = self._tokens(name, split=True)
        if self.ids.isdisjoint(whole):
            return whole
        parts = broken(name, self.ids.__contains__, lambda part: self._tokens(part, split=True), self.unknown)
        return [number for number, _, _ in parts]

    def _tokens(self, text: str, *, split: bool = False) -> list[int]:
        if not text:
            return []
        settings = {"split_special_tokens": True} if split else {}
        found: list[int] = self.tokenizer(**{self.kind: text}, add_special_tokens=False, **settings)["input_ids"]
        return found


def broken(
    name: str, is_special: Callable[[int], bool], pieces: Callable[[str], list[int]], unknown: int | None
) -> list[_Piece]:
    """The tokens of the characters of a special token, and the characters that each covers.

    Args:
        name: how it is written.
        is_special: whether a token is special.
        pieces: the tokens of a part of a word.
        unknown: stands for a single character that is special; None: nothing does.
    """
    if len(name) < 2:
        return [] if unknown is None or not name else [(unknown, 0, len(name))]
    found: list[_Piece] = []
    for begin, end in ((0, 1), (1, len(name))):
        numbers = pieces(name[begin:end])
        if any(map(is_special, numbers)):
            inner = broken(name[begin:end], is_special, pieces, unknown)
            found += [(number, begin + first, begin + last) for number, first, last in inner]
        else:
            found += [(number, begin, end) for number in numbers]
    return found


def _places(text: str, names: frozenset[str]) -> list[tuple[int, int]]:
    pattern = "|".join(map(re.escape, sorted(names, key=len, reverse=True)))
    return [match.span() for match in re.finditer(pattern, text)] if pattern else []


_known: WeakKeyDictionary[Any, dict[bool, PlainText]] = WeakKeyDictionary()
"""Copying the tokenizer of a large vocabulary takes a second, and rows come in many parts."""


def plain_text(tokenizer: Any, *, masks: bool = False) -> PlainText:
    """The ``PlainText`` of a tokenizer; the same one while the tokenizer has the same special tokens."""
    of_it = _known.setdefault(tokenizer, {})
    found = PlainText(tokenizer, masks=masks)
    if masks not in of_it or of_it[masks].names != found.names:
        of_it[masks] = found
    return of_it[masks]
