"""The page of a run: what it reached, how, and what it gets wrong."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from ftk.contracts import finding_kinds as kinds
from ftk.contracts.notes import Notes
from ftk.errors import FtkError
from ftk.pages.blocks import Code, Section
from ftk.pages.numbers import interval, score
from ftk.pages.predictions import Predictions
from ftk.pages.relevance import Explanations
from ftk.pages.rendering import GENERATOR, Page
from ftk.pages.run_files import SPLITS, RunFiles
from ftk.pages.sections.answers import questions_section
from ftk.pages.sections.calibration import calibration_section
from ftk.pages.sections.entities import FindEntities, spans_section
from ftk.pages.sections.examples import EXAMPLES, mistakes_section, suspects_section, unexplained_section
from ftk.pages.sections.facts import findings_section, run_section
from ftk.pages.sections.generation import generation_section
from ftk.pages.sections.numbers import numbers_section
from ftk.pages.sections.ranking import ranking_section
from ftk.pages.sections.scores import labels_section, numbers_in, scores_section
from ftk.pages.sections.slices import slices_section
from ftk.pages.sections.thresholds import thresholds_section
from ftk.pages.sections.training import curves_section
from ftk.pages.sections.unfinished import unfinished, unfinished_section

REPORT = "report.html"


@dataclass(frozen=True, slots=True)
class Options:
    """What a page shows.

    Attributes:
        texts: whether it has texts of the data.
        slices: the columns by whose values the score is shown.
        split: the split whose predictions are looked at; None: test, or validation if the run has no test.
        explanations: what wrong answers rest on; None: it was not asked for.
    """

    texts: bool = True
    slices: Sequence[str] = ()
    split: str | None = None
    explanations: Explanations | None = None


def run_page(run: RunFiles, options: Options, find: FindEntities, notes: Notes) -> Page:
    """The page of one run.

    Args:
        run: its files.
        options: what the page shows.
        find: the entities of its training rows, or why they are not known; asked only where entities are.
        notes: collects what could not be read.

    Raises:
        FtkError: a file is damaged, or a slice is of a column that no row has.
    """
    opened, missing = opened_predictions(run)
    shown = chosen(opened, options.split)
    note_missing(notes, run, missing, shown)
    metric = metric_of(run)
    sections: list[Section | None] = [_command(run), *([] if run.splits else [unfinished_section(run, metric)])]
    if run.splits:
        sections.append(scores_section(run, opened, metric))
    sections.append(curves_section(run, metric))
    if shown is not None:
        of_split = [
            labels_section(shown),
            *([slices_section(shown, options.slices)] if options.slices else []),
            spans_section(shown, find),
            questions_section(shown),
            ranking_section(shown),
            numbers_section(shown),
            generation_section(shown),
            calibration_section(shown, _calibration(run, shown.split)),
            thresholds_section(shown),
            mistakes_section(shown, texts=options.texts, explanations=options.explanations),
        ]
        sections += [_named(one, shown.split, run.splits) for one in of_split if one is not None]
    if options.explanations is not None and all(one is None or one.id != EXAMPLES for one in sections):
        sections.append(unexplained_section(options.explanations))
    sections += [
        suspects_section(run.suspects, texts=options.texts),
        run_section(run),
        findings_section(run, texts=options.texts),
    ]
    return Page(
        title=f"{run.name}: {task_name(run)}",
        kind="report",
        lead=lead(run, opened, metric),
        sections=[one for one in sections if one is not None],
        footer=f"Written by {GENERATOR}. Everything is in this file; it loads nothing.",
        warnings=[str(one) for one in notes],
    )


def note_missing(notes: Notes, run: RunFiles, missing: Mapping[str, str], shown: Predictions | None) -> None:
    """Report the splits whose predictions cannot be read.

    Args:
        notes: collects the findings.
        run: the run.
        missing: why, by split.
        shown: the predictions that are shown in their place; None if there are none.
    """
    policy, split_shown = ("none", "") if shown is None else ("others", shown.split)
    for split, why in missing.items():
        values: dict[str, Any] = {"run": str(run.path), "damaged": split, "why": why.rstrip("."), "shown": split_shown}
        notes.add(kinds.UNREAD_PREDICTIONS, policy=policy, **values)


def _named(section: Section, split: str, splits: Sequence[str]) -> Section:
    """A section that says of which split it is, where that is not the one of the sentence at the top."""
    return section if split in splits[:1] else replace(section, title=f"{section.title}, {split}")


def chosen(opened: Mapping[str, Predictions], split: str | None) -> Predictions | None:
    """The predictions whose examples are shown.

    Args:
        opened: by split, the one to show first in front.
        split: the one that was asked for; None: the first.
    """
    split = split or next(iter(opened), None)
    return opened.get(split) if split is not None else None


def task_name(run: RunFiles) -> str:
    """What the run is about: its task and its model, in the words of its config."""
    task, model = run.config.get("task"), run.config.get("model")
    target = str(task.get("_target_", "")).rpartition(".")[2] if isinstance(task, dict) else ""
    words = "".join(f" {one.lower()}" if one.isupper() else one for one in target).strip()
    name = model.get("name") if isinstance(model, dict) else None
    name = name or run.config.get("checkpoint")
    return " of ".join(str(one) for one in (words or "evaluation", name) if one)


def lead(run: RunFiles, opened: Mapping[str, Predictions], metric: str | None) -> str:
    """The result in a sentence."""
    if not run.splits:
        return unfinished(run, metric)
    split = run.splits[0]
    values = dict(numbers_in(run.metrics[split]))
    name = metric if metric in values else next(iter(values), None)
    if name is None:
        return f"The {split} split has no scores."
    text = f"{name} is {score(values[name])} on the {split} split"
    if split in opened:
        rows = len(opened[split].records)
        text = f"{name} is {score(values[name])} on {rows:,} {split} rows"
        if (ends := opened[split].intervals.get(name)) is not None:
            text += f" (95 % interval {interval(ends)})"
    step = run.metrics.get("best_step")
    return f"{text}. The model is that of step {step:,}." if isinstance(step, int) and step else f"{text}."


def _calibration(run: RunFiles, split: str) -> Mapping[str, Any]:
    found = run.metrics.get("calibration")
    figures = found.get(split) if isinstance(found, dict) else None
    return figures if isinstance(figures, dict) else {}


def metric_of(run: RunFiles) -> str | None:
    """The score that chose the model; None if nothing says so."""
    train = run.config.get("train")
    if isinstance(train, dict) and train.get("metric"):
        return str(train["metric"])
    return None if run.spec is None else run.spec.score


def opened_predictions(run: RunFiles) -> tuple[dict[str, Predictions], dict[str, str]]:
    """The predictions of each split that the run has scored, and why some cannot be read."""
    opened, missing = {}, {}
    for split in SPLITS:
        if (run.path / "predictions" / f"{split}.jsonl").is_file():
            try:
                opened[split] = Predictions.open(run.path, split)
            except (FtkError, OSError) as error:
                missing[split] = str(error)
    return opened, missing


def _command(run: RunFiles) -> Section:
    return Section("command", "Repeat it", [Code("The command of this run", run.command)])
