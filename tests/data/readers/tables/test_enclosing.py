"""Tables whose cells are in single quotation marks, or have backslashes before the marks in them."""

import csv
import io

import pytest
from hypothesis import given
from hypothesis import strategies as st

from data_helpers import MANY, of_kind, read
from ftk.contracts import finding_kinds as kinds
from ftk.errors import DataError

SAID = 'She said "no", twice'

BACKSLASH = {
    "spark": 'text,label\n"She said \\"no\\", twice",neg\nFine,pos\n',
    "all in quotes": '"text","label"\n"She said \\"no\\", twice","neg"\n"Fine","pos"\n',
    "semicolons": 'text;label\n"She said \\"no\\", twice";neg\nFine;pos\n',
    "tabs": 'text\tlabel\n"She said \\"no\\", twice"\tneg\nFine\tpos\n',
    "CRLF": 'text,label\r\n"She said \\"no\\", twice",neg\r\nFine,pos\r\n',
    "other rows have doubled ones": 'text,label\n"She said \\"no\\", twice",neg\nFine,pos\n"say ""ah""",pos\n',
    "separators without marks": 'text,label\nShe said "no"\\, twice,neg\nFine,pos\n',
    "no end of line": 'text,label\nFine,pos\n"She said \\"no\\", twice",neg',
}
SINGLE = {
    "only where needed": "text,label\n'She said \"no\", twice',neg\nFine,pos\n",
    "all": "'text','label'\n'She said \"no\", twice','neg'\n'Fine','pos'\n",
    "tabs": "text\tlabel\n'She said \"no\", twice'\tneg\n'Fine'\tpos\n",
    "doubled ones": "text,label\n'She said \"no\", twice',neg\n'Fine, it''s',pos\n",
    "backslashes": "text,label\n'She said \"no\", twice',neg\n'Fine, it\\'s',pos\n",
    "labels alone": "label,text\n'neg',It's\n'pos',Fine\n'pos',Fine\n",
}


@pytest.mark.parametrize("name", BACKSLASH)
def test_marks_with_a_backslash_are_found_and_reported(name: str) -> None:
    table = read(BACKSLASH[name], "a.tsv" if name == "tabs" else "a.csv")
    assert {"text": SAID, "label": "neg"} in table.values
    assert of_kind(table.findings, kinds.TABLE_QUOTES).policy == "backslash"


@pytest.mark.parametrize("name", SINGLE)
def test_single_quotation_marks_are_found_and_reported(name: str) -> None:
    table = read(SINGLE[name], "a.tsv" if name == "tabs" else "a.csv")
    assert table.values[0]["label"] == "neg"
    assert table.values[0]["text"] in (SAID, "It's")
    assert not [value for row in table.values for value in row.values() if value[:1] == "'"]
    assert of_kind(table.findings, kinds.TABLE_QUOTES).policy == "single"


@pytest.mark.parametrize(
    ("content", "texts"),
    [
        ('text,label\n"C:\\",neg\n"Fine, it is",pos\n', ["C:\\", "Fine, it is"]),
        ('text,label\n"\\alpha, \\beta",neg\n', ["\\alpha, \\beta"]),
        ('text,label\nShe said \\"no\\",neg\n', ['She said \\"no\\"']),
        ("text,label\n'Fine' he said,pos\n'No' 'yes',neg\n", ["'Fine' he said", "'No' 'yes'"]),
        ("text,label\n'tis fine,pos\nthe boys',neg\n", ["'tis fine", "the boys'"]),
        ("text,label\n'Fine',pos\nIt's bad,neg\n", ["'Fine'", "It's bad"]),
        ("text,label\n'Fine',pos\n", ["'Fine'"]),
        ("text,label\n\"It's, fine\",'a'\n\"No, it's\",'b'\n", ["It's, fine", "No, it's"]),
    ],
)
def test_backslashes_and_apostrophes_that_enclose_nothing_stay(content: str, texts: list[str]) -> None:
    table = read(content, "a.csv")
    assert [row["text"] for row in table.values] == texts
    assert kinds.TABLE_QUOTES not in [found.kind for found in table.findings]


@pytest.mark.parametrize(
    ("text", "doubled"),
    [('C:\\temp "x"', False), ('C:\\\\temp \\new "x"', False), ('back\\slash "x"', True), ('"x" two\\\\', True)],
)
def test_backslashes_of_texts_stay(text: str, doubled: bool) -> None:
    written = text.replace("\\", "\\\\") if doubled else text
    written = written.replace('"', '\\"')
    table = read(f'text,label\n"{written}, end",neg\n', "a.csv")
    assert table.values[0]["text"] == f"{text}, end"


def test_separators_and_line_ends_with_a_backslash_are_parts_of_cells() -> None:
    table = read("text\tlabel\na\\\tb\tneg\nc\\\nd \\\\e\tpos\n", "a.tsv")
    assert [row["text"] for row in table.values] == ["a\tb", "c\nd \\e"]
    table = read("text,label\nC:\\,neg\nfine,pos\\\n", "a.csv")
    assert table.values == [{"text": "C:\\", "label": "neg"}, {"text": "fine", "label": "pos\\"}]


@pytest.mark.slow
def test_what_auto_cannot_tell_the_config_says() -> None:
    head = "".join(f"fine {number},pos\n" for number in range(100_000))
    late = f'text,label\n{head}"She said \\"no\\"",neg\n'
    with pytest.raises(DataError, match=r"data\.quoting=backslash"):
        read(late, "a.csv")
    assert read(late, "a.csv", quoting="backslash").values[-1]["text"] == 'She said "no"'
    assert read("text,label\n'Fine',pos\nIt's bad,neg\n", "a.csv", quoting="single").values[0]["text"] == "Fine"


cells = st.text(st.sampled_from("ab \"'\\,;\t\nN0é"), max_size=12)


@MANY
@given(st.lists(st.tuples(cells, cells), min_size=1, max_size=5), st.sampled_from(["\n", "\r\n"]))
def test_what_a_writer_wrote_comes_back(rows: list[tuple[str, str]], end: str) -> None:
    stream = io.StringIO()
    writer = csv.writer(stream, quotechar="'", quoting=csv.QUOTE_ALL, lineterminator=end)
    writer.writerows([("text", "label"), *rows])
    content = stream.getvalue()
    if "\\'" not in content:
        assert [tuple(row.values()) for row in read(content.encode(), "a.csv", quoting="single").values] == rows
    stream = io.StringIO()
    writer = csv.writer(stream, quoting=csv.QUOTE_ALL, lineterminator=end, doublequote=False, escapechar="\\")
    writer.writerows([("text", "label"), *rows])
    assert [
        tuple(row.values()) for row in read(stream.getvalue().encode(), "a.csv", quoting="backslash").values
    ] == rows
