"""Texts or images in folders: one folder per class, one file per text or image."""

import os
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from itertools import zip_longest
from pathlib import Path
from typing import NoReturn

from ftk.contracts import finding_kinds as kinds
from ftk.contracts.notes import Notes
from ftk.contracts.row import Row
from ftk.data.images.decoding import is_image_name
from ftk.data.readers.decoding.lines import numbered_lines
from ftk.data.readers.names.split_names import SPLITS, split_name
from ftk.errors import DataError


@dataclass(frozen=True, slots=True)
class Classes:
    """What a folder of classes holds.

    Attributes:
        kind: ``text`` or ``image``: what most of its files are.
        files: those of that kind, one of each class in turn, so that the first files come from all classes.
        labels: the class of each file.
        others: the other files, one list for each class that has some.
        empty: the folders of classes without files of that kind.
        repeated: symlinks that were skipped because they lead to a folder already read or to a parent folder, one list
            for each class that has some.
    """

    kind: str
    files: list[Path]
    labels: list[str]
    others: list[list[Path]]
    empty: list[Path]
    repeated: list[list[Path]]


@dataclass(frozen=True, slots=True)
class _Below:
    """The content of a folder and of the folders in it.

    Attributes:
        files: all files except hidden ones.
        repeated: symlinks that were skipped.
    """

    files: list[Path] = field(default_factory=list)
    repeated: list[Path] = field(default_factory=list)


def is_folder_of_classes(path: Path) -> bool:
    """Whether a folder holds nothing but folders, and in these texts or images.

    Raises:
        DataError: one of them cannot be read.
    """
    if not path.is_dir():
        return False
    children = [child for child in path.iterdir() if not child.name.startswith(".")]
    return bool(children) and all(child.is_dir() for child in children) and classes_in(path) is not None


def classes_in(path: Path) -> Classes | None:
    """The texts or the images of a folder of classes; None if there are neither.

    Texts are in the folder of their class, images there or anywhere below.

    Raises:
        DataError: a folder cannot be read.
    """
    folders = sorted(child for child in path.iterdir() if child.is_dir() and not child.name.startswith("."))
    below = [_below(folder) for folder in folders]
    texts = [sorted(file for file in folder.glob("*.txt") if file.is_file()) for folder in folders]
    images = [[file for file in found.files if is_image_name(file)] for found in below]
    kind = "text" if sum(map(len, texts)) >= sum(map(len, images)) else "image"
    inside = texts if kind == "text" else images
    if not any(inside):
        return None
    _refuse_splits_below(path, folders, inside)
    there = [sorted(folder.iterdir()) for folder in folders] if kind == "text" else [found.files for found in below]
    others = [rest for found, files in zip(there, inside, strict=True) if (rest := sorted(set(found) - set(files)))]
    named = [[(file, folder.name) for file in files] for folder, files in zip(folders, inside, strict=True)]
    pairs = [pair for turn in zip_longest(*named) for pair in turn if pair is not None]
    empty = [folder for folder, files in zip(folders, inside, strict=True) if not files]
    repeated = [found.repeated for found in below if found.repeated] if kind == "image" else []
    return Classes(kind, [file for file, _ in pairs], [label for _, label in pairs], others, empty, repeated)


def _refuse_splits_below(path: Path, folders: Sequence[Path], inside: Sequence[Sequence[Path]]) -> None:
    """Refuse classes that hold several splits, by the names of folders or of all files: what is held out would be
    learned."""
    for folder, files in zip(folders, inside, strict=True):
        names = {name for file in files for name in file.relative_to(folder).parts[:-1]}
        named = [said for name in names if (said := split_name(name)) is not None and said.bare]
        stems = [split_name(file.stem) for file in files]
        if None not in stems:
            named += [said for said in stems if said is not None]
        splits = [split for split in SPLITS if any(said.split == split for said in named)]
        if len(splits) > 1:
            words = " ".join(f"data.{split}={path / split}" for split in splits)
            raise DataError(
                f"{folder}: the folder of a class holds the splits {', '.join(splits)}, which would be read as one. "
                f"Put the splits above the classes ({path / splits[0] / folder.name}), and name them: {words}."
            )


def note_others(classes: Classes, notes: Notes) -> None:
    """Report the content of a folder of classes that is not read."""
    kind = "a text (.txt)" if classes.kind == "text" else "an image"
    if classes.empty:
        places = map(str, classes.empty)
        notes.add(kinds.CLASS_WITHOUT_FILES, *places, number=len(classes.empty), kind_of_file=kind)
    for others in classes.others:
        notes.add(kinds.CLASS_OTHER_FILE, str(others[0]), number=len(others), kind_of_file=kind)
    for repeated in classes.repeated:
        notes.add(kinds.CLASS_LINK, str(repeated[0]), number=len(repeated))


def read_folder(classes: Classes, encoding: str, notes: Notes | None = None) -> Iterator[Row]:
    """One row per file: ``text`` or ``image``, ``label``, the name of its class, and ``file``, as in cat/1.txt.

    Raises:
        DataError: a file is not text in this encoding.
    """
    for file, label in zip(classes.files, classes.labels, strict=True):
        name = f"{label}/{file.name}"
        if classes.kind == "image":
            yield Row({"image": str(file), "label": label, "file": name}, str(file), 1)
        else:
            text = "\n".join(line for _, line in numbered_lines(file, encoding, notes))
            yield Row({"text": text, "label": label, "file": name}, str(file), 1)


def read_images(files: Sequence[Path]) -> Iterator[Row]:
    """One row per image file, with the name of the file."""
    for file in files:
        yield Row({"image": str(file)}, str(file), 1)


def _below(folder: Path) -> _Below:
    """The content of a folder and of the folders in it, except hidden files and folders.

    Symlinks are followed, because collections of images are often linked together. No folder is read twice for a class,
    however many links lead to it, and no parent folder of the class is read.

    Raises:
        DataError: a folder cannot be read.
    """
    found = _Below()
    seen = {_identity(place) for one in (folder.absolute(), folder.resolve()) for place in one.parents}
    seen.add(_identity(folder))
    for where, folders, files in os.walk(folder, onerror=_unreadable, followlinks=True):
        visible = [Path(where) / name for name in sorted(folders) if not name.startswith(".")]
        folders[:] = []
        for place in visible:
            if (identity := _identity(place)) in seen:
                found.repeated.append(place)
            else:
                seen.add(identity)
                folders.append(place.name)
        found.files.extend(Path(where) / name for name in sorted(files) if not name.startswith("."))
    return found


def _identity(folder: Path) -> tuple[int, int]:
    """What identifies a folder, whichever link leads to it."""
    try:
        status = folder.stat()
    except OSError as error:
        _unreadable(error)
    return status.st_dev, status.st_ino


def _unreadable(error: OSError) -> NoReturn:
    raise DataError(
        f"{error.filename}: this folder of a class cannot be read ({error.strerror}). What is in {error.filename} "
        "would be missing from the rows. Make it readable, or remove it."
    ) from error
