"""Rows of each split, from the files, folders and datasets that the config names."""

import os
import re
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import Any

import ftk
from ftk.config.choices import Format
from ftk.config.schema import DataConfig
from ftk.contracts import finding_kinds as kinds
from ftk.contracts.notes import Notes
from ftk.contracts.row import Row
from ftk.data.images.decoding import is_image_name
from ftk.data.readers.conll import read_conll
from ftk.data.readers.folders import Classes, classes_in, is_folder_of_classes, note_others, read_folder, read_images
from ftk.data.readers.hub import read_hub
from ftk.data.readers.jsonl import read_jsonl
from ftk.data.readers.lines import STDIN, numbered_lines, opened
from ftk.data.readers.parallel import parallel_files, read_parallel
from ftk.data.readers.paths import expand, kind_of_name, note_unread_entries
from ftk.data.readers.squad import is_squad, read_squad
from ftk.data.readers.tabular import read_csv, read_parquet
from ftk.errors import DataError
from ftk.system.digests import sha256

_JSON = re.compile(r'\s*(\{\s*("|\}|$)|\[\s*(\{|\]|$))')
"""How a line of JSON objects begins; text follows a bracket that is a token."""


@dataclass(frozen=True, slots=True)
class Split:
    """The rows of train, validation or test, and the files they come from."""

    name: str
    rows: list[Row]
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
    take: Callable[[str, Iterable[Row]], list[Row]] = lambda name, rows: list(rows),
) -> dict[str, Split]:
    """The rows of each split in ``names`` for which the config names data.

    Args:
        data: names the data.
        names: of the splits.
        demo: the folder of the demo corpus; None if the task has none.
        notes: collects findings.
        tagged: whether rows can have a tag for each token; if not, a file that could only be CoNLL columns is refused.
        take: which of the rows of a split are read; by default all.

    Raises:
        DataError: a file cannot be read, or a named split holds no row.
    """
    splits: dict[str, Split] = {}
    for name in names:
        if uses_demo(data) and demo is not None:
            files = [demo_files(demo)[name]]
            rows: Iterable[Row] = read_file(files[0], Format.jsonl, data, notes, labelled=True)
        elif getattr(data, name) is None:
            continue
        elif data.format is Format.hub:
            assert data.name is not None
            files = []
            rows = read_hub(data.name, data.subset, data.revision, str(getattr(data, name)))
        elif data.format is Format.parallel:
            files = list(parallel_files(getattr(data, name), key=f"data.{name}"))
            rows = read_parallel(files[0], files[1], data.encoding)
        elif (classes := _folder_of_classes(getattr(data, name), data, notes, key=f"data.{name}")) is not None:
            # A task that reads images makes the fingerprint of the images itself.
            files = classes.files if classes.kind == "text" else []
            rows = read_folder(classes, data.encoding)
        else:
            files = expand(getattr(data, name), key=f"data.{name}")
            note_unread_entries({name: getattr(data, name)}, notes)
            if not tagged and data.format is Format.auto:
                _refuse_columned(files, data, key=f"data.{name}")
            rows = _chain(files, data, notes)
        with notes.of(name):
            found = take(name, rows)
        if not found:
            empty = "; the file is empty" if files and not any(file.stat().st_size for file in files) else ""
            raise DataError(f"data.{name}: there is no row in {', '.join(map(str, files)) or data.name}{empty}.")
        splits[name] = Split(name, found, tuple(files))
    return splits


def stream(spec: Any, data: DataConfig, notes: Notes) -> Iterator[Row]:
    """The rows to predict for, one after the other; they are never all in memory."""
    if (classes := _folder_of_classes(spec, data, notes, key="input")) is not None:
        return islice(read_folder(classes, data.encoding), data.limit)
    paths: list[Path | str] = [STDIN] if spec == "-" else list(expand(spec, key="input"))
    rows = (row for path in paths for row in read_file(path, data.format, data, notes, labelled=False))
    return islice(rows, data.limit)


def read_file(
    path: Path | str, format: Format, data: DataConfig, notes: Notes, *, labelled: bool = False
) -> Iterator[Row]:
    """The rows of one file."""
    if format is Format.auto and is_image_name(path):
        return read_images([Path(path)])
    kind = format.value if format is not Format.auto else kind_of(path, data.encoding, labelled=labelled)
    if kind == "conll":
        return read_conll(path, data.encoding, data.columns, notes)
    if kind == "csv":
        return read_csv(path, data.encoding, notes, header=data.header)
    if kind == "parquet":
        return read_parquet(path, notes)
    if kind in ("text", "parallel"):  # of parallel files only the sources are read to predict
        return _read_text(path, data.encoding)
    if kind == "squad":
        return read_squad(path, data.encoding, notes)
    return read_jsonl(path, data.encoding)


def fingerprint(files: Iterable[Path]) -> dict[str, str]:
    """The SHA-256 of each file, by its path."""
    return {str(path): sha256(path) for path in files}


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


def _refuse_columned(files: list[Path], data: DataConfig, *, key: str) -> None:
    """Refuse files of texts and images for tasks whose rows have a label in another column.

    Raises:
        DataError: there is such a file.
    """
    for path in files:
        if is_image_name(path):
            raise DataError(
                f"{key}: {path} is an image without a label. ftk reads folders that hold one folder per class "
                "(images/cat/1.png, images/dog/1.png), and CSV, JSON lines and Parquet with a column of paths."
            )
        if kind_of(path, data.encoding, labelled=True) == "conll" and next(_with_text(path, data.encoding), None):
            raise DataError(
                f"{key}: {path} has no named columns, and so no labels. ftk reads CSV, TSV, JSON lines and Parquet "
                "(data=csv, data=jsonl or data=parquet if the ending says nothing), or, for texts of classes, .txt "
                "files in a folder that holds one folder per class: texts/cat/1.txt, texts/dog/1.txt. For two text "
                "files whose lines belong together use data=parallel."
            )


def _with_text(path: Path | str, encoding: str) -> Iterator[str]:
    return (line for _, line in numbered_lines(path, encoding) if line.strip())


def _chain(files: list[Path], data: DataConfig, notes: Notes) -> Iterator[Row]:
    for path in files:
        yield from read_file(path, data.format, data, notes, labelled=True)


def _read_text(path: Path | str, encoding: str) -> Iterator[Row]:
    for number, line in numbered_lines(path, encoding):
        yield Row({"text": line}, str(path), number)


def kind_of(path: Path | str, encoding: str, *, labelled: bool) -> str:
    """The format of a file, by its ending and its content."""
    if str(path) == STDIN:
        return "text"
    ending = kind_of_name(path)
    if ending == "jsonl" and is_squad(path):
        return "squad"
    if ending is not None and not (ending == "text" and labelled):
        return ending
    with opened(path) as stream:
        magic = stream.read(4)
    if magic == b"PAR1":
        return "parquet"
    # Labelled files are often called .txt, so their content decides.
    first = next(_with_text(path, encoding), "")
    if _JSON.match(first):
        return "squad" if is_squad(path) else "jsonl"
    if labelled:
        return "conll"
    return "text"
