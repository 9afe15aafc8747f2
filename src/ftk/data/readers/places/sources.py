"""Where the rows of each split come from: what the config names, and folders that hold several splits."""

import os
from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from ftk.config.data_choices import Format
from ftk.config.schema import DataConfig
from ftk.contracts import finding_kinds as kinds
from ftk.contracts.notes import Notes
from ftk.data.readers.corpora.beir import is_beir, judgements, texts_of
from ftk.data.readers.corpora.brat import annotations_of
from ftk.data.readers.corpora.saved_datasets import (
    files_of,
    is_saved_dataset,
    is_saved_dict,
    lists_of_splits,
    saved_splits,
)
from ftk.data.readers.folders import is_folder_of_classes
from ftk.data.readers.names.split_names import SPLITS, Parts, parts_of_folders, spelled, split_name
from ftk.data.readers.parallel import parallel_files, parallel_parts
from ftk.data.readers.paths import (
    data_files,
    entries_of,
    expand,
    kind_of_name,
    note_unread_entries,
    parts_of,
)
from ftk.errors import DataError
from ftk.system.paths import expanded

_TABLES = ("csv", "jsonl", "parquet", "conll")
"""Formats whose files hold rows: they are meant where folders of splits are beside them."""


@dataclass(slots=True)
class Source:
    """Where the rows of one split come from.

    Attributes:
        spec: a file, folder or glob, or a list of them; no folder in it holds several splits.
        key: the config key that names it.
        given: the folders that the config names, each with the part of it that is read; the part is None where all of
            the folder is.
    """

    spec: Any
    key: str
    given: list[tuple[str, list[Path] | None]] = field(default_factory=list)


def sources_of(data: DataConfig, names: Iterable[str]) -> dict[str, Source]:
    """The source of each split that the config names.

    A folder that holds several splits, by the names of its files or folders, stands for the split that it is given
    for. Given as ``data.train``, it stands for its validation and test splits too, if the config names no others.

    Args:
        data: names the data; neither the demo corpus nor a dataset of the hub.
        names: of the splits.

    Raises:
        DataError: a folder holds several splits, but not the one that it is given for, or its names do not decide.
    """
    names = tuple(names)
    found: dict[str, Source] = {}
    implied: dict[str, Source] = {}
    for name in names:
        spec = getattr(data, name)
        if spec is None:
            continue
        source = found[name] = Source(spec, f"data.{name}")
        for place, item in enumerate(spec if isinstance(spec, (list, tuple)) else [spec]):
            parts = held_splits(item, name, data.format) if isinstance(item, str) else None
            if parts is None:
                source.given.append((item, None))
                continue
            part = _part(parts, name, item)
            source.given.append((item, part))
            source.spec = _replaced(source.spec, place, part)
            for other in SPLITS[1:] if name == "train" else ():
                if other in names and getattr(data, other) is None and other in parts.by_split:
                    more = implied.setdefault(other, Source([], "data.train"))
                    more.spec.extend(map(str, parts.by_split[other]))
                    more.given.append((item, parts.by_split[other]))
        source.spec = _flat(source.spec)
    for name, source in implied.items():
        source.spec = _flat(source.spec)
        found[name] = source
    return {name: found[name] for name in SPLITS if name in found}


def held_splits(item: str, wanted: str, format: Format) -> Parts | None:
    """The splits that a folder holds; None for a folder that is one collection of rows, and for anything else.

    Args:
        item: a path.
        wanted: the split that it is given for.
        format: of the data.

    Raises:
        DataError: a folder cannot be read.
    """
    folder = Path(os.path.expanduser(item))
    if not item or not folder.is_dir() or is_saved_dataset(folder):
        return None
    if is_saved_dict(folder):
        splits = saved_splits(folder)
        return parts_of_folders(splits, certain=True) or Parts({}, splits)
    if format is Format.parallel:
        return parallel_parts(folder, wanted)
    if is_beir(folder):
        parts = parts_of(judgements(folder), "")
        return parts or Parts({}, judgements(folder))
    files = data_files(folder)
    parts = parts_of(files, wanted) if format is not Format.folders else None
    if parts is not None:
        return _with_folders(parts, folder, wanted)
    if any(kind_of_name(file) in _TABLES for file in files):
        return None
    folders = [entry for entry in entries_of(folder) if entry.is_dir() and _holds_something(entry)]
    parts = parts_of_folders(folders)
    if parts is None:
        _refuse_split_among_classes(folders, item, wanted)
    return None if parts is not None and files and len(parts.by_split) < 2 else parts


def _with_folders(parts: Parts, folder: Path, wanted: str) -> Parts:
    """The parts, and folders of rows for the splits that no file is: test.csv may stand beside the folder train.

    A folder of images beside tables is not a split: the tables name the images.
    """
    for entry in entries_of(folder):
        name = split_name(entry.name) if entry.is_dir() else None
        if name is None or not name.bare or any(path.is_file() for path in parts.by_split.get(name.split, ())):
            continue
        if name.split == wanted or any(kind_of_name(file) is not None for file in data_files(entry)):
            parts.by_split.setdefault(name.split, []).append(entry)
    return parts


def _refuse_split_among_classes(folders: list[Path], item: str, wanted: str) -> None:
    """Refuse folders that would be classes if one of them were not a split: it holds the folders of classes itself."""
    for folder in folders:
        if split_name(folder.name) is not None and is_folder_of_classes(folder):
            key = f"data.{wanted}" if wanted else "input"
            raise DataError(
                f"{key}={item}: '{folder.name}' in it is named like a split and holds one folder for each class, so "
                f"the folders beside it are no classes. Name one: {key}={folder}."
            )


def check_source(data: DataConfig, name: str) -> None:
    """Check that what the config names for a split exists.

    Raises:
        DataError: it does not, or it cannot be told which files are meant.
    """
    for source in sources_of(data, (name,)).values():
        if data.format is Format.parallel:
            parallel_files(source.spec, key=source.key)
        elif not is_class_folder(source.spec):
            expand(source.spec, key=source.key)


def is_class_folder(spec: Any) -> bool:
    """Whether the config names a folder that holds one folder for each class."""
    return isinstance(spec, str) and is_folder_of_classes(expanded(spec))


def note_sources(sources: dict[str, Source], notes: Notes, *, texts_alone: bool = False) -> None:
    """Report what folders stand for, and what in them is not read.

    Args:
        sources: of the splits.
        notes: collects the findings.
        texts_alone: whether files are read without those that belong to them, such as annotations.
    """
    parts: dict[str, dict[str, list[Path]]] = {}
    keys: dict[str, str] = {}
    for name, source in sources.items():
        for item, part in source.given:
            if part is not None:
                parts.setdefault(item, {})[name] = part
                keys.setdefault(item, source.key)
            elif isinstance(item, str) and is_folder_of_files(folder := Path(os.path.expanduser(item))):
                files = expand(item, key=source.key)
                read = files if texts_alone else [file for path in files for file in files_behind(path)]
                note_unread_entries(source.key, folder, read, notes)
    for item, by_split in parts.items():
        folder = Path(os.path.expanduser(item))
        splits = "; ".join(f"{name} is {spelled(paths)}" for name, paths in by_split.items())
        notes.add(kinds.FOLDER_OF_SPLITS, key=keys[item], folder=item, splits=splits)
        read = [path for paths in by_split.values() for path in paths]
        behind = [file for path in read if path.is_file() for file in files_behind(path)]
        inside = [
            folder / path.relative_to(folder).parts[0] for path in [*read, *behind] if path.is_relative_to(folder)
        ]
        note_unread_entries(keys[item], folder, [*inside, *lists_of_splits(folder)], notes)


def files_behind(path: Path) -> list[Path]:
    """The files that are read with a file or folder that ``expand`` found, itself among them."""
    if path.is_dir():
        return files_of(path)
    return [path, *annotations_of(path), *texts_of(path)]


def is_folder_of_files(path: Path) -> bool:
    """Whether a path is a folder that stands for the files in it."""
    return path.is_dir() and not is_saved_dataset(path) and bool(data_files(path))


def _holds_something(folder: Path) -> bool:
    try:
        return any(folder.iterdir())
    except OSError:
        return True  # reading it says why it cannot be read


def _part(parts: Parts, name: str, item: str) -> list[Path]:
    """The part of a folder that is one split."""
    if not parts.by_split:
        names = ", ".join(path.name for path in parts.unnamed)
        first = parts.unnamed[0] if parts.unnamed else item
        raise DataError(
            f"data.{name}={item}: the splits in it are {names}, and none of these names says {name}. Name one: "
            f"data.{name}={first}."
        )
    if parts.fault:
        raise DataError(f"data.{name}={item}: the folder holds several splits, and {parts.fault}. {parts.where(name)}")
    if name not in parts.by_split:
        raise DataError(f"data.{name}={item}: the folder holds no {name} split. {parts.where(name)}")
    return parts.by_split[name]


def _replaced(spec: Any, place: int, part: list[Path]) -> list[Any]:
    """The spec as a list of items, with the paths of a part in place of the folder that holds them."""
    items = list(spec) if isinstance(spec, (list, tuple)) else [spec]
    items[place] = [str(path) for path in part]
    return items


def _flat(spec: Any) -> Any:
    """A spec without lists in lists; a list of one item is the item."""
    if not isinstance(spec, list):
        return spec
    items = [each for item in spec for each in (item if isinstance(item, list) else [item])]
    return items[0] if len(items) == 1 else items
