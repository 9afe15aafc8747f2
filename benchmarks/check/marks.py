"""Changes rows of a corpus: spans, answers, numbers, and lengths."""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Callable
from typing import Any

from benchmarks.check.changes import PLANTED, Tables, chosen, has_spans, retagged
from benchmarks.check.tables import Tagged

MANY = 40


def broken_tags(tables: Tables, draw: random.Random) -> int | None:
    """Tags of the inside of a span that begin one."""
    return retagged(lambda tag: f"I-{tag[2:]}", PLANTED, tables, draw)


def punctuated(tables: Tables, draw: random.Random) -> int | None:
    """Spans and answers with a comma at the end."""
    table = tables["train"]
    if isinstance(table, Tagged):

        def last(row: list[list[str]]) -> int:
            return max((at for at, one in enumerate(row) if one[table.label] != "O"), default=-1)

        rows = [row for row in table.rows if last(row) >= 0 and row[last(row)][table.text].isalnum()]
        rows = [row for row in rows if row[last(row)][table.label][:2] == "B-"]
        for row in draw.sample(rows, PLANTED):
            at = last(row)
            row.insert(at + 1, list(row[at]))
            row[at + 1][table.text], row[at + 1][table.label] = ",", f"I-{row[at][table.label][2:]}"
        return PLANTED
    return _marked(tables, draw, lambda text, begin, end: (text[:end] + ", " + text[end:], begin, end + 1))


def inside_word(tables: Tables, draw: random.Random) -> int | None:
    """Spans and answers that end one letter before a word ends."""
    return _marked(tables, draw, lambda text, begin, end: (text, begin, end - 1))


def _marked(tables: Tables, draw: random.Random, change: Callable[[str, int, int], tuple[str, int, int]]) -> int | None:
    """Change the place of the last span of some rows, or of an answer."""
    table = tables["train"]
    if not isinstance(table.rows[0], dict):
        return None
    if has_spans(table):
        rows = [row for row in table.rows if row["entities"] and _ends_word(row["text"], row["entities"][-1])]
        for row in draw.sample(rows, PLANTED):
            span = row["entities"][-1]
            row["text"], span["start"], span["end"] = change(row["text"], span["start"], span["end"])
        return PLANTED
    if "context" in table.rows[0]:
        rows = [row for row in table.rows if row["answers"][0]["text"][-3:].isalpha()]
        for row in draw.sample(rows, PLANTED):
            answer = row["answers"][0]
            begin, end = answer["answer_start"], answer["answer_start"] + len(answer["text"])
            row["context"], begin, end = change(row["context"], begin, end)
            answer["answer_start"], answer["text"] = begin, row["context"][begin:end]
        return PLANTED
    return None


def _ends_word(text: str, span: dict[str, Any]) -> bool:
    return text[span["start"] : span["end"]][-4:].isalpha() and span["end"] - span["start"] > 4


def other_text(tables: Tables, draw: random.Random) -> int | None:
    """Spans that say another text than the one at their offsets; answers that are not in the context."""
    table = tables["train"]
    if not isinstance(table.rows[0], dict):
        return None
    if "context" in table.rows[0]:
        for row in chosen(table, draw):
            row["answers"][0]["text"] = "Nirgendwo im Text"
        return PLANTED
    if not has_spans(table):
        return None
    for row in table.rows:
        for span in row["entities"]:
            span["text"] = row["text"][span["start"] : span["end"]]
    for row in draw.sample([row for row in table.rows if row["entities"]], PLANTED):
        row["entities"][0]["text"] = "Nirgendwo"
    return PLANTED


def utf16(tables: Tables, draw: random.Random) -> int | None:
    """Offsets that count UTF-16 units, behind an emoji."""
    table = tables["train"]
    if not has_spans(table):
        return None
    rows = [row for row in table.rows if row["entities"]]
    for row in draw.sample(rows, min(MANY, len(rows))):
        row["text"] = f"😀 {row['text']}"
        for span in row["entities"]:
            span["start"], span["end"] = span["start"] + 3, span["end"] + 3
    return 1


def unmarked(tables: Tables, draw: random.Random) -> int | None:
    """Names without a mark that are marked elsewhere."""
    table = tables["train"]
    if not isinstance(table, Tagged):
        return None
    places: dict[str, list[Any]] = {}
    plain: Counter[str] = Counter()
    for row in table.rows:
        for cells, after in zip(row, [*row[1:], ["O"] * 9], strict=True):
            word, tag = cells[table.text], cells[table.label]
            if tag == "O":
                plain[word] += 1
            elif (
                tag[:2] == "B-"
                and after[table.label][:2] != "I-"
                and len(word) > 2
                and (word[0].isupper() or not word.isascii())
            ):
                places.setdefault(word, []).append(cells)
    usual = [some for word, some in places.items() if len(some) > 5 and not plain[word]]
    for some in usual[:1]:
        some[0][table.label] = "O"
    return 1 if usual else None


def equal_pair(tables: Tables, draw: random.Random) -> int | None:
    """Two texts that are equal; targets that are their sources."""
    table = tables["train"]
    for row in chosen(table, draw):
        if isinstance(row, dict) and "text_b" in row:
            row["text_b"] = row["text_a"]
        elif isinstance(row, dict) and "targets" in row:
            row["targets"] = [row["source"]]
        elif isinstance(row, list) and table.label is None:
            row[1] = row[0]
        else:
            return None
    return PLANTED


def far_number(value: Any, tables: Tables, draw: random.Random) -> int | None:
    """A number far from the others, or something that is none."""
    table = tables["train"]
    if table.label is None or isinstance(table, Tagged) or not isinstance(table.rows[0][table.label], float):
        return None
    for row in chosen(table, draw):
        row[table.label] = value
    return PLANTED


def unreadable(tables: Tables, draw: random.Random) -> int | None:
    """Lines that are cut in the middle of a JSON object."""
    table = tables["train"]
    if not isinstance(table.rows[0], dict) or "context" in table.rows[0]:
        return None
    for at in draw.sample(range(len(table.rows)), PLANTED):
        table.rows[at] = '{"text": "cut in the midd'
    return PLANTED


def cut(tables: Tables, draw: random.Random) -> int | None:
    """All texts cut after so many characters that a third of them are longer."""
    table = tables["train"]
    first = table.rows[0]
    if (
        isinstance(table, Tagged)
        or table.label is None
        or (isinstance(first, dict) and {"text_b", "image"} & first.keys())
    ):
        return None
    if "<e1>" in table.read(first):
        return None
    sizes = sorted(len(table.read(row)) for row in table.rows)
    most = max(80, sizes[len(sizes) * 2 // 3])
    number = 0
    for row in table.rows:
        text = table.read(row)
        if len(text) >= most and text[most - 1] != " ":
            number += 1
        row[table.text] = text[:most]
    return 1 if number >= 20 else None
