"""Candidates that differ in case and blanks alone: one is no negative where another is right."""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np
from numpy.typing import NDArray


def alike(text: str) -> str:
    """A text without what near-equal texts differ in: case, and blanks around and between its words."""
    return " ".join(text.split()).casefold()


def groups_of(texts: Iterable[str], first: int) -> NDArray[np.int64]:
    """[texts] a number for each text, the same for near-equal ones.

    Args:
        texts: whose numbers begin with ``first``.
        first: how many texts stand before them, each of which has a number of its own.
    """
    known: dict[str, int] = {}
    found = [known.setdefault(alike(text), first + at) for at, text in enumerate(texts)]
    return np.concatenate([np.arange(first), np.array(found, dtype=np.int64)])


def with_alike(
    owner: NDArray[np.int64], texts: NDArray[np.int64], groups: NDArray[np.int64]
) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Texts of owners, with all that are near-equal to one of them.

    Args:
        owner: [numbers] whose text each is.
        texts: [numbers] of the texts.
        groups: [texts] from ``groups_of``.
    """
    _, group, sizes = np.unique(groups, return_inverse=True, return_counts=True)
    if len(sizes) == len(groups):
        return owner, texts
    members, begins = np.argsort(group, kind="stable"), np.cumsum(sizes) - sizes
    counts = sizes[group[texts]]
    place = np.arange(counts.sum()) - np.repeat(np.cumsum(counts) - counts, counts)
    return np.repeat(owner, counts), members[np.repeat(begins[group[texts]], counts) + place]
