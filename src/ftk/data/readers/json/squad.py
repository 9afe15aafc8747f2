"""Files of the SQuAD family: articles of paragraphs, and in each paragraph the questions on it."""

import json
import re
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from ftk.contracts import finding_kinds as kinds
from ftk.contracts.notes import Notes
from ftk.contracts.row import Row
from ftk.data.readers.decoding.blocks import WHOLE
from ftk.data.readers.decoding.lines import numbered_lines, opened
from ftk.data.readers.json.json_documents import item_of
from ftk.data.readers.json.objects import ESCAPED, parsed, row_of
from ftk.errors import DataError

_HEAD = 1 << 16
"""Bytes that are read to recognise a file."""
_BEGIN = re.compile(rb'[^{"\[]{0,64}\{')
_ARTICLES = re.compile(rb'"data"\s*:\s*\[\s*(\{|(?P<none>\]))')
_PARAGRAPHS = re.compile(rb'"paragraphs"\s*:')
_ID = re.compile(r'"id"\s*:\s*("(?:[^"\\]|\\.)*"|-?\d+)')


def is_squad(path: Path | str) -> bool:
    """Whether a JSON file begins like a file of SQuAD.

    Raises:
        DataError: the file cannot be read.
    """
    with opened(path) as stream:
        head = stream.read(_HEAD).replace(b"\0", b"")  # so that UTF-16 can be searched, too
    articles = _ARTICLES.search(head) if _BEGIN.match(head) else None
    return articles is not None and bool(articles["none"] or _PARAGRAPHS.search(head))


def read_squad(path: Path | str, encoding: str, notes: Notes) -> Iterator[Row]:
    """One row per question: its own keys, ``context``, and the other keys of its paragraph and its article.

    The line of a row is the line of its ``id``. If the file is one line, or a question has no id, its number and its id
    name it. Questions with the id of an earlier one are counted.

    Raises:
        DataError: the file is not JSON, or not articles of paragraphs of questions.
    """
    lines = list(numbered_lines(path, encoding, notes, longest=WHOLE))
    first = next((number for number, line in lines if line.strip()), 1)
    text = "\n".join(line for _, line in lines)
    document = parsed(path, 1, text)
    may_be_half = bool(ESCAPED.search(text))
    at = _lines_of_ids(lines)
    seen: set[str] = set()
    number = 0
    for article_at, article in _objects(path, document, "data", ""):
        for paragraph_at, paragraph in _objects(path, article, "paragraphs", article_at):
            above = {
                **{name: value for name, value in article.items() if name != "paragraphs"},
                **{name: value for name, value in paragraph.items() if name != "qas"},
            }
            for _, question in _objects(path, paragraph, "qas", paragraph_at):
                number += 1
                name = str(question.get("id"))
                item = "" if name in at else item_of(number, question)
                row = row_of(path, at.get(name, first), {**above, **question}, may_be_half=may_be_half, item=item)
                if name in seen and "id" in question:
                    notes.add(kinds.REPEATED_ID, row.where if item else f"{row.where} (id {name})"[:160])
                seen.add(name)
                yield row


def _objects(path: Path | str, holder: dict[str, Any], name: str, where: str) -> Iterator[tuple[str, dict[str, Any]]]:
    """The objects of a required list, each with its place in the file."""
    found = holder.get(name) if isinstance(holder, dict) else None
    if not isinstance(found, list):
        raise DataError(
            f"{path}: {where or 'the file'} has no list '{name}'. A file of SQuAD is "
            '{"data": [{"paragraphs": [{"context": …, "qas": [{"id": …, "question": …, "answers": […]}]}]}]}.'
        )
    for number, item in enumerate(found):
        place = f"{where}.{name}[{number}]".lstrip(".")
        if not isinstance(item, dict):
            raise DataError(f"{path}: {place} is not an object but {json.dumps(item)[:80]}.")
        yield place, item


def _lines_of_ids(lines: Sequence[tuple[int, str]]) -> dict[str, int]:
    """The first line with each id; empty for a file of one line."""
    found: dict[str, int] = {}
    if len(lines) > 1:
        for number, line in lines:
            for spelled in _ID.findall(line) if '"id"' in line else ():
                found.setdefault(str(json.loads(spelled)), number)
    return found
