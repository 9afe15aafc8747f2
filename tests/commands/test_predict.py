"""``ftk predict`` and ``ftk evaluate``: every row and every token comes back."""

import hashlib
import json
import shutil
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from conftest import (
    TINY,
    Result,
    assert_refused,
    read_jsonl,
    run_ftk,
    toy_sentences,
    write_conll,
    write_jsonl,
    write_lines,
)
from data_helpers import standard_input
from ftk.contracts import finding_kinds as kinds
from ftk.tasks import finding_kinds as task_kinds

pytestmark = pytest.mark.torch


@pytest.fixture(scope="module")
def checkpoint(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A tiny model that has learned the toy corpus."""
    folder = tmp_path_factory.mktemp("checkpoint")
    data = write_conll(folder / "train.conll", toy_sentences(48))
    argv = [*TINY, f"data.train={data}", f"data.validation={data}", "train.epochs=6", f"run.dir={folder / 'run'}"]
    assert run_ftk("finetune", *argv) == 0
    return folder / "run" / "best"


TEXTS = ["Ada Berg went to Oslo .", "", "nothing here", "Boris Berg  went to Kyoto by slow train."]


def parquet(path: str, rows: list[dict[str, object]]) -> str:
    import pyarrow
    import pyarrow.parquet

    pyarrow.parquet.write_table(pyarrow.Table.from_pylist(rows), path)
    return path


@pytest.mark.parametrize(
    "make",
    [
        lambda: write_lines("in.txt", TEXTS),
        lambda: write_jsonl("in.jsonl", [{"id": i, "text": t} for i, t in enumerate(TEXTS)]),
        lambda: write_lines("in.csv", ["id,text", *(f'{i},"{t}"' for i, t in enumerate(TEXTS))]),
        lambda: write_lines("in.tsv", ["id\ttext", *(f"{i}\t{t}" for i, t in enumerate(TEXTS))]),
        lambda: parquet("in.parquet", [{"id": i, "text": t} for i, t in enumerate(TEXTS)]),
    ],
    ids=["txt", "jsonl", "csv", "tsv", "parquet"],
)
def test_texts_of_every_format(ftk: Callable[..., Result], checkpoint: Path, make: Callable[[], str]) -> None:
    path = make()
    result = ftk("predict", f"checkpoint={checkpoint}", f"input={path}", "output=out.jsonl")
    assert result.code == 0, result.err
    rows = read_jsonl("out.jsonl")
    assert [row["text"] for row in rows] == TEXTS
    if "txt" not in path:
        assert [int(row["id"]) for row in rows] == list(range(len(TEXTS)))
    found = [[(entity["label"], entity["text"]) for entity in row["entities"]] for row in rows]
    assert found[0] == [("PER", "Ada Berg"), ("LOC", "Oslo")]
    assert found[1] == []
    assert found[3] == [("PER", "Boris Berg"), ("LOC", "Kyoto")]
    for row in rows:
        for entity in row["entities"]:
            assert row["text"][entity["start"] : entity["end"]] == entity["text"]
            assert 0 < entity["score"] <= 1


def test_tokens_come_back_with_one_tag_each(ftk: Callable[..., Result], checkpoint: Path) -> None:
    sentences = toy_sentences(8)
    path = write_conll("in.conll", [[(word, "x", tag) for word, tag in sentence] for sentence in sentences])
    result = ftk("predict", f"checkpoint={checkpoint}", f"input={path}", "output=out.jsonl")
    assert result.code == 0, result.err
    for sentence, row in zip(sentences, read_jsonl("out.jsonl"), strict=True):
        assert row["tokens"] == [word for word, _ in sentence]
        assert row["tags"] == [tag for _, tag in sentence]
        assert row["gold_tags"] == row["tags"]
        assert row["column_1"] == ["x"] * len(sentence)
        joined = " ".join(row["tokens"])
        assert [joined[e["start"] : e["end"]] for e in row["entities"]] == [e["text"] for e in row["entities"]]


def test_standard_input_and_output(ftk: Callable[..., Result], checkpoint: Path) -> None:
    with standard_input("\n".join(TEXTS).encode()):
        result = ftk("predict", f"checkpoint={checkpoint}", "input=-")
    assert result.code == 0
    assert [json.loads(line)["text"] for line in result.out.splitlines()] == TEXTS
    assert "4 rows in" in result.err


def test_a_document_of_5000_words_is_read_in_windows(ftk: Callable[..., Result], checkpoint: Path) -> None:
    sentence = ["Ada", "Berg", "went", "to", "Oslo", "by", "slow", "train", "."]
    words = (sentence * 556)[:5000]
    write_jsonl("long.jsonl", [{"tokens": words}, {"tokens": ["Oslo"]}])
    result = ftk("predict", "--json", f"checkpoint={checkpoint}", "input=long.jsonl", "output=out.jsonl")
    assert result.code == 0, result.err
    row, short = read_jsonl("out.jsonl")
    assert len(row["tags"]) == 5000
    assert len(short["tags"]) == 1
    length = json.loads((checkpoint / "ftk.json").read_text())["max_length"]
    long = result.found(kinds.LONG_ROW, length=length)
    assert (long.count, long.policy) == (1, "merged")
    assert result.found(kinds.WINDOWS).count > 40


def test_more_rows_than_one_batch_keep_their_order(ftk: Callable[..., Result], checkpoint: Path) -> None:
    texts = [f"{'Ada Berg went to Oslo . ' * (i % 7)}number {i}" for i in range(2500)]
    result = ftk("predict", f"checkpoint={checkpoint}", f"input={write_lines('in.txt', texts)}", "output=out.jsonl")
    assert result.code == 0, result.err
    assert [row["text"] for row in read_jsonl("out.jsonl")] == texts


def test_a_fault_in_the_input_leaves_the_rows_before_it_in_a_part(ftk: Callable[..., Result], checkpoint: Path) -> None:
    rows: list[dict[str, object]] = [{"text": "fine"}] * 3000
    write_jsonl("in.jsonl", [*rows, {"text": 7}])
    result = ftk("predict", "--json", f"checkpoint={checkpoint}", "input=in.jsonl", "output=out.jsonl")
    assert_refused(result, (kinds.NOT_A_STRING, {"role": "text"}))
    assert "in.jsonl:3001" in result.err
    assert {path.name for path in Path().glob("*out*")} == {"out.jsonl.part", ".out.jsonl.part.state"}
    assert len(read_jsonl("out.jsonl.part")) == 2048
    write_jsonl("in.jsonl", [*rows, {"text": "mended"}])
    assert ftk("predict", f"checkpoint={checkpoint}", "input=in.jsonl", "output=out.jsonl", "run.resume=true").code == 0
    assert len(read_jsonl("out.jsonl")) == 3001
    assert {path.name for path in Path().iterdir()} - {"cache"} == {"in.jsonl", "out.jsonl"}


def test_a_column_that_is_not_there_is_reported_before_the_model_is_opened(
    ftk: Callable[..., Result], checkpoint: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "ftk.inference.checkpoint", None)  # importing it is an error
    write_lines("in.csv", ["id,body", "1,Ada"])
    result = ftk("predict", "--json", f"checkpoint={checkpoint}", "input=in.csv", "data.columns.text=txt")
    assert (result.code, result.out) == (1, "")
    assert_refused(result, (kinds.MISSING_COLUMN, {"column": "txt"}))
    assert "in.csv:2" in result.err


def test_an_output_is_not_overwritten_unasked(ftk: Callable[..., Result], checkpoint: Path) -> None:
    write_lines("in.txt", TEXTS)
    Path("out.jsonl").write_text("precious\n")
    argv = [f"checkpoint={checkpoint}", "input=in.txt", "output=out.jsonl"]
    refused = ftk("predict", *argv)
    assert refused.code == 1
    assert "run.overwrite=true" in refused.err
    assert Path("out.jsonl").read_text() == "precious\n"
    assert ftk("predict", *argv, "run.overwrite=true").code == 0
    assert len(read_jsonl("out.jsonl")) == len(TEXTS)


@pytest.mark.parametrize("inputs", ["[a.txt,b.txt]", "[a.txt,'b*.txt']", "[folder,b.txt]"])
def test_an_input_is_a_list_too(ftk: Callable[..., Result], checkpoint: Path, inputs: str) -> None:
    Path("folder").mkdir()
    for path, text in (("a.txt", "Ada"), ("b.txt", "Boris"), ("folder/c.txt", "Ada")):
        write_lines(path, [text])
    result = ftk("predict", f"checkpoint={checkpoint}", f"input={inputs}", "output=out.jsonl")
    assert result.code == 0, result.err
    assert [row["text"] for row in read_jsonl("out.jsonl")] == ["Ada", "Boris"]


@pytest.mark.parametrize("inputs", ["[]", "[3]", "[a.txt,missing.txt]", "[a.txt,-]", "[splits]", "[a.txt,[a.txt]]"])
def test_a_list_that_names_no_files_is_refused(ftk: Callable[..., Result], checkpoint: Path, inputs: str) -> None:
    write_lines("a.txt", ["Ada"])
    for split in ("train", "test"):
        Path("splits", split).mkdir(parents=True)
        write_lines(f"splits/{split}/a.txt", ["Ada"])
    result = ftk("predict", f"checkpoint={checkpoint}", f"input={inputs}", "--json")
    assert_refused(result, "input=")


def test_an_output_that_cannot_be_written_is_refused_before_rows_are_read(
    ftk: Callable[..., Result], checkpoint: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    write_lines("a.txt", ["Ada"])
    result = ftk("predict", f"checkpoint={checkpoint}", "input=a.txt", "output=a.txt/out.jsonl", "--json")
    assert_refused(result, "is not a folder; name another folder")
    monkeypatch.setattr("ftk.system.atomic.os.access", lambda path, mode: False)  # root may write everywhere else
    result = ftk("predict", f"checkpoint={checkpoint}", "input=a.txt", "output=new/out.jsonl", "--json")
    assert_refused(result, "is not writable; name another folder")
    assert not Path("new").exists()
    monkeypatch.undo()


def test_folders_of_an_output_are_made(ftk: Callable[..., Result], checkpoint: Path) -> None:
    write_lines("a.txt", ["Ada"])
    assert ftk("predict", f"checkpoint={checkpoint}", "input=a.txt", "output=new/folder/out.jsonl").code == 0
    assert len(read_jsonl("new/folder/out.jsonl")) == 1


EMOJI = "💩 Ada Berg went to Oslo"
IN_UNITS = [{"start": 3, "end": 11, "label": "PER"}, {"start": 20, "end": 24, "label": "LOC"}]


@pytest.mark.parametrize("bad_rows", ["error", "keep"])
def test_the_gold_standard_of_a_prediction_is_where_it_says(
    ftk: Callable[..., Result], checkpoint: Path, bad_rows: str
) -> None:
    write_jsonl("studio.jsonl", [{"text": EMOJI, "spans": IN_UNITS}] * 3)
    write_jsonl("plain.jsonl", [{"text": "Ada Berg", "spans": [[0, 8, "PER"]]}])
    rows = [{"text": None}] if bad_rows == "keep" else []
    write_jsonl("more.jsonl", [*rows, {"text": EMOJI, "spans": IN_UNITS}])
    argv = [f"checkpoint={checkpoint}", "input=[studio.jsonl,plain.jsonl,more.jsonl]", f"data.bad_rows={bad_rows}"]
    result = ftk("predict", *argv, "output=out.jsonl", "--json")
    assert result.code == 0, result.err
    records = [record for record in read_jsonl("out.jsonl") if "error" not in record]
    found = [[entity["text"] for entity in record["gold_entities"]] for record in records]
    assert found == [*[["Ada Berg", "Oslo"]] * 3, ["Ada Berg"], ["Ada Berg", "Oslo"]]
    assert result.found(kinds.OFFSETS_FOUND).values["what"] == "UTF-16 units"
    scored = ftk("evaluate", f"checkpoint={checkpoint}", "data.test=out.jsonl", "run.dir=scored", "--json")
    if bad_rows == "error":
        assert scored.code == 0, scored.err
        assert [record["gold_entities"] for record in read_jsonl("scored/predictions/test.jsonl")] == [
            record["gold_entities"] for record in records
        ]


def test_the_input_is_never_the_output(ftk: Callable[..., Result], checkpoint: Path) -> None:
    write_lines("in.txt", TEXTS)
    Path("link.txt").symlink_to("in.txt")
    for output in ("in.txt", "link.txt"):
        result = ftk("predict", f"checkpoint={checkpoint}", "input=in.txt", f"output={output}", "run.overwrite=true")
        assert result.code == 1
        assert "This is the input" in result.err
    assert Path("in.txt").read_text().splitlines() == TEXTS
    special = ftk("predict", f"checkpoint={checkpoint}", "input=in.txt", "output=/dev/null", "run.overwrite=true")
    assert "no regular file" in special.err


def test_evaluate_scores_as_training_did(ftk: Callable[..., Result], checkpoint: Path) -> None:
    expected = json.loads((checkpoint.parent / "metrics.json").read_text())["validation"]
    data = checkpoint.parent.parent / "train.conll"
    argv = [f"checkpoint={checkpoint}", f"data.test={data}", "run.dir=scores", "hardware=cpu", "hardware.threads=1"]
    result = ftk("evaluate", *argv)
    assert result.code == 0, result.err
    found = json.loads(Path("scores/metrics.json").read_text())["test"]
    assert found["per_label"] == expected["per_label"]
    assert found["loss"] == pytest.approx(expected["loss"], rel=1e-5)
    assert len(read_jsonl("scores/predictions/test.jsonl")) == 48


def test_evaluate_knows_the_labels_of_the_model_not_of_the_data(ftk: Callable[..., Result], checkpoint: Path) -> None:
    path = write_conll("other.conll", [[("Mars", "B-PLANET"), ("shines", "O")]])
    argv = ["evaluate", "--json", f"checkpoint={checkpoint}", f"data.test={path}"]
    assert_refused(ftk(*argv), (task_kinds.UNSEEN_ENTITY, {"label": "PLANET", "known": "LOC, PER"}))
    assert not Path("runs").exists()


def test_a_task_given_to_evaluate_and_predict_counts(ftk: Callable[..., Result], checkpoint: Path) -> None:
    path = write_conll("broken.conll", [[("Ada", "I-PER"), ("Berg", "I-PER"), ("in", "O"), ("Oslo", "B-LOC")]])
    argv = [f"checkpoint={checkpoint}", f"data.test={path}", "run.overwrite=true", "run.dir=scores"]
    assert ftk("evaluate", *argv).code == 0
    strict = ftk("evaluate", "--json", *argv, "task=ner", "task.broken_tags=error", "task.tag_scheme=iob2")
    assert_refused(strict, (kinds.BROKEN_TAG, {"scheme": "IOB2"}))
    # What training settled stays: this model was trained on tokens, so text is cut into coarse words.
    write_lines("in.txt", ["Ada Berg-Lund went to Oslo ."])
    for number, task in enumerate([(), ("task=ner",)]):
        assert ftk("predict", f"checkpoint={checkpoint}", "input=in.txt", f"output={number}.jsonl", *task).code == 0
    assert read_jsonl("0.jsonl") == read_jsonl("1.jsonl")


@pytest.mark.parametrize(
    ("command", "override"),
    [("predict", "data.train=in.txt"), ("predict", "data.test=in.txt"), ("evaluate", "data.validation=in.txt")]
    + [(command, "hardware.micro_batch=2") for command in ("predict", "evaluate")],
)
def test_values_that_only_training_reads_are_refused(
    ftk: Callable[..., Result], checkpoint: Path, command: str, override: str
) -> None:
    write_lines("in.txt", TEXTS)
    argv = ["input=in.txt"] if command == "predict" else ["data.test=in.txt"]
    result = ftk(command, f"checkpoint={checkpoint}", *argv, override)
    assert result.code == 1
    assert f"'ftk {command}' does not" in result.err


@pytest.mark.parametrize(
    ("damage", "message"),
    [
        (lambda f: (f / "model.safetensors").write_bytes(b"x"), "the file has 1 bytes, expected "),
        (lambda f: _flip(f / "model.safetensors"), "has changed since it was saved"),
        (lambda f: (f / "tokenizer.json").unlink(), "the file is missing"),
        (lambda f: (f / "ftk.json").write_text("{"), "the manifest is damaged"),
        (lambda f: (f / "ftk.json").write_text("[]"), "ftk.json"),
        (lambda f: _edit(f, task={"name": "os", "fields": {}}), "not one of ftk's own"),
        (
            lambda f: _edit(f, task={"name": "token_classification", "fields": {"_target_": "os.system"}}),
            "no such field",
        ),
        (
            lambda f: _edit(f, files={"../../etc/passwd": {"size": 0, "sha256": "0"}}),
            "not the name of a file of this folder",
        ),
        (lambda f: _edit(f, labels=7), "ftk.json"),
    ],
)
@pytest.mark.parametrize("command", ["predict", "evaluate"])
def test_a_checkpoint_that_is_not_what_was_written_is_refused(
    ftk: Callable[..., Result], checkpoint: Path, damage: Callable[[Path], object], message: str, command: str
) -> None:
    shutil.copytree(checkpoint, "copy")
    damage(Path("copy"))
    write_lines("in.txt", TEXTS)
    argv = ["input=in.txt"] if command == "predict" else ["data=demo"]
    result = ftk(command, "checkpoint=copy", *argv)
    assert result.code == 1
    assert message in result.err
    assert "Traceback" not in result.err
    assert not Path("runs").exists()


def _flip(path: Path) -> None:
    content = path.read_bytes()
    path.write_bytes(content[:-1] + bytes([content[-1] ^ 1]))


def _edit(folder: Path, **changes: object) -> None:
    """Change what a manifest says, and its checksum with it."""
    path = folder / "ftk.json"
    saved = {**json.loads(path.read_text()), **changes}
    del saved["check"]
    check = hashlib.sha256(json.dumps(saved, sort_keys=True).encode()).hexdigest()
    path.write_text(json.dumps({**saved, "check": check}))


def test_int8_finds_what_fp32_finds(ftk: Callable[..., Result], checkpoint: Path) -> None:
    from ftk.kernels.processor import processor

    if not processor().has_int8:
        pytest.skip("this processor has no native int8")
    write_lines("in.txt", ["Ada Berg went to Oslo by train .", "Chen moved to Lima ."])
    found = {}
    for precision in ("fp32", "int8"):
        argv = [f"checkpoint={checkpoint}", "input=in.txt", f"output={precision}.jsonl"]
        result = ftk("predict", *argv, f"hardware.precision={precision}")
        assert result.code == 0, result.err
        found[precision] = read_jsonl(f"{precision}.jsonl")
        assert ("int8: 12 linear layers of the encoder" in result.err) == (precision == "int8")
    for exact, fast in zip(found["fp32"], found["int8"], strict=True):
        assert [(e["start"], e["end"], e["label"]) for e in fast["entities"]] == [
            (e["start"], e["end"], e["label"]) for e in exact["entities"]
        ]
        for one, other in zip(fast["entities"], exact["entities"], strict=True):
            assert one["score"] == pytest.approx(other["score"], abs=0.05)


def test_nothing_is_trained_in_int8(ftk: Callable[..., Result]) -> None:
    result = ftk("finetune", "task=ner", "model=tiny", "hardware.precision=int8")
    assert result.code == 1
    assert "hardware.precision=int8" in result.err
    assert "for evaluate and predict" in result.err


def test_a_column_that_the_prediction_replaces_is_reported(ftk: Callable[..., Result], checkpoint: Path) -> None:
    write_lines("in.csv", ["text,body", "keep me,Ada went to Oslo .", "and me,Chen left ."])
    argv = [f"checkpoint={checkpoint}", "input=in.csv", "output=out.jsonl", "data.columns.text=body"]
    result = ftk("predict", "--json", *argv)
    assert result.code == 0, result.err
    replaced = result.found(kinds.REPLACED_COLUMN, column="text")
    assert (replaced.count, replaced.places[0]) == (2, "in.csv:2")
    assert [row["text"] for row in read_jsonl("out.jsonl")] == ["Ada went to Oslo .", "Chen left ."]
    argv = [f"checkpoint={checkpoint}", f"input={write_lines('in.txt', ['Ada left .'])}", "output=o.jsonl"]
    assert ftk("predict", "--json", *argv).count(kinds.REPLACED_COLUMN) == 0


BAD = {
    "a null text": {"text": None},
    "a number": {"text": 7},
    "a list": {"text": ["Ada"]},
    "no text at all": {"body": "Ada went to Oslo ."},
    "a truth value": {"text": True},
    "an object": {"text": {"en": "Ada"}},
    "tokens that are numbers": {"tokens": [1, 2]},
    "tokens that are nothing": {"tokens": None},
    "a token that is nothing": {"tokens": ["Ada", None]},
    "an empty object": {},
}


def test_bad_rows_are_kept_in_their_places_with_an_error(ftk: Callable[..., Result], checkpoint: Path) -> None:
    good = [{"id": f"good {number}", "text": text} for number, text in enumerate(TEXTS * 200)]
    bad = [{"id": name, "label": "x", **row} for name, row in BAD.items()]
    rows = [*good[:300], *bad, *good[300:]]
    write_jsonl("in.jsonl", rows)
    argv = [f"checkpoint={checkpoint}", "input=in.jsonl", "output=out.jsonl"]
    refused = ftk("predict", *argv)
    assert (refused.code, Path("out.jsonl").exists()) == (1, False)
    assert "data.bad_rows=keep" in refused.err
    kept = ftk("predict", "--json", *argv, "data.bad_rows=keep")
    assert kept.code == 0, kept.err
    assert kept.count(kinds.BAD_ROW) == len(bad)
    records = read_jsonl("out.jsonl")
    assert [record["id"] for record in records] == [row["id"] for row in rows]
    for line, (row, record) in enumerate(zip(rows, records, strict=True), start=1):
        assert ("error" in record) == (row["id"] in BAD) == ("entities" not in record)
        if "error" in record:
            assert f"in.jsonl:{line}" in record["error"]
            assert (record["gold_label"], "label" in record) == ("x", False)
    write_jsonl("good.jsonl", good)
    assert ftk("predict", argv[0], "input=good.jsonl", "output=good-out.jsonl").code == 0
    assert read_jsonl("good-out.jsonl") == [record for record in records if "error" not in record]


def test_a_column_called_error_is_not_taken_for_one(ftk: Callable[..., Result], checkpoint: Path) -> None:
    write_jsonl("in.jsonl", [{"text": "Ada left .", "error": "none"}, {"text": None, "error": "its own"}])
    argv = [f"checkpoint={checkpoint}", "input=in.jsonl", "output=out.jsonl", "run.overwrite=true"]
    kept = ftk("predict", "--json", *argv, "data.bad_rows=keep")
    assert kept.code == 0, kept.err
    assert kept.count(kinds.ERROR_COLUMN) == 1
    good, bad = read_jsonl("out.jsonl")
    assert "error" not in good
    assert "is not a string" in bad["error"]
    write_jsonl("in.jsonl", [{"text": "Ada left .", "error": "none"}])
    assert ftk("predict", *argv).code == 0
    assert read_jsonl("out.jsonl")[0]["error"] == "none"


def test_a_file_of_bad_rows_alone_is_refused(ftk: Callable[..., Result], checkpoint: Path) -> None:
    write_jsonl("in.jsonl", [{"txt": text} for text in TEXTS])
    argv = [f"checkpoint={checkpoint}", "input=in.jsonl", "output=out.jsonl", "data.bad_rows=keep"]
    result = ftk("predict", "--json", *argv)
    assert_refused(result, kinds.MISSING_TEXT_OR_TOKENS, count=len(TEXTS))
    assert "data.columns.text=" in result.err
    assert "bad_rows" not in result.err
    assert not Path("out.jsonl").exists()


@pytest.mark.parametrize("command", ["evaluate", "finetune"])
def test_rows_to_learn_from_or_to_score_are_never_left_out(
    ftk: Callable[..., Result], checkpoint: Path, command: str
) -> None:
    write_lines("in.txt", TEXTS)
    words = [f"checkpoint={checkpoint}", "data.test=in.txt"] if command == "evaluate" else ["data.train=in.txt"]
    result = ftk(command, *words, "data.bad_rows=keep")
    assert result.code == 1
    assert "data.bad_rows=keep" in result.err


@pytest.fixture(scope="module")
def of_columns(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A model of texts whose columns the config names, with names for the numbers of its classes."""
    folder = tmp_path_factory.mktemp("columns")
    rows = [{"id": i, "body": f"{word} {i}", "stars": i % 2} for i, word in enumerate(["bad", "good"] * 20)]
    data = write_jsonl(folder / "rows.jsonl", rows)
    argv = [*TINY, "task=text-classification", f"data.train={data}", "data.columns.text=body", "train.epochs=1"]
    names = ["data.columns.label=stars", "task.label_names=[negative,positive]", f"run.dir={folder / 'run'}"]
    assert run_ftk("finetune", *argv, *names) == 0
    return folder


COLUMNS = {
    "as in training": ([{"body": "good", "stars": 1}], "good", "positive"),
    "beside the usual names": ([{"text": "other", "label": "x", "body": "good", "stars": 1}], "good", "positive"),
    "without a label": ([{"id": 1, "body": "good"}], "good", None),
    "a label in words": ([{"body": "good", "stars": "negative"}], "good", "negative"),
    "a label that cannot be read": ([{"body": "good", "stars": 7}], "good", 7),
    "under the usual names": ([{"text": "good", "label": 0}], "good", "negative"),
}


@pytest.mark.parametrize("case", COLUMNS)
def test_predict_keeps_the_columns_of_training(ftk: Callable[..., Result], of_columns: Path, case: str) -> None:
    rows, text, gold = COLUMNS[case]
    write_jsonl("in.jsonl", rows)
    result = ftk("predict", "--json", f"checkpoint={of_columns / 'run/best'}", "input=in.jsonl", "output=out.jsonl")
    assert result.code == 0, result.err
    [record] = read_jsonl("out.jsonl")
    assert (record["text"], record.get("gold_label")) == (text, gold)
    named = [one.values["columns"]["text"] for one in result.findings if one.kind == kinds.COLUMNS_OF_TRAINING]
    assert named == ([] if case == "under the usual names" else ["body"])


def test_the_command_line_names_other_columns(ftk: Callable[..., Result], of_columns: Path) -> None:
    write_jsonl("in.jsonl", [{"body": "good", "title": "bad", "stars": 1}])
    argv = [f"checkpoint={of_columns / 'run/best'}", "input=in.jsonl", "output=out.jsonl"]
    assert ftk("predict", *argv, "data.columns.text=title").code == 0
    [record] = read_jsonl("out.jsonl")
    assert (record["text"], record["body"], record["gold_label"]) == ("bad", "good", "positive")
    write_lines("in.txt", ["good"])
    plain = ftk("predict", argv[0], "input=in.txt", "output=plain.jsonl")
    assert plain.code == 0, plain.err
    assert read_jsonl("plain.jsonl")[0]["text"] == "good"


def test_evaluate_keeps_the_columns_of_training(ftk: Callable[..., Result], of_columns: Path) -> None:
    argv = [f"checkpoint={of_columns / 'run/best'}", f"data.test={of_columns / 'rows.jsonl'}", "run.dir=scores"]
    result = ftk("evaluate", "--json", *argv)
    assert result.code == 0, result.err
    assert result.found(kinds.COLUMNS_OF_TRAINING).values["columns"] == {"text": "body", "label": "stars"}
    records = read_jsonl("scores/predictions/test.jsonl")
    assert {record["gold_label"] for record in records} == {"negative", "positive"}
    write_jsonl("usual.jsonl", [{"text": "good", "label": "positive"}])
    usual = ftk("evaluate", argv[0], "data.test=usual.jsonl", "run.dir=usual")
    assert usual.code == 0, usual.err


@pytest.mark.parametrize(("scores", "number"), [("auto", 2), ("all", 2), ("1", 1), ("5", 2)])
def test_a_record_has_as_many_scores_as_are_asked_for(
    ftk: Callable[..., Result], of_columns: Path, scores: str, number: int
) -> None:
    argv = [f"checkpoint={of_columns / 'run/best'}", f"predict.scores={scores}"]
    assert ftk("predict", *argv, f"input={of_columns / 'rows.jsonl'}", "output=out.jsonl").code == 0
    assert ftk("evaluate", *argv, f"data.test={of_columns / 'rows.jsonl'}", "run.dir=scores").code == 0
    for record in [*read_jsonl("out.jsonl"), *read_jsonl("scores/predictions/test.jsonl")]:
        assert len(record["scores"]) == number
        assert record["scores"][record["label"]] == record["score"]


def test_the_number_of_scores_is_checked(ftk: Callable[..., Result], of_columns: Path) -> None:
    for wrong in ("0", "-1", "some", "true", "2.5"):
        result = ftk("predict", f"checkpoint={of_columns / 'run/best'}", "input=-", f"predict.scores={wrong}")
        assert result.code == 1
        assert "It must be auto, all, or a number of scores" in result.err


def test_columns_of_conll_are_kept_by_their_numbers(
    ftk: Callable[..., Result], monkeypatch: pytest.MonkeyPatch
) -> None:
    rows = [("1", "Rita", "B-PER", "O"), ("2", "sleeps", "O", "O"), ("3", "here", "O", "B-X")]
    data = write_conll("train.conll", [rows, rows[1:]])
    argv = (*TINY, f"data.train={data}", "data.columns.tokens=1", "data.columns.tags=2", "data.validation_share=0")
    assert ftk("finetune", *argv, "train.max_steps=1", "run.dir=run").code == 0
    model = "checkpoint=run/best"
    assert ftk("evaluate", model, f"data.test={data}", "run.dir=scores").code == 0
    assert read_jsonl("scores/predictions/test.jsonl")[0]["gold_tags"] == ["B-PER", "O", "O"]
    assert ftk("predict", model, f"input={data}", "output=out.jsonl").code == 0
    assert [row["gold_tags"] for row in read_jsonl("out.jsonl")] == [["B-PER", "O", "O"], ["O", "O"]]
    # A file without these columns is read by its content.
    assert ftk("predict", model, f"input={write_conll('words.conll', [[('Rita',)]])}", "output=words.jsonl").code == 0
    assert read_jsonl("words.jsonl")[0]["tokens"] == ["Rita"]
    lines = "".join("\t".join(row) + "\n" for row in rows)
    with standard_input(lines.encode()):
        piped = ftk("predict", "--json", model, "data=conll", "input=-")
    assert json.loads(piped.out)["tokens"] == ["Rita", "sleeps", "here"]
    assert piped.found(kinds.COLUMNS_OF_TRAINING).values["columns"]["tokens"] == "1"
