"""Over which labels a macro average goes: the same convention in all tasks."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from typing import Any

_MOST = 1000
"""Labels that are listed."""


def averaged_over(known: Sequence[str], occurring: Collection[str]) -> dict[str, Any]:
    """``macro_labels``, the number of labels that macro averages are over, and ``absent_labels``, the other ones.

    A macro average is over the labels that occur in the rows or among the predictions, as scikit-learn takes it. A
    label that neither has says nothing about the model.

    Args:
        known: the labels of the model.
        occurring: those that occur, among them labels that the model does not know.
    """
    absent = [name for name in known if name not in occurring]
    return {"macro_labels": len(occurring), "absent_labels": absent[:_MOST]}
