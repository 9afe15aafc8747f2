"""Generated texts by how good and how long they are."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from ftk.pages.blocks import Block, Chart, Charts, Section
from ftk.pages.predictions import Form, Predictions
from ftk.pages.sections.classes import by_number
from ftk.pages.svg import columns, short

_CLASSES = 10
_LENGTHS = (
    (0, 10, "up to 10 words"),
    (11, 25, "11 to 25 words"),
    (26, 50, "26 to 50 words"),
    (51, 100, "51 to 100 words"),
    (101, None, "more than 100 words"),
)


def generation_section(predictions: Predictions) -> Section | None:
    """The score of single texts, and by length of the source; None for another task."""
    scores = predictions.row_scores
    if predictions.form is not Form.texts or scores is None or predictions.statistics is None:
        return None
    known = scores[np.isfinite(scores)]
    blocks: list[Block] = []
    if len(known):
        most = predictions.statistics.most or float(known.max()) or 1.0
        counts, edges = np.histogram(known, bins=_CLASSES, range=(0.0, most))
        names = [short(float(edge)) for edge in edges[:-1]]
        title, score = f"Texts by {predictions.statistics.score}", predictions.statistics.score
        chart = columns(title, counts.astype(float).tolist(), names, x=f"{score}, from", y="texts")
        blocks.append(Charts([Chart(title, chart)]))
    table = by_number(predictions, "By length of the source", "source", _LENGTHS, _length)
    if table is not None:
        blocks.append(table)
    return Section("texts", "Texts", blocks) if blocks else None


def _length(record: Mapping[str, Any]) -> int | None:
    source = record.get("source")
    return len(source.split()) if isinstance(source, str) else None
