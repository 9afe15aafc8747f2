"""Splits that nobody named: a folder that is given for training holds them, too."""

from collections.abc import Mapping, Sequence
from itertools import islice
from pathlib import Path

from ftk.contracts.row import Row
from ftk.data.readers.corpora.beir import texts_of
from ftk.data.readers.names.split_names import spelled
from ftk.data.readers.places.sources import Source
from ftk.errors import DataError

_SEEN = 1000
"""Rows of each split that are looked at."""


def check_columns(train: Sequence[Row], rows: Sequence[Row], name: str, sources: Mapping[str, Source]) -> None:
    """Refuse a split without a column that all training rows have: often it is a test set without labels.

    Args:
        train: the training rows.
        rows: of the split.
        name: of the split.
        sources: of all splits.

    Raises:
        DataError: there is such a column.
    """
    if texts_of(Path(rows[0].file)):
        return  # rows are made of judgements, which have grades or not
    common = set(train[0].values).intersection(*(row.values for row in islice(train, _SEEN)))
    lacking = [column for column in train[0].values if column in common]
    for row in islice(rows, _SEEN):
        lacking = [column for column in lacking if column not in row.values]
    if lacking:
        files, learned = (spelled(_paths(sources[each])) for each in (name, "train"))
        raise DataError(
            f"{sources[name].key}={sources[name].given[0][0]}: the folder holds a {name} split, {files}, and no row of "
            f"it has the column '{lacking[0]}', which training rows have. If it has no labels, leave it out: "
            f"data.train={learned}. Otherwise name both: data.train={learned} data.{name}={files}."
        )


def _paths(source: Source) -> list[Path]:
    return [path for _, part in source.given if part is not None for path in part]
