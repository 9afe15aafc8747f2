"""Numbers in texts: with a decimal comma, with signs between thousands, with a percent sign."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable
from enum import Enum
from typing import Any

from ftk.data.rows.columns import finite
from ftk.data.rows.lists import scalar_of

_SPACED = re.compile(r"([+-]?\d{1,3})((?:[ ']\d{3})+)(\D.*)?")
"""Thousands with a space or an apostrophe between them."""
_COMMA = re.compile(r"[+-]?(?:\d+|\d{1,3}(?:\.\d{3})+),\d+|[+-]?[1-9]\d{0,2}(?:\.\d{3})+")
_POINT = re.compile(r"[+-]?\d{1,3}(?:,\d{2,3})*,\d{3}(?:\.\d*)?")
_SURE_COMMA = re.compile(
    r"[+-]?(?:\d+,(?:\d{1,2}|\d{4,})|0\d*,\d+|\d{4,},\d+|\d{1,3}(?:\.\d{3})+,\d+|\d{1,3}(?:\.\d{3}){2,})"
)
_SURE_POINT = re.compile(
    r"[+-]?(?:\d{1,3}(?:,\d{2,3})*,\d{3}\.\d*|\d{1,3}(?:,\d{2,3})+,\d{3}|\d*\.(?:\d{1,2}|\d{4,})|0\.\d+)"
)
_SIGNED = re.compile(r"[+-]?[\d.,]*\d[\d.,]*")


class Decimal(Enum):
    """The sign before the fraction of a number that is a text.

    ``auto`` takes the comma if the numbers of the training rows can have no other sign, and thousands may then have
    points between them; it reads thousands with commas if the numbers show that their sign is the point.
    """

    auto = "auto"
    point = "point"
    comma = "comma"


def sign_of(values: Iterable[Any]) -> Decimal:
    """The sign before the fractions of numbers; ``auto`` if they do not tell, or contradict each other.

    Args:
        values: numbers, or texts.
    """
    comma = point = False
    for value in values:
        if isinstance(value, str) and ("," in value or value.count(".") > point):
            text = _plain(value)
            comma = comma or _SURE_COMMA.fullmatch(text) is not None
            point = point or _SURE_POINT.fullmatch(text) is not None
    return Decimal.auto if comma == point else Decimal.comma if comma else Decimal.point


def number_in(value: Any, sign: Decimal) -> float | None:
    """The finite number that a value is or that a text spells; None for anything else.

    Args:
        value: a number, or a text, with or without a percent sign, which changes nothing.
        sign: what is before its fraction.
    """
    if not isinstance(value, str):
        return finite(value)
    if sign is not Decimal.comma and (found := finite(value)) is not None:
        return found
    text = _plain(value)
    if sign is Decimal.comma and _COMMA.fullmatch(text):
        return finite(text.replace(".", "").replace(",", "."))
    if sign is Decimal.point and _POINT.fullmatch(text):
        return finite(text.replace(",", ""))
    if sign is Decimal.comma and "." in text:
        return None
    return finite(scalar_of(text))


def whole_number(value: Any) -> int | None:
    """The whole number that a value is, or that a text of digits spells, in any script; None for anything else."""
    # type() and not isinstance(): true and false are ints to Python
    if type(value) is int:
        return value
    if isinstance(value, float) and value.is_integer():
        return int(value)
    return int(value) if isinstance(value, str) and value.isdecimal() and len(value) < 19 else None


def has_percent(value: Any) -> bool:
    """Whether a value is a text with a percent sign at its end."""
    return isinstance(value, str) and unicodedata.normalize("NFKC", value).rstrip()[-1:] in ("%", "٪")


def has_thousands(text: str, number: float) -> bool:
    """Whether there are signs between the thousands of a number that a text spells."""
    return abs(number) >= 1000 and str(int(abs(number))) not in unicodedata.normalize("NFKC", text)


def has_sign(value: Any) -> bool:
    """Whether a text is a number but for its commas and points."""
    return isinstance(value, str) and _SIGNED.fullmatch(_plain(value)) is not None


def _plain(text: str) -> str:
    """A number with the digits and the minus sign of ASCII, without a percent sign and spaces between thousands."""
    text = unicodedata.normalize("NFKC", text).replace("\u2212", "-").replace("\u2019", "'").strip()
    if text[-1:] in ("%", "٪"):
        text = text[:-1].rstrip()
    spaced = _SPACED.fullmatch(text)
    return f"{spaced[1]}{spaced[2].replace(' ', '').replace(chr(39), '')}{spaced[3] or ''}" if spaced else text
