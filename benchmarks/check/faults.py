"""Kinds of faults, planted into the rows of a corpus."""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import Any

from benchmarks.check.tables import Table, Tagged

Tables = dict[str, Table]
Plant = Callable[[Tables, random.Random], "int | None"]
"""Changes some rows; returns how many findings there should be more, None where rows cannot have the fault."""

PLANTED = 4
MANY = 40


@dataclass(frozen=True)
class Fault:
    """One kind of fault.

    Attributes:
        name: of the column in the table.
        kinds: the findings that say it, each of which will do.
        plant: puts it into rows.
    """

    name: str
    kinds: tuple[str, ...]
    plant: Plant


def chosen(table: Table, draw: random.Random, number: int = PLANTED) -> list[Any]:
    """Some rows, of at least two words."""
    rows = [row for row in table.rows if len(table.read(row)) > 12 and " " in table.read(row).strip()]
    return draw.sample(rows, number)


def held_out(tables: Tables) -> Table | None:
    """The test rows, or those of validation."""
    return tables.get("test") or tables.get("validation")


def added(words: str, tables: Tables, draw: random.Random) -> int:
    """Words behind the texts of some training rows."""
    table = tables["train"]
    for row in chosen(table, draw):
        table.add(row, words)
    return PLANTED


def replaced(text: str, tables: Tables, draw: random.Random) -> int | None:
    """Another text in place of that of some training rows."""
    table = tables["train"]
    done = [table.replace(row, text) for row in chosen(table, draw)]
    return PLANTED if all(done) else None


def emptied(tables: Tables, draw: random.Random) -> int | None:
    """Rows without a text."""
    table = tables["train"]
    if any(isinstance(row, dict) and ("text_b" in row or "image" in row) for row in table.rows):
        return None
    return replaced(" ", tables, draw)


def longer(tables: Tables, draw: random.Random) -> int:
    """Texts of several thousand words."""
    table = tables["train"]
    longest = max(len(table.read(row)) for row in table.rows)
    whole = max(len("\n".join(map(str, row.values()))) if isinstance(row, dict) else 0 for row in table.rows)
    for row in chosen(table, draw):
        table.add(row, "and so on " * max(600, longest // 2, whole // 2))
    return PLANTED


def repeated(tables: Tables, draw: random.Random) -> int:
    """Training rows twice."""
    table = tables["train"]
    table.rows += [table.copy(table.rows.index(row)) for row in chosen(table, draw)]
    return PLANTED


def leaked(change: str, tables: Tables, draw: random.Random) -> int | None:
    """Training rows among those that are held out, as they are or nearly so."""
    table, other = tables["train"], held_out(tables)
    if other is None:
        return None
    rows = [row for row in table.rows if len(table.read(row)) > 50 * bool(change)]
    if len(rows) < PLANTED or (change and isinstance(rows[0], dict) and "image" in rows[0]):
        return None
    for row in draw.sample(rows, PLANTED):
        copy = table.copy(table.rows.index(row))
        if change:
            table.add(copy, change)
        other.rows.append(copy)
    return PLANTED


def labels_of(table: Table) -> Counter[str]:
    """How often each label occurs; empty where rows have numbers, spans or texts."""
    if table.label is None or isinstance(table, Tagged):
        return Counter()
    values = [row[table.label] for row in table.rows]
    named = all(isinstance(value, str) and any(map(str.isalpha, value)) for value in values)
    return Counter(values) if named else Counter()


def has_spans(table: Table) -> bool:
    """Whether rows are JSON objects with marked spans, which are learned."""
    first = table.rows[0]
    return isinstance(first, dict) and "entities" in first and table.label is None


def relabelled(tables: Tables, draw: random.Random) -> int | None:
    """Training rows again, with another label."""
    table = tables["train"]
    labels = sorted(labels_of(table)) or ["0", "1"] * (isinstance(table.rows[0], list) and table.label is not None)
    if isinstance(table, Tagged):
        for row in chosen(table, draw):
            copy = table.copy(table.rows.index(row))
            tag = next(cells[table.label] for row in table.rows for cells in row if cells[table.label][:2] == "B-")
            copy[-1][table.label] = "O" if copy[-1][table.label] != "O" else tag
            table.rows.append(copy)
        return PLANTED
    if not labels:
        return None
    for row in chosen(table, draw):
        copy = table.copy(table.rows.index(row))
        copy[table.label] = next(label for label in labels if label != row[table.label])
        table.rows.append(copy)
    return PLANTED


def labelled(
    make: Callable[[str], str], number: int, tables: Tables, draw: random.Random, *, where: str = "train"
) -> int | None:
    """Another label for some rows, made of their own."""
    table = tables["train"] if where == "train" else held_out(tables)
    if table is None or not labels_of(table):
        return None
    for row in chosen(table, draw, number):
        row[table.label] = make(row[table.label])
    return number


def retagged(
    make: Callable[[str], str], number: int, tables: Tables, draw: random.Random, *, where: str = "train"
) -> int | None:
    """The same for labels of spans, of which those of one word behind a word outside are taken."""
    table = tables["train"] if where == "train" else held_out(tables)
    if table is not None and has_spans(table) and make("B-x") != "I-x":
        for row in draw.sample([row for row in table.rows if row["entities"]], number):
            row["entities"][0]["type"] = make(f"B-{row['entities'][0]['type']}")[2:]
        return number
    if table is None or not isinstance(table, Tagged):
        return None
    places = [
        cells
        for row in table.rows
        for before, cells, after in zip([["O"] * 9, *row], row, [*row[1:], ["O"] * 9], strict=False)
        if before[table.label] in "O-_" and cells[table.label][:2] == "B-" and after[table.label][:2] != "I-"
    ]
    for cells in draw.sample(places, number):
        cells[table.label] = make(cells[table.label])
    return number


def either(*plants: Plant) -> Plant:
    """The first of several ways that a corpus allows."""

    def plant(tables: Tables, draw: random.Random) -> int | None:
        return next((number for one in plants if (number := one(tables, draw)) is not None), None)

    return plant


def once(plant: Plant) -> Plant:
    """A fault that is counted by label, whatever the number of rows."""

    def planted(tables: Tables, draw: random.Random) -> int | None:
        return None if plant(tables, draw) is None else 1

    return planted


def unlabelled(tables: Tables, draw: random.Random) -> int | None:
    """NaN in place of labels."""
    table = tables["train"]
    if table.label is None:
        return None
    if isinstance(table, Tagged):
        return retagged(lambda _: "nan", PLANTED, tables, draw)
    for row in chosen(table, draw):
        row[table.label] = "nan"
    return PLANTED


def sorted_by_label(tables: Tables, draw: random.Random) -> int | None:
    """Training rows in the order of their labels."""
    table = tables["train"]
    if not labels_of(table) or "," in "".join(labels_of(table)):
        return None
    table.rows.sort(key=lambda row: row[table.label])
    return 1


def said(tables: Tables, draw: random.Random) -> int | None:
    """The label in the text."""
    table = tables["train"]
    if not labels_of(table) or any("," in label and "(" not in label for label in labels_of(table)):
        return None
    for row in chosen(table, draw):
        table.add(row, f"label: {row[table.label]}")
    return PLANTED


def telling(tables: Tables, draw: random.Random) -> int | None:
    """A column whose values go with the labels."""
    table = tables["train"]
    names = sorted(labels_of(table))
    if not names or not isinstance(table.rows[0], dict):
        return None
    for at, row in enumerate(table.rows):
        row["file"] = f"part{names.index(row[table.label])}_{at:05}"
    return 1


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


CASE = partial(labelled, str.swapcase, PLANTED)
TAG_CASE = partial(retagged, lambda tag: tag[:2] + tag[2:].swapcase(), PLANTED)
UNSEEN = partial(labelled, lambda _: "brandneu", PLANTED, where="test")
UNSEEN_TAG = partial(retagged, lambda _: "B-BRANDNEU", PLANTED, where="test")
RARE = partial(labelled, lambda _: "seltenes", 2)
RARE_TAG = partial(retagged, lambda _: "B-SELTENES", 2)

FAULTS = (
    Fault("control characters", ("control-character",), partial(added, "the\x07re")),
    Fault("invisible characters", ("invisible-character",), partial(added, "th\u200bere")),
    Fault("lost characters", ("lost-character",), partial(added, "caf\ufffd")),
    Fault("mojibake", ("mojibake",), partial(added, "cafÃ©")),
    Fault("marks of direction", ("direction-mark",), partial(added, "\u202egnp.exe")),
    Fault("private characters", ("private-character",), partial(added, "so\ue123")),
    Fault("mixed alphabets", ("mixed-scripts",), partial(added, "pаypal")),
    Fault("accents apart", ("apart-accents",), partial(added, "cafe\u0301")),
    Fault("HTML", ("markup-left",), partial(added, "there<br/>&nbsp;")),
    Fault("escapes", ("escapes-left",), partial(added, "caf\\u00e9")),
    Fault("an address alone", ("no-words",), partial(replaced, "https://example.org/a?b=c")),
    Fault("placeholders", ("placeholder",), partial(replaced, "[deleted]")),
    Fault("empty texts", ("empty-row", "half-a-pair", "missing-text", "empty-part"), emptied),
    Fault("far longer texts", ("far-longer",), longer),
    Fault("cut texts", ("cut-texts",), cut),
    Fault("unreadable lines", ("unreadable-row", "unreadable"), unreadable),
    Fault("repeated rows", ("repeated-row",), repeated),
    Fault("rows of training in test", ("row-of-training",), partial(leaked, "")),
    Fault("near-duplicates in test", ("near-duplicate-of-training",), partial(leaked, "ok")),
    Fault("the same text, another label", ("relabelled-row",), relabelled),
    Fault("label in another case", ("alike-labels", "unseen-spelling"), once(either(CASE, TAG_CASE))),
    Fault("missing labels", ("missing-label", "missing-tag", "odd-label", "not-a-number"), unlabelled),
    Fault("labels that training lacks", ("unseen-label", "unseen-entity", "unseen-name"), either(UNSEEN, UNSEEN_TAG)),
    Fault("rare labels", ("rare-label",), once(either(RARE, RARE_TAG))),
    Fault("sorted rows", ("sorted-rows",), sorted_by_label),
    Fault("label in the text", ("label-in-text",), said),
    Fault("a column that tells", ("column-tells",), telling),
    Fault("broken tags", ("broken-tag",), broken_tags),
    Fault("punctuation in spans", ("punctuated-span",), punctuated),
    Fault(
        "marks inside words", ("span-inside-word", "spans-short", "spans-shifted", "answer-inside-word"), inside_word
    ),
    Fault("other text than at offsets", ("span-text-differs", "misplaced-answer", "absent-answer"), other_text),
    Fault("UTF-16 offsets", ("offsets-found", "offsets-by-file", "offsets-change", "spans-of-other-unit"), utf16),
    Fault("unmarked names", ("unmarked-mention",), unmarked),
    Fault("equal texts", ("equal-texts",), equal_pair),
    Fault("far numbers", ("number-apart",), partial(far_number, 4500.0)),
    Fault("no numbers", ("not-a-number",), partial(far_number, "much")),
)
