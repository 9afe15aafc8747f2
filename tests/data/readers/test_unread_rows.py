"""Lines and records that cannot be read: they keep their places where bad rows are kept, and stop a run elsewhere."""

import json
from itertools import chain
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from data_helpers import data_config
from ftk.config.data_choices import BadRows
from ftk.contracts.notes import Notes
from ftk.contracts.row import UnreadRow
from ftk.data.readers.splits import stream
from ftk.errors import DataError, LineError

GOOD = [f'{{"text": "row {number}"}}' for number in range(4)]
ENDLESS = '{"text": "one", "note":'


def json_lines(*bad: str, first: int = 1) -> bytes:
    return "".join(f"{line}\n" for line in (*GOOD[:first], *bad, *GOOD[first:])).encode("utf-8", "surrogateescape")


def bad_lines(name: str, content: bytes, *, keep: bool = True, roles: tuple[str, ...] = ("text",)) -> list[int]:
    """The lines of the rows that cannot be read; all other rows must have a text."""
    Path(name).write_bytes(content)
    data = data_config(bad_rows=BadRows.keep if keep else BadRows.error)
    rows = list(stream(name, data, Notes(), roles))
    assert all(row.fault.startswith(f"{name}:{row.line}: ") for row in rows if isinstance(row, UnreadRow))
    assert all(row.values["text"] for row in rows if not isinstance(row, UnreadRow))
    return [row.line for row in rows if isinstance(row, UnreadRow)]


@pytest.mark.parametrize(
    ("name", "content", "lines"),
    [
        ("cut.jsonl", json_lines('{"text": "one'), [2]),
        ("cut behind a comma.jsonl", json_lines(ENDLESS, '{"text": "two",'), [2, 3]),
        ("first.jsonl", json_lines(ENDLESS, first=0), [1]),
        ("last.jsonl", json_lines(ENDLESS, first=4), [5]),
        ("python.jsonl", json_lines("{'text': 'one'}"), [2]),
        ("log.jsonl", json_lines("INFO 3 rows written", "", first=0), [1]),
        ("values.jsonl", json_lines("[1, 2]", "null", "3", '"text"'), [2, 3, 4, 5]),
        ("half.jsonl", json_lines('{"text": "\\ud83d"}'), [2]),
        ("deep.jsonl", json_lines('{"text": ' + "[" * 100_000), [2]),
        ("bytes.jsonl", json_lines('{"text": "\udc98\udc81"}', '{"text": "\udcd7"}'), [2, 3]),
        ("nul.jsonl", json_lines('{"text": "' + "x" * 2000 + '"}', '{"text": "\0"}'), [3]),
        ("two in a line.jsonl", json_lines('{"text": "one"}{"text": "two"}'), []),
        ("fewer.csv", b"text,label\none,a\ntwo\nthree,b\n", [3]),
        ("more.csv", b"text,label\none,a\ntwo, or three,b\nthree,b\n", [3]),
        ("more.tsv", b"text\tlabel\none\ta\ntwo\tor\tb\nthree\tb\n", [3]),
        ("quote.csv", b'text,label\none,a\n"two" or so,b\nthree,b\n', [3]),
        ("spans.csv", b'text,label\n"one\nmore",a\ntwo\nthree,b\n', [4]),
        ("bytes.csv", b"text,label\none,a\ntwo \x98\x81,a\nthree,b\n", [3]),
        ("bytes.txt", b"one\ntwo \x98\x81\nthree\n", [2]),
    ],
)
def test_bad_lines_keep_their_places(name: str, content: bytes, lines: list[int]) -> None:
    assert bad_lines(name, content) == lines
    if lines:
        with pytest.raises(DataError) as caught:
            bad_lines(name, content, keep=False)
        others = not name.startswith(("first", "log"))
        assert isinstance(caught.value, LineError) is others, "the error says that rows can be kept"


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("an open quotation mark.csv", b'text,label\none,a\n"two,b\nthree,b\nfour,a\n'),
        ("an array.json", b'[{"text": "one"},\n{"text": }]'),
        ("objects over lines.json", b'{\n"text": "one"\n}\n{\n"text": \n}\n'),
        ("no table.csv", b"text \x98\x81,label\none,a\n"),
    ],
)
def test_what_ends_nowhere_is_refused(name: str, content: bytes) -> None:
    """Where it is not known which rows are lost, none is kept."""
    for keep in (True, False):
        with pytest.raises(DataError) as caught:
            bad_lines(name, content, keep=keep)
        assert not isinstance(caught.value, LineError), "keeping bad rows does not help"


def test_a_token_that_cannot_be_read_leaves_no_sentence() -> None:
    tokens = "sentence_id,text,label\n" + "".join(f"{number // 3},word,O\n" for number in range(9))
    broken = tokens.replace("2,word,O\n", "2,word\n", 1)
    with pytest.raises(DataError, match=r"tokens\.csv:8: 2 cells"):
        bad_lines("tokens.csv", broken.encode(), roles=("tokens", "tags"))


values = st.none() | st.integers() | st.text(max_size=5) | st.lists(st.integers(), max_size=2)
objects = st.dictionaries(st.text(max_size=3), values, min_size=1, max_size=3).map(json.dumps)
garbage = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\r\n\0\ufeff"), min_size=1, max_size=9)


@given(st.lists(objects, min_size=12, max_size=12), st.lists(garbage, min_size=1, max_size=4), st.data())
@settings(max_examples=60, deadline=None)
def test_other_rows_are_read_as_without_bad_ones(lines: list[str], bad: list[str], data: st.DataObject) -> None:
    places = sorted(data.draw(st.lists(st.integers(0, 12), min_size=len(bad), max_size=len(bad))))
    mixed = list(
        chain.from_iterable(
            [*(b for b, p in zip(bad, places, strict=True) if p == n), *lines[n : n + 1]] for n in range(13)
        )
    )
    Path("rows.jsonl").write_text("\n".join(mixed) + "\n", encoding="utf-8")
    found = list(stream("rows.jsonl", data_config(bad_rows=BadRows.keep), Notes(), ("text",)))
    kept = [row.values for row in found if not isinstance(row, UnreadRow)]
    assert [one for one in kept if one] == [json.loads(line) for line in lines]
    assert len(found) == sum(1 for line in mixed if line.strip())


def test_the_input_may_be_a_list_of_files() -> None:
    Path("one.txt").write_bytes(b"one\ntwo \x98\x81\n")
    Path("two.csv").write_bytes(b"text\nthree\n")
    rows = list(stream(["one.txt", "two.csv"], data_config(bad_rows=BadRows.keep), Notes(), ("text",)))
    assert [row.values.get("text") for row in rows] == ["one", None, "three"]
    Path("splits/train").mkdir(parents=True)
    Path("splits/test").mkdir()
    for name in ("train", "test"):
        Path(f"splits/{name}/rows.txt").write_bytes(b"one\n")
    with pytest.raises(DataError, match="a folder for each split"):
        list(stream(["one.txt", "splits"], data_config(), Notes(), ("text",)))


def test_an_image_is_nothing_to_read_for_a_task_of_texts() -> None:
    Path("one.png").write_bytes(b"")
    with pytest.raises(DataError, match="this is an image"):
        list(stream("one.png", data_config(), Notes(), ("text", "label")))
    [row] = stream("one.png", data_config(), Notes(), ("image", "label"))
    assert row.values == {"image": "one.png"}
