"""Which columns of a file of tokens are read: found by content, said, or refused with the key that decides."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from data_helpers import SOME, of_kind, read
from ftk.contracts import finding_kinds as kinds
from ftk.errors import DataError

SENTENCES = [(["Rita", "Kos", "sleeps"], ["B-PER", "I-PER", "O"]), (["Oslo", "waits"], ["B-LOC", "O"])]
TOKENS = [tokens for tokens, _ in SENTENCES]
TAGS = [tags for _, tags in SENTENCES]


def lines(layout: str, between: str = "\n") -> str:
    """The sentences above; ``{i}`` numbers tokens, ``{n}`` sentences."""
    parts = []
    for n, (tokens, tags) in enumerate(SENTENCES, start=1):
        rows = zip(tokens, tags, strict=True)
        parts.append("".join(layout.format(i=i, n=n, t=t, g=g) + "\n" for i, (t, g) in enumerate(rows, start=1)))
    return between.join(parts)


SAME = {
    "tags first": ("a.conll", lines("{g} {t}")),
    "tags first, tabs": ("a.txt", lines("{g}\t{t}")),
    "a header": ("a.conll", "word\ttag\n" + lines("{t}\t{g}")),
    "a header in capitals": ("a.iob", "Token NER\n" + lines("{t} {g}")),
    "a header for four columns": ("a.txt", "Sentence #\tWord\tPOS\tTag\n" + lines("{n}\t{t}\tNN\t{g}")),
    "a header in each part": ("a.conll", ("word\ttag\n" + lines("{t}\t{g}")).replace("\n\n", "\n\nword\ttag\n")),
    "a tab after each line": ("a.conll", lines("{t}\t{g}\t")),
    "tabs after some lines": ("a.conll", lines("{t}\t{g}").replace("I-PER", "I-PER\t\t").replace("waits", "waits")),
    "a comment in a sentence": ("a.conll", lines("{t}\t{g}").replace("Kos", "# a comment\nKos")),
    "a header of one usual name": ("a.conll", "Wort\tAnnotationstyp\n" + lines("{t}\t{g}")),
    "a header of two words": ("a.txt", "Token Entity_Type\n" + lines("{t} {g}")),
    "a header of an unknown column": ("a.conll", "TOKEN\tNE-COARSE\tMISC\n" + lines("{t}\t{g}\t_")),
    "comments with tabs": ("a.conll", "# sent_id\t1\n# text\tRita Kos\n" + lines("{t}\t{g}")),
    "numbers behind signs": ("a.conll", "#\t1\n" + lines("{t}\t{g}").replace("\n\n", "\n\n#\t2\n")),
    "marks of documents in small letters": ("a.conll", "-docstart-\tO\n\n" + lines("{t}\t{g}") + "-DOCEND-\tO\n"),
    "no-break spaces between sentences": ("a.conll", lines("{t}\t{g}").replace("\n\n", "\n\u00a0\n")),
    "zero-width spaces between sentences": ("a.conll", lines("{t}\t{g}").replace("\n\n", "\n\u200b\n")),
    "byte order marks between sentences": ("a.conll", lines("{t} {g}").replace("\n\n", "\n\ufeff\n")),
    "some lines with blanks": ("a.conll", lines("{t}\t{g}").replace("Kos\t", "Kos ").replace("waits\t", "waits  ")),
    "some lines with tabs": ("a.conll", lines("{t} {g}").replace("Kos ", "Kos\t").replace("waits ", "waits\t")),
    "cells in quotes": ("a.conll", lines('"{t}"\t"{g}"')),
    "cells in quotes, and a header": ("a.tsv", '"word" "tag"\n'.replace(" ", "\t") + lines('"{t}"\t"{g}"')),
    "cells in quotes, and numbers": ("a.txt", lines('"{t}" {i} "{g}"')),
    "CR line ends": ("a.conll", lines("{t}\t{g}").replace("\n", "\r")),
    "commas": ("a.conll", lines("{t},{g}")),
    "commas in a table": ("a.csv", lines("{t},{g}")),
    "bars": ("a.bio", lines("{t}|{g}")),
    "a table without a header": ("a.tsv", lines("{t}\t{g}")),
    "a table with a header and blank lines": ("a.tsv", "word\ttag\n" + lines("{t}\t{g}")),
    "a table with numbers and comments": ("a.tsv", "#\thttp://example.org\n" + lines("{i}\t{t}\t{g}")),
    "an unknown ending": ("a.ner", lines("{t} {g}")),
    "multiword tokens": ("a.conllu", lines("{i}\t{t}\t{g}").replace("1\tRita", "1-2\tRita-Kos\t_\n1\tRita")),
    "empty nodes": ("a.conllu", lines("{i}\t{t}\t{g}").replace("2\twaits", "1.1\tand\t_\n2\twaits")),
    "numbers, no blank lines": ("a.conll", lines("{i}\t{t}\t{g}", between="")),
    "sentences numbered": ("a.conll", lines("{n}\t{t}\t{g}", between="")),
    "sentences named": ("a.conll", lines("doc1.s{n} {t} {g}", between="")),
    "documents named": ("a.conll", lines("bc/cctv/00 0 {i} {t} NN {g}")),
    "spans in brackets": (
        "a.conll",
        lines("{i} {t} {g}")
        .replace("B-PER", "(PER*")
        .replace("I-PER", "*)")
        .replace("B-LOC", "(LOC*)")
        .replace(" O\n", " *\n"),
    ),
    "numbers and offsets": ("a.conll", lines("{n}-{i}\t0-4\t{t}\t{g}")),
    "chunks beside entities": ("a.conll", lines("{t} NN B-NP {g}")),
    "an empty layer": ("a.conll", lines("{t} {g} O")),
    "words and tags in lines": ("a.iob", "Rita|B-PER Kos|I-PER sleeps|O\nOslo|B-LOC waits|O\n"),
    "words and tags with slashes": ("a.txt", "Rita/B-PER Kos/I-PER sleeps/O\n\nOslo/B-LOC waits/O\n"),
    "words and tags with two underscores": ("a.txt", "Rita__B-PER Kos__I-PER sleeps__O\nOslo__B-LOC waits__O\n"),
    "words and tags with two bars": ("a.ner", "Rita||B-PER Kos||I-PER sleeps||O\nOslo||B-LOC waits||O\n"),
    "words and tags with colons": ("a.txt", "Rita:B-PER Kos:I-PER sleeps:O\nOslo:B-LOC waits:O\n"),
    "words, a tab, tags": ("a.txt", "Rita Kos sleeps\tB-PER I-PER O\nOslo waits\tB-LOC O\n"),
    "words, a tab, tags in a table": ("a.tsv", "Rita Kos sleeps\tB-PER I-PER O\n\nOslo waits\tB-LOC O\n"),
    "tags, a tab, words": ("a.iob", "B-PER I-PER O\tRita Kos sleeps\nB-LOC O\tOslo waits\n"),
    "words, bars, tags": ("a.txt", "Rita Kos sleeps ||| B-PER I-PER O\nOslo waits ||| B-LOC O\n"),
    "words and tags with underscores": (
        "a.ner",
        "Rita_B_PER Kos_I_PER sleeps_O\nOslo_B_LOC waits_O\n".replace("B_", "B-").replace("I_", "I-"),
    ),
    "words, parts of speech and tags": (
        "a.conll",
        "Rita|NNP|B-PER Kos|NNP|I-PER sleeps|VBZ|O\nOslo|NNP|B-LOC waits|VBZ|O\n",
    ),
}


@pytest.mark.parametrize(("name", "content"), SAME.values(), ids=SAME.keys())
def test_every_layout_gives_the_same_sentences(name: str, content: str) -> None:
    from ftk.data.rows.tags.tag_spelling import spelling_of

    found = read(content, name).values
    assert [row["tokens"] for row in found] == TOKENS
    counts = {tag: 1 for row in found for tag in row["tags"]}
    assert [spelling_of(counts, bare=True).as_usual(row["tags"]) for row in found] == TAGS


def test_what_is_skipped_is_counted() -> None:
    content = "1-2\tdu\t_\n1\tde\tO\n1.1\tx\t_\n2\tle\tO\n3-4\tau\t_\n3\tRita\tB-PER\n4\tKos\tI-PER\n"
    for labelled in (True, False):
        found = read(content, "a.iob2", labelled=labelled)
        assert found.values[0]["tokens"] == ["de", "le", "Rita", "Kos"]
        assert of_kind(found.findings, kinds.MULTIWORD_LINE).count == 2
        assert of_kind(found.findings, kinds.EMPTY_NODE_LINE).places == ["a.iob2:3"]


def test_a_sign_that_begins_comments_may_be_a_token() -> None:
    for content in ("# SYM\n1 CD\n\nWe PRP\nsay VBP\n# SYM\n", "#\t#\n1\tCD\n\nWe\tPRP\nsay\tVBP\n#\t#\n"):
        found = read(content, "a.conll")
        assert [row["tokens"] for row in found.values] == [["#", "1"], ["We", "say", "#"]]
        assert kinds.COMMENT_LINE not in [finding.kind for finding in found.findings]


def test_lines_with_another_separator_are_counted() -> None:
    found = read("Rita\tB-PER\nKos I-PER\nsleeps\tO\n", "a.conll").findings
    assert of_kind(found, kinds.MIXED_SEPARATORS).places == ["a.conll:2"]
    with pytest.raises(DataError, match=r"a\.conll:2: 1 columns where line 1 has 2 \(tab-separated\)"):
        read("Rita\tB-PER\nKos sleeps\n", "a.conll")
    with pytest.raises(DataError, match=r"a\.conll:2: 3 columns .* blank .* tabs"):
        read("Rita B-PER\nNew York B-LOC\n", "a.conll")


INNER = "1\tTroia\tB-OTH\tB-LOC\n2\t-\tI-OTH\tO\n3\tTraum\tI-OTH\tO\n\n1\tin\tO\tO\n2\tStuttgart\tB-LOC\tO\n"


@pytest.mark.parametrize(
    ("content", "taken"),
    [
        (INNER, "2"),
        (
            INNER.replace("\tB-OTH\tB-LOC", "\tB-LOC\tB-OTH")
            .replace("\tI-OTH\tO", "\tO\tI-OTH")
            .replace("B-LOC\tO", "O\tB-LOC"),
            "3",
        ),
        (lines("{t} {g} {g}"), "2"),
        (lines("{t} B-NP {g}"), "2"),
        (lines("{t} {g} B-NP"), "1"),
        (lines("{t} {g} O"), "1"),
    ],
)
def test_of_several_columns_of_tags_one_is_taken_for_a_reason(content: str, taken: str) -> None:
    found = read(content, "a.conll").findings
    assert of_kind(found, kinds.CONLL_COLUMNS).values["tags"] == taken
    assert of_kind(found, kinds.TAG_COLUMNS).values["taken"] == taken


PREDICTED = lines("{t}\t{g}\t{g}").replace("B-LOC\tB-LOC", "B-LOC\tO")


@pytest.mark.parametrize(
    "content",
    [
        PREDICTED,
        lines("{t} {g} {g}").replace("O O", "O B-PER"),
        "Rita (ARG0*) (PER*)\nsleeps (V*) *\n",
        lines("{t} {g} B-X").replace("Oslo B-LOC B-X", "Oslo B-LOC O"),
        lines("{t}\t{g}\tO").replace("I-PER\tO", "I-PER\tB-LOC").replace("O\tO", "O\tB-X", 1),
    ],
)
def test_two_columns_of_tags_without_a_reason_are_refused(content: str) -> None:
    with pytest.raises(DataError, match=r"2 columns look like tags: '1' \(.* % .*data\.columns\.tags=1 or .*tags=2"):
        read(content, "a.conll")
    assert read(content, "a.conll", columns={"tags": 1}).values[0]["tags"][0] in ("B-PER", "(ARG0*)")
    assert read(content, "a.conll", labelled=False).values[0]["tokens"][0] == "Rita"


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("a.txt", "Rita sleeps\nOslo sleeps\n"),
        ("a.conll", "ham\tCome over at nine\nspam\tYou won\nham\tOk\n"),
        ("a.txt", "John Smith\nMary Jones\n\nKos Rita\n"),
        ("a.iob", "red house\ngreen tree\nblue sky\n"),
        ("a.txt", "good positive\nbad negative\n"),
        ("a.txt", "hello\thallo\nworld\twelt\n"),
        ("a.ner", "3 apples\n9 pears\n"),
        ("a.bio", "a\tb c\nd\te f\n"),
        ("a.txt", "key=1 value\nkey=2 other\n"),
        ("a.conll", "Rita\tRita\nOslo\tOslo\n"),
    ],
)
def test_two_fields_are_no_tokens_and_tags(name: str, content: str) -> None:
    with pytest.raises(DataError, match=r"two fields, .*do not look like tags .*data\.columns\.tags=1"):
        read(content, name)
    assert read(content, name, columns={"tags": 1}).values[0]["tags"]


@pytest.mark.parametrize(
    ("content", "tags"),
    [
        ("We\tPRON\nslept\tVERB\n", ["PRON", "VERB"]),
        ("The DT\ndog NN\n. .\n", ["DT", "NN", "."]),
        ("Rita\t1\nKos\t2\nsleeps\t0\n", ["1", "2", "0"]),
        ("a\tn\nb\tv\n\nc\tn\nd\tn\n\ne\tv\nf\tv\ng\tn\nh\tn\ni\tv\nj\tv\n", ["n", "v"]),
        ("Rita\tPER\nsleeps\tO\n", ["PER", "O"]),
        ("breast\tB\ncancer\tI\nin\tO\n", ["B", "I", "O"]),
        ("Oslo\tB-LOC\nsleeps\t0\n", ["B-LOC", "0"]),
    ],
)
def test_tags_of_single_tokens_and_of_other_spellings_are_tags(content: str, tags: list[str]) -> None:
    assert read(content, "a.conll").values[0]["tags"] == tags


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ("Rita Kos\tB-PER I-PER\n" * 30 + "Oslo waits\tB-LOC\n", r"a\.txt:31: not as many tags as words"),
        ("Rita|B-PER Kos|I-PER\n" * 30 + "Oslo|B-LOC waits\n", r"a\.txt:31: 'waits' is no word with its tag"),
    ],
)
def test_a_word_without_a_tag_is_named(content: str, message: str) -> None:
    with pytest.raises(DataError, match=message):
        read(content, "a.txt")


def test_tokens_with_blanks_are_no_sentences() -> None:
    found = read("New York\tB-LOC city\nOslo\tB-LOC\nis\tO\n", "a.conll").values
    assert found == [{"tokens": ["New York", "Oslo", "is"], "tags": ["B-LOC city", "B-LOC", "O"]}]
    assert "tokens" not in read("text\tlabels\nRita Kos\tB-PER I-PER\nOslo waits\tB-LOC O\n", "a.txt").values[0]


def test_a_carriage_return_inside_a_line_is_refused() -> None:
    with pytest.raises(DataError, match=r"a\.conll:1: a carriage return inside"):
        read("Rita\tB-PER\rKos\tI-PER\nsleeps\tO\n", "a.conll")


words = st.text(st.characters(categories=["Ll", "Lu", "Lo"]), min_size=2, max_size=5).map(lambda word: f"{word}ly")
corpora = st.lists(
    st.lists(st.tuples(words, st.sampled_from(["O", "B-PER", "I-PER"])), min_size=2, max_size=5), min_size=2, max_size=5
)


@pytest.mark.parametrize("column", ["0", 0, "sentence_id"])
def test_the_config_names_the_column_of_the_sentences(column: str | int) -> None:
    header = "sentence_id\ttoken\ttag\n" if column == "sentence_id" else ""
    found = read(header + lines("{n}\t{t}\t{g}", between=""), "a.conll", columns={"sentence": column})
    assert [row["tokens"] for row in found.values] == TOKENS
    assert [row["tags"] for row in found.values] == TAGS


@SOME
@given(
    corpora,
    st.permutations(["token", "tag", "other"]),
    st.sampled_from([" ", "\t"]),
    st.sampled_from(["\n", "\r", "\r\n"]),
)
def test_columns_in_any_order_give_the_same_sentences(
    corpus: list[list[tuple[str, str]]], order: list[str], between: str, end: str
) -> None:
    if {tag for sentence in corpus for _, tag in sentence} == {"O"}:
        return
    written = []
    for sentence in corpus:
        for token, tag in sentence:
            cells = {"token": token, "tag": tag, "other": "x1"}
            written.append(between.join(cells[name] for name in order if name != "other"))
        written.append("")
    found = read(end.join(written) + end, "a.conll").values
    assert found == [{"tokens": [t for t, _ in one], "tags": [g for _, g in one]} for one in corpus]


def test_a_file_without_blank_lines_is_counted() -> None:
    found = read("Rita\tB-PER\nsleeps\tO\n" * 200, "a.conll")
    assert of_kind(found.findings, kinds.FILE_OF_ONE_SENTENCE).values["tokens"] == 400
