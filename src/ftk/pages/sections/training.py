"""How the training went: its curves."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from ftk.pages.blocks import Chart, Charts, Section
from ftk.pages.run_files import RunFiles
from ftk.pages.svg import Series, lines

_NOT_DRAWN = ("step", "support", "candidates", "queries", "seconds", "tokens", "blocks")


def curves_section(run: RunFiles, score: str | None) -> Section | None:
    """Loss, score, learning rate and speed over the steps; None for a run of fewer than two steps."""
    train, validation = _of_split(run.events, "train"), _of_split(run.events, "validation")
    if len({event["step"] for event in (*train, *validation)}) < 2:
        return None
    charts = []
    losses = [Series("training", _points(train, "loss")), Series("validation", _points(validation, "loss"), marks=True)]
    if losses := [one for one in losses if one.points]:
        charts.append(_chart("Loss", losses, "loss"))
    for name in _scores(validation, score):
        if len(points := _points(validation, name)) < 2:
            continue
        charts.append(_chart(f"Validation {name}", [Series(name, points, marks=True)], name))
    if rate := _points(train, "lr"):
        charts.append(_chart("Learning rate", [Series("lr", rate)], "lr"))
    if speed := _speeds(train):
        charts.append(_chart("Tokens per second", [Series("speed", speed)], "tokens/s"))
    return Section("training", "Training", [Charts(charts)]) if charts else None


def _scores(validation: Sequence[Mapping[str, Any]], score: str | None) -> list[str]:
    """The scores to draw: the one that chose the model, else the first one; the rest is in metrics.jsonl."""
    names = [
        name
        for event in validation
        for name, value in event.items()
        if isinstance(value, float) and name not in ("loss", *_NOT_DRAWN)
    ]
    names = list(dict.fromkeys(names))
    if score in names:
        return [score]
    return names[:1]


def _chart(title: str, series: Sequence[Series], y: str) -> Chart:
    legend = [one.name for one in series] if len(series) > 1 else []
    y_range = (0.0, max(value for one in series for _, value in one.points) * 1.05 or 1.0) if y == "tokens/s" else None
    return Chart(title, lines(title, series, x="optimizer step", y=y, y_range=y_range), legend)


def _of_split(events: Sequence[Mapping[str, Any]], split: str) -> list[Mapping[str, Any]]:
    return [event for event in events if event.get("split") == split and isinstance(event.get("step"), (int, float))]


def _points(events: Sequence[Mapping[str, Any]], name: str) -> list[tuple[float, float]]:
    return [
        (float(event["step"]), float(event[name]))
        for event in events
        if isinstance(event.get(name), (int, float)) and not isinstance(event.get(name), bool)
    ]


def _speeds(train: Sequence[Mapping[str, Any]]) -> list[tuple[float, float]]:
    """Tokens per second between one event and the next; a resumed run may begin an interval again."""
    known = [event for event in train if isinstance(event.get("tokens"), int) and "seconds" in event]
    pairs = zip([{"tokens": 0, "seconds": 0.0}, *known], known, strict=False)
    return [
        (float(event["step"]), (event["tokens"] - before["tokens"]) / (event["seconds"] - before["seconds"]))
        for before, event in pairs
        if event["seconds"] > before["seconds"]
    ]


def losses_together(names: Sequence[str], runs: Sequence[RunFiles], split: str, name: str, title: str) -> Chart | None:
    """The same curve of several runs in one chart; None if no run has it."""
    series = [
        Series(shown, _points(_of_split(run.events, split), name), marks=split != "train")
        for shown, run in zip(names, runs, strict=True)
    ]
    series = [one for one in series if len(one.points) > 1]
    if not series:
        return None
    return Chart(title, lines(title, series, x="optimizer step", y=name), [one.name for one in series])
