"""The mean of the embeddings of tokens and of pairs of them (Joulin et al. 2017, "Bag of Tricks for Efficient Text
Classification")."""

from typing import Any

from torch import Tensor, nn
from torch.nn import functional
from transformers.modeling_outputs import BaseModelOutputWithPooling

from ftk.models.architectures.small.base import SequenceClassifier, SmallConfig, SmallEncoder, positive, real_tokens

_SPREAD = 116_049_371
"""Spreads the pairs over the buckets: a prime, so that pairs with one token in common fall into different ones."""


class FasttextBagConfig(SmallConfig):
    """The sizes of a ``FasttextBagModel``."""

    model_type = "ftk-fasttext-bag"

    def __init__(self, buckets: int = 32768, **kwargs: Any) -> None:
        """
        Args:
            buckets: embeddings that all pairs of neighbouring tokens share.
            kwargs: of ``SmallConfig``.
        """
        positive(buckets=buckets)
        self.buckets = buckets
        super().__init__(**kwargs)

    @property
    def hidden_size(self) -> int:
        """Numbers in a state."""
        return self.embedding_size


class FasttextBagModel(SmallEncoder):
    """Embeddings of tokens, and of pairs of neighbours by a hash of them; a text is the mean of all of these."""

    config_class = FasttextBagConfig

    def __init__(self, config: FasttextBagConfig) -> None:
        super().__init__(config)
        self.pairs = nn.Embedding(config.buckets, config.embedding_size)
        self.post_init()

    def forward(self, input_ids: Tensor, attention_mask: Tensor | None = None) -> BaseModelOutputWithPooling:
        """``last_hidden_state``: [windows, time, embedding_size] a token, and the pair of it and the next;
        ``pooler_output``: [windows, embedding_size]."""
        real = real_tokens(input_ids, attention_mask)
        both = real[:, :-1] & real[:, 1:]
        bucket = (input_ids[:, :-1] * _SPREAD + input_ids[:, 1:]) % self.config.buckets
        pairs = self.dropout(self.pairs(bucket)) * both[..., None]
        states = self.embedded(input_ids, real) + functional.pad(pairs, (0, 0, 0, 1))
        number = (real.sum(1) + both.sum(1)).clamp(min=1)
        return BaseModelOutputWithPooling(last_hidden_state=states, pooler_output=states.sum(1) / number[:, None])


class FasttextBagForSequenceClassification(SequenceClassifier):
    """A ``FasttextBagModel`` with a linear layer over the mean."""

    config_class = FasttextBagConfig
    encoder_class = FasttextBagModel
