"""An LSTM over convolutions over embeddings (Zhou et al. 2015, "A C-LSTM Neural Network for Text Classification")."""

from typing import Any

from torch import Tensor, nn
from transformers.modeling_outputs import BaseModelOutputWithPooling

from ftk.models.architectures.small.base import (
    SequenceClassifier,
    SmallConfig,
    SmallEncoder,
    largest,
    positive,
    real_tokens,
)
from ftk.models.architectures.small.cnn import Convolution


class CnnLstmConfig(SmallConfig):
    """The sizes of a ``CnnLstmModel``."""

    model_type = "ftk-cnn-lstm"

    def __init__(self, width: int = 3, filters: int = 128, hidden_size: int = 128, **kwargs: Any) -> None:
        """
        Args:
            width: tokens that a filter sees at once.
            filters: how many there are.
            hidden_size: numbers in a state of the LSTM.
            kwargs: of ``SmallConfig``.
        """
        positive(width=width, filters=filters, hidden_size=hidden_size)
        self.width = width
        self.filters = filters
        self.hidden_size = hidden_size
        super().__init__(**kwargs)


class CnnLstmModel(SmallEncoder):
    """A convolution, then an LSTM; a text is the largest value of each feature. Padding must be behind the text."""

    config_class = CnnLstmConfig

    def __init__(self, config: CnnLstmConfig) -> None:
        super().__init__(config)
        self.convolution = Convolution(config.embedding_size, config.filters, config.width)
        self.lstm = nn.LSTM(config.filters, config.hidden_size, batch_first=True)
        self.post_init()

    def forward(self, input_ids: Tensor, attention_mask: Tensor | None = None) -> BaseModelOutputWithPooling:
        """``last_hidden_state``: [windows, time, hidden_size]; ``pooler_output``: [windows, hidden_size]."""
        real = real_tokens(input_ids, attention_mask)
        # The LSTM goes forwards: what it makes of the padding, behind the text, is behind all that is used.
        states = self.lstm(self.convolution(self.embedded(input_ids, real)))[0]
        return BaseModelOutputWithPooling(last_hidden_state=states, pooler_output=largest(states, real))


class CnnLstmForSequenceClassification(SequenceClassifier):
    """A ``CnnLstmModel`` with a linear layer over the largest values."""

    config_class = CnnLstmConfig
    encoder_class = CnnLstmModel
