"""Columns of labels: names, or a vector of 0 and 1 for all of them, in the spelling of any format."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from data_helpers import SOME, data_config, refused
from ftk.config.paths import values_of
from ftk.contracts import finding_kinds as data_kinds
from ftk.contracts.contexts import Reading
from ftk.contracts.notes import Notes
from ftk.contracts.row import Row
from ftk.tasks import build_task
from ftk.tasks import finding_kinds as kinds
from ftk.tasks.shared.row_task import RowTask

NAMES = ["room", "price", "staff"]
VECTORS = [[1, 0, 0], [0, 1, 1], [0, 0, 0]]
TARGETS = [("room",), ("price", "staff"), ()]


def read(labels: list[Any], *, split: str = "train", **fields: Any) -> tuple[list[tuple[str, ...]], Notes]:
    """The labels of rows with these cells, and what was noted."""
    task, notes = build_task({**values_of("task/multi-label"), **fields}), Notes()
    assert isinstance(task, RowTask)
    rows = [Row({"text": str(number), "labels": cell}, "a.csv", number) for number, cell in enumerate(labels, start=1)]
    reading = Reading(data_config().columns, True, notes)
    with notes.of(split):
        examples = task.resolve_auto(rows, reading).read(rows, reading)
    return [example.target for example in examples], notes


def spelled(write: Any) -> list[Any]:
    """The vectors in the spelling of a format."""
    return [write(vector) for vector in VECTORS]


SPELLINGS = {
    "integers": list,
    "floats": lambda vector: [float(item) for item in vector],
    "truth values": lambda vector: [bool(item) for item in vector],
    "texts": lambda vector: [str(item) for item in vector],
    "tuple": tuple,
    "JSON": lambda vector: str(vector),
    "Python": lambda vector: str([bool(item) for item in vector]),
    "NumPy": lambda vector: f"[{' '.join(map(str, vector))}]",
    "NumPy floats": lambda vector: f"[{' '.join(f'{item}.' for item in vector)}]",
    "NumPy truth values": lambda vector: f"[{' '.join(str(bool(item)) for item in vector)}]",
    "array": lambda vector: f"array({vector}, dtype=int32)",
    "torch": lambda vector: f"tensor({vector})",
    "commas": lambda vector: ",".join(map(str, vector)),
    "commas and spaces": lambda vector: ", ".join(map(str, vector)),
    "semicolons": lambda vector: ";".join(map(str, vector)),
    "spaces": lambda vector: " ".join(map(str, vector)),
    "bits": lambda vector: "".join(map(str, vector)),
    "a tuple of Python": lambda vector: str(tuple(vector)),
}


@pytest.mark.parametrize("name", SPELLINGS)
def test_a_vector_names_its_labels_or_is_refused(name: str) -> None:
    cells = spelled(SPELLINGS[name])
    targets, notes = read(cells, label_names=NAMES)
    notes.raise_errors()
    assert targets == TARGETS
    for split in ("train", "test"):
        [found] = refused(read(cells, split=split)[1])
        assert (found.kind, found.count, found.values) == (kinds.VECTOR_WITHOUT_NAMES, 3, {"length": 3})


def test_an_array_of_a_data_frame_is_a_vector() -> None:
    import numpy as np

    assert read([np.array(vector) for vector in VECTORS], label_names=NAMES)[0] == TARGETS


@SOME
@given(st.data())
def test_vectors_of_any_length_name_what_they_mark(data: st.DataObject) -> None:
    number = data.draw(st.integers(3, 6))
    names = [f"label {place}" for place in range(number)]
    vectors = data.draw(st.lists(st.lists(st.booleans(), min_size=number, max_size=number), min_size=1, max_size=5))
    write = SPELLINGS[data.draw(st.sampled_from(sorted(set(SPELLINGS) - {"bits"})))]
    targets, notes = read([write([int(item) for item in vector]) for vector in vectors], label_names=names)
    notes.raise_errors()
    assert targets == [tuple(n for n, there in zip(names, vector, strict=True) if there) for vector in vectors]


@pytest.mark.parametrize(
    ("cells", "names", "kind"),
    [
        ([[1, 0, 0], [0, 1]], NAMES, kinds.NOT_A_VECTOR),
        ([[1, 0, 0], ["room"]], NAMES, kinds.NOT_A_VECTOR),
        ([[1, 0, 0], [0, -1, 1]], NAMES, kinds.NOT_A_VECTOR),
        ([[1, 0, 0], [0, 1, 1]], ["a", "b"], kinds.OTHER_VECTOR),
        (["1 0 0 1", "0 1 1 0"], NAMES, kinds.OTHER_VECTOR),
        ([[0.9, 0.1, 0.0], [0.2, 0.3, 1.0]], NAMES, kinds.NUMBERS_OF_LABELS),
        (["0.9,0.1", "0.2,0.8"], None, kinds.NUMBERS_OF_LABELS),
        ([0.5, 1.5], None, kinds.NUMBERS_OF_LABELS),
        (["90%,10%", "20%,80%"], None, kinds.NUMBERS_OF_LABELS),
        (["room;price", "staff", "price;staff"], None, kinds.OTHER_SEPARATOR),
        (["room|price", "price", "staff"], None, kinds.OTHER_SEPARATOR),
        (["room#price", "price", "staff"], None, kinds.OTHER_SEPARATOR),
        (["room; price", "staff; room", "staff"], None, kinds.OTHER_SEPARATOR),
        (["room#price", "staff#room", ""], None, kinds.OTHER_SEPARATOR),
        (["[room, price]", "staff"], None, data_kinds.UNREADABLE_LIST),
        (["{room,price}", "staff"], None, data_kinds.UNREADABLE_LIST),
        (["['room' 'price'", "staff"], None, data_kinds.UNREADABLE_LIST),
        (["room，price", "price", "staff"], None, kinds.OTHER_SEPARATOR),
        (["room、price", "price", "staff"], None, kinds.OTHER_SEPARATOR),
        (["room (big, small)", "staff"], None, kinds.PARTED_LABEL),
        (["OrderedDict([('room', 1)])", "staff"], None, data_kinds.UNREADABLE_LIST),
        (["Counter({'room': 1})", "staff"], None, data_kinds.UNREADABLE_LIST),
        (["defaultdict(<class 'int'>, {'room': 1})", "staff"], None, kinds.PARTED_LABEL),
        (["0    room\n1    price\nName: label, dtype: object", "staff"], None, data_kinds.UNREADABLE_LIST),
        (["['room' ... 'price']", "staff"], None, data_kinds.SHORTENED_LIST),
        (["['room', ..., 'price']", "staff"], None, data_kinds.SHORTENED_LIST),
        ([[["room", "price"]], [["staff"]]], None, data_kinds.LABELS_IN_LISTS),
        ([{"room": 0.7, "price": 0}, ["staff"]], None, data_kinds.NOT_AN_OBJECT_PART),
        ([[{"name": "room"}], ["staff"]], None, data_kinds.NOT_AN_OBJECT_PART),
        (["(True, False", "staff"], None, kinds.PARTED_LABEL),
    ],
)
def test_what_is_no_set_of_labels_is_refused(cells: list[Any], names: list[str] | None, kind: Any) -> None:
    assert [found.kind for found in refused(read(cells, label_names=names)[1])] == [kind]


@pytest.mark.parametrize(
    ("cells", "names", "targets"),
    [
        ([[0, 2], [1], []], NAMES, [("room", "staff"), ("price",), ()]),
        ([[0, 1], [1, 0]], NAMES, [("room", "price"), ("price", "room")]),
        ([["0"], "0,1"], None, [("0",), ("0", "1")]),
        (["101", "110", "100"], None, [("101",), ("110",), ("100",)]),
        (["a;b", "c;d"], None, [("a;b",), ("c;d",)]),
        (["C#", "C", "F#"], None, [("C#",), ("C",), ("F#",)]),
        (["room,price", "room;x,price"], None, [("room", "price"), ("room;x", "price")]),
        (["['room', 'price']", "['staff']"], None, [("room", "price"), ("staff",)]),
        (["['room' 'price']", "staff"], None, [("room", "price"), ("staff",)]),
        (["{'room', 'price'}", "('staff',)"], None, [("room", "price"), ("staff",)]),
        ([['["room", "price"]'], ["staff"]], None, [("room", "price"), ("staff",)]),
        (['"[\\"room\\", \\"price\\"]"', "staff"], None, [("room", "price"), ("staff",)]),
        (["(other), room", "room"], None, [("(other)", "room"), ("room",)]),
        (["'room', 'price'", '"staff"', "'room'"], None, [("room", "price"), ("staff",), ("room",)]),
        (['"room, big","price"', "staff"], None, [("room, big", "price"), ("staff",)]),
        (["room\nprice", "room\r\nstaff"], None, [("room", "price"), ("room", "staff")]),
        ([{"room": 1, "price": 0}, "{'room': True, 'price': '1'}", {}], None, [("room",), ("room", "price"), ()]),
        (["('room',)", "()", "set()", "[]", "{}"], None, [("room",), (), (), (), ()]),
        ([[("room", 1), ("price", 0)], "[('price', True)]"], None, [("room",), ("price",)]),
        (["dict_keys(['room', 'price'])", "deque(['staff'])"], None, [("room", "price"), ("staff",)]),
        (["[np.int64(3), np.int64(4)]", "np.int64(3)"], None, [("3", "4"), ("3",)]),
        (["(True, False, True)", "(False, False, False)"], NAMES, [("room", "staff"), ()]),
        ([[-1], [1]], None, [("-1",), ("1",)]),
        (["it's, don't", ":(, room"], None, [("it's", "don't"), (":(", "room")]),
        (["room (big), price", "smile (:"], None, [("room (big)", "price"), ("smile (:",)]),
    ],
)
def test_names_and_numbers_stay_what_they_are(cells: list[Any], names: list[str] | None, targets: list[Any]) -> None:
    found, notes = read(cells, label_names=names)
    notes.raise_errors()
    assert found == targets
