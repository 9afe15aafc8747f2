"""Heads without a class in transformers: relation classification, text vectors, and pooled texts.

``AutoModelForEntityStart`` and the other auto classes here work like those of transformers. The model that they build
derives from the encoder's own base class and holds the encoder under its usual name, with the head beside it. It saves
ordinary model folders, from which ``AutoModel`` opens the encoder.
"""

from __future__ import annotations

import inspect
from typing import Any, ClassVar

import torch
import transformers
from torch import Tensor, nn
from transformers.modeling_outputs import SequenceClassifierOutput

from ftk.models.architectures.pooled_text import POOLING, PooledText, add_guard, dropout_of, output_name, pooled


class EntityStart(nn.Module):
    """Classifies the hidden states at both opening markers (Baldini Soares et al. 2019, "Matching the Blanks")."""

    def __init__(self, config: Any) -> None:
        super().__init__()
        self.dropout = nn.Dropout(dropout_of(config))
        self.classifier = nn.Linear(2 * config.hidden_size, config.num_labels)

    def forward(self, hidden: Tensor, head_start: Tensor, tail_start: Tensor) -> Tensor:
        """Returns logits, [rows, labels].

        Args:
            hidden: [rows, time, size] states of the encoder.
            head_start, tail_start: [rows] positions of the opening markers.
        """
        row = torch.arange(len(hidden), device=hidden.device)
        both = torch.cat([hidden[row, head_start], hidden[row, tail_start]], dim=-1)
        logits: Tensor = self.classifier(self.dropout(both))
        return logits


class EntitySpans(nn.Module):
    """Classifies the whole text and the mean of each entity, as R-BERT does, whose text is its first token.

    Each goes through tanh and a dense layer, which the two entities share (Wu and He 2019, "Enriching Pre-trained
    Language Model with Entity Information").
    """

    reads = ("mask",)

    def __init__(self, config: Any) -> None:
        super().__init__()
        self.way = str(getattr(config, POOLING, "first"))
        self.dropout = nn.Dropout(dropout_of(config))
        self.first = nn.Linear(config.hidden_size, config.hidden_size)
        self.entity = nn.Linear(config.hidden_size, config.hidden_size)
        self.classifier = nn.Linear(3 * config.hidden_size, config.num_labels)

    def forward(self, hidden: Tensor, mask: Tensor | None, head_span: Tensor, tail_span: Tensor) -> Tensor:
        """Returns logits, [rows, labels].

        Args:
            hidden: [rows, time, size] states of the encoder.
            mask: [rows, time] 1 for tokens, 0 for padding; None if all are tokens.
            head_span, tail_span: [rows, 2] start and end of each entity.
        """
        whole = hidden[:, 0] if self.way == "first" else pooled(hidden, mask, self.way)
        parts = [
            self.first(self.dropout(torch.tanh(whole))),
            self.entity(self.dropout(torch.tanh(_mean(hidden, head_span)))),
            self.entity(self.dropout(torch.tanh(_mean(hidden, tail_span)))),
        ]
        logits: Tensor = self.classifier(self.dropout(torch.cat(parts, dim=-1)))
        return logits


class TextVector(nn.Module):
    """One vector per text: the sum of the hidden states with weights that the task chooses. It has no parameters."""

    def __init__(self, config: Any) -> None:
        super().__init__()

    def forward(self, hidden: Tensor, weights: Tensor) -> Tensor:
        """Returns vectors in fp32, [rows, size].

        Args:
            hidden: [rows, time, size] states of the encoder.
            weights: [rows, time] weight of each token, 0 for padding.
        """
        return (hidden.float() * weights[..., None]).sum(1)


class _WithHead(nn.Module):
    """Mixin that adds a head to an encoder; it precedes the encoder's base class."""

    encoder_class: ClassVar[Any]
    head_class: ClassVar[Any]
    head_name: ClassVar[str]
    # The name of a tensor for which the class of transformers refuses the weights, if it has one for the same purpose.
    guard: ClassVar[str | None]

    def __init__(self, config: Any) -> None:
        super().__init__(config)
        model: Any = self  # the base class brings the methods of PreTrainedModel
        # A pooling layer would get no gradient and be saved untrained.
        bare = {"add_pooling_layer": False} if has_optional_pooler(self.encoder_class) else {}
        setattr(self, model.base_model_prefix, self.encoder_class(config, **bare))
        setattr(self, self.head_name, self.head_class(config))
        if self.guard is not None:
            add_guard(self, self.guard)
        model.post_init()

    def save_pretrained(self, folder: Any, **kwargs: Any) -> None:
        """Saves the model; with a head that has no parameters, as the encoder that it is for other libraries."""
        model: Any = super()
        model.save_pretrained(folder, **kwargs)
        if next(getattr(self, self.head_name).parameters(), None) is None:
            config: Any = self.config
            config.architectures = [self.encoder_class.__name__]
            config.save_pretrained(folder)

    def forward(
        self,
        input_ids: Tensor,
        attention_mask: Tensor | None = None,
        token_type_ids: Tensor | None = None,
        **places: Tensor,
    ) -> SequenceClassifierOutput:
        """Returns the head's output as ``logits``: [rows, labels], or [rows, size] for vectors.

        Args:
            input_ids, attention_mask, token_type_ids: [rows, time].
            places: further arguments of the head, such as entity positions.
        """
        model: Any = self
        types = {} if token_type_ids is None else {"token_type_ids": token_type_ids}
        hidden = getattr(self, model.base_model_prefix)(input_ids=input_ids, attention_mask=attention_mask, **types)[0]
        head = getattr(self, self.head_name)
        given = {"mask": attention_mask, "ids": input_ids}
        places |= {name: given[name] for name in getattr(head, "reads", ())}
        return SequenceClassifierOutput(logits=head(hidden, **places))


_OF_TOKENS = (transformers.AutoModelForTokenClassification,)
_OF_TEXTS = (*_OF_TOKENS, transformers.AutoModelForSequenceClassification)


class _Encoders:
    """The set of encoder configs for which one of some auto classes also has a model with a head."""

    def __init__(self, others: tuple[Any, ...]) -> None:
        self.others = others

    def __contains__(self, config_class: Any) -> bool:
        known = config_class in transformers.AutoModel._model_mapping and any(
            config_class in other._model_mapping for other in self.others
        )
        return known and not getattr(config_class, "is_encoder_decoder", False)


class _AutoModelWithHead:
    """The part of transformers' auto class interface that ``ftk.models.loading.load`` uses."""

    head_class: ClassVar[Any]
    # Distinct names, so that a folder with another head provides its encoder but not its head.
    head_name: ClassVar[str]
    # Whether transformers has a class for the same purpose, with another head.
    guarded: ClassVar[bool] = False
    _model_mapping: ClassVar[Any] = _Encoders(_OF_TOKENS)

    @classmethod
    def from_config(cls, config: Any, **kwargs: Any) -> Any:
        """Builds a model with random weights."""
        return _model_class(type(config), cls)._from_config(config, **kwargs)

    @classmethod
    def from_pretrained(cls, folder: str, *, config: Any, **kwargs: Any) -> Any:
        """Loads the model of a folder; with ``output_loading_info`` also returns the loading report."""
        return _model_class(type(config), cls).from_pretrained(folder, config=config, **kwargs)


class AutoModelForEntityStart(_AutoModelWithHead):
    """Any encoder with an ``EntityStart`` head."""

    head_class = EntityStart
    head_name = "entity_start"


class AutoModelForEntitySpans(_AutoModelWithHead):
    """Any encoder with an ``EntitySpans`` head."""

    head_class = EntitySpans
    head_name = "entity_spans"


class AutoModelForTextVector(_AutoModelWithHead):
    """Any encoder, including ftk's small models, with a ``TextVector`` head."""

    head_class = TextVector
    head_name = "text_vector"
    _model_mapping = _Encoders(_OF_TEXTS)


class AutoModelForPooledText(_AutoModelWithHead):
    """Any encoder with a ``PooledText`` head; its config says how it pools."""

    head_class = PooledText
    head_name = "pooled_text"
    guarded = True
    _model_mapping = _Encoders(_OF_TEXTS)


def _model_class(config_class: Any, auto_class: Any) -> Any:
    """Creates the class of an architecture's encoder with a head."""
    encoder_class = encoder_class_of(config_class)
    known = next(other for other in auto_class._model_mapping.others if config_class in other._model_mapping)
    other = _class_of(known, config_class)
    # The common base class of the encoder and a model with a head is not an encoder itself.
    base = next(cls for cls in encoder_class.__mro__[1:] if issubclass(other, cls))
    name = f"{encoder_class.__name__.removesuffix('Model')}For{auto_class.head_class.__name__}"
    namespace = {
        "encoder_class": encoder_class,
        "head_class": auto_class.head_class,
        "head_name": auto_class.head_name,
        "guard": output_name(config_class) if auto_class.guarded else None,
        "config_class": config_class,
        # transformers inspects the source of a model's module for its attention support.
        "__module__": encoder_class.__module__,
    }
    return type(name, (_WithHead, base), namespace)


def _class_of(auto_class: Any, config_class: Any) -> Any:
    """The first class of an auto class for an architecture."""
    found = auto_class._model_mapping[config_class]
    return found[0] if isinstance(found, (list, tuple)) else found


def encoder_class_of(config_class: Any) -> Any:
    """The class that ``AutoModel`` builds for a config class."""
    return _class_of(transformers.AutoModel, config_class)


def has_optional_pooler(encoder_class: Any) -> bool:
    """Whether an encoder can be built without its pooling layer."""
    return "add_pooling_layer" in inspect.signature(encoder_class.__init__).parameters


def _mean(hidden: Tensor, span: Tensor) -> Tensor:
    """Mean of the hidden states of a span, [rows, size]; ``span``: [rows, 2] start and end."""
    time = torch.arange(hidden.shape[1], device=hidden.device)
    inside = ((time >= span[:, :1]) & (time < span[:, 1:])).to(hidden.dtype)
    return (inside[:, None] @ hidden)[:, 0] / inside.sum(-1, keepdim=True)
