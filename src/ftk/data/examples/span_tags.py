"""The tags of all rows of a split as IOB2: their spelling and scheme are found from all rows together."""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from itertools import chain

from ftk.contracts import finding_kinds as kinds
from ftk.contracts.findings import SHOWN
from ftk.contracts.notes import Notes
from ftk.contracts.row import Row
from ftk.data.examples.tags import OUTSIDE, Scheme, Tag, detect, is_disguised, parse_tag, to_iob2
from ftk.data.rows.label_names import is_number
from ftk.data.rows.tags.tag_spelling import (
    Spelling,
    holds_several,
    is_outside_sign,
    is_outside_word,
    is_unbalanced,
    look_like_types,
    looks_like_type,
    shown,
    spelling_of,
)

_FEW = 50
"""Tokens from which it is worth a word that none of them is outside of all spans."""
Tagged = Sequence[tuple[Row, Sequence[str], Sequence[str]]]
"""Rows with their tokens, and the tag of each token as the row spells it."""


def iob2_of(rows: Tagged, scheme: Scheme, broken_tags: str, notes: Notes) -> list[list[str] | None]:
    """The tags of each row in IOB2; None for a row with a fault, which the notes have.

    Args:
        rows: all rows of a split that have tags.
        scheme: how tags mark where a span begins; ``auto`` finds it.
        broken_tags: the policy for tags that cannot follow the one before.
        notes: collects how the tags were read, and faults.
    """
    if not rows:
        return []
    counts = Counter(chain.from_iterable(tags for _, _, tags in rows))
    if counts.keys() - {"0"} and all(map(is_number, counts)):  # zeros alone stand for O
        for row, _, names in rows:
            if names:
                notes.add(kinds.NUMBERED_TAGS, f"{row.where_token(0)}: {names[0]!r}", number=len(names))
        return [None] * len(rows)
    spelling = spelling_of(counts, bare=True)
    if scheme is Scheme.bare:  # tags are types as they are, except for the one that stands for O
        spelling = Spelling(spelling.words, dict.fromkeys(spelling.words, OUTSIDE))
    _report(spelling, counts, notes)
    table = {tag: _read(spelling.written.get(tag, tag)) for tag in {*counts, *spelling.written.values()}}
    unknown = frozenset(tag for tag in counts if table[tag] is None) if not spelling.bracketed else frozenset()
    parsed = [_parsed(row, tokens, tags, spelling, table, unknown, notes) for row, tokens, tags in rows]
    found = scheme if scheme is not Scheme.auto else detect(tags for tags in parsed if tags is not None)
    refused = _refused(rows, counts, spelling, found, by_content=scheme is Scheme.auto, notes=notes)
    notes.add(
        kinds.TAG_SCHEME,
        policy=None if found is Scheme.iob2 else "converted",
        scheme="bare types" if found is Scheme.bare else found.value.upper(),
        found_by="found by their letters" if scheme is Scheme.auto else "task.tag_scheme",
    )
    looked_for = frozenset(tag for tag, read in table.items() if read is not None and not read.letter)
    if found is Scheme.bare or spelling.bracketed:
        looked_for = refused
    if scheme is Scheme.bare:
        _note_lettered(rows, counts, table, notes)
    result: list[list[str] | None] = []
    for (row, _, names), tags in zip(rows, parsed, strict=True):
        if tags is None:
            result.append(None)
            continue
        if looked_for:
            _note_letterless(row, names, looked_for, refused, notes)
        result.append(_converted(row, names, tags, found, broken_tags, notes))
    return result


def _report(spelling: Spelling, counts: Mapping[str, int], notes: Notes) -> None:
    """Report the spelling, if it is not the usual one."""
    if spelling.words:
        number = sum(counts[word] for word in spelling.words)
        notes.add(kinds.OUTSIDE_WORD, number=number, words=shown(map(repr, spelling.words)))
    if spelling.bracketed:
        written = sorted(tag for tag in counts if tag.startswith("("))
        notes.add(kinds.TAG_SPELLING, written=shown(written), usual="B-… and I-…")
        return
    other = sorted(tag for tag in spelling.written if tag not in spelling.words)
    if other:
        usual = [spelling.written[tag] for tag in other]
        notes.add(kinds.TAG_SPELLING, written=shown(other), usual=shown(usual))


def _read(tag: str) -> Tag | None:
    """The parts of a tag in the usual spelling; None if it is none, or holds several, or an open bracket."""
    parts = parse_tag(tag.strip())
    return None if parts is None or is_unbalanced(parts.type) or holds_several(parts.type) else parts


def _parsed(
    row: Row,
    tokens: Sequence[str],
    names: Sequence[str],
    spelling: Spelling,
    table: Mapping[str, Tag | None],
    unknown: frozenset[str],
    notes: Notes,
) -> list[Tag] | None:
    if spelling.bracketed:
        usual = spelling.as_usual(names)
        if usual is None:
            notes.add(kinds.UNMATCHED_BRACKETS, f"{row.where}: {shown(names, 12)}")
            return None
        return [tag for tag in map(parse_tag, usual) if tag is not None]
    if unknown and not unknown.isdisjoint(names):
        number = next(number for number, name in enumerate(names) if name in unknown)
        place = f"{row.where_token(number)}: {names[number]!r} for the token {tokens[number]!r}"
        notes.add(kinds.UNKNOWN_TAG, place)
        return None
    return [table[name] for name in names]  # type: ignore[misc]


def _refused(
    rows: Tagged, counts: Mapping[str, int], spelling: Spelling, scheme: Scheme, *, by_content: bool, notes: Notes
) -> frozenset[str]:
    """The tags that are refused wherever they are; those that cannot be types are refused here, all at once."""
    types = {tag: number for tag, number in counts.items() if tag != OUTSIDE and tag not in spelling.words}
    has_outside = OUTSIDE in counts or OUTSIDE in spelling.written.values()
    if scheme is not Scheme.bare:
        if not has_outside and not spelling.bracketed and sum(counts.values()) >= _FEW:
            notes.add(kinds.NONE_OUTSIDE)
        if spelling.bracketed:
            return frozenset()
        return frozenset(tag for tag in types if tag not in spelling.written and is_outside_word(tag))
    signs = frozenset(filter(is_outside_sign, types))
    if not by_content or not types or notes.split not in (None, "train"):
        return signs  # a type that held-out rows alone have is reported as such
    if not has_outside:
        places = _places(rows, types)
        notes.add(kinds.NO_OUTSIDE, *places, tags=shown(map(repr, sorted(types))), number=len(types))
        return signs
    plain = {tag: number for tag, number in types.items() if tag not in signs and not is_disguised(tag)}
    unlikely = [tag for tag, number in plain.items() if not looks_like_type(tag, number)]
    if not unlikely and not look_like_types(plain, sum(counts.values())):
        unlikely = list(plain)
    if unlikely:
        notes.add(kinds.UNLIKELY_TYPES, *_places(rows, unlikely), number=len(unlikely))
    return signs | frozenset(filter(is_disguised, types))


def _note_lettered(rows: Tagged, counts: Mapping[str, int], table: Mapping[str, Tag | None], notes: Notes) -> None:
    """Report tags with a letter where all are types: B-LOC becomes the type of the tags B-B-LOC and I-B-LOC."""
    lettered = [tag for tag in counts if (read := table[tag]) is not None and read.letter not in ("", OUTSIDE)]
    if lettered:
        notes.add(kinds.LETTERED_TYPE, *_places(rows, lettered), number=sum(counts[tag] for tag in lettered))


def _places(rows: Tagged, tags: Iterable[str]) -> list[str]:
    """The first place of each of some tags, for the first few of them."""
    left = dict.fromkeys(tags)
    places: list[str] = []
    for row, _, names in rows:
        for number, name in enumerate(names):
            if name in left and len(places) < SHOWN:
                del left[name]
                places.append(f"{row.where_token(number)}: {name!r}")
        if len(places) == SHOWN or not left:
            break
    return places


def _note_letterless(
    row: Row, names: Sequence[str], looked_for: frozenset[str], refused: frozenset[str], notes: Notes
) -> None:
    """Report tags without a letter where others have one, and those that are no types."""
    for number, name in enumerate(names):
        if name in looked_for:
            kind = kinds.LETTERLESS_TAG
            if name in refused:
                kind = kinds.ANOTHER_OUTSIDE if is_outside_word(name) else kinds.DISGUISED_TAG
            notes.add(kind, f"{row.where_token(number)}: {name!r}")


def _converted(
    row: Row, names: Sequence[str], tags: list[Tag], scheme: Scheme, broken_tags: str, notes: Notes
) -> list[str]:
    if scheme is Scheme.bare:
        tags = [tag if tag.letter in ("", "O") else Tag("", f"{tag.letter}-{tag.type}") for tag in tags]
    iob2, broken = to_iob2(tags, scheme)
    for number in broken:
        where = f"{row.where_token(number)}: {names[number]}"
        notes.add(kinds.BROKEN_TAG, where, policy=broken_tags, scheme=scheme.value.upper())
    return iob2
