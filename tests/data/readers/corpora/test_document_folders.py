"""Folders with a folder for each document, as INCEpTION exports them."""

from pathlib import Path

import pytest

from data_helpers import data_config
from ftk.contracts import finding_kinds as kinds
from ftk.contracts.notes import Notes
from ftk.data.readers.splits import read_splits, stream
from ftk.errors import DataError

LAYER = "#T_SP=de.tudarmstadt.ukp.dkpro.core.api.ner.type.NamedEntity|value\n"


def write(*files: str, first: str = "#FORMAT=WebAnno TSV 3.3\n") -> None:
    for file in files:
        path = Path("export", file)
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(f"{first}{LAYER}\n\n#Text=Rita\n1-1\t0-4\tRita\tPER\t\n", encoding="utf-8")


@pytest.mark.parametrize(
    ("files", "documents"),
    [
        (["a.txt/ada.tsv", "b.txt/ada.tsv"], ["a.txt", "b.txt"]),
        (["a.txt/ada.tsv", "b.txt/bob.tsv"], ["a.txt", "b.txt"]),
        (["a.txt/ada.tsv", "a.txt/INITIAL_CAS.tsv"], ["a.txt"]),
        (["a.pdf/ada.tsv"], ["a.pdf"]),
        (["first/ada.tsv", "second/bob.tsv"], ["ada", "bob"]),
        (["a.tsv", "b.tsv"], ["a", "b"]),
    ],
)
def test_the_file_of_each_document_is_read_and_names_it(files: list[str], documents: list[str]) -> None:
    write(*files)
    notes = Notes()
    rows = read_splits(data_config(train="export"), ["train"], demo=None, notes=notes)["train"].rows
    assert [row.values["document"] for row in rows] == documents
    assert sum(found.kind == kinds.WEBANNO_LAYER for found in notes) == 1
    assert len(list(stream("export", data_config(), Notes(), ("text", "tokens", "tags", "spans")))) == len(documents)


def test_files_of_several_annotators_are_refused_with_a_glob_that_works() -> None:
    write("a.txt/ada.tsv", "a.txt/bob.tsv", "b.txt/ada.tsv")
    with pytest.raises(DataError, match=r"data.train=export/\*/ada.tsv") as error:
        read_splits(data_config(train="export"), ["train"], demo=None, notes=Notes())
    assert "bob.tsv" in str(error.value)
    rows = read_splits(data_config(train="export/*/ada.tsv"), ["train"], demo=None, notes=Notes())["train"].rows
    assert [row.values["document"] for row in rows] == ["a.txt", "b.txt"]


@pytest.mark.parametrize("name", ["x.tsv", "x.csv", "x.conll", "x.jsonl"])
def test_other_folders_of_folders_are_refused_with_the_ending_of_their_files(name: str) -> None:
    write(f"a/{name}", f"b/{name}", first="text\tlabel\n")
    with pytest.raises(DataError, match=rf"export/\*/\*\{Path(name).suffix}"):
        read_splits(data_config(train="export"), ["train"], demo=None, notes=Notes())
