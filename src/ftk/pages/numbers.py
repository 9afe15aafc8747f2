"""How numbers are written on a page."""

from __future__ import annotations

import math

from ftk.pages.blocks import Cell

Interval = tuple[float, float] | None


def score(value: float | None) -> str:
    """A score: 0.8123, 1,234.5; a dash for none."""
    if value is None or not math.isfinite(value):
        return "–"
    return f"{value:.4f}" if abs(value) < 1000 else f"{value:,.1f}"


def interval(found: Interval) -> str:
    """An interval: 0.790 to 0.833; empty for none."""
    if found is None or not all(map(math.isfinite, found)):
        return ""
    low, high = (f"{value:.3f}" if abs(value) < 1000 else f"{value:,.1f}" for value in found)
    return f"{low} to {high}"


def interval_cell(found: Interval) -> Cell | str:
    """An interval, which sorts by its lower end; empty for none."""
    text = interval(found)
    return Cell(text, found[0]) if found is not None and text else ""


def score_cell(value: float | None, found: Interval = None) -> Cell:
    """A score with its bar, if it is one from 0 to 1."""
    if value is None or not math.isfinite(value):
        return Cell("–")
    low, high = found if found is not None and all(map(math.isfinite, found)) else (None, None)
    return Cell(score(value), value, bar=(low, value, high) if 0 <= value <= 1 else None)


def number_cell(value: float | None) -> Cell:
    """A score without a bar."""
    return Cell("–") if value is None or not math.isfinite(value) else Cell(score(value), value)


def count_cell(value: int, level: int | None = None) -> Cell:
    """A whole number."""
    return Cell(f"{value:,}", float(value), level=level)


def share(part: int, whole: int) -> str:
    """A part of a whole in percent."""
    return f"{100 * part / whole:.1f} %" if whole else "–"
