"""Rows of each split, from the files, folders and datasets that the config names."""

import os
from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import Any

import ftk
from ftk.config.data_choices import Format
from ftk.config.schema import DataConfig
from ftk.contracts import finding_kinds as kinds
from ftk.contracts.findings import SHOWN
from ftk.contracts.notes import Notes
from ftk.contracts.row import Row
from ftk.data.images.decoding import is_image_name
from ftk.data.readers.corpora.beir import read_beir, texts_of
from ftk.data.readers.corpora.brat import documents_in, read_brat
from ftk.data.readers.corpora.saved_datasets import digest_of_saved
from ftk.data.readers.counting import counted, left_out, note_files
from ftk.data.readers.decoding.once import STDIN, is_pipe, open_live, sha256_of, size_of
from ftk.data.readers.folders import Classes, classes_in, is_folder_of_classes, note_others, read_folder
from ftk.data.readers.hub import read_hub
from ftk.data.readers.names.usual_rows import usual_rows
from ftk.data.readers.one_file import read_file
from ftk.data.readers.parallel import parallel_files, read_parallel
from ftk.data.readers.paths import expand
from ftk.data.readers.places.by_roles import reader_for, with_parallel
from ftk.data.readers.places.implied_splits import check_columns
from ftk.data.readers.places.inputs import input_files, refuse_split_folders
from ftk.data.readers.places.sources import files_behind, note_sources, sources_of
from ftk.data.readers.recognition.refusing import refuse_without_labels
from ftk.data.rows.exports.wanted import Wanted
from ftk.errors import DataError

Take = Callable[[str, Iterable[Row]], Sequence[Row]]
"""Which of the rows of a split are read, given its name."""


@dataclass(frozen=True, slots=True)
class Split:
    """The rows of train, validation or test, and the files they come from."""

    name: str
    rows: Sequence[Row]
    files: tuple[Path, ...]


def uses_demo(data: DataConfig) -> bool:
    """Whether the demo corpus of the task is read, because the config asks for it or names no other data."""
    return data.format is Format.demo or (
        data.format is not Format.hub and data.train is None and data.validation is None and data.test is None
    )


def demo_files(demo: str) -> dict[str, Path]:
    """The files of a built-in demo corpus, by split."""
    folder = Path(ftk.__file__).resolve().parent / "demo" / demo
    return {split: folder / f"{split}.jsonl" for split in ("train", "validation", "test")}


def read_splits(
    data: DataConfig,
    names: Iterable[str],
    *,
    demo: str | None,
    notes: Notes,
    tagged: bool = True,
    roles: Collection[str] = (),
    problem: str | None = None,
    take: Take = lambda name, rows: list(rows),
) -> dict[str, Split]:
    """The rows of each split in ``names`` for which the config names data.

    Args:
        data: names the data.
        names: of the splits.
        demo: the folder of the demo corpus; None if the task has none.
        notes: collects findings.
        tagged: whether rows can have a tag for each token; if not, a file that could only be CoNLL columns is refused.
        roles: the columns that the task reads.
        problem: what transformers calls the problem of the task.
        take: which of the rows of a split are read; by default all.

    Raises:
        DataError: a file cannot be read, or a named split holds no row.
    """
    if uses_demo(data) and demo is not None:
        return {name: _demo_split(name, demo, data, notes, take) for name in names}
    wanted = Wanted(data.columns, roles=roles, problem=problem)
    if data.format is Format.hub:
        given = [name for name in names if getattr(data, name) is not None]
        return {name: _hub_split(name, data, wanted, notes, take, tagged=tagged) for name in given}
    names = tuple(names)
    data = with_parallel(data, names, roles, notes)
    sources = sources_of(data, names)
    if data.format is not Format.parallel:
        note_sources(sources, notes)
    splits: dict[str, Split] = {}
    for name, source in sources.items():
        counts: dict[str, int] = {}
        if data.format is Format.parallel:
            files = list(parallel_files(source.spec, key=source.key))
            rows = counted(
                read_parallel(files[0], files[1], data.encoding, notes), " and ".join(map(str, files)), counts
            )
        elif (classes := _folder_of_classes(source.spec, data, notes, key=source.key)) is not None:
            # A task that reads images makes the fingerprint of the images itself.
            files = classes.files if classes.kind == "text" else []
            rows = counted(read_folder(classes, data.encoding, notes), str(source.spec), counts)
        else:
            found = expand(source.spec, key=source.key)
            if not tagged and data.format is Format.auto:
                _refuse_columned(found, data, key=source.key, roles=roles)
            rows = _of_files(found, data, notes, wanted, tagged=tagged, counts=counts, split=name)
            files = [file for path in found for file in ([path] if path.is_dir() else files_behind(path))]
        splits[name] = _split(name, rows, files, counts, data, notes, take)
        if source.key != f"data.{name}":
            check_columns(splits["train"].rows, splits[name].rows, name, sources)
    return splits


def _demo_split(name: str, demo: str, data: DataConfig, notes: Notes, take: Take) -> Split:
    file = demo_files(demo)[name]
    with notes.of(name):
        rows = take(name, read_file(file, Format.jsonl, data, notes, labelled=True))
    return Split(name, rows, (file,))


def _hub_split(name: str, data: DataConfig, wanted: Wanted, notes: Notes, take: Take, *, tagged: bool) -> Split:
    assert data.name is not None
    counts: dict[str, int] = {}
    part = str(getattr(data, name))
    loaded = read_hub(data.name, data.subset, data.revision, part)
    rows = usual_rows(loaded, data, wanted, notes, tagged=tagged)
    return _split(name, counted(rows, f"{data.name}[{part}]", counts), [], counts, data, notes, take)


def _split(
    name: str,
    rows: Iterable[Row],
    files: list[Path],
    counts: dict[str, int],
    data: DataConfig,
    notes: Notes,
    take: Take,
) -> Split:
    """The rows of one split, and the report of the files that they come from."""
    with notes.of(name):
        found = take(name, rows)
        if not len(found):
            listed = ", ".join(map(str, files[:SHOWN])) or ", ".join(counts) or str(data.name)
            empty = "; the file is empty" if files and not any(map(size_of, files)) else ""
            raise DataError(f"data.{name}: there is no row in {listed}{empty}{left_out(notes)}.")
        note_files(counts, notes)
    return Split(name, found, tuple(files))


def is_stream(spec: Any) -> bool:
    """Whether an input is standard input or another pipe, and nothing beside it."""
    return spec == "-" or is_pipe(spec)


def stream(
    spec: Any, data: DataConfig, notes: Notes, roles: Collection[str] = (), *, live: bool = False
) -> Iterator[Row]:
    """The rows to predict for, one after the other; they are never all in memory.

    Args:
        spec: a file, folder or glob, a list of them, or ``-`` for standard input.
        data: says how it is read.
        notes: collects what was found.
        roles: the columns that the task reads.
        live: whether rows of a pipe are given as they come, and what comes through it is not kept.

    Raises:
        DataError: it cannot be read.
    """
    if is_stream(spec):
        path = STDIN if spec == "-" else os.path.expanduser(spec)
        if live:
            open_live(path)
        return islice(read_file(path, data.format, data, notes, tagged=None, roles=roles), data.limit)
    refuse_split_folders(spec, data.format)
    if (classes := _folder_of_classes(spec, data, notes, key="input")) is not None:
        return islice(read_folder(classes, data.encoding, notes), data.limit)
    tagged = "tags" in roles
    wanted = Wanted(data.columns, labelled=False, roles=roles)
    rows = _of_files(input_files(spec, notes), data, notes, wanted, tagged=tagged)
    return islice(rows, data.limit)


def fingerprint(files: Iterable[Path]) -> dict[str, str]:
    """The SHA-256 of each file, by its path; of a folder that ``save_to_disk`` wrote, one over all its files."""
    return {str(path): digest_of_saved(path) if path.is_dir() else sha256_of(path) for path in files}


def _folder_of_classes(spec: Any, data: DataConfig, notes: Notes, *, key: str) -> Classes | None:
    """The content of a folder that holds one folder for each class; None for any other file or folder.

    Raises:
        DataError: the config asks for such a folder, and this is none.
    """
    path = Path(os.path.expanduser(spec)) if isinstance(spec, str) else None
    asked = data.format is Format.folders
    if path is None or not (asked or data.format is Format.auto) or not is_folder_of_classes(path):
        if asked:
            raise DataError(
                f"{key}={spec}: data=folders needs a folder with one folder per class, and in it .txt files or images."
            )
        return None
    classes = classes_in(path)
    assert classes is not None
    note_others(classes, notes)
    notes.add(
        kinds.FOLDER_OF_CLASSES,
        key=key,
        folder=spec,
        files=len(classes.files),
        kind_of_file=classes.kind,
        classes=len(set(classes.labels)),
    )
    return classes


def _refuse_columned(files: list[Path], data: DataConfig, *, key: str, roles: Collection[str]) -> None:
    """Refuse files of texts and images for tasks whose rows have a label in another column.

    Raises:
        DataError: there is such a file.
    """
    documents = documents_in(files)
    for path in files:
        if path in documents or path.is_dir() or texts_of(path) or reader_for(path, data, roles) is not None:
            continue
        refuse_without_labels(path, data.encoding, key=key)


def _of_files(
    files: Sequence[Path],
    data: DataConfig,
    notes: Notes,
    wanted: Wanted,
    *,
    tagged: bool,
    counts: dict[str, int] | None = None,
    split: str | None = None,
) -> Iterator[Row]:
    """The rows of some files, one file after the other, also of files that are read with others beside them."""
    own = data.format is Format.auto
    documents = documents_in(files) if own else set()
    relations = "head" in wanted.roles
    for path in files:
        if own and wanted.roles and "image" not in wanted.roles and is_image_name(path):
            raise DataError(
                f"{path}: this is an image, and the task reads texts. Images are read by task=image-classification."
            )
        if path in documents:
            rows = read_brat(path, data.encoding, notes, labelled=wanted.labelled, relations=relations)
        elif own and texts_of(path):
            rows = read_beir(path, data.encoding, notes)
        elif (read := reader_for(path, data, wanted.roles)) is not None:
            rows = read(path, data.encoding, notes)
        else:
            told, labelled = () if wanted.labelled else wanted.roles, wanted.labelled
            rows = read_file(
                path, data.format, data, notes, labelled=labelled, tagged=tagged, split=split, wanted=wanted, roles=told
            )
        yield from rows if counts is None else counted(rows, str(path), counts)
