"""Loads and creates image processors, and checks them against their model."""

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from ftk.config.schema import ModelConfig
from ftk.errors import ModelError, first_line
from ftk.models.files.untrusted_folder import check_untrusted_folder

_FILES = ("preprocessor_config.json", "processor_config.json")
_MOST = 1 << 12
"""Upper bound for the side of the images that an image processor makes, in pixels."""
_OF_A_CALL = {"data_format", "device", "disable_grouping", "image_seq_length", "input_data_format", "return_tensors"}
"""Values of transformers' image processors that are arguments of each call, not settings."""
_SIDES = ("height", "width", "shortest_edge", "longest_edge", "max_height", "max_width")


@dataclass(frozen=True, slots=True)
class TextAndImages:
    """The tokenizer and the image processor of a model that reads both texts and images."""

    tokenizer: Any
    image_processor: Any

    def save_pretrained(self, folder: Path | str) -> None:
        """Writes the files of both."""
        self.tokenizer.save_pretrained(folder)
        self.image_processor.save_pretrained(folder)


def load_image_processor(folder: Path | str, changes: dict[str, Any] | None = None) -> Any:
    """Loads the image processor of a model folder.

    It is the variant for Pillow and NumPy, which gives the same result everywhere.

    Args:
        folder: of a model.
        changes: values that replace its own.

    Raises:
        ModelError: the folder has no usable image processor, or the processor has no such value.
    """
    from transformers import AutoImageProcessor

    folder = Path(folder)
    check_untrusted_folder(folder)
    if not any((folder / name).is_file() for name in _FILES):
        raise ModelError(
            f"{folder}: the folder has no {_FILES[0]}, so it is not an image model, which this task needs."
        )
    try:
        processor: Any = AutoImageProcessor.from_pretrained(
            str(folder), backend="pil", trust_remote_code=False, local_files_only=True
        )
    except Exception as error:  # any of several libraries may fail here; each failure means the same to the user
        raise ModelError(f"{folder}: the image processor cannot be loaded ({first_line(error)}).") from error
    if not changes:
        return processor
    own = {name: value for name, value in processor.to_dict().items() if name != "image_processor_type"}
    return _create(type(processor), {**own, **changes})


def image_processor_of(model: ModelConfig, folder: Path | None) -> Any:
    """The model's own image processor with the config's changes, or a new one that the config describes.

    Args:
        model: the model section of the config.
        folder: of a named model; None if the model has no name.

    Raises:
        ModelError: the model has no image processor, or it refuses the values.
    """
    if folder is not None:
        return load_image_processor(folder, model.image_processor)
    if "size" not in model.image_processor:
        raise ModelError(
            f"model.config.model_type={model.config['model_type']}: this model has no image processor, but the task "
            "reads images. Choose an image model, or set the size of its images (+model.image_processor.size=64)."
        )
    from transformers.models.vit.image_processing_pil_vit import ViTImageProcessorPil

    # The simplest processor: it only resizes the images and normalises their values.
    return _create(ViTImageProcessorPil, model.image_processor)


def set_image_size(config: Any, processor: Any, values: dict[str, Any] | None) -> None:
    """Checks that an encoder accepts its processor's images, and sets image size and channels for random weights.

    The check runs the encoder on the meta device, without memory.

    Args:
        config: of the encoder; changed if its weights are random.
        processor: of the same model.
        values: for random weights, the user's ``model.config``, which is kept; other values follow the processor. None
            for pretrained weights.

    Raises:
        ModelError: the encoder takes images of another size, or no images.
    """
    import torch
    from transformers import AutoModel

    channels, height, width = shape_of(processor)
    if values is not None:
        size = height if height == width else [height, width]
        for name, value in (("num_channels", channels), ("image_size", size)):
            if hasattr(config, name) and name not in values:
                setattr(config, name, value)
    try:
        with torch.device("meta"):
            AutoModel.from_config(config).eval()(pixel_values=torch.zeros(1, channels, height, width))
    except Exception as error:  # architectures raise errors of several types for this
        raise ModelError(
            f"the image processor makes images of {channels} x {height} x {width}, which this {config.model_type} "
            f"model does not accept ({first_line(error)}). Change the size with model.image_processor.size=…"
        ) from error


def shape_of(processor: Any) -> tuple[int, int, int]:
    """Channels, height and width of an image processor's output, measured on two test images.

    Raises:
        ModelError: the processor fails, or its output shape depends on the image.
    """
    from PIL import Image

    name = type(processor).__name__
    sizes = [
        value for holder in ("size", "crop_size", "pad_size") for value in _sizes(getattr(processor, holder, None))
    ]
    if any(value > _MOST for value in sizes):
        raise ModelError(
            f"model.image_processor: {name} makes images with a side of {max(sizes):,} pixels; at most {_MOST:,} are "
            "allowed."
        )
    mean = getattr(processor, "image_mean", None)
    mode = "L" if isinstance(mean, (list, tuple)) and len(mean) == 1 else "RGB"
    shapes = []
    for size in ((48, 32), (32, 48)):
        try:
            made = processor(images=[Image.new(mode, size)], return_tensors="np")["pixel_values"]
            shapes.append(np.asarray(made).shape)
        except Exception as error:  # processors raise errors of several types for invalid values
            raise ModelError(f"model.image_processor: {name} fails with these values ({first_line(error)}).") from error
    if shapes[0] != shapes[1] or len(shapes[0]) != 4 or 0 in shapes[0]:
        raise ModelError(
            f"model.image_processor: the output shape of {name} depends on the image ({shapes[0]}, {shapes[1]}). For "
            "most processors, model.image_processor.size={height: …, width: …} fixes it."
        )
    _, channels, height, width = shapes[0]
    return channels, height, width


def _create(kind: Any, values: dict[str, Any]) -> Any:
    """Creates an image processor with these values.

    Raises:
        ModelError: the processor has no such value, or refuses it.
    """
    known = kind.valid_kwargs.__annotations__.keys() - _OF_A_CALL
    for name, value in values.items():
        if name not in known:
            raise ModelError(f"model.image_processor.{name}={value}: {kind.__name__} has no key '{name}'.")
    try:
        return kind(**values)
    except Exception as error:  # processors raise errors of several types for invalid values
        raise ModelError(f"model.image_processor: {first_line(error)}") from error


def _sizes(size: Any) -> list[int]:
    values = [size] if isinstance(size, int) else [getattr(size, name, None) for name in _SIDES] if size else []
    return [value for value in values if isinstance(value, int)]
