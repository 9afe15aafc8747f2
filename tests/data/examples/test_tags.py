"""Tag schemes: entities written in any scheme are recognised and come back as the same entities in IOB2."""

from itertools import groupby
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from data_helpers import MANY, counted, of_kind, refused, sentences
from ftk.contracts import finding_kinds as kinds
from ftk.data.examples.tags import Scheme, Tag, detect, entities, iob2_labels, parse_tag, to_iob2

Stretch = tuple[str | None, int]
"""An entity type, or None for words outside, and how many words."""


def iob1(stretches: list[Stretch]) -> list[str]:
    tags, before = [], None
    for kind, length in stretches:
        first = "B" if kind == before else "I"
        tags += ["O"] * length if kind is None else [f"{first}-{kind}", *[f"I-{kind}"] * (length - 1)]
        before = kind
    return tags


def begun(letters: str, stretches: list[Stretch]) -> list[str]:
    """``letters``: for the first, the inner and the last word of an entity, and for an entity of one word."""
    first, inner, last, single = tuple(letters)
    tags = []
    for kind, length in stretches:
        if kind is None:
            tags += ["O"] * length
        elif length == 1:
            tags.append(f"{single}-{kind}")
        else:
            tags += [f"{first}-{kind}", *[f"{inner}-{kind}"] * (length - 2), f"{last}-{kind}"]
    return tags


SCHEMES = {
    "IOB1": (Scheme.iob1, iob1),
    "IOB2": (Scheme.iob2, lambda stretches: begun("BIIB", stretches)),
    "BIOES": (Scheme.bioes, lambda stretches: begun("BIES", stretches)),
    "BILOU": (Scheme.bioes, lambda stretches: begun("BILU", stretches)),
    "BMEWO": (Scheme.bioes, lambda stretches: begun("BMEW", stretches)),
    "underscores": (Scheme.iob2, lambda stretches: [tag.replace("-", "_") for tag in begun("BIIB", stretches)]),
}


def of(stretches: list[Stretch]) -> list[tuple[str, int, int]]:
    """The entities of some stretches."""
    found, at = [], 0
    for kind, length in stretches:
        if kind is not None:
            found.append((kind, at, at + length))
        at += length
    return found


def parsed(tags: list[str]) -> list[Tag]:
    """The tags, all of which must be readable."""
    result = [tag for tag in map(parse_tag, tags) if tag is not None]
    assert len(result) == len(tags)
    return result


stretch = st.tuples(st.sampled_from([None, "PER", "LOC", "a b"]), st.integers(1, 4))
corpora = st.lists(st.lists(stretch, max_size=6), min_size=1, max_size=5)


@pytest.mark.parametrize("name", SCHEMES)
@given(corpora)
@MANY
def test_entities_survive_every_scheme(name: str, corpus: list[list[Stretch]]) -> None:
    scheme, encode = SCHEMES[name]
    tags = [parsed(encode(sentence)) for sentence in corpus]
    for used in (scheme, detect(tags)):
        turned = [to_iob2(sentence, used) for sentence in tags]
        assert [entities(iob2) for iob2, _ in turned] == [of(sentence) for sentence in corpus]
        assert all(broken == [] for _, broken in turned)


@given(corpora)
@MANY
def test_bare_types_are_entities_as_far_as_they_run(corpus: list[list[Stretch]]) -> None:
    words = [[kind for kind, length in sentence for _ in range(length)] for sentence in corpus]
    tags = [parsed([kind or "O" for kind in sentence]) for sentence in words]
    merged = [[(kind, len(list(run))) for kind, run in groupby(sentence)] for sentence in words]
    assert [entities(to_iob2(sentence, detect(tags))[0]) for sentence in tags] == [of(sentence) for sentence in merged]


@pytest.mark.parametrize("name", SCHEMES)
def test_the_scheme_is_recognised(name: str) -> None:
    scheme, encode = SCHEMES[name]
    corpus: list[list[Stretch]] = [[("PER", 3), ("PER", 1), (None, 2), ("LOC", 1)], [(None, 1)], [("LOC", 2)]]
    assert detect([parsed(encode(sentence)) for sentence in corpus]) is scheme


def test_bare_types_and_no_entities_are_recognised() -> None:
    assert detect([parsed(["PER", "O"])]) is Scheme.bare
    assert detect([parsed(["O", "O"]), []]) is Scheme.iob2


@pytest.mark.parametrize(
    ("scheme", "tags", "iob2", "broken"),
    [
        (Scheme.iob2, "O I-A I-A", "O B-A I-A", [1]),
        (Scheme.iob2, "I-A", "B-A", [0]),
        (Scheme.iob2, "B-A I-B I-B", "B-A B-B I-B", [1]),
        (Scheme.iob2, "B-A O I-A", "B-A O B-A", [2]),
        (Scheme.iob1, "I-A I-B B-B O", "B-A B-B B-B O", []),
        (Scheme.bioes, "B-A E-A S-A", "B-A I-A B-A", []),
        (Scheme.bioes, "E-A O", "B-A O", [0]),
        (Scheme.bioes, "O I-A E-A", "O B-A I-A", [1]),
        (Scheme.bioes, "B-A O", "B-A O", [1]),
        (Scheme.bioes, "B-A I-A", "B-A I-A", [1]),
        (Scheme.bioes, "B-A B-A E-A", "B-A B-A I-A", [1]),
        (Scheme.bioes, "B-A E-B", "B-A B-B", [1]),
        (Scheme.bioes, "S-A I-A E-A", "B-A B-A I-A", [1]),
        (Scheme.bioes, "B-A E-A E-A", "B-A I-A B-A", [2]),
    ],
)
def test_broken_tags_are_found_and_read_as_beginnings(scheme: Scheme, tags: str, iob2: str, broken: list[int]) -> None:
    assert to_iob2(parsed(tags.split()), scheme) == (iob2.split(), broken)


random_tags = st.lists(st.sampled_from(["O", "B-A", "I-A", "B-B", "I-B"]), max_size=10)


@pytest.mark.torch
@given(random_tags)
@MANY
def test_broken_iob2_is_read_as_seqeval_reads_it(tags: list[str]) -> None:
    from seqeval.metrics.sequence_labeling import get_entities

    iob2, broken = to_iob2(parsed(tags), Scheme.iob2)
    assert entities(iob2) == [(kind, first, last + 1) for kind, first, last in get_entities(tags)]
    before = ["O", *tags]
    assert broken == [i for i, tag in enumerate(tags) if tag[0] == "I" and before[i][1:] != tag[1:]]


@pytest.mark.parametrize("tag", ["", " ", "-", "_", "-PER"])
def test_what_is_no_tag(tag: str) -> None:
    assert parse_tag(tag) is None


def test_labels_are_in_an_order_that_does_not_depend_on_the_rows() -> None:
    assert iob2_labels(["B", "A", "B"]) == iob2_labels(["A", "B"]) == ["O", "B-A", "I-A", "B-B", "I-B"]


def rows(*sentences: str) -> list[dict[str, Any]]:
    return [{"tokens": tags.split(), "tags": tags.split()} for tags in sentences]


@pytest.mark.parametrize(
    ("written", "scheme", "policy"),
    [
        (rows("I-A O", "B-A I-A"), "IOB2", None),
        (rows("I-A O", "I-A B-A"), "IOB1", "converted"),
        (rows("S-A O"), "BIOES", "converted"),
        (rows("A O"), "bare types", "converted"),
    ],
)
def test_the_scheme_is_reported(written: list[dict[str, Any]], scheme: str, policy: str | None) -> None:
    found = of_kind(sentences(written)[1], kinds.TAG_SCHEME)
    assert (found.values["scheme"], found.policy) == (scheme, policy)


def test_a_scheme_that_is_set_is_believed() -> None:
    found, notes = sentences(rows("I-A O B-mail"), tag_scheme="bare")
    assert found[0].tags == ["B-I-A", "O", "B-B-mail"]
    assert of_kind(notes, kinds.TAG_SCHEME).values["found_by"] == "task.tag_scheme"
    lettered = of_kind(notes, kinds.LETTERED_TYPE)
    assert (lettered.count, lettered.severity) == (2, "warning")
    assert not [
        found for found in sentences(rows("A O B-mail"), tag_scheme="iob2")[1] if found.kind is kinds.LETTERED_TYPE
    ]


def test_broken_tags_are_counted_with_their_places() -> None:
    found, notes = sentences(rows("B-A O I-A", "I-A", "B-B"))
    assert [sentence.tags for sentence in found] == [["B-A", "O", "B-A"], ["B-A"], ["B-B"]]
    broken = of_kind(notes, kinds.BROKEN_TAG)
    assert (broken.policy, broken.count, broken.values) == ("repair", 2, {"scheme": "IOB2"})
    assert broken.places == ["rows.jsonl:1 (token 3): I-A", "rows.jsonl:2 (token 1): I-A"]


def test_broken_tags_are_errors_if_so_set() -> None:
    _, notes = sentences(rows("B-A O I-A", "I-A", "B-B"), broken_tags="error")
    places = ["rows.jsonl:1 (token 3): I-A", "rows.jsonl:2 (token 1): I-A"]
    assert counted(refused(notes)) == [(kinds.BROKEN_TAG, "error", 2, places)]


def test_bare_types_among_others_are_errors() -> None:
    _, notes = sentences(rows("B-A O", "O A"))
    assert counted(refused(notes)) == [(kinds.LETTERLESS_TAG, None, 1, ["rows.jsonl:2 (token 2): 'A'"])]
