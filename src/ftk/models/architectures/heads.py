"""Heads that transformers has no class for: one label for two entities of a text, one vector for a text.

``AutoModelForEntityStart`` and its kin are used as transformers' own auto classes are. The model
that they build is derived from the encoder's own base class and holds the encoder under the name that is usual for it,
with the head beside it: a folder that it saves is an ordinary one, from which ``AutoModel`` opens the encoder.
"""

from __future__ import annotations

import inspect
from typing import Any, ClassVar

import torch
import transformers
from torch import Tensor, nn
from transformers.modeling_outputs import SequenceClassifierOutput

_RATES = (
    "classifier_dropout",
    "classifier_dropout_prob",
    "seq_classif_dropout",
    "hidden_dropout_prob",
    "hidden_dropout",
    "dropout",
)
"""What configs call the dropout of a head; the first that has a value counts."""

PURPOSES = {
    "AutoModelForSequenceClassification": "labels or numbers of whole texts",
    "AutoModelForTokenClassification": "labels of single tokens",
    "AutoModelForQuestionAnswering": "answers to questions",
    "AutoModelForEntityStart": "relations of entities",
    "AutoModelForEntitySpans": "relations of entities",
    "AutoModelForImageClassification": "labels of images",
    "AutoModelForImageTextClassification": "labels of images with texts",
    "AutoModelForMaskedLM": "hidden words (masked language models)",
    "AutoModelForSeq2SeqLM": "texts that are written from texts",
    "AutoModelForPreTraining": "hidden words and next sentences",
}
"""What each head is for, in the words of messages."""


class EntityStart(nn.Module):
    """Logits from the hidden states at the two opening signs (Baldini Soares et al. 2019, "Matching the Blanks")."""

    def __init__(self, config: Any) -> None:
        super().__init__()
        self.dropout = nn.Dropout(_dropout(config))
        self.classifier = nn.Linear(2 * config.hidden_size, config.num_labels)

    def forward(self, hidden: Tensor, head_start: Tensor, tail_start: Tensor) -> Tensor:
        """[rows, labels] logits.

        Args:
            hidden: [rows, time, size] of the encoder.
            head_start, tail_start: [rows] where the opening signs are.
        """
        row = torch.arange(len(hidden), device=hidden.device)
        both = torch.cat([hidden[row, head_start], hidden[row, tail_start]], dim=-1)
        logits: Tensor = self.classifier(self.dropout(both))
        return logits


class EntitySpans(nn.Module):
    """Logits from the first token and the means of both entities, each through tanh and a dense layer, which the
    entities share (Wu and He 2019, "Enriching Pre-trained Language Model with Entity Information": R-BERT)."""

    def __init__(self, config: Any) -> None:
        super().__init__()
        self.dropout = nn.Dropout(_dropout(config))
        self.first = nn.Linear(config.hidden_size, config.hidden_size)
        self.entity = nn.Linear(config.hidden_size, config.hidden_size)
        self.classifier = nn.Linear(3 * config.hidden_size, config.num_labels)

    def forward(self, hidden: Tensor, head_span: Tensor, tail_span: Tensor) -> Tensor:
        """[rows, labels] logits.

        Args:
            hidden: [rows, time, size] of the encoder.
            head_span, tail_span: [rows, 2] the entities, from and to.
        """
        parts = [
            self.first(self.dropout(torch.tanh(hidden[:, 0]))),
            self.entity(self.dropout(torch.tanh(_mean(hidden, head_span)))),
            self.entity(self.dropout(torch.tanh(_mean(hidden, tail_span)))),
        ]
        logits: Tensor = self.classifier(self.dropout(torch.cat(parts, dim=-1)))
        return logits


class TextVector(nn.Module):
    """One vector a text: a weighted sum of the hidden states; which weights, the task says. It has no parameters."""

    def __init__(self, config: Any) -> None:
        super().__init__()

    def forward(self, hidden: Tensor, weights: Tensor) -> Tensor:
        """[rows, size] vectors in fp32.

        Args:
            hidden: [rows, time, size] of the encoder.
            weights: [rows, time] of each token, 0 for padding.
        """
        return (hidden.float() * weights[..., None]).sum(1)


class _WithHead(nn.Module):
    """An encoder with a head, to be put before the encoder's base class."""

    encoder_class: ClassVar[Any]
    head_class: ClassVar[Any]
    head_name: ClassVar[str]

    def __init__(self, config: Any) -> None:
        super().__init__(config)
        model: Any = self  # the methods of PreTrainedModel come with the base class
        # What nothing reads has no gradient, and would be saved untrained.
        bare = {"add_pooling_layer": False} if _may_pool(self.encoder_class) else {}
        setattr(self, model.base_model_prefix, self.encoder_class(config, **bare))
        setattr(self, self.head_name, self.head_class(config))
        model.post_init()

    def forward(
        self,
        input_ids: Tensor,
        attention_mask: Tensor | None = None,
        token_type_ids: Tensor | None = None,
        **places: Tensor,
    ) -> SequenceClassifierOutput:
        """``logits``, [rows, labels], or what else the head gives.

        Args:
            input_ids, attention_mask, token_type_ids: [rows, time].
            places: what the head takes beside the hidden states.
        """
        model: Any = self
        types = {} if token_type_ids is None else {"token_type_ids": token_type_ids}
        hidden = getattr(self, model.base_model_prefix)(input_ids=input_ids, attention_mask=attention_mask, **types)[0]
        return SequenceClassifierOutput(logits=getattr(self, self.head_name)(hidden, **places))


_OF_TOKENS = (transformers.AutoModelForTokenClassification,)
_OF_TEXTS = (*_OF_TOKENS, transformers.AutoModelForSequenceClassification)


class _Encoders:
    """The configs of encoders that one of some auto classes knows a model with a head for, too."""

    def __init__(self, others: tuple[Any, ...]) -> None:
        self.others = others

    def __contains__(self, config_class: Any) -> bool:
        known = config_class in transformers.AutoModel._model_mapping and any(
            config_class in other._model_mapping for other in self.others
        )
        return known and not getattr(config_class, "is_encoder_decoder", False)


class _AutoModelWithHead:
    """What ``ftk.models.loading.load`` uses of an auto class of transformers."""

    head_class: ClassVar[Any]
    # Names of their own: of a folder with another head its encoder is taken, and its head is not.
    head_name: ClassVar[str]
    _model_mapping: ClassVar[Any] = _Encoders(_OF_TOKENS)

    @classmethod
    def from_config(cls, config: Any, **kwargs: Any) -> Any:
        """A model with random weights."""
        return _model_class(type(config), cls)._from_config(config, **kwargs)

    @classmethod
    def from_pretrained(cls, folder: str, *, config: Any, **kwargs: Any) -> Any:
        """A model with the weights of a folder; with ``output_loading_info`` also how they fitted."""
        return _model_class(type(config), cls).from_pretrained(folder, config=config, **kwargs)


class AutoModelForEntityStart(_AutoModelWithHead):
    """Any encoder under ``EntityStart``."""

    head_class = EntityStart
    head_name = "entity_start"


class AutoModelForEntitySpans(_AutoModelWithHead):
    """Any encoder under ``EntitySpans``."""

    head_class = EntitySpans
    head_name = "entity_spans"


class AutoModelForTextVector(_AutoModelWithHead):
    """Any encoder under ``TextVector``, the small ones among them."""

    head_class = TextVector
    head_name = "text_vector"
    _model_mapping = _Encoders(_OF_TEXTS)


def _model_class(config_class: Any, auto_class: Any) -> Any:
    """The class of an architecture's encoder under a head."""
    encoder_class = _class_of(transformers.AutoModel, config_class)
    known = next(other for other in auto_class._model_mapping.others if config_class in other._model_mapping)
    other = _class_of(known, config_class)
    # What an encoder and a model with a head have in common is no encoder itself.
    base = next(cls for cls in encoder_class.__mro__[1:] if issubclass(other, cls))
    name = f"{encoder_class.__name__.removesuffix('Model')}For{auto_class.head_class.__name__}"
    namespace = {
        "encoder_class": encoder_class,
        "head_class": auto_class.head_class,
        "head_name": auto_class.head_name,
        "config_class": config_class,
        # transformers looks into the source of a model's module for what its attention can do.
        "__module__": encoder_class.__module__,
    }
    return type(name, (_WithHead, base), namespace)


def _class_of(auto_class: Any, config_class: Any) -> Any:
    """The first class that an auto class knows for an architecture."""
    found = auto_class._model_mapping[config_class]
    return found[0] if isinstance(found, (list, tuple)) else found


def _may_pool(encoder_class: Any) -> bool:
    return "add_pooling_layer" in inspect.signature(encoder_class.__init__).parameters


def _dropout(config: Any) -> float:
    """The rate before a head, as transformers' own heads take it from a config."""
    rates = (getattr(config, name, None) for name in _RATES)
    return next((float(rate) for rate in rates if isinstance(rate, (int, float))), 0.0)


def _mean(hidden: Tensor, span: Tensor) -> Tensor:
    """[rows, size] the mean of the hidden states of a span, [rows, 2] from and to."""
    time = torch.arange(hidden.shape[1], device=hidden.device)
    inside = ((time >= span[:, :1]) & (time < span[:, 1:])).to(hidden.dtype)
    return (inside[:, None] @ hidden)[:, 0] / inside.sum(-1, keepdim=True)
