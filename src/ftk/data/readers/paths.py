"""Which files a user means by a path, a glob, a folder or a list of them."""

import glob
import os
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from ftk.contracts import finding_kinds as kinds
from ftk.contracts.findings import SHOWN
from ftk.contracts.notes import Notes
from ftk.data.images.decoding import is_image_name
from ftk.data.readers.lines import COMPRESSED
from ftk.errors import DataError

ENDINGS = {
    ".conll": "conll",
    ".conllu": "conll",
    ".conllup": "conll",
    ".iob": "conll",
    ".iob2": "conll",
    ".bio": "conll",
    ".jsonl": "jsonl",
    ".ndjson": "jsonl",
    ".json": "jsonl",
    ".csv": "csv",
    ".tsv": "csv",
    ".parquet": "parquet",
    ".txt": "text",
}


def kind_of_name(path: Path | str) -> str | None:
    """The format that the ending of a file's name stands for, compressed or not; None for an unknown ending."""
    path = Path(path)
    if path.suffix.lower() in COMPRESSED:
        path = path.with_suffix("")
    return ENDINGS.get(path.suffix.lower())


def expand(spec: Any, *, key: str) -> list[Path]:
    """The files that a path, a glob, a folder or a list of them stands for, sorted within each.

    Args:
        spec: what the config says.
        key: the config key, for the messages.

    Raises:
        DataError: there is no such file, a folder holds no data file, or ``spec`` is no text.
    """
    items = spec if isinstance(spec, (list, tuple)) and spec else [spec]
    files: list[Path] = []
    for item in items:
        if not isinstance(item, str) or not item:
            raise DataError(f"{key}={item!r}: expected a path, a glob, a folder, or a list of them.")
        files += _expand_one(os.path.expanduser(item), key)
    return files


def _expand_one(item: str, key: str) -> list[Path]:
    path = Path(item)
    if path.is_dir():
        visible = sorted(child for child in path.iterdir() if not child.name.startswith(".") and child.is_file())
        # Images next to data files are those that the data files name; on their own they are rows.
        found = [child for child in visible if kind_of_name(child) is not None] or [*filter(is_image_name, visible)]
        if not found:
            beside = [child.name for child in visible]
            hint = ""
            if beside and any(path.glob("*/*.txt")):
                hint = f" One folder per class is read where no file is beside the folders ({beside[0]})."
            elif not beside and any(child.is_file() for child in path.glob("*/*")):
                hint = f" Folders in it are not searched: name one of them, or a glob: {item.rstrip('/')}/*/*.jsonl."
            known = f"no file with a known ending ({_listed(ENDINGS)}), and no image"
            raise DataError(f"{key}={item}: the folder holds {known}.{hint}")
        return found
    if path.exists():
        return [path]
    _check_listable(item, key)
    found = sorted(Path(match) for match in glob.glob(item, recursive=True) if Path(match).is_file())
    if found:
        return found
    if any(sign in item for sign in "*?["):
        raise DataError(f"{key}={item}: no file matches.")
    near = _near(path)
    raise DataError(f"{key}={item}: there is no such file or folder (resolved to {path.absolute()}).{near}")


def _check_listable(pattern: str, key: str) -> None:
    """Check that every folder that a glob looks into can be read; a glob skips the others silently.

    Raises:
        DataError: one cannot be read.
    """
    parts = Path(pattern).parts
    for number, part in enumerate(parts):
        if not glob.has_magic(part):
            continue
        above = str(Path(*parts[:number]))
        # Down to the folders that two stars stand for, there and below.
        looked_into = glob.glob(os.path.join(above, "**", ""), recursive=True) if part == "**" else glob.glob(above)
        for folder in looked_into:
            if os.path.isdir(folder) and not os.access(folder, os.R_OK | os.X_OK):
                raise DataError(f"{key}={pattern}: the folder {folder} cannot be read, and files in it may be meant.")


def note_unread_entries(specs: dict[str, Any], notes: Notes) -> None:
    """Report the entries of the named folders that are not read: files with other endings, and folders."""
    for name, spec in specs.items():
        for item in spec if isinstance(spec, (list, tuple)) else [spec]:
            folder = Path(os.path.expanduser(str(item)))
            if not folder.is_dir():
                continue
            inside = sorted(child for child in folder.iterdir() if not child.name.startswith("."))
            read = set(_expand_one(str(folder), f"data.{name}"))
            left = [child for child in inside if child not in read]
            if left:
                names = [child.name + ("/" if child.is_dir() else "") for child in left[:SHOWN]]
                notes.add(
                    kinds.ENTRIES_NOT_READ,
                    key=f"data.{name}",
                    folder=str(item),
                    left_out=len(left),
                    entries=len(inside),
                    names=[*names, *(["…"] if len(left) > SHOWN else [])],
                )


def _near(path: Path) -> str:
    import difflib

    if not path.parent.is_dir():
        return ""
    names = difflib.get_close_matches(path.name, [child.name for child in path.parent.iterdir()], n=1)
    return f" Did you mean '{path.parent / names[0]}'?" if names else ""


def _listed(names: Sequence[str] | dict[str, str]) -> str:
    return ", ".join(names)
