"""Folders that ``save_to_disk`` of the ``datasets`` library wrote: a Dataset, or a DatasetDict of splits."""

import hashlib
import json
from pathlib import Path
from typing import Any

from ftk.errors import DataError, first_line
from ftk.system.digests import sha256

_DATASET = "state.json"
_SPLITS = "dataset_dict.json"


def is_saved_dataset(folder: Path) -> bool:
    """Whether a folder holds a saved Dataset, so its rows."""
    return (folder / _DATASET).is_file() and (folder / "dataset_info.json").is_file()


def is_saved_dict(folder: Path) -> bool:
    """Whether a folder holds a saved DatasetDict, so a folder for each split."""
    return (folder / _SPLITS).is_file()


def saved_splits(folder: Path) -> list[Path]:
    """The folders of the splits of a saved DatasetDict.

    Raises:
        DataError: the file that lists them cannot be read, or names a folder that does not exist.
    """
    listing = folder / _SPLITS
    try:
        names = json.loads(listing.read_text(encoding="utf-8"))["splits"]
        folders = [folder / str(name) for name in names]
    except (OSError, ValueError, KeyError, TypeError, RecursionError) as error:
        raise DataError(f"{listing}: this is not the list of splits that save_to_disk writes ({error}).") from error
    for path in folders:
        if not is_saved_dataset(path):
            raise DataError(f"{listing} lists a split '{path.name}', but {path} is not a saved dataset.")
    return folders


def lists_of_splits(folder: Path) -> list[Path]:
    """The file that lists the splits of a saved DatasetDict; empty for any other folder."""
    return [folder / _SPLITS] if is_saved_dict(folder) else []


def files_of(folder: Path) -> list[Path]:
    """The files of a saved Dataset."""
    return sorted(path for path in folder.iterdir() if path.is_file() and not path.name.startswith("cache-"))


def digest_of_saved(folder: Path) -> str:
    """One SHA-256 over all files of a saved Dataset."""
    digest = hashlib.sha256()
    for path in files_of(folder):
        digest.update(f"{path.name}\0{sha256(path)}\n".encode("utf-8", "surrogateescape"))
    return digest.hexdigest()


def load_saved(folder: Path) -> Any:
    """A saved Dataset, or a saved DatasetDict as a mapping of splits.

    Raises:
        DataError: it cannot be loaded.
    """
    import datasets

    datasets.disable_progress_bars()
    try:
        return datasets.load_from_disk(str(folder))
    except Exception as error:  # the library raises errors of many libraries below it; each ends the reading
        raise DataError(
            f"{folder}: the saved dataset cannot be loaded ({type(error).__name__}: {first_line(error)})."
        ) from error
