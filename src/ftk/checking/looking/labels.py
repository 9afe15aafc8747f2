"""Labels that are rare, not tested, unevenly shared or sorted."""

from __future__ import annotations

from array import array
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from math import sqrt
from typing import Any

import numpy as np

from ftk.checking.looking.row_texts import Part
from ftk.contracts import finding_kinds as kinds
from ftk.contracts.example import Example
from ftk.contracts.notes import Notes
from ftk.data.examples.sentences import Sentence
from ftk.data.rows.label_names import shortened

_LEAST = 5
"""Training rows with a label from which it is not called rare."""
_SHOWN = 10
"""Labels that a finding names."""
_UNEVEN, _TIMES = 0.9, 100
_ENOUGH = 50
_SORTED = 0.5
"""Rows are sorted if their label changes less than this share of how often it would in any order."""
_SHIFT, _DEVIATIONS = 0.05, 5
"""The share of a label differs between splits by at least so much, and by so many standard deviations."""


@dataclass(slots=True)
class LabelCounts:
    """The labels of a split.

    Attributes:
        numbers: by label, or set of labels, its number; the same for all splits.
        rows: how many rows have each label.
        order: [rows] the number of the label of each row, or of its set of labels; empty where rows have none.
        single: whether each row has one label.
        total: the number of rows.
    """

    numbers: dict[Any, int]
    rows: Counter[str] = field(default_factory=Counter)
    order: array[int] = field(default_factory=lambda: array("l"))
    single: bool = False
    total: int = 0

    def add(self, part: Part) -> None:
        """Count the labels of some rows."""
        self.total += len(part.examples)
        for example in part.examples:
            target = getattr(example, "target", None)
            if isinstance(target, str):
                self.single = True
                self.rows[target] += 1
                self.order.append(self.numbers.setdefault(target, len(self.numbers)))
                continue
            self.rows.update(labels_of(example))
            if isinstance(target, tuple):
                self.order.append(self.numbers.setdefault(frozenset(target), len(self.numbers)))


def labels_of(example: Example) -> tuple[str, ...]:
    """The labels of a row, each once: its classes, the types of its spans, or the tags of its tokens."""
    if isinstance(example, Sentence) or hasattr(example, "target"):
        return tuple(label for label in example.strata if isinstance(label, str))
    return ()


def note_labels(counts: Mapping[str, LabelCounts], notes: Notes) -> None:
    """Report what is odd about the labels of splits.

    Args:
        counts: by split.
        notes: collects the findings.
    """
    for split, found in counts.items():
        with notes.of(split):
            _note_order(found, notes)
    train = counts.get("train")
    if train is None or not train.rows:
        return
    with notes.of("train"):
        _note_rare(train, notes)
    for split, found in counts.items():
        if split != "train" and found.rows:
            _note_other(train, found, split, notes)


def _note_rare(train: LabelCounts, notes: Notes) -> None:
    ordered = train.rows.most_common()
    rare = [(name, number) for name, number in reversed(ordered) if number < _LEAST]
    if len(ordered) < 2 or train.total < _ENOUGH:
        return
    if rare:
        notes.add(kinds.RARE_LABEL, number=len(rare), least=_LEAST, names=_named(rare))
    (most, number), (least, few) = ordered[0], ordered[-1]
    if train.single and (number >= _UNEVEN * train.total or number >= _TIMES * few):
        notes.add(
            kinds.UNEVEN_LABELS,
            label=shortened(most),
            percent=100 * number / train.total,
            least_label=shortened(least),
            least_percent=100 * few / train.total,
        )


def _note_order(found: LabelCounts, notes: Notes) -> None:
    """Report rows that are sorted by label: neighbours have one label far more often than chance makes them."""
    order = np.frombuffer(found.order, dtype=f"i{found.order.itemsize}")
    if not found.single or len(order) < _ENOUGH or len(found.rows) < 2:
        return
    shares = np.bincount(order) / len(order)
    expected = (len(order) - 1) * (1 - float((shares**2).sum()))
    if np.count_nonzero(np.diff(order)) < _SORTED * expected:
        head = max(1, len(order) // 10)
        seen = len(np.unique(order[:head]))
        notes.add(kinds.SORTED_ROWS, rows=head, all_rows=len(order), found=seen, labels=len(found.rows))


def _note_other(train: LabelCounts, found: LabelCounts, split: str, notes: Notes) -> None:
    """Report labels of training that a split lacks, and labels whose share differs from that in training."""
    absent = [(name, number) for name, number in train.rows.most_common() if name not in found.rows]
    if absent and split == "test":  # reading reports those that validation lacks
        notes.add(kinds.LABEL_NOT_TESTED, number=len(absent), part=split, names=_named(absent))
    if min(train.total, found.total) < _ENOUGH:
        return
    moved = []
    for name in train.rows.keys() | found.rows.keys():
        here, there = train.rows[name] / train.total, found.rows[name] / found.total
        both = (train.rows[name] + found.rows[name]) / (train.total + found.total)
        deviation = sqrt(both * (1 - both) * (1 / train.total + 1 / found.total))
        if abs(here - there) >= max(_SHIFT, _DEVIATIONS * deviation):
            moved.append((abs(here - there), f"{shortened(name)} {100 * here:.1f} % and {100 * there:.1f} %"))
    if moved:
        names = ", ".join(text for _, text in sorted(moved, reverse=True)[:_SHOWN])
        notes.add(kinds.OTHER_SHARES, number=len(moved), part=split, names=names)


def _named(counts: Sequence[tuple[str, int]]) -> str:
    shown = ", ".join(f"{shortened(name)} {number:,}" for name, number in counts[:_SHOWN])
    return f"{shown}, …" if len(counts) > _SHOWN else shown
