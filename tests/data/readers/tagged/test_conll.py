"""CoNLL columns: every layout people use gives the same sentences, and a wrong line is named."""

import codecs
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from conftest import write_conll
from data_helpers import SOME, of_kind, read
from ftk.contracts import finding_kinds as kinds
from ftk.errors import DataError

TOKENS = [["EU", "rejects", "German", "call"], ["Peter", "Blackburn"]]
TAGS = [["B-ORG", "O", "B-MISC", "O"], ["B-PER", "I-PER"]]
TABS = "EU\tB-ORG\nrejects\tO\nGerman\tB-MISC\ncall\tO\n\nPeter\tB-PER\nBlackburn\tI-PER\n"
POS = {"EU": "NNP", "rejects": "VBZ", "German": "JJ", "call": "NN", "Peter": "NNP", "Blackburn": "NNP"}


def columns(layout: str, *, between: str = "\t") -> str:
    """The sentences above with other columns beside them: ``{i}``, ``{token}``, ``{tag}``, ``{pos}`` in any order."""
    lines = []
    for tokens, tags in zip(TOKENS, TAGS, strict=True):
        for i, (token, tag) in enumerate(zip(tokens, tags, strict=True), start=1):
            lines.append(layout.format(i=i, token=token, tag=tag, pos=POS[token], s=between))
        lines.append("")
    return "\n".join(lines) + "\n"


LAYOUTS: dict[str, str | bytes] = {
    "tabs": TABS,
    "spaces": TABS.replace("\t", " "),
    "runs of spaces": TABS.replace("\t", "   ").replace("EU", "  EU"),
    "CRLF": TABS.replace("\n", "\r\n"),
    "no last line end": TABS.rstrip("\n"),
    "UTF-8 with a byte order mark": codecs.BOM_UTF8 + TABS.encode(),
    "UTF-16": TABS.encode("utf-16"),
    "UTF-16, big-endian, CRLF": codecs.BOM_UTF16_BE + TABS.replace("\n", "\r\n").encode("utf-16-be"),
    "UTF-32": TABS.encode("utf-32"),
    "a tab between sentences": TABS.replace("\n\n", "\n\t\n"),
    "spaces between sentences": TABS.replace("\n\n", "\n  \n"),
    "many blank lines": "\n\n" + TABS.replace("\n\n", "\n\n\n\n") + "\n\n",
    "document marks": "-DOCSTART- -X- O O\n\n" + TABS,
    "a document mark for a blank line": TABS.replace("\n\n", "\n-DOCSTART-\tO\n"),
    "comments": "# id = 1\n# text = EU rejects German call\n" + TABS.replace("\n\n", "\n\n# id 2\n"),
    "comments among spaces": "# doc\n" + TABS.replace("\n\n", "\n\n# sent\n").replace("\t", " "),
    "a space after the tag": TABS.replace("B-ORG", "B-ORG ").replace("\n\n", " \n\n"),
    "three columns": columns("{token}{s}{pos}{s}{tag}"),
    "four columns of CoNLL 2003": columns("{token}{s}{pos}{s}B-NP{s}{tag}", between=" "),
    "five columns, numbered tokens": columns("{i}{s}{token}{s}{tag}{s}-{s}-"),
    "the tag first among numbered": columns("{i}{s}{token}{s}{pos}{s}_{s}{tag}"),
    "an O beside the tags": columns("{token}{s}{tag}{s}{pos}").replace("JJ", "O"),
    "named columns": "# global.columns = ID NER FORM\n" + columns("{i}{s}{tag}{s}{token}"),
}


@pytest.mark.parametrize("content", LAYOUTS.values(), ids=LAYOUTS.keys())
def test_layouts_give_the_same_sentences(content: str | bytes) -> None:
    found = read(content, "train.conll").rows
    assert [row.values["tokens"] for row in found] == TOKENS
    assert [row.values["tags"] for row in found] == TAGS


@pytest.mark.parametrize("name", ["tabs", "CRLF", "many blank lines", "comments", "document marks", "UTF-16"])
def test_every_token_knows_its_line(name: str) -> None:
    content = LAYOUTS[name]
    lines = (content.decode("utf-16") if isinstance(content, bytes) else content).splitlines()
    for row in read(content, "train.conll").rows:
        for position, token in enumerate(row.values["tokens"]):
            file, number = row.where_token(position).rsplit(":", 1)
            assert file == "train.conll"
            assert lines[int(number) - 1].split()[0] == token


def test_what_is_passed_over_and_what_was_chosen_is_reported() -> None:
    content = "-DOCSTART- -X- O O\n\n# a comment of many words\n" + columns(
        "{token}{s}{pos}{s}B-NP{s}{tag}", between=" "
    )
    findings = read(content, "train.conll").findings
    assert of_kind(findings, kinds.DOCUMENT_MARK).count == of_kind(findings, kinds.COMMENT_LINE).count == 1
    chosen = of_kind(findings, kinds.CONLL_COLUMNS).values
    assert (chosen["columns"], chosen["tokens"], chosen["tags"]) == (4, "0", "3")


def test_a_column_is_reported_with_its_origin() -> None:
    content = columns("{i}{s}{token}{s}{tag}{s}{tag}")
    for named, expected in (
        ({"tags": 3}, ("1", "found by content", "3", "data.columns")),
        ({"tokens": 1, "tags": 2}, ("1", "data.columns", "2", "data.columns")),
    ):
        values = of_kind(read(content, "a.conll", columns=named).findings, kinds.CONLL_COLUMNS).values
        assert tuple(values[name] for name in ("tokens", "tokens_by", "tags", "tags_by")) == expected


def test_other_columns_are_kept_by_name_or_number() -> None:
    named = read("# global.columns = ID FORM NER\n" + columns("{i}{s}{token}{s}{tag}"), "train.conll")
    assert named.values[1]["column_ID"] == ["1", "2"]
    numbered = read(columns("{token}{s}{pos}{s}{tag}"), "train.conll")
    assert numbered.values[1]["column_1"] == ["NNP", "NNP"]


@pytest.mark.parametrize(
    ("content", "tokens"),
    [
        ("#hashtag\tO\nis\tO\n", ["#hashtag", "is"]),
        ("EU\tO\n\n#\tO\n", ["#"]),
        ("EU O\n\n# O\n", ["#"]),
        ("EU\tPER\n\n# 1\tPER\n", ["# 1"]),
        ("EU O\n#tag O\n", ["EU", "#tag"]),
        ("a\tO\n\tO\nb\tO\n", ["a", "", "b"]),
        ("5\u00a0000 O\n\u3000 O\n", ["5\u00a0000", "\u3000"]),
        ("New York\tB-LOC\n", ["New York"]),
        ("a\u2028b\tO\nc\u0085\tO\n", ["a\u2028b", "c\u0085"]),
        ("1\tO\n2\tO\n", ["1", "2"]),
        ("#only\tO\n#hashtags\tB-X\n", ["#only", "#hashtags"]),
    ],
)
def test_odd_tokens_are_tokens(content: str, tokens: list[str]) -> None:
    assert read(content, "train.conll").values[-1]["tokens"] == tokens


def test_one_column_is_tokens_without_tags() -> None:
    assert read("#ok\nEU\n\n# a comment\nPeter\n", "in.conll", labelled=False).values == [
        {"tokens": ["#ok", "EU"]},
        {"tokens": ["Peter"]},
    ]


def test_numbered_tokens_without_tags() -> None:
    assert read("1 The\n2 end\n", "in.conll", labelled=False).values[0]["tokens"] == ["The", "end"]


def test_a_mistyped_tag_does_not_send_the_reader_to_another_column() -> None:
    content = columns("{token}{s}B-NP{s}{tag}") * 4
    content = content.replace("Peter\tB-NP\tB-PER", "Peter\tB-NP\tb-per", 1)
    assert read(content, "train.conll").values[1]["tags"] == ["b-per", "I-PER"]


FIVE = columns("{i}{s}{token}{s}{pos}{s}B-NP{s}{tag}")


@pytest.mark.parametrize(
    "chosen",
    [
        {"tokens": 1, "tags": 4},
        {"tokens": "1", "tags": "4"},
        {"tokens": -4, "tags": -1},
        {"tags": -1},
        {"tokens": "FORM", "tags": "NER"},
    ],
)
def test_columns_are_chosen_by_number_from_either_end_or_by_name(chosen: dict[str, int | str]) -> None:
    found = read("# global.columns = ID FORM POS CHUNK NER\n" + FIVE, "train.conll", columns=chosen).values
    assert [row["tokens"] for row in found] == TOKENS
    assert [row["tags"] for row in found] == TAGS


def test_the_chosen_column_wins_over_the_one_that_looks_right() -> None:
    assert read(FIVE, "train.conll", columns={"tags": 3}).values[1]["tags"] == ["B-NP", "B-NP"]


@pytest.mark.parametrize(
    ("content", "chosen", "message"),
    [
        ("EU\tO\nrejects\n", {}, r"train\.conll:2: 1 columns where line 1 has 2 \(tab-separated\): 'rejects'"),
        ("# c\n\nEU O\nNew York O\n", {}, r"train\.conll:4: 3 columns where line 3 has 2 \(space-separated\)"),
        ("EU\tO\n\nEU\tO\tx\n", {}, r"train\.conll:3: 3 columns where line 1 has 2"),
        (TABS, {"tags": 2}, r"data\.columns\.tags=2, but there are 2 columns, counted from 0"),
        (TABS, {"tokens": -3}, r"data\.columns\.tokens=-3, but there are 2 columns"),
        (TABS, {"tags": "NER"}, r"data\.columns\.tags=NER, but the columns have no names"),
        ("# global.columns = FORM NER\n" + TABS, {"tags": "POS"}, r"tags=POS, but the columns are FORM, NER"),
        ("# global.columns = ID FORM NER\n" + TABS, {}, r"names 3 columns, the lines have 2"),
        (TABS, {"tokens": 1, "tags": -1}, r"are both column '1'"),
    ],
)
def test_faults_are_named(content: str, chosen: dict[str, int | str], message: str) -> None:
    with pytest.raises(DataError, match=message):
        read(content, "train.conll", columns=chosen)


characters = st.characters(exclude_categories=["Cs"], exclude_characters="\t\n\r\0\ufeff")
token = st.text(characters, max_size=5).filter(
    lambda token: not token.startswith(("-DOCSTART-", "#global", "# global"))
)
rows = st.tuples(token, st.sampled_from(["O", "B-PER", "I-PER", "B-A b", "S-x", "E-1"]))


@SOME
@given(st.lists(st.lists(rows, min_size=1, max_size=6), min_size=1, max_size=4))
def test_any_tokens_come_back(written: list[list[tuple[str, str]]]) -> None:
    content = Path(write_conll("random.conll", written)).read_bytes()
    found = read(content, "random.conll").values
    assert found == [
        {"tokens": [token for token, _ in sentence], "tags": [tag for _, tag in sentence]} for sentence in written
    ]
