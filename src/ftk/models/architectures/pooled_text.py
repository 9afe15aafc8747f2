"""A head on the pooled tokens of a text, and what keeps transformers from giving other scores for its weights."""

from __future__ import annotations

from collections.abc import Hashable, Mapping
from functools import cache
from typing import Any

import torch
import transformers
from torch import Tensor, nn

POOLING = "ftk_pooling"
"""The key of a model's config with the way in which ftk pools; models of transformers' own classes do not have it."""
SEPARATOR = "ftk_separator"
"""The key of a model's config with the id of the token behind the first of two texts, if its head compares them."""
_RATES = (
    "classifier_dropout",
    "classifier_dropout_prob",
    "seq_classif_dropout",
    "hidden_dropout_prob",
    "hidden_dropout",
    "dropout",
)
"""Config keys for the dropout of a head; the first that has a value is used."""


class PooledText(nn.Module):
    """Classifies one vector of a text, with a linear layer on the pooled states of its tokens.

    For two texts there are three vectors: that of all tokens, and ``|u - v|`` and ``u * v`` of the means of each text
    (Conneau et al. 2017, "Supervised Learning of Universal Sentence Representations"). An encoder that was trained to
    compare texts has in them what the mean over both texts loses.
    """

    reads = ("mask", "ids")

    def __init__(self, config: Any) -> None:
        super().__init__()
        self.way = str(getattr(config, POOLING))
        self.separator = getattr(config, SEPARATOR, None)
        self.dropout = nn.Dropout(dropout_of(config))
        self.output = nn.Linear(config.hidden_size * (1 if self.separator is None else 3), config.num_labels)

    def forward(self, hidden: Tensor, mask: Tensor | None, ids: Tensor) -> Tensor:
        """Returns logits, [rows, labels].

        Args:
            hidden: [rows, time, size] states of the encoder.
            mask: [rows, time] 1 for tokens, 0 for padding; None if all are tokens.
            ids: [rows, time] the tokens.
        """
        vectors = pooled(hidden, mask, self.way)
        if self.separator is not None:
            first, second = (pooled(hidden, part, self.way) for part in parts(ids, mask, self.separator))
            vectors = torch.cat([vectors, (first - second).abs(), first * second], dim=-1)
        logits: Tensor = self.output(self.dropout(vectors))
        return logits


def parts(ids: Tensor, mask: Tensor | None, separator: int) -> tuple[Tensor, Tensor]:
    """[rows, time] 1 for the tokens of the first text and the separator behind it, and for those of the second text.

    Args:
        ids: [rows, time] the tokens.
        mask: [rows, time] 1 for tokens, 0 for padding; None if all are tokens.
        separator: the id of the token between the texts.
    """
    tokens = torch.ones_like(ids) if mask is None else mask.to(ids.dtype)
    ends = (ids == separator).to(ids.dtype) * tokens
    after = (ends.cumsum(1) > ends).to(ids.dtype)
    return tokens * (1 - after), tokens * after


def pooled(hidden: Tensor, mask: Tensor | None, way: str) -> Tensor:
    """One vector of each text, [rows, size].

    Args:
        hidden: [rows, time, size] states of the tokens.
        mask: [rows, time] 1 for tokens, 0 for padding, wherever it stands; None if all are tokens.
        way: mean, first or last.
    """
    if mask is None:
        mask = torch.ones(hidden.shape[:2], dtype=torch.long, device=hidden.device)
    if way == "mean":
        weights = mask.float()
        return ((hidden.float() * weights[..., None]).sum(1) / weights.sum(1, keepdim=True).clamp(min=1)).to(
            hidden.dtype
        )
    row = torch.arange(len(hidden), device=hidden.device)
    place = torch.arange(1, hidden.shape[1] + 1, device=hidden.device) if way == "last" else 1
    return hidden[row, ((mask != 0).long() * place).argmax(1)]


def dropout_of(config: Any) -> float:
    """Dropout rate before a head, read from the config like transformers' own heads do."""
    rates = (getattr(config, name, None) for name in _RATES)
    return next((float(rate) for rate in rates if isinstance(rate, (int, float))), 0.0)


class _NoLayer(nn.Module):
    """Stands where a model of transformers has its output layer."""


def add_guard(model: nn.Module, name: str) -> None:
    """Adds a tensor under the name of the output layer of transformers' class, with another shape.

    That class finds no output layer in the weights of a head of ftk. It would draw one at random, with no more than a
    warning; for the shape of this tensor it refuses the weights. The tensor has no other use.
    """
    *path, last = name.split(".")
    place = model
    for part in path:
        if not hasattr(place, part):
            place.add_module(part, _NoLayer())
        place = getattr(place, part)
    place.register_buffer(last, torch.zeros(1))


def output_name(config_class: Any) -> str | None:
    """The name of the weights of the output layer of transformers' classifier of texts; None if it has none.

    Args:
        config_class: of the architecture.
    """
    found = [name for name, outputs in classifier_names(config_class).items() if outputs]
    return found[-1] if found else None


@cache
def classifier_names(config_class: Hashable) -> Mapping[str, bool]:
    """The names of all weights of transformers' classifier of texts, each with whether it is a matrix outside of the
    encoder with one row for each label; empty if there is no such classifier.

    Args:
        config_class: of the architecture.
    """
    classifiers: Any = transformers.AutoModelForSequenceClassification
    if config_class not in classifiers._model_mapping:
        return {}
    with torch.device("meta"):
        model = classifiers.from_config(config_class())  # type: ignore[operator]
    inner = f"{model.base_model_prefix}."
    return {
        name: not name.startswith(inner) and tensor.ndim == 2 and len(tensor) == model.config.num_labels
        for name, tensor in model.named_parameters()
    }
