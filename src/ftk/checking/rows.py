"""Looks at the rows of all splits for what reading lets pass, and somebody should know."""

from __future__ import annotations

from array import array
from collections.abc import Mapping, Sequence
from typing import Any

from ftk.checking.characters import note_characters
from ftk.checking.labels import LabelCounts, note_labels, note_labels_in_texts
from ftk.checking.lengths import note_lengths
from ftk.checking.near_duplicates import MOST_COMPARED, NearDuplicates, NearDuplicateSearch
from ftk.checking.numbers import Numbers
from ftk.checking.other_columns import OtherColumns
from ftk.checking.pairs import Ratios, note_equal
from ftk.checking.row_texts import compared_texts, parts_of
from ftk.checking.shapes import note_shapes
from ftk.checking.spans import Mentions, note_edges
from ftk.contracts import finding_kinds as kinds
from ftk.contracts.findings import SHOWN
from ftk.contracts.notes import Notes


def check_examples(
    splits: Mapping[str, Sequence[Any]],
    notes: Notes,
    *,
    near_duplicates: float | None = 0.8,
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
    counts: dict[str, LabelCounts] = {}
    for split, examples in splits.items():
        with notes.of(split):
            counts[split] = _look_at(split, examples, search, notes, thorough=thorough)
    note_labels(counts, notes)
    if search is not None:
        assert near_duplicates is not None
        _note_near_duplicates(splits, search, near_duplicates, notes)


def _look_at(
    split: str, examples: Sequence[Any], search: NearDuplicateSearch | None, notes: Notes, *, thorough: bool
) -> LabelCounts:
    """Report what is odd about the rows of one split; returns its labels."""
    learned = split == "train"
    lengths: array[int] = array("l")
    counts, columns, mentions, numbers, ratios = LabelCounts(), OtherColumns(), Mentions(), Numbers(), Ratios()
    for part in parts_of(examples):
        note_characters(part, notes)
        note_shapes(part, notes)
        note_labels_in_texts(part, notes)
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
    numbers.note(examples, notes)
    ratios.note(examples, notes)
    columns.note(counts.rows, notes)
    mentions.note_types(notes)
    if thorough and mentions.marked:
        mentions.note_unmarked(examples, notes)
    return counts


def _note_near_duplicates(
    splits: Mapping[str, Sequence[Any]], search: NearDuplicateSearch, threshold: float, notes: Notes
) -> None:
    found = search.find()
    if found.limited:
        notes.add(kinds.ALIKE_ROWS_LIMITED, most=MOST_COMPARED)
    for split, examples in splits.items():
        pairs = (
            (kinds.NEAR_DUPLICATE, found.within[split], examples, {}),
            (kinds.NEAR_DUPLICATE_OF_TRAINING, found.of_training.get(split), splits.get("train", ()), {"part": split}),
        )
        with notes.of(split):
            for kind, near, others, values in pairs:
                if near is not None and len(near.rows):
                    places = list(_places(examples, others, near.rows[:SHOWN], near.partners[:SHOWN]))
                    notes.add(kind, *places, number=len(near.rows), threshold=threshold, **values)
                    _note_relabelled(examples, others, near, notes)


def _note_relabelled(examples: Sequence[Any], others: Sequence[Any], near: NearDuplicates, notes: Notes) -> None:
    """Report rows that nearly equal another one with another label, where rows have labels."""
    different = []
    for row, partner in zip(near.rows.tolist(), near.partners.tolist(), strict=True):
        one, other = examples[row].learned, others[partner].learned
        if isinstance(one, str | frozenset) and one != other:
            different.append((row, partner))
    if different:
        rows, partners = zip(*different, strict=True)
        places = list(_places(examples, others, rows[:SHOWN], partners[:SHOWN]))
        notes.add(kinds.RELABELLED_NEAR_DUPLICATE, *places, number=len(different))


def _places(examples: Sequence[Any], others: Sequence[Any], rows: Any, partners: Any) -> Any:
    for row, partner in zip(rows, partners, strict=True):
        yield f"{examples[int(row)].row.where} and {others[int(partner)].row.where}"
