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
    """The attention function for transformers; returns the attended values, [batch, time, heads, width], and None.

    Args:
        module: the calling layer.
        query: [batch, heads, time, size].
        key: [batch, shared, keys, size]; some heads in a row may share their keys and values.
        value: [batch, shared, keys, width].
        attention_mask: [batch, 1 or heads, time, keys]; boolean, true for visible keys, or a term added to the scores;
            None if all keys are visible.
        dropout: dropout rate of the attention weights.
        scaling: factor of the scores; by default 1 / sqrt(size).
        is_causal: whether keys after the query are hidden if there is no mask.
        kwargs: arguments of other attention functions.
    """
    causal = is_causal if is_causal is not None else getattr(module, "is_causal", True)
    hidden_after = causal and attention_mask is None and query.shape[2] > 1
    unknown = kwargs.get("position_bias") is not None or kwargs.get("cache") is not None or kwargs.get("softcap")
    if (
        not _fits(module, query, key, value)
        or hidden_after
        or unknown
        or dropout >= 1
        or not _pays(query, key, dropout)
    ):
        return sdpa_attention_forward(
            module, query, key, value, attention_mask, dropout=dropout, scaling=scaling, is_causal=is_causal, **kwargs
        )
    if torch.is_autocast_enabled("cpu"):  # queries and keys may be fp32, such as rotated ones
        dtype = torch.get_autocast_dtype("cpu")
        query, key, value = query.to(dtype), key.to(dtype), value.to(dtype)
    if attention_mask is not None:
        attention_mask = _as_term(attention_mask, query.dtype)
    scale = scaling if scaling is not None else query.shape[-1] ** -0.5
    attended: Tensor = _Attention.apply(query, key, value, attention_mask, scale, dropout)
    return attended, None


def _fits(module: nn.Module, query: Tensor, key: Tensor, value: Tensor) -> bool:
    """Whether these are tensors that the products below know."""
    if query.device.type != "cpu" or torch.compiler.is_compiling():
        return False
    batch, heads = query.shape[:2]
    sharing = heads // key.shape[1]
    if key.shape[0] != batch or key.shape[1] * sharing != heads or value.shape[:3] != key.shape[:3]:
        return False
    if sharing > 1 and getattr(module, "num_key_value_groups", 1) != sharing:
        return False
    return query.dtype == key.dtype == value.dtype or torch.is_autocast_enabled("cpu")


def _pays(query: Tensor, key: Tensor, dropout: float) -> bool:
    if dropout:  # torch has no faster way: it computes the same products with a slower mask
        return True
    batch, heads, time, _ = query.shape
    if batch * heads * time * key.shape[2] > _MOST_SCORES:
        return False
    dtype = torch.get_autocast_dtype("cpu") if torch.is_autocast_enabled("cpu") else query.dtype
    return dtype.itemsize == 2 or key.shape[2] <= _SHORT


def _as_term(mask: Tensor, dtype: torch.dtype) -> Tensor:
    """The mask as a term to add to the scores."""
    lowest = torch.finfo(dtype).min
    if mask.dtype is torch.bool:
        return torch.zeros(mask.shape, dtype=dtype).masked_fill_(~mask, lowest)
    # The lowest fp32 number is -inf in bf16, and a row in which every key has -inf would be NaN.
    return mask.to(dtype) if mask.dtype == dtype else mask.to(dtype).clamp_min(lowest)


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

    Scaling is applied to the small tensors: queries and values, not scores and weights. Heads that share keys and
    values are rows of one product.
    """

    @staticmethod
    def forward(
        ctx: Any, query: Tensor, key: Tensor, value: Tensor, term: Tensor | None, scale: float, rate: float
    ) -> Tensor:
        batch, heads, time, _ = query.shape
        shared, keys = key.shape[1:3]
        ctx.shapes = query.shape, key.shape, value.shape, None if term is None else term.shape
        query, key, value = (part.reshape(batch * shared, -1, part.shape[-1]) for part in (query, key, value))
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
        ctx.scale, ctx.rate = scale, rate
        # A clone and no view: a model may change it in place.
        attended = attended.view(batch, heads, time, -1).transpose(1, 2)
        return attended.clone(memory_format=torch.contiguous_format)

    @staticmethod
    def backward(ctx: Any, gradient: Tensor) -> tuple[Tensor | None, ...]:
        query, key, value, weights, mask = ctx.saved_tensors  # query and value are scaled
        of_query_shape, of_key_shape, of_value_shape, of_term_shape = ctx.shapes
        gradient = gradient.transpose(1, 2).reshape(*query.shape[:2], -1)
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
        of_term = None
        if ctx.needs_input_grad[3]:  # learned biases of positions
            of_term = of_scores.view(*of_query_shape[:3], -1).sum_to_size(of_term_shape)
        return (
            of_query.view(of_query_shape),
            of_key.view(of_key_shape),
            of_value.view(of_value_shape),
            of_term,
            None,
            None,
        )
