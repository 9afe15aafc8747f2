"""Spellings of tags: entities written in any of them come back as the same entities, or the tags are refused."""

from collections import Counter
from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from data_helpers import MANY, counted, of_kind, refused, sentences
from ftk.contracts import finding_kinds as kinds
from ftk.contracts.findings import FindingKind
from ftk.data.rows.tags.tag_spelling import spelling_of

USUAL = ["B-PER", "I-PER", "O", "B-LOC", "O"]
FORMS: dict[str, Callable[[str, str], str]] = {
    "colon": lambda letter, kind: f"{letter}:{kind}",
    "slash": lambda letter, kind: f"{letter}/{kind}",
    "point": lambda letter, kind: f"{letter}.{kind}",
    "equals": lambda letter, kind: f"{letter}={kind}",
    "bar": lambda letter, kind: f"{letter}|{kind}",
    "plus": lambda letter, kind: f"{letter}+{kind}",
    "underscore": lambda letter, kind: f"{letter}_{kind}",
    "small letters": lambda letter, kind: f"{letter.lower()}-{kind}",
    "behind": lambda letter, kind: f"{kind}-{letter}",
    "behind, underscore": lambda letter, kind: f"{kind}_{letter}",
    "behind, colon": lambda letter, kind: f"{kind}:{letter}",
    "behind, small": lambda letter, kind: f"{kind}-{letter.lower()}",
    "enclosed": lambda letter, kind: f"[{letter}-{kind}]",
    "called": lambda letter, kind: f"{letter}({kind})",
    "called, square": lambda letter, kind: f"{letter}[{kind}]",
    "glued": lambda letter, kind: f"{letter}{kind}",
    "two dashes": lambda letter, kind: f"{letter}--{kind}",
    "dash with blanks": lambda letter, kind: f"{letter} - {kind}",
    "dash before which is a blank": lambda letter, kind: f"{letter} -{kind}",
    "en dash": lambda letter, kind: f"{letter}\u2013{kind}",
    "hyphen that does not break": lambda letter, kind: f"{letter}\u2011{kind}",
    "minus": lambda letter, kind: f"{letter}\u2212{kind}",
    "wide hyphen": lambda letter, kind: f"{letter}\uff0d{kind}",
    "arrow": lambda letter, kind: f"{letter}>{kind}",
    "hash": lambda letter, kind: f"{letter}#{kind}",
    "at": lambda letter, kind: f"{letter}@{kind}",
    "behind, blank": lambda letter, kind: f"{kind} {letter}",
    "behind, called": lambda letter, kind: f"{kind}({letter})",
    "behind, hash": lambda letter, kind: f"{kind}#{letter}",
    "behind, en dash": lambda letter, kind: f"{kind}\u2013{letter}",
    "words": lambda letter, kind: f"{'BEGIN' if letter == 'B' else 'INSIDE'}_{kind}",
    "words in small letters": lambda letter, kind: f"{'start' if letter == 'B' else 'cont'}-{kind}",
    "words behind": lambda letter, kind: f"{kind}-{'BEG' if letter == 'B' else 'INS'}",
    "glued behind": lambda letter, kind: f"{kind}{letter}",
    "Cyrillic letters": lambda letter, kind: ("\u0412" if letter == "B" else "\u0406") + f"-{kind}",
}


def tags_of(*rows: str) -> list[dict[str, list[str]]]:
    """Rows whose tokens are called like their tags."""
    return [{"tokens": tags.split(), "tags": tags.split()} for tags in rows]


@pytest.mark.parametrize("form", FORMS.values(), ids=FORMS.keys())
@pytest.mark.parametrize("outside", ["O", "0", "OUT", "_", "o", "-", "none", "other", "", "O-", "NoTag", "\u041e"])
def test_tags_in_any_spelling_are_the_same_entities(form: Callable[[str, str], str], outside: str) -> None:
    tags = [outside if tag == "O" else form(tag[0], tag[2:]) for tag in USUAL]
    if form is FORMS["enclosed"] and outside == "O":
        tags = ["[O]" if tag == "O" else tag for tag in tags]
    (sentence,), notes = sentences([{"tokens": ["Rita", "Kos", "leaves", "Oslo", "."], "tags": tags}])
    notes.raise_errors()
    assert sentence.tags == USUAL
    assert sentence.gold == tags
    said = [finding.kind for finding in notes]
    assert (kinds.OUTSIDE_WORD in said) == (tags[2] != "O")
    assert (kinds.TAG_SPELLING in said) == (form is not FORMS["underscore"])


@pytest.mark.parametrize(
    ("written", "usual"),
    [
        ("B I O B O", "B-SPAN I-SPAN O B-SPAN O"),
        ("b i o b o", "B-SPAN I-SPAN O B-SPAN O"),
        ("B I 0 B 0", "B-SPAN I-SPAN O B-SPAN O"),
        ("I I O I O", "B-SPAN I-SPAN O B-SPAN O"),
        ("B E O S O", "B-SPAN I-SPAN O B-SPAN O"),
        ("B M E S", "B-SPAN I-SPAN I-SPAN B-SPAN"),
        ("B-PER I-PER B-O B-LOC B-O", "B-PER I-PER O B-LOC O"),
        ("(PER* *) * (LOC*) *", "B-PER I-PER O B-LOC O"),
        ("(PER *) * (LOC) *", "B-PER I-PER O B-LOC O"),
        ("(PER ) - (LOC) -", "B-PER I-PER O B-LOC O"),
        ("B-P I-P O B-O O", "B-P I-P O B-O O"),
        ("person person O location O", "B-person I-person O B-location O"),
        ("PER PER _ LOC _ _ _", "B-PER I-PER O B-LOC O O O"),
        ("per per o", "B-per I-per O"),
        ("'B-PER' 'I-PER' 'O'", "B-PER I-PER O"),
        ("人名 人名 O 地名 O", "B-人名 I-人名 O B-地名 O"),
        ("B-hepatitis-B I-hepatitis-B O", "B-hepatitis-B I-hepatitis-B O"),
        ("B-LOC(city) O", "B-LOC(city) O"),
        ("0 0 0", "O O O"),
        ("B- I- O B- O", "B-SPAN I-SPAN O B-SPAN O"),
        ("B_ I_ O_ B_ O_", "B-SPAN I-SPAN O B-SPAN O"),
        ("B1 I1 O B2 O", "B-1 I-1 O B-2 O"),
        ("Bper Iper O Bloc O", "B-per I-per O B-loc O"),
        ("BPER MPER EPER O SLOC O", "B-PER I-PER I-PER O B-LOC O"),
        ("B-PER I:PER O B-LOC O", "B-PER I-PER O B-LOC O"),
        ("B-GPE-CITY I-GPE-CITY O", "B-GPE-CITY I-GPE-CITY O"),
        ("S-PER B-LOC M-LOC E-LOC 0", "B-PER B-LOC I-LOC I-LOC O"),
        ("U-PER B-LOC I-LOC L-LOC 0", "B-PER B-LOC I-LOC I-LOC O"),
        # types, and not letters of a scheme
        ("Brand Item O Item O", "B-Brand B-Item O B-Item O"),
        ("START_DATE END_DATE O START_TIME O", "B-START_DATE B-END_DATE O B-START_TIME O"),
        ("FIRST-NAME LAST-NAME O", "B-FIRST-NAME B-LAST-NAME O"),
        ("LAB MEDI O LAB O", "B-LAB B-MEDI O B-LAB O"),
    ],
)
def test_tags_without_a_type_brackets_and_bare_types(written: str, usual: str) -> None:
    (sentence,), notes = sentences(tags_of(written))
    notes.raise_errors()
    assert sentence.tags == usual.split()


@pytest.mark.parametrize(
    ("rows", "kind"),
    [
        (["B-PER O 0"], kinds.ANOTHER_OUTSIDE),
        (["B-PER I-PER O none"], kinds.ANOTHER_OUTSIDE),
        (["PER O 0"], kinds.ANOTHER_OUTSIDE),
        (["PER LOC PER PER"], kinds.NO_OUTSIDE),
        (["DET NOUN VERB"], kinds.NO_OUTSIDE),
        (["PER OTHER LOC PER LOC"], kinds.NO_OUTSIDE),
        (["DET _ NOUN VERB NOUN"], kinds.UNKNOWN_TAG),
        (["pos neg neu"], kinds.NO_OUTSIDE),
        (["1 2 0"], kinds.NUMBERED_TAGS),
        (["1 2 0 O"], kinds.UNLIKELY_TYPES),
        (["come over at nine O"], kinds.UNLIKELY_TYPES),
        (["PER nan% O"], kinds.UNLIKELY_TYPES),
        (["B-PER) O"], kinds.UNKNOWN_TAG),
        (["B-PER|B-ORG O"], kinds.UNKNOWN_TAG),
        (["B-DNA|O B-DNA O"], kinds.UNKNOWN_TAG),
        (["(B-PER I-PER) O"], kinds.UNKNOWN_TAG),
        (["B-PER,B-ORG O"], kinds.UNKNOWN_TAG),
        (["(A(B* *) *"], kinds.UNMATCHED_BRACKETS),
        (["(A* *", "* *)"], kinds.UNMATCHED_BRACKETS),
        (["B-PER I-PER O PER-B"], kinds.LETTERLESS_TAG),
        (["PER PER-B O O PER LOC"], kinds.DISGUISED_TAG),
    ],
)
def test_tags_that_could_mean_anything_are_refused(rows: list[str], kind: FindingKind) -> None:
    _, notes = sentences(tags_of(*rows))
    assert kind in [finding.kind for finding in refused(notes)]
    assert "bare" not in str(of_kind(notes, kind)) or kind not in (kinds.ANOTHER_OUTSIDE, kinds.NUMBERED_TAGS)


@pytest.mark.parametrize("sign", ["\u200b", "\ufeff", "\u200e", "\u2060"])
def test_characters_without_a_width_are_no_part_of_a_tag(sign: str) -> None:
    for written in (f"B-PER{sign} I-PER O{sign}", f"{sign}B:PER I:PER O", f"B-PER{sign} I-PER O", f"(PER*{sign} *) *"):
        tags = written.split(" ")
        (sentence,), notes = sentences([{"tokens": ["Rita", "Kos", "x"], "tags": tags}])
        notes.raise_errors()
        assert sentence.tags == ["B-PER", "I-PER", "O"]
        assert of_kind(notes, kinds.TAG_SPELLING)


def test_several_tags_with_blanks_are_no_type() -> None:
    for tag in ("B-PER I-PER", "B-PER O", "B-PER I-PER O"):
        _, notes = sentences([{"tokens": ["x", "y"], "tags": [tag, "O"]}])
        assert [finding.kind for finding in refused(notes)] == [kinds.UNKNOWN_TAG]
    (sentence,), _ = sentences([{"tokens": ["x", "y"], "tags": ["B-blood type", "O"]}])
    assert sentence.tags == ["B-blood type", "O"]


def test_zeros_are_no_type_even_if_types_are_asked_for() -> None:
    (sentence,), notes = sentences(tags_of("LOC 0"), tag_scheme="bare")
    notes.raise_errors()
    assert sentence.tags == ["B-LOC", "O"]
    assert counted([of_kind(notes, kinds.OUTSIDE_WORD)]) == [(kinds.OUTSIDE_WORD, None, 1, [])]


def test_bare_types_without_an_o_are_taken_if_so_set() -> None:
    (sentence,), notes = sentences(tags_of("PER LOC LOC"), tag_scheme="bare")
    notes.raise_errors()
    assert sentence.tags == ["B-PER", "B-LOC", "I-LOC"]


names = st.text(st.sampled_from("ABCDEFGPXabc"), min_size=2, max_size=6).map(str.capitalize)
entities = st.lists(st.tuples(st.one_of(st.none(), names), st.integers(1, 3)), min_size=1, max_size=8)


@given(entities, st.sampled_from([name for name in FORMS if "glued" not in name and "behind" not in name]))
@MANY
def test_any_types_come_back_from_any_spelling(stretches: list[tuple[str | None, int]], form: str) -> None:
    usual = ["B-Per", "I-Per", "B-Loc", "I-Loc", "O"]
    for kind, length in stretches:
        usual += ["O"] * length if kind is None else [f"B-{kind}", *[f"I-{kind}"] * (length - 1)]
    written = ["O" if tag == "O" else FORMS[form](tag[0], tag[2:]) for tag in usual]
    found = spelling_of(Counter(written), bare=True)
    if form == "enclosed":
        return
    assert [tag.replace("_", "-", 1) for tag in found.as_usual(written) or []] == usual


@given(st.lists(st.text(max_size=6), max_size=12))
@MANY
@pytest.mark.slow
def test_a_spelling_is_found_for_anything(tags: list[str]) -> None:
    found = spelling_of(Counter(tags), bare=True).as_usual(tags)
    assert found is None or len(found) == len(tags)
