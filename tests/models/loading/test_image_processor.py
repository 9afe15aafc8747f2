"""Image processors give the same pixels as in plain transformers."""

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from conftest import write_jsonl
from data_helpers import data_config
from ftk.contracts.contexts import Encoding
from ftk.contracts.notes import Notes
from ftk.contracts.values import Labels, WindowPlan
from ftk.data.row_corpus import read_test_corpus
from image_models import image_task

pytestmark = pytest.mark.torch

PROCESSORS: dict[str, dict[str, Any]] = {
    "ViTImageProcessor": {"size": {"height": 20, "width": 24}, "image_mean": [0.1, 0.5, 0.7], "image_std": [0.2, 1, 2]},
    "ConvNextImageProcessor": {"size": {"shortest_edge": 32}, "crop_pct": 0.8, "resample": 3},
    "CLIPImageProcessor": {"size": {"shortest_edge": 28}, "crop_size": {"height": 24, "width": 24}},
    "BitImageProcessor": {"size": {"shortest_edge": 30}, "crop_size": {"height": 16, "width": 20}, "do_rescale": False},
}
"""Processors that resize, crop and normalise differently, none with default values."""


@pytest.fixture
def rows(tmp_path: Path) -> list[dict[str, str]]:
    """Images of every kind that ftk does not alter: neither transparent nor rotated."""
    colours = np.random.default_rng(0).integers(0, 256, (37, 61, 3), dtype=np.uint8)
    drawn = Image.fromarray(colours)
    drawn.save(tmp_path / "colour.png")
    drawn.transpose(Image.Transpose.ROTATE_90).save(tmp_path / "tall.jpg")
    drawn.convert("L").save(tmp_path / "grey.png")
    drawn.convert("CMYK").save(tmp_path / "print.jpg")
    drawn.convert("P").save(tmp_path / "palette.gif")
    Image.fromarray(colours[:3, :5]).save(tmp_path / "small.bmp")
    return [{"image": path.name, "label": "x"} for path in sorted(tmp_path.iterdir())]


@pytest.mark.parametrize("kind", PROCESSORS)
def test_pixels_equal_those_of_the_models_own_processor(tmp_path: Path, rows: list[dict[str, str]], kind: str) -> None:
    import transformers

    from ftk.models.loading.image_processor import load_image_processor, shape_of

    folder = tmp_path / "model"
    folder.mkdir()
    values = {"image_processor_type": kind, **PROCESSORS[kind]}
    (folder / "preprocessor_config.json").write_text(json.dumps(values), encoding="utf-8")
    task, notes, labels = image_task(), Notes(), Labels(("x",))
    data = data_config(test=write_jsonl(tmp_path / "rows.jsonl", rows))
    examples = read_test_corpus(data, task, labels, notes).examples["test"]
    processor = load_image_processor(folder)
    features = task.features(examples, Encoding(processor, labels, WindowPlan(8, 2), notes))
    own = transformers.AutoImageProcessor.from_pretrained(folder, backend="pil")
    order = [5, 0, 3, 1, 4, 2]
    found = task.collate(features, order, None).inputs["pixel_values"].numpy()
    assert found.shape == (6, *shape_of(processor))
    for number, pixels in zip(order, found, strict=True):
        with Image.open(tmp_path / rows[number]["image"]) as image:
            expected = own(images=image.convert("RGB"), return_tensors="np")["pixel_values"][0]
        assert np.array_equal(pixels, expected), rows[number]
    assert len({pixels.tobytes() for pixels in found}) == 6
