"""Text classification, multi-label and regression from the command line: what they read, learn, save and refuse."""

import csv
import json
from pathlib import Path

import pytest

from conftest import TINY, Reason, assert_refused, read_jsonl, write_jsonl, write_lines
from data_helpers import counted
from ftk.contracts import finding_kinds as kinds
from ftk.tasks import finding_kinds as task_kinds

pytestmark = pytest.mark.torch

FRUIT = ("apple", "pear", "plum", "cherry", "quince", "medlar")
METAL = ("iron", "copper", "zinc", "silver", "nickel", "cobalt")
FAST = (*TINY, "train.epochs=8", "train.batch_size=8", "model.dropout=0", "data.max_length=32", "run.dir=run")


def goods(number: int) -> list[dict]:
    """Rows that a tiny model learns in seconds: fruit against metal, with a price that depends on it."""
    rows = []
    for i in range(number):
        metal = i % 2
        word = (METAL if metal else FRUIT)[i // 2 % 6]
        rows.append(
            {
                "id": i,
                "text": f"two crates of {word} came by the morning boat",
                "label": "metal" if metal else "fruit",
                "price": 9.0 + i % 3 if metal else 2.0 + i % 3,
                "labels": [*(["heavy"] if metal else []), *(["sweet"] if word in FRUIT[:3] else [])],
            }
        )
    return rows


@pytest.fixture
def files(tmp_path: Path) -> tuple[str, ...]:
    rows = goods(60)
    parts = {"train": rows[:36], "validation": rows[36:48], "test": rows[48:]}
    return tuple(f"data.{split}={write_jsonl(tmp_path / f'{split}.jsonl', part)}" for split, part in parts.items())


def metrics(folder: str = "run") -> dict:
    return json.loads(Path(folder, "metrics.json").read_text())


def test_classification_learns_and_predicts_with_scores(ftk, files):
    assert ftk("finetune", "task=text-classification", *FAST, *files).code == 0
    assert metrics()["test"]["accuracy"] == 1.0
    assert set(metrics()["test"]) >= {"f1_macro", "f1_micro", "f1_weighted", "mcc", "roc_auc", "average_precision"}
    result = ftk("predict", "checkpoint=run/best", "input=test.jsonl", "output=out.jsonl")
    assert result.code == 0, result.err
    for given, record in zip(read_jsonl("test.jsonl"), read_jsonl("out.jsonl"), strict=True):
        assert record["id"] == given["id"]
        assert record["label"] == record["gold_label"] == given["label"]
        assert record["score"] == record["scores"][record["label"]] == max(record["scores"].values())
        assert sum(record["scores"].values()) == pytest.approx(1, abs=1e-5)
    labels = json.loads(Path("run/best/config.json").read_text())["id2label"]
    assert labels == {"0": "fruit", "1": "metal"}


def test_multi_label_tunes_a_threshold_for_each_label_and_saves_it(ftk, files):
    result = ftk("finetune", "task=multi-label", *FAST, *files)
    assert result.code == 0, result.err
    saved = json.loads(Path("run/best/ftk.json").read_text())["task"]["fields"]["thresholds"]
    assert saved.keys() == {"heavy", "sweet"}
    before = metrics()["test"]
    assert {name: each["threshold"] for name, each in before["per_label"].items()} == saved
    assert ftk("evaluate", "checkpoint=run/best", "data.test=test.jsonl", "run.dir=again").code == 0
    assert metrics("again")["test"]["f1_micro"] == before["f1_micro"]
    assert ftk("predict", "checkpoint=run/best", "input=test.jsonl", "output=out.jsonl").code == 0
    for record in read_jsonl("out.jsonl"):
        assert set(record["labels"]) == {name for name, p in record["scores"].items() if p >= saved[name]}
        assert "gold_labels" in record


@pytest.mark.slow
def test_multi_label_continues_with_the_thresholds_of_its_model(ftk, files):
    argv = ("finetune", "task=multi-label", *FAST, *files, "train.epochs=3")
    assert ftk(*argv, "run.dir=whole").code == 0
    assert ftk(*argv, "run.stop_after=7").code == 0
    assert ftk(*argv, "run.resume=true").code == 0
    for name in ("best", "last"):
        whole, resumed = (json.loads(Path(run, name, "ftk.json").read_text()) for run in ("whole", "run"))
        assert whole["task"] == resumed["task"]
        for saved in (whole, resumed):
            saved["files"].pop("trainer.json", None)  # it has the seconds that were spent
        assert whole["files"] == resumed["files"]


@pytest.mark.slow
def test_multi_label_with_one_threshold_for_all(ftk, files):
    assert ftk("finetune", "task=multi-label", *FAST, *files, "task.threshold=0.25", "train.epochs=1").code == 0
    assert {each["threshold"] for each in metrics()["test"]["per_label"].values()} == {0.25}


def test_multi_label_reads_columns_of_0_and_1_as_well_as_cells(ftk, files):
    rows = [
        {**row, "heavy": int("heavy" in row["labels"]), "sweet": int("sweet" in row["labels"])} for row in goods(36)
    ]
    write_jsonl("columns.jsonl", [{**row, "labels": None} for row in rows])
    cells = [{**row, "labels": ",".join(row["labels"])} for row in goods(36)]
    write_jsonl("cells.jsonl", cells)
    for name, column in (("columns", "[heavy,sweet]"), ("cells", "labels")):
        argv = (f"data.train={name}.jsonl", f"data.columns.label={column}", "train.epochs=1", "data.split_seed=1")
        assert ftk("finetune", "task=multi-label", *FAST, *argv, f"run.dir={name}").code == 0
    assert metrics("columns")["validation"] == metrics("cells")["validation"]


@pytest.mark.slow
def test_regression_undoes_its_standardisation(ftk, files):
    argv = ("data.columns.label=price", "train.epochs=20")
    result = ftk("finetune", "task=regression", *FAST, *files, *argv)
    assert result.code == 0, result.err
    assert metrics()["test"]["pearson"] > 0.9
    assert metrics()["test"]["mae"] < 2
    assert ftk("predict", "checkpoint=run/best", "input=test.jsonl", "output=out.jsonl").code == 0
    for given, record in zip(read_jsonl("test.jsonl"), read_jsonl("out.jsonl"), strict=True):
        assert abs(record["value"] - given["price"]) < 4
        assert record["gold_value"] == given["price"]


@pytest.mark.slow
def test_regression_of_two_targets(ftk, tmp_path):
    rows = [{**row, "weight_kg": 100 * row["price"]} for row in goods(48)]
    data = write_jsonl(tmp_path / "two.jsonl", rows)
    argv = (f"data.train={data}", "data.columns.label=[price,weight_kg]", "train.epochs=20")
    result = ftk("finetune", "task=regression", *FAST, *argv)
    assert result.code == 0, result.err
    per_target = metrics()["validation"]["per_target"]
    assert per_target["weight_kg"]["mae"] == pytest.approx(100 * per_target["price"]["mae"], rel=0.5)
    record = read_jsonl("run/predictions/validation.jsonl")[0]
    assert record["values"].keys() == {"price", "weight_kg"}
    assert len(record["gold_values"]) == 2


@pytest.mark.slow
def test_pairs_are_read_together(ftk, tmp_path):
    """Whether two texts name the same thing: neither of them alone tells."""
    rows = []
    for i in range(96):
        one, other = FRUIT[i % 3], FRUIT[(i // 3) % 3]
        rows.append({"sentence1": one, "sentence2": other, "label": int(one == other)})
    data = write_jsonl(tmp_path / "pairs.jsonl", rows)
    argv = (
        f"data.train={data}",
        f"data.validation={data}",
        "train.epochs=60",
        "train.eval_every=0.25",
        "train.batch_size=32",
    )
    result = ftk("finetune", "--json", "task=text-classification", *FAST, *argv)
    assert result.code == 0, result.err
    assert result.found(kinds.COLUMNS_FOUND, "train").values["columns"]["pair"] == "sentence2"
    assert metrics()["validation"]["accuracy"] == 1.0
    record = read_jsonl("run/predictions/validation.jsonl")[0]
    assert (record["text"], record["pair"], record["gold_label"]) == ("apple", "apple", "1")
    assert record["label"] == "1"


def test_long_texts_are_read_in_windows_and_pooled(ftk, files):
    assert ftk("finetune", "task=text-classification", *FAST, *files).code == 0
    long = "nothing to see in this harbour today " * 40
    write_jsonl("long.jsonl", [{"text": f"{long} two crates of iron came by the morning boat"}, {"text": ""}])
    result = ftk("predict", "--json", "checkpoint=run/best", "input=long.jsonl", "output=out.jsonl")
    assert result.code == 0, result.err
    long = result.found(kinds.LONG_ROW, pooling="mean")
    assert (long.count, long.policy) == (1, "pooled")
    assert len(read_jsonl("out.jsonl")) == 2
    task = ("task=text-classification", "task.pooling=first")
    result = ftk("predict", "--json", *task, "checkpoint=run/best", "input=long.jsonl", "output=f.jsonl")
    assert result.code == 0, result.err
    assert (result.found(kinds.LONG_ROW).count, result.found(kinds.LONG_ROW).policy) == (1, "first")


@pytest.mark.parametrize("pooling", ["mean", "max"])
def test_pooling_is_over_the_windows_of_a_row(pooling):
    import numpy as np

    from ftk.config.paths import values_of
    from ftk.contracts.contexts import RowOutputs
    from ftk.contracts.values import Labels
    from ftk.data.batching.features import Features, Ragged
    from ftk.tasks import build_task

    fields = values_of("task/multi-label")
    task = build_task({**fields, "pooling": pooling})
    features = Features({"input_ids": Ragged.of([np.zeros(3, dtype=np.int32)] * 3)}, np.array([0, 0, 1]), 0)
    outputs = {0: np.array([0.2, 0.8]), 1: np.array([0.6, 0.4]), 2: np.array([0.1, 0.9])}
    found = task.decode([None, None], RowOutputs(features, 0, outputs), Labels(("a", "b")))
    expected = [0.4, 0.6] if pooling == "mean" else [0.6, 0.8]
    assert found[0].values.tolist() == pytest.approx(expected)
    assert found[1].values.tolist() == pytest.approx([0.1, 0.9])


@pytest.mark.slow
def test_a_messy_csv_as_it_is(ftk, tmp_path):
    """Latin-1, columns called v1 and v2, empty columns without a name, some with cells."""
    with open("spam.csv", "w", encoding="latin-1", newline="") as stream:
        writer = csv.writer(stream)
        writer.writerow(["v1", "v2", "", ""])
        for i, row in enumerate(goods(40)):
            writer.writerow([row["label"], f'{row["text"]}, £{i} "cash"', "spilled over" if i == 5 else "", ""])
    argv = ("data.train=spam.csv", "data.encoding=latin-1", "data.columns.text=v2", "data.columns.label=v1")
    result = ftk("finetune", "--json", "task=text-classification", *FAST, *argv)
    assert result.code == 0, result.err
    assert (kinds.UNNAMED_COLUMN, None, 1, ["spam.csv:7"]) in counted(result.findings)
    assert "£" in read_jsonl("run/predictions/validation.jsonl")[0]["text"]


@pytest.mark.slow
def test_a_file_without_header_and_names_for_numbers(ftk, tmp_path):
    write_lines("names.txt", ["fruit", "metal"])
    write_lines("data.tsv", [f"{row['text']}\t{int(row['label'] == 'metal')}\t{row['id']}" for row in goods(40)])
    argv = ("data.train=data.tsv", "data.header=false", "data.columns.text=0", "data.columns.label=1")
    words = ("task.label_names=names.txt", "data.validation_share=0")
    result = ftk("finetune", "--json", "task=text-classification", *FAST, *argv, *words)
    assert result.code == 0, result.err
    assert "fruit, metal" in result.found(kinds.ROWS).values["labels"]
    Path("names.txt").unlink()  # the names are in the model
    argv = ("data.test=data.tsv", "data.header=false", "data.columns.text=0", "data.columns.label=1")
    result = ftk("evaluate", "checkpoint=run/best", *argv, "run.dir=scores")
    assert result.code == 0, result.err
    assert metrics("scores")["test"]["accuracy"] > 0.8


@pytest.mark.slow
def test_a_folder_a_class(ftk, tmp_path):
    for row in goods(40):
        folder = tmp_path / "texts" / row["label"]
        folder.mkdir(parents=True, exist_ok=True)
        (folder / f"{row['id']}.txt").write_text(row["text"], encoding="utf-8")
    (tmp_path / "texts" / "fruit" / "notes.md").write_text("not a text")
    argv = ("task=text-classification", *FAST, "data.train=texts", "data.validation_share=0")
    result = ftk("finetune", "--json", *argv)
    assert result.code == 0, result.err
    classes = {"files": 40, "kind_of_file": "text", "classes": 2}
    assert classes.items() <= result.found(kinds.FOLDER_OF_CLASSES).values.items()
    assert result.found(kinds.CLASS_OTHER_FILE, kind_of_file="a text (.txt)").count == 1
    result = ftk("predict", "checkpoint=run/best", "input=texts", "output=out.jsonl")
    assert result.code == 0, result.err
    assert all(record["label"] == record["gold_label"] for record in read_jsonl("out.jsonl"))


def test_balanced_weights_are_settled_by_training(ftk, tmp_path):
    rows = [row for row in goods(80) if row["label"] == "fruit" or row["id"] % 4 == 1]
    data = write_jsonl(tmp_path / "skewed.jsonl", rows)
    argv = (f"data.train={data}", f"data.validation={data}", "task.class_weights=balanced", "train.epochs=1")
    assert ftk("finetune", "task=text-classification", *FAST, *argv).code == 0
    saved = json.loads(Path("run/best/ftk.json").read_text())["task"]["fields"]["class_weights"]
    counts = {name: sum(row["label"] == name for row in rows) for name in ("fruit", "metal")}
    assert saved == {name: pytest.approx(len(rows) / (2 * count)) for name, count in counts.items()}


def test_sampling_draws_rows_by_their_weights():
    import numpy as np

    from ftk.data.batching.order import StepOrder

    weights = np.array([0.0, 1.0, 1.0, 6.0])
    order = StepOrder(np.full(4, 5), 2, seed=3, weights=weights)
    drawn = np.concatenate([order.step(step)[0] for step in range(1000)])
    shares = np.bincount(drawn, minlength=4) / len(drawn)
    assert shares[0] == 0
    assert shares.tolist() == pytest.approx((weights / 8).tolist(), abs=0.03)
    again = StepOrder(np.full(4, 5), 2, seed=3, weights=weights)
    assert all((order.step(step)[0] == again.step(step)[0]).all() for step in (0, 17, 501))


@pytest.mark.parametrize("task", ["text-classification", "multi-label", "regression"])
@pytest.mark.slow
def test_loss_options_change_what_is_learned(ftk, files, task):
    """Each option reaches the loss: the first step's loss is another one."""

    def first_loss(*argv: str) -> float:
        label = ("data.columns.label=price",) if task == "regression" else ()
        argv = (*FAST, *files, *label, "train.max_steps=1", "train.log_every=1", "run.overwrite=true", *argv)
        assert ftk("finetune", f"task={task}", *argv).code == 0
        return next(event["loss"] for event in read_jsonl("run/metrics.jsonl") if event["split"] == "train")

    plain = first_loss()
    if task == "regression":
        assert first_loss("task.robust=true") < plain
        return
    assert first_loss("task.focal=2") < plain
    assert first_loss("task.label_smoothing=0.2") != plain
    name = "metal" if task == "text-classification" else "heavy"
    assert first_loss(f"task.class_weights={{{name}: 3.0}}") > plain


BROKEN: dict[str, tuple[list[dict], tuple[str, ...], Reason]] = {
    "no text": ([{"label": "a"}], (), (kinds.MISSING, {"role": "text"})),
    "no label": ([{"text": "x"}, {"text": "y"}], (), (kinds.MISSING, {"role": "label"})),
    "text that is a number": ([{"text": 3, "label": "a"}], (), (kinds.NOT_A_STRING, {"role": "text"})),
    "empty label": ([{"text": "x", "label": " "}], (), kinds.EMPTY_LABEL),
    "label that is a list": ([{"text": "x", "label": ["a", "b"]}], (), kinds.SEVERAL_LABELS),
    "one label only": ([{"text": "x", "label": "a"}, {"text": "y", "label": "a"}], (), "all rows have one label"),
    "a column that is not there": ([{"text": "x", "label": "a"}], ("data.columns.label=kind",), kinds.MISSING_COLUMN),
    "a pair in some rows": (
        [{"text": "x", "pair": "y", "label": "a"}, {"text": "z", "label": "b"}],
        (),
        kinds.MISSING_SECOND_TEXT,
    ),
    "a weight for no label": (
        [{"text": "x", "label": "a"}, {"text": "y", "label": "b"}],
        ("task.class_weights={c: 2}", "data.validation=broken.jsonl"),
        "there is no such label; there are a, b",
    ),
    "weights that mean nothing": ([{"text": "x", "label": "a"}], ("task.class_weights=heavy",), "balanced"),
    "smoothing of everything": ([{"text": "x", "label": "a"}], ("task.label_smoothing=1",), "It must be at least 0"),
    "names that are missing": ([{"text": "x", "label": 7}], ("task.label_names=[a,b]",), kinds.UNNAMED_LABEL),
    "a file of names that is not there": ([{"text": "x", "label": 0}], ("task.label_names=no.txt",), "cannot be read"),
    "several columns": (
        [{"text": "x", "a": 1, "b": 1}],
        ("data.columns.label=[a,b]",),
        task_kinds.NOT_ONE_LABEL,
    ),
    "a negative weight": (
        [{"text": "x", "label": "a", "w": -1}],
        ("data.columns.weight=w",),
        kinds.NEGATIVE_WEIGHT,
    ),
}


@pytest.mark.parametrize("name", BROKEN)
def test_broken_rows_are_refused_with_a_message(ftk, name):
    rows, argv, expected = BROKEN[name]
    write_jsonl("broken.jsonl", rows)
    result = ftk("finetune", "--json", "task=text-classification", *FAST, "data.train=broken.jsonl", *argv)
    assert_refused(result, expected, count=2 if name == "no label" else 1)
    assert not Path("run").exists()


BROKEN_OTHERS: dict[str, tuple[str, list[dict], tuple[str, ...], Reason]] = {
    "multi-label, no label at all": (
        "multi-label",
        [{"text": "x", "labels": []}, {"text": "y", "labels": None}],
        (),
        "no row has a label",
    ),
    "multi-label, a column of something else": (
        "multi-label",
        [{"text": "x", "a": 2, "b": 0}],
        ("data.columns.label=[a,b]",),
        task_kinds.NOT_ZERO_OR_ONE,
    ),
    "multi-label, a label that is an object": (
        "multi-label",
        [{"text": "x", "labels": [{"name": "a"}]}],
        (),
        kinds.NOT_AN_OBJECT_PART,
    ),
    "multi-label, a threshold of 1": ("multi-label", [{"text": "x", "labels": ["a"]}], ("task.threshold=1",), "tuned"),
    "regression, a word": ("regression", [{"text": "x", "score": "high"}], (), kinds.NOT_A_NUMBER),
    "regression, infinity": ("regression", [{"text": "x", "score": "inf"}], (), kinds.NOT_A_NUMBER),
    "regression, nothing": ("regression", [{"text": "x", "score": None}], (), kinds.EMPTY_LABEL),
    "regression, true": ("regression", [{"text": "x", "score": True}], (), kinds.NOT_A_NUMBER),
    "regression, always the same": (
        "regression",
        [{"text": "x", "score": 1}, {"text": "y", "score": 1.0}],
        (),
        "all rows have the same number",
    ),
    "regression, a target that one row lacks": (
        "regression",
        [{"text": "x", "a": 1, "b": 2}, {"text": "y", "a": 1}],
        ("data.columns.label=[a,b]",),
        (kinds.MISSING_COLUMN, {"column": "b"}),
    ),
}


@pytest.mark.parametrize("name", BROKEN_OTHERS)
def test_broken_labels_and_numbers_are_refused_with_a_message(ftk, name):
    task, rows, argv, expected = BROKEN_OTHERS[name]
    write_jsonl("broken.jsonl", rows)
    result = ftk("finetune", "--json", f"task={task}", *FAST, "data.train=broken.jsonl", *argv)
    assert_refused(result, expected)


COMMON: dict[str, tuple[str, list, tuple[str, ...], Reason]] = {
    "no text": ("rows", [{"body": "x"}], (), (kinds.MISSING, {"role": "text"})),
    "text that is a list": ("rows", [{"text": ["x"]}], (), (kinds.NOT_A_STRING, {"role": "text"})),
    "no label": ("rows", [{"text": "x"}], (), (kinds.MISSING, {"role": "label"})),
    "a column that is not there": (
        "rows",
        [{"text": "x"}],
        ("data.columns.label=kind",),
        (kinds.MISSING_COLUMN, {"column": "kind"}),
    ),
    "a weight that is a word": (
        "rows",
        [{"text": "x", "labels": [], "score": 1, "w": "much"}],
        ("data.columns.weight=w",),
        kinds.NOT_A_NUMBER,
    ),
    "no JSON": ("lines", ["{'text': 'x'}"], (), "this is not JSON"),
    "an object where a line should be": ("lines", ["[1, 2]"], (), "expected a JSON object"),
    "an empty file": ("lines", [], (), "the file is empty"),
}


@pytest.mark.parametrize("task", ["text-classification", "multi-label", "regression"])
@pytest.mark.parametrize("name", COMMON)
def test_rows_that_no_task_can_read_are_refused_with_a_message(ftk, task, name):
    kind, content, argv, expected = COMMON[name]
    (write_jsonl if kind == "rows" else write_lines)("broken.jsonl", content)
    result = ftk("finetune", "--json", f"task={task}", *FAST, "data.train=broken.jsonl", *argv)
    assert_refused(result, expected)
    assert "broken.jsonl" in result.err
    assert not Path("run").exists()


@pytest.mark.slow
def test_a_label_that_training_lacks_is_refused_or_counted(ftk, files):
    write_jsonl("new.jsonl", [{"text": "a crate of cheese", "label": "dairy"}, *goods(2)])
    argv = ("finetune", "--json", "task=text-classification", *FAST, files[0], files[1], "data.test=new.jsonl")
    result = ftk(*argv)
    assert_refused(result, (kinds.UNSEEN_LABEL, {"part": "test"}))
    assert result.found(kinds.UNSEEN_LABEL).places == ["new.jsonl:1: dairy"]
    result = ftk(*argv, "data.unseen_labels=count")
    assert result.code == 0, result.err
    assert metrics()["test"]["accuracy"] == pytest.approx(2 / 3)
    loss = metrics()["test"]["loss"]  # is over the rows of which the model knows the label
    known = ("data.test=known.jsonl", "run.dir=scored", "run.overwrite=true")
    write_jsonl("known.jsonl", goods(2))
    assert ftk("evaluate", "checkpoint=run/best", *known).code == 0
    assert json.loads(Path("scored/metrics.json").read_text())["test"]["loss"] == pytest.approx(loss, rel=1e-3)
    write_jsonl("known.jsonl", [{"text": "a crate of cheese", "label": "dairy"}])
    result = ftk("evaluate", "checkpoint=run/best", *known, "data.unseen_labels=count")
    assert result.code == 0, result.err
    scored = json.loads(Path("scored/metrics.json").read_text())["test"]
    assert scored["accuracy"] == 0
    assert "loss" not in scored
    assert "  loss " not in result.out


@pytest.mark.slow
def test_what_was_found_is_reported_before_the_rows_are_predicted_and_one_column_is_no_pair(ftk, files):
    assert ftk("finetune", "task=text-classification", *FAST, *files, "task.pooling=max").code == 0
    write_jsonl("named.jsonl", [{"sentence": "a crate of apples"}, {"sentence": ""}])
    argv = ("checkpoint=run/best", "input=named.jsonl", "output=out.jsonl", "task=text-classification")
    result = ftk("predict", "--json", *argv)
    assert result.code == 0, result.err
    said = [event.get("kind", event["text"]) for event in result.events]
    settled = said.index(kinds.FIELDS_OF_TRAINING.id)
    (loaded,) = [number for number, text in enumerate(said) if text.startswith("weights: ")]
    assert settled < loaded < said.index(kinds.EMPTY_ROW.id)
    assert result.found(kinds.EMPTY_ROW).count == 1
    argv = ("task=text-classification", *FAST, *files, "data.columns.pair=text", "run.dir=other")
    result = ftk("finetune", "--json", *argv)
    assert_refused(result, (kinds.SAME_COLUMN, {"first": "text", "second": "pair"}), count=36)


@pytest.mark.parametrize("trained_on", ["pairs", "singles"])
@pytest.mark.slow
def test_a_model_keeps_to_the_kind_of_rows_that_it_was_trained_on(ftk, trained_on):
    singles = [{"text": row["text"], "label": row["label"]} for row in goods(24)]
    pairs = [{**row, "pair": "who unloads them?"} for row in singles]
    write_jsonl("singles.jsonl", singles)
    write_jsonl("pairs.jsonl", pairs)
    argv = ("task=text-classification", f"data.train={trained_on}.jsonl", "train.epochs=1")
    assert ftk("finetune", *FAST, *argv).code == 0
    assert ftk("predict", "checkpoint=run/best", f"input={trained_on}.jsonl", "output=same.jsonl").code == 0
    if trained_on == "pairs":
        result = ftk("predict", "--json", "checkpoint=run/best", "input=singles.jsonl", "output=out.jsonl")
        assert_refused(result, kinds.MISSING_SECOND_TEXT, count=24)
        assert "singles.jsonl:1" in result.err
        return
    result = ftk("predict", "--json", "checkpoint=run/best", "input=pairs.jsonl", "output=out.jsonl")
    assert result.code == 0
    unread = result.found(kinds.UNEXPECTED_PAIR, column="pair")
    assert (unread.count, unread.policy) == (24, "ignored")
    labels = [[row["scores"] for row in read_jsonl(name)] for name in ("same.jsonl", "out.jsonl")]
    assert labels[0] == labels[1]
    asked = ("checkpoint=run/best", "input=pairs.jsonl", "output=out2.jsonl", "data.columns.pair=pair")
    result = ftk("predict", "--json", *asked)
    assert_refused(result, (kinds.UNEXPECTED_PAIR, {"column": "pair"}), count=24)


def test_a_label_with_one_row_is_not_held_out(ftk):
    rows = [*goods(20), *({"text": f"crate {i} of salt", "label": f"salt {i}"} for i in range(20))]
    write_jsonl("train.jsonl", rows)
    argv = ("task=text-classification", "data.train=train.jsonl", "data.validation_share=0.3", "train.max_steps=1")
    result = ftk("finetune", "--json", *FAST, *argv)
    assert result.code == 0
    held = {row["gold_label"] for row in read_jsonl("run/predictions/validation.jsonl")}
    assert held
    assert not any(label.startswith("salt") for label in held)
    assert result.count(kinds.UNLEARNED_LABEL) == 0


def test_thresholds_without_validation_are_reported(ftk, files):
    argv = ("--json", "task=multi-label", files[0], "data.validation_share=0", "train.max_steps=1")
    result = ftk("finetune", *FAST, *argv)
    assert result.code == 0
    assert "0.5" in result.found(kinds.NOTHING_TO_TUNE_ON).values["default"]
    result = ftk("finetune", *FAST, *argv, "task.threshold=0.3", "run.overwrite=true")
    assert result.code == 0
    assert result.count(kinds.NOTHING_TO_TUNE_ON) == 0


def test_a_number_too_large_for_the_model_is_refused(ftk):
    write_jsonl("train.jsonl", [{"text": f"crate {i}", "score": 1e300 if i == 5 else i} for i in range(20)])
    result = ftk("finetune", "--json", "task=regression", *FAST, "data.train=train.jsonl")
    assert_refused(result, (task_kinds.LARGE_NUMBER, {"most": 1e38}))
    assert result.found(task_kinds.LARGE_NUMBER).places == ["train.jsonl:6: score=1e+300"]


@pytest.mark.parametrize(
    ("task", "kind"),
    [
        ("text-classification", "single_label_classification"),
        ("multi-label", "multi_label_classification"),
        ("regression", "regression"),
    ],
)
def test_the_saved_model_says_its_problem_type(ftk, files, task, kind):
    column = ("data.columns.label=price",) if task == "regression" else ()
    assert ftk("finetune", f"task={task}", *FAST, *files, *column, "train.max_steps=1").code == 0
    assert json.loads(Path("run/best/config.json").read_text())["problem_type"] == kind
