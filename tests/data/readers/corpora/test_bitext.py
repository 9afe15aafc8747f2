"""Bitexts without a header, and pairs of text files, for tasks of sources and targets."""

from pathlib import Path

import pytest

from data_helpers import data_config, of_kind
from ftk.contracts import finding_kinds as kinds
from ftk.contracts.notes import Notes
from ftk.data.readers.splits import read_splits, stream
from ftk.errors import DataError

ROLES = ("source", "target", "weight")
PAIRS = [(f"Der Hund {number} schläft.", f"The dog {number} sleeps.") for number in range(4)]


def rows_of(spec: str | list[str], roles: tuple[str, ...] = ROLES) -> tuple[list[tuple[object, ...]], Notes]:
    notes = Notes()
    splits = read_splits(data_config(train=spec), ["train"], demo=None, notes=notes, tagged=False, roles=roles)
    return [tuple(row.values.values()) for row in splits["train"].rows], notes


@pytest.mark.parametrize(
    ("name", "line"),
    [
        ("en-de.tsv", "{source}\t{target}"),
        ("deu.txt", "{source}\t{target}\tCC-BY 2.0 (France) Attribution: tatoeba.org #1 (CK)"),
        ("pairs.tsv", "12\t{source}\t77\t{target}"),
        ("en-de.txt", "\n{source}\t{target}"),
    ],
)
def test_a_source_and_its_target_in_each_line(name: str, line: str) -> None:
    content = "".join(line.format(source=source, target=target) + "\n" for source, target in PAIRS)
    Path(name).write_text(content, encoding="utf-8")
    found, notes = rows_of(name)
    assert found == PAIRS
    assert of_kind(notes, kinds.BITEXT).values["file"] == name
    predicted = [*stream(name, data_config(), Notes(), ROLES)]
    assert [row.values["source"] for row in predicted] == [source for source, _ in PAIRS]


@pytest.mark.parametrize(
    "content",
    [
        "source\ttarget\nDer Hund schläft.\tThe dog sleeps.\n",
        "de\ten\nDer Hund schläft.\tThe dog sleeps.\n",
        "id\ttext\tsummary\n1\tDer Hund schläft.\tEin Hund.\n",
        "Hund\tdog\nKatze\tcat\n",
    ],
)
def test_tables_with_a_header_are_tables(content: str) -> None:
    Path("rows.tsv").write_text(content, encoding="utf-8")
    found, _ = rows_of("rows.tsv")
    assert len(found) == content.count("\n") - 1


def test_a_tab_inside_of_a_text_is_named() -> None:
    lines = [f"{source}\t{target}" for source, target in PAIRS * 6] + ["Ein\tHund .\tA dog."]
    Path("rows.tsv").write_text("\n".join(lines) + "\n", encoding="utf-8")
    with pytest.raises(DataError, match=r"^rows\.tsv:25: 3 columns"):
        rows_of("rows.tsv")


@pytest.mark.parametrize("names", [("corpus.de", "corpus.en"), ("a.txt", "b.txt"), ("train.src", "train.tgt")])
def test_two_text_files_are_parallel(names: tuple[str, str]) -> None:
    for side, name in enumerate(names):
        Path(name).write_text("".join(f"{pair[side]}\n" for pair in PAIRS), encoding="utf-8")
    found, notes = rows_of([*names])
    assert found == PAIRS
    assert of_kind(notes, kinds.PARALLEL_FILES).values["source"] == names[0]
    with pytest.raises(DataError, match="no named columns"):
        rows_of([*names], roles=("text", "label"))
    Path(names[1]).write_text("A dog.\n", encoding="utf-8")
    with pytest.raises(DataError, match=r"has 4 lines, .* has 1"):
        rows_of([*names])
