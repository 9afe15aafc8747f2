"""What the wrong answers on the page of a run rest on. torch is imported only if there are any."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from ftk.commands.checks.values import check_values
from ftk.config.command_line import override_words
from ftk.config.compose import compose
from ftk.config.schema import ExplainConfig
from ftk.contracts import finding_kinds as kinds
from ftk.contracts.notes import Notes
from ftk.errors import FtkError
from ftk.pages.mistakes import worst_rows
from ftk.pages.page import chosen, opened_predictions
from ftk.pages.predictions import Form, Predictions
from ftk.pages.relevance import MOST_EXPLAINED, Explanations, explained
from ftk.pages.run_files import RunFiles
from ftk.report.console import Console

if TYPE_CHECKING:
    from ftk.contracts.findings import Finding


def explanations_of(path: Path, split: str | None, console: Console) -> Explanations:
    """What the wrong answers of a run rest on, or why that is not known, which is also said.

    Args:
        path: the folder of the run.
        split: whose predictions are looked at; None: test, or validation if the run has no test.
        console: shows what was explained, and what was noticed.

    Raises:
        RunError: the folder is none of a run.
    """
    opened, _ = opened_predictions(RunFiles.open(path))
    predictions = chosen(opened, split)
    rows = [] if predictions is None else worst_rows(predictions)[:MOST_EXPLAINED]
    best = path / "best"
    if predictions is None:
        found = Explanations(why="the run has no predictions of this split that can be read.")
    elif predictions.form is Form.tags:
        found = Explanations(why="each token has a tag here. 'ftk explain' explains those with one tag: label=<tag>.")
    elif not best.is_dir():
        found = Explanations(why=f"{best} is not there; it would be the model that made the predictions.")
    elif not rows:
        found = Explanations(why="no example is known to be wrong.")
    else:
        notes = Notes()
        try:
            found = _found(best, predictions, rows, notes)
        except FtkError as error:
            found = Explanations(why=" ".join(f"ftk explain: {error}".split()))
        console.report(notes.drain())
    if found.why:
        console.warn(f"nothing is explained: {found.why}")
    else:
        text = f"wrong examples explained: {len(found.rows):,} of {found.asked:,}"
        if left := found.asked - len(found.rows):
            text += f"; in {left:,} something was missed, or no answer was given"
        console.event("explained", text, {"examples": found.asked, "with_answers": len(found.rows)})
    return found


def _found(best: Path, predictions: Predictions, rows: list[int], notes: Notes) -> Explanations:
    """Explain the predictions of some rows.

    Raises:
        FtkError: predictions of this task are not explained, the model is damaged, or a record lacks what it reads.
    """
    words = override_words({"checkpoint": str(best), "input": "-"})
    config = compose("explain", words, check=check_values).config
    assert isinstance(config, ExplainConfig)
    from ftk.explaining.explained import explanations

    records = [dict(predictions.records[row]) for row in rows]
    found = explanations(best, records, config.data, config.hardware, method=config.method, notes=notes)
    made = {
        row: shown
        for row, record, own in zip(rows, records, found, strict=True)
        if (shown := explained(record, predictions.form, own))
    }
    return Explanations(
        made, len(rows), note=" ".join(_sentence(one) for one in notes if one.kind is kinds.NO_RELEVANCE_RULES)
    )


def _sentence(finding: Finding) -> str:
    text = str(finding)
    return f"{text[:1].upper()}{text[1:]}{'' if text.endswith('.') else '.'}"
