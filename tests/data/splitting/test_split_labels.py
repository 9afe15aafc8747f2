"""Labels that a split lacks, or that only a list of names has."""

from typing import Any

import pytest

from conftest import write_jsonl
from data_helpers import data_config, refused, shipped_task
from ftk.contracts import finding_kinds as kinds
from ftk.contracts.findings import Finding
from ftk.contracts.notes import Notes
from ftk.data.row_corpus import RowCorpus, read_training_corpus
from ftk.errors import DataError


def rows(*labels: Any) -> str:
    name = f"{abs(hash(str(labels)))}.jsonl"
    return write_jsonl(name, [{"text": f"row {n} of {labels}", "label": label} for n, label in enumerate(labels)])


def read(task: str, train: str, validation: str | None = None, **changes: Any) -> tuple[RowCorpus, list[Finding]]:
    fields = changes.pop("fields", {})
    notes = Notes()
    found = read_training_corpus(
        data_config(train=train, validation=validation, **changes), shipped_task(task, **fields), notes
    )
    return found, list(notes)


@pytest.mark.parametrize("task", ["text-classification", "multi-label"])
def test_a_label_without_a_validation_row_is_reported(task: str) -> None:
    _, found = read(task, rows(*"aabbccdd"), rows(*"aabb"))
    said = next(one for one in found if one.kind == kinds.NOT_VALIDATED)
    assert (said.count, said.values["names"]) == (2, "c, d")
    _, found = read(task, rows(*"aabb"), rows(*"abba"))
    assert not [one for one in found if one.kind in (kinds.NOT_VALIDATED, kinds.ONE_LABEL)]


@pytest.mark.parametrize("share", [0.8, 0.9])
def test_training_with_one_label_left_is_refused(share: float) -> None:
    """The only row of a label is held out with the others."""
    notes = Notes()
    data = data_config(train=rows(*"b", *"a" * 29), validation_share=share, cut="simple", split_seed=0)
    with pytest.raises(DataError):
        read_training_corpus(data, shipped_task("text-classification"), notes)
    assert [one.kind for one in refused(notes)] == [kinds.TOO_FEW_LABELS]


LEFT = {
    "ner": ({"tags": ["O", "B-A"]}, {"tags": ["O", "O"]}, kinds.NO_LABEL_LEFT),
    "token-classification": ({"tags": ["N", "V"]}, {"tags": ["N", "N"]}, kinds.TOO_FEW_LABELS),
    "multi-label": ({"label": ["a"]}, {"label": []}, kinds.NO_LABEL_LEFT),
}


@pytest.mark.parametrize("task", LEFT)
@pytest.mark.parametrize("share", [0.8, 0.9])
def test_training_without_a_label_left_is_refused(task: str, share: float) -> None:
    """The only row with an entity, another tag or a label is held out."""
    first, other, kind = LEFT[task]
    columns = [{"tokens": ["row", str(at)], "text": f"row {at}", **(other if at else first)} for at in range(30)]
    kept = [{name: row[name] for name in row if name != ("tokens" if "label" in row else "text")} for row in columns]
    data = data_config(train=write_jsonl("t.jsonl", kept), validation_share=share, cut="simple", split_seed=0)
    notes = Notes()
    with pytest.raises(DataError):
        read_training_corpus(data, shipped_task(task), notes)
    assert [one.kind for one in refused(notes)] == [kind]


@pytest.mark.parametrize(
    ("task", "labels"), [("text-classification", (0, 2, 0, 2)), ("multi-label", ([0], [0, 2], [2], [0]))]
)
def test_names_without_rows_stay_labels_of_the_model(task: str, labels: tuple[Any, ...]) -> None:
    found, said = read(task, rows(*labels), rows(*labels), fields={"label_names": ("neg", "mid", "pos")})
    assert found.labels is not None
    assert found.labels.names == ("mid", "neg", "pos")
    [unused] = [one for one in said if one.kind == kinds.UNUSED_NAME]
    assert unused.places == ["mid"]


def test_one_label_stays_refused_whatever_is_named() -> None:
    with pytest.raises(DataError):
        read("text-classification", rows(0, 0), fields={"label_names": ("neg", "pos")})
