"""JSON lines, one JSON array of objects, and objects that span lines or hold the rows."""

import json
import re
from collections.abc import Iterable, Iterator, Sequence
from itertools import chain, islice
from pathlib import Path
from typing import Any

from ftk.contracts import finding_kinds as kinds
from ftk.contracts.notes import Notes
from ftk.contracts.row import Row, UnreadRow
from ftk.data.readers.decoding.blocks import WHOLE
from ftk.data.readers.decoding.faults import BrokenLine
from ftk.data.readers.decoding.lines import numbered_lines, unbroken
from ftk.data.readers.decoding.once import first_of, live_stream
from ftk.data.readers.json.json_documents import inside, item_of, rows_of
from ftk.data.readers.json.objects import ESCAPED, not_json, parsed, row_of
from ftk.errors import DataError, LineError

_BETWEEN = re.compile(r"[\s,]*")
_SPACE = re.compile(r"\s*")
_PAIR = re.compile(r'\s*\[\s*"(?:[^"\\]|\\.)*"\s*,\s*\{.*\}\s*\]\s*$')
"""A line that is a text and what is marked in it."""
_EACH_A_LIST = (
    "{}: the line is a list, and no name says what its items are. Write an object on each line: "
    '{{"text": …, "label": …}}.'
)
_EXTRA = "Extra data"
"""What the library says of a text behind a value."""
_value = json.JSONDecoder().decode
"""What ``json.loads`` calls."""
_SEEN = 20
"""Lines that say whether objects are lines."""


def read_jsonl(
    path: Path | str, encoding: str, notes: Notes | None = None, *, split: str | None = None, keep: bool = False
) -> Iterator[Row]:
    """One row for each object, whose keys are the columns; blank lines are skipped.

    Objects may span lines, and follow each other without a line end. An object that is the only one of its file may
    hold the rows: in a list for each split, or as a data frame that pandas wrote.

    Args:
        path: the file.
        encoding: of its characters.
        notes: collects how a file is read that is not JSON lines; None: nothing is collected.
        split: ``train``, ``validation`` or ``test``, whose rows are read of a file that has several; None: all.
        keep: whether a line that is no JSON object becomes an ``UnreadRow``, if objects are lines; if not, it is an
            error.

    Raises:
        DataError: a line is not a JSON object, or the file has splits and not this one. It is a ``LineError`` if other
            lines could be read.
    """
    lines = numbered_lines(path, encoding, notes, broken=True, longest=WHOLE)
    head = first_of(path, lines, _SEEN) if keep else []
    lines = chain(head, lines)
    if _objects_are_lines(head, least=1 if live_stream(path) is not None else 2):
        yield from _kept(path, lines)
        return
    yield from _read(path, lines, notes, split)


def _read(path: Path | str, lines: Iterator[tuple[int, str]], notes: Notes | None, split: str | None) -> Iterator[Row]:
    """The rows of a file, whatever its objects are parted by."""
    only: int | None = None
    file = str(path)
    for number, line in lines:
        if type(line) is BrokenLine:
            raise _fault(line.fault, only)
        opens = line[:1] == "{"
        if not opens and not line.strip():
            continue
        if not opens and line.lstrip().startswith("[") and not _PAIR.match(line):
            text = "\n".join([line, *(rest for _, rest in unbroken(lines))])
            try:
                yield from _array(path, number, text)
            except DataError as fault:
                lists = "\n" in text.strip() and _is_list(line)
                raise _fault(_EACH_A_LIST.format(f"{path}:{number}") if lists else str(fault), only) from fault
            return
        try:
            value = _value(line)
        except (ValueError, RecursionError) as error:
            if not _may_go_on(line, error):
                raise _fault(str(not_json(path, number, line, error)), only) from error
            if notes is not None:
                notes.add(kinds.OBJECTS_OVER_LINES, file=str(path), line=number)
            objects = _objects(path, chain([(number, line)], unbroken(lines)))
            try:
                yield from _rows(path, objects, notes, split, alone=only is None)
            except DataError as fault:
                raise _fault(str(fault), only) from error
            return
        if only is None:
            only = number
            if isinstance(value, dict) and inside(value) is not None:
                objects = _objects(path, chain([(number, line)], unbroken(lines)))
                yield from _rows(path, objects, notes, split, alone=True)
                return
        if type(value) is dict and "\\u" not in line:  # nearly all rows; the rest is as for any object
            yield Row(value, file, number)
            continue
        try:
            row = row_of(path, number, value, may_be_half=bool(ESCAPED.search(line)))
        except DataError as error:
            raise _fault(str(error), only) from error
        yield row


def _fault(text: str, only: int | None) -> DataError:
    """The error about a line; after another one that could be read, a ``LineError``."""
    return DataError(text) if only is None else LineError(text)


def _is_list(line: str) -> bool:
    try:
        return isinstance(json.loads(line), list)
    except (ValueError, RecursionError):
        return False


def _objects_are_lines(lines: Sequence[tuple[int, str]], *, least: int) -> bool:
    """Whether at least half of some lines, and so many, begin and end as an object does."""
    full = [line.strip() for _, line in lines if line.strip()]
    objects = sum(line[0] == "{" and line[-1] == "}" for line in full)
    return objects >= least and 2 * objects >= len(full)


def _kept(path: Path | str, lines: Iterable[tuple[int, str]]) -> Iterator[Row]:
    """A row for each line that is not blank; an ``UnreadRow`` for one that is no JSON object."""
    for number, line in lines:
        if not line.strip() and type(line) is not BrokenLine:
            continue
        try:
            if type(line) is BrokenLine:
                raise LineError(line.fault)
            half = bool(ESCAPED.search(line))
            rows = [row_of(path, number, value, may_be_half=half) for value in _in_line(path, number, line)]
        except DataError as error:
            rows = [UnreadRow({}, str(path), number, fault=str(error))]
        yield from rows


def _in_line(path: Path | str, number: int, line: str) -> list[Any]:
    """The object of a line, or several objects that follow each other."""
    try:
        return [json.loads(line)]
    except (ValueError, RecursionError) as error:
        if not (_may_go_on(line, error) and getattr(error, "msg", "") == _EXTRA):
            raise not_json(path, number, line, error) from error
        return [value for _, value, _ in _objects(path, iter([(number, line)]))]


def _rows(
    path: Path | str,
    objects: Iterator[tuple[int, Any, str]],
    notes: Notes | None,
    split: str | None,
    *,
    alone: bool,
) -> Iterator[Row]:
    """The rows of objects; if the first is ``alone`` in its file, it may hold them."""
    first = next(objects, None)
    second = next(objects, None)
    if first is not None and second is None and alone and (found := inside(first[1])) is not None:
        may_be_half = bool(ESCAPED.search(first[2]))
        for place, number, values in rows_of(path, found, split, notes):
            yield row_of(place, number, values, may_be_half=may_be_half, item=item_of(number, values))
        return
    for one in chain([first, second], objects):
        if one is not None:
            number, value, text = one
            yield row_of(path, number, value, may_be_half=bool(ESCAPED.search(text)))


def _objects(path: Path | str, lines: Iterator[tuple[int, str]]) -> Iterator[tuple[int, Any, str]]:
    """The line, the value and the text of objects that may span lines; about twice the longest of them is held."""
    decoder = json.JSONDecoder()
    held, at, number, wanted = "", 0, 1, 1
    while True:
        begin = _SPACE.match(held, at).end()  # type: ignore[union-attr]
        number += held.count("\n", at, begin)
        at = begin
        error: Exception | None = None
        if at < len(held):
            if held[at] != "{":
                raise DataError(
                    f"{path}:{number}: this is not JSON (expected an object, found {held[at : at + 20].strip()!r})."
                )
            try:
                value, end = decoder.raw_decode(held, at)
            except (ValueError, RecursionError) as fault:
                error = fault
                if not _may_go_on(held, fault, at):
                    raise not_json(path, number, held[at:], _fault_of(held[at:])) from fault
            else:
                yield number, value, held[at:end]
                number += held.count("\n", at, end)
                at, wanted = end, 1
                continue
        more = list(islice(lines, wanted))
        if not more:
            if error is not None:
                text = held[at:].rstrip()
                raise not_json(path, number, text, _fault_of(text)) from error
            return
        if error is None:
            number = more[0][0]
        held, at, wanted = held[at:] + "".join(f"{line}\n" for _, line in more), 0, 2 * wanted


def _fault_of(text: str) -> Exception:
    """What is wrong with a text that is not JSON."""
    try:
        json.JSONDecoder().raw_decode(text)
    except (ValueError, RecursionError) as error:
        return error
    return ValueError("extra data")


def _may_go_on(text: str, error: Exception, at: int = 0) -> bool:
    """Whether an error says that an object ends in a later line, or that another one follows it in the same line."""
    if not isinstance(error, json.JSONDecodeError) or text[_SPACE.match(text, at).end() :][:1] != "{":  # type: ignore[union-attr]
        return False
    return error.pos >= len(text.rstrip()) or (error.msg == _EXTRA and text[error.pos] == "{")


def _array(path: Path | str, first_line: int, text: str) -> Iterator[Row]:
    values = parsed(path, first_line, text)
    may_be_half = bool(ESCAPED.search(text))
    one_line = "\n" not in text.strip()
    lines = [first_line] * len(values) if one_line else list(_lines_of_elements(first_line, text))
    named = len(set(lines)) < len(lines)  # a line with several elements does not say which is meant
    for number, (line, value) in enumerate(zip(lines, values, strict=True), start=1):
        yield row_of(path, line, value, may_be_half=may_be_half, item=item_of(number, value) if named else "")


def _lines_of_elements(first_line: int, text: str) -> Iterator[int]:
    """The line at which each element of a valid JSON array begins."""
    decoder, line, counted, at = json.JSONDecoder(), first_line, 0, text.index("[") + 1
    while text[begin := _BETWEEN.match(text, at).end()] != "]":  # type: ignore[union-attr]
        line, counted = line + text.count("\n", counted, begin), begin
        yield line
        at = decoder.raw_decode(text, begin)[1]
