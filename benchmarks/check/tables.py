"""Files of corpora as lists of rows that can be changed and written again."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Callable
from copy import deepcopy
from dataclasses import dataclass
from pathlib import Path
from typing import Any

Row = Any
Label = Any


@dataclass
class Table:
    """The rows of one split, in the form of their format.

    Attributes:
        rows: JSON objects, lists of cells, lists of tagged words, or lines of two texts.
        text: the key or the number of the text that is changed.
        label: the same of the label; None if rows have none.
    """

    rows: list[Row]
    text: Any
    label: Any

    def copy(self, at: int) -> Row:
        """A copy of a row."""
        return deepcopy(self.rows[at])

    def read(self, row: Row) -> str:
        """The text of a row."""
        return str(row[self.text])

    def add(self, row: Row, words: str) -> None:
        """Add words to the end of a text."""
        row[self.text] = f"{row[self.text]} {words}"

    def replace(self, row: Row, text: str) -> bool:
        """Replace a text, and leave out what is marked in it; False if that cannot be."""
        if "<e1>" in self.read(row):
            return False
        row[self.text] = text
        if isinstance(row, dict) and "entities" in row:
            row["entities"] = []
        return True


class Tagged(Table):
    """Sentences of tagged words: [[cells of a word, …], …]."""

    def read(self, row: Row) -> str:
        return " ".join(cells[self.text] for cells in row)

    def add(self, row: Row, words: str) -> None:
        for word in words.split():
            cells = list(row[-1])
            cells[self.text], cells[self.label] = word, "O"
            row.append(cells)

    def replace(self, row: Row, text: str) -> bool:
        if not text.strip():
            return False
        del row[1:]
        row[0][self.text], row[0][self.label] = text, "O"
        return len(text.split()) == 1


@dataclass(frozen=True)
class Format:
    """How a corpus is read from its files, and written again.

    Attributes:
        read: gets the files of a split.
        write: gets the rows, and the files to write.
    """

    read: Callable[[list[Path]], Table]
    write: Callable[[Table, list[Path]], None]


def jsonl(text: str, label: str | None = None) -> Format:
    """A JSON object in each line."""

    def read(files: list[Path]) -> Table:
        return Table([json.loads(line) for line in files[0].read_text("utf-8").split("\n") if line], text, label)

    def write(table: Table, files: list[Path]) -> None:
        lines = [row if isinstance(row, str) else json.dumps(row, ensure_ascii=False) for row in table.rows]
        files[0].write_text("".join(f"{line}\n" for line in lines), "utf-8", "surrogatepass")

    return Format(read, write)


def cells(text: int, label: int, *, separator: str, header: bool) -> Format:
    """CSV or TSV; the header is the first row."""
    quoting = csv.QUOTE_MINIMAL if header else csv.QUOTE_NONE
    head: list[list[str]] = []

    def read(files: list[Path]) -> Table:
        rows = list(
            csv.reader(io.StringIO(files[0].read_text("utf-8"), newline=""), delimiter=separator, quoting=quoting)
        )
        head[:] = rows[:1] if header else []
        return Table(rows[len(head) :], text, label)

    def write(table: Table, files: list[Path]) -> None:
        stream = io.StringIO(newline="")
        writer = csv.writer(stream, delimiter=separator, quoting=quoting, quotechar='"' if header else None)
        writer.writerows([*head, *table.rows])
        files[0].write_text(stream.getvalue(), "utf-8")

    return Format(read, write)


def tagged(text: int = 0, label: int = 1) -> Format:
    """A word in each line, its columns parted by tabs, an empty line between sentences."""

    def read(files: list[Path]) -> Table:
        sentences = files[0].read_text("utf-8").split("\n\n")
        rows = [[line.split("\t") for line in one.split("\n") if line and line[:2] != "# "] for one in sentences]
        return Tagged([row for row in rows if row], text, label)

    def write(table: Table, files: list[Path]) -> None:
        for row in table.rows if text else ():  # the first column numbers the words
            for number, one in enumerate(row, 1):
                one[0] = str(number)
        sentences = ("".join("\t".join(one) + "\n" for one in row) for row in table.rows)
        files[0].write_text("\n".join(sentences), "utf-8")

    return Format(read, write)


def squad() -> Format:
    """SQuAD's JSON, as questions with their contexts."""

    def read(files: list[Path]) -> Table:
        data = json.loads(files[0].read_text("utf-8"))["data"]
        rows = [
            {"context": paragraph["context"], **question}
            for article in data
            for paragraph in article["paragraphs"]
            for question in paragraph["qas"]
        ]
        return Table(rows, "question", None)

    def write(table: Table, files: list[Path]) -> None:
        paragraphs = [
            {"context": row["context"], "qas": [{key: value for key, value in row.items() if key != "context"}]}
            for row in table.rows
        ]
        data = {"data": [{"title": "", "paragraphs": paragraphs}]}
        files[0].write_text(json.dumps(data, ensure_ascii=False, indent=1), "utf-8")

    return Format(read, write)


def parallel() -> Format:
    """Sources and targets line by line in two files."""

    def read(files: list[Path]) -> Table:
        sides = [file.read_text("utf-8").removesuffix("\n").split("\n") for file in files]
        return Table([list(pair) for pair in zip(*sides, strict=True)], 0, None)

    def write(table: Table, files: list[Path]) -> None:
        for side, file in enumerate(files):
            file.write_text("".join(f"{row[side]}\n" for row in table.rows), "utf-8")

    return Format(read, write)
