"""Which files a user means by a path, a glob, a folder or a list of them."""

import glob
import os
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

from ftk.contracts import finding_kinds as kinds
from ftk.contracts.findings import SHOWN
from ftk.contracts.notes import Notes
from ftk.data.images.decoding import is_image_name
from ftk.data.readers.corpora.brat import with_texts
from ftk.data.readers.corpora.document_folders import ending_in, files_of_documents
from ftk.data.readers.corpora.saved_datasets import is_saved_dataset
from ftk.data.readers.decoding.lines import COMPRESSED
from ftk.data.readers.names.split_names import Parts, parts_of_files, split_name
from ftk.data.readers.unread import kind_of_entry
from ftk.errors import DataError

ENDINGS = {
    ".conll": "conll",
    ".conllu": "conll",
    ".conllup": "conll",
    ".iob": "conll",
    ".iob2": "conll",
    ".bio": "conll",
    ".conllx": "conll",
    ".bioes": "conll",
    ".iobes": "conll",
    ".bilou": "conll",
    ".bmes": "conll",
    ".jsonl": "jsonl",
    ".ndjson": "jsonl",
    ".json": "jsonl",
    ".csv": "csv",
    ".tsv": "csv",
    ".parquet": "parquet",
    ".arrow": "arrow",
    ".feather": "arrow",
    ".xlsx": "xlsx",
    ".xlsm": "xlsx",
    ".txt": "text",
}
_PLAIN = ("", ".raw", ".tokens")
"""Endings of files whose names say which split they are, as in wiki.train.tokens."""
_ABOUT = ("readme", "license", "licence", "copying", "citation", "changelog", "dataset_info", "dataset_infos")
"""Names of files that say something about the data."""


def kind_of_name(path: Path | str) -> str | None:
    """The format that the ending of a file's name stands for, compressed or not; None for an unknown ending."""
    path = Path(path)
    if path.suffix.lower() in COMPRESSED:
        path = path.with_suffix("")
    return ENDINGS.get(_ending(path))


def stem_of(path: Path) -> str:
    """The name of a file without the endings that say what it is."""
    if path.suffix.lower() in COMPRESSED:
        path = path.with_suffix("")
    return path.stem if _ending(path) in (*ENDINGS, *_PLAIN) else path.name


def _ending(path: Path) -> str:
    """The ending of a name in small letters; those of OntoNotes (``.v4_gold_conll``) are that of CoNLL columns."""
    ending = path.suffix.lower()
    return ".conll" if ending.endswith("_conll") else ending


def expand(spec: Any, *, key: str) -> list[Path]:
    """The files that a path, a glob, a folder or a list of them stands for, sorted within each.

    A folder that ``save_to_disk`` wrote stands for itself.

    Args:
        spec: what the config says.
        key: the config key, for the messages.

    Raises:
        DataError: there is no such file, a folder holds no data file, a glob matches files of several splits, or
            ``spec`` is no text.
    """
    items = spec if isinstance(spec, (list, tuple)) and spec else [spec]
    files: list[Path] = []
    for item in items:
        if not isinstance(item, str) or not item:
            raise DataError(f"{key}={item!r}: expected a path, a glob, a folder, or a list of them.")
        files += _expand_one(os.path.expanduser(item), key)
    return files


def data_files(folder: Path) -> list[Path]:
    """The files that a folder stands for; empty if it holds none."""
    visible = [entry for entry in entries_of(folder) if entry.is_file()]
    # Images next to data files are those that the data files name; on their own they are rows.
    known = [entry for entry in visible if kind_of_name(entry) is not None]
    rows = [entry for entry in known if not _is_about(entry)] or known
    return rows or [entry for entry in visible if _is_named_split(entry)] or [*filter(is_image_name, visible)]


def entries_of(folder: Path) -> list[Path]:
    """What is in a folder, without hidden files and folders, sorted."""
    return sorted(child for child in folder.iterdir() if not child.name.startswith("."))


def parts_of(files: Iterable[Path], wanted: str) -> Parts | None:
    """The splits that some files are by their names; None if they are one collection. See ``parts_of_files``."""
    return parts_of_files({path: stem_of(path) for path in files}, wanted)


def _is_named_split(path: Path) -> bool:
    """Whether a file without a known ending is named like a split, as eng.testa and wiki.train.tokens are."""
    name = split_name(stem_of(path))
    return name is not None and (path.suffix.lower() in _PLAIN or split_name(path.suffix) is not None)


def _is_about(path: Path) -> bool:
    return path.name.partition(".")[0].lower() in _ABOUT


def _expand_one(item: str, key: str) -> list[Path]:
    path = Path(item)
    if path.is_dir():
        return [path] if is_saved_dataset(path) else _in_folder(path, item, key)
    if path.exists():
        return with_texts([path])
    _check_listable(item, key)
    found = sorted(Path(match) for match in glob.glob(item, recursive=True) if Path(match).is_file())
    if found:
        found = with_texts(found)
        _refuse_all_splits(found, item, key)
        return found
    if any(sign in item for sign in "*?["):
        raise DataError(f"{key}={item}: no file matches.")
    near = _near(path)
    raise DataError(f"{key}={item}: there is no such file or folder (resolved to {path.absolute()}).{near}")


def _in_folder(folder: Path, item: str, key: str) -> list[Path]:
    found = data_files(folder)
    if found:
        return found
    inside = entries_of(folder)
    beside = [entry for entry in inside if entry.is_file()]
    hint = f" In it: {not_read(inside)}." if inside else ""
    below = [entry for entry in inside if entry.is_dir() and any(child.is_file() for child in entry.glob("*"))]
    if below and not beside and (documents := files_of_documents(below, item, key)):
        return documents
    if len(below) == 1:
        hint += f" Name the folder in it: {key}={below[0]}."
    if beside and any(folder.glob("*/*.txt")):
        hint = f" One folder per class is read where no file is beside the folders ({beside[0].name})."
    elif inside and not beside and not below:
        hint += " Folders in it are not searched: name the one that holds the files."
    elif len(below) > 1 and not beside:
        hint = " Folders in it are not searched: name one of them"
        if ending := ending_in(below, list(ENDINGS)):
            hint += f", or a glob: {item.rstrip('/')}/*/*{ending}"
        hint += "."
    elif len(pairs := _parallel_pairs(beside)) > 0:
        named = [pair for pair in pairs if (name := split_name(pair[0].stem)) and key == f"data.{name.split}"]
        one, other = (named or pairs)[0]
        hint = f" Two files whose lines belong together are read with data=parallel {key}=[{one},{other}], the sources"
        hint += " first."
    known = f"no file with a known ending ({', '.join(ENDINGS)}), and no image"
    raise DataError(f"{key}={item}: the folder holds {known}.{hint}")


def _refuse_all_splits(found: list[Path], item: str, key: str) -> None:
    """Refuse a glob that matches the files of several splits: what is held out would be learned."""
    wanted = key.removeprefix("data.")
    if wanted == key:
        return  # what is predicted for is not learned
    by_folder: dict[Path, list[Path]] = {}
    for path in found:
        by_folder.setdefault(path.parent, []).append(path)
    for parts in (_parts_of_parents(found, item), *(parts_of(files, wanted) for files in by_folder.values())):
        if parts is not None and len(parts.by_split) > 1:
            together = _all_of(found)
            raise DataError(
                f"{key}={item}: the glob matches files of several splits. {parts.where(wanted)} If all of them are "
                f"meant, list them: {key}={together}."
            )


def _parts_of_parents(found: Sequence[Path], pattern: str) -> Parts:
    """The splits that the folders say which a glob looks into, as in d/**/*.csv for d/train/a.csv."""
    fixed = next(number for number, part in enumerate(Path(pattern).parts) if glob.has_magic(part))
    by_split: dict[str, list[Path]] = {}
    for path in found:
        for part in path.parts[fixed:-1]:
            name = split_name(part)
            if name is not None and name.bare:
                by_split.setdefault(name.split, []).append(path)
                break
    return Parts(by_split, [])


def _all_of(paths: Sequence[Path]) -> str:
    """All of some paths as a list on a command line."""
    return f"[{','.join(map(str, paths))}]"


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


def note_unread_entries(key: str, folder: Path, read: Iterable[Path], notes: Notes) -> None:
    """Report the entries of a folder that are not read, and why.

    Args:
        key: the config key that names the folder.
        folder: any folder.
        read: what is read of it.
        notes: collects the finding.
    """
    inside = entries_of(folder)
    taken = set(read)
    left = [entry for entry in inside if entry not in taken]
    if left:
        notes.add(
            kinds.ENTRIES_NOT_READ,
            key=key,
            folder=str(folder),
            left_out=len(left),
            entries=len(inside),
            names=[_shown(entry) for entry in left[:SHOWN]] + (["…"] if len(left) > SHOWN else []),
            why=not_read(left),
        )


def not_read(entries: Sequence[Path]) -> str:
    """The names of entries that are not read, each group with its reason."""
    groups: dict[str, list[str]] = {}
    for entry in entries[:SHOWN]:
        groups.setdefault(_why_not_read(entry), []).append(_shown(entry))
    shown = "; ".join(f"{', '.join(names)} ({reason})" for reason, names in groups.items())
    return f"{shown}; …" if len(entries) > SHOWN else shown


def _shown(entry: Path) -> str:
    return entry.name + ("/" if entry.is_dir() else "")


def _why_not_read(entry: Path) -> str:
    ending = entry.suffix.lower()
    if entry.is_dir():
        return "a folder"
    if not entry.exists():
        return "a link that leads nowhere"
    if ending == ".py":
        return "a program; a dataset with a loading script is read by data=hub data.revision=refs/convert/parquet"
    if is_image_name(entry):
        return "an image; the data files may name it"
    if _is_about(entry):
        return "about the data"
    if ending == ".ann":
        return "no text of that name"
    if (kind := kind_of_entry(entry)) is not None:
        return kind.name
    if kind_of_name(entry) is not None:
        return "its name says no split" if split_name(stem_of(entry)) is None else "another split"
    return "no known ending"


def _parallel_pairs(files: Sequence[Path]) -> list[tuple[Path, Path]]:
    """Files that differ only in a short ending, such as the names of two languages."""
    by_stem: dict[str, list[Path]] = {}
    for path in files:
        if 1 < len(path.suffix) <= 8:
            by_stem.setdefault(path.stem, []).append(path)
    return [(found[0], found[1]) for found in by_stem.values() if len(found) == 2]


def _near(path: Path) -> str:
    import difflib

    if not path.parent.is_dir():
        return ""
    names = difflib.get_close_matches(path.name, [child.name for child in path.parent.iterdir()], n=1)
    return f" Did you mean '{path.parent / names[0]}'?" if names else ""
