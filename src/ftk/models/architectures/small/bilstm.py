"""A bidirectional LSTM over embeddings (Hochreiter and Schmidhuber 1997; Graves and Schmidhuber 2005)."""

from typing import Any

import torch
from torch import Tensor, nn
from transformers.modeling_outputs import BaseModelOutputWithPooling, TokenClassifierOutput

from ftk.models.architectures.small.base import (
    SmallClassifier,
    SmallConfig,
    SmallEncoder,
    largest,
    positive,
    real_tokens,
)


class BilstmConfig(SmallConfig):
    """Config of a ``BilstmModel``."""

    model_type = "ftk-bilstm"

    def __init__(self, hidden_size: int = 256, num_hidden_layers: int = 1, **kwargs: Any) -> None:
        """
        Args:
            hidden_size: size of a state; each direction provides one half.
            num_hidden_layers: number of stacked layers.
            kwargs: arguments of ``SmallConfig``.
        """
        positive(hidden_size=hidden_size, num_hidden_layers=num_hidden_layers)
        if hidden_size % 2:
            raise ValueError(f"hidden_size={hidden_size} must be even, because each direction provides one half")
        self.hidden_size = hidden_size
        self.num_hidden_layers = num_hidden_layers
        super().__init__(**kwargs)


def backwards(states: Tensor, real: Tensor) -> Tensor:
    """Reverses the real tokens of each row and leaves the padding in place; it is its own inverse.

    Args:
        states: [windows, time, size].
        real: [windows, time] false for padding, which must come after the text.
    """
    time = torch.arange(states.shape[1], device=states.device)
    place = real.sum(1, keepdim=True) - 1 - time
    place = torch.where(place < 0, time, place)
    return states.gather(1, place[..., None].expand_as(states))


class BothWays(nn.Module):
    """One LSTM from left to right, and one from right to left.

    The second one gets each row reversed, but not its padding. Thus in both directions a text is complete before its
    padding begins, and whole batches can use the fast kernel, which does not accept packed sequences.
    """

    def __init__(self, size: int, each: int) -> None:
        super().__init__()
        self.forwards = nn.LSTM(size, each, batch_first=True)
        self.backwards = nn.LSTM(size, each, batch_first=True)

    def forward(self, states: Tensor, real: Tensor) -> Tensor:
        """Returns the states of both directions: [windows, time, 2 * each]."""
        there = self.forwards(states)[0]
        back = backwards(self.backwards(backwards(states, real))[0], real)
        return torch.cat([there, back], -1)


class BilstmModel(SmallEncoder):
    """LSTMs in both directions with max pooling over time. Padding must come after the text."""

    config_class = BilstmConfig

    def __init__(self, config: BilstmConfig) -> None:
        super().__init__(config)
        sizes = [config.embedding_size, *[config.hidden_size] * (config.num_hidden_layers - 1)]
        self.layers = nn.ModuleList(BothWays(size, config.hidden_size // 2) for size in sizes)
        self.post_init()

    def forward(self, input_ids: Tensor, attention_mask: Tensor | None = None) -> BaseModelOutputWithPooling:
        """Returns ``last_hidden_state``: [windows, time, hidden_size]; ``pooler_output``: [windows, hidden_size]."""
        real = real_tokens(input_ids, attention_mask)
        states = self.embedded(input_ids, real)
        for number, layer in enumerate(self.layers):
            states = layer(self.dropout(states) if number else states, real)
        return BaseModelOutputWithPooling(last_hidden_state=states, pooler_output=largest(states, real))


class BilstmForSequenceClassification(SmallClassifier):
    """A ``BilstmModel`` with a linear layer over the pooled states."""

    config_class = BilstmConfig
    encoder_class = BilstmModel


class BilstmForTokenClassification(SmallClassifier):
    """A ``BilstmModel`` with a linear layer over the state of each token."""

    config_class = BilstmConfig
    encoder_class = BilstmModel
    state = "last_hidden_state"
    output_class = TokenClassifierOutput
