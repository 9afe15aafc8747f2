"""Tags of models of other tools: whatever their scheme, their spans are found."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ftk.contracts.notes import Notes
from ftk.contracts.saved_head import SavedHead
from ftk.data.examples.tags import Units, entities
from ftk.tasks.token_classification.adopted_tags import AdoptedTags, ModelTags
from ftk.tasks.token_classification.decoding import decode_rows

pytestmark = pytest.mark.torch

_TYPES = ("LOC", "ORG", "PER")
_FORMS = {
    "IOB2": ("BI", "{letter}-{kind}"),
    "IOB1": ("BI", "{letter}-{kind}"),
    "IO": ("I", "{letter}-{kind}"),
    "BIOES": ("BIES", "{letter}-{kind}"),
    "BILOU": ("BILU", "{letter}-{kind}"),
    "BMES": ("BMES", "{letter}-{kind}"),
    "behind": ("BI", "{kind}-{letter}"),
    "underscores": ("BI", "{letter}_{kind}"),
    "types": ("", "{kind}"),
}
Spans = list[tuple[str | None, int]]
"""The words of a sentence: passages of a type, or outside of all, each with its length."""


def letters_of(scheme: str, length: int, *, follows_same: bool) -> list[str]:
    """The letters of the words of one span in a scheme."""
    signs, _ = _FORMS[scheme]
    if scheme in ("IO", "types") or (scheme == "IOB1" and not follows_same):
        return ["I"] * length
    if length == 1:
        return ["S" if "S" in signs else "U" if "U" in signs else "B"]
    inner, last = ("M" if "M" in signs else "I"), ("E" if "E" in signs else "L" if "L" in signs else "I")
    return ["B", *[inner] * (length - 2), last]


def written(spans: Spans, scheme: str) -> list[str]:
    """The tags of a sentence in a scheme."""
    tags, before = list[str](), None
    for kind, length in spans:
        letters = letters_of(scheme, length, follows_same=kind == before) if kind else []
        tags += [_FORMS[scheme][1].format(letter=letter, kind=kind) for letter in letters] or ["O"] * length
        before = kind
    return tags


@given(
    spans=st.lists(st.tuples(st.sampled_from([None, *_TYPES]), st.integers(1, 4)), min_size=1, max_size=6),
    scheme=st.sampled_from(sorted(_FORMS)),
    order=st.randoms(use_true_random=False),
)
def test_spans_are_found_in_every_scheme(spans: Spans, scheme: str, order: object) -> None:
    import torch

    letters, form = _FORMS[scheme]
    names = ["O", *(form.format(letter=letter, kind=kind) for kind in _TYPES for letter in letters or "-")]
    order.shuffle(names)  # type: ignore[attr-defined]
    head = SavedHead(architecture="X", auto_model="AutoModelForTokenClassification", names=tuple(names))
    adopted = AdoptedTags.of(head, Units.auto, None, None, Notes())
    assert adopted.units is Units.spans
    assert adopted.tags is not None
    tags = written(spans, scheme)
    logits = torch.full((len(tags), len(names)), 0.0)
    logits[range(len(tags)), [names.index(tag) for tag in tags]] = 12.0
    mapping = ModelTags.of(tuple(adopted.tags))
    scores = mapping.decoded(mapping.scores(logits).numpy())
    row = (len(tags), [(np.arange(len(tags), dtype=np.int32), scores)])
    [found] = decode_rows([row], adopted.labels.names)
    assert entities(found.tags) == expected(spans, merged=scheme in ("IO", "types"))
    assert found.scores.min() > 0.99


def expected(spans: Spans, *, merged: bool) -> list[tuple[str, int, int]]:
    """The spans as entities; neighbours of one type are one where the scheme does not part them."""
    entities, at, before = list[tuple[str, int, int]](), 0, None
    for kind, length in spans:
        if kind is not None and merged and kind == before:
            entities[-1] = (kind, entities[-1][1], at + length)
        elif kind is not None:
            entities.append((kind, at, at + length))
        at, before = at + length, kind
    return entities


@pytest.mark.parametrize(
    ("names", "units"),
    [
        (("NOUN", "VERB", "X"), Units.tokens),
        (("O", "PER"), Units.spans),
        (("0", "B-PER", "I-PER"), Units.spans),
        (("o", "b-per", "i-per"), Units.spans),
        (("S-X", "VERB", "NOUN", "ADP"), Units.tokens),
        (("B-PER", "I-PER", "B-LOC", "O"), Units.spans),
        (("LABEL_0", "LABEL_1", "LABEL_2"), Units.tokens),
    ],
)
def test_tags_tell_whether_they_mark_spans(names: tuple[str, ...], units: Units) -> None:
    head = SavedHead(architecture="X", auto_model="AutoModelForTokenClassification", names=names)
    assert AdoptedTags.of(head, Units.auto, None, None, Notes()).units is units
