"""Checks of the keys that decide which rows are in which split."""

from collections.abc import Iterator
from typing import Any

from ftk.config.data_choices import Cut, Format
from ftk.config.mistakes import Mistake
from ftk.config.schema import DataConfig
from ftk.config.spelling.writing import as_word

_SPLITS = ("train", "validation", "test")


def check_splits(data: DataConfig) -> Iterator[Mistake]:
    """Mistakes in ``limit``, the shares and ``group``."""
    yield from _limit(data)
    shares = {key: getattr(data, key) for key in ("validation_share", "test_share")}
    for key, value in shares.items():
        if not 0 <= value < 1:
            yield Mistake(f"data.{key}={value}", "It must be at least 0 and below 1.")
    words = " ".join(f"data.{key}={value}" for key, value in shares.items())
    if all(0 <= value < 1 for value in shares.values()) and data.validation is None and sum(shares.values()) >= 1:
        yield Mistake(words, "Together they must be below 1: the rest is trained on.")
    if data.group is not None and not data.group.strip():
        yield Mistake("data.group=", "It is the name of a column; null for none.")


def check_test_share(data: DataConfig) -> Iterator[Mistake]:
    """Mistakes in ``test_share`` of a training: nothing to hold out of, or a test split that is named."""
    if not data.test_share:
        return
    what = f"data.test_share={data.test_share}"
    if data.test is not None:
        how = "data.test=null lets it be held out" if data.format is Format.hub else "leave out one of the two"
        yield Mistake(what, f"data.test={as_word(data.test)} names the test split already; {how}.")
    elif data.train is None:
        yield Mistake(what, "It is a share of the rows of data.train, which is not named.")
    if data.cut is Cut.simple:
        yield Mistake(f"{what} data.cut=simple", "Only data.cut=stratified holds out a test split.")


def refuse_limit(key: str, value: Any) -> Iterator[Mistake]:
    """The mistake in a limit of something that is read in order: it must be a whole number."""
    if value is not None and not _is_number(value):
        yield Mistake(f"{key}={spelled(value)}", "Here it is a whole number: how many are read, from the first one on.")


def spelled(value: Any) -> str:
    """A limit as it is written on a command line."""
    if isinstance(value, dict):
        return "{" + ",".join(f"{split}: {as_word(limit)}" for split, limit in value.items()) + "}"
    return as_word(value)


def _limit(data: DataConfig) -> Iterator[Mistake]:
    what = f"data.limit={spelled(data.limit)}"
    limits = [data.limit]
    if isinstance(data.limit, dict):
        limits = list(data.limit.values())
        unknown = [str(split) for split in data.limit if split not in _SPLITS]
        if unknown:
            yield Mistake(what, f"There is no split '{unknown[0]}'; the splits are {', '.join(_SPLITS)}.")
    for limit in limits:
        if limit is None or _is_number(limit):
            continue
        if not isinstance(limit, float) or not 0 < limit < 1:
            advice = "It is a whole number of rows, from 1 on, or a share of them, between 0 and 1."
            yield Mistake(what, advice)
        elif data.cut is Cut.simple:
            yield Mistake(f"{what} data.cut=simple", "Only data.cut=stratified reads a share of the rows.")


def _is_number(limit: Any) -> bool:
    return isinstance(limit, int) and not isinstance(limit, bool) and limit > 0
