"""Texts in folders: one folder a class, one file a text."""

from collections.abc import Iterator, Sequence
from itertools import zip_longest
from pathlib import Path

from ftk.data.lines import numbered_lines
from ftk.data.rows import Notes, Row
from ftk.errors import DataError


def is_folder_of_classes(path: Path) -> bool:
    """Whether a folder holds nothing but folders, and these text files."""
    if not path.is_dir():
        return False
    children = [child for child in path.iterdir() if not child.name.startswith(".")]
    return bool(children) and all(child.is_dir() for child in children) and bool(texts_in(path))


def texts_in(path: Path) -> list[Path]:
    """The texts of a folder of classes, one of each class in turn, so that the first of them are of all classes."""
    classes = sorted(child for child in path.iterdir() if child.is_dir() and not child.name.startswith("."))
    inside = [sorted(file for file in folder.glob("*.txt") if file.is_file()) for folder in classes]
    return [file for files in zip_longest(*inside) for file in files if file is not None]


def note_others(path: Path, notes: Notes) -> None:
    """Say what a folder of classes holds beside texts."""
    for folder in sorted(child for child in path.iterdir() if child.is_dir() and not child.name.startswith(".")):
        others = [child for child in folder.iterdir() if child.suffix != ".txt" or not child.is_file()]
        if others:
            notes.count("file|files that is|are not a text (.txt)", "not read", str(others[0]), number=len(others))


def read_folder(files: Sequence[Path], encoding: str) -> Iterator[Row]:
    """One row a file: ``text``, ``label``, which is the name of its folder, and ``file``, as in cat/1.txt.

    Raises:
        DataError: a file is not text in this encoding.
    """
    if not files:
        raise DataError("the folder holds no text (.txt) in any of its folders.")
    for file in files:
        text = "\n".join(line for _, line in numbered_lines(file, encoding))
        yield Row({"text": text, "label": file.parent.name, "file": f"{file.parent.name}/{file.name}"}, str(file), 1)
