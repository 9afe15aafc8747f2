"""``ftk check``: everything that is wrong with data, in one go, and what is in it."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from sklearn.metrics import accuracy_score, f1_score, mean_absolute_error, root_mean_squared_error

from conftest import Result, read_jsonl, write_jsonl, write_lines
from ftk.config.paths import shipped_configs
from ftk.contracts import finding_kinds as kinds
from ftk.errors import ANSWER_IS_NO
from ftk.tasks import finding_kinds as task_kinds

Check = Callable[..., Result]
CLASSES = ("task=text-classification", "check.near_duplicates=null")


def texts(*labels: str, words: str = "row") -> list[dict[str, Any]]:
    return [
        {"text": f"{words} number {number} is about {number * 7}", "label": name} for number, name in enumerate(labels)
    ]


def event(result: Result, type: str) -> dict[str, Any]:
    [found] = [one for one in result.events if one["type"] == type]
    return found


def test_good_data_has_no_errors(ftk: Check) -> None:
    train = write_jsonl("train.jsonl", texts(*"aab" * 20))
    test = write_jsonl("test.jsonl", texts(*"ab" * 5, words="another"))
    result = ftk("check", "--json", *CLASSES, f"data.train={train}", f"data.test={test}")
    assert (result.code, result.errors) == (0, [])
    assert event(result, "check")["ok"]
    splits = event(result, "facts")["splits"]
    assert {name: one["rows"] for name, one in splits.items()} == {"train": 60, "test": 10}
    assert splits["train"]["labels"]["a"] == {"count": 40, "share": pytest.approx(2 / 3, abs=1e-6)}
    lengths = [len(row["text"]) for row in read_jsonl(train)]
    assert splits["train"]["characters"]["longest"] == max(lengths)


def test_all_faults_are_found_together(ftk: Check) -> None:
    """A training stops at the first of these groups: lines, then rows, then labels."""
    rows = texts(*"ab" * 10)
    del rows[3]["label"]
    rows[4]["text"] = 3.5
    train = write_jsonl("train.jsonl", rows)
    with open(train, "a", encoding="utf-8") as stream:
        stream.write("no JSON\n")
    test = write_jsonl("test.jsonl", texts("a", "c", "c", words="other"))
    result = ftk("check", "--json", *CLASSES, f"data.train={train}", f"data.test={test}")
    assert result.code == ANSWER_IS_NO
    expected = {"unreadable-row": 1, "missing": 1, "not-a-string": 1, "unseen-label": 2}
    assert {kind.id: count for kind, count in result.errors} == expected
    assert f"{train}:21" in result.found(kinds.UNREADABLE_ROW).places[0]
    assert event(result, "check")["errors"] == len(expected)
    assert ftk("finetune", *CLASSES[:1], "model=tiny", f"data.train={train}", f"data.test={test}").code == 1


def test_a_split_that_cannot_be_read_leaves_the_others(ftk: Check) -> None:
    train = write_lines("train.jsonl", ["no JSON"])
    test = write_jsonl("test.jsonl", [*texts(*"ab" * 4), *texts("a")])
    result = ftk("check", "--json", *CLASSES, f"data.train={train}", f"data.test={test}")
    assert result.code == ANSWER_IS_NO
    assert result.count(kinds.REPEATED_WITHIN) == 1
    assert event(result, "facts")["splits"].keys() == {"test"}
    alone = ftk("check", "--json", *CLASSES, f"data.train={train}")
    assert alone.code == 1
    assert "Traceback" not in alone.err


def test_rows_that_repeat_others(ftk: Check) -> None:
    train = write_jsonl("train.jsonl", texts(*"ab" * 10))
    again = [*texts("b", "b", words="held"), *texts("b", "a", words="held"), *texts("a")]
    validation = write_jsonl("validation.jsonl", again)
    test = write_jsonl("test.jsonl", [*texts("b", "b", words="held"), *texts("a", "b", words="new")])
    words = (f"data.train={train}", f"data.validation={validation}", f"data.test={test}")
    result = ftk("check", "--json", *CLASSES, *words)
    assert result.found(kinds.REPEATED_WITHIN, part="validation").count == 1
    assert result.found(kinds.RELABELLED_WITHIN, part="validation").count == 1
    assert result.found(kinds.ROW_OF_TRAINING, part="validation").count == 1
    assert result.count(kinds.ROW_OF_VALIDATION) == 2
    assert result.code == 0  # they are warnings


@pytest.mark.parametrize("policy", ["error", "drop"])
def test_policies_of_the_config_decide_what_is_an_error(ftk: Check, policy: str) -> None:
    train = write_jsonl("train.jsonl", [*texts(*"ab" * 10), *texts("a")])
    result = ftk("check", "--json", *CLASSES, f"data.train={train}", f"data.duplicates={policy}")
    assert result.code == (ANSWER_IS_NO if policy == "error" else 0)
    assert result.found(kinds.REPEATED_ROW).policy == policy


def test_a_test_split_alone_is_checked(ftk: Check) -> None:
    rows = [{"tokens": ["Ada", "went", str(number)], "tags": ["B-PER", "O", "O"]} for number in range(8)]
    path = write_jsonl("test.jsonl", [*rows, {"tokens": ["a", "b"], "tags": ["O"]}])
    result = ftk("check", "--json", "task=ner", f"data.test={path}")
    assert result.errors == [(kinds.UNEQUAL_TAGS, 1)]
    facts = event(result, "facts")
    assert facts["splits"]["test"]["labels"] == {"PER": {"count": 8, "share": 1.0}}
    assert facts["splits"]["test"]["baseline"]["words_outside"] == pytest.approx(2 / 3)
    assert "expected" not in facts


def test_all_lines_of_columns_that_cannot_be_read_are_listed(ftk: Check) -> None:
    good = [f"a{n} B-X\nb O\n" for n in range(30)]
    Path("train.conll").write_text("\n".join([*good[:20], "c O x\nd O\n", *good[20:], "e O\nf\n", "g\n"]))
    result = ftk("check", "--json", "task=ner", "data.train=train.conll")
    assert result.errors == [(kinds.UNREADABLE_ROW, 3)]
    assert [place.split(":")[1] for place in result.found(kinds.UNREADABLE_ROW).places] == ["61", "95", "97"]
    assert event(result, "facts")["splits"]["train"]["rows"] == 30


def test_what_a_training_refuses_of_rows_that_were_read_has_a_kind_of_its_own(ftk: Check) -> None:
    same = write_jsonl("same.jsonl", [{"text": f"text {n}", "label": "x"} for n in range(9)])
    result = ftk("check", "--json", *CLASSES, f"data.train={same}")
    assert result.count(kinds.UNTRAINABLE) == 1
    assert not result.count(kinds.UNREADABLE)


@pytest.mark.parametrize("copied", [False, True])
def test_one_file_for_two_splits_is_reported(ftk: Check, copied: bool) -> None:
    train = write_jsonl("train.jsonl", texts(*"aab" * 20))
    test = Path("test.jsonl")
    test.write_bytes(Path(train).read_bytes())
    words = (f"data.train={train}", f"data.test={test if copied else train}")
    assert ftk("check", "--json", *CLASSES, *words).found(kinds.SAME_FILE, part="test", other="train").count == 1
    write_jsonl("test.jsonl", texts(*"bba" * 20))
    assert not ftk("check", "--json", *CLASSES, f"data.train={train}", f"data.test={test}").count(kinds.SAME_FILE)


def test_rows_that_a_training_leaves_out_are_counted(ftk: Check) -> None:
    rows = [{"text": f"row {n}", "label": "ab"[n % 2]} for n in range(30)]
    train = write_jsonl("train.jsonl", [*rows, {"text": " ", "label": "a"}, rows[0], rows[1]])
    found = event(ftk("check", "--json", *CLASSES, f"data.train={train}", "data.duplicates=drop"), "facts")
    assert (found["splits"]["train"]["rows"], found["splits"]["train"]["left_out"]) == (33, 3)
    kept = event(ftk("check", "--json", *CLASSES, f"data.train={write_jsonl('kept.jsonl', rows)}"), "facts")
    assert "left_out" not in kept["splits"]["train"]


def test_rows_of_another_task_are_named(ftk: Check) -> None:
    path = write_jsonl("train.jsonl", [{"query": f"q {n}", "candidate": "c", "label": 1} for n in range(5)])
    result = ftk("check", "--json", "task=ner", f"data.train={path}")
    assert result.code == ANSWER_IS_NO
    assert result.found(kinds.OTHER_TASK, task="ranking")


def test_the_baseline_of_labels_is_that_of_sklearn(ftk: Check) -> None:
    labels = {"train": "aaab" * 5, "test": "abbcc"}
    files = {name: write_jsonl(f"{name}.jsonl", texts(*of, words=name)) for name, of in labels.items()}
    words = [f"data.{name}={path}" for name, path in files.items()]
    splits = event(ftk("check", "--json", *CLASSES, *words), "facts")["splits"]
    for name, gold in labels.items():
        given = ["a"] * len(gold)
        assert splits[name]["baseline"] == {
            "answer": "a",
            "accuracy": pytest.approx(accuracy_score(list(gold), given)),
            "f1_macro": pytest.approx(f1_score(list(gold), given, average="macro", zero_division=0)),
        }


def test_the_baseline_of_numbers_is_that_of_sklearn(ftk: Check) -> None:
    numbers = np.random.default_rng(0).normal(size=40).round(3)
    rows = [{"text": f"text {at}", "score": float(value)} for at, value in enumerate(numbers)]
    result = ftk("check", "--json", "task=regression", f"data.train={write_jsonl('train.jsonl', rows)}")
    found = event(result, "facts")["splits"]["train"]["baseline"]
    given = np.full(len(numbers), numbers.mean())
    assert found["mae"] == pytest.approx(mean_absolute_error(numbers, given))
    assert found["rmse"] == pytest.approx(root_mean_squared_error(numbers, given))


def test_documents_that_repeat_are_found_in_raw_text(ftk: Check) -> None:
    train = write_lines("train.txt", ["one text of some words", "", "another one", "", "one text of some words"])
    test = write_lines("test.txt", ["another one", "", "something new"])
    result = ftk("check", "--json", "task=mlm", f"data.train={train}", f"data.test={test}")
    assert result.found(kinds.REPEATED_DOCUMENT, "train").count == 1
    assert result.found(task_kinds.DOCUMENT_OF_TRAINING, part="test").count == 1
    assert event(result, "facts")["splits"]["train"]["rows"] == 3
    assert ftk("check", "task=mlm", f"data.validation={test}").code == 0


@pytest.mark.torch
def test_a_training_says_what_is_found_quickly(ftk: Check) -> None:
    train = write_jsonl("train.jsonl", texts(*"ab" * 10))
    test = write_jsonl("test.jsonl", [*texts(*"ab", words="new"), *texts("a", words="new")])
    words = (f"data.train={train}", f"data.test={test}", "model=tiny", "train.max_steps=1", "run.dir=run")
    assert ftk("finetune", *CLASSES[:1], *words, "hardware=cpu").code == 0
    found = {one["kind"] for one in read_jsonl("run/findings.jsonl")}
    assert kinds.REPEATED_WITHIN.id in found


@pytest.mark.slow
def test_with_a_model_steps_and_windows_are_those_of_its_training(ftk: Check) -> None:
    rows = texts(*"ab" * 20)
    rows[0]["text"] = "a long text " * 100
    words = ("model=tiny", f"data.train={write_jsonl('train.jsonl', rows)}", "hardware=cpu", "train.batch_size=8")
    facts = event(ftk("check", "--json", *CLASSES, *words), "facts")
    assert ftk("finetune", *CLASSES[:1], *words, "run.dir=run").code == 0
    [*_, last] = [one for one in read_jsonl("run/metrics.jsonl") if one["split"] == "train"]
    assert facts["expected"]["steps"] == last["step"]
    assert facts["expected"]["exact"]
    assert sum(one["rows_in_several_windows"] for one in facts["model"]["splits"].values()) == 1
    assert facts["expected"]["seconds"] > 0


MODELS = {"image-classification": "resnet-tiny", "summarization": "t5-tiny", "translation": "marian-tiny"}
TASKS = sorted(path.stem for path in shipped_configs().glob("task/*.yaml"))


@pytest.mark.slow
@pytest.mark.parametrize("task", [name for name in TASKS if name != "image-text-classification"])
def test_every_task_can_be_checked(ftk: Check, task: str) -> None:
    for model in ((), (f"model={MODELS.get(task, 'tiny')}", "hardware=cpu")):
        result = ftk("check", "--json", f"task={task}", *model)
        assert (result.code, result.errors) == (0, [])
        facts = event(result, "facts")
        assert all(one["rows"] for one in facts["splits"].values())
        assert ("model" in facts) == bool(model)


@pytest.mark.parametrize(
    ("words", "fragment"),
    [
        (("data.train=train.jsonl",), "task=null"),
        (("task=ner", "data.train=missing.jsonl"), "missing.jsonl"),
        (("task=ner", "check.near_duplicates=2"), "check.near_duplicates=2"),
        (("task=ner", "-m", "data.limit=1,2"), "-m"),
        (("task=ner", "run.dir=x"), "run.dir"),
    ],
)
def test_mistakes_are_those_of_the_user(ftk: Check, words: tuple[str, ...], fragment: str) -> None:
    Path("train.jsonl").write_text("")
    result = ftk("check", *words)
    assert result.code == 1
    assert fragment in result.err
    assert "Traceback" not in result.err


@pytest.mark.slow
def test_many_rows_are_read_in_parts_with_the_same_result(ftk: Check, monkeypatch: pytest.MonkeyPatch) -> None:
    from ftk.checking import light_rows, reading

    rows = texts(*"aab" * 200)
    rows[500]["label"] = ""
    words = (f"data.train={write_jsonl('train.jsonl', [*rows, *rows[:5]])}", *CLASSES)
    whole = ftk("check", "--json", *words)
    monkeypatch.setattr(reading, "_HELD", 100)
    parts = ftk("check", "--json", *words)
    monkeypatch.setattr(light_rows, "_MOST", 1000)
    stored = ftk("check", "--json", *words)
    for result in (parts, stored):
        assert event(result, "facts") == event(whole, "facts")
        assert [(one.kind, one.count) for one in result.findings] == [(one.kind, one.count) for one in whole.findings]
