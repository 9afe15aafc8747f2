"""What scores by label do not say: labels without rows, and models that give every row the same."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence

from ftk.contracts.notes import Notes
from ftk.data.rows.label_names import shortened
from ftk.tasks import finding_kinds as kinds

_SHOWN = 20


def judge_labels(
    notes: Notes, *, known: Sequence[str], support: Mapping[str, int], given: Mapping[str, int], what: str = "rows"
) -> None:
    """Report labels without rows, and a model that gives every row the same label.

    Args:
        notes: collects what is found.
        known: the labels of the model.
        support: how many rows have each label; 0, or nothing, for one that none has.
        given: how often each is predicted.
        what: has one label each.
    """
    note_without_rows(notes, known, support, given)
    there = {name: number for name, number in support.items() if number}
    rows, found = sum(there.values()), [name for name, number in given.items() if number]
    if len(found) == 1 and given[found[0]] == rows and len(there) > 1:
        most = max(there.values())
        notes.add(
            kinds.ONE_LABEL_PREDICTED,
            rows=rows,
            what=what,
            label=shortened(found[0]),
            accuracy=most / rows,
            f1_macro=2 * most / (rows + most) / len(there),
        )


def note_without_rows(
    notes: Notes, known: Sequence[str], support: Mapping[str, int], given: Mapping[str, int] | None = None
) -> None:
    """Report labels of the model that no row has.

    Args:
        notes, known, support: see ``judge_labels``.
        given: the same where scores have macro averages, which the labels that occur are averaged over; None: they have
            none.
    """
    absent = [name for name in known if not support.get(name)]
    if not absent:
        return
    if given is None:
        notes.add(kinds.WITHOUT_ROWS, number=len(absent), names=listed(absent))
        return
    over = {name for counts in (support, given) for name, number in counts.items() if number}
    notes.add(kinds.WITHOUT_ROWS, policy="averaged", number=len(absent), names=listed(absent), over=len(over))


def listed(names: Collection[str]) -> str:
    """The first labels, and that there are more."""
    return ", ".join(map(shortened, list(names)[:_SHOWN])) + (", …" if len(names) > _SHOWN else "")
