"""Findings: how they are counted, what they say, and which stop the run."""

import re
import string
from pathlib import Path

import pytest

import ftk
from ftk.contracts import finding_kinds as kinds
from ftk.contracts.findings import SHOWN, Finding, FindingKind
from ftk.contracts.notes import Notes
from ftk.errors import DataError
from ftk.tasks import finding_kinds as task_kinds

LISTED = {**kinds.kinds_in(kinds), **kinds.kinds_in(task_kinds)}


def test_equal_findings_are_counted_together_and_the_first_places_are_kept() -> None:
    notes = Notes()
    for line in range(1, 9):
        notes.add(kinds.EMPTY_ROW, f"a.jsonl:{line}", policy="left_out")
    notes.add(kinds.EMPTY_ROW, "a.jsonl:9", policy="predicted")
    notes.add(kinds.WINDOWS, number=3)
    dropped, predicted, windows = notes
    assert (dropped.count, dropped.places) == (8, [f"a.jsonl:{line}" for line in range(1, SHOWN + 1)])
    assert (predicted.count, predicted.policy) == (1, "predicted")
    assert (windows.count, windows.severity) == (3, "info")


@pytest.mark.parametrize(
    ("places", "shown"),
    [
        (["a.jsonl:1", "a.jsonl:3", "b.jsonl:2", "b.jsonl:4"], "(a.jsonl:1, :3, b.jsonl:2, :4)"),
        (["dir/a b.csv:1: PER 0-5", "dir/a b.csv:1: ORG 6-9"], "(dir/a b.csv:1: PER 0-5, :1: ORG 6-9)"),
        (["c:\\x.csv:1 has a, b", "c:\\x.csv:2 has a"], "(c:\\x.csv:1 has a, b, :2 has a)"),
        (["PER", "ORG"], "(PER, ORG)"),
        (["a.jsonl:1", "a.jsonl"], "(a.jsonl:1, a.jsonl)"),
    ],
)
def test_a_sentence_names_each_file_once(places: list[str], shown: str) -> None:
    assert str(Finding(kinds.LONG_ROW, "info", None, {"length": 8}, None, len(places), places)).endswith(shown)


def test_findings_of_splits_are_counted_apart_and_an_error_inside_does_not_leave_the_split_behind() -> None:
    notes = Notes()

    def fails() -> None:
        with notes.of("train"):
            notes.add(kinds.LONG_ROW, length=8)
            with notes.of("test"):
                notes.add(kinds.LONG_ROW, length=8)
            notes.add(kinds.LONG_ROW, length=8)
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        fails()
    notes.add(kinds.LONG_ROW, length=8)
    assert [(finding.split, finding.count) for finding in notes] == [("train", 2), ("test", 1), (None, 1)]


def test_facts_are_kept_once_and_shown_before_counts_which_continue() -> None:
    notes = Notes()
    for _ in range(2):
        notes.add(kinds.EMPTY_ROW, policy="left_out")
        notes.add(kinds.COLUMNS_FOUND, columns={"text": "sentence"})
    assert [finding.kind for finding in notes.drain_facts()] == [kinds.COLUMNS_FOUND]
    notes.add(kinds.EMPTY_ROW, policy="left_out")
    assert [(finding.kind, finding.count) for finding in notes.drain()] == [(kinds.EMPTY_ROW, 3)]
    assert list(notes.drain()) == []
    assert len(list(notes)) == 2, "what was shown is still there to be read"


@pytest.mark.parametrize(
    ("kind", "policy", "severity"),
    [
        (kinds.BROKEN_TAG, None, "error"),
        (kinds.BROKEN_TAG, "error", "error"),
        (kinds.BROKEN_TAG, "repair", "warning"),
        (kinds.REPEATED_LINE, "drop", "warning"),
        (kinds.REPEATED_LINE, "error", "error"),
        (kinds.COMMENT_LINE, None, "info"),
    ],
)
def test_a_policy_decides_whether_a_finding_stops_the_run(kind: FindingKind, policy: str | None, severity: str) -> None:
    notes = Notes()
    notes.add(kind, "a:1", policy=policy, **({"scheme": "IOB2"} if kind is kinds.BROKEN_TAG else {}))
    [found] = notes
    assert found.severity == severity
    if severity == "error":
        with pytest.raises(DataError) as error:
            notes.raise_errors()
        assert error.value.findings == (found,)
    else:
        notes.raise_errors()


def test_errors_of_all_splits_stop_the_run_together_with_their_advice() -> None:
    notes = Notes()
    for split, number in (("train", 6), ("test", 1)):
        with notes.of(split):
            for line in range(1, number + 1):
                notes.add(kinds.EMPTY_LABEL, f"{split}.csv:{line}", column="label")
    with pytest.raises(DataError) as error:
        notes.raise_errors()
    places = "".join(f"\n    train.csv:{line}" for line in range(1, 6))
    told = str(error.value)
    assert told.startswith("7 rows with an empty label. 'label' holds the label.")
    assert told.endswith(f"{places}\n    … and 2 more")


def test_a_sentence_has_the_word_that_fits_the_count_and_values_as_they_are() -> None:
    notes = Notes()
    with notes.of("train"):
        notes.add(kinds.UNEXPECTED_PAIR, "a.csv:2", policy="ignored", column="a|b {c}")
    [one] = notes
    assert str(one) == (
        "train: 1 row with a second text in column 'a|b {c}': not read: rows are single texts here (task.pairs=false) "
        "(a.csv:2)"
    )
    one.count = 1234
    assert str(one).startswith("train: 1,234 rows with a second text")
    assert str(one).endswith("(a.csv:2, …)")


def test_what_the_texts_need_has_to_be_given_at_once() -> None:
    notes = Notes()
    with pytest.raises(KeyError, match="column"):
        notes.add(kinds.EMPTY_LABEL, "a.csv:1")
    with pytest.raises(KeyError, match="keep"):
        notes.add(kinds.BROKEN_TAG, policy="keep", scheme="IOB2")


def test_findings_survive_json_and_unknown_kinds_keep_their_sentence() -> None:
    found = Finding(kinds.UNNAMED_LABEL, "error", None, {"names": 3}, None, 2, ["a:1", "a:2"])
    saved = found.to_json()
    assert (saved["kind"], saved["severity"], saved["count"]) == ("unnamed-label", "error", 2)
    assert Finding.from_json(saved, LISTED) == found
    unknown = Finding.from_json({**saved, "severity": "info", "text": "{} of 5"}, {})
    assert (str(unknown), unknown.kind.id) == ("{} of 5", "unnamed-label")


def test_every_kind_has_its_own_id_and_texts_that_can_be_read() -> None:
    for module in (kinds, task_kinds):
        listed = [kind for kind in vars(module).values() if isinstance(kind, FindingKind)]
        assert len(listed) == len(kinds.kinds_in(module))
    assert not set(kinds.kinds_in(kinds)) & set(kinds.kinds_in(task_kinds))
    for kind in LISTED.values():
        assert re.fullmatch(r"[a-z]+(-[a-z]+)*", kind.id)
        for text in (kind.text, kind.default, *kind.policies.values()):
            for _, name, _, _ in string.Formatter().parse(text):
                assert name is None or re.fullmatch(r"\w+|[\w ]+\|[\w ]+", name), (kind.id, name)


def test_every_kind_is_found_somewhere() -> None:
    sources = [path.read_text(encoding="utf-8") for path in Path(ftk.__file__).parent.rglob("*.py")]
    used = {name for text in sources for name in re.findall(r"kinds\.([A-Z_]+)", text)}
    for module in (kinds, task_kinds):
        listed = {name for name, kind in vars(module).items() if isinstance(kind, FindingKind)}
        assert listed <= used


def test_facts_that_hold_for_several_files_are_one() -> None:
    notes = Notes()
    for split, names in (("train", "abcabcdefg"), ("test", "a")):
        with notes.of(split):
            for name in names:
                notes.add(kinds.RECOGNISED, file=name, what="an export")
    notes.add(kinds.RECOGNISED, file="a", what="another export")
    train, test, other = notes
    assert (train.values["file"], train.values["number_of_files"], train.count) == (list("abcde"), 7, 1)
    assert (test.values["file"], other.values["file"]) == ("a", "a")
    assert "7 files (a, b, …)" in str(train)
    again = Notes()
    again.extend([train])
    assert str(next(iter(again))) == str(train).removeprefix("train: ")


def test_no_sentence_ends_in_two_full_stops() -> None:
    kind = FindingKind("full-stop", "error", "{what}", "Do so.", counted=False)
    for what in ("It is so.", "It is so"):
        assert str(Finding(kind, "error", values={"what": what}, count=1)) == "It is so. Do so."
