"""Lines with a label and a text: recognised where content says so, and refused with words that can be pasted."""

import re

import pytest

from data_helpers import data_config, read
from ftk.contracts.notes import Notes
from ftk.data.readers.splits import read_splits
from ftk.errors import DataError

FULL = ["Come over at nine", "You won a prize call now", "Ok", "Where are you now"]
LABELS = ["ham", "spam", "ham", "ham"]
PAIRS = list(zip(LABELS, FULL, strict=True))


def labelled(content: str, name: str) -> list[dict[str, object]]:
    return read(content, name, tagged=False).values


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("sms.txt", "".join(f"{label}\t{text}\n" for label, text in PAIRS)),
        ("sms", "".join(f"{label}\t{text}\r\n" for label, text in PAIRS)),
        ("sms.dat", "".join(f"{text}\t{label}\n" for label, text in PAIRS)),
        ("sms.txt", "".join(f"__label__{label} {text}\n" for label, text in PAIRS)),
        ("sms.ft", "".join(f"__label__{label}\t{text}\n" for label, text in PAIRS)),
        ("sms.train", "\n\n".join(f"__label__{label}   {text}" for label, text in PAIRS)),
        ("sms.txt", "label\ttext\n" + "".join(f"{label}\t{text}\n" for label, text in PAIRS)),
        ("sms.txt", "text,label\n" + "".join(f"{text},{label}\n" for label, text in PAIRS)),
    ],
)
def test_lines_with_a_label_and_a_text(name: str, content: str) -> None:
    assert [(row["label"], row["text"]) for row in labelled(content, name)] == PAIRS


def test_several_labels_a_line() -> None:
    found = labelled("__label__a __label__b Good room\n__label__a Bad\n", "a.txt")
    assert found == [{"text": "Good room", "labels": ["a", "b"]}, {"text": "Bad", "labels": ["a"]}]


def test_labels_are_no_part_of_a_text_to_predict_for() -> None:
    assert read("__label__ham Ok\n__label__spam Win\n", "a.txt", labelled=False, tagged=False).values == [
        {"text": "Ok", "label": "ham"},
        {"text": "Win", "label": "spam"},
    ]


@pytest.mark.parametrize(
    "content",
    ["one\ntwo\nthree\n", "a\tb\n", "a text\tanother text\nthird\tfourth\nfifth\tsixth\n", "x\t1\ny\t2\nz\t3\n"],
)
def test_texts_to_predict_for_stay_lines(content: str) -> None:
    for tagged in (True, False, None):
        found = read(content, "a.txt", labelled=False, tagged=tagged).values
        assert found == [{"text": line} for line in content.splitlines()]


@pytest.mark.parametrize(
    "content",
    ["ham\tOk\nspam\tWin\n", "3.5\ta good film\n1.0\ta bad film\n", "a good film\tpositive one\na bad one\tnegative\n"],
)
def test_advice_for_two_fields_works_when_pasted(content: str) -> None:
    with open("a.txt", "w", encoding="utf-8") as stream:
        stream.write(content)
    with pytest.raises(DataError) as refused:
        read_splits(data_config(train="a.txt"), ("train",), demo=None, notes=Notes(), tagged=False)
    found = re.search(
        r"data=csv data\.header=false data\.columns\.text=(\d) data\.columns\.label=(\d)", str(refused.value)
    )
    assert found is not None
    rows = read(content, "a.txt", format="csv", header=False).values
    assert max(len(row[found[1]]) for row in rows) >= max(len(row[found[2]]) for row in rows)


def test_a_table_stays_a_table() -> None:
    content = "tokens,tags\nRita sleeps,B-PER O\nOslo,B-LOC\n"
    assert list(read(content, "a.csv").values[0]) == ["tokens", "tags"]
    assert list(read("id\ttext\n1\ta\n\n2\tb\n", "a.tsv").values[0]) == ["id", "text"]
