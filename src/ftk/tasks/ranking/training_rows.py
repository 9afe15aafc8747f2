"""Which queries a step can learn from, and with which candidates."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from ftk.contracts.notes import Notes
from ftk.data.examples.rankings import Form, RankingExample
from ftk.errors import DataError
from ftk.tasks import finding_kinds as kinds
from ftk.tasks.ranking.alike import alike

if TYPE_CHECKING:
    from ftk.tasks.ranking.sampling import NegativeSampling

NOTHING_RIGHT = "no row has a positive; labels above 0 mark positives."
_NOTHING_WRONG = (
    "no row has a negative that a step would use (task.hard_negatives, task.sampled_negatives); there is "
    "nothing to learn."
)


def grouped(examples: Sequence[RankingExample], notes: Notes) -> list[RankingExample]:
    """Join labelled pairs with the same query to one example with all their candidates; keep other examples.

    Of a repeated pair one is taken, and of two labels the higher one; both are counted.
    """
    by_query: dict[str, dict[str, tuple[RankingExample, float]]] = {}
    result: list[RankingExample | str] = []
    for example in examples:
        if example.form is not Form.pair or example.grades is None:
            result.append(example)
            continue
        if example.query not in by_query:
            result.append(example.query)
        pairs = by_query.setdefault(example.query, {})
        [text], [grade] = example.candidates, example.grades
        if text in pairs and pairs[text][1] != grade:
            notes.add(kinds.OTHER_LABEL, example.row.where)
        elif text in pairs:
            notes.add(kinds.REPEATED_PAIR, example.row.where)
        if text not in pairs or grade > pairs[text][1]:
            pairs[text] = (example, grade)
    return [_group(by_query[item]) if isinstance(item, str) else item for item in result]


def _group(pairs: dict[str, tuple[RankingExample, float]]) -> RankingExample:
    first = next(iter(pairs.values()))[0]
    grades = tuple(grade for _, grade in pairs.values())
    return RankingExample(first.query, tuple(pairs), grades, Form.group, None, ({},) * len(pairs), first.row, {})


def with_positive(rows: Sequence[RankingExample], notes: Notes) -> list[RankingExample]:
    """The rows with a positive; the other rows are counted.

    Raises:
        DataError: there are none, or all rows have the same one and nothing else.
    """
    kept = [row for row in rows if row.grades is not None and any(row.grades)]
    if len(kept) < len(rows):
        notes.add(kinds.QUERY_WITHOUT_RIGHT, number=len(rows) - len(kept))
    if not kept:
        raise DataError(f"data.train: {NOTHING_RIGHT}")
    if all(row.form is Form.right for row in kept) and len({row.candidates[0] for row in kept}) < 2:
        raise DataError("data.train: all rows have the same positive; there is nothing to learn.")
    return kept


@dataclass(frozen=True, slots=True)
class _Known:
    """The candidates that are positives of each query, and of any query, as ``alike`` writes them."""

    of_query: dict[str, set[str]]
    anywhere: set[str]

    def wrong(self, row: RankingExample, sampling: NegativeSampling) -> bool:
        """Whether a training step uses a negative for a row: one of its own, or one of another row."""
        right = self.of_query.get(row.query, set())
        own = {alike(text) for text in row.candidates}
        if sampling.hard and not right >= own:
            return True
        return sampling.sampled > 0 and not self.anywhere <= right | own


def comparable(
    rows: Sequence[RankingExample], sampling: NegativeSampling, notes: Notes, *, each: bool
) -> list[RankingExample]:
    """The rows that a cross-encoder learns from: those with positives and negatives that a step uses.

    Args:
        rows: with grades.
        sampling: which candidates a step uses.
        notes: count what is left out, and what is learned without a negative.
        each: whether each candidate is learned by itself, so that a row may lack positives or negatives.

    Raises:
        DataError: no row has a positive, or none has a negative.
    """
    if not each:
        rows = with_positive(rows, notes)
    known = _Known({}, set())
    for row in rows:
        right = {alike(text) for text, grade in zip(row.candidates, row.grades or (), strict=True) if grade > 0}
        known.of_query.setdefault(row.query, set()).update(right)
        known.anywhere.update(right)
    if not known.anywhere:
        raise DataError(f"data.train: {NOTHING_RIGHT}")
    kept, alone, without = [], [], []
    for row in rows:
        if known.wrong(row, sampling):
            kept.append(row)
        elif each and any(row.grades or ()):
            kept.append(row)
            alone.append(row.row.where)
        else:
            without.append(row.row.where)
    if len(kept) == len(alone):
        raise DataError(f"data.train: {_NOTHING_WRONG}")
    if alone:
        notes.add(kinds.QUERY_WITHOUT_WRONG, *alone, policy="right_alone", number=len(alone))
    if without:
        notes.add(kinds.QUERY_WITHOUT_WRONG, *without, number=len(without))
    return kept
