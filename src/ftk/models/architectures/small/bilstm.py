"""Bidirectional LSTM over embeddings (Hochreiter and Schmidhuber 1997; Graves and Schmidhuber 2005)."""

from typing import Any

import torch
from torch import Tensor, nn
from transformers.modeling_outputs import BaseModelOutputWithPooling

from ftk.models.architectures.small.base import (
    SequenceClassifier,
    SmallConfig,
    SmallEncoder,
    TokenClassifier,
    largest,
    positive,
    real_tokens,
)


class BilstmConfig(SmallConfig):
    """The sizes of a ``BilstmModel``."""

    model_type = "ftk-bilstm"

    def __init__(self, hidden_size: int = 256, num_hidden_layers: int = 1, **kwargs: Any) -> None:
        """
        Args:
            hidden_size: numbers in a state, one half from each direction.
            num_hidden_layers: how many there are on top of one another.
            kwargs: of ``SmallConfig``.
        """
        positive(hidden_size=hidden_size, num_hidden_layers=num_hidden_layers)
        if hidden_size % 2:
            raise ValueError(f"hidden_size={hidden_size} must be even: one half of it is of each direction")
        self.hidden_size = hidden_size
        self.num_hidden_layers = num_hidden_layers
        super().__init__(**kwargs)


def backwards(states: Tensor, real: Tensor) -> Tensor:
    """Each row from its last real token to its first, its padding where it was; done twice it is as before.

    Args:
        states: [windows, time, size].
        real: [windows, time], the padding behind the text.
    """
    time = torch.arange(states.shape[1], device=states.device)
    place = real.sum(1, keepdim=True) - 1 - time
    place = torch.where(place < 0, time, place)
    return states.gather(1, place[..., None].expand_as(states))


class BothWays(nn.Module):
    """One LSTM from the first token to the last, and one from the last to the first.

    The second one gets its rows turned around without their padding. So what is computed of a text ends before its
    padding begins in either direction, and whole batches can go to the fast kernel, which takes no packed sequences.
    """

    def __init__(self, size: int, each: int) -> None:
        super().__init__()
        self.forwards = nn.LSTM(size, each, batch_first=True)
        self.backwards = nn.LSTM(size, each, batch_first=True)

    def forward(self, states: Tensor, real: Tensor) -> Tensor:
        """[windows, time, 2 * each]."""
        there = self.forwards(states)[0]
        back = backwards(self.backwards(backwards(states, real))[0], real)
        return torch.cat([there, back], -1)


class BilstmModel(SmallEncoder):
    """LSTMs in both directions; a text is the largest value of each feature. Padding must be behind the text."""

    config_class = BilstmConfig

    def __init__(self, config: BilstmConfig) -> None:
        super().__init__(config)
        sizes = [config.embedding_size, *[config.hidden_size] * (config.num_hidden_layers - 1)]
        self.layers = nn.ModuleList(BothWays(size, config.hidden_size // 2) for size in sizes)
        self.post_init()

    def forward(self, input_ids: Tensor, attention_mask: Tensor | None = None) -> BaseModelOutputWithPooling:
        """``last_hidden_state``: [windows, time, hidden_size]; ``pooler_output``: [windows, hidden_size]."""
        real = real_tokens(input_ids, attention_mask)
        states = self.embedded(input_ids, real)
        for number, layer in enumerate(self.layers):
            states = layer(self.dropout(states) if number else states, real)
        return BaseModelOutputWithPooling(last_hidden_state=states, pooler_output=largest(states, real))


class BilstmForSequenceClassification(SequenceClassifier):
    """A ``BilstmModel`` with a linear layer over the largest values."""

    config_class = BilstmConfig
    encoder_class = BilstmModel


class BilstmForTokenClassification(TokenClassifier):
    """A ``BilstmModel`` with a linear layer over its states."""

    config_class = BilstmConfig
    encoder_class = BilstmModel
