"""CSV and TSV as programs and people write them: separators, quotation marks, lines above and between the rows."""

import csv
import io
import json
import os
from typing import Any

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from data_helpers import SOME, Read, of_kind, read
from ftk.config.data_choices import Quoting
from ftk.contracts import finding_kinds as kinds
from ftk.contracts.notes import Notes
from ftk.data.readers.decoding.once import inputs, open_live
from ftk.data.readers.tables.tabular import read_csv
from ftk.errors import DataError

LABELS = ("n", "p")
ROWS = "".join(f"text {number},{LABELS[number % 2]}\n" for number in range(8))


def kinds_of(found: Read) -> list[str]:
    """The kinds that reading found."""
    return [finding.kind.id for finding in found.findings]


def rows_with(delimiter: str, *, opened: int, closed: int, rows: int = 50) -> str:
    """A table in which one text begins with a quotation mark, and a later one ends with one."""
    lines = [f"text{delimiter}label", *(f"row number {n}{delimiter}{LABELS[n % 2]}" for n in range(rows))]
    lines[opened] = f'"Never again{delimiter}n'
    lines[closed] = f'said the guest"{delimiter}p'
    return "\n".join(lines) + "\n"


@pytest.mark.parametrize("delimiter", ["\t", ",", ";", "|"])
@pytest.mark.parametrize(("opened", "closed"), [(10, 40), (1, 50), (20, 21), (1, 2), (49, 50)])
def test_lone_quotation_marks_swallow_no_rows(delimiter: str, opened: int, closed: int) -> None:
    found = read(rows_with(delimiter, opened=opened, closed=closed), "rows.csv")
    assert len(found.rows) == 50
    assert found.values[opened - 1] == {"text": '"Never again', "label": "n"}
    assert found.values[closed - 1] == {"text": 'said the guest"', "label": "p"}
    said = of_kind(found.findings, kinds.QUOTES_AS_CHARACTERS)
    assert (said.count, said.places) == (2, [f"rows.csv:{opened + 1}", f"rows.csv:{closed + 1}"])


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("never-closed.tsv", 'text\tlabel\n"Great film\tpos\nGood\tpos\nBad\tneg\n'),
        ("text-after-it.tsv", 'text\tlabel\n"Great film\tpos\nI said "no"\tneg\n'),
        ("quoted-beginning.tsv", 'text\tlabel\n"Great" she said\tpos\nBad\tneg\n'),
        ("inches.tsv", 'size\tlabel\n"5 inches\ta\n5" disk\tb\n3" disk\ta\n'),
        ("three-columns.tsv", 'id\ttext\tlabel\n1\t"Oh\tpos\n2\tno"\tneg\n3\tgood\tpos\n'),
        ("two-pairs.tsv", 'text\tlabel\n"a\tx\nb"\ty\nc\tx\n"d\ty\ne"\tx\n'),
        ("one-column.tsv", 'text\n"Awful film\nSo "good" it is\n'),
        ("numbers.csv", "text,stars\nfine,3\ngood,4\nbad,1\nso so,2\n" + '"Ah,5\nno",1\n'),
        ("classes.csv", "text,label\n" + ROWS + '"Ah,p\nso,n\nno",p\n'),
        ("broken.csv", "text,label\n" + ROWS + '"Ah" he said,p\n'),
    ],
)
def test_quotation_marks_are_characters_where_only_then_each_line_is_a_row(name: str, content: str) -> None:
    found = read(content, name)
    lines = [line.split("\t" if name.endswith(".tsv") else ",") for line in content.splitlines()]
    assert [list(row.values()) for row in found.values] == lines[1:]
    assert of_kind(found.findings, kinds.QUOTES_AS_CHARACTERS).count == sum(
        '"' in line for line in content.splitlines()
    )


@pytest.mark.parametrize(
    ("name", "content", "line"),
    [
        ("one-column.tsv", 'text\n"Awful\nSo good "\nthird\n', 2),
        pytest.param(
            "after-the-head.tsv",
            "text\tlabel\n" + ROWS.replace(",", "\t") * 16_000 + '"Ah\tp\nno"\tn\n',
            128_002,
            marks=pytest.mark.slow,
        ),
        ("not-constant.csv", "text,label\n" + ROWS + '"a, b",p\n"Ah,p\nso,n\nno",p\n', 11),
        ("many-lines.csv", "a,b\n" + '"x, y",1\n' + '"o,1\n' + "n,2\n" * 9 + 'z",3\n', 3),
        ("not-closed.csv", 'text,label\n"a, b",p\n"Ah,p\nno,n\n', 3),
        ("text-after-it.csv", 'text,label\n"a, b",p\n"Ah" he said,p\n', 3),
        ("gap.tsv", "text\tlabel\nx\n" + '"a\tp\n' + "b\tn\n" * 9 + 'c\n"\tp\n', 2),
    ],
)
def test_what_may_be_several_rows_is_refused_with_the_line_where_it_opens(name: str, content: str, line: int) -> None:
    with pytest.raises(DataError, match=rf"^{name}:{line}: "):
        read(content, name)


@pytest.mark.parametrize("name", ["one-column.tsv", "many-lines.csv"])
def test_the_ways_out_that_a_refusal_names(name: str) -> None:
    content = {
        "one-column.tsv": 'text\n"Awful\nSo good "\n',
        "many-lines.csv": 'a\tb\n"o\t1\n' + "n\t2\n" * 9 + 'z"\t3\n',
    }
    lines = content[name].splitlines()
    none = read(content[name], name, quoting="none")
    assert [list(row.values()) for row in none.values] == [line.split("\t") for line in lines[1:]]
    assert len(read(content[name], name, quoting="csv").rows) == 1


@pytest.mark.parametrize(
    "table",
    [
        [["Dear Sir,\nhello", "pos"], ["Good", "neg"]],
        [["Dear Sir,\nhello, you", "pos"]] + [["Good", "neg"], ["Bad", "pos"]] * 3,
        [["Dear Sir,\n\nhello,\nyou", "pos"]] + [["Good", "neg"], ["Bad", "pos"]] * 3,
        [["a\r\nb", "x"], ["\r\n", "y"]],
        [["1\n2\n3\n4\n5\n6\n7\n8\n9\n10\n11\n12", "x"], ["y", "x"]],
        [["tab\there\nand\tthere", "x"], ["y", "x"]],
        [['say "no"\nor "yes"', "x"], ["", ""]],
        [["x" * 10, "\n" * 40]],
        [["poem,\n" * 30, "a"], ["b, c", "a"]],
    ],
)
@pytest.mark.parametrize("delimiter", [",", "\t", ";"])
@pytest.mark.parametrize("end", ["\n", "\r\n"])
def test_cells_that_span_lines_come_back(table: list[list[str]], delimiter: str, end: str) -> None:
    stream = io.StringIO()
    csv.writer(stream, delimiter=delimiter, lineterminator=end).writerows([["text", "label"], *table])
    found = read(stream.getvalue().encode(), "rows.csv")
    assert [list(row.values()) for row in found.values] == table


@pytest.mark.parametrize("end", ["\n", "\r\n"])
def test_cells_of_one_column_may_span_lines_in_csv(end: str) -> None:
    found = read(f'text{end}"first\nsecond"{end}third{end}'.encode(), "rows.csv")
    assert found.values == [{"text": "first\nsecond"}, {"text": "third"}]
    assert of_kind(found.findings, kinds.CELL_OF_SEVERAL_LINES).places == ["rows.csv:2-3"]


@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
def test_line_ends_in_cells_are_those_of_json(end: str) -> None:
    text = "one\r\ntwo\nthree\r\n"
    content = f'text,spans{end}"{text}","[]"{end}'
    [row] = read(content.encode(), "rows.csv").values
    assert row["text"] == json.loads(json.dumps(text))


@pytest.mark.parametrize(
    ("name", "content", "delimiter"),
    [
        ("a.csv", "text;label\nGood, really;pos\nBad;neg\n", ";"),
        ("a.csv", "text, in English;label\nGood, or not;pos\nBad;neg\n", ";"),
        ("a.csv", '"text, cleaned";"label"\nGood, or, not;pos\n', ";"),
        ("a.csv", "id;text, raw;label\n1;a, b;x\n2;c;y\n", ";"),
        ("a.csv", "text\tlabel\nGood, really\tpos\n", "\t"),
        ("a.csv", "text|label\nGood, really|pos\nBad;so|neg\n", "|"),
        ("a.csv", 'text,"a;b;c"\nGood,1\n"x;y",2\n', ","),
        ("a.csv", "a;b;c,d\n1;2;3\n4;5;6\n", ";"),
        ("a.csv", '"te\nxt";label\nGood, really;pos\n', ";"),
        ("a.csv", "text,label\n" + "a;b,x\n" * 20, ","),
        ("a.tsv", "text,label\nGood,pos\nBad,neg\n", ","),
        ("a.tsv", "text, raw\tlabel\na, b\tpos\n", "\t"),
        ("a.tsv", "text\nHello, you\n", "\t"),
        ("a.csv", "x|y;z\n1;2\n3;4\n", ";"),
    ],
)
def test_the_separator_gives_each_row_as_many_cells_as_the_header(name: str, content: str, delimiter: str) -> None:
    found = read(content, name)
    expected = list(csv.reader(io.StringIO(content), delimiter=delimiter))
    assert [list(row.keys()) for row in found.values] == [expected[0]] * (len(expected) - 1)
    assert [list(row.values()) for row in found.values] == expected[1:]
    usual = delimiter == ("\t" if name.endswith(".tsv") else ",")
    assert (kinds.TABLE_DELIMITER.id in kinds_of(found)) != usual


@pytest.mark.parametrize("content", ["a;b,c\n1;2,3\n", "id,text;label\n1,x;y\n2,z;y\n", "a|b\tc\nx|y\tz\n"])
def test_two_separators_that_fit_equally_well_are_refused(content: str) -> None:
    with pytest.raises(DataError, match=r"data\.delimiter=\w+ or data\.delimiter=\w+\.$") as refused:
        read(content, "a.csv")
    for way in ("comma", "semicolon", "tab", "bar"):
        if f"data.delimiter={way}" in str(refused.value):
            assert len(read(content, "a.csv", delimiter=way).values[0]) == 2


@pytest.mark.parametrize(("delimiter", "char"), [("^", "^"), ("\\t", "\t"), ("space", " "), (";", ";"), ("bar", "|")])
def test_a_separator_that_the_config_names(delimiter: str, char: str) -> None:
    found = read(f"text{char}label,more\na,b{char}c\n", "a.csv", delimiter=delimiter)
    assert found.values == [{"text": "a,b", "label,more": "c"}]
    assert found.findings == []


@pytest.mark.parametrize(
    ("content", "line"),
    [
        ("sep=;\ntext;label\nGood;pos\n", 3),
        ("sep=,\ntext,label\nGood,pos\n", 3),
        ("SEP=;\r\ntext;label\r\nGood;pos\r\n", 3),
        ('"sep=;"\ntext;label\nGood;pos\n', 3),
        ("sep=\t\ntext\tlabel\nGood\tpos\n", 3),
        ("sep=^\ntext^label\nGood^pos\n", 3),
        ("\nsep=;\n\ntext;label\nGood;pos\n", 5),
        ("sep=;;\ntext;label\nGood;pos\n", 3),
        ("\ntext,label\nGood,pos\n", 3),
        ("\r\n \r\n\ttext,label\r\nGood,pos\r\n", 4),
        (",\n,\ntext,label\nGood,pos\n", 4),
        (";;\ntext;label\nGood;pos\n", 3),
        ("\ufeff\ntext,label\nGood,pos\n", 3),
        ("\ufeffsep=;\ntext;label\nGood;pos\n", 3),
    ],
)
def test_lines_above_the_header_are_none_of_the_table(content: str, line: int) -> None:
    found = read(content, "a.csv")
    assert [[name.strip() for name in row.values] for row in found.rows] == [["text", "label"]]
    assert list(found.values[0].values()) == ["Good", "pos"]
    assert found.rows[0].line == line
    blank = [finding.count for finding in found.findings if finding.kind == kinds.BLANK_ABOVE_TABLE]
    assert sum(blank) == line - 2 - ("sep=" in content.lower())


@pytest.mark.parametrize("content", ["", "\n\n", "sep=;\n", " \n,,\n"])
def test_a_table_without_a_header_is_empty(content: str) -> None:
    with pytest.raises(DataError, match="is empty"):
        read(content, "a.csv")


@pytest.mark.parametrize("delimiter", [",", ";", "\t"])
@pytest.mark.parametrize("last", ["", "\r", "\n"])
def test_a_carriage_return_alone_may_end_lines(delimiter: str, last: str) -> None:
    lines = [f"text{delimiter}label", f'"one\rtwo{delimiter} three"{delimiter}pos', f"Bad{delimiter}neg"]
    found = read(("\r".join(lines) + last).encode(), "a.csv")
    assert [row["text"] for row in found.values] == [f"one\rtwo{delimiter} three", "Bad"]
    assert [row.line for row in found.rows] == [2, 4]
    assert kinds.TABLE_ENDS_AT_CR.id in kinds_of(found)


@pytest.mark.parametrize(
    ("content", "left"),
    [
        ("text,label\nGood,pos\nBad,neg\ntext,label\nFine,pos\n", ["a.csv:4"]),
        ("text,label\ntext,label\nGood,pos\nBad,neg\nFine,pos\n", ["a.csv:2"]),
        ("text,label\nGood,pos\nBad,neg\nFine,pos\ntext,label\n", ["a.csv:5"]),
        ("text,label\nGood,pos\n\ufefftext,label\nBad,neg\n\ufefftext,label\nFine,pos\n", ["a.csv:3", "a.csv:5"]),
        ('"text","label"\n"Good","pos"\n"Bad","neg"\n"text","label"\n"Fine","pos"\n', ["a.csv:4"]),
        ("text;label\nGood;pos\nBad;neg\ntext;label\nFine;pos\n", ["a.csv:4"]),
        ('text,label\nGood,pos\nBad,neg\n\n"text",label\nFine,pos\n', ["a.csv:5"]),
        ("text,label\nGood,pos\nBad,neg\nText,LABEL\nFine,pos\n", ["a.csv:4"]),
        (",text,label\n0,Good,pos\n1,Bad,neg\n,text,label\n0,Fine,pos\n", ["a.csv:4"]),
    ],
)
def test_a_header_that_comes_again_is_no_row(content: str, left: list[str]) -> None:
    found = read(content, "a.csv")
    assert [(row["text"], row["label"]) for row in found.values] == [("Good", "pos"), ("Bad", "neg"), ("Fine", "pos")]
    assert of_kind(found.findings, kinds.REPEATED_HEADER).places == left


@pytest.mark.parametrize(
    "content",
    [
        'text, label\nGood, pos\n"Bad, really", neg\n',
        '"text", "label"\n"Good", "pos"\n"Bad, really", "neg"\n',
        "text; label\nGood; pos\nBad, really; neg\n",
        'text| label\r\nGood|  "pos"\r\nBad, really| neg\r\n',
    ],
)
def test_a_space_after_each_separator_is_no_part_of_the_cells(content: str) -> None:
    found = read(content, "a.csv")
    assert found.values == [{"text": "Good", "label": "pos"}, {"text": "Bad, really", "label": "neg"}]
    assert of_kind(found.findings, kinds.SPACE_AFTER_DELIMITER)
    kept = read("text,label\n a, pos\nb,neg\n", "a.csv")
    assert kept.values == [{"text": " a", "label": " pos"}, {"text": "b", "label": "neg"}]


def test_what_only_looks_like_a_header_is_a_row() -> None:
    for content in ("text,label\ntext,pos\n", "text,label\ntext,text\n", "text,label\nlabel,label\n"):
        assert len(read(content, "a.csv").rows) == 1
    found = read("text,label\ntext,label\n", "a.csv", header=False)
    assert len(found.rows) == 2


def test_a_header_in_another_order_is_refused() -> None:
    with pytest.raises(DataError, match=r"^a\.csv:3: .*label, text"):
        read("text,label\nGood,pos\nlabel,text\nneg,Bad\n", "a.csv")


WORDS = st.text(st.sampled_from("ab ,;\t\"|\n'é"), max_size=6)


@SOME
@given(st.lists(st.tuples(WORDS, WORDS, st.sampled_from(["pos", "neg"])), min_size=1, max_size=12), st.data())
def test_what_a_writer_wrote_comes_back_or_is_refused_or_said(rows: list[tuple[str, str, str]], data: Any) -> None:
    delimiter = data.draw(st.sampled_from([",", ";", "\t"]))
    stream = io.StringIO()
    csv.writer(stream, delimiter=delimiter, lineterminator="\n").writerows([("a", "b", "c"), *rows])
    name = "w.tsv" if delimiter == "\t" else "w.csv"
    try:
        found = read(stream.getvalue().encode(), name)
    except DataError:
        assume(False)
        return
    same = [tuple(row.values()) for row in found.values] == rows
    assert same or found.findings
    explicit = read(stream.getvalue().encode(), name, delimiter=delimiter, quoting="csv")
    assert [tuple(row.values()) for row in explicit.values] == rows


@SOME
@given(st.lists(st.tuples(st.text('ab "', max_size=5), st.sampled_from(["p", "n"])), min_size=1, max_size=12))
def test_no_row_of_a_table_without_quoting_vanishes(rows: list[tuple[str, str]]) -> None:
    content = "text\tlabel\n" + "".join(f"{text}\t{label}\n" for text, label in rows)
    found = read(content, "w.tsv")
    assert len(found.rows) == len(rows)
    assert [row["label"] for row in found.values] == [label for _, label in rows]


def test_the_config_says_what_quotation_marks_mean() -> None:
    content = 'text\tlabel\n"Good"\tpos\n'
    assert read(content, "a.tsv").values[0]["text"] == read(content, "a.tsv", quoting="csv").values[0]["text"] == "Good"
    assert read(content, "a.tsv", quoting="none").values[0]["text"] == '"Good"'
    assert {"auto", "csv", "backslash", "single", "none"} == {member.value for member in Quoting}


@pytest.mark.parametrize("quoting", [Quoting.auto, Quoting.none])
def test_a_table_that_comes_line_by_line_says_which_lines_decide(quoting: Quoting) -> None:
    came, sent = os.pipe()
    os.write(sent, b"a,b\n1,2\n")
    notes = Notes()
    with inputs():
        open_live(f"/dev/fd/{came}")
        rows = read_csv(f"/dev/fd/{came}", "utf-8", notes, quoting=quoting)
        assert next(rows).values == {"a": "1", "b": "2"}
        os.write(sent, b"3,4\n")
        os.close(sent)
        assert [row.values for row in rows] == [{"a": "3", "b": "4"}]
    os.close(came)
    decided = [finding.values["lines"] for finding in notes.drain() if finding.kind == kinds.FEW_LINES_DECIDE]
    assert decided == ([2] if quoting is Quoting.auto else [])
