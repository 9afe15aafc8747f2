"""How many rows of Parquet and Arrow files are made at once: fewer where they are large."""

from collections.abc import Iterator
from typing import Any

_ROWS = 1024
_OF_DICTIONARIES = 256
"""Rows at once where a value may be in the file once, and in any number of rows: the size of the file says nothing."""
_BYTES = 1 << 26
"""Bytes of the rows that are made at once, where the file says how many they have."""


def rows_at_once(metadata: Any) -> int:
    """How many rows of a Parquet file are read at once, by what it says of its row groups."""
    least = _ROWS
    for group in map(metadata.row_group, range(metadata.num_row_groups)):
        size = group.total_byte_size
        least = min(least, max(1, _BYTES * group.num_rows // max(size, 1)))
        if least > _OF_DICTIONARIES and size > _BYTES // _ROWS and _has_dictionary(group):
            least = _OF_DICTIONARIES
    return least


def values_of(batch: Any) -> Iterator[dict[str, Any]]:
    """The values of each row of a batch of Arrow, by column."""
    rows = batch.num_rows
    step = max(1, min(_ROWS, _BYTES * rows // max(batch.nbytes, 1)))
    for at in range(0, rows, step):
        yield from batch.slice(at, step).to_pylist()


def _has_dictionary(group: Any) -> bool:
    return any(group.column(at).has_dictionary_page for at in range(group.num_columns))
