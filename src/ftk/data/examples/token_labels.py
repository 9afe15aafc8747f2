"""Refuses rows of single words with tags of spans for labels, which are tokens and no texts."""

from collections import Counter
from collections.abc import Sequence
from typing import Any

from ftk.contracts import finding_kinds as kinds
from ftk.contracts.notes import Notes
from ftk.data.rows.tags.tag_spelling import is_usual_tag

_FEW = 3
"""Rows from which it is no accident that their labels are tags."""
_MOSTLY = 0.9


def refuse_tokens(examples: Sequence[Any], notes: Notes) -> None:
    """Refuse labelled rows of a split that are tokens with their tags.

    Args:
        examples: with ``text``, ``row`` and ``target``: a label, or several.
        notes: collects the fault.
    """
    targets = [example.target if isinstance(example.target, tuple) else (example.target,) for example in examples]
    counts = Counter(label for labels in targets for label in labels if isinstance(label, str))
    if not any(label.startswith(("B-", "B_")) for label in counts) or not all(map(is_usual_tag, counts)):
        return
    words = sum(len(example.text.split()) == 1 for example in examples)
    if len(examples) >= _FEW and words >= _MOSTLY * len(examples):
        notes.add(kinds.TAGS_AS_LABELS, examples[0].row.where, number=len(examples))
