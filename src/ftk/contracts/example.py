"""The attributes of an example that the corpus needs, whatever the task."""

from __future__ import annotations

from collections.abc import Hashable, Mapping
from typing import Any, NamedTuple

from ftk.contracts.row import Row


class Tie(NamedTuple):
    """What rows have in common that belong together: a text, or the name of a document.

    Attributes:
        by: what it is, for messages: ``text``, ``context``, ``document``.
        value: equal for rows that have it in common.
    """

    by: str
    value: str


class Number(NamedTuple):
    """A number that is to be learned, where other tasks have labels.

    Attributes:
        of: the name of the target.
        value: the number.
    """

    of: str
    value: float


class Example:
    """A row as its task reads it. An example of your own inherits from this class, or has the same attributes.

    Attributes:
        row: where the example comes from; messages quote its file and line.
        key: equal for rows that are equal to learn from; empty for a row that has nothing to learn from.
    """

    __slots__ = ()

    row: Row
    key: str

    @property
    def group(self) -> str:
        """Rows of one group stay on the same side when rows are held out. By default the key."""
        return self.key

    @property
    def ties(self) -> tuple[Tie, ...]:
        """What ties the row to others: rows with a tie in common stay on the same side when rows are held out.

        The most important one comes first. The last ones are left out if they would tie so many rows together that
        none, or far too many, could be held out. By default the group alone.
        """
        return (Tie("text", self.group),)

    @property
    def learned(self) -> Any:
        """What is learned of the row: rows with one key that differ in it contradict each other. By default ``target``,
        None for an example without it."""
        return getattr(self, "target", None)

    @property
    def strata(self) -> tuple[Hashable, ...]:
        """What each split should have in proportion: the labels of the row, or numbers. By default those in
        ``target``."""
        return strata_in(getattr(self, "target", None))

    @property
    def mirrored(self) -> str:
        """The key of a row with the two texts of this one in the other order; empty if it has no two. By default it is
        empty."""
        return ""

    @property
    def texts(self) -> tuple[str, ...]:
        """The texts from which a vocabulary is learned. By default the key alone."""
        return (self.key,)

    @property
    def files(self) -> tuple[tuple[str, str], ...]:
        """The name and the SHA-256 of each file that the row names, such as an image. By default there is none."""
        return ()


def strata_in(target: Any) -> tuple[Hashable, ...]:
    """The labels in a target, which is one label, several or none; or its numbers."""
    if isinstance(target, (str, int)):
        return (target,)
    if isinstance(target, float):
        return (Number("target", target),)
    if isinstance(target, Mapping):
        return tuple(Number(str(name), float(value)) for name, value in target.items())
    if isinstance(target, (tuple, list)) and all(isinstance(label, (str, int)) for label in target):
        return tuple(dict.fromkeys(target))
    return ()
