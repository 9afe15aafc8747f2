"""Looks at the rows of all splits for what reading lets pass, and somebody should know."""

from __future__ import annotations

from array import array
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import numpy as np

from ftk.checking.looking.characters import note_characters
from ftk.checking.looking.labels import LabelCounts, note_labels
from ftk.checking.looking.lengths import note_lengths
from ftk.checking.looking.numbers import Numbers
from ftk.checking.looking.other_columns import OtherColumns
from ftk.checking.looking.pairs import Ratios, note_equal
from ftk.checking.looking.row_texts import compared_texts, parts_of
from ftk.checking.looking.said_labels import SaidLabels
from ftk.checking.looking.shapes import note_shapes
from ftk.checking.looking.spans import Mentions, note_edges
from ftk.checking.near.duplicates import MOST_COMPARED, THRESHOLD, NearDuplicates, NearDuplicateSearch
from ftk.contracts import finding_kinds as kinds
from ftk.contracts.findings import SHOWN
from ftk.contracts.notes import Notes
from ftk.data.splitting.two_rows import two_places


def check_examples(
    splits: Mapping[str, Sequence[Any]],
    notes: Notes,
    *,
    near_duplicates: float | None = THRESHOLD,
    thorough: bool = True,
) -> None:
    """Report what is odd about rows, by the examples that a task made of them.

    Rows on disk are read once, and training rows with marked spans twice.

    Args:
        splits: by name, in the order train, validation, test, their rows; some may be absent.
        notes: collects the findings.
        near_duplicates: the Jaccard similarity from which rows are near-duplicates; None: they are not searched.
        thorough: whether training rows are looked at a second time, for texts that are marked elsewhere.
    """
    search = None
    if near_duplicates is not None and any(len(rows) and compared_texts(rows[0]) for rows in splits.values()):
        search = NearDuplicateSearch({split: len(rows) for split, rows in splits.items()}, near_duplicates)
    numbers: dict[Any, int] = {}
    counts = {split: LabelCounts(numbers) for split in splits}
    for split, examples in splits.items():
        with notes.of(split):
            _look_at(split, examples, counts[split], search, notes, thorough=thorough)
    note_labels(counts, notes)
    if search is not None:
        assert near_duplicates is not None
        _note_near_duplicates(splits, counts, search, near_duplicates, notes)


def _look_at(
    split: str,
    examples: Sequence[Any],
    counts: LabelCounts,
    search: NearDuplicateSearch | None,
    notes: Notes,
    *,
    thorough: bool,
) -> None:
    """Report what is odd about the rows of one split, count its labels, and add its rows to the search."""
    learned = split == "train"
    lengths: array[int] = array("l")
    columns, mentions, numbers, ratios, said = OtherColumns(), Mentions(), Numbers(), Ratios(), SaidLabels()
    for part in parts_of(examples):
        note_characters(part, notes)
        note_shapes(part, notes)
        said.add(part, notes)
        note_equal(part, notes)
        note_edges(part, notes)
        lengths.extend(map(len, part.texts))
        counts.add(part)
        numbers.add(part)
        ratios.add(part)
        if learned:
            columns.add(part)
            mentions.add(part)
        if search is not None:
            search.add(map(compared_texts, part.examples))
    if any(lengths):
        note_lengths(lengths, examples, notes)
    said.note(notes)
    numbers.note(examples, notes)
    ratios.note(examples, notes)
    columns.note(counts.rows, notes)
    mentions.note_types(notes)
    if thorough and mentions.marked:
        mentions.note_unmarked(examples, notes)


def _note_near_duplicates(
    splits: Mapping[str, Sequence[Any]],
    counts: Mapping[str, LabelCounts],
    search: NearDuplicateSearch,
    threshold: float,
    notes: Notes,
) -> None:
    found = search.find()
    if found.limited:
        notes.add(kinds.ALIKE_ROWS_LIMITED, most=MOST_COMPARED)
    for split, examples in splits.items():
        with notes.of(split):
            within = found.within[split]
            if len(within.rows):
                places = _places(examples, examples, within)
                notes.add(kinds.NEAR_DUPLICATE, *places, number=len(within.rows), threshold=threshold)
                _note_relabelled(splits, counts, (split, split), within, notes)
            leaked = found.of_training.get(split)
            if leaked is not None and len(leaked.rows):
                places = _places(examples, splits["train"], leaked)
                number = len(leaked.rows)
                notes.add(kinds.NEAR_DUPLICATE_OF_TRAINING, *places, number=number, threshold=threshold, part=split)
                _note_relabelled(splits, counts, (split, "train"), leaked, notes)


def _note_relabelled(
    splits: Mapping[str, Sequence[Any]],
    counts: Mapping[str, LabelCounts],
    of: tuple[str, str],
    near: NearDuplicates,
    notes: Notes,
) -> None:
    """Report rows that nearly equal another one with another label, where rows have labels.

    Args:
        splits: by name, their rows.
        counts: by split, the labels of its rows.
        of: the split of the rows, and that of the others.
        near: the rows.
        notes: collects the finding.
    """
    one, other = (np.frombuffer(counts[split].order, dtype=f"i{counts[split].order.itemsize}") for split in of)
    if any(len(counts[split].order) < counts[split].total for split in of):  # rows have numbers, spans or texts
        return
    different = one[near.rows] != other[near.partners]
    if different.any():
        other_label = NearDuplicates(near.rows[different], near.partners[different])
        places = _places(splits[of[0]], splits[of[1]], other_label, labels=True)
        notes.add(kinds.RELABELLED_NEAR_DUPLICATE, *places, number=int(different.sum()))


def _places(
    examples: Sequence[Any], others: Sequence[Any], near: NearDuplicates, *, labels: bool = False
) -> Iterator[str]:
    """Where the first rows are, each with the row that it nearly equals."""
    for row, partner in zip(near.rows[:SHOWN].tolist(), near.partners[:SHOWN].tolist(), strict=True):
        other = others[partner]
        yield two_places(examples[row], other.row.where, other.learned, labels=labels)
