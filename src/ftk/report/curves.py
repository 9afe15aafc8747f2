"""Draws the curves of a run."""

import json
from pathlib import Path
from typing import Any

from ftk.contracts.score import Score
from ftk.system.atomic import replaced


def plot_curves(metrics: Path, target: Path, score: Score) -> None:
    """Draws loss, score, learning rate and speed over the steps of a run.

    Args:
        metrics: the run's ``metrics.jsonl``.
        target: the PNG file to write.
        score: the metric that selects the best model.
    """
    # Works without a display; the object interface does not change the settings of a program that imports ftk.
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    events = [json.loads(line) for line in metrics.read_text(encoding="utf-8").splitlines()]
    train = [event for event in events if event["split"] == "train"]
    validation = [event for event in events if event["split"] == "validation"]
    if not train:
        return
    figure = Figure(figsize=(9, 6))
    # Fixed numbers, because matplotlib's layout engines draw everything several times.
    figure.subplots_adjust(left=0.08, right=0.98, bottom=0.08, top=0.95, wspace=0.22, hspace=0.35)
    FigureCanvasAgg(figure)
    loss, other, rate, speed = figure.subplots(2, 2).ravel()
    _line(loss, train, "loss", "training", color="tab:blue")
    _line(loss, validation, "loss", "validation", color="tab:orange", marker="o")
    loss.set_title("loss")
    loss.legend(frameon=False)
    shown = score if score.name != "loss" else Score("accuracy", True)
    scores = [{"step": event["step"], shown.name: shown.value(event)} for event in validation]
    _line(other, scores, shown.name, shown.name, color="tab:orange", marker="o")
    other.set_title(f"validation {shown.name}", parse_math=False)  # a label may be $x^$
    _line(rate, train, "lr", "lr", color="tab:green")
    rate.set_title("learning rate")
    speeds = _speeds(train)
    speed.plot([step for step, _ in speeds], [value for _, value in speeds], color="tab:gray")
    speed.set_ylim(bottom=0)
    speed.set_title("real tokens per second")
    for axes in (loss, other, rate, speed):
        axes.set_xlabel("optimizer step")
        axes.spines[["top", "right"]].set_visible(False)
        axes.grid(alpha=0.3)
    with replaced(target) as temporary:
        figure.savefig(temporary, format="png", dpi=120)


def _line(axes: Any, events: list[dict[str, Any]], name: str, label: str, **style: Any) -> None:
    points = [(event["step"], event[name]) for event in events if isinstance(event.get(name), (int, float))]
    if points:
        axes.plot([step for step, _ in points], [value for _, value in points], label=label, **style)


def _speeds(events: list[dict[str, Any]]) -> list[tuple[int, float]]:
    """Tokens per second between consecutive events; skips intervals without progress in time after a resume."""
    pairs = zip([{"tokens": 0, "seconds": 0.0}, *events], events, strict=False)
    return [
        (event["step"], (event["tokens"] - before["tokens"]) / (event["seconds"] - before["seconds"]))
        for before, event in pairs
        if event["seconds"] > before["seconds"]
    ]
