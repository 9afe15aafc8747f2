"""``tfidf-linear`` equals scikit-learn's pipeline, and saves an ordinary model folder."""

import json
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from conftest import Result, read_jsonl, write_jsonl

pytestmark = pytest.mark.torch

TRAINED_IDS, ALL_IDS = 25, 30
"""Test texts contain ids that training texts do not."""
CPU = ("hardware=cpu", "hardware.threads=1")


def texts(number: int, ids: int, seed: int) -> list[np.ndarray]:
    """Texts of 1 to 14 random ids; higher ids are rare."""
    generator = np.random.default_rng(seed)
    return [(ids * generator.random(length) ** 2).astype(np.int32) for length in generator.integers(1, 15, size=number)]


TRAIN, TEST = texts(80, TRAINED_IDS, 1), [*texts(30, ALL_IDS, 2), np.array([28, 29], dtype=np.int32)]


def unfitted(labels: int, **values: Any) -> Any:
    from transformers import AutoConfig, AutoModelForSequenceClassification

    from ftk.models.architectures.small import register_small_models

    register_small_models()
    config = AutoConfig.for_model("ftk-tfidf-linear", vocab_size=ALL_IDS, num_labels=labels, **values)
    return AutoModelForSequenceClassification.from_config(config)


def logits(model: Any, rows: list[np.ndarray]) -> np.ndarray:
    """Logits of a model for some texts, as one batch."""
    import torch

    longest = max(map(len, rows))
    ids = torch.tensor([[*row.tolist(), *[0] * (longest - len(row))] for row in rows])
    mask = torch.tensor([[1] * len(row) + [0] * (longest - len(row)) for row in rows])
    with torch.inference_mode():
        found: np.ndarray = model(input_ids=ids, attention_mask=mask).logits.numpy()
    return found


def pipeline(model: Any, **values: Any) -> Any:
    """scikit-learn's pipeline over the same ids."""
    from sklearn.feature_extraction.text import TfidfVectorizer
    from sklearn.pipeline import make_pipeline

    vectorizer = TfidfVectorizer(
        preprocessor=lambda row: row,
        tokenizer=lambda row: [str(token) for token in row],
        token_pattern=None,
        ngram_range=(1, 2),
        sublinear_tf=True,
        **values,
    )
    return make_pipeline(vectorizer, model)


@pytest.mark.parametrize("classes", [2, 4])
@pytest.mark.parametrize("weighted", [False, True])
def test_classes_equal_logistic_regression(classes: int, weighted: bool) -> None:
    from scipy.special import softmax
    from sklearn.linear_model import LogisticRegression

    targets = np.array([int(row[0]) % classes for row in TRAIN], dtype=np.int32)
    weights = np.random.default_rng(3).random(len(TRAIN)) if weighted else None
    model = unfitted(classes, C=7.0)
    messages = model.fit(TRAIN, targets, weights)
    reference = pipeline(LogisticRegression(C=7.0, max_iter=1000))
    reference.fit(TRAIN, targets, logisticregression__sample_weight=weights)
    found = logits(model, TEST)
    expected = reference.decision_function(TEST)
    np.testing.assert_allclose(found if classes > 2 else found[:, 1] - found[:, 0], expected, atol=1e-5)
    np.testing.assert_allclose(softmax(found, axis=1), reference.predict_proba(TEST), atol=1e-5)
    features = len(reference[0].vocabulary_)
    assert messages == [f"fitted by scikit-learn: {features} of {features} tokens and pairs are used as features"]


def test_several_labels_equal_one_against_the_rest() -> None:
    from sklearn.linear_model import LogisticRegression
    from sklearn.multiclass import OneVsRestClassifier

    targets = np.array([[number in row for number in (0, 3, 7)] for row in TRAIN])
    model = unfitted(3)
    model.fit(TRAIN, targets, None)
    reference = pipeline(OneVsRestClassifier(LogisticRegression(C=10.0, max_iter=1000))).fit(TRAIN, targets)
    np.testing.assert_allclose(logits(model, TEST), reference.decision_function(TEST), atol=1e-5)


@pytest.mark.parametrize("outputs", [1, 2])
def test_numbers_equal_ridge_regression(outputs: int) -> None:
    from sklearn.linear_model import Ridge

    targets = np.random.default_rng(4).normal(size=(len(TRAIN), outputs)).astype(np.float32)
    model = unfitted(outputs, alpha=0.3)
    model.fit(TRAIN, targets, None)
    reference = pipeline(Ridge(alpha=0.3)).fit(TRAIN, targets.astype(np.float64))
    np.testing.assert_allclose(logits(model, TEST), reference.predict(TEST).reshape(-1, outputs), atol=1e-5)


def test_rare_tokens_and_pairs_can_be_excluded() -> None:
    from sklearn.linear_model import LogisticRegression

    targets = np.array([int(row[-1]) % 3 for row in TRAIN], dtype=np.int32)
    model = unfitted(3, min_windows=4)
    model.fit(TRAIN, targets, None)
    reference = pipeline(LogisticRegression(C=10.0, max_iter=1000), min_df=4).fit(TRAIN, targets)
    np.testing.assert_allclose(logits(model, TEST), reference.decision_function(TEST), atol=1e-5)

    few = unfitted(3, most_ngrams=5)
    [message] = few.fit(TRAIN, targets, None)
    assert message.startswith("fitted by scikit-learn: 5 of ")
    frequent = sorted(range(ALL_IDS), key=lambda token: -sum(token in row for row in TRAIN))
    assert set(few.encoder.ngrams.tolist()) == set(frequent[:5])


def test_labels_without_examples_are_unlikely_and_leave_the_others_unchanged() -> None:
    from scipy.special import softmax

    targets = np.array([int(row[0]) % 3 for row in TRAIN], dtype=np.int32)
    whole, lacking = unfitted(3), unfitted(5)
    whole.fit(TRAIN, targets, None)
    lacking.fit(TRAIN, np.array([0, 2, 4], dtype=np.int32)[targets], None)
    shares = softmax(logits(lacking, TEST), axis=1)
    assert (shares[:, [1, 3]] > 0).all()
    assert (shares[:, [1, 3]] < 0.01).all()
    kept = shares[:, [0, 2, 4]]
    expected = softmax(logits(whole, TEST), axis=1)
    np.testing.assert_allclose(kept / kept.sum(1, keepdims=True), expected, atol=1e-5)

    one = unfitted(3)
    one.fit(TRAIN, np.full(len(TRAIN), 2, dtype=np.int32), None)
    assert (logits(one, TEST).argmax(1) == 2).all()

    several = unfitted(3)
    present = np.array([[True, False, number % 3 == 0] for number in range(len(TRAIN))])
    several.fit(TRAIN, present, None)
    found = logits(several, TEST)
    assert (found[:, 0] > 4).all()
    assert (found[:, 1] < -4).all()


def test_a_folder_contains_the_whole_model(tmp_path: Path) -> None:
    import torch
    from transformers import AutoModelForSequenceClassification

    model = unfitted(3)
    assert (logits(model, TEST) == 0).all()  # before it is fitted
    model.fit(TRAIN, np.array([int(row[0]) % 3 for row in TRAIN], dtype=np.int32), None)
    model.save_pretrained(tmp_path / "folder")
    assert json.loads((tmp_path / "folder/config.json").read_text())["num_features"] == len(model.encoder.ngrams) > 100
    again = AutoModelForSequenceClassification.from_pretrained(tmp_path / "folder")
    assert again.encoder.ngrams.dtype is torch.int64
    np.testing.assert_array_equal(logits(again, TEST), logits(model, TEST))
    alone = np.concatenate([logits(again, [row]) for row in TEST])
    np.testing.assert_allclose(alone, logits(model, TEST), atol=1e-6)


FRUIT, METAL = ("apple", "pear", "plum", "cherry"), ("iron", "copper", "zinc", "silver")


@pytest.fixture
def files(tmp_path: Path) -> tuple[str, ...]:
    rows = []
    for number in range(40):
        metal = number % 2
        word = (METAL if metal else FRUIT)[number // 2 % 4]
        row = {"text": f"{number % 7} crates of {word} came by boat", "label": "metal" if metal else "fruit"}
        rows.append({"id": number, **row, "price": 3.0 + 2 * metal + number % 4, "labels": [row["label"], word]})
    parts = {"train": rows[:24], "validation": rows[24:32], "test": rows[32:]}
    return tuple(f"data.{split}={write_jsonl(tmp_path / f'{split}.jsonl', part)}" for split, part in parts.items())


def scores(folder: str = "run") -> dict[str, Any]:
    found: dict[str, Any] = json.loads(Path(folder, "metrics.json").read_text())
    return found


@pytest.mark.parametrize(
    ("task", "column", "score"),
    [
        ("text-classification", "label", "accuracy"),
        ("multi-label", "labels", "f1_micro"),
        ("regression", "price", "rmse"),
    ],
)
def test_finetune_evaluate_and_predict(
    ftk: Callable[..., Result], files: tuple[str, ...], task: str, column: str, score: str
) -> None:
    what = (f"task={task}", f"data.columns.label={column}")
    trained = ftk("finetune", *what, "model=tfidf-linear", *files, *CPU, "run.dir=run", "train.epochs=9")
    assert trained.code == 0, trained.err
    assert re.search("train.epochs.*: not used", trained.out)
    assert "fitted by scikit-learn: " in trained.out
    assert scores()["test"][score] == 1.0 if score != "rmse" else scores()["test"][score] < 1.5
    assert scores()["best_step"] == scores()["train"]["steps"] == 0
    run = Path("run")
    assert {"best", "last", "metrics.json", "metrics.jsonl", "log.txt"} <= {path.name for path in run.iterdir()}
    evaluated = ftk("evaluate", "checkpoint=run/best", files[2], f"data.columns.label={column}", "run.dir=again", *CPU)
    assert evaluated.code == 0, evaluated.err
    assert scores("again")["test"][score] == pytest.approx(scores()["test"][score], abs=1e-6)
    assert ftk("predict", "checkpoint=run/best", "input=test.jsonl", "output=out.jsonl", *CPU).code == 0
    stored = read_jsonl(run / "predictions/test.jsonl")
    assert [record["id"] for record in read_jsonl("out.jsonl")] == list(range(32, 40))
    for one, other in zip(read_jsonl("out.jsonl"), stored, strict=True):
        for name in ("scores", "value"):
            assert one.get(name) == (pytest.approx(other[name], abs=1e-5) if name in other else None)


def test_a_resumed_run_is_not_fitted_again(ftk: Callable[..., Result], files: tuple[str, ...]) -> None:
    argv = ("finetune", "task=text-classification", "model=tfidf-linear", *files, *CPU, "run.dir=run")
    assert ftk(*argv, "data.validation_share=0").code == 0
    before = scores()
    result = ftk(*argv, "data.validation_share=0", "run.resume=true")
    assert result.code == 0, result.err
    assert "fitted already" in result.out
    after = scores()
    del (
        before["train"]["peak_memory_mb"],
        after["train"]["peak_memory_mb"],
    )  # of the process, which has read the data twice
    assert after == before
    assert len(read_jsonl("run/metrics.jsonl")) == 2  # one fit, one validation


def test_without_validation_the_fitted_model_is_the_best(ftk: Callable[..., Result], files: tuple[str, ...]) -> None:
    argv = ("task=text-classification", "model=tfidf-linear", files[0], files[2], *CPU, "run.dir=run")
    result = ftk("finetune", *argv, "data.validation_share=0")
    assert (result.code, result.err) == (0, "")
    assert scores()["test"]["accuracy"] == 1.0


def test_class_and_row_weights_are_used_in_fitting(ftk: Callable[..., Result], files: tuple[str, ...]) -> None:
    argv = ("finetune", "task=text-classification", "model=tfidf-linear", "model.config.C=1e-3", *files, *CPU)
    shares = {}
    for name, word in (("plain", "task.sampling=natural"), ("fruit", "task.class_weights={fruit: 50}")):
        assert ftk(*argv, word, f"run.dir={name}").code == 0
        shares[name] = [row["scores"]["fruit"] for row in read_jsonl(f"{name}/predictions/test.jsonl")]
    assert max(shares["plain"]) < 0.6
    assert min(shares["fruit"]) > 0.9


def test_a_sweep_compares_it_with_a_trained_model(ftk: Callable[..., Result], files: tuple[str, ...]) -> None:
    argv = ("task=text-classification", "model=tfidf-linear,cnn", *files, *CPU, "train.max_steps=2", "run.dir=swept")
    argv += ("task.focal=1",)
    result = ftk("finetune", "-m", *argv)
    assert result.code == 0, result.err
    assert "2 jobs, 0 failed" in result.out
    lines = Path("swept/results.csv").read_text().splitlines()
    assert lines[0].startswith("job,model,validation loss,validation accuracy,")
    assert sorted(line.split(",")[1] for line in lines[1:]) == ["cnn", "tfidf-linear"]
    logs = {path.parent.name.partition("=")[2]: path.read_text() for path in Path("swept").glob("*/log.txt")}
    message = logs["tfidf-linear"]
    assert re.search("train.max_steps.*: not used", message)
    assert "task.focal: not used in fitting" in message
    assert "not used" not in logs["cnn"]


@pytest.mark.parametrize(
    ("word", "message"),
    [
        ("C=0", "C=0 must be a finite number above 0"),
        ("alpha=-1", "alpha=-1 must be a finite number, 0 or more"),
        ("min_windows=0", "min_windows=0"),
    ],
)
def test_invalid_values_are_refused(
    ftk: Callable[..., Result], files: tuple[str, ...], word: str, message: str
) -> None:
    result = ftk("finetune", "task=text-classification", "model=tfidf-linear", f"model.config.{word}", *files, *CPU)
    assert result.code == 1
    assert message in result.err
