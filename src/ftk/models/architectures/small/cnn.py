"""Convolutions of several widths over embeddings (Kim 2014, "Convolutional Neural Networks for Sentence
Classification")."""

from collections.abc import Sequence
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn import functional
from transformers.modeling_outputs import BaseModelOutputWithPooling

from ftk.models.architectures.small.base import (
    SmallClassifier,
    SmallConfig,
    SmallEncoder,
    largest,
    positive,
    real_tokens,
)


class CnnConfig(SmallConfig):
    """Config of a ``CnnModel``."""

    model_type = "ftk-cnn"

    def __init__(self, widths: Sequence[int] = (2, 3, 4), filters: int = 128, **kwargs: Any) -> None:
        """
        Args:
            widths: widths of the filters in tokens.
            filters: number of filters of each width.
            kwargs: arguments of ``SmallConfig``.
        """
        positive(filters=filters, **{f"widths.{number}": width for number, width in enumerate(widths)})
        if not widths:
            raise ValueError("widths is empty; set the widths of the filters, such as [2, 3, 4]")
        self.widths = list(widths)
        self.filters = filters
        super().__init__(**kwargs)

    @property
    def hidden_size(self) -> int:
        """Size of a state."""
        return self.filters * len(self.widths)


class Convolution(nn.Module):
    """A convolution over neighbouring tokens, followed by ReLU.

    It is computed as one matrix product, which for so few channels is faster than torch's convolutions on a CPU.
    """

    def __init__(self, size: int, filters: int, width: int) -> None:
        super().__init__()
        self.width = width
        self.linear = nn.Linear(width * size, filters)

    def forward(self, states: Tensor) -> Tensor:
        """Returns [windows, time, filters] for ``states``, [windows, time, size], padded with zeros at both ends."""
        before = (self.width - 1) // 2
        padded = functional.pad(states, (0, 0, before, self.width - 1 - before))
        time = states.shape[1]
        seen = torch.cat([padded[:, begin : begin + time] for begin in range(self.width)], -1)
        return functional.relu(self.linear(seen))


class CnnModel(SmallEncoder):
    """Convolutions of several widths side by side, with max pooling over time."""

    config_class = CnnConfig

    def __init__(self, config: CnnConfig) -> None:
        super().__init__(config)
        self.convolutions = nn.ModuleList(
            Convolution(config.embedding_size, config.filters, width) for width in config.widths
        )
        self.post_init()

    def forward(self, input_ids: Tensor, attention_mask: Tensor | None = None) -> BaseModelOutputWithPooling:
        """Returns ``last_hidden_state``: [windows, time, hidden_size]; ``pooler_output``: [windows, hidden_size]."""
        real = real_tokens(input_ids, attention_mask)
        embedded = self.embedded(input_ids, real)
        states = torch.cat([convolution(embedded) for convolution in self.convolutions], -1)
        return BaseModelOutputWithPooling(last_hidden_state=states, pooler_output=largest(states, real))


class CnnForSequenceClassification(SmallClassifier):
    """A ``CnnModel`` with a linear layer over the pooled states."""

    config_class = CnnConfig
    encoder_class = CnnModel
