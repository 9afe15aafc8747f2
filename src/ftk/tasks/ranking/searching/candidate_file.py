"""A file of candidates for all queries: one per row, with its text and other columns."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ftk.config.data_choices import Format
from ftk.config.schema import DataConfig
from ftk.contracts import finding_kinds as kinds
from ftk.contracts.notes import Notes
from ftk.contracts.row import Row
from ftk.data.examples.ranking_columns import CANDIDATE
from ftk.data.readers.one_file import read_file
from ftk.data.readers.paths import kind_of_name
from ftk.data.rows.cells import RowFault
from ftk.data.rows.columns import find_column, missing, string_of
from ftk.errors import DataError
from ftk.tasks import finding_kinds as task_kinds

_IDS = ("id", "_id", "candidate_id")
_WRITTEN = {"text": "what was read", "score": "the model's", "row": "the line's number"}
"""The keys of a candidate in a prediction."""


@dataclass(frozen=True, slots=True)
class Candidates:
    """The candidates of a file, in its order.

    Attributes:
        rows: of the file.
        columns: for each row the column with the text.
    """

    rows: Sequence[Row]
    columns: Sequence[str]

    def __len__(self) -> int:
        return len(self.rows)

    def text(self, number: int) -> str:
        """The text of a candidate."""
        text: str = self.rows[number].values[self.columns[number]]
        return text

    def others(self, number: int) -> dict[str, Any]:
        """The other columns of a candidate."""
        return {name: value for name, value in self.rows[number].values.items() if name != self.columns[number]}

    def fingerprint(self) -> str:
        """The SHA-256 of all texts, in their order."""
        digest = hashlib.sha256()
        for number in range(len(self)):
            text = self.text(number).encode("utf-8", "surrogatepass")
            digest.update(len(text).to_bytes(8, "big"))
            digest.update(text)
        return digest.hexdigest()


def read_candidates(path: Path, data: DataConfig, notes: Notes) -> Candidates:
    """All candidates of a file. Blank lines of a text file are passed over and counted.

    Raises:
        DataError: there are none, one has no text, or two have one id.
    """
    rows: list[Row] = []
    columns: list[str] = []
    ids: dict[str, Row] = {}
    texts: set[str] = set()
    lines = kind_of_name(path) == "text"
    for row in read_file(path, Format.auto, data, notes):
        try:
            column = _column(row, data.columns)
            text = string_of(row, column, "candidate")
            if not text.strip():
                if not lines:
                    raise RowFault(kinds.EMPTY_PART, row.where, role="candidate")
                notes.add(task_kinds.BLANK_CANDIDATE, row.where)
                continue
            _check_id(row, ids)
        except RowFault as fault:
            fault.add_to(notes)
            continue
        for name, instead in _WRITTEN.items():
            if name in row.values and name != column:
                notes.add(task_kinds.REPLACED_CANDIDATE_COLUMN, row.where, column=name, instead=instead)
        if text in texts:
            notes.add(task_kinds.REPEATED_TEXT, row.where)
        texts.add(text)
        rows.append(row)
        columns.append(column)
    notes.raise_errors()
    if not rows:
        raise DataError(f"task.candidates={path}: there is no candidate in it.")
    named = " or ".join(map(repr, dict.fromkeys(columns)))
    notes.add(task_kinds.CANDIDATES, number_of_rows=len(rows), file=str(path), columns=named)
    return Candidates(rows, columns)


def _check_id(row: Row, ids: dict[str, Row]) -> None:
    """Refuse an id that another candidate has: users look up results by it."""
    name = next((name for name in _IDS if row.values.get(name) not in (None, "")), None)
    if name is None:
        return
    value = json.dumps(row.values[name], sort_keys=True, default=str)
    if value in ids:
        place = f"{row.where}: {name}={row.values[name]!r}"[:200]
        raise RowFault(task_kinds.REPEATED_CANDIDATE_IN_FILE, f"{place}, as in {ids[value].where}")
    ids[value] = row


def _column(row: Row, columns: dict[str, Any]) -> str:
    """The column with the text of a candidate."""
    column = find_column(row, "candidate", columns, ("text", *CANDIDATE), needed=False)
    column = column or find_column(row, "candidate", {}, ("text", *CANDIDATE))
    if column is None:
        raise missing(row, task_kinds.CANDIDATE_WITHOUT_TEXT)
    return column
