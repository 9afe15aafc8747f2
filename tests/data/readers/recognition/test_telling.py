"""Lines that are read as texts and look like a table, tokens or JSON are reported; texts are not."""

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from data_helpers import SOME, data_config, standard_input
from ftk.config.data_choices import Format
from ftk.contracts import finding_kinds as kinds
from ftk.contracts.notes import Notes
from ftk.data.readers.decoding.once import inputs
from ftk.data.readers.recognition.telling import looks_like
from ftk.data.readers.splits import stream

CONLL = "Rita B-PER\nsleeps O\n\nAda B-PER\nBerg I-PER\nwrites O\n\n"
LIKE = {
    "header and rows": ("text,label\nA good day,1\nA bad day,0\n", "csv"),
    "header alone": ("id,text\n", "csv"),
    "names of its own": ("nr,said,who\n1,Good day,Ada\n2,Bad day,Rita\n", "csv"),
    "semicolons": ("sentence;id\nA good day;1\n", "csv"),
    "bars": ("query|positive\nwhere|there\n", "csv"),
    "spaces after commas": ("id, text\n1, good\n2, bad\n", "csv"),
    "quoted cells": ('text,label\n"Good, really",1\n"Bad, ""really""",0\n', "csv"),
    "a cell of two lines": ('text,label\n"Good\nday",1\n', "csv"),
    "tabs": ("text\tlabel\nA good day\t1\n", "csv"),
    "tabs without a header": ("A good day.\tAll is well.\nA bad day.\tNothing is.\n", "csv data.header=false"),
    "other case": ("ID,Text\n1,Good day\n", "csv"),
    "two texts": ("premise,hypothesis\nIt rains,It is wet\n", "csv"),
    "objects below a blank": ('\n{"text": "a"}\n{"text": "b"}\n', "jsonl"),
    "lists": ('["a", "b"]\n["c"]\n', "jsonl"),
    "fasttext": ("__label__ham Come over\n__label__spam Win\n", "labelled_lines"),
}
TEXTS = {
    "plain": "Rita sleeps\nAda went to Oslo\n",
    "one word": "text\n",
    "a comma each": "Good day, Ada\nGood night, Rita\nSo long, Bob\n",
    "numbers": "1,200 people came\n3,400 people left\n2,000 stayed\n",
    "other numbers of commas": "one,two\nthree\nfour,five\nsix,seven\n",
    "sentences of one comma": "If it rains,we stay.\nIf not,we go.\nOr so.,No\n",
    "a tab in one line": "Good\tday\n",
    "a semicolon": "It rains; we stay\nIt snows; we go\nIt is dry; we run\n",
    "a brace": "{not JSON}\n{neither}\n",
    "blank": "\n\n",
    "a list of names": "Ada, Rita and Bob\nBob, Ada and Rita\n",
}


@pytest.mark.parametrize("name", LIKE)
def test_what_looks_like_more_than_texts(name: str) -> None:
    content, format = LIKE[name]
    assert looks_like(content.splitlines(), tagged=False) == format


@pytest.mark.parametrize("name", TEXTS)
@pytest.mark.parametrize("tagged", [False, True])
def test_texts_look_like_texts(name: str, tagged: bool) -> None:
    assert looks_like(TEXTS[name].splitlines(), tagged=tagged) is None


@SOME
@given(st.lists(st.lists(st.sampled_from(["Rita", "sleeps", "and", "So,", "why?", "3.5"]), max_size=6), max_size=30))
def test_words_with_blanks_between_are_texts(lines: list[list[str]]) -> None:
    assert looks_like([" ".join(words) for words in lines], tagged=False) is None


@pytest.mark.parametrize("name", ["pipe", "lines.txt", "lines"])
@pytest.mark.parametrize(
    ("content", "roles", "format"),
    [
        ("text,label\n" + "A good day,1\n" * 30, ("text",), "csv"),
        ("said,by\n" + "A good day,Ada\n" * 3, ("text",), "csv"),
        (CONLL * 3, ("tokens", "text", "tags"), "conll"),
        ("A good day\n" * 30, ("text",), None),
    ],
)
@inputs()
def test_lines_are_read_and_said(name: str, content: str, roles: tuple[str, ...], format: str | None) -> None:
    Path(name).write_text(content)
    if format == "conll" and name != "pipe":
        return  # it is read as such
    notes = Notes()
    with standard_input(content.encode()):
        source = "-" if name == "pipe" else name
        rows = list(stream(source, data_config(), notes, roles, live=name == "pipe"))
        assert [row.values["text"] for row in rows] == content.splitlines()
    assert [one.values["format"] for one in notes if one.kind is kinds.LINES_AS_TEXTS] == [format] * (
        format is not None
    )


@inputs()
def test_a_format_that_is_named_is_not_talked_about() -> None:
    Path("lines").write_text("text,label\ngood,1\n")
    notes = Notes()
    assert len(list(stream("lines", data_config(format=Format.text), notes, ("text",)))) == 2
    assert not list(notes)
