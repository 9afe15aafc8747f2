"""Two encoders under one head: one of texts and one of images, each with its own weights."""

from __future__ import annotations

import inspect
from typing import Any, ClassVar

import torch
from torch import Tensor, nn
from transformers import AutoConfig, AutoModel, PretrainedConfig, PreTrainedModel
from transformers.modeling_outputs import SequenceClassifierOutput

from ftk.errors import ModelError

TOWERS = {"text": "text_config", "image": "vision_config"}
"""The encoders by name, and where a config has theirs."""
SHARE = "mix"
"""The parameter that the share of the text is a function of."""
SHARE_LR = 1e-2
"""The rate that suits it: some hundred steps may take the share anywhere."""
_SIDE = 224
"""Pixels along the side of an image that an encoder is tried with whose config names no size."""
_NO_STATE = "a {} model makes no one state of an image, which a fusion reads ({}); choose another encoder of images"
_KINDS = ("weighted", "concatenation", "text", "image")


class FusionConfig(PretrainedConfig):
    """The configs of both encoders, and how what they say is put together."""

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
            text_config: of the encoder of texts, or its values.
            vision_config: of the encoder of images, or its values.
            fusion: ``weighted``: a share of the logits of either; ``concatenation``: one layer over what both say;
                ``text`` or ``image``: that one alone.
            weight: the share of the text's logits; None: it is learned, from one half on.
            dropout: rate at which what the head reads is dropped in training.
            initializer_range: standard deviation of the head's random weights.
            kwargs: of every config: labels and the like.
        """
        if fusion not in _KINDS:
            raise ValueError(f"fusion={fusion} is none of {', '.join(_KINDS)}")
        if weight is not None and (fusion != "weighted" or not _is_number(weight) or not 0 <= weight <= 1):
            raise ValueError(f"weight={weight} is a share from 0 to 1, and goes with fusion=weighted")
        if not _is_number(dropout) or not 0 <= dropout < 1:
            raise ValueError(f"dropout={dropout} is a rate: from 0 up to, but not, 1")
        self.text_config = _config_of(text_config, "bert")
        self.vision_config = _config_of(vision_config, "vit")
        self.fusion = fusion
        self.weight = weight
        self.dropout = dropout
        self.initializer_range = initializer_range
        super().__init__(**kwargs)

    @property
    def towers(self) -> dict[str, Any]:
        """The configs of the encoders that this fusion has, by name."""
        return {name: getattr(self, place) for name, place in TOWERS.items() if self.fusion in (name, *_KINDS[:2])}


class _Fusion(PreTrainedModel):
    """What the encoders have in common with the model that has a head."""

    config_class = FusionConfig
    base_model_prefix = "towers"
    main_input_name = "input_ids"

    def _init_weights(self, module: nn.Module) -> None:
        if isinstance(module, nn.Linear):
            nn.init.normal_(module.weight, std=self.config.initializer_range)
            nn.init.zeros_(module.bias)


class FusionModel(_Fusion):
    """Texts and images in, one state for each out; each encoder may be any that transformers has."""

    def __init__(self, config: FusionConfig) -> None:
        super().__init__(config)
        for name, tower in config.towers.items():
            setattr(self, name, _encoder_of(tower))
        self.post_init()

    def get_input_embeddings(self) -> Any:
        """The table of embeddings of the texts; None where no texts are read."""
        text: Any = getattr(self, "text", None)
        return None if text is None else text.get_input_embeddings()

    def forward(
        self,
        input_ids: Tensor,
        pixel_values: Tensor,
        attention_mask: Tensor | None = None,
        token_type_ids: Tensor | None = None,
    ) -> dict[str, Tensor]:
        """[rows, size] the state of each text and of each image, by the name of its encoder.

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
    """A ``FusionModel`` under linear layers: one for each encoder, or one over both."""

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
        """Of ``fusion=weighted``: the share of the text's logits."""
        return torch.sigmoid(self.mix) if self.config.weight is None else float(self.config.weight)

    def report_parameters(self) -> dict[str, float]:
        """``share_of_text``: the share of the text's logits, if it is learned; the image has the rest."""
        if self.config.fusion != "weighted" or self.config.weight is not None:
            return {}
        return {"share_of_text": float(torch.sigmoid(self.mix).detach())}

    def get_input_embeddings(self) -> Any:
        """The table of embeddings of the texts; None where no texts are read."""
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
    """What ``ftk.models.loading.load`` uses of an auto class of transformers, for the models of this module."""

    _model_mapping: ClassVar[Any] = {FusionConfig}

    @classmethod
    def from_config(cls, config: Any, **kwargs: Any) -> Any:
        """A model with random weights in fp32, which the configs of both encoders say, as they do once it is opened."""
        return FusionForClassification._from_config(config, **{"dtype": torch.float32, **kwargs})

    @classmethod
    def from_pretrained(cls, folder: str, **kwargs: Any) -> Any:
        """A model with the weights of a folder; with ``output_loading_info`` also how they fitted."""
        register_fusion()
        return FusionForClassification.from_pretrained(folder, **kwargs)


def register_fusion() -> None:
    """Let ``AutoConfig`` and ``AutoModel`` open folders of such models; again and again without harm."""
    AutoConfig.register(FusionConfig.model_type, FusionConfig, exist_ok=True)
    AutoModel.register(FusionConfig, FusionModel, exist_ok=True)


def _is_number(value: Any) -> bool:
    return isinstance(value, (int, float)) and not isinstance(value, bool)


def _config_of(values: Any, usual: str) -> Any:
    """A config from its values; transformers makes configs of no values at all, to compare with."""
    if isinstance(values, PretrainedConfig):
        return values
    values = dict(values or {})
    return AutoConfig.for_model(values.pop("model_type", usual), **values)


def _pooled(encoded: Any, mask: Tensor | None) -> Tensor:
    """[rows, size] what an encoder says of the whole, else the mean over its real tokens or its patches.

    Args:
        encoded: the output of an encoder.
        mask: [rows, time] which tokens are real; None: all.
    """
    pooled = getattr(encoded, "pooler_output", None)
    if pooled is not None:
        return pooled.flatten(1)
    hidden: Tensor = encoded.last_hidden_state
    if hidden.ndim == 4:  # of convolutions: [rows, size, height, width]
        return hidden.mean((2, 3))
    if mask is None:
        return hidden.mean(1)
    real = mask.to(hidden.dtype)[..., None]
    return (hidden * real).sum(1) / real.sum(1).clamp_min(1)


def _encoder_of(config: Any) -> Any:
    """An encoder with random weights, but for what nothing reads: it has no gradient, and would be saved untrained."""
    bare = {"add_pooling_layer": False} if _may_pool(type(config)) else {}
    return AutoModel.from_config(config, **bare)


def _size_of(name: str, config: Any) -> int:
    """Numbers in what ``_pooled`` gives.

    Configs of encoders of images have no one name for it, so one is tried, without memory.

    Raises:
        ModelError: it makes no state of an image.
    """
    if name == "text":
        return int(config.hidden_size)
    size = getattr(config, "image_size", None) or _SIDE
    height, width = size if isinstance(size, (list, tuple)) else (size, size)
    try:
        with torch.device("meta"), torch.no_grad():
            pixels = torch.zeros(1, getattr(config, "num_channels", None) or 3, height, width)
            state = _pooled(_encoder_of(config).eval()(pixel_values=pixels), None)
    except Exception as error:  # architectures say this with errors of several kinds
        reason = str(error).strip().splitlines()[0] if str(error).strip() else type(error).__name__
        raise ModelError(_NO_STATE.format(config.model_type, reason)) from error
    if state.ndim != 2:
        raise ModelError(_NO_STATE.format(config.model_type, f"what it gives has {state.ndim - 1} dimensions"))
    return int(state.shape[1])


def _may_pool(config_class: Any) -> bool:
    found = AutoModel._model_mapping[config_class]
    encoder_class: Any = found[0] if isinstance(found, (list, tuple)) else found
    return "add_pooling_layer" in inspect.signature(encoder_class.__init__).parameters
