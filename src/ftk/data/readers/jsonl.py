"""JSON lines, or one JSON array of objects."""

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from ftk.contracts.row import Row
from ftk.data.readers.lines import numbered_lines
from ftk.data.rows.exports.spacy_json import as_object
from ftk.errors import DataError

_BETWEEN = re.compile(r"[\s,]*")
ESCAPED = re.compile(r"\\u[dD]")
"""The escape of half a surrogate pair, with or without the other half."""
_PAIR = re.compile(r'\s*\[\s*"(?:[^"\\]|\\.)*"\s*,\s*\{.*\}\s*\]\s*$')
"""A line that is a text and what is marked in it."""
_HALF = re.compile("[\ud800-\udfff]")


def read_jsonl(path: Path | str, encoding: str) -> Iterator[Row]:
    """One row for each object, whose keys are the columns; blank lines are skipped.

    Raises:
        DataError: a line is not a JSON object.
    """
    lines = numbered_lines(path, encoding)
    for number, line in lines:
        if not line.strip():
            continue
        if line.lstrip().startswith("[") and not _PAIR.match(line):
            yield from _array(path, number, "\n".join([line, *(rest for _, rest in lines)]))
            return
        yield row_of(path, number, parsed(path, number, line), may_be_half=bool(ESCAPED.search(line)))


def parsed(path: Path | str, first_line: int, text: str) -> Any:
    """The values of a JSON text.

    Args:
        path: the file, for messages.
        first_line: the line of the file on which the text begins, for messages.
        text: JSON.

    Raises:
        DataError: it is not JSON.
    """
    line, what = first_line, "nested too deeply"
    try:
        value = json.loads(text)
    except (ValueError, RecursionError) as error:  # a number of too many digits is a plain ValueError
        if isinstance(error, json.JSONDecodeError):
            line, what = first_line + error.lineno - 1, f"{error.msg} at column {error.colno}"
        elif isinstance(error, ValueError):
            what = "a number has too many digits"
        hint = ""
        if text.strip() == "{":  # an object over several lines
            hint = " ftk reads one object per line, or one array of objects."
        raise DataError(f"{path}:{line}: this is not JSON ({what}).{hint}") from error
    return value


def _array(path: Path | str, first_line: int, text: str) -> Iterator[Row]:
    values = parsed(path, first_line, text)
    may_be_half = bool(ESCAPED.search(text))
    for number, value in zip(_lines_of_elements(first_line, text), values, strict=True):
        yield row_of(path, number, value, may_be_half=may_be_half)


def _lines_of_elements(first_line: int, text: str) -> Iterator[int]:
    """The line at which each element of a valid JSON array begins."""
    decoder, line, counted, at = json.JSONDecoder(), first_line, 0, text.index("[") + 1
    while text[begin := _BETWEEN.match(text, at).end()] != "]":  # type: ignore[union-attr]
        line, counted = line + text.count("\n", counted, begin), begin
        yield line
        at = decoder.raw_decode(text, begin)[1]


def row_of(path: Path | str, number: int, value: Any, *, may_be_half: bool) -> Row:
    """A JSON object as a row.

    Args:
        path: of the file.
        number: of the line.
        value: the object.
        may_be_half: whether ``ESCAPED`` matches its text.

    Raises:
        DataError: it is no object, or holds half of a surrogate pair.
    """
    value = as_object(value)
    if not isinstance(value, dict):
        raise DataError(f'{path}:{number}: expected a JSON object such as {{"text": …}}, found {_kind(value)}.')
    # JSON can hold half of a surrogate pair, which is no character: no tokenizer and no file accepts it.
    half = _HALF.search(json.dumps(value, ensure_ascii=False)) if may_be_half else None
    if half:
        raise DataError(f"{path}:{number}: \\u{ord(half.group()):04x} is half of a surrogate pair, not a character.")
    return Row(value, str(path), number)


def _kind(value: object) -> str:
    kinds = {list: "a list", str: "a string", bool: "a truth value", int: "a number", float: "a number"}
    return kinds.get(type(value), "null")
