"""The keys of the data section."""

from dataclasses import dataclass
from typing import Any

# OmegaConf reads these annotations at run time: Optional and Union in their runtime form, no Literal.
from ftk.config.data_choices import (
    BadRows,
    Cut,
    Documents,
    Duplicates,
    Format,
    Offsets,
    Quoting,
    Storage,
    Unlabelled,
    Unseen,
)


@dataclass(kw_only=True, slots=True)
class DataConfig:
    """The data: where rows or texts come from, and how they are read."""

    format: Format
    train: Any
    """Training data: file, glob, folder or a list of them; for `format=parallel` two files, for `hub` a split."""
    validation: Any
    """Validation data, as train; null: `validation_share` of the training rows is split off."""
    test: Any
    """Test data, as train; null: no test."""
    name: str | None
    """For `format=hub`: hub id or folder of a dataset."""
    subset: str | None
    """For `format=hub`: the dataset's configuration."""
    revision: str | None
    """For `format=hub`: branch, tag or commit."""
    columns: dict[str, Any]
    """Columns by role: a name, or a number from 0 where columns have none; null: found, and reported."""
    header: bool
    """Whether the first line of CSV and TSV files names the columns; without it, they are called 0, 1, 2 …"""
    offsets: Offsets = Offsets.auto
    delimiter: str | None = None
    """What separates the cells of CSV and TSV files: a character, or comma, tab, semicolon, bar, space; null: found."""
    quoting: Quoting = Quoting.auto
    encoding: str
    """Encoding of text files; auto: UTF-8, or what the bytes say. A byte order mark is always recognised."""
    max_length: int | None
    """Maximum tokens in a window or block, special tokens included; null: the maximum of the model, but at most 512."""
    stride: int | None
    """Tokens that two neighbouring windows share; null: a quarter of max_length."""
    limit: Any
    """Read only this many rows of each split, drawn from the whole split with labels in proportion; below 1 a share of
    them; `{train: 500}` limits one split; null: all. In pretraining and for predict it is a number: the first documents
    or rows."""
    validation_share: float
    """Share of the training rows, or documents, that becomes the validation split if none is named; 0: none."""
    # The defaults of these four are for config folders that were copied from a release without these keys.
    test_share: float = 0.0
    """Share of the training rows that becomes the test split if none is named; 0: none."""
    max_windows: int | None = None
    """Windows that a pair of two long texts has at most; of more, the beginnings and the ends of both texts are read.
    null: 64, or as the model was trained."""
    group: str | None = None
    """Column whose values stay together when rows are held out: rows of one user, one patient or one document; null:
    only rows with the same text, or with what the task has in its place."""
    cut: Cut = Cut.stratified
    split_seed: int
    """Seed of the rows that are held out, and of those that `limit` draws. It is not run.seed, so that runs with
    different seeds are validated on the same rows."""
    validation_tokens: int | None
    """For mlm: stop splitting off validation documents once they have this many tokens; null: no limit."""
    documents: Documents | None
    """For mlm with text files: where a document ends; null: at a blank line."""
    cache_dir: str | None
    """Cache for tokenized texts (mlm) and vectors (ranking); null: $FTK_CACHE, $XDG_CACHE_HOME/ftk or ~/.cache/ftk."""
    workers: int | None
    """For mlm: processes that tokenize; null: one per processor."""
    duplicates: Duplicates
    """Repeated training rows, or documents: keep them, drop all but the first (counted), or stop with an error."""
    duplicate_lines: Duplicates
    """For mlm: the same for repeated lines."""
    unseen_labels: Unseen
    """Labels that only validation or test has: error, or count (they stay in the gold standard, as missed)."""
    # The default is for config folders that were copied from a release without this key.
    bad_rows: BadRows = BadRows.error
    """For predict: a row that cannot be used, or for which the model computes NaN or infinity, stops it (error), or
    gets a record with `error` and without a prediction (keep, counted). Rows to learn from or to score must all be
    usable."""
    unlabelled: Unlabelled = Unlabelled.error
    """Rows without a label, a source or a target (an empty cell, null, NaN, the class -1): error, or drop (they are
    left out, counted). The class -1 is always left out of training."""
    storage: Storage = Storage.auto
    """Labelled rows in memory, or on disk (temporary files in `cache_dir`); auto: on disk if the memory is too small.
    Rankings and images are always in memory."""
