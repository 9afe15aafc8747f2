"""The outcomes as a page."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import date
from textwrap import fill

from benchmarks.architectures.cells import TASKS

Outcomes = Mapping[tuple[str, str], tuple[str, str]]
_SIGNS = {"works": "✓", "refused": "refused", "fault": "**fault**", "no model": "–"}
_WHAT = (
    "Each architecture of transformers that has a head for a task of ftk, as a tiny random model (width 32, two "
    "layers, two heads). It is trained for one step in the default precision and for one in fp32, and predicts for "
    "padded and for single rows."
)
_MEANING = (
    "✓: the first loss is that of plain transformers (to 1e-4 in fp32), and so are the outputs for each row, padded "
    "and single (to 1e-5 in fp32). ¹ Rows of one length share a batch, because what the model computes depends on "
    "padding. ² Padding stands before the texts. ³ A part runs as transformers has it. An empty cell: no such head."
)
_MARKS = {"one-length": "¹", "padded-left": "²", "plain-way": "³"}


def render(found: Outcomes, seconds: float) -> str:
    """The page.

    Args:
        found: what came of each architecture in each task, and why.
        seconds: how long it took.
    """
    return "\n".join([*_head(found, seconds), *_table(found), "", *_reasons(found)]) + "\n"


def _head(found: Outcomes, seconds: float) -> Iterator[str]:
    import torch
    import transformers

    outcomes = [outcome for outcome, _ in found.values()]
    yield "# Architectures"
    yield ""
    works, refused, faults, without = map(outcomes.count, ("works", "refused", "fault", "no model"))
    yield from fill(_WHAT, 120).splitlines()
    yield ""
    yield from fill(_MEANING, 120).splitlines()
    yield ""
    facts = f"{date.today()}, `python -m benchmarks.architectures`, {seconds / 60:.1f} minutes, transformers "
    facts += (
        f"{transformers.__version__}, torch {torch.__version__}: {works} cells work, {refused} are refused by name "
    )
    facts += f"before rows are read, {faults} are faults; of {without} no tiny model can be made."
    yield from fill(facts, 120).splitlines()
    yield ""


def _table(found: Outcomes) -> Iterator[str]:
    yield f"| architecture | {' | '.join(TASKS)} |"
    yield f"| --- |{' --- |' * len(TASKS)}"
    for model_type in sorted({model_type for model_type, _ in found}):
        row = [_cell(*found[model_type, task]) if (model_type, task) in found else "" for task in TASKS]
        yield f"| {model_type} | {' | '.join(row)} |"


def _cell(outcome: str, why: str) -> str:
    marks = "".join(mark for kind, mark in _MARKS.items() if outcome == "works" and kind in why.split(", "))
    return _SIGNS[outcome] + marks


def _reasons(found: Outcomes) -> Iterator[str]:
    titles = {"refused": "Refused", "no model": "No tiny model", "fault": "Faults"}
    for outcome, title in titles.items():
        rows = [(cell, why) for cell, (is_so, why) in sorted(found.items()) if is_so == outcome]
        if rows:
            yield from (f"## {title}", "", *(f"- {model_type}, {task}: {why}" for (model_type, task), why in rows), "")
