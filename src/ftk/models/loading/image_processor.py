"""What makes numbers of a model's input: a tokenizer of texts, an image processor of images, or both."""

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from ftk.config.schema import ModelConfig
from ftk.errors import ModelError, first_line
from ftk.models.loading.untrusted_folder import check_folder

_FILES = ("preprocessor_config.json", "processor_config.json")
_MOST = 1 << 12
"""Pixels along the longest side that an image processor may make."""
_OF_A_CALL = {"data_format", "device", "disable_grouping", "image_seq_length", "input_data_format", "return_tensors"}
"""What transformers lists among the values of an image processor, and is said with each call."""
_SIDES = ("height", "width", "shortest_edge", "longest_edge", "max_height", "max_width")


@dataclass(frozen=True, slots=True)
class TextAndImages:
    """What a model of texts and images reads with."""

    tokenizer: Any
    image_processor: Any

    def save_pretrained(self, folder: Path | str) -> None:
        """Write the files of both."""
        self.tokenizer.save_pretrained(folder)
        self.image_processor.save_pretrained(folder)


def load_image_processor(folder: Path | str, changes: dict[str, Any] | None = None) -> Any:
    """The image processor in a model folder, computing with Pillow and NumPy, which is the same everywhere.

    Args:
        folder: of a model.
        changes: values that are to be others than its own.

    Raises:
        ModelError: the folder has none that can be used, or it has no such value.
    """
    from transformers import AutoImageProcessor

    folder = Path(folder)
    check_folder(folder)
    if not any((folder / name).is_file() for name in _FILES):
        raise ModelError(
            f"{folder}: it has no {_FILES[0]}, so it is no model of images, which is what this task wants."
        )
    try:
        processor: Any = AutoImageProcessor.from_pretrained(
            str(folder), backend="pil", trust_remote_code=False, local_files_only=True
        )
    except Exception as error:  # any of several libraries may fail here; each failure means the same to the user
        raise ModelError(f"{folder}: its image processor cannot be loaded ({first_line(error)}).") from error
    if not changes:
        return processor
    own = {name: value for name, value in processor.to_dict().items() if name != "image_processor_type"}
    return _made(type(processor), {**own, **changes})


def image_processor_of(model: ModelConfig, folder: Path | None) -> Any:
    """The model's own image processor, with the changes of the config, or one that the config describes.

    Args:
        model: the model section of the config.
        folder: of a named model; None where there is none.

    Raises:
        ModelError: there is none, or the values are none that it takes.
    """
    if folder is not None:
        return load_image_processor(folder, model.image_processor)
    if "size" not in model.image_processor:
        raise ModelError(
            f"model.config.model_type={model.config['model_type']}: this model has no image processor, and the task "
            "reads images; choose a model of images, or say how large it makes them (+model.image_processor.size=64)."
        )
    from transformers.models.vit.image_processing_pil_vit import ViTImageProcessorPil

    # The plainest there is: every image is brought to one size, its values to one range.
    return _made(ViTImageProcessorPil, model.image_processor)


def settle_image_size(config: Any, processor: Any, values: dict[str, Any] | None) -> None:
    """See that an encoder takes the images that its processor makes, by trying it without memory.

    Args:
        config: of the encoder; changed where its weights are random.
        processor: of the same model.
        values: where the weights are random, what the user says of the architecture; the rest follows the processor.

    Raises:
        ModelError: the encoder takes images of another size, or none.
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
    except Exception as error:  # architectures say this with errors of several kinds
        raise ModelError(
            f"the image processor makes {channels} x {height} x {width} pixels, which this {config.model_type} model "
            f"does not take ({first_line(error)}); model.image_processor.size=… changes it."
        ) from error


def shape_of(processor: Any) -> tuple[int, int, int]:
    """Channels, height and width of the arrays that an image processor makes of an image, tried on two of them.

    Raises:
        ModelError: it makes none, or arrays whose shape depends on the image.
    """
    from PIL import Image

    name = type(processor).__name__
    sizes = [
        value for holder in ("size", "crop_size", "pad_size") for value in _sizes(getattr(processor, holder, None))
    ]
    if any(value > _MOST for value in sizes):
        raise ModelError(f"the image processor {name} makes images of {max(sizes):,} pixels; {_MOST:,} are the most.")
    mean = getattr(processor, "image_mean", None)
    mode = "L" if isinstance(mean, (list, tuple)) and len(mean) == 1 else "RGB"
    shapes = []
    for size in ((48, 32), (32, 48)):
        try:
            made = processor(images=[Image.new(mode, size)], return_tensors="np")["pixel_values"]
            shapes.append(np.asarray(made).shape)
        except Exception as error:  # processors check their values with errors of several kinds
            raise ModelError(
                f"model.image_processor: {name} cannot be used with these values ({first_line(error)})."
            ) from error
    if shapes[0] != shapes[1] or len(shapes[0]) != 4 or 0 in shapes[0]:
        raise ModelError(
            f"the image processor {name} makes arrays whose shape depends on the image ({shapes[0]}, {shapes[1]}); "
            "model.image_processor.size={height: …, width: …} settles it for most."
        )
    _, channels, height, width = shapes[0]
    return channels, height, width


def _made(kind: Any, values: dict[str, Any]) -> Any:
    """An image processor of these values.

    Raises:
        ModelError: it takes no such value.
    """
    known = kind.valid_kwargs.__annotations__.keys() - _OF_A_CALL
    for name, value in values.items():
        if name not in known:
            raise ModelError(f"model.image_processor.{name}={value}: {kind.__name__} has no such value.")
    try:
        return kind(**values)
    except Exception as error:  # processors check their values with errors of several kinds
        raise ModelError(f"model.image_processor: {first_line(error)}") from error


def _sizes(size: Any) -> list[int]:
    values = [size] if isinstance(size, int) else [getattr(size, name, None) for name in _SIDES] if size else []
    return [value for value in values if isinstance(value, int)]
