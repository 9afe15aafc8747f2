"""Files that are CoNLL columns although their name says something else, or nothing; also where tags are not needed."""

import pytest

from data_helpers import of_kind, read
from ftk.contracts import finding_kinds as kinds

TOKENS = [["Rita", "Kos", "sleeps"], ["Oslo", "waits"]]
TABS = "Rita\tB-PER\nKos\tI-PER\nsleeps\tO\n\nOslo\tB-LOC\nwaits\tO\n"
POS = "Rita\tPROPN\nsleeps\tVERB\n\nThe\tDET\ndog\tNOUN\n\n" * 3
CONLLU = "# text = x\n1\tRita\t_\tPROPN\n2\tsleeps\t_\tVERB\n\n1-2\tdu\t_\t_\n1\tde\t_\tADP\n2\tle\t_\tDET\n\n" * 3


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("a.txt", TABS),
        ("a.ner", TABS),
        ("test", TABS.replace("\t", " ")),
        ("eng.testa", "-DOCSTART- -X- O\n\n" + TABS.replace("\t", " NN ")),
        ("a.txt", "word\ttag\n" + TABS),
        ("a.txt", "# a comment\n" + TABS.replace("\t", ",")),
        ("a.data", TABS.replace("B-", "S-")),
        ("a.txt", TABS.replace("\n", "\r\n")),
    ],
)
def test_lines_to_predict_for_are_tokens_where_they_have_tags(name: str, content: str) -> None:
    found = read(content, name, labelled=False)
    assert [row["tokens"] for row in found.values] == TOKENS
    of_kind(found.findings, kinds.CONLL_FOUND)


@pytest.mark.parametrize(("content", "first"), [(POS, ["Rita", "sleeps"]), (CONLLU, ["Rita", "sleeps"])])
def test_tags_of_tokens_and_numbers_show_it_too(content: str, first: list[str]) -> None:
    found = read(content, "a.txt", labelled=False)
    assert found.values[0]["tokens"] == first
    of_kind(found.findings, kinds.CONLL_FOUND)


@pytest.mark.parametrize(
    "content",
    [
        "Rita\nKos\nsleeps\n\nOslo\n",
        "I like it\nNobody waits\nOslo is O\n",
        "Good film\tpos\nBad film\tneg\nOk\tpos\n",
        "GOOD\tPOS\nBAD\tNEG\nOK\tPOS\n",
        "Vitamin B-12\nVitamin B-6\nVitamin C\n",
        "type O\ntype A\ntype B\n",
        "1\tone thing\n2\tanother thing\n1\tthird\n2\tfourth\n",
        "Rita B-PER sleeps\nOslo\nB-LOC\n",
        "# heading\n- item O\n- item B-x\n",
        "yes O\nno O\nmaybe O\n",
        "a\tb\n\nc\td\n\ne\tf\n\n",
        "price: 10\nprice: 20\nprice: 30\n",
    ],
)
def test_texts_to_predict_for_stay_texts(content: str) -> None:
    assert [row["text"] for row in read(content, "a.txt", labelled=False).values] == content[:-1].split("\n")


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("a.tsv", "Rita\tPER\nKos\tPER\nsleeps\tO\n\nOslo\tLOC\nwaits\tO\n"),
        ("a.csv", "word,tag\nRita,PER\nKos,PER\nsleeps,O\n\nOslo,LOC\nwaits,O\n"),
        ("a.csv", "Rita,PER\nKos,PER\nsleeps,O\n\nOslo,LOC\nwaits,O\n"),
        ("a.csv", "token_id,token,tag\n1,Rita,B-PER\n2,Kos,I-PER\n3,sleeps,O\n1,Oslo,B-LOC\n2,waits,O\n"),
        ("a.csv", '"Rita","B-PER"\n"Kos","I-PER"\n"sleeps","O"\n\n"Oslo","B-LOC"\n"waits","O"\n'),
    ],
)
def test_tables_of_tokens_without_a_column_of_sentences(name: str, content: str) -> None:
    assert [row["tokens"] for row in read(content, name).values] == TOKENS


def test_the_separator_may_be_a_token() -> None:
    found = read('Rita,B-PER\n,,O\n",O\nsleeps,O\n\nOslo,B-LOC\n', "a.csv").values
    assert [row["tokens"] for row in found] == [["Rita", ",", '"', "sleeps"], ["Oslo"]]


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("a.tsv", "text\tlabel\nRita waits\tO\n\nOslo\tLOC\n"),
        ("a.csv", "id,text\n1,a\n2,b\n\n1,c\n"),
        ("a.csv", "number,text,label\n1,good,A\n2,bad,O\n1,fine,A\n2,poor,O\n"),
    ],
)
def test_tables_stay_tables(name: str, content: str) -> None:
    assert "tokens" not in read(content, name).values[0]
