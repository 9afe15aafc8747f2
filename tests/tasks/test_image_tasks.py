"""Images, and images with texts, from the command line: what is learned, saved, resumed and refused."""

import json
from collections.abc import Callable
from pathlib import Path

import pytest
from PIL import Image

from conftest import Result, assert_refused, read_jsonl, write_jsonl, write_lines
from ftk.contracts import finding_kinds as kinds
from image_models import CONVOLUTIONS, FUSED, HERE, SMALL, drawing, save_image_model, write_splits

pytestmark = pytest.mark.torch

Ftk = Callable[..., Result]
RUN = (*HERE, "train.batch_size=8", "run.dir=run")
IMAGES = ("task=image-classification", *SMALL, *RUN)
BOTH = ("task=image-text-classification", *FUSED, *RUN)


@pytest.fixture
def images(tmp_path: Path) -> tuple[str, ...]:
    return write_splits(tmp_path, both=False)


@pytest.fixture
def pairs(tmp_path: Path) -> tuple[str, ...]:
    return write_splits(tmp_path, both=True)


def trained(ftk: Ftk, *argv: str) -> Result:
    result = ftk("finetune", *argv)
    assert result.code == 0, result.err
    return result


def metrics(folder: str = "run") -> dict:
    return json.loads(Path(folder, "metrics.json").read_text())


def test_images_are_learned_and_predicted(ftk: Ftk, images: tuple[str, ...]) -> None:
    trained(ftk, "task=image-classification", *CONVOLUTIONS, *RUN, *images, "train.epochs=8")
    assert metrics()["test"]["accuracy"] > 0.9
    result = ftk("predict", "checkpoint=run/best", "input=test.jsonl", "output=out.jsonl", *HERE)
    assert result.code == 0, result.err
    records = read_jsonl("out.jsonl")
    for given, record in zip(read_jsonl("test.jsonl"), records, strict=True):
        assert {name: record[name] for name in ("id", "image", "text", "state")} == {
            name: given[name] for name in ("id", "image", "text", "state")
        }
        assert record["gold_label"] == given["label"]
        assert record["score"] == record["scores"][record["label"]] == max(record["scores"].values())
    assert records == read_jsonl("run/predictions/test.jsonl")


def test_a_saved_folder_is_an_ordinary_one(ftk: Ftk, images: tuple[str, ...]) -> None:
    """Plain transformers opens model and image processor, and says of an image what ftk says."""
    import torch
    import transformers

    trained(ftk, *IMAGES, *images, "train.max_steps=3")
    model = transformers.AutoModelForImageClassification.from_pretrained("run/best").eval()
    processor = transformers.AutoImageProcessor.from_pretrained("run/best")
    assert model.config.image_size == 16
    for record in read_jsonl("run/predictions/test.jsonl"):
        with Image.open(record["image"]) as image, torch.no_grad():
            shares = model(**processor(images=image, return_tensors="pt")).logits[0].softmax(-1)
        expected = {model.config.id2label[number]: float(share) for number, share in enumerate(shares)}
        assert record["scores"] == pytest.approx(expected, abs=1e-5)


@pytest.mark.slow
@pytest.mark.parametrize("kind", ["vit", "resnet"])
def test_a_model_from_elsewhere_is_read_with_its_own_processor(ftk: Ftk, images: tuple[str, ...], kind: str) -> None:
    save_image_model("model", kind, labels=["a", "b", "c"])
    argv = ("task=image-classification", "model=auto", "model.name=model", *RUN, *images, "train.max_steps=2")
    result = trained(ftk, *argv)
    assert "and a new one is trained" in result.out
    before, after = (
        json.loads(Path(folder, "preprocessor_config.json").read_text()) for folder in ("model", "run/best")
    )
    assert before == after
    changed = (*argv, "+model.image_processor.image_mean=[0.1,0.2,0.3]", "run.dir=changed")
    trained(ftk, *changed)
    assert json.loads(Path("changed/best/preprocessor_config.json").read_text())["image_mean"] == [0.1, 0.2, 0.3]


def test_folders_of_classes_and_images_to_predict_for(ftk: Ftk, tmp_path: Path) -> None:
    for number in range(20):
        name = drawing(("up", "flat")[number % 2], number, tmp_path)
        path = tmp_path / name
        (tmp_path / "data" / path.name.split("-")[0]).mkdir(parents=True, exist_ok=True)
        path.rename(tmp_path / "data" / path.name.split("-")[0] / path.name)
    result = trained(ftk, "--json", *IMAGES, "data=folders", "data.train=data", "train.max_steps=2")
    folder = result.found(kinds.FOLDER_OF_CLASSES).values
    assert (folder["key"], folder["folder"], folder["kind_of_file"]) == ("data.train", "data", "image")
    assert (folder["files"], folder["classes"]) == (20, 2)
    assert "flat, up" in result.found(kinds.ROWS).values["labels"]
    for given in ("data/up", "data/up/*.png"):
        result = ftk("predict", "checkpoint=run/best", f"input={given}", "output=out.jsonl", "run.overwrite=true")
        assert result.code == 0, result.err
        assert [record["image"] for record in read_jsonl("out.jsonl")] == sorted(map(str, Path("data/up").glob("*")))


@pytest.mark.slow
def test_what_needs_both_is_learned_from_both_alone(ftk: Ftk, pairs: tuple[str, ...]) -> None:
    argv = (*BOTH, *pairs, "train.epochs=30", "model.default_lr=5e-3", "model.dropout=0")
    rates = ("model.towers.text.default_lr=5e-3", "model.towers.image.default_lr=5e-3")
    for kind in ("concatenation", "text"):
        more = () if kind == "concatenation" else ("train.epochs=8",)
        trained(ftk, *argv, *more, *rates, f"model.config.fusion={kind}", f"run.dir={kind}")
    assert metrics("concatenation")["test"]["accuracy"] > 0.85
    assert metrics("text")["test"]["accuracy"] <= 0.75


def test_a_fusion_comes_back_with_tokenizer_and_image_processor(ftk: Ftk, pairs: tuple[str, ...]) -> None:
    import torch
    import transformers

    from ftk.models.architectures.fusion import AutoModelForImageTextClassification

    trained(ftk, *BOTH, *pairs, "train.max_steps=3")
    model = AutoModelForImageTextClassification.from_pretrained("run/best").eval()
    tokenizer = transformers.AutoTokenizer.from_pretrained("run/best")
    processor = transformers.AutoImageProcessor.from_pretrained("run/best")
    for record in read_jsonl("run/predictions/test.jsonl")[:4]:
        with Image.open(record["image"]) as image, torch.no_grad():
            pixels = processor(images=image, return_tensors="pt")["pixel_values"]
            texts = tokenizer(record["text"], return_tensors="pt")
            logits = model(texts["input_ids"], pixels, texts["attention_mask"]).logits
        scores = dict(zip(model.config.id2label.values(), logits[0].softmax(-1).tolist(), strict=True))
        assert record["scores"] == pytest.approx(scores, abs=1e-5)
    assert ftk("evaluate", "checkpoint=run/best", "data.test=test.jsonl", "run.dir=again", *HERE).code == 0
    scores, before = metrics("again")["test"], metrics()["test"]
    assert [scores[name] for name in ("loss", "accuracy")] == pytest.approx(
        [before["loss"], before["accuracy"]], abs=1e-4
    )


def test_long_texts_are_read_in_windows_beside_their_image(ftk: Ftk, pairs: tuple[str, ...]) -> None:
    result = trained(ftk, *BOTH, *pairs, "train.max_steps=2", "data.max_length=8")
    write_jsonl(
        "long.jsonl",
        [{"image": "images/up-0.png", "text": "nobody saw it " * 20}, {"image": "images/up-2.png", "text": ""}],
    )
    result = ftk("predict", "--json", "checkpoint=run/best", "input=long.jsonl", "output=out.jsonl")
    assert result.code == 0, result.err
    long = result.found(kinds.LONG_ROW, length=8, pooling="mean")
    assert (long.count, long.policy) == (1, "pooled")
    assert [record["text"] for record in read_jsonl("out.jsonl")] == ["nobody saw it " * 20, ""]


REFUSED = [
    (("task.shift=1.5",), "task.shift=1.5"),
    (("data.max_length=64",), "This task reads no texts"),
    (("model=tiny",), "It reads texts, but the task reads images."),
    (("+model.config.image_size=32",), "the image processor makes images of 3 x 16 x 16"),
    (("model.image_processor.sizes=16",), "model.image_processor.sizes"),
    (("+model.image_processor.colour=16",), "model.image_processor.colour=16"),
    (("model.freeze=[vit.encoder.layers]",), "model.freeze: this model has no module 'vit.encoder.layers'"),
    (("model.freeze=[vit,classifier]",), "no trainable parameter is left"),
    (("optimizer.lr_scale={head: 3}",), "optimizer.lr_scale.head=3: no parameter of this model"),
    (("optimizer.lr_scale={classifier: -1}",), "a factor must be a number, 0 or more"),
    (("data.columns.text=text",), "This task reads the columns image, label, weight."),
    (("task.class_weights={cat: 2}",), "task.class_weights.cat: there is no such label"),
]


@pytest.mark.parametrize(("argv", "told"), REFUSED)
def test_what_an_image_task_refuses(ftk: Ftk, images: tuple[str, ...], argv: tuple[str, ...], told: str) -> None:
    words = [word for word in (*IMAGES, *images) if "model=tiny" not in argv or not word.startswith("model")]
    result = ftk("finetune", *words, *argv, "train.max_steps=1")
    assert result.code == 1
    assert told in result.err
    assert "Traceback" not in result.err


REFUSED_OF_BOTH = [
    (("model.config.fusion=average",), "fusion=average must be one of weighted, concatenation, text, image"),
    (("model.config.weight=2",), "weight=2 must be a number from 0 to 1"),
    (("model.config.weight=much",), "weight=much must be a number from 0 to 1"),
    (("model.config.weight=0.5", "model.config.fusion=text"), "needs fusion=weighted"),
    (("model.init=pretrained", "model.name=x"), "model.init=pretrained"),
    (("model.freeze=[text]",), "model.freeze: this model has no module 'text'"),
    (("model.towers.text.freeze=[x]",), "model.freeze=[towers.text] freezes it"),
    (("model.tokenizer.train=bpe",), "belong to an encoder"),
    (("~model.towers.image.image_processor.size",), "this model has no image processor"),
    (("model.towers.text.tokenizer.train=null",), "model.towers.text.tokenizer.train=null"),
    (("model.towers.text.config.model_type=vit",), "model.config."),
    (("task.shift=-1",), "task.shift=-1"),
]


@pytest.mark.parametrize(("argv", "told"), REFUSED_OF_BOTH)
def test_what_an_image_text_task_refuses(ftk: Ftk, pairs: tuple[str, ...], argv: tuple[str, ...], told: str) -> None:
    result = ftk("finetune", *BOTH, *pairs, *argv, "train.max_steps=1")
    assert result.code == 1
    assert told in result.err
    assert "Traceback" not in result.err


def test_models_are_for_what_they_read(ftk: Ftk, pairs: tuple[str, ...]) -> None:
    text = ftk("finetune", "task=text-classification", *SMALL, *RUN, *pairs)
    assert "It reads images, but the task reads texts." in text.err
    one = ftk("finetune", "task=image-text-classification", *SMALL, *RUN, *pairs, "model.tokenizer.train=wordpiece")
    assert "It reads images, but the task reads texts and images. Use model=fusion" in one.err
    both = ftk("finetune", "task=image-classification", *FUSED, *RUN, *pairs)
    assert "It reads texts and images, but the task reads images. Use an image model" in both.err
    assert (text.code, one.code, both.code) == (1, 1, 1)


@pytest.mark.parametrize(
    ("values", "told"),
    [
        ({"size": {"height": 100000, "width": 100000}}, "makes images with a side of 100,000 pixels"),
        ({"size": {"shortest_edge": 16}, "do_center_crop": False}, " depends on the image ("),
        ({"image_mean": [0.5]}, "fails with these values"),
        ({"image_processor_type": "NoSuchProcessor"}, "the image processor cannot be loaded"),
        (None, "the folder has no preprocessor_config.json"),
        ("{", "cannot be"),
    ],
)
def test_a_processor_that_cannot_be_used_is_refused(
    ftk: Ftk, images: tuple[str, ...], values: dict | str | None, told: str
) -> None:
    path = save_image_model("model") / "preprocessor_config.json"
    if values is None:
        path.unlink()
    elif isinstance(values, str):
        path.write_text(values)
    else:
        path.write_text(json.dumps({**json.loads(path.read_text()), **values}))
    result = ftk("finetune", "task=image-classification", "model=auto", "model.name=model", *RUN, *images)
    assert result.code == 1
    assert told in result.err
    assert "Traceback" not in result.err


@pytest.mark.slow
def test_faults_stop_evaluate_and_predict_too(ftk: Ftk, images: tuple[str, ...]) -> None:
    trained(ftk, *IMAGES, *images, "train.max_steps=1")
    Path("images/cut.png").write_bytes(Path("images/up-0.png").read_bytes()[:60])
    write_jsonl("bad.jsonl", [{"image": "images/up-0.png", "label": "up"}, {"image": "images/cut.png", "label": "up"}])
    for argv in (("evaluate", "data.test=bad.jsonl"), ("predict", "input=bad.jsonl", "output=out.jsonl")):
        result = ftk(argv[0], "--json", "checkpoint=run/best", *argv[1:])
        assert_refused(result, kinds.IMAGE_DAMAGED)
        assert "bad.jsonl:2: images/cut.png" in result.err
    assert not Path("out.jsonl").exists()
    write_lines("texts.txt", ["A text."])
    result = ftk("predict", "--json", "checkpoint=run/best", "input=texts.txt", "output=out.jsonl")
    assert_refused(result, (kinds.MISSING, {"role": "image"}))
