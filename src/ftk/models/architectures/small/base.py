"""What the small neural models share: how they begin, what is padding, and the heads."""

from typing import Any, ClassVar

import torch
from torch import Tensor, nn
from transformers import PretrainedConfig, PreTrainedModel
from transformers.modeling_outputs import (
    BaseModelOutputWithPooling,
    SequenceClassifierOutput,
    TokenClassifierOutput,
)


class SmallConfig(PretrainedConfig):
    """The values that all of them have. They have no positions, so there is no longest text."""

    def __init__(
        self,
        vocab_size: int = 8000,
        embedding_size: int = 128,
        dropout: float = 0.5,
        initializer_range: float = 0.1,
        pad_token_id: int = 0,
        **kwargs: Any,
    ) -> None:
        """
        Args:
            vocab_size: entries of the table of embeddings.
            embedding_size: numbers in each.
            dropout: rate at which embeddings, and what the head reads, are dropped in training.
            initializer_range: standard deviation of random embeddings.
            pad_token_id: what short texts are filled up with.
            kwargs: of every config: labels and the like.
        """
        positive(vocab_size=vocab_size, embedding_size=embedding_size)
        if not 0 <= dropout < 1:
            raise ValueError(f"dropout={dropout} is a rate: from 0 up to, but not, 1")
        self.vocab_size = vocab_size
        self.embedding_size = embedding_size
        self.dropout = dropout
        self.initializer_range = initializer_range
        self.pad_token_id = pad_token_id
        self.max_position_embeddings = None
        super().__init__(**kwargs)


def positive(**sizes: int) -> None:
    """Refuse sizes that none can be.

    Raises:
        ValueError: the first of them that is not above 0.
    """
    for name, size in sizes.items():
        if isinstance(size, bool) or not isinstance(size, int) or size < 1:
            raise ValueError(f"{name}={size} must be a whole number above 0")


class SmallModel(PreTrainedModel):
    """An encoder or a model with a head, with random weights as torch makes them."""

    base_model_prefix = "encoder"
    main_input_name = "input_ids"

    def _init_weights(self, module: nn.Module) -> None:
        if isinstance(module, nn.Embedding):
            nn.init.normal_(module.weight, std=self.config.initializer_range)
        elif isinstance(module, (nn.Linear, nn.LSTM)):
            module.reset_parameters()


class SmallEncoder(SmallModel):
    """Ids in; states of single tokens and of whole texts out."""

    def __init__(self, config: Any) -> None:
        super().__init__(config)
        self.embeddings = nn.Embedding(config.vocab_size, config.embedding_size)
        self.dropout = nn.Dropout(config.dropout)

    def get_input_embeddings(self) -> nn.Module:
        """The table of embeddings."""
        return self.embeddings

    def embedded(self, input_ids: Tensor, real: Tensor) -> Tensor:
        """[windows, time, embedding_size] embeddings, zero where there is padding."""
        states: Tensor = self.dropout(self.embeddings(input_ids))
        return states * real[..., None]


class SequenceClassifier(SmallModel):
    """A linear layer over what an encoder says of a whole text."""

    encoder_class: ClassVar[type[SmallEncoder]]

    def __init__(self, config: Any) -> None:
        super().__init__(config)
        self.encoder = self.encoder_class(config)
        self.dropout = nn.Dropout(config.dropout)
        self.classifier = nn.Linear(config.hidden_size, config.num_labels)
        self.post_init()

    def get_input_embeddings(self) -> nn.Module:
        """The table of embeddings."""
        return self.encoder.get_input_embeddings()

    def forward(self, input_ids: Tensor, attention_mask: Tensor | None = None) -> SequenceClassifierOutput:
        """``logits``: [windows, labels]."""
        encoded: BaseModelOutputWithPooling = self.encoder(input_ids, attention_mask)
        return SequenceClassifierOutput(logits=self.classifier(self.dropout(encoded.pooler_output)))


class TokenClassifier(SmallModel):
    """A linear layer over what an encoder says of each token."""

    encoder_class: ClassVar[type[SmallEncoder]]

    def __init__(self, config: Any) -> None:
        super().__init__(config)
        self.encoder = self.encoder_class(config)
        self.dropout = nn.Dropout(config.dropout)
        self.classifier = nn.Linear(config.hidden_size, config.num_labels)
        self.post_init()

    def get_input_embeddings(self) -> nn.Module:
        """The table of embeddings."""
        return self.encoder.get_input_embeddings()

    def forward(self, input_ids: Tensor, attention_mask: Tensor | None = None) -> TokenClassifierOutput:
        """``logits``: [windows, time, labels]."""
        encoded: BaseModelOutputWithPooling = self.encoder(input_ids, attention_mask)
        return TokenClassifierOutput(logits=self.classifier(self.dropout(encoded.last_hidden_state)))


def real_tokens(input_ids: Tensor, attention_mask: Tensor | None) -> Tensor:
    """[windows, time] true where a token is none of the padding."""
    return torch.ones_like(input_ids, dtype=torch.bool) if attention_mask is None else attention_mask.bool()


def largest(states: Tensor, real: Tensor) -> Tensor:
    """[windows, size] the largest value of each feature over the real tokens.

    Args:
        states: [windows, time, size].
        real: [windows, time].
    """
    hidden = states.masked_fill(~real[..., None], torch.finfo(states.dtype).min)
    return hidden.max(1).values
