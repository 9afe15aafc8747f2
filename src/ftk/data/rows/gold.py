"""The gold standard beside a prediction, in the form and the words of the prediction."""

from collections.abc import Callable
from contextlib import suppress
from typing import Any

from ftk.contracts.row import Row
from ftk.data.rows.cells import RowFault
from ftk.errors import DataError


def gold_of(target: Callable[[Row, Any], Any], row: Row, column: Any, given: Any) -> Any:
    """What an unlabelled row gives for its label, as its task reads it; None for a row that gives nothing.

    It is only copied to the prediction, so a fault in it does not matter: then it stays as the row gives it.

    Args:
        target: makes the target of a labelled row.
        row: the row.
        column: its label column, or a list of columns.
        given: what is there.
    """
    if given is None:
        return None
    with suppress(RowFault, DataError):
        return written(target(row, column))
    return None if isinstance(column, list) else given  # cells of several columns are no labels


def written(target: Any) -> Any:
    """A target as JSON has it."""
    return list(target) if isinstance(target, tuple) else target
