"""Reads a value of a command line as people write it."""

import re
from dataclasses import dataclass
from typing import Any

_BLANKS = " \t\n\r"
_PAIRS = {"(": ")", "[": "]", "{": "}"}
_ESCAPED = frozenset("\\()[]{}:=, \t")
"""What a backslash takes the meaning from, outside of quotation marks."""
_FUNCTION = re.compile(r"(int|str|bool|float|choice|range|interval|tag|sort|shuffle|glob|json)\s*\(")
_CALL = re.compile(r"[\w-]+\s*\(")
_INT = re.compile(r"[+-]?(0|[1-9](_?\d)*)", re.ASCII)
FLOAT = re.compile(
    r"[+-]?((0|[1-9](_?\d)*)\.|(0|[1-9](_?\d)*)?\.\d(_?\d)*)|"
    r"[+-]?((0|[1-9](_?\d)*)\.?|(0|[1-9](_?\d)*)?\.\d(_?\d)*)e[+-]?\d(_?\d)*|[+-]?(inf|nan)",
    re.IGNORECASE | re.ASCII,
)
"""A number that Hydra reads as one with a fraction."""
_CONSTANTS = {"null": None, "true": True, "false": False}


class Unreadable(Exception):
    """The value has no meaning here either."""


@dataclass(frozen=True, slots=True)
class Call:
    """A call of one of Hydra's functions, as it is written."""

    text: str


def values_in(text: str) -> list[Any]:
    """The values of a text that commas separate: texts, numbers, lists, mappings and calls of Hydra's functions.

    A name is whatever stands between commas, colons and brackets, or in quotation marks; brackets within a name hold
    what is between them together, as in ``part-of(e1,e2)``. A key is a name, or a whole number.

    Raises:
        Unreadable: brackets or quotation marks do not match, or a value is missing.
    """
    return _Reader(text).elements("")


class _Reader:
    """Reads the values of one text from left to right."""

    def __init__(self, text: str) -> None:
        self._text = text
        self._at = 0

    def elements(self, end: str) -> list[Any]:
        """The values up to the bracket ``end``, or the end of the text; at least one, unless they are in brackets."""
        found: list[Any] = []
        self._skip()
        if end and self._next() == end:
            self._at += 1
            return found
        while True:
            found.append(self._element(f",{end}"))
            if self._take(f",{end}") != ",":
                return found

    def _element(self, stops: str) -> Any:
        self._skip()
        start = self._next()
        if start == "[":
            self._at += 1
            return self.elements("]")
        if start == "{":
            self._at += 1
            return self._mapping()
        if start in ("'", '"'):
            return self._quoted(start)
        if _FUNCTION.match(self._text, self._at):
            return self._call()
        if stops == "," and _CALL.match(self._text, self._at):
            raise Unreadable  # rather a misspelt function than a name
        return self._bare(stops)

    def _mapping(self) -> dict[Any, Any]:
        found: dict[Any, Any] = {}
        self._skip()
        if self._next() == "}":
            self._at += 1
            return found
        while True:
            self._skip()
            start = self._next()
            key = self._quoted(start) if start in ("'", '"') else self._bare(":", key=True)
            if self._take(":") != ":":
                raise Unreadable
            found[key] = self._element(",}")
            if self._take(",}") == "}":
                return found

    def _quoted(self, sign: str) -> str:
        """The text between two quotation marks; a backslash counts only before one."""
        start = self._at + 1
        end = self._text.find(sign, start)
        while end >= 0 and (end - start - len(self._text[start:end].rstrip("\\"))) % 2:
            end = self._text.find(sign, end + 1)
        if end < 0:
            raise Unreadable
        self._at = end + 1
        found = self._text[start:end]
        return re.sub(rf"(\\+)({sign}|\Z)", lambda one: "\\" * (len(one[1]) // 2) + one[2], found)

    def _call(self) -> Call:
        start = self._at
        depth = 0
        while self._at < len(self._text):
            sign = self._next()
            if sign in ("'", '"'):
                self._quoted(sign)
                continue
            self._at += 1
            depth += (sign == "(") - (sign == ")")
            if sign == ")" and not depth:
                return Call(self._text[start : self._at])
        raise Unreadable

    def _bare(self, stops: str, *, key: bool = False) -> Any:
        """A name or a number without quotation marks: up to a sign that ends it, and that is in no brackets."""
        parts: list[str] = []
        plain = True
        while self._at < len(self._text):
            sign = self._next()
            if sign == "\\" and self._text[self._at + 1 : self._at + 2] in _ESCAPED and self._at + 1 < len(self._text):
                parts.append(self._text[self._at + 1])
                plain = False
                self._at += 2
                continue
            if sign in stops or (not key and sign in "]}") or (key and sign in ",]}"):
                break
            end = self._end_of_group() if sign in _PAIRS else None
            if end is None and sign in "[{":
                raise Unreadable
            end = self._at + 1 if end is None else end
            parts.append(self._text[self._at : end])
            self._at = end
        text = "".join(parts).strip(_BLANKS) if plain else "".join(parts)
        if not text:
            raise Unreadable
        return text if not plain else _key_of(text) if key else value_of(text)

    def _end_of_group(self) -> int | None:
        """Where the bracket that begins here is closed; None if it is not."""
        opened, closed = self._next(), _PAIRS[self._next()]
        depth = 0
        for at in range(self._at, len(self._text)):
            depth += (self._text[at] == opened) - (self._text[at] == closed)
            if not depth:
                return at + 1
        return None

    def _next(self) -> str:
        return self._text[self._at : self._at + 1]

    def _skip(self) -> None:
        while self._next() and self._next() in _BLANKS:
            self._at += 1

    def _take(self, stops: str) -> str:
        """The sign that ends a value; empty at the end of the text, where no bracket is open."""
        self._skip()
        sign = self._next()
        self._at += 1
        if (sign and sign in stops) or (not sign and stops == ","):
            return sign
        raise Unreadable


def value_of(text: str) -> Any:
    """What a name without quotation marks is: a text, a number, true, false or null."""
    if text.lower() in _CONSTANTS:
        return _CONSTANTS[text.lower()]
    if _INT.fullmatch(text):
        return int(text)
    return float(text) if FLOAT.fullmatch(text) else text


def _key_of(text: str) -> str | int:
    return int(text) if _INT.fullmatch(text) and str(int(text)) == text else text
