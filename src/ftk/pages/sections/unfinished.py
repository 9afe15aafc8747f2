"""How far a run came that has not ended: its validation scores until then."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ftk.contracts.score import Score
from ftk.pages.blocks import Cell, Section, Table
from ftk.pages.numbers import count_cell, number_cell, score
from ftk.pages.run_files import RunFiles

_NO_SCORES = ("step", "epoch", "seconds", "tokens")


def unfinished(run: RunFiles, metric: str | None) -> str:
    """The sentence at the top of the page of a run without a ``metrics.json``.

    Args:
        run: its files.
        metric: the score that chooses the model; None if nothing says so.
    """
    events = _validations(run)
    if not events:
        return "This run is not finished, and nothing has been scored yet."
    last, best = events[-1], _best(run, events, metric)
    name = metric if metric in last else next(iter(_scores(last)), None)
    if name is None:
        return "This run is not finished."
    text = f"This run is not finished. At step {last['step']:,}, its last validation, {name} is {score(last[name])}"
    if best is not None and best["step"] != last["step"]:
        text += f"; the best was {score(best[name])} at step {best['step']:,}"
    return f"{text}. These are scores of the validation split."


def unfinished_section(run: RunFiles, metric: str | None) -> Section | None:
    """All validation scores of the last and of the best step; None if nothing was scored."""
    events = _validations(run)
    if not events:
        return None
    last, best = events[-1], _best(run, events, metric)
    shown = {f"last (step {last['step']:,})": last}
    if best is not None and best["step"] != last["step"]:
        shown[f"best (step {best['step']:,})"] = best
    rows: list[list[Cell | str]] = [[name, *(_cell(one.get(name)) for one in shown.values())] for name in _scores(last)]
    note = "The run is not finished: its best model is scored when it ends."
    return Section("scores", "Scores", [Table("Validation scores so far", ["score", *shown], rows, note)])


def _cell(value: Any) -> Cell | str:
    return count_cell(value) if isinstance(value, int) else number_cell(value)


def _validations(run: RunFiles) -> list[Mapping[str, Any]]:
    events = [one for one in run.events if one.get("split") == "validation" and isinstance(one.get("step"), int)]
    return sorted(events, key=lambda one: one["step"])


def _best(run: RunFiles, events: list[Mapping[str, Any]], metric: str | None) -> Mapping[str, Any] | None:
    """The event with the best score; None if it is not known which is better."""
    scored = [one for one in events if isinstance(one.get(metric or ""), (int, float))]
    if not scored or run.spec is None or metric is None:
        return None
    higher = Score.of_task(run.spec, metric).higher_is_better
    return (max if higher else min)(scored, key=lambda one: float(one[metric]))


def _scores(event: Mapping[str, Any]) -> dict[str, float | int]:
    return {
        name: value
        for name, value in event.items()
        if name not in _NO_SCORES and isinstance(value, (int, float)) and not isinstance(value, bool)
    }
