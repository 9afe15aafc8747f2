"""The answers in records of tagged tokens and of spans."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from ftk.contracts.outcomes import Answers, Span
from ftk.data.rows.label_names import in_order

if TYPE_CHECKING:
    from ftk.contracts.outcomes import Records


def token_answers(records: Records, fields: Mapping[str, Any]) -> Answers:
    """The answers about spans, if records have entities, else those about the tags of tokens."""
    spans = any("entities" in record for record in records)
    return _span_answers(records) if spans else _tag_answers(records)


def _tag_answers(records: Records) -> Answers:
    """One question a token: its tag."""
    keys: list[tuple[int, int]] = []
    gold: list[str] = []
    given: list[str | None] = []
    for at, record in enumerate(records):
        tags = record.get("gold_tags")
        if tags is None:
            continue
        keys += [(at, place) for place in range(len(tags))]
        gold += tags
        given += [tag["tag"] if isinstance(tag, Mapping) else tag for tag in record["tags"]]
    return Answers(
        keys=keys,
        rows=np.array([at for at, _ in keys], dtype=np.int64),
        gold=gold,
        given=given,
        right=np.array([one == other for one, other in zip(gold, given, strict=True)], dtype=bool),
        options=in_order([*gold, *(tag for tag in given if tag is not None)]),
    )


def _span_answers(records: Records) -> Answers:
    """One question for each gold span, which the predicted span that overlaps it most answers, and one for each
    predicted span that answers none: it is spurious."""
    asked: list[tuple[int, Span, Span | None]] = []
    spurious: list[tuple[int, Span]] = []
    for at, record in enumerate(records):
        if (pair := _spans(record)) is None:
            continue
        gold, found = pair
        answers = [_answer(span, found) for span in gold]
        asked += [(at, span, answer) for span, answer in zip(gold, answers, strict=True)]
        spurious += [(at, span) for span in found if span not in answers]
    known = [*(span for _, gold, answer in asked for span in (gold, answer)), *(span for _, span in spurious)]
    right = [span == answer for _, span, answer in asked] + [False] * len(spurious)
    return Answers(
        keys=[*((at, span) for at, span, _ in asked), *((at, None, span) for at, span in spurious)],
        rows=np.array([at for at, *_ in (*asked, *spurious)], dtype=np.int64),
        gold=[*(span for _, span, _ in asked), *(None for _ in spurious)],
        given=[*(answer for *_, answer in asked), *(span for _, span in spurious)],
        right=np.array(right, dtype=bool),
        options=in_order(span.label for span in known if span is not None),
        several=True,
    )


def _spans(record: Mapping[str, Any]) -> tuple[list[Span], list[Span]] | None:
    """The gold spans and the predicted ones, each once; None if the row has no gold standard.

    They count in tokens, if the record has the tags of both and no annotated spans that tags cannot mark.
    """
    if "gold_entities" in record:
        pair = record["gold_entities"], record["entities"]
        if pair[0] is None:
            return None
        gold, found = ([Span(one["label"], one["start"], one["end"]) for one in spans] for spans in pair)
    elif isinstance(record.get("gold_tags"), list):
        gold, found = (_marked(record[key]) for key in ("gold_tags", "tags"))
    else:
        return None
    return list(dict.fromkeys(gold)), list(dict.fromkeys(found))


def _marked(tags: Sequence[str]) -> list[Span]:
    """The spans of IOB2 tags, read strictly: an I- that continues nothing is outside."""
    found: list[Span] = []
    inside = False
    for place, tag in enumerate(tags):
        letter, _, label = tag.partition("-")
        if letter == "B":
            found.append(Span(label, place, place + 1))
            inside = True
        elif inside and letter == "I" and label == found[-1].label:
            found[-1] = found[-1]._replace(end=place + 1)
        else:
            inside = False
    return found


def _answer(gold: Span, found: Sequence[Span]) -> Span | None:
    """The span itself, or the one that overlaps it most; of several that with its label, then the first."""
    if gold in found:
        return gold
    overlaps = [(min(gold.end, one.end) - max(gold.start, one.start), one.label == gold.label, one) for one in found]
    best = max(overlaps, key=lambda overlap: (*overlap[:2], -overlap[2].start), default=None)
    return None if best is None or best[0] <= 0 else best[2]
