"""Lines with a label and a text: recognised where content says so, and refused with words that can be pasted."""

import re

import pytest

from data_helpers import data_config, read, shipped_task, standard_input
from ftk.contracts import finding_kinds as kinds
from ftk.contracts.contexts import Reading
from ftk.contracts.findings import FindingKind
from ftk.contracts.notes import Notes
from ftk.contracts.row import Row
from ftk.data.readers.decoding.once import inputs
from ftk.data.readers.splits import read_splits, stream
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
        ("sms.txt", "".join(f"{text} __label__{label}\n" for label, text in PAIRS)),
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


@pytest.mark.parametrize(
    ("sign", "name"), [("|", "bar"), (";", "semicolon"), ("@", "@"), (",", "comma"), (" | ", "bar")]
)
def test_advice_for_other_separators_works_when_pasted(sign: str, name: str) -> None:
    with open("a.txt", "w", encoding="utf-8") as stream:
        stream.write("".join(f"{text}{sign}{label}\n" for label, text in PAIRS))
    with pytest.raises(DataError) as refused:
        read_splits(data_config(train="a.txt"), ("train",), demo=None, notes=Notes(), tagged=False)
    advice = "data=csv data.header=false data.delimiter=(.*) data.columns.text=0 data.columns.label=1"
    found = re.search(advice, str(refused.value))
    assert found is not None
    assert found[1] == name
    content = "".join(f"{text}{sign}{label}\n" for label, text in PAIRS)
    rows = read(content, "a.txt", format="csv", header=False, delimiter=name).values
    assert [(row["1"].strip(), row["0"].strip()) for row in rows] == PAIRS


@pytest.mark.parametrize(
    "content",
    [
        "Rita\tB-PER\nKos\tI-PER\nsleeps\tO\n\nOslo\tB-LOC\n",
        "-DOCSTART- -X- O\n\nRita NN B-PER\nsleeps VBZ O\n",
        "Rita B-PER\nKos I-PER\nsleeps O\n",
    ],
)
def test_tokens_with_tags_are_no_texts_with_labels(content: str) -> None:
    for name in ("a.conll", "a.txt", "a"):
        with open(name, "w", encoding="utf-8") as stream:
            stream.write(content)
        with pytest.raises(DataError, match=r"a token and its tag in each line, for task=ner"):
            read_splits(data_config(train=name), ("train",), demo=None, notes=Notes(), tagged=False)


def test_rows_of_tokens_are_no_texts_with_labels() -> None:
    def kinds_of(rows: list[tuple[str, str]]) -> list[FindingKind]:
        notes = Notes()
        given = [Row({"text": text, "label": label}, "a.csv", number) for number, (text, label) in enumerate(rows, 2)]
        shipped_task("text-classification").read(given, Reading(data_config().columns, True, notes))
        return [finding.kind for finding in notes]

    tokens = [("Rita", "B-PER"), ("Kos", "I-PER"), ("sleeps", "O")]
    assert kinds.TAGS_AS_LABELS in kinds_of(tokens)
    for texts in (
        [(f"{text} waits", label) for text, label in tokens],
        [("Rita", "S-a"), ("Kos", "S-b"), ("x", "O")],
        [("good", "B"), ("bad", "I"), ("so", "O")],
        [("good", "B-movie"), ("bad", "A-movie"), ("so", "O")],
    ):
        assert kinds.TAGS_AS_LABELS not in kinds_of(texts)


def test_a_table_stays_a_table() -> None:
    content = "tokens,tags\nRita sleeps,B-PER O\nOslo,B-LOC\n"
    assert list(read(content, "a.csv").values[0]) == ["tokens", "tags"]
    assert list(read("id\ttext\n1\ta\n\n2\tb\n", "a.tsv").values[0]) == ["id", "text"]


@pytest.mark.parametrize(
    ("content", "format", "texts"),
    [
        ('{"text": "Rita sleeps", "id": 1}\n{"text": "Oslo"}\n', "auto", ["Rita sleeps", "Oslo"]),
        ('\ufeff {"text": "Rita"}\r\n', "auto", ["Rita"]),
        ('{"text": "no line end"}', "auto", ["no line end"]),
        ('{"text": "' + "long " * 40_000 + '"}\n', "auto", ["long " * 40_000]),
        ('[{"text": "Rita"}, {"text": "Oslo"}]\n', "auto", ["Rita", "Oslo"]),
        ('{"text": "Rita"}\n', "text", ['{"text": "Rita"}']),
        ('{"quote" is no object\nRita\n', "auto", ['{"quote" is no object', "Rita"]),
        ("{curly}\n", "auto", ["{curly}"]),
        ('{\n  "text": "Rita"\n}\n{\n  "text": "Oslo"\n}\n', "auto", ["Rita", "Oslo"]),
        ('[\n  {"text": "Rita"},\n  {"text": "Oslo"}\n]\n', "auto", ["Rita", "Oslo"]),
        ("[\n{curly}\n]\n", "auto", ["[", "{curly}", "]"]),
        ('["Rita", "sleeps"]\n', "auto", ['["Rita", "sleeps"]']),
        ("Rita {sleeps}\n", "auto", ["Rita {sleeps}"]),
        ("", "auto", []),
    ],
)
def test_a_stream_of_objects_is_json_lines(content: str, format: str, texts: list[str]) -> None:
    notes = Notes()
    with standard_input(content.encode()), inputs():
        rows = list(stream("-", data_config(format=format), notes, live=True))
    assert [row.values["text"] for row in rows] == texts
    found = [one.kind for one in notes if one.kind is kinds.STREAM_OF_OBJECTS]
    assert bool(found) == (format == "auto" and re.match(r'[\ufeff\s\[]*{\s*"text', content) is not None)
