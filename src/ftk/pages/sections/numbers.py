"""How far predicted numbers are off."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from ftk.pages.blocks import Block, Cell, Chart, Charts, Section, Table
from ftk.pages.numbers import count_cell, number_cell
from ftk.pages.predictions import Form, Predictions
from ftk.pages.record_values import numbers_of
from ftk.pages.svg import columns, dots, short

if TYPE_CHECKING:
    from numpy.typing import NDArray

_MOST_POINTS = 1500
_CLASSES = 12
_PARTS = 5


def numbers_section(predictions: Predictions) -> Section | None:
    """Gold and predicted numbers, and what is left between them; None for another task."""
    if predictions.form is not Form.numbers:
        return None
    found: dict[str, list[tuple[float, float]]] = {}
    for record in predictions.records:
        gold, given = numbers_of(record, "gold_value"), numbers_of(record, "value")
        for name in gold:
            if name in given:
                found.setdefault(name, []).append((gold[name], given[name]))
    blocks: list[Block] = []
    for name, values in found.items():
        blocks += _of_target(name, np.array(values))
    return Section("residuals", "Residuals", blocks) if blocks else None


def _of_target(name: str, pairs: NDArray[np.float64]) -> list[Block]:
    title = f" of {name}" if name else ""
    every = -(-len(pairs) // _MOST_POINTS)
    shown = [(float(gold), float(given)) for gold, given in pairs[::every]]
    note = f"One of {every} rows." if every > 1 else ""
    residuals = pairs[:, 1] - pairs[:, 0]
    counts, edges = np.histogram(residuals, bins=_CLASSES)
    scatter = dots(f"Predicted against gold numbers{title}", shown, x="gold", y="predicted", diagonal=True)
    bars = columns(
        f"Residuals{title}",
        counts.astype(float).tolist(),
        [short(float(edge)) for edge in edges[:-1]],
        x="predicted − gold, from",
        y="rows",
    )
    charts = Charts([Chart(f"Predicted and gold{title}", scatter, note=note), Chart(f"Residuals{title}", bars)])
    order = np.argsort(pairs[:, 0], kind="stable")
    rows: list[list[Cell | str]] = []
    for part in np.array_split(order, min(_PARTS, len(order))):
        low, high = pairs[part, 0].min(), pairs[part, 0].max()
        bias, distance = float(residuals[part].mean()), float(np.abs(residuals[part]).mean())
        rows.append([f"{short(low)} to {short(high)}", count_cell(len(part)), number_cell(bias), number_cell(distance)])
    table = Table(f"By gold number{title}", ["gold", "rows", "mean residual", "mean distance"], rows)
    return [charts, table]
