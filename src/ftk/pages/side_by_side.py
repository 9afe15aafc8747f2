"""One page about several runs: their scores, curves and labels beside one another."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from ftk.contracts.notes import Notes
from ftk.pages.blocks import Block, Cell, Charts, Code, Section, Table, Text
from ftk.pages.decisions import HAS_LABELS, label_counts
from ftk.pages.numbers import count_cell, interval_cell, number_cell, score, score_cell
from ftk.pages.page import Options, metric_of, note_missing, opened_predictions, task_name
from ftk.pages.predictions import Predictions
from ftk.pages.rendering import GENERATOR, Page
from ftk.pages.run_files import RunFiles
from ftk.pages.sections.scores import numbers_in
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
    sections: list[Section | None] = [
        *_verdict(names, opened, groups, texts=options.texts),
        _scores(names, runs, opened, metrics, split),
        _curves(names, runs),
        _labels(opened),
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
    best = (max if higher else min)(scored, key=lambda name: scored[name][0])
    text = f"{best} has the best {metric}, {score(scored[best][0])}."
    if len(rows) == 1 and len({tuple(found.outcomes.keys) for found in opened.values()}) == 1:
        return f"{text} Below is whether the difference is more than chance."
    return f"{text} The runs were not scored on the same rows, so these numbers do not compare the models."


def _verdict(
    names: Sequence[str], opened: Mapping[str, Predictions], groups: Sequence[Sequence[int]], *, texts: bool
) -> list[Section]:
    """What can be said of the difference; nothing if fewer than two runs have predictions."""
    if len(opened) < 2:
        return []
    number = {name: at for at, name in enumerate(opened)}
    inside = [[number[names[at]] for at in group if names[at] in number] for group in groups]
    return verdict_sections([one.outcomes for one in opened.values()], list(filter(None, inside)), texts=texts)


def _scores(
    names: Sequence[str],
    runs: Sequence[RunFiles],
    opened: Mapping[str, Predictions],
    metrics: Mapping[str, str | None],
    split: str,
) -> Section:
    values = {name: dict(numbers_in(run.metrics.get(split) or {})) for name, run in zip(names, runs, strict=True)}
    all_scores = list(dict.fromkeys(one for found in values.values() for one in found))
    first = [one for one in dict.fromkeys(metrics.values()) if one in all_scores]
    rows: list[list[Cell | str]] = []
    for name in [*first, *(one for one in all_scores if one not in first)]:
        row: list[Cell | str] = [name]
        for run in names:
            value, ends = values[run].get(name), opened[run].intervals.get(name) if run in opened else None
            if isinstance(value, int):
                row.append(count_cell(value))
            else:
                row.append(score_cell(value, ends) if ends else number_cell(value))
            row.append(interval_cell(ends))
        rows.append(row)
    note = (
        "An interval is that of one model on all such rows. Where two overlap, the difference may be real all the "
        "same: both models answered the same rows, which 'ftk compare' takes into account."
    )
    columns = ["score", *(column for name in names for column in (name, f"95 %, {name}"))]
    return Section("scores", "Scores", [Table(f"Scores, {split}", columns, rows, note)])


def _curves(names: Sequence[str], runs: Sequence[RunFiles]) -> Section | None:
    charts = [
        losses_together(names, runs, "train", "loss", "Training loss"),
        losses_together(names, runs, "validation", "loss", "Validation loss"),
    ]
    found = [one for one in charts if one is not None]
    return Section("training", "Training", [Charts(found)]) if found else None


def _labels(opened: Mapping[str, Predictions]) -> Section | None:
    """The F1 of each label in each run."""
    counts = {name: label_counts(found) for name, found in opened.items() if found.form in HAS_LABELS}
    labels = sorted({label for found in counts.values() for label in found})
    if len(counts) < 2 or not labels:
        return None
    rows: list[list[Cell | str]] = []
    for label in labels:
        support = max(found[label].support for found in counts.values() if label in found)
        row: list[Cell | str] = [label, count_cell(support)]
        for found in counts.values():
            row += (
                [score_cell(*found[label].f1()), interval_cell(found[label].f1()[1])] if label in found else ["–", ""]
            )
        rows.append(row)
    columns = ["label", "support", *(column for name in counts for column in (f"F1, {name}", f"95 %, {name}"))]
    return Section("labels", "Labels", [Table("F1 by label", columns, rows, sortable=True)])


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
        cells = [number_cell(float(one)) if isinstance(one, (int, float)) else Cell("–") for one in numbers]
        seconds.append([name, *cells])
    return Section("runs", "The runs", [*blocks, Table("Time", ["run", "steps", "seconds", "tokens/s"], seconds)])
