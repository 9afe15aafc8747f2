"""Lines that are read as texts, and look like a table, tokens or JSON: said, because each becomes a text as it is."""

import csv
import json
from collections.abc import Collection, Iterable, Iterator, Sequence

from ftk.contracts import finding_kinds as kinds
from ftk.contracts.notes import Notes
from ftk.contracts.row import Row, UnreadRow
from ftk.data.readers.names.usual_names import USUAL_NAMES
from ftk.data.readers.recognition.recognising import by_content
from ftk.system.spelling import folded

_LOOKED_AT = 20
"""Lines that are looked at; the first one also by itself, because the next one of a pipe may take a while."""
_FEW = 3
"""Lines from which a table without a usual name can be told from texts."""
_LONGEST = 1 << 14
"""Characters of a line that is looked at."""
_NAME = 40
"""Characters of the name of a column, which has at most three words."""
_NAMES = frozenset(name for names in USUAL_NAMES.values() for name in names)
_FORMATS = {"csv": "a table", "conll": "tokens with their tags", "jsonl": "JSON", "webanno": "WebAnno TSV"}
"""What lines look like, by the format that reads them; other formats have lines with a label or with tags."""


def told(rows: Iterable[Row], file: str, roles: Collection[str], notes: Notes) -> Iterator[Row]:
    """The rows of a file that is read as texts; what their lines look like is reported.

    Args:
        rows: one for each line.
        file: its name.
        roles: the columns that the task reads.
        notes: collects the finding.
    """
    lines: list[str] = []
    looking = True
    for row in rows:
        if looking and not isinstance(row, UnreadRow):
            lines.append(row.values["text"][:_LONGEST])
            if len(lines) in (1, _LOOKED_AT):
                looking = not _report(lines, file, roles, notes) and len(lines) < _LOOKED_AT
        yield row
    if looking and lines:
        _report(lines, file, roles, notes)


def _report(lines: Sequence[str], file: str, roles: Collection[str], notes: Notes) -> bool:
    format = looks_like(lines, tagged="tags" in roles)
    if format is None:
        return False
    what = _FORMATS.get(format.split()[0], "lines with labels or tags")
    notes.add(kinds.LINES_AS_TEXTS, file=file, what=what, format=format)
    return True


def looks_like(lines: Sequence[str], *, tagged: bool) -> str | None:
    """The format that reads some lines as what they look like, with the keys that it needs; None for texts.

    Args:
        lines: the first ones.
        tagged: whether the task reads tags of tokens.
    """
    full = [line for line in lines if line.strip()]
    if not full:
        return None
    if _are_objects(full):
        return "jsonl"
    found = by_content(list(lines), None, labelled=False, tagged=tagged)
    if found not in (None, "text"):
        return found
    for sign in "\t,;|":
        if (header := _is_table(full, sign)) is not None:
            return "csv" if header else "csv data.header=false"
    return None


def _is_table(lines: Sequence[str], sign: str) -> bool | None:
    """Whether a table with this sign between cells has a header; None if these lines are none.

    All lines have as many cells. The first has names of columns, a usual one among them or further lines below it; or
    the sign is a tab, which texts hardly have.
    """
    try:
        rows = [row for row in csv.reader([f"{line}\n" for line in lines], delimiter=sign) if row]
    except csv.Error:
        return None
    if not rows or len(rows[0]) < 2 or any(len(row) != len(rows[0]) for row in rows):
        return None
    spaced = all(cell[:1] == " " for row in rows for cell in row[1:])  # as after a comma in a sentence
    header = [cell.strip() for cell in rows[0]] if spaced else rows[0]
    usual = bool({folded(name) for name in header} & _NAMES)
    if _are_names(header) and (usual or not spaced) and (len(rows) >= _FEW or (usual and not spaced)):
        return True
    return False if sign == "\t" and len(rows) >= 2 else None


def _are_names(cells: Sequence[str]) -> bool:
    """Whether cells may be names of columns: short, different, and no beginning or end of a sentence."""
    return len({folded(cell) for cell in cells}) == len(cells) and all(
        cell.strip()
        and len(cell) <= _NAME
        and len(cell.split()) <= 3
        and not cell[0].isspace()
        and cell.rstrip()[-1] not in ".!?,:;"
        and not cell.strip().replace(".", "").isdigit()
        for cell in cells
    )


def _are_objects(lines: Sequence[str]) -> bool:
    try:
        return all(line.lstrip()[0] in "{[" and isinstance(json.loads(line), (dict, list)) for line in lines)
    except (ValueError, RecursionError):
        return False
