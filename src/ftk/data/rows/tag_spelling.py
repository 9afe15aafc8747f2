"""How the tags of a corpus are spelled: the word for "outside of all spans", and where the letter of a tag stands.

A spelling is found from the different tags and from how often each occurs, so it is decided once for all of them.
"""

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field

OUTSIDE = "O"
UNTYPED = "SPAN"
"""The type of spans whose tags are letters alone."""
_MOSTLY = 0.9
"""Share of tags in one spelling: a mistyped tag is an error to report, and no reason to take another spelling."""
_CLEAR = frozenset({"0", "o", "[O]", "(O)", "<O>", "{O}", "'O'", '"O"'})
_SIGNS = frozenset({"_", "-", "*"}) | _CLEAR
_WORDS = frozenset({"out", "outside", "other", "none", "null", "nil", "n/a", "-o-", "o-o"})
_FEW = 3
"""Tokens that a word such as OTHER has to have before it stands for O beside types without a letter."""
_TYPE = re.compile(r"[^\W\d_][\w.&/+:#'\-]{0,39}")
_SEVERAL = re.compile(r"[|;,+/](?:[BIESLUMW]-|O(?![^|;,+/]))")
_BRACKETS = ("()", "[]", "<>", "{}", "''", '""')
_NESTABLE = re.compile(r"((?:\([^()\s*]+)*)[*\-O_]?(\)*)")
_Parts = tuple[str, str]
"""The letter and the type of a tag."""


@dataclass(frozen=True, slots=True)
class Spelling:
    """How tags are written.

    Attributes:
        words: those that stand for O.
        written: the usual spelling of each tag that has another one.
        lettered: whether most tags outside of ``words`` have a letter, so that they mark spans.
        bracketed: whether spans are brackets over tokens: ``(PER*``, ``*``, ``*)``.
    """

    words: tuple[str, ...] = ()
    written: Mapping[str, str] = field(default_factory=dict)
    lettered: bool = False
    bracketed: bool = False

    def as_usual(self, tags: Sequence[str]) -> list[str] | None:
        """The tags of a sentence in the usual spelling; None if brackets do not match or are nested."""
        if self.bracketed:
            return _of_brackets(tags)
        written = self.written
        return [written.get(tag, tag) for tag in tags] if written else list(tags)


def spelling_of(counts: Mapping[str, int], *, bare: bool) -> Spelling:
    """The spelling of the tags of a corpus.

    Args:
        counts: how often each tag occurs.
        bare: whether tags without any letter may be the types of spans.
    """
    if _are_brackets(counts):
        return Spelling(lettered=True, bracketed=True)
    words = () if OUTSIDE in counts else tuple(sorted(filter(is_outside_word, counts)))
    rest = {tag: number for tag, number in counts.items() if tag != OUTSIDE and tag not in words}
    has_outside = OUTSIDE in counts or bool(words)
    parts = _parts_of(rest, has_outside)
    if parts is not None:
        # Without any other word for it, B-O and I-O are what stands outside; beside O they are a type.
        outside = () if has_outside else tuple(tag for tag, (_, kind) in parts.items() if kind == OUTSIDE)
        written = {tag: f"{letter}-{kind}" for tag, (letter, kind) in parts.items() if _usual(tag) is None}
        written.update(dict.fromkeys((*words, *outside), OUTSIDE))
        return Spelling((*words, *outside), written, lettered=True)
    total = sum(counts.values())
    number = sum(counts[word] for word in words)
    enough = all(word in _CLEAR for word in words) or (
        2 * number >= total and (number >= _FEW or all(map(is_outside_sign, words)))
    )
    if words and (not rest or (bare and enough and look_like_types(rest, total))):
        return Spelling(words, dict.fromkeys(words, OUTSIDE))
    return Spelling()


def is_outside_word(tag: str) -> bool:
    """Whether a tag looks like another word for O, such as ``0``, ``_`` or ``OUT``."""
    return is_outside_sign(tag) or tag.casefold() in _WORDS


def is_outside_sign(tag: str) -> bool:
    """Whether a tag is a sign that stands for O and is no type: ``0``, ``_``, ``-``, ``*``, ``o`` or ``[O]``."""
    return tag in _SIGNS


def look_like_types(types: Mapping[str, int], tokens: int) -> bool:
    """Whether tags without a letter can be the types of spans: a few names.

    Args:
        types: how often each occurs, without the tag O.
        tokens: how many tokens there are, with those that have the tag O.
    """
    return all(looks_like_type(name, number) for name, number in types.items()) and (
        all(name[0].isupper() for name in types) or 2 * len(types) <= tokens
    )


def looks_like_type(name: str, number: int) -> bool:
    """Whether a tag without a letter can be the type of spans: a name; only frequent ones have blanks in it."""
    words = name.split(" ") if number > 1 and name.count(" ") < 4 else [name]
    return all(_TYPE.fullmatch(word) for word in words)


def is_usual_tag(tag: str) -> bool:
    """Whether a tag is O, or a letter of a scheme and a type: B-PER, I_PER."""
    return tag == OUTSIDE or _usual(tag) is not None


def is_unbalanced(tag: str) -> bool:
    """Whether a tag has a bracket that is not closed, or closes one that was not opened."""
    return any(tag.count(left) != tag.count(right) for left, right in ("()", "[]", "{}"))


def holds_several(tag: str) -> bool:
    """Whether the type of a tag has another tag in it, as in B-PER|B-ORG and B-DNA|O."""
    return _SEVERAL.search(tag) is not None


def shown(tags: Iterable[str], most: int = 4) -> str:
    """The first few of some tags, for messages."""
    listed = list(tags)
    return ", ".join(listed[:most]) + (", …" if len(listed) > most else "")


def _usual(tag: str) -> _Parts | None:
    return (tag[0], tag[2:]) if len(tag) > 2 and tag[1] in "-_" and tag[0] in "BIESLUMW" else None


def _separated(tag: str) -> _Parts | None:
    """B:PER, B/PER, B.PER"""
    match = re.fullmatch(r"([BIESLUMW])(?:::|[:/.=|+~ ])(.+)", tag)
    return (match[1], match[2].strip()) if match else None


def _lower(tag: str) -> _Parts | None:
    """b-per, i-per"""
    match = re.fullmatch(r"([bieslumw])[-_:/.](.+)", tag)
    return (match[1].upper(), match[2]) if match else None


def _behind(tag: str) -> _Parts | None:
    """PER-B, PER_I"""
    match = re.fullmatch(r"(.+)[-_:/.|]([BIESLUMW])", tag)
    return (match[2], match[1]) if match else None


def _behind_lower(tag: str) -> _Parts | None:
    """per-b, per_i"""
    match = re.fullmatch(r"(.+)[-_:/.|]([bieslumw])", tag)
    return (match[2].upper(), match[1]) if match else None


def _called(tag: str) -> _Parts | None:
    """B(PER), B[PER]"""
    if len(tag) > 3 and tag[0] in "BIESLUMW" and tag[1] + tag[-1] in _BRACKETS:
        return tag[0], tag[2:-1]
    return None


def _enclosed(tag: str) -> _Parts | None:
    """[B-PER], (I-PER)"""
    return _usual(tag[1:-1]) if len(tag) > 4 and tag[0] + tag[-1] in _BRACKETS else None


def _glued(tag: str) -> _Parts | None:
    """BPER, IPER"""
    match = re.fullmatch(r"([BI])([A-Z]\w+)", tag)
    return (match[1], match[2]) if match else None


def _letters(tag: str) -> _Parts | None:
    """B, I"""
    return (tag, UNTYPED) if len(tag) == 1 and tag in "BIESLUMW" else None


def _small_letters(tag: str) -> _Parts | None:
    """b, i"""
    return _letters(tag.upper()) if tag.islower() else None


_FORMS: tuple[Callable[[str], _Parts | None], ...] = (
    _usual,
    _separated,
    _lower,
    _enclosed,
    _called,
    _behind,
    _behind_lower,
    _letters,
    _small_letters,
    _glued,
)


def _parts_of(tags: Mapping[str, int], has_outside: bool) -> dict[str, _Parts] | None:
    """Letter and type of the tags in the first spelling that most of them have; None if there is none."""
    total = sum(tags.values())
    for form in _FORMS:
        found = {tag: parts for tag in tags if (parts := form(tag)) is not None}
        if found and sum(tags[tag] for tag in found) >= _MOSTLY * total and _is_evident(form, found, tags, has_outside):
            return found
    return None


def _is_evident(
    form: Callable[[str], _Parts | None], found: Mapping[str, _Parts], tags: Mapping[str, int], has_outside: bool
) -> bool:
    """Whether so many tags have this form by no accident."""
    if form is _usual:
        return True
    letters = {letter for letter, _ in found.values()}
    if form in (_letters, _small_letters):
        return len(found) == len(tags) and ("B" in letters or ("I" in letters and has_outside))
    by_type: dict[str, set[str]] = {}
    for letter, kind in found.values():
        by_type.setdefault(kind, set()).add(letter)
    in_both = any(len(seen) > 1 for seen in by_type.values())
    if form is _glued:
        return has_outside and len(found) == len(tags) and any({"B", "I"} <= seen for seen in by_type.values())
    if form in (_lower, _behind_lower) and "B" not in letters:
        return in_both  # e-mail and s-bahn may be types
    if not letters & {"B", "I"} and not (letters & {"S", "U"} and len(by_type) > 1):
        return False
    return in_both or (has_outside and (len(by_type) > 1 or form not in (_behind, _behind_lower)))


def _are_brackets(counts: Mapping[str, int]) -> bool:
    """Whether tags are brackets over tokens, as in CoNLL 2002 to 2012: (PER*, *, *)."""
    return (
        any(tag.startswith("(") for tag in counts)
        and any("*" in tag or is_unbalanced(tag) for tag in counts)
        and all(tag and _NESTABLE.fullmatch(tag) for tag in counts)
    )


def _of_brackets(tags: Sequence[str]) -> list[str] | None:
    written: list[str] = []
    opened: str | None = None
    for tag in tags:
        match = _NESTABLE.fullmatch(tag)
        if match is None:
            return None
        names = match[1].split("(")[1:]
        if len(names) + (opened is not None) > 1 or len(match[2]) > len(names) + (opened is not None):
            return None
        if names:
            opened = names[0]
            written.append(f"B-{opened}")
        else:
            written.append(OUTSIDE if opened is None else f"I-{opened}")
        if match[2]:
            opened = None
    return written if opened is None else None
