"""Rows that repeat others, contradict them, or have their two texts in the other order."""

from __future__ import annotations

from collections.abc import Hashable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from ftk.config.data_choices import Duplicates
from ftk.contracts import finding_kinds as kinds
from ftk.contracts.example import Example
from ftk.contracts.findings import SHOWN
from ftk.contracts.notes import Notes
from ftk.contracts.spec import Wording
from ftk.data.splitting.two_rows import two_places
from ftk.data.splitting.tying import group_of, plain
from ftk.data.storage.stored import Stored, taken
from ftk.errors import DataError

_EMPTY = hash("")


def key_facts(example: Example) -> tuple[Hashable, ...]:
    """What rows are compared by: the key of a row, its key with the texts in the other order, and its key without what
    writers vary."""
    return example.key or "", example.mirrored or "", plain(example.key or "")


@dataclass(slots=True)
class _Found:
    """Rows of one kind: how many, and where the first ones are, each with the row that it is compared with."""

    number: int = 0
    places: list[str] = field(default_factory=list)

    def add(self, example: Example, other: _Other | None = None, *, labels: bool = False) -> None:
        self.number += 1
        if len(self.places) < SHOWN:
            where = example.row.where
            self.places.append(
                where if other is None else two_places(example, other.where, other.learned, labels=labels)
            )


class _Other(NamedTuple):
    """What is kept of a row that others may repeat."""

    learned: Any
    where: str

    @classmethod
    def of(cls, example: Any) -> _Other:
        return cls(example.learned, example.row.where)


def _add(example: Any, other: _Other, repeated: _Found, relabelled: _Found) -> None:
    """Add a row to those that teach the same as another one, or to those that contradict it."""
    if _equal(other.learned, example.learned):
        repeated.add(example, other)
    else:
        relabelled.add(example, other, labels=True)


def usable(examples: Sequence[Any], wording: Wording, duplicates: Duplicates, notes: Notes) -> Sequence[Any]:
    """Training rows without the empty ones, and repeated ones by policy.

    Raises:
        DataError: the policy refuses repeated rows, or all rows are empty.
    """
    keys, mirrors = _hashes(examples)
    filled = _filled(examples, keys, notes)
    repeated, relabelled, mirrored = _Found(), _Found(), _Found()
    dropped: set[int] = set()
    seen: dict[str, _Other] = {}
    # Only rows whose hash another row has, too, can repeat it. The others are not even read.
    for number in filled[_in_common(keys, mirrors, filled)].tolist():
        example = examples[number]
        if example.key in seen:
            _add(example, seen[example.key], repeated, relabelled)
            if duplicates is Duplicates.drop:
                dropped.add(number)
            continue
        seen[example.key] = _Other.of(example)
        if example.mirrored and example.mirrored in seen:
            mirrored.add(example, seen[example.mirrored])
    for kind, found in ((kinds.REPEATED_ROW, repeated), (kinds.RELABELLED_ROW, relabelled)):
        if found.number:
            policy, subject = duplicates.value, wording.subject
            notes.add(kind, *found.places, policy=policy, number=found.number, subject=subject)
    if mirrored.number:
        notes.add(kinds.MIRRORED_ROW, *mirrored.places, number=mirrored.number)
    notes.raise_errors()
    if not len(filled):
        raise DataError("data.train: all rows are empty; there is nothing to learn from.")
    if dropped:
        filled = filled[~np.isin(filled, list(dropped))]
    return examples if len(filled) == len(examples) else taken(examples, filled)


def note_overlap(examples: dict[str, Sequence[Any]], group: str | None, notes: Notes) -> None:
    """Count the rows of validation and test that training has, too, and those that share a group with it.

    Args:
        examples: by split.
        group: the column whose values should be on one side; None if there is none.
        notes: collects the counts.
    """
    others = {split: _hashes(examples[split]) for split in ("validation", "test") if split in examples}
    if not others:
        return
    train = examples["train"]
    wanted = np.unique(np.concatenate([hashes for found in others.values() for hashes in found]))
    keys, forms = _hashes(train)[0], _forms(train)
    there = np.flatnonzero(np.isin(keys, wanted))
    known = {example.key: _Other.of(example) for example in taken(train, there)}
    groups = {group_of(example.row, group) for example in train} - {None} if group is not None else set()
    for split in others:
        repeated, relabelled, mirrored, near, varied = _Found(), _Found(), _Found(), _Found(), _Found()
        alike = np.isin(_forms(examples[split]), forms)
        rows = zip(examples[split], alike.tolist(), strict=True) if known or groups or alike.any() else ()
        for example, is_alike in rows:
            if example.key in known:
                _add(example, known[example.key], repeated, relabelled)
            elif example.mirrored and example.mirrored in known:
                mirrored.add(example, known[example.mirrored])
            elif is_alike:
                varied.add(example, _variant(example, train, forms) if varied.number < SHOWN else None)
            if groups and group_of(example.row, group) in groups:
                near.add(example)
        for kind, found in (
            (kinds.ROW_OF_TRAINING, repeated),
            (kinds.RELABELLED_ROW_OF_TRAINING, relabelled),
            (kinds.MIRRORED_ROW_OF_TRAINING, mirrored),
            (kinds.VARIANT_OF_TRAINING, varied),
        ):
            if found.number:
                notes.add(kind, *found.places, number=found.number, part=split)
        if near.number:
            notes.add(kinds.GROUP_OF_TRAINING, *near.places, number=near.number, part=split, column=group)


def note_repeats(examples: Mapping[str, Sequence[Any]], subject: str, notes: Notes) -> None:
    """Count the rows of validation and of test that repeat others of the same split, and those of test that validation
    has, too.

    Args:
        examples: by split.
        subject: what two rows share that are equal to learn from.
        notes: collects the counts.
    """
    for split in ("validation", "test"):
        if split not in examples:
            continue
        repeated, relabelled = _Found(), _Found()
        seen: dict[str, _Other] = {}
        for example in taken(examples[split], _doubtful(_hashes(examples[split])[0])):
            if example.key in seen:
                _add(example, seen[example.key], repeated, relabelled)
            else:
                seen[example.key] = _Other.of(example)
        for kind, found in ((kinds.REPEATED_WITHIN, repeated), (kinds.RELABELLED_WITHIN, relabelled)):
            if found.number:
                notes.add(kind, *found.places, number=found.number, part=split, subject=subject)
    if "validation" in examples and "test" in examples:
        both = [_hashes(examples[split])[0] for split in ("validation", "test")]
        there = taken(examples["validation"], np.flatnonzero(np.isin(both[0], both[1])))
        known = {one.key: _Other.of(one) for one in there if one.key}
        found = _Found()
        for example in taken(examples["test"], np.flatnonzero(np.isin(both[1], both[0]))):
            if example.key in known:
                found.add(example, known[example.key])
        if found.number:
            notes.add(kinds.ROW_OF_VALIDATION, *found.places, number=found.number)


def _variant(example: Any, train: Sequence[Any], forms: NDArray[np.int64]) -> _Other:
    """The first row of training that differs from another row by what writers vary alone."""
    return _Other.of(train[int(np.flatnonzero(forms == hash(plain(example.key or "")))[0])])


def _doubtful(keys: NDArray[np.int64]) -> NDArray[np.int64]:
    """The numbers of the rows whose hash another row has, too, other than empty rows."""
    values, counts = np.unique(keys, return_counts=True)
    return np.flatnonzero(np.isin(keys, values[counts > 1]) & (keys != _EMPTY))


def empty_rows(examples: Sequence[Any]) -> tuple[int, list[str]]:
    """How many rows have nothing to learn from, and where the first ones are."""
    found = _empty(examples, _hashes(examples)[0])
    return len(found), [examples[number].row.where for number in found[:SHOWN]]


def places_of(examples: Sequence[Example]) -> list[str]:
    """Where the first rows are."""
    return [example.row.where for example in examples[:SHOWN]]


def _filled(examples: Sequence[Any], keys: NDArray[np.int64], notes: Notes) -> NDArray[np.int64]:
    """The numbers of the rows that are not empty."""
    empty = _empty(examples, keys)
    if not empty:
        return np.arange(len(examples), dtype=np.int64)
    places = [examples[number].row.where for number in empty[:SHOWN]]
    notes.add(kinds.EMPTY_ROW, *places, policy="left_out", number=len(empty))
    filled: NDArray[np.int64] = np.setdiff1d(np.arange(len(examples), dtype=np.int64), empty)
    return filled


def _empty(examples: Sequence[Any], keys: NDArray[np.int64]) -> list[int]:
    return [number for number in np.flatnonzero(keys == _EMPTY).tolist() if not examples[number].key]


def _in_common(keys: NDArray[np.int64], mirrors: NDArray[np.int64], rows: NDArray[np.int64]) -> NDArray[np.bool_]:
    """[rows] whether another row has the hash of this one, or its hash with the texts in the other order."""
    own, turned = keys[rows], mirrors[rows]
    values, counts = np.unique(own, return_counts=True)
    turned = turned[turned != _EMPTY]
    common = np.concatenate([values[counts > 1], np.intersect1d(values, turned)])
    found: NDArray[np.bool_] = np.isin(own, common) | np.isin(mirrors[rows], values)
    return found


def _hashes(examples: Sequence[Any]) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """[rows] the hashes of the keys, and of the keys with the texts in the other order."""
    if isinstance(examples, Stored):
        return examples.hashes[:, 0], examples.hashes[:, 1]
    number = len(examples)
    keys = np.fromiter((hash(example.key or "") for example in examples), dtype=np.int64, count=number)
    return keys, np.fromiter((hash(example.mirrored or "") for example in examples), dtype=np.int64, count=number)


def _forms(examples: Sequence[Any]) -> NDArray[np.int64]:
    """[rows] the hashes of the keys without what writers vary."""
    if isinstance(examples, Stored):
        return examples.hashes[:, 2]
    return np.fromiter((hash(plain(example.key or "")) for example in examples), dtype=np.int64, count=len(examples))


def _equal(one: Any, other: Any) -> bool:
    """Whether two rows teach the same; what cannot be compared counts as equal."""
    same = one == other
    return same if isinstance(same, bool) else True
