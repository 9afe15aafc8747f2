"""Labels that are no names of classes: marks of missing values, -1, lists and headers, decided by the other labels."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from data_helpers import MANY, counted, data_config, of_kind, refused
from ftk.config.paths import values_of
from ftk.contracts import finding_kinds as kinds
from ftk.contracts.contexts import Reading
from ftk.contracts.notes import Notes
from ftk.contracts.row import NoClass, Row
from ftk.contracts.values import Labels
from ftk.data.rows.odd_labels import is_mark, missing_marks
from ftk.tasks import build_task
from ftk.tasks.shared.row_task import RowTask


def read(
    *labels: Any,
    task: str = "text-classification",
    split: str = "train",
    unlabelled: str = "error",
    columns: dict[str, Any] | None = None,
    rows: list[dict[str, Any]] | None = None,
    **fields: Any,
) -> tuple[list[Any], Notes]:
    """The targets of rows with these labels, and what was noted."""
    made = build_task({**values_of(f"task/{task}"), **fields})
    assert isinstance(made, RowTask)
    notes = Notes()
    values = rows or [{"text": f"text {number}", "label": label} for number, label in enumerate(labels)]
    numbered = [Row(row, "a.csv", number, cells=True) for number, row in enumerate(values, start=2)]
    reading = Reading(data_config(columns=columns or {}).columns, True, notes, unlabelled)
    with notes.of(split):
        made = made.resolve_auto(numbered, reading)
        return [example.target for example in made.read(numbered, reading)], notes


@pytest.mark.parametrize(
    ("labels", "missing", "odd"),
    [
        (["1", "0", "nan"], {"nan"}, set()),
        (["1.5", "0.5", "NaN"], {"NaN"}, set()),
        (["1", "0", "None", "N/A", "-"], {"None", "N/A", "-"}, set()),
        (["2", "1", "null", "NA", "?"], {"null", "NA", "?"}, set()),
        (["pos", "neg", "nan"], {"nan"}, set()),
        (["pos", "neg", "<NA>", "#N/A"], {"<NA>", "#N/A"}, set()),
        (["entailment", "neutral", "-"], {"-"}, set()),
        (["pos", "neg", "-1"], {"-1"}, set()),
        (["0", "1", "2", "-1"], {"-1"}, set()),
        (["0", "1", "-1"], set(), set()),
        (["0", "1", "-100"], {"-100"}, set()),
        (["0", "1", "-1", "-100"], {"-100"}, set()),
        (["1.5", "0", "-100"], {"-100"}, set()),
        (["-100", "-50", "0", "50", "100"], set(), set()),
        (["pos", "neg", "-100"], {"-100"}, set()),
        (["pos", "neg", "\\N"], {"\\N"}, set()),
        (["1", "0", "\\N"], {"\\N"}, set()),
        (["1", "-1"], set(), set()),
        (["-2", "-1", "0", "1", "2"], set(), set()),
        (["favor", "against", "None"], set(), {"None"}),
        (["favor", "against", "none"], set(), set()),
        (["yes", "no", "N/A"], set(), {"N/A"}),
        (["in", "near", "null"], set(), {"null"}),
        (["eng", "fra", "nan"], set(), {"nan"}),
        (["+", "-"], set(), set()),
        (["+", "-", "nan"], {"nan"}, set()),
        (["A", "B", "-"], set(), set()),
        (["p", "n", "NULL"], set(), {"NULL"}),
        (["-", "nan"], set(), set()),
        (["pos", "neg"], set(), set()),
        ([], set(), set()),
    ],
)
def test_a_mark_is_missing_or_a_name_by_what_is_beside_it(labels: list[str], missing: set[str], odd: set[str]) -> None:
    assert missing_marks(labels) == (missing, odd)


@MANY
@given(
    st.sets(st.text("abcXYZ+-01 ", min_size=1, max_size=4), max_size=6),
    st.sets(st.sampled_from(["nan", "None", "-1", "-", "N/A"])),
)
def test_names_are_never_missing(names: set[str], marks: set[str]) -> None:
    missing, odd = missing_marks(names | marks)
    assert not missing & odd
    for label in missing | odd:
        assert is_mark(label) or label.casefold() in {"none", "n/a", "na"}


@pytest.mark.parametrize("mark", ["nan", "NaN", "<NA>", "-", "-1", "-100", "\\N"])
def test_a_missing_label_is_refused_or_left_out_by_policy(mark: str) -> None:
    targets, notes = read("good", "bad", mark)
    [found] = refused(notes)
    assert (found.kind, found.places, found.values) == (kinds.MISSING_LABEL, ["a.csv:4"], {"label": mark})
    targets, notes = read("good", "bad", mark, unlabelled="drop", split="test")
    notes.raise_errors()
    assert targets == ["good", "bad"]
    assert counted(notes)[-1] == (kinds.MISSING_LABEL, "drop", 1, ["a.csv:4"])


@pytest.mark.parametrize("columns", [{}, {"label": "label"}])
def test_a_row_without_the_column_is_refused_or_left_out_by_policy_if_others_have_it(columns: dict[str, Any]) -> None:
    rows = [{"text": "x", "label": "good"}, {"text": "y"}, {"text": "z", "label": "bad"}, {"text": "w"}]
    kind = kinds.MISSING_COLUMN if columns else kinds.MISSING
    [found] = refused(read(rows=rows, columns=columns)[1])
    assert (found.kind, found.count) == (kind, 2)
    assert "data.unlabelled=drop" in str(found)
    targets, notes = read(rows=rows, columns=columns, unlabelled="drop")
    notes.raise_errors()
    assert targets == ["good", "bad"]
    assert counted(notes)[-1] == (kind, "drop", 2, ["a.csv:3", "a.csv:5"])
    [found] = refused(read(rows=[{"text": "x"}, {"text": "y"}], columns=columns, unlabelled="drop")[1])
    assert (found.kind, found.count) == (kind, 2)
    assert "data.unlabelled" not in str(found)


@pytest.mark.parametrize("mark", ["nan", "<NA>", "\\N", "#N/A"])
def test_a_missing_label_beside_names_that_are_given_is_refused_or_left_out(mark: str) -> None:
    [found] = refused(read(0, 1, mark, label_names=["neg", "pos"])[1])
    assert (found.kind, found.places) == (kinds.MISSING_LABEL, ["a.csv:4"])
    targets, notes = read(0, 1, mark, label_names=["neg", "pos"], unlabelled="drop", split="test")
    notes.raise_errors()
    assert targets == ["neg", "pos"]


def test_a_plausible_name_is_kept_and_reported() -> None:
    targets, notes = read("favor", "against", "None", "None")
    notes.raise_errors()
    assert targets[2:] == ["None", "None"]
    assert of_kind(notes, kinds.ODD_LABEL).count == 2


@pytest.mark.parametrize("label", [NoClass(-1), [NoClass(-1)]])
def test_a_row_of_no_class_is_left_out_of_training(label: Any) -> None:
    targets, notes = read("good", label, "bad")
    notes.raise_errors()
    assert targets == ["good", "bad"]
    [found] = [each for each in notes if each.kind is kinds.UNLABELLED_ROW]
    assert (found.policy, found.count, found.split) == ("left_out", 1, "train")
    [found] = refused(read("good", label, "bad", split="test")[1])
    assert found.kind is kinds.UNLABELLED_ROW
    assert "unseen_labels" not in str(found)
    targets, notes = read("good", label, "bad", split="test", unlabelled="drop")
    notes.raise_errors()
    assert targets == ["good", "bad"]


@pytest.mark.parametrize("label", [-1, -1.0, "-1", "-1.0", "np.int64(-1)"])
def test_minus_one_among_class_numbers_with_names_is_no_class(label: Any) -> None:
    targets, notes = read(0, 1, label, label_names=["neg", "pos"])
    notes.raise_errors()
    assert targets == ["neg", "pos"]
    assert [found.policy for found in notes if found.kind is kinds.UNLABELLED_ROW] == ["left_out"]
    assert read(0, 1, label, label_names=["0", "-1", "1"])[0] == ["0", "1", "-1"]
    assert read(0, 1, -100, label_names=["neg", "pos"])[0] == ["neg", "pos"]


@pytest.mark.parametrize(
    ("labels", "reported"), [([0, 1, -1, -1], 2), (["1", "0", "-1"], 1), ([1, -1], 0), ([-2, -1, 0, 1, 2], 0)]
)
def test_minus_one_beside_0_and_1_is_a_class_and_reported(labels: list[Any], reported: int) -> None:
    targets, notes = read(*labels)
    notes.raise_errors()
    assert len(targets) == len(labels)
    assert sum(found.count for found in notes if found.kind is kinds.MINUS_ONE) == reported


@pytest.mark.parametrize("mark", ["-1", "nan", "-"])
def test_an_unseen_mark_is_never_counted_as_missed(mark: str) -> None:
    task = build_task(values_of("task/text-classification"))
    assert isinstance(task, RowTask)
    numbered = [Row({"text": "a", "label": mark}, "a.csv", 2)]
    examples = task.read(numbered, Reading(data_config().columns, True, Notes()))
    [unseen] = task.unseen(examples, Labels(("0", "1")), "test")
    assert unseen.kind is kinds.UNSEEN_MARK
    assert "count" not in unseen.kind.policies


@pytest.mark.parametrize("label", ["", " ", "\t", None, float("nan"), [], [None], [""]])
def test_an_empty_label_is_refused_or_left_out_by_policy(label: str) -> None:
    [found] = refused(read("good", label, "bad")[1])
    assert found.kind is kinds.EMPTY_LABEL
    targets, notes = read("good", label, "bad", unlabelled="drop")
    notes.raise_errors()
    assert targets == ["good", "bad"]


def test_a_list_of_one_label_is_that_label_and_one_of_several_is_for_multi_label() -> None:
    targets, notes = read(["pos"], ["neg"], ("pos",))
    notes.raise_errors()
    assert targets == ["pos", "neg", "pos"]
    assert of_kind(notes, kinds.LABEL_IN_LIST).count == 3
    [found] = refused(read(["pos"], ["neg", "pos"], [1, 0, 0])[1])
    assert (found.kind, found.count) == (kinds.SEVERAL_LABELS, 2)


@pytest.mark.parametrize(
    "label", ["['pos']", '["pos", "neg"]', "['a' 'b']", "[pos]", "{pos}", "array(['a'], dtype=object)", "(pos)"]
)
def test_a_label_that_looks_like_a_list_is_reported(label: str) -> None:
    targets, notes = read("plain", label, label)
    notes.raise_errors()
    assert targets == ["plain", label, label]
    assert of_kind(notes, kinds.LIST_LIKE_LABEL).count == 2


def test_a_header_among_the_rows_is_refused_and_a_class_of_its_name_is_reported() -> None:
    rows = [{"text": "a", "label": "pos"}, {"text": "text", "label": "label"}, {"text": "b", "label": "label"}]
    [found] = refused(read(rows=rows)[1])
    assert (found.kind, found.places) == (kinds.LABEL_OF_HEADER, ["a.csv:3: text, label"])
    targets, notes = read(rows=[rows[0], rows[2]])
    notes.raise_errors()
    assert targets == ["pos", "label"]
    assert of_kind(notes, kinds.LABEL_IS_COLUMN).count == 1


def test_a_header_that_is_read_as_a_row_is_refused() -> None:
    task = build_task(values_of("task/text-classification"))
    assert isinstance(task, RowTask)
    notes = Notes()
    numbered = [Row({"0": "Text", "1": "label"}, "a.csv", 1), Row({"0": "Label", "1": "pos"}, "a.csv", 2)]
    found = task.read(numbered, Reading({"text": "0", "label": "1"}, True, notes))
    assert [example.target for example in found] == ["pos"]
    assert [fault.kind for fault in refused(notes)] == [kinds.LABEL_OF_HEADER]


@pytest.mark.parametrize(("label", "targets"), [("nan", None), ("room,nan", None), ("None", ("None",)), ("", ())])
def test_marks_among_several_labels(label: str, targets: tuple[str, ...] | None) -> None:
    found, notes = read("room", "price", label, task="multi-label")
    if targets is None:
        assert [fault.kind for fault in refused(notes)] == [kinds.MISSING_LABEL]
    else:
        notes.raise_errors()
        assert found[2] == targets
        assert any(each.kind is kinds.ODD_LABEL for each in notes) == bool(targets)


def named_rows(*pairs: tuple[Any, Any], column: str = "label_text") -> list[dict[str, Any]]:
    return [{"text": f"text {number}", "label": label, column: name} for number, (label, name) in enumerate(pairs)]


@pytest.mark.parametrize(
    ("rows", "names", "differing"),
    [
        (named_rows((0, "neg"), (1, "pos")), ["0 is neg", "1 is pos"], 0),
        (named_rows(("0", "neg"), ("1", "pos"), column="label_name"), ["0 is neg", "1 is pos"], 0),
        (named_rows(*[(0, "neg"), (1, "pos")] * 10, (1, "neg")), ["0 is neg", "1 is pos"], 1),
        (named_rows((0, "neg"), (1, "pos"), (1, "neg")), None, 0),
        (named_rows((0, "a"), (1, "a")), None, 0),
        (named_rows(("neg", "pos"), ("pos", "neg")), None, 0),
        (named_rows((0, "first text"), (0, "second text"), (1, "third")), None, 0),
        (named_rows((0, None), (1, "pos")), None, 0),
        (named_rows((0, "neg"), (1, "pos"), column="name"), None, 0),
    ],
)
def test_names_beside_numbers_are_said(rows: list[dict[str, Any]], names: list[str] | None, differing: int) -> None:
    found, notes = read(rows=rows)
    assert found[0] == str(rows[0]["label"])
    assert [one.values["names"] for one in notes if one.kind == kinds.NAMES_BESIDE] == ([names] if names else [])
    assert [one.count for one in notes if one.kind == kinds.NAME_DIFFERS] == [differing] * bool(differing)
    if names:
        targets, _ = read(rows=rows, columns={"label": next(name for name in rows[0] if name.startswith("label_"))})
        assert targets[:2] == ["neg", "pos"]


@pytest.mark.parametrize(
    ("labels", "kind", "policy"),
    [
        (["2020-01-01", "2021-12-31"], kinds.LABELS_ARE_DATES, None),
        (["2020-01-01 12:30", "2020-01-02 08:00:10"], kinds.LABELS_ARE_DATES, None),
        (["2020-01-01T12:30:00Z", "2020-01-02T08:00:10Z"], kinds.LABELS_ARE_DATES, None),
        (["1.2.2020", "31.12.2021"], kinds.LABELS_ARE_DATES, None),
        (["12/31/20", "1/1/21"], kinds.LABELS_ARE_DATES, None),
        ([f"{number / 7:.3f}" for number in range(30)], kinds.LABELS_OF_ROWS, "numbers"),
        ([str(number) for number in range(30)], kinds.LABELS_OF_ROWS, "numbers"),
        ([f"item {number}" for number in range(30)], kinds.LABELS_OF_ROWS, "names"),
        ([f"item {number % 18}" for number in range(30)], kinds.LABELS_OF_ROWS, "names"),
    ],
)
def test_labels_that_name_no_classes_are_reported(labels: list[str], kind: Any, policy: str | None) -> None:
    _, notes = read(*labels)
    notes.raise_errors()
    found = of_kind(notes, kind)
    assert (found.count, found.policy) == (len(set(labels)), policy)
    assert kind not in [each.kind for each in read(*labels, split="test")[1]]


@pytest.mark.parametrize(
    "labels",
    [
        ["1.2.3", "1.3.0"],
        ["2020", "2021"],
        ["24/7", "9/11"],
        ["2020-01-01", "never"],
        [str(number) for number in range(19)],
        [f"item {number % 15}" for number in range(30)],
        ["0.5", "1.0", "1.5"] * 10,
    ],
)
def test_names_of_classes_are_not_reported(labels: list[str]) -> None:
    _, notes = read(*labels)
    notes.raise_errors()
    assert not [each for each in notes if each.kind in (kinds.LABELS_ARE_DATES, kinds.LABELS_OF_ROWS)]


@pytest.mark.parametrize(
    ("labels", "reported"),
    [
        (["pos", "neg", "0", "1"], True),
        (["pos", 1, "neg", 0.0], True),
        (["pos", "0", "1"], False),
        (["1", "2", "3", "4", "5", "unknown"], False),
        (["0", "1", "a", "b", "c"], False),
        (["ACL 0", "ACL 1"], False),
    ],
)
def test_numbers_of_classes_beside_names_are_reported(labels: list[Any], reported: bool) -> None:
    _, notes = read(*labels)
    notes.raise_errors()
    assert (kinds.MIXED_LABELS in [found.kind for found in notes]) is reported


def test_truth_values_beside_their_numbers_are_refused_unless_both_are_named() -> None:
    [found] = refused(read("True", "0", "1", "FALSE")[1])
    assert (found.kind, found.places) == (kinds.MIXED_TRUTH, ["a.csv:2: true", "a.csv:5: false"])
    for names in (["0", "1"], ["no", "yes"]):
        targets, notes = read("True", "0", 1, "FALSE", False, label_names=names)
        notes.raise_errors()
        assert targets == [names[1], names[0], names[1], names[0], names[0]]


@pytest.mark.parametrize(
    ("known", "label", "kind"),
    [
        (("0", "1"), "pos", kinds.UNSEEN_NAME),
        (("0", "1", "2"), "true", kinds.UNSEEN_TRUTH),
        (("neg", "pos"), "true", kinds.UNSEEN_TRUTH),
        (("true", "maybe"), "false", kinds.UNSEEN_LABEL),
        (("0", "1"), "true", kinds.UNSEEN_TRUTH),
        (("false", "true"), "1", kinds.UNSEEN_NUMBER),
        (("neg", "pos"), "1", kinds.UNSEEN_NUMBER),
        (("neg", "pos"), "Pos", kinds.UNSEEN_SPELLING),
        (("neg", "very  pos"), "very pos", kinds.UNSEEN_SPELLING),
        (("neg", "pos"), "neutral", kinds.UNSEEN_LABEL),
        (("0", "1"), "2", kinds.UNSEEN_LABEL),
        (("neg", "pos"), "-100", kinds.UNSEEN_MARK),
    ],
)
def test_an_unseen_label_says_in_what_it_differs(known: tuple[str, ...], label: str, kind: Any) -> None:
    [example] = build_read(label)
    [unseen] = build_task(values_of("task/text-classification")).unseen([example], Labels(known), "test")
    assert unseen.kind is kind


def build_read(label: str) -> list[Any]:
    """The example of one row."""
    task, notes = build_task(values_of("task/text-classification")), Notes()
    assert isinstance(task, RowTask)
    reading = Reading(data_config().columns, True, notes)
    rows = [Row({"text": "x", "label": label}, "a.csv", 2, cells=True)]
    return task.resolve_auto(rows, reading).read(rows, reading)


@pytest.mark.parametrize(
    ("labels", "reported"),
    [
        (["a#b", "a", "b"], 1),
        (["a, b", "b", "a", "a, b"], 2),
        (["x;y|z", "x", "y", "z"], 0),
        (["a|b|c", "a", "b", "c", "b|a"], 2),
        (["a#b", "a", "c"], 0),
        (["news, sport", "politics"], 0),
        (["C#", "C", "F#"], 0),
        (["1,5", "1", "5"], 1),
        (["a;a", "a", "b"], 1),
        (["a#", "a", "b"], 0),
    ],
)
def test_labels_that_are_other_labels_with_a_sign_between_are_reported(labels: list[str], reported: int) -> None:
    targets, notes = read(*labels)
    assert targets == labels
    assert sum(found.count for found in notes if found.kind == kinds.JOINED_LABEL) == reported
