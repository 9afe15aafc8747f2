"""Drawings of two kinds with notes, and small models of images in folders, as if from a hub."""

from pathlib import Path
from typing import Any

from PIL import Image, ImageDraw

from conftest import write_jsonl
from ftk.config.paths import values_of
from ftk.tasks import build_task

SMALL = (
    "model=vit-tiny",
    "model.config.hidden_size=32",
    "model.config.num_hidden_layers=1",
    "model.config.num_attention_heads=2",
    "model.config.intermediate_size=64",
    "model.image_processor.size=16",
)
"""A model of images that trains in seconds."""
CONVOLUTIONS = (
    "model=resnet-tiny",
    "model.config.embedding_size=8",
    "model.config.hidden_sizes=[8,16]",
    "model.config.depths=[1,1]",
    "model.image_processor.size=16",
    "model.default_lr=1e-2",
)
FUSED = (
    "model=fusion",
    "model@model.towers.text=tiny",
    "model.towers.text.config.num_hidden_layers=1",
    "model@model.towers.image=vit-tiny",
    "model.towers.image.config.hidden_size=32",
    "model.towers.image.config.num_hidden_layers=1",
    "model.towers.image.config.num_attention_heads=2",
    "model.towers.image.config.intermediate_size=64",
    "model.towers.image.image_processor.size=16",
    "model.default_lr=1e-3",
)
"""One of images and texts."""
HERE = ("hardware=cpu", "hardware.threads=1")
NOTES = {"came": ("it is here", "we have it now", "received today"), "lost": ("gone", "nobody saw it", "never came")}


def image_task(name: str = "image-classification", **fields: Any) -> Any:
    """A shipped task with some fields changed."""
    node = values_of(f"task/{name}")
    return build_task({**node, **fields})


def drawing(bar: str, number: int, folder: Path) -> str:
    """The name of an image with a vertical or horizontal bar, at a place that no other image has."""
    image = Image.new("RGB", (16, 16), (255, 250 - number, 240))
    at = 3 + number % 9
    ends = (at, 1, at + 2, 14) if bar == "up" else (1, at, 14, at + 2)
    ImageDraw.Draw(image).rectangle(ends, fill=(number % 50, 0, 60))
    name = f"images/{bar}-{number}.png"
    (folder / "images").mkdir(parents=True, exist_ok=True)
    image.save(folder / name)
    return name


def drawings(folder: Path, number: int) -> list[dict[str, Any]]:
    """Rows whose label is what the image shows; their texts say something else."""
    rows = []
    for i in range(number):
        bar, state = ("up", "flat")[i % 2], ("came", "lost")[i // 2 % 2]
        text = NOTES[state][i // 4 % 3]
        rows.append({"id": i, "image": drawing(bar, i, folder), "text": text, "label": bar, "state": state})
    return rows


def write_splits(folder: Path, *, both: bool) -> tuple[str, ...]:
    """The overrides that name a corpus of 32, 16 and 16 rows; with ``both`` the label is of picture and text."""
    rows = drawings(folder, 64)
    for row in rows if both else ():
        row["label"] = f"{row['label']} {row['state']}"
    parts = {"train": rows[:32], "validation": rows[32:48], "test": rows[48:]}
    return tuple(f"data.{split}={write_jsonl(folder / f'{split}.jsonl', part)}" for split, part in parts.items())


def save_image_model(folder: Path | str, kind: str = "vit", *, labels: list[str] | None = None, size: int = 16) -> Path:
    """A model with random weights and its image processor, saved by transformers alone."""
    import torch
    import transformers

    torch.manual_seed(0)
    values: dict[str, Any] = (
        {"hidden_size": 32, "num_hidden_layers": 1, "num_attention_heads": 2, "intermediate_size": 64, "patch_size": 4}
        if kind == "vit"
        else {"embedding_size": 8, "hidden_sizes": [8, 16], "depths": [1, 1], "layer_type": "basic"}
    )
    if kind == "vit":
        values["image_size"] = size
    if labels is not None:
        values |= {"id2label": dict(enumerate(labels)), "label2id": {name: i for i, name in enumerate(labels)}}
    config = transformers.AutoConfig.for_model(kind, **values)
    auto = transformers.AutoModelForImageClassification if labels is not None else transformers.AutoModel
    auto.from_config(config).save_pretrained(folder)
    processor = transformers.ViTImageProcessor(size={"height": size, "width": size})
    processor.save_pretrained(folder)
    return Path(folder)
