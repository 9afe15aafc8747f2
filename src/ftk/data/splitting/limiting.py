"""Applies ``data.limit`` to the rows of a split."""

from __future__ import annotations

from collections.abc import Iterable
from itertools import islice

from ftk.config.data_choices import Cut
from ftk.config.schema import DataConfig
from ftk.contracts import finding_kinds as kinds
from ftk.contracts.notes import Notes
from ftk.contracts.row import Row
from ftk.contracts.spec import TaskSpec
from ftk.data.splitting.limits import limit_of
from ftk.data.splitting.raw_labels import label_reader, query_reader
from ftk.data.splitting.sampling import sample


def limited(rows: Iterable[Row], split: str, data: DataConfig, spec: TaskSpec, notes: Notes) -> Iterable[Row]:
    """The rows of a split that ``data.limit`` lets through, in the order of the file.

    Args:
        rows: all rows of the split.
        split: train, validation or test.
        data: the data section of the config.
        spec: of the task.
        notes: collects how many rows there are.
    """
    # Without a limit they are not held here: they may be more than fit into memory.
    limit = limit_of(data.limit, split)
    if limit is None:
        return rows
    if data.cut is Cut.simple:
        found = list(islice(rows, limit))
        notes.add(kinds.FIRST_ROWS, taken=len(found), part=split, limit=limit)
        return found
    drawn = sample(
        rows,
        limit,
        data.split_seed,
        labels_of=label_reader(spec.columns, data.columns, numbers=spec.problem_type == "regression"),
        together=query_reader(spec.columns, data.columns),
    )
    if len(drawn.rows) < drawn.total:
        notes.add(
            kinds.LIMITED,
            taken=len(drawn.rows),
            total=drawn.total,
            part=split,
            limit=limit,
            how=", labels in proportion" if drawn.labelled else "",
            seed=data.split_seed,
        )
    return drawn.rows
