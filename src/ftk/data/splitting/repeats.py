"""Rows that repeat others, contradict them, or have their two texts in the other order."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from ftk.config.choices import Duplicates
from ftk.contracts import finding_kinds as kinds
from ftk.contracts.example import Example
from ftk.contracts.findings import SHOWN
from ftk.contracts.notes import Notes
from ftk.contracts.spec import Wording
from ftk.data.splitting.tying import group_of
from ftk.errors import DataError


def usable(examples: Sequence[Any], wording: Wording, duplicates: Duplicates, notes: Notes) -> list[Any]:
    """Training rows without the empty ones, and repeated ones by policy.

    Raises:
        DataError: the policy refuses repeated rows, or all rows are empty.
    """
    empty = [example for example in examples if not example.key]
    if empty:
        notes.add(kinds.EMPTY_ROW, *places_of(empty), policy="left_out", number=len(empty))
    kept: list[Any] = []
    repeated: list[Any] = []
    relabelled: list[Any] = []
    mirrored: list[Any] = []
    seen: dict[str, Any] = {}
    for example in examples:
        if not example.key:
            continue
        if example.key in seen:
            (repeated if _equal(seen[example.key], example.learned) else relabelled).append(example)
            if duplicates is Duplicates.drop:
                continue
        else:
            seen[example.key] = example.learned
            if example.mirrored and example.mirrored in seen:
                mirrored.append(example)
        kept.append(example)
    for kind, found in ((kinds.REPEATED_ROW, repeated), (kinds.RELABELLED_ROW, relabelled)):
        if found:
            policy, subject = duplicates.value, wording.subject
            notes.add(kind, *places_of(found), policy=policy, number=len(found), subject=subject)
    if mirrored:
        notes.add(kinds.MIRRORED_ROW, *places_of(mirrored), number=len(mirrored))
    notes.raise_errors()
    if not kept:
        raise DataError("data.train: all rows are empty; there is nothing to learn from.")
    return kept


def note_overlap(examples: dict[str, list[Any]], group: str | None, notes: Notes) -> None:
    """Count the rows of validation and test that training has, too, and those that share a group with it.

    Args:
        examples: by split.
        group: the column whose values should be on one side; None if there is none.
        notes: collects the counts.
    """
    known = {example.key: example.learned for example in examples["train"]}
    groups = {group_of(example.row, group) for example in examples["train"]} - {None}
    for split in ("validation", "test"):
        there: list[Any] = []
        relabelled: list[Any] = []
        mirrored, near = [], []
        for example in examples.get(split, ()):
            if example.key in known:
                (there if _equal(known[example.key], example.learned) else relabelled).append(example)
            elif example.mirrored and example.mirrored in known:
                mirrored.append(example)
            if group_of(example.row, group) in groups:
                near.append(example)
        for kind, found in (
            (kinds.ROW_OF_TRAINING, there),
            (kinds.RELABELLED_ROW_OF_TRAINING, relabelled),
            (kinds.MIRRORED_ROW_OF_TRAINING, mirrored),
        ):
            if found:
                notes.add(kind, *places_of(found), number=len(found), part=split)
        if near:
            notes.add(kinds.GROUP_OF_TRAINING, *places_of(near), number=len(near), part=split, column=group)


def places_of(examples: Sequence[Example]) -> list[str]:
    """Where the first rows are."""
    return [example.row.where for example in examples[:SHOWN]]


def _equal(one: Any, other: Any) -> bool:
    """Whether two rows teach the same; what cannot be compared counts as equal."""
    same = one == other
    return same if isinstance(same, bool) else True
