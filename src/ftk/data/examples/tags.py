"""Tags of words: detects whether they mark spans and in which scheme, and converts them to IOB2.

IOB1: Ramshaw and Marcus 1995; IOB2: Tjong Kim Sang and Veenstra 1999; BIOES, BILOU and BMEWO differ in letters only.
"""

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from enum import Enum
from functools import lru_cache

OUTSIDE = "O"
_DISGUISED = re.compile(r"^([o0]|[bieslu][-_].+|.+[-_][BIESLU])$")
_LETTERS = {"B": "B", "I": "I", "M": "I", "E": "E", "L": "E", "S": "S", "U": "S", "W": "S"}


class Units(Enum):
    """Whether tags mark spans of words or belong to single words."""

    auto = "auto"
    spans = "spans"
    tokens = "tokens"


class Scheme(Enum):
    """How tags mark where an entity begins."""

    auto = "auto"
    iob1 = "iob1"
    iob2 = "iob2"
    bioes = "bioes"
    bare = "bare"


@dataclass(frozen=True, slots=True)
class Tag:
    """One tag: B, I, E, S, O, or an empty letter for a bare type."""

    letter: str
    type: str


@lru_cache(maxsize=4096)  # a corpus has millions of tags, but few different ones
def parse_tag(tag: str) -> Tag | None:
    """The parts of a tag; None if it belongs to no scheme."""
    if tag == OUTSIDE:
        return Tag("O", "")
    if len(tag) > 2 and tag[1] in "-_" and tag[0] in _LETTERS:
        return Tag(_LETTERS[tag[0]], tag[2:])
    if not tag or tag[0] in "-_" or tag.isspace():
        return None
    return Tag("", tag)


def is_disguised(tag: str) -> bool:
    """Whether a tag looks like a span scheme in another spelling: 'o', 'b-per', 'PER-B'."""
    return _DISGUISED.match(tag) is not None


def units_of(counts: Mapping[str, int]) -> Units:
    """Whether the tags of a corpus are of spans: one of them is O, or most have a letter of a scheme.

    It is most, not all or one, because a mistyped tag of a span should be reported, and a part of speech may look like
    ``S-X``.

    Args:
        counts: how often each tag occurs.

    Returns:
        ``auto`` if there are no tags, or most look like a span scheme in another spelling.
    """
    total = sum(counts.values())
    lettered = sum(count for tag, count in counts.items() if (read := parse_tag(tag)) is not None and read.letter)
    disguised = sum(count for tag, count in counts.items() if is_disguised(tag))
    if OUTSIDE in counts or 2 * lettered > total:
        return Units.spans
    return Units.auto if not total or 2 * disguised > total else Units.tokens


def detect(sequences: Iterable[Sequence[Tag]]) -> Scheme:
    """The scheme of a corpus, from the letters in its tags and from how its entities begin."""
    letters: set[str] = set()
    inside_starts = begin_elsewhere = 0
    for tags in sequences:
        previous = Tag("O", "")
        for tag in tags:
            letters.add(tag.letter)
            continues = previous.type == tag.type and previous.letter != "O"
            if tag.letter == "I" and not continues:
                inside_starts += 1
            elif tag.letter == "B":
                begin_elsewhere += not continues
            previous = tag
    if letters & {"E", "S"}:
        return Scheme.bioes
    if "" in letters and not letters & {"B", "I"}:
        return Scheme.bare
    # In IOB1 every entity begins with I; B only separates two neighbours of one type.
    if inside_starts and not begin_elsewhere:
        return Scheme.iob1
    return Scheme.iob2


def to_iob2(tags: Sequence[Tag], scheme: Scheme) -> tuple[list[str], list[int]]:
    """Tags in IOB2, and the positions of tags that their own scheme does not allow.

    A tag that continues an entity that never began is read as its beginning, as in conlleval.
    """
    result: list[str] = []
    broken: list[int] = []
    previous = Tag("O", "")
    for position, tag in enumerate(tags):
        continues = previous.letter not in ("O", "S", "E") and previous.type == tag.type
        if tag.letter == "O":
            result.append(OUTSIDE)
        elif tag.letter in ("B", "S"):
            result.append(f"B-{tag.type}")
        elif tag.letter == "":
            result.append(f"{'I' if continues else 'B'}-{tag.type}")
        else:
            result.append(f"{'I' if continues else 'B'}-{tag.type}")
            if not continues and scheme is not Scheme.iob1:
                broken.append(position)
        closes = tag.letter in ("I", "E") and continues
        if scheme is Scheme.bioes and previous.letter in ("B", "I") and not closes:
            broken.append(position)  # the entity before was never closed
        previous = tag
    if scheme is Scheme.bioes and previous.letter in ("B", "I"):
        broken.append(len(tags) - 1)
    return result, sorted(set(broken))


def entities(tags: Sequence[str]) -> list[tuple[str, int, int]]:
    """The entities of a valid IOB2 sequence: type, first position, position after the last."""
    found: list[tuple[str, int, int]] = []
    for position, tag in enumerate(tags):
        if tag[0] == "B":
            found.append((tag[2:], position, position + 1))
        elif tag[0] == "I":
            kind, start, _ = found[-1]
            found[-1] = (kind, start, position + 1)
    return found


def strict_entities(tags: Sequence[str]) -> list[tuple[str, int, int]]:
    """The entities of tags that need not be valid: type, first position, position after the last.

    An I- that continues nothing is none, as seqeval reads tags with ``mode="strict", scheme=IOB2``.
    """
    found: list[tuple[str, int, int]] = []
    kind: str | None = None
    begin = 0
    for at, tag in enumerate([*tags, OUTSIDE]):
        if kind is not None and tag != f"I-{kind}":
            found.append((kind, begin, at))
            kind = None
        if tag.startswith("B-"):
            kind, begin = tag[2:], at
    return found


def iob2_labels(types: Iterable[str]) -> list[str]:
    """The tags of these entity types, in the order in which models have them: O, B-A, I-A, B-B, …"""
    return [OUTSIDE, *(f"{letter}-{kind}" for kind in sorted(set(types)) for letter in "BI")]
