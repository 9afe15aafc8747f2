"""One page about several runs: their scores, curves and labels beside one another."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence

from ftk.contracts.notes import Notes
from ftk.pages.blocks import Block, Cell, Charts, Code, Section, Table, Text
from ftk.pages.numbers import count_cell, score
from ftk.pages.page import Options, metric_of, note_missing, opened_predictions, task_name
from ftk.pages.predictions import Predictions
from ftk.pages.rendering import GENERATOR, Page
from ftk.pages.run_files import RunFiles
from ftk.pages.sections.scores import numbers_in
from ftk.pages.sections.sides import labels_by_side, scores_by_side, sides_of
from ftk.pages.sections.slices import slices_section
from ftk.pages.sections.training import losses_together
from ftk.pages.sections.verdict import verdict_sections


def comparison_page(runs: Sequence[RunFiles], groups: Sequence[Sequence[int]], options: Options, notes: Notes) -> Page:
    """The page of several runs.

    Args:
        runs: their files.
        groups: their numbers, in the groups that the command line parts.
        options: what the page shows.
        notes: collects what could not be read.
    """
    names = _names(runs)
    opened: dict[str, Predictions] = {}
    for name, run in zip(names, runs, strict=True):
        found, why = opened_predictions(run)
        split = options.split or next(iter(found), None)
        note_missing(notes, run, why, found.get(split or ""))
        if split in found:
            opened[name] = found[split]
    split = options.split or next((one.split for one in opened.values()), "test")
    metrics = {name: metric_of(run) for name, run in zip(names, runs, strict=True)}
    inside = _inside(names, opened, groups)
    outcomes = [one.outcomes for one in opened.values()]
    sides = sides_of(names, opened, inside)
    values = {name: dict(numbers_in(run.metrics.get(split) or {})) for name, run in zip(names, runs, strict=True)}
    known = {score for each in values.values() for score in each}
    chosen = [one for one in dict.fromkeys(metrics.values()) if one is not None and one in known]
    sections: list[Section | None] = [
        *(verdict_sections(outcomes, inside, texts=options.texts) if len(opened) > 1 else ()),
        scores_by_side(sides, values, opened, chosen, split),
        _curves(names, runs),
        labels_by_side(sides, opened),
        *(_slices(opened, options.slices) if options.slices else ()),
        _commands(names, runs),
    ]
    return Page(
        title=f"{len(runs)} runs side by side: {', '.join(dict.fromkeys(task_name(run) for run in runs))}",
        kind="comparison",
        lead=_lead(opened),
        sections=[one for one in sections if one is not None],
        footer=f"Written by {GENERATOR}. Everything is in this file; it loads nothing.",
        warnings=[str(one) for one in notes],
    )


def _names(runs: Sequence[RunFiles]) -> list[str]:
    """The names of the folders; where two are the same, with those of the folders around them."""
    names = [run.name for run in runs]
    if len(set(names)) == len(names):
        return names
    longer = ["/".join(run.path.absolute().parts[-2:]) for run in runs]
    return longer if len(set(longer)) == len(longer) else [f"{at}: {name}" for at, name in enumerate(longer, 1)]


def _lead(opened: Mapping[str, Predictions]) -> str:
    """Which run has the best score, and that a difference needs a comparison."""
    scored = {}
    for name, found in opened.items():
        if found.statistics is not None and (value := found.value) is not None:
            scored[name] = (value, found.statistics.score, found.statistics.higher_is_better)
    kinds = {one[1:] for one in scored.values()}
    if len(scored) < 2 or len(kinds) != 1:
        return "The runs have no score in common, or no predictions."
    (metric, higher), rows = next(iter(kinds)), {len(found.records) for found in opened.values()}
    best = (max if higher else min)(value for value, *_ in scored.values())
    ties = [name for name, (value, *_) in scored.items() if value == best]
    if len(ties) == 1:
        text = f"{ties[0]} has the best {metric}, {score(best)}."
    else:
        text = f"{len(ties)} of {len(scored)} runs have the best {metric}, {score(best)}: {', '.join(ties)}."
    if len(rows) == 1 and len({tuple(found.outcomes.keys) for found in opened.values()}) == 1:
        return f"{text} Below is whether the difference is more than chance."
    return f"{text} The runs were not scored on the same rows, so these numbers do not compare the models."


def _inside(
    names: Sequence[str], opened: Mapping[str, Predictions], groups: Sequence[Sequence[int]]
) -> list[list[int]]:
    """The groups, as numbers of the runs that have predictions."""
    number = {name: at for at, name in enumerate(opened)}
    inside = [[number[names[at]] for at in group if names[at] in number] for group in groups]
    return list(filter(None, inside))


def _curves(names: Sequence[str], runs: Sequence[RunFiles]) -> Section | None:
    charts = [
        losses_together(names, runs, "train", "loss", "Training loss"),
        losses_together(names, runs, "validation", "loss", "Validation loss"),
    ]
    found = [one for one in charts if one is not None]
    return Section("training", "Training", [Charts(found)]) if found else None


def _slices(opened: Mapping[str, Predictions], columns: Sequence[str]) -> list[Section]:
    found = []
    for number, (name, predictions) in enumerate(opened.items(), 1):
        section = slices_section(predictions, columns)
        found.append(Section(f"slices-{number}", f"Slices of {name}", section.blocks))
    return found


def _commands(names: Sequence[str], runs: Sequence[RunFiles]) -> Section:
    blocks: list[Block] = []
    for name, run in zip(names, runs, strict=True):
        blocks += [Text(f"{name}: {run.path}"), Code(f"The command of {name}", run.command)]
    seconds: list[list[Cell | str]] = []
    for name, run in zip(names, runs, strict=True):
        train = run.metrics.get("train") or run.metrics.get("evaluation") or {}
        numbers = [train.get(key) for key in ("steps", "seconds", "tokens_per_second")]
        cells = [_amount(one) for one in numbers]
        seconds.append([name, *cells])
    return Section("runs", "The runs", [*blocks, Table("Time", ["run", "steps", "seconds", "tokens/s"], seconds)])


def _amount(value: object) -> Cell:
    """Steps, seconds or tokens a second."""
    if not isinstance(value, (int, float)) or not math.isfinite(value):
        return Cell("–")
    return count_cell(int(value)) if float(value).is_integer() else Cell(f"{value:,.1f}", float(value))
