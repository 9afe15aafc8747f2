"""Columns whose names differ by case or blanks from those that a task or the config looks for."""

from typing import Any

import pytest

from conftest import write_lines
from data_helpers import data_config, shipped_task
from ftk.contracts import finding_kinds as kinds
from ftk.contracts.notes import Notes
from ftk.contracts.row import Row
from ftk.data.row_corpus import read_training_corpus
from ftk.data.rows.spelled_names import with_known_names

USUAL = {"text": ("text", "sentence"), "label": ("label", "labels")}


@pytest.mark.parametrize(
    ("values", "columns", "names"),
    [
        ({"Text": "a", "Label": "b"}, {}, ["text", "label"]),
        ({"TEXT": "a", "LABEL": "b", "Nr.": 1}, {}, ["text", "label", "Nr."]),
        ({" Sentence ": "a", "labels\t": "b"}, {}, ["sentence", "labels"]),
        ({"text": "a", "Text": "b"}, {}, ["text", "Text"]),
        ({"TEXT": "a", "Text": "b"}, {}, ["TEXT", "Text"]),
        ({"Texte": "a", "Kategorie": "b"}, {}, ["Texte", "Kategorie"]),
        ({"Text": "a", "Label": "b"}, {"text": "Text"}, ["Text", "label"]),
        ({"text": "a", "kategorie": "b"}, {"text": "Text", "label": "Kategorie"}, ["Text", "Kategorie"]),
        ({"Joy": 1, "FEAR": 0, "Label": 2}, {"label": ["joy", "fear"]}, ["joy", "fear", "Label"]),
        ({"Text": {"en": "a"}}, {"text": "Text.en"}, ["Text"]),
        ({"Label": "a"}, {"text": "Label"}, ["Label"]),
        ({"straße": "a"}, {"text": "STRASSE"}, ["STRASSE"]),
        ({"Text": "a"}, {"text": "sentence"}, ["Text"]),
        ({"TEXT": "a", "SENTİMENT": "b"}, {"label": "sentiment"}, ["text", "sentiment"]),
        ({"text": "a", "ıntent": "b"}, {"label": "intent"}, ["text", "intent"]),
        ({"text": "a", "ıntent": "b"}, {"label": "INTENT"}, ["text", "INTENT"]),
        ({"text": "a", "kimlik": "b"}, {"label": "KİMLİK"}, ["text", "KİMLİK"]),
        ({"text": "a", "başlık": "b"}, {"label": "BAŞLIK"}, ["text", "BAŞLIK"]),
        ({"text": "a", "ilk": "b", "ılk": "c"}, {"label": "İLK"}, ["text", "ilk", "ılk"]),
    ],
)
def test_a_column_gets_the_name_that_is_looked_for(
    values: dict[str, Any], columns: dict[str, Any], names: list[str]
) -> None:
    notes = Notes()
    [row] = with_known_names([Row(values, "a.csv", 2)], columns, USUAL, notes)
    assert list(row.values) == names
    assert list(row.values.values()) == list(values.values())
    assert [one.kind for one in notes] == ([kinds.COLUMN_IN_OTHER_CASE] if names != list(values) else [])


@pytest.mark.parametrize("group", [None, "GUEST"])
def test_files_whose_columns_differ_by_case_are_read_alike(group: str | None) -> None:
    one = [f"Good room {n};pos;{n};x" for n in range(6)]
    two = [f"{n};neg;Bad room {n};y" for n in range(6)]
    files = [
        write_lines("one.csv", ["Text;Kategorie;Guest;Nr", *one]),
        write_lines("two.csv", ["guest;kategorie;text;Nr", *two]),
    ]
    notes = Notes()
    config = data_config(train=files, validation_share=0.25, group=group, columns={"label": "KATEGORIE"})
    found = read_training_corpus(config, shipped_task("text-classification"), notes)
    assert found.labels is not None
    assert found.labels.names == ("neg", "pos")
    rows = [*found.examples["train"], *found.examples["validation"]]
    assert sorted(row.text for row in rows) == sorted(line.split(";")[0 if line[0] == "G" else 2] for line in one + two)
    assert {name for row in rows for name in row.columns} == {"Nr", *([group] if group else ["Guest", "guest"])}
