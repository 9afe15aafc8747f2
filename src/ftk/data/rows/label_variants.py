"""Labels that look alike: they differ only by case, blanks, invisible characters or the normal form of Unicode."""

import unicodedata
from collections.abc import Iterable

from ftk.contracts import finding_kinds as kinds
from ftk.contracts.findings import SHOWN
from ftk.contracts.notes import Notes


def alike(names: Iterable[str]) -> list[tuple[str, ...]]:
    """Groups of names that look alike, each of two names at least, in the order in which they come."""
    groups: dict[str, list[str]] = {}
    for name in names:
        groups.setdefault(_plain(name), []).append(name)
    return [tuple(group) for group in groups.values() if len(group) > 1]


def note_alike(names: Iterable[str], notes: Notes) -> None:
    """Report labels that a reader takes for the same."""
    found = alike(names)
    if found:
        places = [" and ".join(f"{name!r}" for name in group) for group in found[:SHOWN]]
        notes.add(kinds.ALIKE_LABELS, *places, number=len(found))


def looks(names: Iterable[str]) -> frozenset[str]:
    """What a reader sees of names."""
    return frozenset(map(_plain, names))


def is_variant(name: str, seen: frozenset[str]) -> bool:
    """Whether a name looks like one of some names, given what ``looks`` found of them."""
    return _plain(name) in seen


def _plain(name: str) -> str:
    """A name without what a reader does not see or takes for the same."""
    shown = "".join(" " if letter.isspace() else letter for letter in name if unicodedata.category(letter) != "Cf")
    plain = " ".join(unicodedata.normalize("NFKC", shown).casefold().split())
    return "".join(str(unicodedata.decimal(letter, letter)) for letter in plain)  # digits of any script
