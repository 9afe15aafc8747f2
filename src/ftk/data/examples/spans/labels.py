"""Labels of spans that are tags: one span for each token, with B-PER, I-PER and O."""

import re
from collections.abc import Collection, Iterable, Sequence
from dataclasses import replace

from ftk.contracts import finding_kinds as kinds
from ftk.contracts.notes import Notes
from ftk.contracts.row import Row
from ftk.data.examples.spans.counting import MarkedText
from ftk.data.examples.spans.placing import Span
from ftk.data.examples.tags import OUTSIDE, Tag, detect, entities, to_iob2
from ftk.data.rows.tags.tag_forms import UNTYPED, parts_of
from ftk.data.rows.tags.tag_spelling import is_outside_word, shown

_PREFIXED = re.compile(r"([BIESLUMW])[-_](.+)")
_LETTERS = {"L": "E", "U": "S", "M": "I", "W": "S"}


def are_tags(labels: Collection[str]) -> bool:
    """Whether the labels of a split are tags: one of them is O, or all have the letter of a scheme."""
    if _usual_labels(labels):
        return True
    lettered = _lettered(labels)
    return not _mixed(labels) and (OUTSIDE in labels or (bool(lettered) and lettered == set(labels)))


def note_mixed(texts: Iterable[MarkedText], labels: Collection[str], notes: Notes) -> None:
    """Report labels without the letter that the same label has elsewhere."""
    if not _mixed(labels):
        return
    lettered = _lettered(labels)
    for item in texts:
        for span in item.spans:
            if span.label != OUTSIDE and span.label not in lettered:
                place = f"{item.row.where}: {span.label} {span.start}-{span.end}"
                notes.add(kinds.SPAN_LABELS_MIXED, place, example=min(lettered))


def _lettered(labels: Collection[str]) -> set[str]:
    """The labels with the letter of a scheme; empty if none has a B or an I, as in S-BAHN and U-BAHN."""
    found = {label for label in labels if _PREFIXED.fullmatch(label)}
    return found if any(label[0] in "BI" for label in found) else set()


def _usual_labels(labels: Collection[str]) -> dict[str, str]:
    """The usual spelling of labels that are tags in another one: b-geo, geo-I, BEGIN_geo; empty for any other labels.

    A type occurs both at the beginning and inside of entities, because a name such as s-bahn is no tag.
    """
    if _lettered(labels):
        return {}
    outside = {label for label in labels if label == OUTSIDE or is_outside_word(label)}
    parts = parts_of(dict.fromkeys(set(labels) - outside, 1), bool(outside))
    if parts is None or len(parts) < len(set(labels) - outside):
        return {}
    begun = {kind for letter, kind in parts.values() if letter == "B"} - {UNTYPED}
    if not any(letter in "IMEL" and kind in begun for letter, kind in parts.values()):
        return {}
    return {**{label: f"{letter}-{kind}" for label, (letter, kind) in parts.items()}, **dict.fromkeys(outside, OUTSIDE)}


def _mixed(labels: Collection[str]) -> bool:
    """Whether a label occurs with and without a letter."""
    return any(label[2:] in labels for label in _lettered(labels))


def joined_spans(rows: Sequence[tuple[Row, str, list[Span]]], notes: Notes, *, broken_policy: str) -> list[list[Span]]:
    """The entities of each row, for labels that are tags.

    Args:
        rows: each with its text and its spans, in characters.
        notes: collects what was joined.
        broken_policy: ``task.broken_tags``, for a tag that cannot follow the one before.
    """
    spans = [span for _, _, found in rows for span in found]
    usual = _usual_labels({span.label for span in spans})
    if usual:
        written = sorted(label for label in usual if label != usual[label])
        notes.add(kinds.TAG_SPELLING, written=shown(written), usual=shown(usual[label] for label in written))
        rows = [(row, text, [replace(span, label=usual[span.label]) for span in found]) for row, text, found in rows]
        spans = [span for _, _, found in rows for span in found]
    labels = {span.label for span in spans} - {OUTSIDE}
    have_letters = _lettered(labels) == labels
    tagged = [_tags(text, found, have_letters) for _, text, found in rows]
    scheme = detect([tag for _, tag in tags] for tags in tagged)
    joined = []
    for (row, _, _), tags in zip(rows, tagged, strict=True):
        iob2, broken = to_iob2([tag for _, tag in tags], scheme)
        for number in broken:
            span = tags[number][0] or tags[number - 1][0]  # at a gap, the entity before it is not closed
            assert span is not None
            place = f"{row.where}: {span.label} {span.start}-{span.end}"
            notes.add(kinds.BROKEN_TAG, place, policy=broken_policy, scheme=scheme.value.upper())
        joined.append([_join(kind, [span for span, _ in tags[first:last]]) for kind, first, last in entities(iob2)])
    outside = sum(span.label == OUTSIDE for span in spans)
    notes.add(kinds.SPANS_ARE_TAGS, spans=len(spans), entities=sum(map(len, joined)), outside=outside)
    return joined


def _tags(text: str, spans: Sequence[Span], have_letters: bool) -> list[tuple[Span | None, Tag]]:
    """The label of each span as a tag, and O for a gap between two spans that has a word."""
    tags: list[tuple[Span | None, Tag]] = []
    end = 0
    for span in sorted(spans, key=lambda span: (span.start, span.end)):
        if tags and text[end : span.start].strip():
            tags.append((None, Tag("O", "")))
        end = max(end, span.end)
        found = _PREFIXED.fullmatch(span.label) if have_letters else None
        if span.label == OUTSIDE:
            tag = Tag("O", "")
        elif found is not None:
            tag = Tag(_LETTERS.get(found[1], found[1]), found[2])
        else:
            tag = Tag("", span.label)
        tags.append((span, tag))
    return tags


def _join(kind: str, spans: Sequence[Span | None]) -> Span:
    found = [span for span in spans if span is not None]
    return Span(found[0].start, found[-1].end, kind)
