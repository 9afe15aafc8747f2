"""What a column of tags looks like, and which of several columns of tags is meant."""

import re
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from ftk.config.spelling.writing import pasted
from ftk.contracts import finding_kinds as kinds
from ftk.contracts.notes import Notes
from ftk.data.rows.tags.tag_spelling import (
    OUTSIDE,
    is_outside_word,
    is_usual_tag,
    look_like_types,
    spelling_of,
)
from ftk.errors import DataError

_MOSTLY = 0.9
"""Share of tags in a column of tags: a mistyped tag is an error to report, and no reason to take another column."""
_CHUNKS = frozenset(
    {"NP", "VP", "PP", "ADVP", "ADJP", "SBAR", "PRT", "CONJP", "INTJ", "LST", "UCP", "NC", "VC", "PC", "NX", "VX", "PX"}
)
_SINGLE = re.compile(r"[A-Z][A-Z0-9$.:|+=_*-]{0,15}|[^\w\s]{1,3}|-[A-Z]{2,4}-|\w?``|''")
_TAGS = 1000
"""Most different tags in a column of them."""
_CLASSES = 64
"""Most different numbers in a column of class numbers, and most different tags of single tokens."""


@dataclass(frozen=True, slots=True)
class Evidence:
    """What speaks for a column of tags.

    Attributes:
        lettered: most values have a letter of a scheme, or are O.
        bare: there is an O, and the other values look like types.
        spans: how many values are not O.
        outside: how many are O.
        different: how many different values there are.
    """

    lettered: bool
    bare: bool
    spans: int
    outside: int
    different: int

    def is_tag_before_token(self, other: "Evidence") -> bool:
        """Whether this first of two columns has the tags of the tokens in the second."""
        if self.lettered and self.spans:
            return not other.lettered
        few = self.different < other.different and 5 * self.outside >= self.spans + self.outside
        return self.bare and few and not (other.lettered or other.bare)


@dataclass(frozen=True, slots=True)
class TagColumn:
    """A column of tags: its number and its tags."""

    number: int
    tags: list[str]


def evidence_of(values: Sequence[str]) -> Evidence:
    """What speaks for a column of tags, from its values."""
    counts = Counter(values)
    total = len(values)
    usual = sum(number for tag, number in counts.items() if is_usual_tag(tag))
    if usual < _MOSTLY * total and len(counts) > _TAGS:
        return Evidence(False, False, total, 0, len(counts))  # words
    spelling = spelling_of(counts, bare=True)
    outside = sum(counts[word] for word in (OUTSIDE, *spelling.words))
    lettered = usual >= _MOSTLY * total or spelling.lettered
    types = {tag: number for tag, number in counts.items() if tag != OUTSIDE and tag not in spelling.words}
    bare = not lettered and bool(types) and outside > 0 and look_like_types(_without_odd(types), total)
    return Evidence(lettered, bare, total - outside, outside, len(counts))


def look_like_single_tags(values: Sequence[str], tokens: Sequence[str]) -> bool:
    """Whether values are tags of single tokens: class numbers, or few names, in capitals as parts of speech are."""
    counts, words = Counter(values), Counter(tokens)
    if all(value.isdecimal() for value in counts):
        return len(counts) <= _CLASSES and not all(word.isdecimal() for word in words)
    capital = sum(number for value, number in counts.items() if _SINGLE.fullmatch(value))
    capital_words = sum(number for word, number in words.items() if _SINGLE.fullmatch(word))
    if capital >= _MOSTLY * len(values) and capital_words < _MOSTLY * len(tokens):
        return True
    few = 1 < len(counts) <= _CLASSES and 5 * len(counts) <= len(values) and 2 * len(counts) < len(words)
    return few and not any(" " in value or not value for value in counts)


def chosen_of(
    path: Path | str, names: Sequence[str], columns: Sequence[TagColumn], notes: Notes, *, labelled: bool
) -> int:
    """The column that is meant of one or more columns of tags; what spoke for it goes to the notes.

    Raises:
        DataError: content does not decide.
    """
    entities = {column.number: _entities(column.tags) for column in columns}
    left = [column for column in columns if entities[column.number]] or list(columns[-1:])
    flat = [column for column in left if not _is_nested(column.tags)]
    left = flat or left
    chunks = [column for column in left if _are_chunks(entities[column.number])]
    if len(chunks) < len(left):
        left = [column for column in left if column not in chunks]
    weighed = _weighed(names, columns, entities, chunks)
    if not labelled:
        return left[-1].number
    best = max(left, key=lambda column: (len(_covered(entities[column.number])), column.number))
    outer = all(_is_inner(entities[one.number], entities[best.number]) for one in left if one is not best)
    if outer or all(one.tags == best.tags for one in left):
        if len(columns) > 1:
            notes.add(kinds.TAG_COLUMNS, file=str(path), columns=weighed, taken=names[best.number])
        return best.number
    ways = " or ".join(f"data.columns.tags={pasted(names[column.number])}" for column in left)
    raise DataError(f"{path}: {len(left)} columns look like tags: {weighed}. Say which one is meant: {ways}.")


def _weighed(
    names: Sequence[str],
    columns: Sequence[TagColumn],
    entities: dict[int, set[tuple[int, int, str]]],
    chunks: Sequence[TagColumn],
) -> str:
    """The columns with the share of their tokens in spans."""
    parts = []
    for column in columns:
        found = entities[column.number]
        share = f"{100 * len(_covered(found)) / len(column.tags):.1f} %".replace(".0 %", " %")
        parts.append(f"'{names[column.number]}' ({share} of the tokens in {'chunks' if column in chunks else 'spans'})")
    return ", ".join(parts)


def _entities(tags: Sequence[str]) -> set[tuple[int, int, str]]:
    """The spans of the tags of all tokens: first token, last token, type. Sentences follow each other without a gap."""
    counts = Counter(tags)
    spelling = spelling_of(counts, bare=True)
    usual = spelling.as_usual(tags)
    if usual is None:  # brackets within brackets: the innermost type that opens at each token
        usual = [f"B-{tag.rstrip('*)').rpartition('(')[2]}" if "(" in tag else OUTSIDE for tag in tags]
    found: list[tuple[int, int, str]] = []
    before = ""
    for number, tag in enumerate(usual):
        if tag == OUTSIDE or is_outside_word(tag):
            before = ""
            continue
        begins, kind = (tag[0] in "BSUW", tag[2:]) if is_usual_tag(tag) else (False, tag)
        if found and not begins and before == kind:
            found[-1] = (found[-1][0], number, kind)
        else:
            found.append((number, number, kind))
        before = kind
    return set(found)


def _is_nested(tags: Sequence[str]) -> bool:
    """Whether the tags are brackets within brackets, as those of a parse tree are."""
    return spelling_of(Counter(tags), bare=True).as_usual(tags) is None


def _covered(found: set[tuple[int, int, str]]) -> set[int]:
    return {number for first, last, _ in found for number in range(first, last + 1)}


def _are_chunks(found: set[tuple[int, int, str]]) -> bool:
    return bool(found) and sum(kind.split("|")[0] in _CHUNKS for _, _, kind in found) >= _MOSTLY * len(found)


def _is_inner(inner: set[tuple[int, int, str]], outer: set[tuple[int, int, str]]) -> bool:
    """Whether spans are nested in others.

    Spans that are the same ones are no layer, but another version of them; spans of other types are about other things.
    """
    alike = {kind for _, _, kind in inner} & {kind for _, _, kind in outer}
    return bool(alike) and _covered(inner) <= _covered(outer) and 2 * len(inner & outer) < len(inner)


def _without_odd(types: dict[str, int]) -> dict[str, int]:
    """Types without those that are too rare to count as evidence against all."""
    total = sum(types.values())
    return {name: number for name, number in types.items() if total < 50 or 100 * number > total} or types


def column_of_spans(path: Path | str, tags: Mapping[str, Sequence[str]], notes: Notes, *, labelled: bool) -> str | None:
    """The name of the column with tags of spans; None if no column, or the first alone, looks like that.

    Args:
        path: the file, for messages.
        tags: the tags of all tokens by column, in the order in which columns are tried.
        notes: collects how several columns were weighed.
        labelled: whether a choice without a reason is an error.

    Raises:
        DataError: content does not decide.
    """
    names = list(tags)
    evidence = {name: evidence_of(values) for name, values in tags.items()}
    found = [name for name in names if evidence[name].lettered] or [name for name in names if evidence[name].bare]
    if not found:
        return None
    columns = [TagColumn(names.index(name), list(tags[name])) for name in found]
    return names[chosen_of(path, names, columns, notes, labelled=labelled)]
