"""Errors of spans: by cause, by how long they are, and by whether training had them."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping, Sequence

import numpy as np

from ftk.pages.blocks import Block, Cell, Section, Table, Text
from ftk.pages.numbers import count_cell, interval_cell, score_cell
from ftk.pages.predictions import Form, Predictions, share_interval
from ftk.pages.spans import BOTH, BOUNDARY, CAUSES, MISSED, RIGHT, SPURIOUS, TYPE, Match, text_of

_MEANINGS = {
    BOUNDARY: "the label is right, an end is not",
    TYPE: "the ends are right, the label is not",
    BOTH: "it overlaps a gold one of another label",
    MISSED: "nothing was given there",
    SPURIOUS: "nothing is gold there",
}
_LENGTHS = (
    (1, 1, "1 word"),
    (2, 2, "2 words"),
    (3, 3, "3 words"),
    (4, 5, "4 or 5 words"),
    (6, None, "6 words or more"),
)
_TIMES = (
    (0, 0, "never"),
    (1, 1, "once"),
    (2, 5, "2 to 5 times"),
    (6, 20, "6 to 20 times"),
    (21, None, "more than 20 times"),
)
FindEntities = Callable[[], tuple[Mapping[tuple[str, str], int] | None, str]]
"""Gives how often training has each label and text in small letters, or None and why that is not known."""
_Entity = tuple[int, Match, str]
"""The number of a row, a gold span with what was given for it, and its text."""


def spans_section(predictions: Predictions, find: FindEntities) -> Section | None:
    """The errors of spans; None for another task.

    Args:
        predictions: of a split.
        find: the entities of the training rows.
    """
    if predictions.form is not Form.spans:
        return None
    pairs = [(row, one) for row, found in enumerate(predictions.pairs) for one in found or ()]
    gold = [(row, one, _text(predictions.records[row], one)) for row, one in pairs if one.gold is not None]
    if not gold:
        return None
    blocks: list[Block] = [_causes([one for _, one in pairs])]
    blocks.append(_recall(predictions, gold, "Found, by length", "length", _LENGTHS, lambda one: len(one[2].split())))
    training, why = find()
    if training is None:
        blocks.append(Text(f"Entities that training has are not told from others: {why}."))
    else:
        blocks += _by_training(predictions, gold, training)
    return Section("spans", "Errors by cause", blocks)


def _text(record: Mapping[str, object], match: Match) -> str:
    assert match.gold is not None
    return text_of(record)[match.gold.start : match.gold.end]


def _causes(pairs: Sequence[Match]) -> Table:
    """How many errors each label has of each cause."""
    labels = sorted({(one.gold or one.given).label for one in pairs if one.gold or one.given})  # type: ignore[union-attr]
    counts = Counter(((one.gold or one.given).label, one.cause) for one in pairs)  # type: ignore[union-attr]
    wrong = sum(1 for one in pairs if one.cause != RIGHT)
    rows: list[list[Cell | str]] = []
    for cause in CAUSES:
        number = sum(counts[label, cause] for label in labels)
        share = number / wrong if wrong else None
        of_labels = [count_cell(counts[label, cause]) for label in labels]
        rows.append([cause, count_cell(number), score_cell(share), *of_labels])
    meanings = "; ".join(f"{cause}: {_MEANINGS[cause]}" for cause in CAUSES)
    note = (
        f"{meanings[0].upper()}{meanings[1:]}. An error counts for the label of its gold span; if there is none, for "
    )
    note += "the one that was given."
    return Table("Errors by cause", ["cause", "errors", "share", *labels], rows, note)


def _by_training(
    predictions: Predictions, gold: Sequence[_Entity], training: Mapping[tuple[str, str], int]
) -> list[Block]:
    def times(one: _Entity) -> int:
        assert one[1].gold is not None
        return training.get((one[1].gold.label, one[2].lower()), 0)

    seen = ((1, None, "seen in training"), (0, 0, "unseen"))
    by_seen = _recall(predictions, gold, "Found, seen against unseen", "with this label", seen, times)
    return [by_seen, _recall(predictions, gold, "Found, by how often training has it", "in training", _TIMES, times)]


def _recall(
    predictions: Predictions,
    gold: Sequence[_Entity],
    caption: str,
    what: str,
    classes: Sequence[tuple[int, int | None, str]],
    number_of: Callable[[_Entity], int],
) -> Table:
    """How many gold spans of each class were found, with intervals."""
    numbers = np.array([number_of(one) for one in gold])
    right = np.array([one.cause == RIGHT for _, one, _ in gold], dtype=np.float64)
    groups = predictions.groups[[row for row, _, _ in gold]]
    rows: list[list[Cell | str]] = []
    for low, high, name in classes:
        inside = (numbers >= low) & (numbers <= (np.inf if high is None else high))
        if number := int(inside.sum()):
            found = right[inside]
            ends = share_interval(found, np.ones(number), groups[inside])
            rows.append([name, count_cell(number), score_cell(float(found.mean()), ends), interval_cell(ends)])
    return Table(caption, [what, "gold", "recall", "95 %"], rows)
