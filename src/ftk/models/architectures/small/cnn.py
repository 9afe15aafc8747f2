"""Convolutions of several widths over embeddings (Kim 2014, "Convolutional Neural Networks for Sentence
Classification")."""

from collections.abc import Sequence
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn import functional
from transformers.modeling_outputs import BaseModelOutputWithPooling

from ftk.models.architectures.small.base import (
    SequenceClassifier,
    SmallConfig,
    SmallEncoder,
    largest,
    positive,
    real_tokens,
)


class CnnConfig(SmallConfig):
    """The sizes of a ``CnnModel``."""

    model_type = "ftk-cnn"

    def __init__(self, widths: Sequence[int] = (2, 3, 4), filters: int = 128, **kwargs: Any) -> None:
        """
        Args:
            widths: tokens that a filter sees at once, for each kind of filter.
            filters: of each kind.
            kwargs: of ``SmallConfig``.
        """
        positive(filters=filters, **{f"widths.{number}": width for number, width in enumerate(widths)})
        if not widths:
            raise ValueError("widths is empty; it names the widths of the filters: [2, 3, 4]")
        self.widths = list(widths)
        self.filters = filters
        super().__init__(**kwargs)

    @property
    def hidden_size(self) -> int:
        """Numbers in a state."""
        return self.filters * len(self.widths)


class Convolution(nn.Module):
    """A filter over neighbouring tokens, and the positive part of what it gives.

    It is one product of matrices, which for so few channels is faster than torch's convolutions on a CPU.
    """

    def __init__(self, size: int, filters: int, width: int) -> None:
        super().__init__()
        self.width = width
        self.linear = nn.Linear(width * size, filters)

    def forward(self, states: Tensor) -> Tensor:
        """[windows, time, filters]; beyond both ends of [windows, time, size] there are zeros."""
        before = (self.width - 1) // 2
        padded = functional.pad(states, (0, 0, before, self.width - 1 - before))
        time = states.shape[1]
        seen = torch.cat([padded[:, begin : begin + time] for begin in range(self.width)], -1)
        return functional.relu(self.linear(seen))


class CnnModel(SmallEncoder):
    """Filters of several widths side by side; a text is the largest value of each."""

    config_class = CnnConfig

    def __init__(self, config: CnnConfig) -> None:
        super().__init__(config)
        self.convolutions = nn.ModuleList(
            Convolution(config.embedding_size, config.filters, width) for width in config.widths
        )
        self.post_init()

    def forward(self, input_ids: Tensor, attention_mask: Tensor | None = None) -> BaseModelOutputWithPooling:
        """``last_hidden_state``: [windows, time, hidden_size]; ``pooler_output``: [windows, hidden_size]."""
        real = real_tokens(input_ids, attention_mask)
        embedded = self.embedded(input_ids, real)
        states = torch.cat([convolution(embedded) for convolution in self.convolutions], -1)
        return BaseModelOutputWithPooling(last_hidden_state=states, pooler_output=largest(states, real))


class CnnForSequenceClassification(SequenceClassifier):
    """A ``CnnModel`` with a linear layer over the largest values."""

    config_class = CnnConfig
    encoder_class = CnnModel
