"""Files without names for their columns, where the task says what these must be."""

import dataclasses
import os
from collections.abc import Callable, Collection, Iterable, Iterator
from pathlib import Path
from typing import Any

from ftk.config.data_choices import Format
from ftk.config.schema import DataConfig
from ftk.contracts import finding_kinds as kinds
from ftk.contracts.notes import Notes
from ftk.contracts.row import Row
from ftk.data.readers.corpora.bitext import is_bitext, read_bitext
from ftk.data.readers.corpora.triples import is_triples, read_triples
from ftk.data.readers.decoding.once import is_pipe
from ftk.data.readers.paths import kind_of_name
from ftk.data.readers.recognition.recognising import kind_of


def reader_for(path: Path, data: DataConfig, roles: Collection[str]) -> Callable[..., Iterator[Row]] | None:
    """What reads a file without a header, given its path, its encoding and the notes; None for any other file.

    Args:
        path: the file.
        data: says how it is read.
        roles: the columns that the task reads.
    """
    if data.format is not Format.auto or not data.header or path.is_dir():
        return None
    if "negatives" in roles and data.columns.get("query") is None and is_triples(path, data.encoding):
        return read_triples
    if "target" in roles and not _names_sides(data) and is_bitext(path, data.encoding):
        return read_bitext
    return None


def with_parallel(data: DataConfig, names: Iterable[str], roles: Collection[str], notes: Notes) -> DataConfig:
    """The data section with ``data=parallel`` if each split is two text files, for a task of sources and targets.

    Args:
        data: names the data.
        names: of the splits.
        roles: the columns that the task reads.
        notes: collects which files hold the sources.
    """
    if data.format is not Format.auto or "target" not in roles or _names_sides(data):
        return data
    specs = {name: getattr(data, name) for name in names if getattr(data, name) is not None}
    if not specs or not all(_are_two_texts(spec, data.encoding) for spec in specs.values()):
        return data
    for name, (source, target) in specs.items():
        notes.add(kinds.PARALLEL_FILES, key=f"data.{name}", source=source, target=target)
    return dataclasses.replace(data, format=Format.parallel)


def _names_sides(data: DataConfig) -> bool:
    return data.columns.get("source") is not None or data.columns.get("target") is not None


def _are_two_texts(spec: Any, encoding: str) -> bool:
    """Whether these are two files of lines that say nothing about targets themselves."""
    if not isinstance(spec, (list, tuple)) or len(spec) != 2 or not all(isinstance(name, str) for name in spec):
        return False
    paths = [Path(os.path.expanduser(name)) for name in spec]
    return all(
        (path.is_file() or is_pipe(path))
        and kind_of_name(path) in (None, "text")
        and not is_bitext(path, encoding)
        and kind_of(path, encoding, labelled=True, tagged=False) == "conll"
        for path in paths
    )
