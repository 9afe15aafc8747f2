"""The files that ``ftk predict`` is given."""

import os
from pathlib import Path
from typing import Any

from ftk.config.data_choices import Format
from ftk.config.spelling.writing import pasted
from ftk.contracts import finding_kinds as kinds
from ftk.contracts.findings import SHOWN
from ftk.contracts.notes import Notes
from ftk.data.readers.corpora.beir import is_beir, queries_of
from ftk.data.readers.paths import expand, note_unread_entries
from ftk.data.readers.places.sources import files_behind, held_splits, is_folder_of_files
from ftk.errors import DataError


def refuse_split_folders(spec: Any, format: Format) -> None:
    """Refuse a folder that holds a folder for each split as something to predict for.

    Args:
        spec: a file, folder or glob, or a list of them.
        format: of the data.

    Raises:
        DataError: it is one.
    """
    for item in spec if isinstance(spec, (list, tuple)) else [spec]:
        if isinstance(item, str):
            _refuse_split_folder(item, format)


def _refuse_split_folder(spec: str, format: Format) -> None:
    if format is Format.parallel or is_beir(Path(os.path.expanduser(spec))):
        return
    parts = held_splits(spec, "", format)
    if parts is not None and all(path.is_dir() for paths in parts.by_split.values() for path in paths):
        folders = [path for paths in parts.by_split.values() for path in paths] or parts.unnamed
        raise DataError(
            f"input={spec}: the folder holds a folder for each split ({', '.join(path.name for path in folders)}). "
            f"Name one: input={pasted(folders[-1])}."
        )


def input_files(spec: Any, notes: Notes | None = None) -> list[Path]:
    """The files to predict for; of a folder of BEIR its queries.

    Args:
        spec: a file, folder or glob, or a list of them.
        notes: gets the names of several files, and of what a folder has beside them; None: nobody.

    Raises:
        DataError: there is none.
    """
    folder = Path(os.path.expanduser(spec)) if isinstance(spec, str) else None
    if folder is not None and is_beir(folder):
        return queries_of(folder)
    files = expand(spec, key="input")
    if notes is not None and len(files) > 1:
        shown = ", ".join([*map(str, files[:SHOWN]), *(["…"] if len(files) > SHOWN else [])])
        notes.add(kinds.INPUT_FILES, number_of_files=len(files), shown=shown)
    if notes is not None and folder is not None and is_folder_of_files(folder):
        note_unread_entries("input", folder, [each for file in files for each in files_behind(file)], notes)
    return files
