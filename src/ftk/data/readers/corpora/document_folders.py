"""Folders with a folder for each document, and in it a file for each annotator, as INCEpTION exports them."""

from collections import Counter
from collections.abc import Sequence
from pathlib import Path

from ftk.data.readers.decoding.encodings import AUTO
from ftk.data.readers.decoding.lines import first_lines
from ftk.data.readers.tagged.webanno import is_webanno
from ftk.errors import DataError

_UNANNOTATED = "INITIAL_CAS"
"""The name of the file with a document as it was before anybody annotated it."""


def files_of_documents(folders: Sequence[Path], item: str, key: str) -> list[Path]:
    """The file of each document; empty if the folders do not hold documents in WebAnno TSV.

    Args:
        folders: one for each document.
        item: the folder that they are in, as the config names it.
        key: the config key that names it.

    Raises:
        DataError: documents have files of several annotators.
    """
    files = [
        [file for file in sorted(folder.glob("*.tsv")) if file.is_file() and file.stem != _UNANNOTATED]
        for folder in folders
    ]
    if not all(files) or not all(is_webanno("".join(first_lines(file, AUTO)[:1])) for each in files for file in each):
        return []
    if any(len(each) > 1 for each in files):
        annotators = Counter(file.name for each in files for file in each)
        name, number = annotators.most_common(1)[0]
        names = ", ".join(sorted(annotators))
        raise DataError(
            f"{key}={item}: {len(files):,} documents have files of several annotators ({names}). "
            f"Name those of one: {key}={item.rstrip('/')}/*/{name} ({number:,} documents)."
        )
    return [file for each in files for file in each]


def ending_in(folders: Sequence[Path], known: Sequence[str]) -> str:
    """The most frequent of some endings among the files in folders; empty if there is none of them."""
    found = Counter(file.suffix.lower() for folder in folders for file in folder.glob("*") if file.is_file())
    return max((ending for ending in found if ending in known), key=lambda ending: found[ending], default="")
