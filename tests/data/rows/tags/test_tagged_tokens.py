"""Tags that are numbers of classes: named by ``task.label_names``, and refused without names."""

from pathlib import Path
from typing import Any

import pytest

from conftest import write_jsonl
from data_helpers import data_config, ner_task, refused, sentences
from ftk.config.data_choices import Format
from ftk.config.paths import values_of
from ftk.contracts import finding_kinds as kinds
from ftk.contracts.contexts import Reading
from ftk.contracts.notes import Notes
from ftk.contracts.row import Row
from ftk.data.readers.one_file import read_file
from ftk.errors import ConfigError, DataError
from ftk.tasks import build_task
from ftk.tasks.shared.row_task import RowTask

NAMES = ("O", "B-PER", "I-PER")
NUMBERED = {"tokens": ["Rita", "Kos", "sleeps"], "ner_tags": [1, 2, 0]}


@pytest.mark.parametrize(
    "tags",
    [[1, 2, 0], [1.0, 2.0, 0.0], ["1", "2", "0"], "1 2 0", "1,2,0", "[1 2 0]", "[1, 2, 0]", "array([1, 2, 0])",
     "['1' '2' '0']", [1, "I-PER", 0], "B-PER I-PER O"],
)  # fmt: skip
def test_names_replace_numbers_in_every_spelling(tags: Any) -> None:
    (sentence,), notes = sentences([{**NUMBERED, "ner_tags": tags}], label_names=NAMES)
    notes.raise_errors()
    assert sentence.tags == ["B-PER", "I-PER", "O"] == sentence.gold


@pytest.mark.parametrize("tags", [["1", "2", "0"], "1 2 0", ["1.0", "2.0", "0.0"], "1,2,0"])
def test_numbers_without_names_are_refused(tags: Any) -> None:
    [found] = refused(sentences([{**NUMBERED, "ner_tags": tags}])[1])
    assert (found.kind, found.count) == (kinds.NUMBERED_TAGS, 3)


@pytest.mark.parametrize(
    ("tags", "kind"),
    [
        ([1, 2, 3], kinds.UNNAMED_LABEL),
        ([1, 2, -100], kinds.IGNORED_TAG),
        ([1, None, 0], kinds.NOT_STRINGS),
        ([1, True, 0], kinds.NOT_STRINGS),
    ],
)
def test_numbers_without_a_name_of_their_own_are_refused(tags: Any, kind: Any) -> None:
    [found] = refused(sentences([{**NUMBERED, "ner_tags": tags}], label_names=NAMES)[1])
    assert found.kind is kind


@pytest.mark.parametrize("names", [None, NAMES])
def test_lines_of_columns_with_numbers(names: tuple[str, ...] | None) -> None:
    Path("n.conll").write_text("Rita\t1\nKos\t2\nsleeps\t0\n\nOslo\t0\n", encoding="utf-8")
    config, notes = data_config(), Notes()
    rows = list(read_file("n.conll", Format.auto, config, notes, labelled=True))
    found = ner_task(**({} if names is None else {"label_names": names})).read(
        rows, Reading(config.columns, True, notes)
    )
    if names is None:
        [fault] = refused(notes)
        assert (fault.kind, fault.count) == (kinds.NUMBERED_TAGS, 4)
    else:
        assert [sentence.tags for sentence in found] == [["B-PER", "I-PER", "O"], ["O"]]


@pytest.mark.parametrize("units", ["auto", "tokens"])
def test_numbers_as_tags_of_tokens_need_to_be_asked_for(units: str) -> None:
    task = build_task({**values_of("task/token-classification"), "units": units})
    assert isinstance(task, RowTask)
    rows = [Row({"tokens": ["a", "b"], "tags": ["1", "0"]}, "a.csv", 2)]
    reading = Reading(data_config().columns, True, Notes())
    if units == "auto":
        with pytest.raises(DataError) as refusal:
            task.resolve_auto(rows, reading)
        assert [found.kind for found in refusal.value.findings] == [kinds.NUMBERED_TAGS]
    else:
        [sentence] = task.resolve_auto(rows, reading).read(rows, reading)
        assert sentence.tags == ["1", "0"]


@pytest.mark.parametrize("mark", ["nan", "NaN", "<NA>"])
def test_a_missing_tag_is_no_type(mark: str) -> None:
    [found] = refused(sentences([{"tokens": ["a", "b", "c"], "tags": ["PER", "O", mark]}])[1])
    assert (found.kind, found.places) == (kinds.MISSING_TAG, ["rows.jsonl:1 (token 3)"])


def test_names_decide_whether_tags_are_of_spans() -> None:
    task = build_task({**values_of("task/token-classification"), "label_names": list(NAMES)})
    assert isinstance(task, RowTask)
    rows = [Row(NUMBERED, "a.jsonl", 1)]
    reading = Reading(data_config().columns, True, Notes())
    [sentence] = task.resolve_auto(rows, reading).read(rows, reading)
    assert sentence.tags == ["B-PER", "I-PER", "O"]


def test_names_that_are_no_names_are_mistakes() -> None:
    with pytest.raises(ConfigError, match=r"task\.label_names"):
        build_task({**values_of("task/ner"), "label_names": ["O", "O"]})


@pytest.mark.torch
@pytest.mark.slow
def test_names_of_tags_are_kept_with_the_model(ftk: Any) -> None:
    data = write_jsonl("n.jsonl", [NUMBERED, {"tokens": ["Oslo"], "ner_tags": [0]}] * 4)
    argv = (
        f"data.train={data}",
        "data.validation_share=0",
        "model=tiny",
        "train.max_steps=2",
        "run.curves=false",
        "run.dir=r",
    )
    result = ftk("finetune", "task=ner", *argv, "task.label_names=[O,B-PER,I-PER]")
    assert result.code == 0, result.err
    result = ftk("evaluate", "checkpoint=r/best", f"data.test={data}", "run.dir=e")
    assert result.code == 0, result.err
