"""The attributes of an example that the corpus needs, whatever the task."""

from __future__ import annotations

from ftk.contracts.row import Row


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
        """Rows of one group stay on the same side when validation is cut off from training. By default the key."""
        return self.key

    @property
    def texts(self) -> tuple[str, ...]:
        """The texts from which a vocabulary is learned. By default the key alone."""
        return (self.key,)

    @property
    def files(self) -> tuple[tuple[str, str], ...]:
        """The name and the SHA-256 of each file that the row names, such as an image. By default there is none."""
        return ()
