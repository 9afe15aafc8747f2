"""Holds out a validation split, and a test split, of the training rows."""

from __future__ import annotations

import random
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np

from ftk.config.data_choices import Unseen
from ftk.config.schema import DataConfig
from ftk.contracts import finding_kinds as kinds
from ftk.contracts.example import Example, Tie
from ftk.contracts.findings import SHOWN
from ftk.contracts.notes import Notes
from ftk.contracts.spec import Wording
from ftk.data.splitting.proportions import binned, in_proportion
from ftk.data.splitting.split_order import put_in_order
from ftk.data.splitting.stratified import Chooser
from ftk.data.splitting.tying import Parts, group_of, shared, tied, with_variants, without_common_document
from ftk.data.splitting.units import Units
from ftk.data.storage.stored import taken
from ftk.errors import DataError
from ftk.system.collection import without_collection


@dataclass(slots=True)
class Held:
    """The rows that are held out.

    Attributes:
        rows: by split, their numbers in the order of the file.
        cut: the ties that were cut, so that rows on both sides have them in common: document, for instance.
    """

    rows: dict[str, list[int]]
    cut: tuple[str, ...] = ()

    def near(self, targets: Mapping[str, int]) -> bool:
        """Whether each split has about the rows that it should."""
        return all(_is_near(len(self.rows[split]), target) for split, target in targets.items())

    def deviation(self, targets: Mapping[str, int]) -> float:
        """How far the splits are from the rows that they should have, as shares of these."""
        return sum(abs(len(self.rows[split]) - target) / target for split, target in targets.items())


@dataclass(frozen=True, kw_only=True, slots=True)
class HoldOut:
    """How rows are held out.

    Attributes:
        shares: of all rows, by split.
        seed: of the choice.
        group: the column whose values stay on one side; None if there is none.
        unseen: whether a label may be held out with its only row, if nothing else can be held out.
        wording: the words of messages.
    """

    shares: Mapping[str, float]
    seed: int
    group: str | None = None
    unseen: Unseen = Unseen.error
    wording: Wording = field(default_factory=Wording)

    @classmethod
    def of(cls, data: DataConfig, wording: Wording) -> HoldOut:
        """The cut that a config describes, of validation and of test.

        Args:
            data: the data section of the config.
            wording: of the task.
        """
        # The test rows are chosen first, so that they do not depend on data.validation_share.
        shares = {"test": data.test_share, "validation": data.validation_share}
        return cls(shares=shares, seed=data.split_seed, group=data.group, unseen=data.unseen_labels, wording=wording)

    def only(self, *splits: str) -> HoldOut:
        """The same cut of some splits, without those that get no share of the rows."""
        return replace(self, shares={split: share for split, share in self.shares.items() if split in splits and share})

    @without_collection()
    def hold_out(self, rows: Sequence[Example]) -> Held:
        """Choose rows with labels in proportion. Rows that belong together stay on one side, and at least one row with
        each label stays in training.

        Args:
            rows: of the training split.

        Raises:
            DataError: no row can be held out.
        """
        ties = self._ties(rows)
        strata = binned([row.strata for row in rows])
        targets = {split: max(1, round(share * len(rows))) for split, share in self.shares.items()}
        loosest = tied(ties, 1)
        if len(loosest) <= len(targets):
            raise DataError(self._too_few(rows, ties))
        # A part that is too large to be held out leaves a split without rows like those in it.
        largest = max(2 * min(targets.values()) - 1, loosest.largest())
        found: list[Held] = []
        tightest = max(map(len, ties))
        for number in range(tightest, 0, -1):
            parts = loosest if number == 1 else tied(ties, number)
            if number > 1 and (len(parts) <= len(targets) or parts.largest() > largest):
                continue
            held = self._held(parts, ties, strata, targets, last=number == 1 and not found)
            if held is not None:
                if number < tightest:
                    held.cut = tuple(dict.fromkeys(tie.by for row in ties for tie in row[number:]))
                if held.near(targets):
                    return held
                found.append(held)
        return min(found, key=lambda held: held.deviation(targets))  # of equal ones the first, which cuts fewest ties

    def _ties(self, rows: Sequence[Example]) -> list[tuple[Tie, ...]]:
        """The ties of each row, that of its group first; among them those to rows that are written nearly alike."""
        ties = without_common_document(with_variants([row.ties or (Tie("row", row.key),) for row in rows]))
        if self.group is None:
            return ties
        groups = [group_of(row.row, self.group) for row in rows]
        return [
            own if group is None else (Tie(self.group, group), *own) for group, own in zip(groups, ties, strict=True)
        ]

    def _held(
        self,
        parts: Parts,
        ties: Sequence[Sequence[Tie]],
        strata: Sequence[tuple[Any, ...]],
        targets: Mapping[str, int],
        *,
        last: bool,
    ) -> Held | None:
        """The rows of some parts that are held out; None if there are none, and other parts can be tried.

        Args:
            parts: rows that stay together.
            ties: of each row.
            strata: of each row.
            targets: the number of rows of each split.
            last: whether there are no other parts to try.
        """
        # Sorted before they are shuffled: the order of the rows decides nothing.
        order = parts.in_order()
        random.Random(self.seed).shuffle(order)
        units = Units.of(parts.of_row, strata).ordered(order)
        counts = units.rows_with_label()
        chooser = Chooser(units, guarded=True)
        found = {}
        for split, target in targets.items():
            chosen = chooser.choose(target, in_proportion(counts, len(strata), target, least=2))
            if not chosen:
                if not last:
                    return None
                at = chooser.smallest(guarded=True)
                if at is None and self.unseen is Unseen.count:
                    at = chooser.smallest(guarded=False)
                if at is None:
                    raise DataError(self._all_needed(len(strata), len(parts), split))
                chosen = [at]
            of_split = np.zeros(len(parts), dtype=np.bool_)
            of_split[[order[at] for at in chosen]] = True
            found[split] = np.flatnonzero(of_split[parts.of_row]).tolist()
        return Held(found)

    def _too_few(self, rows: Sequence[Example], ties: Sequence[Sequence[Tie]]) -> str:
        split = "validation" if "validation" in self.shares else "test"
        same = len({row.key for row in rows}) < 2
        few = "one training row is"
        if len(rows) > 1:
            few = f"{self.wording.groups} are"
            if same:
                few = f"{len(rows):,} training rows of one {self.wording.subject} are"
            elif self.group is not None and ties[0][0].by == self.group:
                few = f"{len(rows):,} training rows with too few values of '{self.group}' (data.group) are"
            elif len(self.shares) > 1:
                few = f"{len(rows):,} training rows are"
        what = " and ".join(f"a {split} split" for split in sorted(self.shares, reverse=True))
        return (
            f"data.{split}: {few} too few to hold out {what}; name a file, or train without {split}: "
            f"data.{split}_share=0."
        )

    def _all_needed(self, rows: int, parts: int, split: str) -> str:
        each = "Each training row is the only one with some label"
        if parts < rows:
            each = "Rows that belong together stay together, and each group of them has a label that no other row has"
        return (
            f"data.{split}: no row can be held out. {each}: held out, that label would not be learned. Name a file, "
            f"train without {split} (data.{split}_share=0), or hold rows out all the same: data.unseen_labels=count."
        )


def cut_off(
    examples: dict[str, Sequence[Any]], data: DataConfig, wording: Wording, notes: Notes
) -> Mapping[str, Sequence[int]]:
    """Hold out the splits that are not named, and report how many rows they have.

    Args:
        examples: by split; the training rows lose those that are held out.
        data: the data section of the config.
        wording: of the task.
        notes: collects faults and facts.

    Returns:
        The numbers of the rows that were held out, by split.

    Raises:
        DataError: no row can be held out.
    """
    wanted = [split for split in ("test", "validation") if split not in examples]
    cut = HoldOut.of(data, wording).only(*wanted)
    if "validation" in wanted and "validation" not in cut.shares:
        notes.add(kinds.NO_VALIDATION)
    if not cut.shares:
        return {}
    train = examples["train"]
    held = cut.hold_out(train)
    out = {row for rows in held.rows.values() for row in rows}
    for split, rows in held.rows.items():
        examples[split] = taken(train, rows)
    examples["train"] = taken(train, [row for row in range(len(train)) if row not in out])
    for split in reversed(held.rows):
        _report(split, examples, len(train), cut, held, notes)
    put_in_order(examples)
    return held.rows


def _report(split: str, examples: dict[str, Sequence[Any]], total: int, cut: HoldOut, held: Held, notes: Notes) -> None:
    rows = examples[split]
    together = f", those with the same '{cut.group}' together" if cut.group is not None else ""
    labels = ", labels in proportion" if any(row.strata for row in rows) else ""
    notes.add(
        kinds.VALIDATION_CUT if split == "validation" else kinds.TEST_CUT,
        held=len(rows),
        total=total,
        how=f"{labels}{together}",
        share=cut.shares[split],
        seed=cut.seed,
    )
    wanted = max(1, round(cut.shares[split] * total))
    if not _is_near(len(rows), wanted):
        places = [row.row.where for row in rows[:SHOWN]]
        notes.add(kinds.SHARE_MISSED, *places, number=len(rows), part=split, wanted=wanted)
    if not held.cut:
        return
    by = shared([row.ties for row in rows], [row.ties for row in examples["train"]])
    for what in held.cut:
        places = [row.row.where for row, found in zip(rows, by, strict=True) if found == what]
        if places:
            notes.add(kinds.TIE_CUT, *places[:SHOWN], number=len(places), part=split, what=what)


def _is_near(number: int, target: int) -> bool:
    """Whether a split has at least half of its share, and less than twice as much."""
    return target <= 2 * number < 4 * target
