"""The wrong examples, and rows whose label is likely wrong."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from ftk.pages.blocks import Block, Cell, Examples, Section, Table, Text
from ftk.pages.marking import cut
from ftk.pages.mistakes import find_mistakes
from ftk.pages.numbers import share
from ftk.pages.predictions import Form, Predictions
from ftk.pages.relevance import Explanations, legend

EXAMPLES = "examples"
"""The id of the section with the wrong examples."""
_TITLE = "Wrong examples"
_MOST_SUSPECTS = 50


def mistakes_section(
    predictions: Predictions, *, texts: bool, explanations: Explanations | None = None
) -> Section | None:
    """The wrong examples of a split; None if its records do not say which are wrong."""
    found = find_mistakes(predictions, texts=texts, explanations=explanations)
    if not found.measure:
        return None
    rows = len(predictions.records)
    what = "differ from the gold number" if predictions.form is Form.numbers else "are wrong"
    if predictions.form is Form.texts:
        what = "have less than a perfect score"
    text = f"{found.wrong:,} of {rows:,} rows of the {predictions.split} split {what} ({share(found.wrong, rows)})."
    if not found.items:
        return Section(EXAMPLES, _TITLE, [Text(text)])
    left = found.wrong - len(found.items)
    note = f"{left:,} more are left out; predictions/{predictions.split}.jsonl has all rows." if left else ""
    if not texts:
        note = f"{note} Texts are left out (report.texts=false).".strip()
    orders = [
        (f"{found.measure}, highest first", "q", True),
        (f"{found.measure}, lowest first", "q", False),
        ("row", "n", False),
    ]
    about = [] if explanations is None else [_about(explanations, found.wrong)]
    shown = legend(predictions.form) if explanations is not None and explanations.rows else ()
    return Section(EXAMPLES, _TITLE, [Text(text), *about, Examples("wrong", found.items, orders, note, shown)])


def unexplained_section(explanations: Explanations) -> Section:
    """Why nothing is explained, for a page without a list of wrong examples."""
    return Section(EXAMPLES, _TITLE, [_about(explanations, 0)])


def _about(explanations: Explanations, wrong: int) -> Text:
    """How many examples show what their answers rest on, or why none does."""
    if explanations.why:
        return Text(f"Nothing is explained: {explanations.why}", warning=True)
    shown, asked = len(explanations.rows), explanations.asked
    which = f"all {wrong:,}" if asked == wrong else f"the first {asked:,} of {wrong:,}"
    text = (
        f"Which words the wrong answers rest on was asked of {which} wrong examples. A word that is pointed at shows "
        "its number; those of different answers do not compare."
    )
    if left := asked - shown:
        text += f" In {left:,} of them there is nothing to explain: something was missed, or no answer was given."
    return Text(f"{text} {explanations.note}".strip())


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
