"""CoNLL-2012, and WebAnno TSV 1 and 2: files of tokens that say what they are."""

import pytest

from data_helpers import of_kind, read
from ftk.contracts import finding_kinds as kinds
from ftk.data.rows.tags.tag_spelling import spelling_of
from ftk.errors import DataError

ONTONOTES = """#begin document (bc/cctv/00/cctv_0000); part 000
bc/cctv/00/cctv_0000  0  0     In   IN  (TOP(S(PP*  -  -  -  Speaker#1       *     *          *        *    -
bc/cctv/00/cctv_0000  0  1   June  NNP    (NP(NP*   -  -  -  Speaker#1  (DATE*     *  (ARGM-TMP*  (ARG0*    -
bc/cctv/00/cctv_0000  0  2   2005   CD       *)))   -  -  -  Speaker#1      *)     *         *)       *)    -
bc/cctv/00/cctv_0000  0  3  China  NNP       (NP*  go 01  1  Speaker#1   (GPE)   (V*)        *        *  (12)

bc/cctv/00/cctv_0000  0  0     He  PRP   (TOP(S*    -  -  -  Speaker#1       *  (ARG0*)  (12)
bc/cctv/00/cctv_0000  0  1   came  VBD   (VP*))) come 01  1  Speaker#1       *     (V*)    -

bc/cctv/00/cctv_0000  0  0     Oh   UH  (TOP(FRAG*))  -  -  -  Speaker#1     *    -

#end document
#begin document (bc/cctv/00/cctv_0001); part 000
bc/cctv/00/cctv_0001  0  0   Oslo  NNP  (TOP(NP*))   -  -  -  Speaker#1   (GPE)   -

#end document
"""
TOKENS = [["In", "June", "2005", "China"], ["He", "came"], ["Oh"], ["Oslo"]]
TAGS = [["O", "B-DATE", "I-DATE", "B-GPE"], ["O", "O"], ["O"], ["B-GPE"]]


def usual(rows: list[dict[str, list[str]]]) -> list[list[str] | None]:
    spelling = spelling_of({tag: 1 for row in rows for tag in row["tags"]}, bare=True)
    return [spelling.as_usual(row["tags"]) for row in rows]


@pytest.mark.parametrize("name", ["a.v4_gold_conll", "a.gold_conll", "a.conll", "a.txt", "a"])
@pytest.mark.parametrize("between", [" ", "\t"])
def test_ontonotes(name: str, between: str) -> None:
    lines = [line if line[:1] == "#" else between.join(line.split()) for line in ONTONOTES.splitlines()]
    for labelled in (True, False):
        found = read("\n".join(lines), name, labelled=labelled)
        assert [row["tokens"] for row in found.values] == TOKENS
        assert usual(found.values) == TAGS
        assert [row.document for row in found.rows] == [1, 1, 1, 2]
        of_kind(found.findings, kinds.ONTONOTES)


def test_columns_of_ontonotes_have_names_and_numbers() -> None:
    for column in (4, "pos"):
        assert read(ONTONOTES, "a.conll", columns={"tags": column}).values[1]["tags"] == ["PRP", "VBD"]
    assert read(ONTONOTES, "a.conll", columns={"tags": -1}).values[1]["tags"] == ["(12)", "-"]


def test_other_files_whose_lines_differ_are_refused() -> None:
    with pytest.raises(DataError, match=r"a\.conll:7: 13 columns where line 2 has 15"):
        read(ONTONOTES.replace("(TOP", "TOP").replace("*", "x"), "a.conll")
    with pytest.raises(DataError, match=r"a\.conll:7: 5 columns"):
        read(ONTONOTES.replace("He  PRP   (TOP(S*    -  -  -  Speaker#1       *  (ARG0*)", "He"), "a.conll")


HEADER = (
    " # de.tudarmstadt.ukp.dkpro.core.api.lexmorph.type.pos.POS | PosValue"
    " # de.tudarmstadt.ukp.dkpro.core.api.ner.type.NamedEntity | value"
    " # de.tudarmstadt.ukp.dkpro.core.api.syntax.type.dependency.Dependency | DependencyType"
    " | AttachTo=de.tudarmstadt.ukp.dkpro.core.api.lexmorph.type.pos.POS\n"
)
FIRST = "#id=1\n#text=Rita Kos sleeps.\n1-1\tRita{0}B-PER{1}\n1-2\tKos{0}I-PER{1}\n1-3\tsleeps{0}O{1}\n\n"
SECOND = "#id=2\n#text=Oslo waits\n2-1\tOslo{0}B-LOC{1}\n2-2\twaits{0}O{1}\n"
WEBANNO = {
    "TSV 2": HEADER + (FIRST + SECOND).format("\tNE\t", "\tSB\t1-3"),
    "TSV 2 of one layer": "# webanno.custom.Name | value\n" + (FIRST + SECOND).format("\t", ""),
    "TSV 1": (FIRST + SECOND).format("\t_\t", "\t_\t_"),
}


@pytest.mark.parametrize("content", WEBANNO.values(), ids=WEBANNO.keys())
@pytest.mark.parametrize("name", ["a.tsv", "a.txt"])
def test_early_webanno(name: str, content: str) -> None:
    for labelled in (True, False):
        found = read(content, name, labelled=labelled).values
        assert [row["tokens"] for row in found] == [["Rita", "Kos", "sleeps"], ["Oslo", "waits"]]
        assert [row["tags"] for row in found] == [["B-PER", "I-PER", "O"], ["B-LOC", "O"]]


def test_layers_of_webanno_have_names() -> None:
    found = read(WEBANNO["TSV 2"], "a.tsv", columns={"tags": "POS.PosValue"})
    assert found.values[0]["tags"] == ["NE", "NE", "NE"]
    assert "column_Dependency.governor" in found.values[0]
