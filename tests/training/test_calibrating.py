"""The best model of a run is calibrated: other scores, the same decisions, and once."""

import json
import random
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from safetensors.numpy import load_file

from conftest import TINY, Result, assert_refused, read_jsonl, write_conll, write_jsonl
from ftk.contracts import finding_kinds as kinds

pytestmark = pytest.mark.torch
Ftk = Callable[..., Result]
WORDS = ("red", "green", "blue", "round", "square", "heavy")


def rows_of(number: int, seed: int, right: float = 0.7) -> list[dict[str, Any]]:
    """Texts of colours whose label is often another one, but not in training: a model that learns them is too sure."""
    chance = random.Random(seed)
    rows = []
    for _ in range(number):
        colour = chance.choice(WORDS[:3])
        label = colour if chance.random() < right else chance.choice(WORDS[:3])
        rows.append({"text": f"{chance.choice(WORDS[3:])} {colour} thing", "label": label})
    return rows


@pytest.fixture
def texts(tmp_path: Path) -> tuple[str, ...]:
    """The words of a training on such texts."""
    sizes = {"train": (24, 1), "validation": (120, 2), "test": (60, 3)}
    files = [
        f"data.{split}={write_jsonl(tmp_path / f'{split}.jsonl', rows_of(number, seed, 1 if seed == 1 else 0.7))}"
        for split, (number, seed) in sizes.items()
    ]
    return (
        "finetune",
        "task=text-classification",
        *TINY,
        *files,
        "optimizer.lr=1e-2",
        "train.epochs=16",
        "train.batch_size=8",
        "train.eval_every=48",
    )


def finished(folder: Path | str) -> tuple[dict[str, Any], list[dict[str, Any]], dict[str, Any]]:
    """Metrics, records of the test rows and manifest of a run."""
    folder = Path(folder)
    metrics = json.loads((folder / "metrics.json").read_text())
    manifest = json.loads((folder / "best" / "ftk.json").read_text())
    return metrics, read_jsonl(folder / "predictions" / "test.jsonl"), manifest


def both(ftk: Ftk, *words: str, then: str = "temperature") -> tuple[Any, Any]:
    """A run without a calibration, and the same training with one."""
    assert ftk(*words, "run.dir=raw", "calibrate=none").code == 0
    shutil.copytree("raw", "calibrated")
    assert ftk(*words, "run.dir=calibrated", f"calibrate={then}", "run.resume=force").code == 0
    return finished("raw"), finished("calibrated")


def test_scores_change_and_labels_do_not(ftk: Ftk, texts: tuple[str, ...]) -> None:
    (raw, before, _), (calibrated, after, manifest) = both(ftk, *texts)
    assert [one["label"] for one in before] == [one["label"] for one in after]
    assert raw["test"]["accuracy"] == calibrated["test"]["accuracy"]
    facts = manifest["calibration"]
    assert facts["folded"]
    assert facts["temperature"] > 1.1
    assert calibrated["calibration"]["test"]["nll"] < raw["calibration"]["test"]["nll"]
    # The scores are those of logits divided by the temperature.
    for one, other in zip(before, after, strict=True):
        shares = np.array(list(one["scores"].values())) ** (1 / facts["temperature"])
        np.testing.assert_allclose(list(other["scores"].values()), shares / shares.sum(), rtol=2e-4)
    # Only the last layer of best/ has changed, and last/ is as it was trained.
    old, new = load_file("raw/best/model.safetensors"), load_file("calibrated/best/model.safetensors")
    changed = {name for name in old if not np.array_equal(old[name], new[name])}
    assert changed == {"classifier.weight", "classifier.bias"}
    trained = load_file("calibrated/last/model.safetensors")
    assert all(np.array_equal(trained[name], value) for name, value in load_file("raw/last/model.safetensors").items())


@pytest.mark.slow
def test_plain_transformers_gives_the_same_scores(ftk: Ftk, texts: tuple[str, ...]) -> None:
    import torch
    from transformers import AutoModelForSequenceClassification, AutoTokenizer

    assert ftk(*texts, "run.dir=run", "hardware.precision=fp32").code == 0
    _, records, _ = finished("run")
    tokenizer = AutoTokenizer.from_pretrained("run/best")
    model = AutoModelForSequenceClassification.from_pretrained("run/best").eval()
    with torch.inference_mode():
        for record in records[:10]:
            found = model(**tokenizer(record["text"], return_tensors="pt")).logits.softmax(-1)[0]
            assert found.tolist() == pytest.approx(list(record["scores"].values()), abs=1e-5)


@pytest.mark.slow
def test_a_run_that_ends_twice_is_calibrated_once(ftk: Ftk, texts: tuple[str, ...]) -> None:
    assert ftk(*texts, "run.dir=run").code == 0
    files = {path.name: path.read_bytes() for path in Path("run/best").iterdir()}
    metrics, records, _ = finished("run")
    again = ftk(*texts, "run.dir=run", "run.resume=true", "--json")
    assert again.code == 0
    assert again.count(kinds.CALIBRATED) == 0
    assert {path.name: path.read_bytes() for path in Path("run/best").iterdir()} == files
    assert finished("run")[1] == records
    assert finished("run")[0]["calibration"] == metrics["calibration"]
    # It trains on from weights without the temperature, and a better model is calibrated anew.
    on = ftk(*texts, "run.dir=run", "run.resume=force", "train.epochs=8", "--json")
    assert on.code == 0


@pytest.mark.slow
def test_a_kill_between_training_and_calibration_changes_nothing(
    ftk: Ftk, texts: tuple[str, ...], monkeypatch: pytest.MonkeyPatch
) -> None:
    assert ftk(*texts, "run.dir=whole").code == 0

    def killed(*args: Any) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patched:
        patched.setattr("ftk.training.ending.calibrating.save", killed)
        with pytest.raises(KeyboardInterrupt):
            ftk(*texts, "run.dir=run")
    assert "calibration" not in json.loads(Path("run/best/ftk.json").read_text())
    assert ftk(*texts, "run.dir=run", "run.resume=true").code == 0
    whole, run = (Path(name, "best/model.safetensors").read_bytes() for name in ("whole", "run"))
    assert whole == run
    assert finished("whole")[1] == finished("run")[1]


@pytest.mark.slow
@pytest.mark.parametrize("model", ["tfidf-linear", "cnn", "fasttext-bag"])
def test_small_models_are_folded(ftk: Ftk, texts: tuple[str, ...], model: str) -> None:
    words = (*(word for word in texts if not word.startswith("model")), f"model={model}")
    (_, before, _), (_, after, manifest) = both(ftk, *words)
    assert manifest["calibration"]["folded"]
    assert [one["label"] for one in before] == [one["label"] for one in after]


@pytest.mark.slow
def test_where_the_layer_cannot_be_divided_scores_are(
    ftk: Ftk, texts: tuple[str, ...], monkeypatch: pytest.MonkeyPatch
) -> None:
    assert ftk(*texts, "run.dir=folded").code == 0
    monkeypatch.setattr("ftk.training.ending.calibrating.fold", lambda *args: False)
    result = ftk(*texts, "run.dir=beside", "--json")
    assert result.found(kinds.NOT_FOLDED).policy == "no_layer"
    _, folded, _ = finished("folded")
    _, beside, manifest = finished("beside")
    assert manifest["calibration"]["folded"] is False
    for one, other in zip(folded, beside, strict=True):
        assert one["label"] == other["label"]
        assert list(one["scores"].values()) == pytest.approx(list(other["scores"].values()), abs=1e-4)
    # Every command that opens the folder divides them as well.
    assert ftk("evaluate", "checkpoint=beside/best", "data.test=test.jsonl", "run.dir=scored", "hardware=cpu").code == 0
    scored = read_jsonl("scored/predictions/test.jsonl")
    assert [one["label"] for one in scored] == [one["label"] for one in beside]
    for one, other in zip(scored, beside, strict=True):
        assert one["score"] == pytest.approx(other["score"], abs=5e-3)  # bf16 beside fp32


@pytest.mark.slow
@pytest.mark.parametrize("method", ["vector", "isotonic"])
def test_maps_change_written_scores_alone(ftk: Ftk, texts: tuple[str, ...], method: str) -> None:
    (raw, before, _), (mapped, after, _) = both(ftk, *texts, then=method)
    assert [one["label"] for one in before] == [one["label"] for one in after]
    assert raw["test"]["accuracy"] == mapped["test"]["accuracy"]
    old, new = Path("raw/best/model.safetensors"), Path("calibrated/best/model.safetensors")
    assert old.read_bytes() == new.read_bytes()
    for record in after:
        best = max(record["scores"], key=record["scores"].__getitem__)
        assert record["score"] == record["scores"][record["label"]]
        if record["scores"][best] > record["score"]:
            assert record["likelier_label"] == best
        else:
            assert "likelier_label" not in record


@pytest.mark.slow
@pytest.mark.parametrize("threshold", ["tuned", "0.3"])
def test_thresholds_move_with_the_scores(ftk: Ftk, tmp_path: Path, threshold: str) -> None:
    for split, number, seed in (("train", 48, 1), ("validation", 120, 2), ("test", 60, 3)):
        labelled = [
            {**row, "labels": [row.pop("label"), row["text"].split()[0]]}
            for row in rows_of(number, seed, 1 if seed == 1 else 0.7)
        ]
        write_jsonl(tmp_path / f"{split}.jsonl", labelled)
    files = [f"data.{split}={split}.jsonl" for split in ("train", "validation", "test")]
    words = ("finetune", "task=multi-label", f"task.threshold={threshold}", *TINY, *files, "train.epochs=6")
    (raw, before, old), (calibrated, after, new) = both(ftk, *words)
    assert new["calibration"]["folded"]
    assert new["calibration"]["temperature"] != 1
    assert [set(one["labels"]) for one in before] == [set(one["labels"]) for one in after]
    assert raw["test"]["f1_micro"] == calibrated["test"]["f1_micro"]
    name = "thresholds" if threshold == "tuned" else "threshold"
    assert new["task"]["fields"][name] != old["task"]["fields"][name]
    assert new["calibration"]["moved"][name] == old["task"]["fields"][name]
    # It goes on with these.
    assert ftk(*words, "run.dir=calibrated", "run.resume=true", "calibrate=temperature").code == 0
    assert finished("calibrated")[1] == after


@pytest.mark.slow
def test_entities_have_the_probability_that_they_are_right(ftk: Ftk, tmp_path: Path) -> None:
    def sentences(number: int, seed: int) -> list[list[tuple[str, str]]]:
        """Names of people and places, often taken for the other outside of training."""
        chance, kinds_of = random.Random(seed), {"Ada": "PER", "Emil": "PER", "Oslo": "LOC", "Lima": "LOC"}
        found = []
        for _ in range(number):
            name = chance.choice(list(kinds_of))
            kind = chance.choice(("PER", "LOC")) if seed > 1 and chance.random() < 0.6 else kinds_of[name]
            found.append([(name, f"B-{kind}"), ("went", "O"), ("on", "O")])
        return found

    files = [
        f"data.{split}={write_conll(tmp_path / f'{split}.conll', sentences(number, seed))}"
        for split, number, seed in (("train", 60, 1), ("validation", 120, 2), ("test", 90, 3))
    ]
    (raw, before, _), (calibrated, after, manifest) = both(
        ftk, "finetune", "task=ner", *TINY, *files, "optimizer.lr=1e-2", "train.epochs=10"
    )
    assert manifest["calibration"]["folded"]
    assert [one["tags"] for one in before] == [one["tags"] for one in after]
    assert raw["test"]["f1"] == calibrated["test"]["f1"]
    assert calibrated["calibration"]["test"]["nll"] < raw["calibration"]["test"]["nll"]


def test_few_rows_are_not_calibrated_on(ftk: Ftk, texts: tuple[str, ...], tmp_path: Path) -> None:
    write_jsonl(tmp_path / "validation.jsonl", rows_of(20, 2))
    result = ftk(*texts, "run.dir=run", "--json", "train.max_steps=2", "predict.coverage=0.9")
    assert result.found(kinds.FEW_TO_CALIBRATE).values["found"] == 20
    assert "20 validation rows are too few" in result.texts
    assert not Path("run/best/calibration.safetensors").exists()


def test_what_has_no_probabilities_says_so(ftk: Ftk) -> None:
    words = ("finetune", "task=regression", "data=demo", *TINY, "train.max_steps=1")
    assert_refused(ftk(*words, "calibrate=vector", "--json"), "no probabilities")
    assert_refused(ftk(*words, "predict.coverage=0.9", "--json"), "one label")


@pytest.mark.slow
def test_a_calibration_that_was_asked_for_is_missed(ftk: Ftk, texts: tuple[str, ...]) -> None:
    words = ("finetune", "task=regression", "data=demo", *TINY, "train.max_steps=1", "calibrate=temperature")
    assert ftk(*words, "run.dir=numbers", "--json").found(kinds.NOT_CALIBRATED).policy == "no_probabilities"
    without = [word for word in texts if not word.startswith("data.validation=")]
    result = ftk(*without, "data.validation_share=0", "calibrate=temperature", "run.dir=run", "--json")
    assert result.found(kinds.NOT_CALIBRATED).policy == "no_validation"


@pytest.mark.slow
def test_records_say_what_is_unsure(ftk: Ftk, texts: tuple[str, ...]) -> None:
    assert ftk(*texts, "run.dir=run", "predict.out_of_scope=mahalanobis").code == 0
    metrics, records, _ = finished("run")
    assert metrics["calibration"]["validation"]["out_of_scope"]["share"] <= 0.06
    foreign, known = (
        [one["out_of_scope_score"] for one in records if one["out_of_scope"] is is_it] for is_it in (True, False)
    )
    assert max(known) < min(foreign, default=float("inf"))
    words = ("checkpoint=run/best", "predict.abstain=0.8", "predict.coverage=0.9", "predict.out_of_scope=energy")
    predicted = ftk("predict", *words, "input=test.jsonl", "output=out.jsonl", "hardware=cpu", "--json")
    assert "of 60 answers" in predicted.texts
    for one in read_jsonl("out.jsonl"):
        assert one["abstained"] == (one["score"] < 0.8)
        sure = sorted(one["scores"], key=one["scores"].__getitem__, reverse=True)
        assert one["label_set"] == sure[: len(one["label_set"])]
    scored = ftk("evaluate", *words, "data.test=validation.jsonl", "run.dir=scored", "hardware=cpu", "--json")
    assert "% of 120 rows" in scored.texts
    of_validation = json.loads(Path("scored/metrics.json").read_text())["calibration"]["test"]
    assert of_validation["coverage"]["covered"] >= 0.9
    assert of_validation["coverage"] | {"asked": 0.9, "rows": 120} == of_validation["coverage"]
    assert 0 <= of_validation["abstain"]["abstained"] <= of_validation["abstain"]["answers"] == of_validation["answers"]
    # What the folder does not keep is refused before torch is imported.
    refused = ftk("predict", "checkpoint=run/best", "input=test.jsonl", "predict.coverage=0.999", "--json")
    assert_refused(refused, "needs 999 validation rows")
    raw = ftk("predict", "checkpoint=run/last", "input=test.jsonl", "predict.out_of_scope=energy", "--json")
    assert_refused(raw, "keeps nothing")
