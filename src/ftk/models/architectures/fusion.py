"""A text encoder and an image encoder with a joint classification head."""

from __future__ import annotations

from typing import Any, ClassVar

import torch
from torch import Tensor, nn
from transformers import AutoConfig, AutoModel, PretrainedConfig, PreTrainedModel
from transformers.modeling_outputs import SequenceClassifierOutput

from ftk.errors import ModelError, first_line
from ftk.models.architectures.heads import encoder_class_of, has_optional_pooler

TOWERS = {"text": "text_config", "image": "vision_config"}
"""Encoder names and the config attribute of each."""
SHARE = "mix"
"""Name of the parameter whose sigmoid is the weight of the text's logits."""
SHARE_LR = 1e-2
"""Learning rate of that parameter: some hundred steps can move the weight anywhere."""
_SIDE = 224
"""Side of the test image in pixels, for encoders whose config names no size."""
_NO_STATE = "a {} model gives no single vector per image, which a fusion needs ({}); choose another image encoder"
_KINDS = ("weighted", "concatenation", "text", "image")


class FusionConfig(PretrainedConfig):
    """The configs of both encoders, and how their outputs are combined."""

    model_type = "ftk-fusion"
    sub_configs: ClassVar[dict[str, Any]] = dict.fromkeys(TOWERS.values(), AutoConfig)

    def __init__(
        self,
        text_config: Any = None,
        vision_config: Any = None,
        fusion: str = "weighted",
        weight: float | None = None,
        dropout: float = 0.1,
        initializer_range: float = 0.02,
        **kwargs: Any,
    ) -> None:
        """
        Args:
            text_config: config of the text encoder, or its values.
            vision_config: config of the image encoder, or its values.
            fusion: ``weighted`` mixes the logits of both; ``concatenation`` has one layer over both vectors; ``text``
                and ``image`` use one encoder alone.
            weight: weight of the text's logits; None learns it, starting at one half.
            dropout: dropout rate before the head.
            initializer_range: standard deviation of the head's random weights.
            kwargs: arguments of every config, such as the labels.
        """
        if fusion not in _KINDS:
            raise ValueError(f"fusion={fusion} must be one of {', '.join(_KINDS)}")
        if weight is not None and (fusion != "weighted" or not _is_number(weight) or not 0 <= weight <= 1):
            raise ValueError(f"weight={weight} must be a number from 0 to 1, and needs fusion=weighted")
        if not _is_number(dropout) or not 0 <= dropout < 1:
            raise ValueError(f"dropout={dropout} must be at least 0 and below 1")
        self.text_config = _config_of(text_config, "bert")
        self.vision_config = _config_of(vision_config, "vit")
        self.fusion = fusion
        self.weight = weight
        self.dropout = dropout
        self.initializer_range = initializer_range
        super().__init__(**kwargs)

    @property
    def towers(self) -> dict[str, Any]:
        """Configs of the encoders that this fusion uses, by name."""
        return {name: getattr(self, place) for name, place in TOWERS.items() if self.fusion in (name, *_KINDS[:2])}


class _Fusion(PreTrainedModel):
    """Base class of the bare model and the model with a head."""

    config_class = FusionConfig
    base_model_prefix = "towers"
    main_input_name = "input_ids"

    def _init_weights(self, module: nn.Module) -> None:
        if isinstance(module, nn.Linear):
            nn.init.normal_(module.weight, std=self.config.initializer_range)
            nn.init.zeros_(module.bias)


class FusionModel(_Fusion):
    """Encodes texts and images into one vector each; each encoder may be any of transformers."""

    def __init__(self, config: FusionConfig) -> None:
        super().__init__(config)
        for name, tower in config.towers.items():
            setattr(self, name, _encoder_of(tower))
        self.post_init()

    def get_input_embeddings(self) -> Any:
        """The text encoder's embedding table; None if no texts are read."""
        text: Any = getattr(self, "text", None)
        return None if text is None else text.get_input_embeddings()

    def forward(
        self,
        input_ids: Tensor,
        pixel_values: Tensor,
        attention_mask: Tensor | None = None,
        token_type_ids: Tensor | None = None,
    ) -> dict[str, Tensor]:
        """Returns one vector per text and per image, [rows, size], by encoder name.

        Args:
            input_ids, attention_mask, token_type_ids: [rows, time].
            pixel_values: [rows, channels, height, width].
        """
        text: Any = getattr(self, "text", None)
        image: Any = getattr(self, "image", None)
        found = {}
        if text is not None:
            types = {} if token_type_ids is None else {"token_type_ids": token_type_ids}
            encoded = text(input_ids=input_ids, attention_mask=attention_mask, **types)
            found["text"] = _pooled(encoded, attention_mask)
        if image is not None:
            found["image"] = _pooled(image(pixel_values=pixel_values), None)
        return found


class FusionForClassification(_Fusion):
    """A ``FusionModel`` with linear layers: one for each encoder, or one over both."""

    def __init__(self, config: FusionConfig) -> None:
        super().__init__(config)
        sizes = {name: _size_of(name, tower) for name, tower in config.towers.items()}
        self.towers = FusionModel(config)
        self.dropout = nn.Dropout(config.dropout)
        if config.fusion == "concatenation":
            sizes = {"both": sum(sizes.values())}
        self.heads = nn.ModuleDict({name: nn.Linear(size, int(config.num_labels or 0)) for name, size in sizes.items()})
        if config.fusion == "weighted" and config.weight is None:
            self.mix = nn.Parameter(torch.zeros(()))
        self.post_init()

    @property
    def share(self) -> Tensor | float:
        """Weight of the text's logits, with ``fusion=weighted``."""
        return torch.sigmoid(self.mix) if self.config.weight is None else float(self.config.weight)

    def report_parameters(self) -> dict[str, float]:
        """``share_of_text``: the share of the text's logits, if it is learned; the image has the rest."""
        if self.config.fusion != "weighted" or self.config.weight is not None:
            return {}
        return {"share_of_text": float(torch.sigmoid(self.mix).detach())}

    def get_input_embeddings(self) -> Any:
        """The text encoder's embedding table; None if no texts are read."""
        return self.towers.get_input_embeddings()

    def forward(
        self,
        input_ids: Tensor,
        pixel_values: Tensor,
        attention_mask: Tensor | None = None,
        token_type_ids: Tensor | None = None,
    ) -> SequenceClassifierOutput:
        """``logits``: [rows, labels]; the arguments are those of ``FusionModel``."""
        states = self.towers(input_ids, pixel_values, attention_mask, token_type_ids)
        if self.config.fusion == "concatenation":
            states = {"both": torch.cat(list(states.values()), -1)}
        logits = {name: self.heads[name](self.dropout(state)) for name, state in states.items()}
        if self.config.fusion == "weighted":
            return SequenceClassifierOutput(logits=self.share * logits["text"] + (1 - self.share) * logits["image"])
        return SequenceClassifierOutput(logits=next(iter(logits.values())))


class AutoModelForImageTextClassification:
    """The part of transformers' auto class interface that ``ftk.models.loading.load`` uses."""

    _model_mapping: ClassVar[Any] = {FusionConfig}

    @classmethod
    def from_config(cls, config: Any, **kwargs: Any) -> Any:
        """Builds a model with random weights in fp32, and records fp32 in the configs of both encoders."""
        return FusionForClassification._from_config(config, **{"dtype": torch.float32, **kwargs})

    @classmethod
    def from_pretrained(cls, folder: str, **kwargs: Any) -> Any:
        """Loads the model of a folder; with ``output_loading_info`` also returns the loading report."""
        register_fusion()
        return FusionForClassification.from_pretrained(folder, **kwargs)


def register_fusion() -> None:
    """Registers the model with ``AutoConfig`` and ``AutoModel``; may be called repeatedly."""
    AutoConfig.register(FusionConfig.model_type, FusionConfig, exist_ok=True)
    AutoModel.register(FusionConfig, FusionModel, exist_ok=True)


def _is_number(value: Any) -> bool:
    return isinstance(value, (int, float)) and not isinstance(value, bool)


def _config_of(values: Any, default_type: str) -> Any:
    """A config from its values; without values, one of the default type, as transformers creates for comparisons."""
    if isinstance(values, PretrainedConfig):
        return values
    values = dict(values or {})
    return AutoConfig.for_model(values.pop("model_type", default_type), **values)


def _pooled(encoded: Any, mask: Tensor | None) -> Tensor:
    """The encoder's pooled output, else the mean over its real tokens or its patches: [rows, size].

    Args:
        encoded: output of an encoder.
        mask: [rows, time] true for real tokens; None if all are.
    """
    pooled = getattr(encoded, "pooler_output", None)
    if pooled is not None:
        return pooled.flatten(1)
    hidden: Tensor = encoded.last_hidden_state
    if hidden.ndim == 4:  # convolutional: [rows, size, height, width]
        return hidden.mean((2, 3))
    if mask is None:
        return hidden.mean(1)
    real = mask.to(hidden.dtype)[..., None]
    return (hidden * real).sum(1) / real.sum(1).clamp_min(1)


def _encoder_of(config: Any) -> Any:
    """An encoder with random weights, without a pooling layer: it would get no gradient and be saved untrained."""
    bare = {"add_pooling_layer": False} if has_optional_pooler(encoder_class_of(type(config))) else {}
    return AutoModel.from_config(config, **bare)


def _size_of(name: str, config: Any) -> int:
    """Size of the vectors that ``_pooled`` returns.

    Configs of image encoders have no common name for it, so an image is run on the meta device.

    Raises:
        ModelError: the encoder gives no single vector per image.
    """
    if name == "text":
        return int(config.hidden_size)
    size = getattr(config, "image_size", None) or _SIDE
    height, width = size if isinstance(size, (list, tuple)) else (size, size)
    try:
        with torch.device("meta"), torch.no_grad():
            pixels = torch.zeros(1, getattr(config, "num_channels", None) or 3, height, width)
            state = _pooled(_encoder_of(config).eval()(pixel_values=pixels), None)
    except Exception as error:  # architectures raise errors of several types for this
        raise ModelError(_NO_STATE.format(config.model_type, first_line(error))) from error
    if state.ndim != 2:
        raise ModelError(_NO_STATE.format(config.model_type, f"its output has {state.ndim - 1} dimensions"))
    return int(state.shape[1])
