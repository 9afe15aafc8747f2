"""Runs of the tasks with images: resumed, from files of all kinds, with frozen parts and a learned share."""

import json
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from conftest import Result, read_jsonl, write_lines
from image_models import FUSED, HERE, SMALL, drawing, drawings, image_task, save_image_model, write_splits

pytestmark = pytest.mark.torch

Ftk = Callable[..., Result]
RUN = (*HERE, "train.batch_size=8", "run.dir=run")
IMAGES = ("task=image-classification", *SMALL, *RUN)
BOTH = ("task=image-text-classification", *FUSED, *RUN)


@pytest.fixture
def pairs(tmp_path: Path) -> tuple[str, ...]:
    return write_splits(tmp_path, both=True)


def trained(ftk: Ftk, *argv: str) -> Result:
    result = ftk("finetune", *argv)
    assert result.code == 0, result.err
    return result


def weights(folder: str) -> dict:
    from safetensors.torch import load_file

    return load_file(Path(folder, "model.safetensors"))


def test_a_run_is_not_resumed_with_other_images(ftk: Ftk, pairs: tuple[str, ...], tmp_path: Path) -> None:
    argv = ("finetune", *IMAGES, *pairs, "train.max_steps=4")
    assert ftk(*argv, "run.stop_after=2").code == 0
    drawing("up", 0, tmp_path / "new")
    (tmp_path / "new/images/up-0.png").replace(tmp_path / "images/up-2.png")
    result = ftk(*argv, "run.resume=true")
    assert result.code == 1
    assert "the files of data.train have changed since the run began" in result.err


def test_two_images_of_one_row_in_a_batch_are_changed_each_in_its_way(pairs: tuple[str, ...]) -> None:
    """A row that is drawn twice in a pass looks the same; in the next pass it looks otherwise."""
    import torch

    from ftk.contracts.contexts import SampleSeed
    from ftk.data.images.decoding import digest_of
    from ftk.data.images.examples import ImageFile
    from ftk.data.images.features import ImageFeatures, Pixels

    class Plain:
        def __call__(self, images: list, return_tensors: str) -> dict:
            return {"pixel_values": [np.asarray(image, np.float32).transpose(2, 0, 1) for image in images]}

    path = Path("images/up-0.png")
    pixels = Pixels([ImageFile("a", path, digest_of(path))], Plain(), (3, 16, 16))
    features = ImageFeatures({}, np.zeros(1, np.int64), 0, pixels=pixels)
    task = image_task(flip=True, shift=0.3)
    batch = task.collate(features, [0, 0, 0], SampleSeed(1, np.array([0, 0, 1])))
    one, same, other = batch.inputs["pixel_values"]
    assert torch.equal(one, same)
    assert not torch.equal(one, other)
    still = task.collate(features, [0], None).inputs["pixel_values"][0]
    assert torch.equal(still, torch.from_numpy(pixels([0], 1)[0]))


@pytest.mark.slow
def test_a_frozen_tower_of_texts_stays_with_all_of_its_embeddings(ftk: Ftk, pairs: tuple[str, ...]) -> None:
    """Nothing of it moves from one step to the fourth, while all of the other tower does."""
    argv = (*BOTH, *pairs, "model.freeze=[towers.text]")
    assert "rows are frozen" not in trained(ftk, *argv, "train.max_steps=1", "run.dir=one").out
    trained(ftk, *argv, "train.max_steps=4", "run.dir=four")
    one, four = weights("one/last"), weights("four/last")
    still = {name for name, tensor in one.items() if tensor.equal(four[name])}
    assert still == {name for name in one if name.startswith("towers.text.")}


@pytest.mark.slow
def test_a_frozen_tower_stays_as_it_is_and_the_other_learns(ftk: Ftk, pairs: tuple[str, ...]) -> None:
    from safetensors.torch import load_file

    save_image_model("eyes", "resnet")
    model = ("model=fusion", "model@model.towers.text=tiny", "model@model.towers.image=auto")
    argv = ("task=image-text-classification", *model, "model.towers.image.name=eyes", *RUN, *pairs)
    result = trained(ftk, *argv, "model.freeze=[towers.image]", "train.max_steps=3")
    assert "frozen: towers.image, " in result.out
    before, after = load_file("eyes/model.safetensors"), load_file("run/best/model.safetensors")
    for name, tensor in before.items():  # the statistics of its norms among them
        assert tensor.equal(after[f"towers.image.{name}"]), name
    trained(ftk, *argv, "train.max_steps=3", "run.dir=free")
    free = load_file("free/best/model.safetensors")
    assert any(not tensor.equal(free[f"towers.image.{name}"]) for name, tensor in before.items())


@pytest.mark.parametrize("task", [IMAGES, BOTH], ids=["images", "both"])
@pytest.mark.slow
def test_csv_of_another_folder_for_all_three_commands(ftk: Ftk, tmp_path: Path, task: tuple[str, ...]) -> None:
    """Paths are relative to the file that they stand in, whichever command reads it."""
    rows = drawings(tmp_path / "far" / "away", 12)
    lines = [f"{row['image']},{row['text']},{row['label']}" for row in rows]
    write_lines("far/away/rows.csv", ["file_name,text,class", *lines])
    data = "data.train=far/away/rows.csv"
    trained(ftk, *task, data, "train.max_steps=2", "data.validation_share=0.25")
    argv = ("evaluate", "checkpoint=run/best", "data.test=far/away/rows.csv", "run.dir=again", *HERE)
    result = ftk(*argv)
    assert result.code == 0, result.err
    result = ftk("predict", "checkpoint=run/best", "input=far/away/rows.csv", "output=out.jsonl", *HERE)
    assert result.code == 0, result.err
    records = read_jsonl("out.jsonl")
    assert [record["image"] for record in records] == [row["image"] for row in rows]
    assert [record["gold_label"] for record in records] == [row["label"] for row in rows]
    assert records == read_jsonl("again/predictions/test.jsonl")


def test_images_and_texts_stay_together_in_any_order(tmp_path: Path) -> None:
    """Each window of a batch has the image of its own row, and its own text, also where a row has several."""
    from ftk.data.batching.features import Ragged
    from ftk.data.images.decoding import digest_of
    from ftk.data.images.examples import ImageFile
    from ftk.data.images.features import ImageFeatures, Pixels

    class Number:
        """An image processor that makes the number in an image's name of it."""

        def __call__(self, images: list, return_tensors: str) -> dict:
            return {"pixel_values": [np.full((3, 16, 16), np.asarray(image)[0, 0, 1], np.float32) for image in images]}

    paths = [tmp_path / drawing("up", number, tmp_path) for number in range(5)]
    pixels = Pixels([ImageFile(path.name, path, digest_of(path)) for path in paths], Number(), (3, 16, 16))
    row = np.array([0, 1, 1, 2, 3, 3, 4])
    ids = Ragged.of([np.full(2 + number % 3, 250 - number, dtype=np.int32) for number in row])
    features = ImageFeatures({"input_ids": ids}, row, 0, pixels=pixels)
    batch = image_task("image-text-classification").collate(features, [6, 2, 0, 5, 1, 4, 3], None)
    assert batch.inputs["input_ids"][:, 0].tolist() == batch.inputs["pixel_values"][:, 0, 0, 0].tolist()
    assert batch.inputs["input_ids"][:, 0].tolist() == [246, 249, 250, 247, 249, 247, 248]


def test_baselines_of_images_with_texts_read_the_texts(ftk: Ftk, pairs: tuple[str, ...]) -> None:
    trained(ftk, *BOTH, *pairs, "train.max_steps=1", "train.baselines=auto")
    found = json.loads(Path("run/metrics.json").read_text())["baselines"]["validation"]
    assert found.keys() == {"majority", "tfidf-linear"}


@pytest.mark.slow
def test_a_learned_share_is_reported_and_written_down(ftk: Ftk, pairs: tuple[str, ...]) -> None:
    from ftk.models.architectures.fusion import AutoModelForImageTextClassification

    said = trained(ftk, *BOTH, *pairs, "train.max_steps=8").out
    learned = json.loads(Path("run/metrics.json").read_text())["learned"]["share_of_text"]
    share = float(AutoModelForImageTextClassification.from_pretrained("run/best").share.detach())
    assert learned == pytest.approx(share, abs=1e-5)
    assert abs(learned - 0.5) > 1e-3  # it is trained at a rate that moves it
    assert f"learned: share_of_text {share:.4f}" in said
    fixed = trained(ftk, *BOTH, *pairs, "train.max_steps=1", "model.config.weight=0.25", "run.dir=fixed").out
    assert "learned:" not in fixed
    assert "learned" not in json.loads(Path("fixed/metrics.json").read_text())


def test_towers_their_heads_and_the_share_have_their_own_rates() -> None:
    from types import SimpleNamespace

    from ftk.models.tuning.learning_rates import lr_scales

    towers = {"text": SimpleNamespace(default_lr=5e-5), "image": SimpleNamespace(default_lr=2e-3)}
    scales = lr_scales(SimpleNamespace(default_lr=1e-3, towers=towers))  # type: ignore[arg-type]
    rates = {name: scale * 1e-3 for name, scale in scales.items()}
    assert rates == pytest.approx(
        {"towers.text": 5e-5, "heads.text": 5e-5, "towers.image": 2e-3, "heads.image": 2e-3, "mix": 1e-2}
    )
    assert lr_scales(SimpleNamespace(default_lr=1e-3, towers={})) == {}  # type: ignore[arg-type]


@pytest.mark.slow
def test_a_part_without_a_rate_stays_and_the_rest_moves(ftk: Ftk, pairs: tuple[str, ...]) -> None:
    argv = (*BOTH, *pairs, "optimizer.lr_scale={towers.text: 0, heads.text: 0}")
    trained(ftk, *argv, "train.max_steps=1", "run.dir=one")
    trained(ftk, *argv, "train.max_steps=4", "run.dir=four")
    one, four = weights("one/last"), weights("four/last")
    still = {name for name, tensor in one.items() if tensor.equal(four[name])}
    assert still == {name for name in one if name.startswith(("towers.text.", "heads.text."))}
