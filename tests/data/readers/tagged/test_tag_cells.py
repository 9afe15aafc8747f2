"""Tags in attributes, or in two cells, are read; a file without words or with nested brackets is refused."""

import pytest

from data_helpers import of_kind, read
from ftk.contracts import finding_kinds as kinds
from ftk.errors import DataError

SENTENCES = [[("Rita", "B-PER"), ("Kos", "I-PER"), ("sleeps", "O")], [("Oslo", "B-LOC"), ("waits", "O")]]
TOKENS = [[token for token, _ in sentence] for sentence in SENTENCES]
TAGS = [[tag for _, tag in sentence] for sentence in SENTENCES]


def conllu(cell: str, outside: str) -> str:
    """The sentences above with their tags in the last column; ``{g}`` is a tag, ``{n}`` the number of the token."""
    parts = []
    for sentence in SENTENCES:
        lines = [
            f"{n}\t{token}\t_\tX\t_\t_\t0\troot\t_\t{(outside if tag == 'O' else cell).format(g=tag, n=n)}\n"
            for n, (token, tag) in enumerate(sentence, start=1)
        ]
        parts.append("".join(lines))
    return "\n".join(parts)


@pytest.mark.parametrize(
    ("cell", "outside"),
    [
        ("NER={g}", "_"),
        ("start_char={n}|end_char=4|ner={g}", "start_char={n}|end_char=4|ner=O"),
        ("name={g}|SpaceAfter=No", "name=O"),
        ("SpaceAfter=No|Entity={g}", "SpaceAfter=No"),
        ("NE={g}", "SpaceAfter=No|NE=O"),
    ],
)
def test_tags_that_are_attributes(cell: str, outside: str) -> None:
    content = conllu(cell, outside)
    for columns in ({}, {"tags": 9}):
        found = read(content, "a.conllu", columns=columns)
        assert [row["tokens"] for row in found.values] == TOKENS
        assert [row["tags"] for row in found.values] == TAGS
        assert of_kind(found.findings, kinds.CONLL_ATTRIBUTE).values["column"] == "9"
        assert "=" in "".join(found.values[0]["column_9"])
    assert read(content, "a.conllu", labelled=False).values[0]["tags"] == TAGS[0]


def test_the_config_names_an_attribute() -> None:
    content = conllu("mark={g}|x=y", "x=y")
    assert read(content, "a.conllu", columns={"tags": "9.mark"}).values[1]["tags"] == TAGS[1]
    with pytest.raises(DataError, match=r"data\.columns\.tags=9\.marks, but the attributes there are mark, x"):
        read(content, "a.conllu", columns={"tags": "9.marks"})
    assert "tags" not in read(content, "a.conllu", columns={"tags": "9.marks"}, labelled=False).values[0]
    assert "tags" not in read(content, "a.conllu").values[0]


def test_brackets_of_coreference_are_named() -> None:
    content = conllu("Entity=(1-person", "_").replace("(1-person\n3", "1)\n3")
    with pytest.raises(DataError, match=r"'Entity=' in column '9' marks entities by brackets"):
        read(content, "a.conllu")
    assert read(content, "a.conllu", labelled=False).values[0]["tokens"] == TOKENS[0]


@pytest.mark.parametrize("outside", ["_", "-", "O", "*"])
@pytest.mark.parametrize("order", [("{letter}", "{kind}"), ("{kind}", "{letter}")])
def test_letters_and_types_in_two_columns(outside: str, order: tuple[str, str]) -> None:
    parts = []
    for sentence in SENTENCES:
        lines = []
        for token, tag in sentence:
            letter, _, kind = tag.partition("-")
            cells = [cell.format(letter=letter, kind=kind or outside) for cell in order]
            lines.append("\t".join([token, "NN", *cells]) + "\n")
        parts.append("".join(lines))
    found = read("\n".join(parts), "a.conll", columns={"tags": 2 + order.index("{letter}")})
    assert [row["tags"] for row in found.values] == TAGS
    of_kind(found.findings, kinds.TYPES_APART)


def test_letters_and_types_in_a_table() -> None:
    content = "sentence_id,text,ent_iob_,ent_type_\n0,Rita,B,PER\n0,Kos,I,PER\n0,sleeps,O,\n1,Oslo,B,LOC\n1,waits,O,\n"
    found = read(content, "a.csv")
    assert [row["tags"] for row in found.values] == TAGS
    assert of_kind(found.findings, kinds.TYPES_APART).values["column"] == "ent_type_"


def test_letters_of_words_have_no_types() -> None:
    content = "中 B NN\n国 E NN\n人 S NN\n\n他 S PN\n来 S VV\n"
    assert read(content, "a.conll", columns={"tags": 1}).values[0]["tags"] == ["B", "E", "S"]
    content = "Rita NN B\nKos NN I\nsleeps _ O\nOslo NN O\n"
    assert read(content, "a.conll").values[0]["tags"] == ["B", "I", "O", "O"]


@pytest.mark.parametrize("word", ["_", "[WORD]", "*", ""])
def test_a_file_without_words_is_refused(word: str) -> None:
    content = "\n".join(f"{word}\tNN\t{tag}" if tag else "" for tag in ["B-PER", "I-PER", "O", "", "B-LOC", "O"])
    for labelled in (True, False):
        with pytest.raises(DataError, match=r"a\.conll: all tokens in column '0' are .*data\.columns\.tokens"):
            read(content, "a.conll", labelled=labelled)
