"""Attention on the CPU as matrix products over all heads, with fast dropout masks and its own backward pass.

torch's fused kernel has no dropout on the CPU, and its backward pass in bf16 takes several times as long as these
products. It is still used where it is faster: for long rows in fp32, and if the scores of all heads would not fit into
memory.
"""

from typing import Any

import torch
from torch import Tensor, nn
from transformers import AttentionInterface
from transformers.integrations.sdpa_attention import sdpa_attention_forward
from transformers.masking_utils import AttentionMaskInterface, sdpa_mask

from ftk.kernels.random_bits import keep_mask, masked, true_rate

NAME = "ftk"
"""Value of ``config._attn_implementation``; it is not saved with a model."""
_MOST_SCORES = 1 << 28
"""Maximum number of attention scores in memory: 0.5 GiB in bf16."""
_SHORT = 256
"""Number of keys up to which a few large products are faster than the fused kernel in fp32."""


def register() -> None:
    """Registers the attention with transformers."""
    AttentionInterface.register(NAME, attention_forward)
    AttentionMaskInterface.register(NAME, sdpa_mask)


def attention_forward(
    module: nn.Module,
    query: Tensor,
    key: Tensor,
    value: Tensor,
    attention_mask: Tensor | None,
    dropout: float = 0.0,
    scaling: float | None = None,
    is_causal: bool | None = None,
    **kwargs: Any,
) -> tuple[Tensor, None]:
    """The attention function for transformers; returns the attended values, [batch, time, heads, size], and None.

    Args:
        module: the calling layer.
        query: [batch, heads, time, size].
        key: [batch, heads, keys, size].
        value: [batch, heads, keys, size].
        attention_mask: [batch, 1 or heads, time, keys]; boolean, true for visible keys, or a term added to the scores;
            None if all keys are visible.
        dropout: dropout rate of the attention weights.
        scaling: factor of the scores; by default 1 / sqrt(size).
        is_causal: whether keys after the query are hidden if there is no mask.
        kwargs: arguments of other attention functions.
    """
    causal = is_causal if is_causal is not None else getattr(module, "is_causal", True)
    plain = query.device.type == "cpu" and query.shape[:2] == key.shape[:2] and not torch.compiler.is_compiling()
    hidden_after = causal and attention_mask is None and query.shape[2] > 1
    unknown = kwargs.get("position_bias") is not None or kwargs.get("cache") is not None or kwargs.get("softcap")
    if not plain or hidden_after or unknown or dropout >= 1 or not _pays(query, key, dropout):
        return sdpa_attention_forward(
            module, query, key, value, attention_mask, dropout=dropout, scaling=scaling, is_causal=is_causal, **kwargs
        )
    if attention_mask is not None:
        attention_mask = _as_term(attention_mask, query.dtype)
    scale = scaling if scaling is not None else query.shape[-1] ** -0.5
    attended: Tensor = _Attention.apply(query, key, value, attention_mask, scale, dropout)
    return attended, None


def _pays(query: Tensor, key: Tensor, dropout: float) -> bool:
    if dropout:  # torch has no faster way: it computes the same products with a slower mask
        return True
    batch, heads, time, _ = query.shape
    if batch * heads * time * key.shape[2] > _MOST_SCORES:
        return False
    return query.element_size() == 2 or key.shape[2] <= _SHORT


def _as_term(mask: Tensor, dtype: torch.dtype) -> Tensor:
    """The mask as a term to add to the scores."""
    if mask.dtype is not torch.bool:
        return mask.to(dtype)
    return torch.zeros(mask.shape, dtype=dtype).masked_fill_(~mask, torch.finfo(dtype).min)


def _softmax(scores: Tensor) -> Tensor:
    """Softmax over the last dimension, with statistics in fp32."""
    if scores.shape[-1] % 32 == 0:
        return torch.softmax(scores, -1)
    # If the end of a row does not fill a vector, torch's half-precision kernel takes several times as long.
    return torch.softmax(scores, -1, dtype=torch.promote_types(scores.dtype, torch.float32)).to(scores.dtype)


def _softmax_backward(gradient: Tensor, weights: Tensor) -> Tensor:
    dtype, keys = weights.dtype, weights.shape[-1]
    if dtype.itemsize == 2 and keys < 64 and keys % 32:  # the same holds for the backward kernel, for short rows
        gradient, weights = gradient.float(), weights.float()
    result: Tensor = torch.ops.aten._softmax_backward_data(gradient, weights, -1, weights.dtype)
    return result.to(dtype)


class _Attention(torch.autograd.Function):
    """dropout(softmax(scale * query @ key.T + term)) @ value (Vaswani et al. 2017), and its gradients.

    Scaling is applied to the small tensors: queries and values, not scores and weights.
    """

    @staticmethod
    def forward(
        ctx: Any, query: Tensor, key: Tensor, value: Tensor, term: Tensor | None, scale: float, rate: float
    ) -> Tensor:
        batch, heads, time, size = query.shape
        keys = key.shape[2]
        query, key, value = (part.reshape(batch * heads, -1, size) for part in (query, key, value))
        query = query * scale
        weights = torch.bmm(query, key.transpose(1, 2))
        if term is not None:
            weights.view(batch, heads, time, keys).add_(term)
        weights = _softmax(weights)
        mask, kept = None, weights
        if rate:
            mask = keep_mask(weights.shape, rate)
            kept = masked(weights, mask)
            value = value * (1 / (1 - true_rate(rate)))
        attended = torch.bmm(kept, value)
        ctx.save_for_backward(query, key, value, weights, mask)
        ctx.shape, ctx.scale, ctx.rate = (batch, heads, time, keys, size), scale, rate
        return attended.view(batch, heads, time, size).transpose(1, 2).contiguous()

    @staticmethod
    def backward(ctx: Any, gradient: Tensor) -> tuple[Tensor | None, ...]:
        query, key, value, weights, mask = ctx.saved_tensors  # query and value are scaled
        batch, heads, time, keys, size = ctx.shape
        gradient = gradient.transpose(1, 2).reshape(batch * heads, time, size)
        kept, of_kept = weights, torch.bmm(gradient, value.transpose(1, 2))
        if mask is not None:
            kept, of_kept = masked(weights, mask), masked(of_kept, mask)
        of_value = torch.bmm(kept.transpose(1, 2), gradient)
        if mask is not None:
            of_value *= 1 / (1 - true_rate(ctx.rate))
        del kept
        of_scores = _softmax_backward(of_kept, weights)
        of_query = torch.bmm(of_scores, key).mul_(ctx.scale)
        of_key = torch.bmm(of_scores.transpose(1, 2), query)
        of_keys = (batch, heads, keys, size)
        return of_query.view(batch, heads, time, size), of_key.view(of_keys), of_value.view(of_keys), None, None, None
