"""The wrong examples, and rows whose label is likely wrong."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from ftk.pages.blocks import Block, Cell, Examples, Section, Table, Text
from ftk.pages.marking import cut
from ftk.pages.mistakes import find_mistakes
from ftk.pages.numbers import share
from ftk.pages.predictions import Form, Predictions

_MOST_SUSPECTS = 50


def mistakes_section(predictions: Predictions, *, texts: bool) -> Section | None:
    """The wrong examples of a split; None if its records do not say which are wrong."""
    found = find_mistakes(predictions, texts=texts)
    if not found.measure:
        return None
    rows = len(predictions.records)
    what = "differ from the gold number" if predictions.form is Form.numbers else "are wrong"
    if predictions.form is Form.texts:
        what = "have less than a perfect score"
    text = f"{found.wrong:,} of {rows:,} rows of the {predictions.split} split {what} ({share(found.wrong, rows)})."
    if not found.items:
        return Section("examples", "Wrong examples", [Text(text)])
    left = found.wrong - len(found.items)
    note = f"{left:,} more are left out; predictions/{predictions.split}.jsonl has all rows." if left else ""
    if not texts:
        note = f"{note} Texts are left out (report.texts=false).".strip()
    orders = [
        (f"{found.measure}, highest first", "q", True),
        (f"{found.measure}, lowest first", "q", False),
        ("row", "n", False),
    ]
    return Section("examples", "Wrong examples", [Text(text), Examples("wrong", found.items, orders, note)])


def suspects_section(suspects: Sequence[Mapping[str, Any]], *, texts: bool) -> Section | None:
    """Rows whose label is likely wrong, the likeliest first; None if nobody looked for them."""
    if not suspects:
        return None
    columns = ("rank", "row", "file", "line", "label", "suggested", "score", "why", *(("text",) if texts else ()))
    names = [name for name in columns if any(name in one for one in suspects)]
    rows: list[list[Cell | str]] = [
        [_cell(one.get(name)) for name in names] for one in suspects[:_MOST_SUSPECTS] if names
    ]
    left = len(suspects) - len(rows)
    note = f"{left:,} more are in suspects.jsonl." if left > 0 else ""
    blocks: list[Block] = [Table("Rows whose label is likely wrong", names, rows, note, sortable=True)]
    return Section("suspects", "Suspects", blocks) if rows else None


def _cell(value: Any) -> Cell | str:
    if isinstance(value, bool) or not isinstance(value, (int, float)):
        return cut("" if value is None else str(value), 300)
    return Cell(f"{value:,}" if isinstance(value, int) else f"{value:.4f}", float(value))
