"""How the tags of a corpus are spelled: the word for "outside of all spans", and where the letter of a tag stands.

A spelling is found from the different tags and from how often each occurs, so it is decided once for all of them.
"""

import re
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace

from ftk.data.rows.tags.tag_forms import parts_of, usual_parts

OUTSIDE = "O"
_CLEAR = frozenset({"0", "o", "O-", "O_", "[O]", "(O)", "<O>", "{O}", "'O'", '"O"'} | {*"\u041e\u039f\uff2f"})
"""Signs that stand for O; the last ones are the letters of other scripts that look like it."""
_SIGNS = frozenset({"_", "-", "*", "__", "--"}) | _CLEAR
_WORDS = frozenset(
    {"out", "outside", "other", "none", "null", "nil", "n/a", "-o-", "o-o", "notag", "no_tag", "no-tag", "nothing"}
    | {"noentity", "no_entity", "no-entity", "non-entity", "nonentity", "background", "outer"}
)
_INVISIBLE = "\u200b\u200c\u200d\u200e\u200f\u2060\ufeff\xad"
"""Characters without a width, which editors leave beside tags."""
_EMPTY = 0.25
"""Share of tokens without a tag from which this stands for O, in files that have no other word for it."""
_FEW = 3
"""Tokens that a word such as OTHER has to have before it stands for O beside types without a letter."""
_TYPE = re.compile(r"[^\W\d_][\w.&/+:#'\-]{0,39}")
_SEVERAL = re.compile(r"[|;,+/ ](?:[BIESLUMW]-|O(?![^|;,+/ ]))")
_NESTABLE = re.compile(r"((?:\([^()\s*]+)*)[*\-O_]?(\)*)")


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
            return _of_brackets([tag.strip(_INVISIBLE) for tag in tags])
        written = self.written
        return [written.get(tag, tag) for tag in tags] if written else list(tags)


def spelling_of(counts: Mapping[str, int], *, bare: bool) -> Spelling:
    """The spelling of the tags of a corpus.

    Args:
        counts: how often each tag occurs.
        bare: whether tags without any letter may be the types of spans.
    """
    clean = {tag: tag.strip(_INVISIBLE) for tag in counts}
    if any(tag != name for tag, name in clean.items()):
        merged: Counter[str] = Counter()
        for tag, name in clean.items():
            merged[name] += counts[tag]
        found = spelling_of(merged, bare=bare)
        written = {tag: found.written.get(name, name) for tag, name in clean.items() if tag != name}
        return replace(found, written={**found.written, **written})
    if _are_brackets(counts):
        return Spelling(lettered=True, bracketed=True)
    total = sum(counts.values())
    empty = counts.get("", 0) > 0 and counts[""] >= _EMPTY * total
    words = (
        () if OUTSIDE in counts else tuple(sorted(tag for tag in counts if is_outside_word(tag) or (empty and not tag)))
    )
    rest = {tag: number for tag, number in counts.items() if tag != OUTSIDE and tag not in words}
    has_outside = OUTSIDE in counts or bool(words)
    parts = parts_of(rest, has_outside)
    if parts is not None:
        # Without any other word for it, B-O and I-O are what stands outside; beside O they are a type.
        outside = () if has_outside else tuple(tag for tag, (_, kind) in parts.items() if kind == OUTSIDE)
        written = {tag: f"{letter}-{kind}" for tag, (letter, kind) in parts.items() if not is_usual_tag(tag)}
        written.update(dict.fromkeys((*words, *outside), OUTSIDE))
        return Spelling((*words, *outside), written, lettered=True)
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
    return tag == OUTSIDE or usual_parts(tag) is not None


def is_unbalanced(tag: str) -> bool:
    """Whether a tag has a bracket that is not closed, or closes one that was not opened."""
    return any(tag.count(left) != tag.count(right) for left, right in ("()", "[]", "{}"))


def holds_several(tag: str) -> bool:
    """Whether the type of a tag has another tag in it, as in B-PER|B-ORG and B-DNA|O."""
    return _SEVERAL.search(tag) is not None


def shown(tags: Iterable[str], most: int = 4) -> str:
    """The first few of some tags, for messages."""
    listed = [tag if tag.isprintable() else repr(tag) for tag in tags]
    return ", ".join(listed[:most]) + (", …" if len(listed) > most else "")


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
