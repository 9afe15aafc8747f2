"""JSON texts as values, and objects as rows."""

import json
import re
from pathlib import Path
from typing import Any

from ftk.contracts.row import Row
from ftk.data.rows.exports.spacy_json import as_object
from ftk.errors import DataError

ESCAPED = re.compile(r"\\u[dD]")
"""The escape of half a surrogate pair, with or without the other half."""
_HALF = re.compile("[\ud800-\udfff]")


def parsed(path: Path | str, first_line: int, text: str) -> Any:
    """The values of a JSON text.

    Args:
        path: the file, for messages.
        first_line: the line of the file on which the text begins, for messages.
        text: JSON.

    Raises:
        DataError: it is not JSON.
    """
    try:
        return json.loads(text)
    except (ValueError, RecursionError) as error:  # a number of too many digits is a plain ValueError
        raise not_json(path, first_line, text, error) from error


def not_json(path: Path | str, first_line: int, text: str, error: Exception) -> DataError:
    """The error for a text that begins in a line and is not JSON."""
    line, what = first_line, "nested too deeply"
    if isinstance(error, json.JSONDecodeError):
        line, what = first_line + error.lineno - 1, f"{error.msg.removesuffix(' at')} at column {error.colno}"
    elif isinstance(error, ValueError):
        what = "a number has too many digits"
    begins = f"; the object begins in line {first_line}" if line > first_line and text.startswith("{") else ""
    return DataError(f"{path}:{line}: this is not JSON ({what}{begins}).")


def row_of(path: Path | str, number: int, value: Any, *, may_be_half: bool, item: str = "") -> Row:
    """A JSON object as a row.

    Args:
        path: of the file.
        number: of the line.
        value: the object.
        may_be_half: whether ``ESCAPED`` matches its text.
        item: what names the object, if its line does not.

    Raises:
        DataError: it is no object, or holds half of a surrogate pair.
    """
    value = as_object(value)
    if not isinstance(value, dict):
        where = Row({}, str(path), number, item=item).where
        raise DataError(f'{where}: expected a JSON object such as {{"text": …}}, found {_kind(value)}.')
    # JSON can hold half of a surrogate pair, which is no character: no tokenizer and no file accepts it.
    half = _HALF.search(json.dumps(value, ensure_ascii=False)) if may_be_half else None
    row = Row(value, str(path), number, item=item)
    if half:
        raise DataError(f"{row.where}: \\u{ord(half.group()):04x} is half of a surrogate pair, not a character.")
    return row


def _kind(value: object) -> str:
    kinds = {list: "a list", str: "a string", bool: "a truth value", int: "a number", float: "a number"}
    return kinds.get(type(value), "null")
