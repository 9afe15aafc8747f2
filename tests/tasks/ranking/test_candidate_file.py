"""A file of candidates: what is read of it, what stops the run, and its vectors, which are kept between runs."""

from pathlib import Path

import numpy as np
import pytest

from conftest import write_jsonl, write_lines
from data_helpers import counted, data_config, of_kind
from ftk.contracts import finding_kinds as kinds
from ftk.contracts.notes import Notes
from ftk.errors import DataError, RunError
from ftk.tasks import finding_kinds as task_kinds
from ftk.tasks.ranking.searching import vector_cache as vectors_module
from ftk.tasks.ranking.searching.candidate_file import read_candidates
from ftk.tasks.ranking.searching.vector_cache import cached_vectors


def read(path, notes=None, **columns):
    return read_candidates(Path(path), data_config(columns=columns), notes or Notes())


def test_text_and_what_else_is_known():
    notes = Notes()
    found = read(write_jsonl("c.jsonl", [{"id": 3, "text": "a"}, {"id": "3", "answer": "b"}, {"text": "a"}]), notes)
    assert [found.text(number) for number in range(len(found))] == ["a", "b", "a"]
    assert found.others(1) == {"id": "3"}
    told = list(notes.drain())
    named = {"number_of_rows": 3, "file": "c.jsonl", "columns": "'text' or 'answer'"}
    assert of_kind(told, task_kinds.CANDIDATES).values == named
    assert (task_kinds.REPEATED_TEXT, None, 1, ["c.jsonl:3"]) in counted(told)


def test_columns_that_predictions_write_over_are_counted():
    notes = Notes()
    read(
        write_jsonl("c.jsonl", [{"body": "a", "text": "t", "row": 7}, {"body": "b", "score": 1}]),
        notes,
        candidate="body",
    )
    told = [one for one in notes.drain() if one.kind == task_kinds.REPLACED_CANDIDATE_COLUMN]
    assert [(one.values["column"], one.values["instead"], one.count, one.places) for one in told] == [
        ("text", "what was read", 1, ["c.jsonl:1"]),
        ("row", "the line's number", 1, ["c.jsonl:1"]),
        ("score", "the model's", 1, ["c.jsonl:2"]),
    ]
    assert read(write_jsonl("t.jsonl", [{"text": "a", "id": 1}]), notes).others(0) == {"id": 1}
    assert task_kinds.REPLACED_CANDIDATE_COLUMN not in [one.kind for one in notes.drain()]


def test_blank_lines_of_a_text_file_are_no_candidates():
    notes = Notes()
    found = read(write_lines("c.txt", ["a", "", "b"]), notes)
    assert [row.line for row in found.rows] == [1, 3]
    assert (task_kinds.BLANK_CANDIDATE, None, 1, ["c.txt:2"]) in counted(notes.drain())


def test_the_column_that_is_named_comes_first_where_it_is_there():
    assert read(write_jsonl("c.jsonl", [{"text": "a", "body": "b"}]), candidate="body").text(0) == "b"
    assert read("c.jsonl", candidate="other").text(0) == "a"


@pytest.mark.parametrize(
    ("row", "kind"),
    [
        ({"text": " "}, kinds.EMPTY_PART),
        ({"text": None}, kinds.NOT_A_STRING),
        ({"title": "b"}, task_kinds.CANDIDATE_WITHOUT_TEXT),
        ({"id": 1, "text": "b"}, task_kinds.REPEATED_CANDIDATE_IN_FILE),
    ],
)
def test_what_is_no_candidate_is_reported_with_its_place(row, kind):
    with pytest.raises(DataError) as caught:
        read(write_jsonl("c.jsonl", [{"id": 1, "text": "a"}, row]))
    [found] = caught.value.findings
    assert (found.kind, found.count) == (kind, 1)
    assert found.places[0].startswith("c.jsonl:2")


def test_a_fingerprint_is_that_of_the_texts_in_their_order():
    def fingerprint(*texts):
        return read(write_jsonl("c.jsonl", [{"id": len(texts) + at, "text": t} for at, t in enumerate(texts)]))

    prints = [fingerprint(*texts).fingerprint() for texts in (["ab", "c"], ["a", "bc"], ["c", "ab"], ["ab"])]
    assert len(set(prints)) == 4
    assert read(write_lines("c.txt", ["ab", "c"])).fingerprint() == prints[0]


BLOCKS = [np.arange(6, dtype=np.float32).reshape(3, 2), np.ones((2, 2), dtype=np.float32)]


def kept(said, number=5):
    made = []

    def make():
        made.append(1)
        yield from BLOCKS

    return cached_vectors(Path("kept"), number, make, said.append), bool(made)


def test_vectors_are_made_once():
    said: list[str] = []
    first, made = kept(said)
    assert made
    again, made = kept(said)
    assert not made
    assert first.tolist() == again.tolist() == np.concatenate(BLOCKS).tolist()
    assert [text.split(" (")[0] for text in said] == ["vectors of 5 texts are kept", "vectors of 5 texts, made before"]


@pytest.mark.parametrize("harm", ["a byte", "its end", "all of it", "the manifest"])
def test_damaged_vectors_are_rebuilt_and_that_is_reported(harm):
    kept([])
    path = Path("kept/vectors.f32")
    content = path.read_bytes()
    if harm == "all of it":
        path.unlink()
    elif harm == "the manifest":
        Path("kept/vectors.json").write_text('{"number": 5}')
    else:
        path.write_bytes(content[:-1] if harm == "its end" else bytes([content[0] ^ 1]) + content[1:])
    said: list[str] = []
    found, made = kept(said)
    assert made
    assert "damaged and are computed again" in said[0]
    assert found.tolist() == np.concatenate(BLOCKS).tolist()


def test_what_was_interrupted_is_not_taken_for_vectors(monkeypatch):
    def stop(path, text):
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(vectors_module, "write_text", stop)
        with pytest.raises(KeyboardInterrupt):
            kept([])
    assert Path("kept/vectors.f32").is_file()
    found, made = kept([])
    assert made
    assert len(found) == 5


def test_a_cache_that_cannot_be_written_is_reported():
    Path("kept").write_text("a file")
    with pytest.raises(RunError, match=r"the vectors of the candidates cannot be kept here .* data\.cache_dir="):
        kept([])
