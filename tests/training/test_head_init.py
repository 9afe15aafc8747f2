"""Heads that begin with a fit to the states of the frozen encoder (model.head_init)."""

import json
import math
from pathlib import Path
from typing import Any

import pytest
import yaml
from safetensors.numpy import load_file

from conftest import TINY, Reason, assert_refused, read_jsonl, write_jsonl
from ftk.contracts import finding_kinds as kinds
from ftk.tasks import finding_kinds as task_kinds
from small_models import WORDS, save_model_folder

pytestmark = pytest.mark.torch

CLASSES = {
    "go_away": ("went to", "slow train"),
    "sayHello": ("hello world", "hello again"),
    "Names": ("Ada Berg", "Chen"),
}
SHORT = ("hardware=cpu", "hardware.threads=1", "train.batch_size=4", "train.epochs=null", "run.curves=false")
STILL = (*SHORT, "train.max_steps=1", "optimizer.lr=1e-9", "run.dir=run", "train.baselines=none")
"""A run whose model at the end is the one that it began with."""


@pytest.fixture
def rows(tmp_path: Path) -> str:
    found = [
        {"text": f"{words} {WORDS[number % 9]} .", "label": name, "labels": [name], "price": len(words) + number % 3}
        for number in range(8)
        for name, variants in CLASSES.items()
        for words in variants
    ]
    return f"data.train={write_jsonl(tmp_path / 'train.jsonl', found)}"


@pytest.fixture
def bert(tmp_path: Path) -> tuple[str, ...]:
    return ("model=auto", f"model.name={save_model_folder(tmp_path / 'bert', 'bert')}")


def first_loss(run: str = "run") -> float:
    return float(next(one for one in read_jsonl(Path(run, "metrics.jsonl")) if one["split"] == "train")["loss"])


def head(run: str = "run") -> Any:
    return load_file(Path(run, "best/model.safetensors"))["classifier.weight"]


def test_auto_fits_the_new_head_of_a_pretrained_encoder(ftk, rows, bert) -> None:
    words = ("finetune", "--json", "task=text-classification", *bert, *STILL, "model.dropout=0", rows)
    result = ftk(*words)
    assert result.code == 0, result.err
    found = result.found(kinds.FITTED_HEAD)
    assert found.values["texts"] == len(CLASSES) < found.values["states"]
    metrics = json.loads(Path("run/metrics.json").read_text())
    assert metrics["validation"]["accuracy"] == 1
    again = ftk(*words, "run.overwrite=true", "run.dir=again")
    assert again.code == 0
    assert (head() == head("again")).all(), "a run that begins again fits the same head"
    random = ftk(*words, "run.dir=random", "model.head_init=random")
    assert random.count(kinds.FITTED_HEAD) == 0
    assert first_loss() < first_loss("random") / 2


@pytest.mark.slow
def test_dropout_does_not_drown_what_a_head_tells_apart(ftk, rows, bert) -> None:
    """The states of random weights hardly differ, and dropout makes more noise in them than that."""
    words = ("finetune", "--json", "task=text-classification", *bert, *STILL, "model.dropout=0.3", rows)
    assert ftk(*words).found(kinds.FITTED_HEAD)
    assert first_loss() < 1.3 * math.log(len(CLASSES))


@pytest.mark.slow
@pytest.mark.parametrize(
    ("task", "keys"),
    [
        ("multi-label", ("data.columns.label=labels",)),
        ("regression", ("data.columns.label=price",)),
        ("text-classification", ("task.class_weights=balanced", "task.sampling=balanced", "data.max_length=8")),
        ("ner", ("data=demo",)),
        ("token-classification", ("data=demo",)),
    ],
)
def test_every_task_with_such_a_head_begins_better(ftk, rows, task, keys) -> None:
    data = () if "data=demo" in keys else (rows,)
    words = ("finetune", "--json", f"task={task}", *TINY[:2], *STILL, "model.dropout=0", *keys, *data)
    result = ftk(*words, "model.head_init=probe")
    assert result.code == 0, result.err
    assert result.found(kinds.FITTED_HEAD).values["vectors"] == ("vectors" if data else "states of words")
    assert ftk(*words, "run.dir=random").count(kinds.FITTED_HEAD) == 0, "random weights keep a random head"
    assert first_loss() < 0.8 * first_loss("random")


@pytest.mark.slow
@pytest.mark.parametrize("architecture", ["roberta", "modernbert", "distilbert", "deberta-v2", "electra", "mpnet"])
def test_the_last_layer_of_every_architecture_is_fitted(ftk, rows, tmp_path, architecture) -> None:
    folder = save_model_folder(tmp_path / "model", architecture)
    words = (
        "finetune",
        "--json",
        "task=text-classification",
        "model=auto",
        f"model.name={folder}",
        *STILL,
        "model.dropout=0",
        rows,
    )
    result = ftk(*words, "model.head_init=probe")
    assert result.code == 0, result.err
    assert result.found(kinds.FITTED_HEAD)
    # A new layer before the last one makes something random of the states.
    assert not ftk(*words, "run.dir=random").count(kinds.FITTED_HEAD)
    assert first_loss() < first_loss("random")


@pytest.mark.slow
def test_a_run_that_was_stopped_ends_in_the_same_bytes(ftk, rows, bert) -> None:
    words = (*bert, *SHORT, "train.max_steps=6", "train.save_every=2", "run.verify_resume=true", rows, "run.dir=run")
    result = ftk("finetune", "task=text-classification", *words)
    assert result.code == 0, result.err


@pytest.mark.slow
def test_a_run_without_the_key_resumes_with_the_head_that_it_began_with(ftk, rows, bert) -> None:
    words = ("finetune", "--json", "task=text-classification", *bert, *SHORT, "train.max_steps=4", rows, "run.dir=run")
    assert ftk(*words, "model.head_init=random", "run.stop_after=2").code == 0
    file = Path("run/config.yaml")
    first, _, rest = file.read_text(encoding="utf-8").partition("\n")
    saved = yaml.safe_load(rest)
    del saved["model"]["head_init"], saved["task"]["label_texts"]
    file.write_text(f"{first}\n{yaml.safe_dump(saved)}", encoding="utf-8")
    resumed = ftk(*words, "run.resume=true")
    assert resumed.code == 0, resumed.err
    assert resumed.count(kinds.FITTED_HEAD) == 0


@pytest.mark.slow
def test_a_head_that_is_kept_is_not_fitted(ftk, rows, tmp_path) -> None:
    labels = dict(enumerate(sorted(CLASSES)))
    folder = save_model_folder(
        tmp_path / "kept", "bert", "AutoModelForSequenceClassification", id2label=labels, num_labels=3
    )
    words = ("finetune", "--json", "task=text-classification", "model=auto", f"model.name={folder}", *STILL, rows)
    kept = ftk(*words)
    assert kept.code == 0, kept.err
    assert kept.count(kinds.FITTED_HEAD) == 0
    assert_refused(ftk(*words, "run.dir=other", "model.head_init=probe"), "the head of the model is kept")


@pytest.mark.parametrize(
    ("words", "reason"),
    [
        (("task=question-answering", "model=tiny"), "model.head_init=probe"),
        (("task=text-classification", "model=tfidf-linear"), "This model is fitted at once"),
        (("task=text-classification", "model=tiny", "model.freeze=[classifier]"), "the head is frozen"),
    ],
)
def test_what_cannot_be_fitted_is_refused(ftk, rows, words, reason) -> None:
    data = () if "task=question-answering" in words else (rows,)
    assert_refused(ftk("finetune", "--json", *words, *STILL, *data, "model.head_init=probe"), reason)


TEXTS = {"go_away": "to leave", "sayHello": ["hello", "a greeting"], "Names": "Ada"}


@pytest.mark.parametrize(
    ("value", "texts"),
    [("null", 3), ("false", 0), ("texts.json", 4), ("texts.yaml", 4), ("{go_away: went}", 3)],
)
def test_texts_of_labels_are_learned_with_the_rows(ftk, rows, bert, value, texts) -> None:
    Path("texts.json").write_text(json.dumps(TEXTS))
    Path("texts.yaml").write_text(yaml.safe_dump(TEXTS))
    result = ftk("finetune", "--json", "task=text-classification", *bert, *STILL, rows, f"task.label_texts={value}")
    assert result.code == 0, result.err
    assert result.found(kinds.FITTED_HEAD).values.get("texts", 0) == texts
    assert json.loads(Path("run/best/ftk.json").read_text())["task"]["fields"]["label_texts"] is None
    assert ftk("predict", "checkpoint=run/best", "input=train.jsonl", "output=out.jsonl").code == 0


@pytest.mark.slow
def test_labels_and_texts_that_do_not_fit_are_found(ftk, bert) -> None:
    data = write_jsonl(Path("rows.jsonl"), [{"text": f"Ada {n}", "label": f"K{n % 2}"} for n in range(20)])
    words = ("finetune", "--json", "task=text-classification", *bert, *STILL, f"data.train={data}")
    result = ftk(*words, "task.label_texts={K0: Ada, K7: Berg}")
    assert result.code == 0, result.err
    assert result.count(task_kinds.TEXT_OF_NO_LABEL) == result.count(task_kinds.LABEL_WITHOUT_TEXT) == 1
    result = ftk(*words, "run.dir=codes")
    assert "texts" not in result.found(kinds.FITTED_HEAD).values, "codes are no words"


@pytest.mark.parametrize(
    ("value", "reason"),
    [
        ("none.json", "he file cannot be read"),
        ("twice.json", "is there twice"),
        ("list.json", "t must be null, false"),
        ("{go_away: ''}", "has an empty text"),
        ("{go_away: 3}", "for a text"),
        ("{go_awy: x}", "Did you mean 'go_away'"),
        ("true", "t must be null, false"),
    ],
)
def test_texts_of_labels_that_cannot_be_used_are_refused(ftk, rows, bert, value, reason: Reason) -> None:
    Path("twice.json").write_text('{"go_away": "x", "go_away": "y"}')
    Path("list.json").write_text('["x"]')
    words = ("finetune", "--json", "task=text-classification", *bert, *STILL, rows)
    assert_refused(ftk(*words, f"task.label_texts={value}"), reason)


@pytest.mark.slow
@pytest.mark.parametrize("keys", [("data.storage=disk",), ("hardware.micro_batch=1",), ("hardware.precision=bf16",)])
def test_how_a_run_computes_does_not_matter(ftk, rows, bert, keys) -> None:
    words = ("finetune", "--json", "task=text-classification", *bert, *STILL, "model.dropout=0", rows)
    result = ftk(*words, *keys)
    assert result.code == 0, result.err
    assert ftk(*words, "run.dir=plain").code == 0
    assert first_loss() == pytest.approx(first_loss("plain"), abs=0.2)


def test_of_much_data_some_windows_are_taken_evenly_and_of_each_class(monkeypatch) -> None:
    import numpy as np

    from ftk.contracts.spec import Probe
    from ftk.data.batching.features import Features, Ragged
    from ftk.training.probing import states

    label = np.array([0] * 90 + [1] * 2 + [0] * 8, dtype=np.int32)
    columns = {"input_ids": Ragged.of([np.zeros(7, np.int32)] * 100), "label": Ragged.of(list(label[:, None]))}
    features = Features(columns, np.arange(100), 0)
    assert len(states.some_windows(features, 16, Probe.classes)) == 100
    for limit, value in (("MOST_WINDOWS", 20), ("MOST_TOKENS", 7 * 20), ("MOST_NUMBERS", 16 * 20)):
        with monkeypatch.context() as patched:
            patched.setattr(states, limit, value)
            found = states.some_windows(features, 16, Probe.classes)
        assert 20 <= len(found) <= 26
        assert {90, 91} <= set(found.tolist())
        assert (np.diff(found) > 0).all()
        assert found.max() == 99
