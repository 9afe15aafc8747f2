"""Durations as people write them: 90s, 30m, 1.5h, 1h30m."""

import re

_UNITS = {"d": 86400, "h": 3600, "m": 60, "s": 1}
_PART = r"(\d+(?:\.\d+)?)\s*([dhms])"


def seconds(text: str) -> float:
    """The seconds of a duration.

    Raises:
        ValueError: the text is not made of numbers with units.
    """
    if not re.fullmatch(rf"\s*(?:{_PART}\s*)+", text):
        raise ValueError(text)
    return sum(float(number) * _UNITS[unit] for number, unit in re.findall(_PART, text))


def duration(seconds: float) -> str:
    """0:07, 12:31 or 1:02:09."""
    minutes, rest = divmod(round(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02}:{rest:02}" if hours else f"{minutes}:{rest:02}"
