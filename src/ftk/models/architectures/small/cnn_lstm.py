"""An LSTM over a convolution over embeddings (Zhou et al. 2015, "A C-LSTM Neural Network for Text Classification")."""

from typing import Any

from torch import Tensor, nn
from transformers.modeling_outputs import BaseModelOutputWithPooling

from ftk.models.architectures.small.base import (
    SmallClassifier,
    SmallConfig,
    SmallEncoder,
    largest,
    positive,
    real_tokens,
)
from ftk.models.architectures.small.cnn import Convolution


class CnnLstmConfig(SmallConfig):
    """Config of a ``CnnLstmModel``."""

    model_type = "ftk-cnn-lstm"

    def __init__(self, width: int = 3, filters: int = 128, hidden_size: int = 128, **kwargs: Any) -> None:
        """
        Args:
            width: width of a filter in tokens.
            filters: number of filters.
            hidden_size: size of the LSTM's state.
            kwargs: arguments of ``SmallConfig``.
        """
        positive(width=width, filters=filters, hidden_size=hidden_size)
        self.width = width
        self.filters = filters
        self.hidden_size = hidden_size
        super().__init__(**kwargs)


class CnnLstmModel(SmallEncoder):
    """A convolution, then an LSTM, with max pooling over time. Padding must come after the text."""

    config_class = CnnLstmConfig

    def __init__(self, config: CnnLstmConfig) -> None:
        super().__init__(config)
        self.convolution = Convolution(config.embedding_size, config.filters, config.width)
        self.lstm = nn.LSTM(config.filters, config.hidden_size, batch_first=True)
        self.post_init()

    def forward(self, input_ids: Tensor, attention_mask: Tensor | None = None) -> BaseModelOutputWithPooling:
        """Returns ``last_hidden_state``: [windows, time, hidden_size]; ``pooler_output``: [windows, hidden_size]."""
        real = real_tokens(input_ids, attention_mask)
        # The LSTM runs left to right, so padding after the text cannot affect the states of the text.
        states = self.lstm(self.convolution(self.embedded(input_ids, real)))[0]
        return BaseModelOutputWithPooling(last_hidden_state=states, pooler_output=largest(states, real))


class CnnLstmForSequenceClassification(SmallClassifier):
    """A ``CnnLstmModel`` with a linear layer over the pooled states."""

    config_class = CnnLstmConfig
    encoder_class = CnnLstmModel
