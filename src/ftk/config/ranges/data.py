"""Checks of the data section."""

from collections.abc import Iterator
from typing import Any

from ftk.config.data_choices import DELIMITERS, Format, character_of
from ftk.config.mistakes import Mistake
from ftk.config.ranges.splits import check_splits
from ftk.config.ranges.values import positive
from ftk.config.schema import DataConfig
from ftk.config.spelling.writing import as_word


def check_data(data: DataConfig) -> Iterator[Mistake]:
    for key in ("validation_tokens", "workers", "max_windows"):
        yield from positive(f"data.{key}", getattr(data, key))
    yield from check_splits(data)
    if data.max_length is not None and data.max_length < 8:
        yield Mistake(f"data.max_length={data.max_length}", "A window needs at least 8 tokens.")
    if data.stride is not None and data.stride < 0:
        yield Mistake(f"data.stride={data.stride}", "It cannot be negative.")
    if data.stride is not None and data.max_length is not None and data.stride > data.max_length // 2:
        advice = f"Windows of data.max_length={data.max_length} may share at most half of it: {data.max_length // 2}."
        yield Mistake(f"data.stride={data.stride}", advice)
    try:
        "".encode("utf-8" if data.encoding == "auto" else data.encoding)
    except LookupError:
        advice = "Python knows no such encoding; try auto, utf-8, latin-1 or cp1252."
        yield Mistake(f"data.encoding={data.encoding}", advice)
    delimiter = character_of(data.delimiter)
    if delimiter is not None and (len(delimiter) != 1 or delimiter in '"\r\n'):
        advice = f"It is one character other than a quotation mark, or one of {', '.join(DELIMITERS)}."
        yield Mistake(f"data.delimiter={as_word(data.delimiter)}", advice)
    yield from _columns(data.columns)
    if data.format is Format.hub:
        if data.name is None:
            yield Mistake("data=hub", "Say which dataset: data.name=<hub id or folder>.")
        return
    if data.name is not None:
        yield Mistake(f"data.name={data.name}", "It names a dataset of the datasets library: add data=hub.")
    if data.format is Format.demo:
        for split in ("train", "validation", "test"):
            if (spec := getattr(data, split)) is not None:
                advice = "data=demo brings its own files; leave out one of the two."
                yield Mistake(f"data.{split}={as_word(spec)}", advice)


def _columns(columns: dict[str, Any]) -> Iterator[Mistake]:
    """Roles that are given no column, no name, or the same column twice."""
    for role, wanted in columns.items():
        what = f"data.columns.{role}={as_word(wanted)}"
        listed = isinstance(wanted, (list, tuple))
        names = [str(name) for name in wanted] if listed else [wanted]
        if listed and role != "label":
            yield Mistake(
                what,
                "It is the name of one column; only data.columns.label can be several. "
                "Where files have different names for it, rename the column in one of them; case does not matter.",
            )
        elif listed and not names:
            yield Mistake(what, "Name at least one column, or leave it to be found by name: null.")
        elif listed and any(isinstance(name, (list, tuple, dict)) or name in (None, "") for name in wanted):
            yield Mistake(what, "Each of them is the name of a column.")
        elif listed and len(set(names)) < len(names):
            doubled = next(name for name in names if names.count(name) > 1)
            yield Mistake(what, f"It names the column '{doubled}' twice.")
        elif wanted == "" or isinstance(wanted, dict):
            yield Mistake(what, "It is the name of a column; null has it found by name.")
