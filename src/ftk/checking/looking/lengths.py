"""Texts that are far longer than others, or that were cut, by the lengths of all texts of a split."""

from __future__ import annotations

from array import array
from collections.abc import Sequence
from typing import Any

import numpy as np

from ftk.checking.looking.row_texts import texts_of
from ftk.contracts import finding_kinds as kinds
from ftk.contracts.findings import SHOWN
from ftk.contracts.notes import Notes

_ENOUGH = 50
"""Rows from which something can be said about what is usual."""
_TIMES, _TIMES_MOST = 10, 6
"""A text is far longer than others if it is so many times as long as half of them, and as 95 of 100."""
_LONG = 1000
"""Characters of a text that no one calls far longer than others."""
_SHORTEST_CUT = 60
"""Characters to which texts are hardly cut."""
_CUT_SHARE = 0.005
_PILED = 5
"""Texts are cut where so many times more have the greatest length than the lengths below it have on average."""
_BELOW = 10
_FEW = 5
_LOOKED_AT, _END = 50, 8


def note_lengths(lengths: array[int], examples: Sequence[Any], notes: Notes) -> None:
    """Report rows of a split that are far longer than the others, and a length at which many texts end.

    Args:
        lengths: [rows] the characters of each row.
        examples: the rows, for the places of a few.
        notes: collects the findings.
    """
    sizes = np.frombuffer(lengths, dtype=f"i{lengths.itemsize}")
    if len(sizes) < _ENOUGH:
        return
    usual, most = np.quantile(sizes, [0.5, 0.95], method="inverted_cdf")
    least = max(_LONG, int(_TIMES * usual), int(_TIMES_MOST * most))
    far = np.flatnonzero(sizes > least)
    if len(far):
        places = [f"{examples[at].row.where}: {sizes[at]:,} characters" for at in far[:SHOWN].tolist()]
        notes.add(kinds.FAR_LONGER, *places, number=len(far), least=least, usual=int(usual))
    longest = int(sizes.max())
    cut = np.flatnonzero(sizes == longest)
    below = np.count_nonzero((sizes >= longest - _BELOW) & (sizes < longest)) / _BELOW
    if longest >= _SHORTEST_CUT and len(cut) >= max(_FEW, _CUT_SHARE * len(sizes), _PILED * below):
        # Texts that were written by one template have one length, too, and end alike.
        ends = {"".join(texts_of(examples[at]))[-_END:] for at in cut[:_LOOKED_AT].tolist()}
        if len(ends) < _FEW:
            return
        places = [examples[at].row.where for at in cut[:SHOWN].tolist()]
        notes.add(kinds.CUT_TEXTS, *places, number=len(cut), length=longest)
