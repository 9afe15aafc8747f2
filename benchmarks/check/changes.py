"""Changes rows of a corpus: texts, labels, and what is repeated."""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Callable
from typing import Any

from benchmarks.check.tables import Table, Tagged

Tables = dict[str, Table]
Plant = Callable[[Tables, random.Random], "int | None"]
"""Changes some rows; returns how many findings there should be more, None where rows cannot have the fault."""

PLANTED = 4


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
