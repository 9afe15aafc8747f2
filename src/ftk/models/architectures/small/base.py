"""Base classes of the small neural models: config, initialisation, padding and heads."""

from typing import Any, ClassVar

import torch
from torch import Tensor, nn
from transformers import PretrainedConfig, PreTrainedModel
from transformers.modeling_outputs import SequenceClassifierOutput


class SmallConfig(PretrainedConfig):
    """Values that all small models have. They have no positions, so texts may have any length."""

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
            vocab_size: number of embeddings.
            embedding_size: size of each embedding.
            dropout: dropout rate of the embeddings and before the head.
            initializer_range: standard deviation of random embeddings.
            pad_token_id: token id used for padding.
            kwargs: arguments of every config, such as the labels.
        """
        positive(vocab_size=vocab_size, embedding_size=embedding_size)
        if not 0 <= dropout < 1:
            raise ValueError(f"dropout={dropout} must be at least 0 and below 1")
        self.vocab_size = vocab_size
        self.embedding_size = embedding_size
        self.dropout = dropout
        self.initializer_range = initializer_range
        self.pad_token_id = pad_token_id
        self.max_position_embeddings = None
        super().__init__(**kwargs)


def positive(**sizes: int) -> None:
    """Checks that all sizes are whole numbers above 0.

    Raises:
        ValueError: names the first that is not.
    """
    for name, size in sizes.items():
        if isinstance(size, bool) or not isinstance(size, int) or size < 1:
            raise ValueError(f"{name}={size} must be a whole number above 0")


class SmallModel(PreTrainedModel):
    """Base class of the encoders and of the models with a head; initialised by torch's defaults."""

    base_model_prefix = "encoder"
    main_input_name = "input_ids"

    def _init_weights(self, module: nn.Module) -> None:
        if isinstance(module, nn.Embedding):
            nn.init.normal_(module.weight, std=self.config.initializer_range)
        elif isinstance(module, (nn.Linear, nn.LSTM)):
            module.reset_parameters()


class SmallEncoder(SmallModel):
    """Encodes token ids into a state for each token and one for each text."""

    def __init__(self, config: Any) -> None:
        super().__init__(config)
        self.embeddings = nn.Embedding(config.vocab_size, config.embedding_size)
        self.dropout = nn.Dropout(config.dropout)

    def get_input_embeddings(self) -> nn.Module:
        """The embedding table."""
        return self.embeddings

    def embedded(self, input_ids: Tensor, real: Tensor) -> Tensor:
        """Embeddings with dropout, zero at padding: [windows, time, embedding_size]."""
        states: Tensor = self.dropout(self.embeddings(input_ids))
        return states * real[..., None]


class SmallClassifier(SmallModel):
    """A linear layer over an encoder's state of each text, or of each token."""

    encoder_class: ClassVar[type[SmallEncoder]]
    state: ClassVar[str] = "pooler_output"
    """The encoder output that is classified; ``last_hidden_state`` classifies tokens."""
    output_class: ClassVar[Any] = SequenceClassifierOutput

    def __init__(self, config: Any) -> None:
        super().__init__(config)
        self.encoder = self.encoder_class(config)
        self.dropout = nn.Dropout(config.dropout)
        self.classifier = nn.Linear(config.hidden_size, config.num_labels)
        self.post_init()

    def get_input_embeddings(self) -> nn.Module:
        """The embedding table."""
        return self.encoder.get_input_embeddings()

    def forward(self, input_ids: Tensor, attention_mask: Tensor | None = None) -> Any:
        """Returns ``logits``: [windows, labels] for texts, [windows, time, labels] for tokens."""
        states: Tensor = getattr(self.encoder(input_ids, attention_mask), self.state)
        return self.output_class(logits=self.classifier(self.dropout(states)))


def real_tokens(input_ids: Tensor, attention_mask: Tensor | None) -> Tensor:
    """True for tokens, false for padding: [windows, time]."""
    return torch.ones_like(input_ids, dtype=torch.bool) if attention_mask is None else attention_mask.bool()


def largest(states: Tensor, real: Tensor) -> Tensor:
    """Maximum of each feature over the real tokens (max pooling): [windows, size].

    Args:
        states: [windows, time, size].
        real: [windows, time] false for padding.
    """
    hidden = states.masked_fill(~real[..., None], torch.finfo(states.dtype).min)
    return hidden.max(1).values
