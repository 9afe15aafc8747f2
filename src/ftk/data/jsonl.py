"""JSON lines, or one JSON array of objects."""

import json
from collections.abc import Iterator
from pathlib import Path

from ftk.data.lines import numbered_lines
from ftk.data.rows import Row
from ftk.errors import DataError


def read_jsonl(path: Path | str, encoding: str) -> Iterator[Row]:
    """One row an object, its keys the columns; blank lines are passed over.

    Raises:
        DataError: a line is not a JSON object.
    """
    lines = numbered_lines(path, encoding)
    for number, line in lines:
        if not line.strip():
            continue
        if line.lstrip().startswith("["):
            yield from _array(path, number, "\n".join([line, *(rest for _, rest in lines)]))
            return
        yield Row(_object(path, number, line), str(path), number)


def _object(path: Path | str, number: int, line: str) -> dict[str, object]:
    try:
        value = json.loads(line)
    except (json.JSONDecodeError, RecursionError) as error:
        what = (
            f"{error.msg} at column {error.colno}" if isinstance(error, json.JSONDecodeError) else "nested too deeply"
        )
        raise DataError(f"{path}:{number}: this is not JSON ({what}).") from error
    if not isinstance(value, dict):
        raise DataError(f'{path}:{number}: expected a JSON object such as {{"text": …}}, found {_kind(value)}.')
    return value


def _array(path: Path | str, first_line: int, text: str) -> Iterator[Row]:
    try:
        values = json.loads(text)
    except (json.JSONDecodeError, RecursionError) as error:
        line, what = first_line, "nested too deeply"
        if isinstance(error, json.JSONDecodeError):
            line, what = first_line + error.lineno - 1, f"{error.msg} at column {error.colno}"
        raise DataError(f"{path}:{line}: this is not JSON ({what}).") from error
    for number, value in enumerate(values, start=1):
        if not isinstance(value, dict):
            raise DataError(f"{path}: element {number} of the array is {_kind(value)}, not an object.")
        yield Row(value, str(path), number)


def _kind(value: object) -> str:
    kinds = {list: "a list", str: "a string", bool: "a truth value", int: "a number", float: "a number"}
    return kinds.get(type(value), "null")
