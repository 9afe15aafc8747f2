"""The spans of a record, and which of those that a model gave belong to which gold one."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

RIGHT, TYPE, BOUNDARY, BOTH, MISSED, SPURIOUS = (
    "right",
    "wrong type",
    "wrong boundary",
    "wrong type and boundary",
    "missed",
    "spurious",
)
CAUSES = (BOUNDARY, TYPE, BOTH, MISSED, SPURIOUS)


class Span(NamedTuple):
    """A part of a text with a label; a score if a model gave it."""

    label: str
    start: int
    end: int
    score: float | None = None


class Match(NamedTuple):
    """A gold span and the one that was given for it; None where there is none."""

    gold: Span | None
    given: Span | None
    cause: str


def text_of(record: Mapping[str, Any]) -> str:
    """The text of a record in which its spans count characters."""
    if isinstance(text := record.get("text"), str):
        return text
    return " ".join(map(str, record.get("tokens") or ()))


def gold_spans(record: Mapping[str, Any]) -> list[Span]:
    """The gold spans of a record."""
    if isinstance(found := record.get("gold_entities"), list):
        return list(map(_span, found))
    return _of_tags(record.get("tokens") or (), record.get("gold_tags") or ())


def given_spans(record: Mapping[str, Any]) -> list[Span]:
    """The spans that the model gave."""
    return list(map(_span, record.get("entities") or ()))


def matched(gold: Sequence[Span], given: Sequence[Span]) -> list[Match]:
    """Each span once, with its cause if it is an error.

    Spans with the same ends and label are right. The others are paired by how much they overlap, those with the same
    ends or the same label first; what is left was missed, or is spurious.
    """
    places = {(one.label, one.start, one.end): one for one in given}
    pairs: list[Match] = []
    rest_gold = []
    for one in gold:
        other = places.pop((one.label, one.start, one.end), None)
        if other is not None:
            pairs.append(Match(one, other, RIGHT))
        else:
            rest_gold.append(one)
    rest_given = list(places.values())
    near = [
        (one.start == other.start and one.end == other.end, one.label == other.label, overlap, -at, -there)
        for at, one in enumerate(rest_gold)
        for there, other in enumerate(rest_given)
        if (overlap := min(one.end, other.end) - max(one.start, other.start)) > 0
    ]
    used_gold, used_given = set(), set()
    for same_ends, same_label, _, at, there in sorted(near, reverse=True):
        if -at in used_gold or -there in used_given:
            continue
        used_gold.add(-at)
        used_given.add(-there)
        cause = TYPE if same_ends else BOUNDARY if same_label else BOTH
        pairs.append(Match(rest_gold[-at], rest_given[-there], cause))
    pairs += [Match(one, None, MISSED) for at, one in enumerate(rest_gold) if at not in used_gold]
    pairs += [Match(None, one, SPURIOUS) for at, one in enumerate(rest_given) if at not in used_given]
    return pairs


def _span(entity: Mapping[str, Any]) -> Span:
    return Span(str(entity["label"]), int(entity["start"]), int(entity["end"]), entity.get("score"))


def _of_tags(tokens: Sequence[Any], tags: Sequence[Any]) -> list[Span]:
    """The spans of IOB2 tags, in the tokens joined by single spaces."""
    spans: list[Span] = []
    label: str | None = None
    begin = end = at = 0
    for token, tag in zip(tokens, tags, strict=False):
        mark, _, name = str(tag).partition("-")
        if not (mark == "I" and name == label) and label is not None:
            spans.append(Span(label, begin, end))
            label = None
        if mark == "B":
            label, begin = name, at
        end = at + len(str(token))
        at = end + 1
    if label is not None:
        spans.append(Span(label, begin, end))
    return spans
