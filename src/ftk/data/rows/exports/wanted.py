"""What the config and the task want of the rows of a tool."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import Any

MANY = "multi_label_classification"
NUMBERS = "regression"


@dataclass(frozen=True, slots=True)
class Wanted:
    """What is wanted of the rows of a file.

    Attributes:
        columns: ``data.columns``.
        labelled: whether rows without an answer of the annotator are left out; if not, each row stays.
        roles: the columns that the task reads; empty if it is not known.
        problem: what transformers calls the problem of the task, as ``TaskSpec.problem_type``.
    """

    columns: Mapping[str, Any]
    labelled: bool = True
    roles: Collection[str] = ()
    problem: str | None = None

    @property
    def several(self) -> bool:
        """Whether a row may have several labels."""
        return self.problem == MANY

    @property
    def numbers(self) -> bool:
        """Whether the label is a number."""
        return self.problem == NUMBERS
