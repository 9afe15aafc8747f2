"""Holds rows of a large corpus out, with a few numbers in memory for each row.

The labels of each split are in proportion, and rows with a tie in common stay on one side, as in ``cutting``. The rows
are others than those that ``cutting`` holds out, so the size of the corpus alone decides which of the two is used.
"""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Hashable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ftk.config.schema import DataConfig
from ftk.contracts import finding_kinds as kinds
from ftk.contracts.example import Example, Number, Tie
from ftk.contracts.findings import SHOWN
from ftk.contracts.notes import Notes
from ftk.data.batching.permutation import mix
from ftk.data.rows.documents import DOCUMENT_TIE
from ftk.data.splitting.split_order import put_in_order
from ftk.data.splitting.tying import group_of, plain
from ftk.data.storage.stored import taken
from ftk.errors import DataError

_ROWS = 300_000
_CHARACTERS = 300_000_000
_BINS = 10
_NO_TIE = 0


def is_large(examples: Sequence[Example]) -> bool:
    """Whether rows of a corpus are held out with little memory: it has many rows, or long ones. The machine does not
    matter."""
    if len(examples) >= _ROWS:
        return True
    characters = 0
    for example in examples:
        characters += len(example.key)
        if characters >= _CHARACTERS:
            return True
    return False


@dataclass(slots=True)
class _Table:
    """What decides about each row.

    Attributes:
        ties: [rows, ties] a number for each tie, the most important one first; 0 where there is none.
        names: what the ties are, in their order.
        strata: [rows] a number for each set of labels.
        labelled: whether rows have any.
    """

    ties: NDArray[np.uint64]
    names: list[str]
    strata: NDArray[np.int64]
    labelled: bool

    @classmethod
    def of(cls, rows: Sequence[Example], group: str | None) -> _Table:
        """The table of some rows.

        Args:
            rows: of training.
            group: the column whose values stay on one side; None if there is none.
        """
        names: list[str] = []
        columns: list[NDArray[np.uint64]] = []
        codes: dict[tuple[Hashable, ...], int] = {}
        strata = np.zeros(len(rows), dtype=np.int64)
        numbers = np.full(len(rows), np.nan)
        for at, row in enumerate(rows):
            value = group_of(row.row, group)
            ties = row.ties if value is None else (Tie(str(group), value), *row.ties)
            for place, tie in enumerate(ties):
                if place == len(columns):
                    columns.append(np.zeros(len(rows), dtype=np.uint64))
                    names.append(tie.by)
                columns[place][at] = _digest(tie)
            labels = tuple(sorted((one for one in row.strata if not isinstance(one, Number)), key=str))
            strata[at] = codes.setdefault(labels, len(codes))
            numbers[at] = next((one.value for one in row.strata if isinstance(one, Number)), np.nan)
        for place, name in enumerate(names):
            if place and name == DOCUMENT_TIE and (columns[place] == columns[place][0]).all():
                columns[place][:] = _NO_TIE  # all rows are in one document
        labelled = any(codes)
        in_order = sorted(codes, key=str)  # so that the order of the rows decides nothing
        strata = np.argsort([codes[labels] for labels in in_order])[strata]
        if not np.isnan(numbers).all():
            bounds = np.unique(np.nanquantile(numbers, np.arange(1, _BINS) / _BINS))
            strata = strata * (_BINS + 1) + np.searchsorted(bounds, numbers, side="right")
            labelled = True
        found = np.stack(columns, axis=1) if columns else np.zeros((len(rows), 1), dtype=np.uint64)
        return cls(found, names, strata, labelled)

    def parts(self, ties: int) -> NDArray[np.int64]:
        """[rows] the part of each row, by the number of its first row: rows with one of the first ties in common."""
        part = np.arange(len(self.strata))
        used = self.ties[:, :ties]
        _, numbers = np.unique(used, return_inverse=True)
        numbers = numbers.reshape(used.shape)
        numbers = np.where(used == _NO_TIE, numbers.max() + 1 + part[:, None], numbers)
        while True:
            before = part
            lowest = np.full(int(numbers.max()) + 1, len(part), dtype=np.int64)
            for column in numbers.T:
                np.minimum.at(lowest, column, part)
            part = lowest[numbers].min(axis=1)
            part = part[part]
            if (part == before).all():
                return part


def _digest(tie: Tie) -> int:
    """A number that is the same for ties that differ by case or blanks alone."""
    content = f"{tie.by}\0{plain(tie.value)}".encode("utf-8", "surrogatepass")
    return int.from_bytes(hashlib.blake2b(content, digest_size=8).digest(), "little") | 1


def cut_large(examples: dict[str, Sequence[Any]], data: DataConfig, notes: Notes) -> dict[str, NDArray[np.int64]]:
    """Hold out the splits that are not named, and report how many rows they have.

    Args:
        examples: by split; the training rows lose those that are held out.
        data: the data section of the config.
        notes: collects faults and facts.

    Returns:
        The numbers of the rows that were held out, by split.

    Raises:
        DataError: no row can be held out.
    """
    shares = {"test": data.test_share, "validation": data.validation_share}
    if "validation" not in examples and not data.validation_share:
        notes.add(kinds.NO_VALIDATION)
    shares = {split: share for split, share in shares.items() if split not in examples and share}
    if not shares:
        return {}
    train = examples["train"]
    table = _Table.of(train, data.group)
    ties, part = _joined(table, shares)
    free = np.ones(len(train), dtype=bool)
    found = {}
    for split, share in shares.items():
        held = _held(table, part, free, share, data.split_seed)
        if not held.any():
            raise DataError(
                f"data.{split}: the training rows that belong together are too many to hold out a {split} split; name "
                f"a file, or train without {split}: data.{split}_share=0."
            )
        free &= ~held
        found[split] = np.flatnonzero(held)
        examples[split] = taken(train, found[split])
        _report(split, examples[split], held, table, ties, data, notes)
    examples["train"] = taken(train, np.flatnonzero(free))
    put_in_order(examples)
    return found


def _joined(table: _Table, shares: dict[str, float]) -> tuple[int, NDArray[np.int64]]:
    """How many ties hold rows together, and the part of each row: as many ties as leave parts that can be held out."""
    rows = len(table.strata)
    loosest = table.parts(1)
    most = max(2 * min(round(share * rows) for share in shares.values()) - 1, _largest(loosest))
    for ties in range(table.ties.shape[1], 1, -1):
        part = table.parts(ties)
        if _largest(part) <= most:
            return ties, part
    return 1, loosest


def _largest(part: NDArray[np.int64]) -> int:
    return int(np.bincount(part).max())


def _held(
    table: _Table, part: NDArray[np.int64], free: NDArray[np.bool_], share: float, seed: int
) -> NDArray[np.bool_]:
    """[rows] which are held out: of the parts with the same labels, as many as their share, in random order. One part
    with these labels is left."""
    first = np.flatnonzero(free & (part == np.arange(len(part))))
    sizes = np.bincount(part[free], minlength=len(part))[first]
    _, stratum = np.unique(_least(table.strata, part)[first], return_inverse=True)
    draws = _mixed(_least(table.ties[:, 0], part)[first], seed)
    order = np.lexsort((first, draws, stratum))
    sizes, stratum = sizes[order], stratum[order]
    starts = np.flatnonzero(np.diff(stratum, prepend=-1))
    parts = np.diff(np.append(starts, len(stratum)))
    rows = np.where(parts > 1, np.add.reduceat(sizes, starts), 0)
    total = int(np.ceil(share * len(part)))
    share = min(1.0, share * len(part) / max(1, int(rows.sum())))
    wanted = np.diff(np.rint(np.cumsum(rows) * share), prepend=0)
    if 2 * len(starts) <= total:
        wanted = np.where(parts > 1, np.maximum(wanted, 1), 0)
    before = np.cumsum(sizes) - sizes
    before -= before[starts][stratum]
    chosen = before + sizes / 2 <= wanted[stratum]
    chosen[np.append(starts[1:], len(stratum)) - 1] = False
    held: NDArray[np.bool_] = free & np.isin(part, first[order][chosen])
    return held


def _least(values: NDArray[Any], part: NDArray[np.int64]) -> NDArray[Any]:
    """[rows] the least value in the part whose first row each is; any value for other rows."""
    least = values.copy()
    np.minimum.at(least, part, values)
    return least


def _mixed(values: NDArray[np.uint64], seed: int) -> NDArray[np.uint64]:
    """The place of each number in a random order."""
    mixed: NDArray[np.uint64] = mix(values ^ mix(np.full(1, seed, dtype=np.int64).astype(np.uint64)))
    return mixed


def _report(
    split: str,
    rows: Sequence[Example],
    held: NDArray[np.bool_],
    table: _Table,
    ties: int,
    data: DataConfig,
    notes: Notes,
) -> None:
    together = f", those with the same '{data.group}' together" if data.group is not None else ""
    share = data.validation_share if split == "validation" else data.test_share
    notes.add(
        kinds.VALIDATION_CUT if split == "validation" else kinds.TEST_CUT,
        held=len(rows),
        total=len(held),
        how=f"{', labels in proportion' if table.labelled else ''}{together}",
        share=share,
        seed=data.split_seed,
    )
    wanted = max(1, round(share * len(held)))
    if not wanted <= 2 * len(rows) < 4 * wanted:
        places = [row.row.where for row in rows[:SHOWN]]
        notes.add(kinds.SHARE_MISSED, *places, number=len(rows), part=split, wanted=wanted)
    common: Counter[str] = Counter()
    learned = np.unique(table.ties[~held])
    for place in range(ties, table.ties.shape[1]):
        values = table.ties[held, place]
        common[table.names[place]] += int((np.isin(values, learned) & (values != _NO_TIE)).sum())
    for what, number in (+common).items():
        notes.add(kinds.TIE_CUT, number=number, part=split, what=what)
