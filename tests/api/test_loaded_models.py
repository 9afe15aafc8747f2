"""``ftk.load``: what is given in Python comes back as the command line gives it."""

import json
import subprocess
import sys
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest

import ftk as api
from conftest import TINY, Result, read_jsonl, toy_sentences, write_jsonl, write_lines
from data_helpers import of_kind
from ftk.contracts import finding_kinds as kinds
from ftk.tasks import finding_kinds as task_kinds

pytestmark = pytest.mark.torch

OPTIONS = ("hardware=cpu", "hardware.threads=1")
TEXTS = ["Ada Berg went to Oslo .", "", "nothing here", "Boris Berg  went to Kyoto by slow train."]


def tagged(number: int) -> list[dict[str, Any]]:
    """Rows of tokens and tags."""
    return [
        {"tokens": [word for word, _ in sentence], "tags": [tag for _, tag in sentence]}
        for sentence in toy_sentences(number)
    ]


@pytest.fixture(scope="module")
def runs(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with two runs: names and places in sentences, and classes of pairs of texts."""
    with pytest.MonkeyPatch.context() as patch:
        folder = tmp_path_factory.mktemp("runs")
        patch.setenv("FTK_CACHE", str(folder / "cache"))
        rows = tagged(48)
        api.train(
            "task=ner", *TINY, "train.epochs=6", f"run.dir={folder / 'ner'}", data={"train": rows, "validation": rows}
        )
        pairs = [
            {"text": f"this is row {i}", "pair": f"the {'same' if i % 2 else 'other'} row", "label": str(i % 2)}
            for i in range(24)
        ]
        words = ["task=text-classification", *TINY, "train.max_steps=2", f"run.dir={folder / 'pairs'}"]
        api.train(*words, data={"train": pairs, "validation": pairs})
    return folder


@pytest.fixture(scope="module")
def names(runs: Path) -> api.Model:
    return api.load(runs / "ner" / "best", *OPTIONS)


@pytest.fixture(scope="module")
def classes(runs: Path) -> api.Model:
    return api.load(runs / "pairs" / "best", *OPTIONS)


@pytest.mark.slow
def test_rows_in_memory_give_the_records_of_the_command(
    ftk: Callable[..., Result], runs: Path, names: api.Model
) -> None:
    rows = [{"id": i, "text": text} for i, text in enumerate(TEXTS * 3)]
    path = write_jsonl("in.jsonl", rows)
    command = ftk("predict", f"checkpoint={runs / 'ner' / 'best'}", f"input={path}", "output=out.jsonl", *OPTIONS)
    assert command.code == 0, command.err
    expected = read_jsonl("out.jsonl")
    records = names.predict(rows)
    assert records == expected
    assert list(names.predict(iter(rows))) == expected
    assert list(names.predict_files(path)) == expected
    assert of_kind(records.findings, kinds.EMPTY_ROW).count == 3
    entities = [(entity["label"], entity["text"]) for entity in records[0]["entities"]]
    assert entities == [("PER", "Ada Berg"), ("LOC", "Oslo")]


def test_a_row_is_a_text_a_mapping_a_pair_or_tokens(names: api.Model, classes: api.Model) -> None:
    record = names.predict(TEXTS[0])
    assert [record] == names.predict([{"text": TEXTS[0]}]) == names.predict([TEXTS[0]])
    assert names.predict([["Ada", "Berg"]]) == names.predict([{"tokens": ["Ada", "Berg"]}])
    assert names.predict([{"body": TEXTS[0]}], columns={"text": "body"}) == [record]
    pair = classes.predict(("row 1", "same"))
    assert [pair] == classes.predict([{"text": "row 1", "pair": "same"}]) == classes.predict([("row 1", "same")])


def test_tasks_of_an_export_are_recognised(names: api.Model) -> None:
    """Offsets are those of JavaScript; where a part of an iterator has no evidence, those before have shown it."""

    def task(text: str, *spans: tuple[int, int], own: bool = True) -> dict[str, Any]:
        chars = text.encode("utf-16-le")
        values = [
            {"start": a, "end": b, "labels": ["PER"]}
            | ({"text": chars[2 * a : 2 * b].decode("utf-16-le")} if own else {})
            for a, b in spans
        ]
        results = [{"type": "labels", "value": value} for value in values]
        return {"id": 1, "data": {"body": text}, "annotations": [{"result": results}]}

    tasks = [task("💩 Ada Berg naps", (3, 11)), task("💩 小明在北京", (3, 5), own=False)]
    columns = {"text": "data.body"}
    records = names.predict(tasks, columns=columns)
    assert [record["gold_entities"][0]["text"] for record in records] == ["Ada Berg", "小明"]
    assert of_kind(records.findings, kinds.RECOGNISED).count == 1
    assert of_kind(records.findings, kinds.OFFSETS_FOUND).values["what"] == "UTF-16 units"
    assert list(names.predict(iter(tasks), columns=columns, rows_at_once=1)) == records
    assert names.predict(tasks[0], columns={"text": "body"})["gold_entities"] == records[0]["gold_entities"]
    named = [{**one, "data": {"text": one["data"]["body"]}} for one in tasks]
    paths = [write_jsonl("a.jsonl", named), write_jsonl("b.jsonl", [{"text": "Ada", "spans": [[0, 3, "PER"]]}])]
    [*first, last] = names.predict_files(paths)
    assert len(first) == 2
    assert last["gold_entities"][0]["text"] == "Ada"
    with pytest.raises(api.FtkError, match="holds 2 rows"):
        names.predict({"sentences": [["Ada", "naps"], ["Oslo"]]})
    assert len(names.predict([{"sentences": [["Ada", "naps"], ["Oslo"]]}])) == 2


def test_an_iterator_is_read_as_its_records_are_taken(names: api.Model) -> None:
    taken = 0

    def texts() -> Iterator[str]:
        nonlocal taken
        for number in range(10):
            taken += 1
            yield f"Ada went to {number}"

    records = names.predict(texts(), rows_at_once=3)
    assert taken == 0
    assert [next(records)["text"] for _ in range(4)] == [f"Ada went to {number}" for number in range(4)]
    assert taken == 6
    assert len(list(records)) == 6


def test_four_threads_and_two_models_predict_what_one_does(names: api.Model, classes: api.Model) -> None:
    jobs = [
        (names, [f"{name} went to {place} ." for name in ("Ada", "Chen") for place in ("Oslo", "Lima")] * n)
        for n in range(1, 6)
    ]
    jobs += [(classes, [(f"row {i}", "same") for i in range(4 * n)]) for n in range(1, 6)]  # type: ignore[misc]
    alone = [model.predict(rows) for model, rows in jobs]
    with ThreadPoolExecutor(4) as pool:
        together = list(pool.map(lambda job: job[0].predict(job[1]), jobs))
    assert together == alone


def test_rows_that_cannot_be_read_are_counted_from_one(names: api.Model, classes: api.Model) -> None:
    for rows in (["fine", 7], [{"text": "fine"}, {"text": 7}], ["fine", ("a", "b", "c")], ["fine", Path("x.png")]):
        with pytest.raises(api.DataError, match="<input>:2"):
            names.predict(rows)
    with pytest.raises(api.DataError, match="a list or an iterator"):
        names.predict(7)  # type: ignore[call-overload]
    with pytest.raises(api.ConfigError, match="body"):
        names.predict(["a"], columns={"body": "text"})


def test_evaluate_gives_the_numbers_of_training_for_rows_of_every_kind(runs: Path, names: api.Model) -> None:
    import datasets

    expected = json.loads((runs / "ner" / "metrics.json").read_text())["validation"]
    rows = tagged(48)
    found = names.evaluate(rows)
    assert found["per_label"] == expected["per_label"]
    assert found["loss"] == pytest.approx(expected["loss"], rel=1e-5)
    assert names.evaluate(write_jsonl("rows.jsonl", rows)) == found
    assert names.evaluate(datasets.Dataset.from_list(rows)) == found
    for shown in (str(found), found._repr_html_(), found._repr_markdown_()):
        assert "PER" in shown
        assert f"{found['f1']:.4f}" in shown


def test_labels_that_the_model_does_not_know_are_refused(names: api.Model) -> None:
    with pytest.raises(api.DataError) as caught:
        names.evaluate([{"tokens": ["Mars"], "tags": ["B-PLANET"]}])
    assert of_kind(caught.value.findings, task_kinds.UNSEEN_ENTITY).values["known"] == "LOC, PER"


def test_nothing_is_printed_unless_asked(capfd: pytest.CaptureFixture[str], runs: Path) -> None:
    capfd.readouterr()
    model = api.load(runs / "ner" / "best", *OPTIONS)
    model.predict(TEXTS)
    model.evaluate(tagged(4))
    assert capfd.readouterr() == ("", "")
    assert any("weights" in line for line in model.log)
    model.predict(TEXTS, progress=True)
    out, err = capfd.readouterr()
    assert (out, "4 rows" in err) == ("", True)


def test_images_are_paths_or_images(tmp_path: Path) -> None:
    from PIL import Image

    from image_models import SMALL, drawings

    rows = drawings(tmp_path / "drawings", 8)
    data = {"train": [{**row, "image": tmp_path / "drawings" / row["image"]} for row in rows]}
    run = api.train("task=image-classification", *SMALL, *OPTIONS, "train.max_steps=1", "run.dir=run", data=data)
    model = run.load(*OPTIONS)
    files = sorted((tmp_path / "drawings").rglob("*.png"))[:3]
    records = model.predict(files)
    assert [record["image"] for record in records] == [str(file) for file in files]
    assert model.predict([str(file) for file in files]) == records
    assert model.predict([Image.open(file) for file in files]) == records
    in_memory = model.predict([Image.open(file).copy() for file in files])
    assert [{**record, "image": None} for record in records] == in_memory


def test_importing_ftk_imports_neither_torch_nor_hydra() -> None:
    code = (
        "import sys, ftk\n"
        "assert not {'torch', 'hydra', 'transformers', 'numpy'} & set(sys.modules)\n"
        "assert set(ftk.__all__) <= set(dir(ftk))\n"
        "try:\n"
        "    ftk.load('nothing')\n"
        "except ftk.FtkError as error:\n"
        "    assert 'nothing' in str(error)\n"
        "else:\n"
        "    raise SystemExit('no error')\n"
        "assert 'torch' not in sys.modules\n"
        "[getattr(ftk, name) for name in ftk.__all__]\n"
        "assert 'torch' not in sys.modules\n"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")


def test_every_public_name_has_a_docstring() -> None:
    for name in api.__all__:
        thing = getattr(api, name)
        members = (
            [member for key, member in vars(thing).items() if not key.startswith("_")]
            if isinstance(thing, type)
            else []
        )
        documented = [thing, *(member for member in members if callable(member) or isinstance(member, property))]
        assert [one for one in documented if not one.__doc__] == []
    with pytest.raises(AttributeError, match="nothing"):
        api.nothing  # noqa: B018


def test_a_text_is_one_row_and_lines_of_a_file_are_many(names: api.Model) -> None:
    path = write_lines("in.txt", TEXTS)
    assert [record["text"] for record in names.predict_files(path)] == TEXTS
    assert names.predict(path)["text"] == path
