"""The mean of the embeddings of tokens and token pairs (Joulin et al. 2017, "Bag of Tricks for Efficient Text
Classification")."""

from typing import Any

from torch import Tensor, nn
from torch.nn import functional
from transformers.modeling_outputs import BaseModelOutputWithPooling

from ftk.models.architectures.small.base import SmallClassifier, SmallConfig, SmallEncoder, positive, real_tokens

_SPREAD = 116_049_371
"""A prime that spreads the pairs over the buckets, so that pairs sharing a token get different buckets."""


class FasttextBagConfig(SmallConfig):
    """Config of a ``FasttextBagModel``."""

    model_type = "ftk-fasttext-bag"

    def __init__(self, buckets: int = 32768, **kwargs: Any) -> None:
        """
        Args:
            buckets: number of embeddings shared by all pairs of neighbouring tokens.
            kwargs: arguments of ``SmallConfig``.
        """
        positive(buckets=buckets)
        self.buckets = buckets
        super().__init__(**kwargs)

    @property
    def hidden_size(self) -> int:
        """Size of a state."""
        return self.embedding_size


class FasttextBagModel(SmallEncoder):
    """Embeddings of tokens and of hashed pairs of neighbouring tokens; a text is the mean of all of them."""

    config_class = FasttextBagConfig

    def __init__(self, config: FasttextBagConfig) -> None:
        super().__init__(config)
        self.pairs = nn.Embedding(config.buckets, config.embedding_size)
        self.post_init()

    def forward(self, input_ids: Tensor, attention_mask: Tensor | None = None) -> BaseModelOutputWithPooling:
        """Returns the states of the tokens and the mean of each text.

        ``last_hidden_state``: [windows, time, embedding_size], the embedding of each token plus that of its pair with
            the
        next; ``pooler_output``: [windows, embedding_size].
        """
        real = real_tokens(input_ids, attention_mask)
        both = real[:, :-1] & real[:, 1:]
        bucket = (input_ids[:, :-1] * _SPREAD + input_ids[:, 1:]) % self.config.buckets
        pairs = self.dropout(self.pairs(bucket)) * both[..., None]
        states = self.embedded(input_ids, real) + functional.pad(pairs, (0, 0, 0, 1))
        number = (real.sum(1) + both.sum(1)).clamp(min=1)
        return BaseModelOutputWithPooling(last_hidden_state=states, pooler_output=states.sum(1) / number[:, None])


class FasttextBagForSequenceClassification(SmallClassifier):
    """A ``FasttextBagModel`` with a linear layer over the mean."""

    config_class = FasttextBagConfig
    encoder_class = FasttextBagModel
