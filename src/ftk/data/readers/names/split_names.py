"""Which split a file or a folder is, as its name says."""

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from ftk.config.spelling.writing import pasted

SPLITS = ("train", "validation", "test")
"""The splits, in the order in which they are read."""
_WORDS = {
    "train": ("training", "train", "trn"),
    "validation": ("development", "validation", "valid", "devel", "testa", "val", "dev"),
    "test": ("evaluation", "devtest", "testing", "holdout", "heldout", "testb", "eval", "test", "tst"),
}
_SPLIT_OF = {word: split for split, words in _WORDS.items() for word in words}
_WORD = re.compile(rf"({'|'.join(_SPLIT_OF)})(?:data|set|split)?\d*")
_FOLD = re.compile(r"(^|[^a-z])(fold|cv|split)[^a-z]*#")
"""How the rest of a name says that the file belongs to one of several ways to split the same rows."""
_SHOWN = 8
"""Paths that a message names."""
_TOKEN = re.compile(r"[A-Z]+(?![a-z])\d*|[A-Z]?[a-z]+\d*|\d+")
"""Parts of a name, also of TrainData and NER_train2."""


@dataclass(frozen=True, slots=True)
class SplitName:
    """What a name says about the split.

    Attributes:
        split: train, validation or test.
        word: that says so, such as ``dev``.
        rest: the name without the word, with # for numbers: equal for files that differ only in the split.
    """

    split: str
    word: str
    rest: str

    @property
    def bare(self) -> bool:
        """Whether the name says the split and nothing else but numbers, as in ``train-00000-of-00002``."""
        return not re.search(r"[^\W\d_]", self.rest.replace("of", ""))


@dataclass(frozen=True, slots=True)
class Parts:
    """The files or folders of each split.

    Attributes:
        by_split: those whose names say which split they are.
        unnamed: the others.
        fault: why the names alone do not decide; empty if they do.
    """

    by_split: dict[str, list[Path]]
    unnamed: list[Path]
    fault: str = ""

    @property
    def words(self) -> str:
        """The words for a command line that name each split."""
        return " ".join(f"data.{split}={spelled(paths)}" for split, paths in self.by_split.items())

    def where(self, wanted: str) -> str:
        """The files in words, for a message about the split ``wanted``, and what to type instead."""
        there = ", ".join(f"{paths[0].name} is {split}" for split, paths in self.by_split.items())
        named = {split: _one_of_each_name(paths) for split, paths in self.by_split.items()}
        if wanted not in named and self.unnamed:
            named[wanted] = self.unnamed
        if wanted in named:
            words = Parts({split: named[split] for split in SPLITS if split in named}, []).words
            return f"By their names, {there}. Name the files: {words}."
        return f"By their names, {there}. A file that is named is read, whatever its name says: data.{wanted}=…."


def _one_of_each_name(paths: Sequence[Path]) -> list[Path]:
    """One path for each name without its last ending, rather not a text file: it often has the rows without labels."""
    ordered = sorted(paths, key=lambda path: path.suffix == ".txt")
    kept = {path.with_suffix(""): path for path in reversed(ordered)}.values()
    return [path for path in paths if path in kept]


def spelled(paths: Sequence[Path]) -> str:
    """Some paths as the value of a key, for a shell; of very many, the first."""
    if len(paths) == 1:
        return pasted(paths[0])
    return pasted([*map(str, paths[:_SHOWN]), *(["…"] if len(paths) > _SHOWN else [])])


def split_name(stem: str) -> SplitName | None:
    """What a name without its ending says about the split; None if it says nothing, or two things."""
    tokens = list(_TOKEN.finditer(stem))
    found = [(token, match[1]) for token in tokens if (match := _WORD.fullmatch(token.group().lower()))]
    if len({_SPLIT_OF[word] for _, word in found}) != 1:
        return None
    token, word = found[-1]
    rest = f"{stem[: token.start()]}*{stem[token.end() :]}"
    return SplitName(_SPLIT_OF[word], word, re.sub(r"\d+", "#", rest).lower())


def parts_of_files(stems: Mapping[Path, str], wanted: str) -> Parts | None:
    """The splits that some files of one folder are; None if they are one collection, and all of them are meant.

    A word in a name may be chance, as in ``test-of-time``. The names decide if all files have such a word, if two
    names differ only in it, or if a name is nothing but the word.

    Args:
        stems: the name of each file without its ending.
        wanted: the split that the folder is given for.
    """
    named = {path: name for path, stem in stems.items() if (name := split_name(stem)) is not None}
    splits = {name.split for name in named.values()}
    if not splits:
        return None
    unnamed = [path for path in stems if path not in named]
    if splits == {wanted}:
        parts = _parts(named, unnamed, stems)
        beside = bool(unnamed) and any(name.bare for name in named.values())  # train.csv beside other files
        return parts if parts.fault or beside else None
    few = 2 * len(named) < len(stems)
    if unnamed and few and not _is_clear(named.values(), {stems[path].lower() for path in unnamed}):
        return None  # chance
    return _parts(named, unnamed, stems)


def parts_of_folders(folders: Iterable[Path], *, certain: bool = False) -> Parts | None:
    """The splits that folders are; None if they are something else, such as classes.

    Args:
        folders: all folders in one folder.
        certain: whether they are known to be splits, so that one name is enough.
    """
    folders = list(folders)
    named = {path: name for path in folders if (name := split_name(path.name)) is not None}
    unnamed = [path for path in folders if path not in named]
    if not named or (not certain and unnamed and len({name.split for name in named.values()}) < 2):
        return None
    return _parts(named, unnamed, {path: path.name for path in folders})


def _is_clear(named: Iterable[SplitName], others: set[str]) -> bool:
    """Whether names that say a split do so on purpose."""
    by_rest: dict[str, set[str]] = {}
    for name in named:
        by_rest.setdefault(name.rest, set()).add(name.split)
        if name.bare:
            return True
    without = {rest.replace("*", "").strip("-_. ") for rest in by_rest}  # reviews.csv beside reviews_test.csv
    return any(len(splits) > 1 for splits in by_rest.values()) or bool(without & others)


def _digits(stem: str) -> str:
    return "".join(re.findall(r"\d", stem))


def _parts(named: Mapping[Path, SplitName], unnamed: list[Path], stems: Mapping[Path, str]) -> Parts:
    by_split = {
        split: [path for path, name in named.items() if name.split == split]
        for split in SPLITS
        if any(name.split == split for name in named.values())
    }
    fault = ""
    if any(_FOLD.search(name.rest) for name in named.values()) and len({*map(_digits, stems.values())}) > 1:
        fault = "their names number ways to split the same rows"
    for split, paths in by_split.items():
        words = list(dict.fromkeys(named[path].word for path in paths))
        if len(words) > 1:
            fault = fault or f"both '{words[0]}' and '{words[1]}' may be the {split} split"
        by_stem: dict[str, Path] = {}
        for path in paths:
            other = by_stem.setdefault(stems[path], path)
            if other is not path:
                fault = fault or f"{other.name} and {path.name} may be the same rows"
    return Parts(by_split, unnamed, fault)
