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
from ftk.kernels.unpadded import TokensOfRows

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
    scale = scaling if scaling is not None else query.shape[-1] ** -0.5
    if isinstance(attention_mask, TokensOfRows):
        query, key, value = _as_products(query, key, value)
        packed: Tensor = _PackedAttention.apply(query, key, value, attention_mask, scale, dropout)
        return packed, None
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
    query, key, value = _as_products(query, key, value)
    if attention_mask is not None:
        attention_mask = _as_term(attention_mask, query.dtype)
    attended: Tensor = _Attention.apply(query, key, value, attention_mask, scale, dropout)
    return attended, None


def _as_products(*states: Tensor) -> tuple[Tensor, ...]:
    """States in the data type of the products: queries and keys may be fp32 under autocast, such as rotated ones."""
    if not torch.is_autocast_enabled("cpu"):
        return states
    return tuple(part.to(torch.get_autocast_dtype("cpu")) for part in states)


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


def _attended(
    query: Tensor, key: Tensor, value: Tensor, term: Tensor | None, shape: tuple[int, ...], scale: float, rate: float
) -> tuple[Tensor, tuple[Tensor | None, ...]]:
    """dropout(softmax(scale * query @ key.T + term)) @ value, and what its gradients need.

    Scaling is applied to the small tensors: queries and values, not scores and weights.

    Args:
        query: [rows, time, size], a head in a row of its own; key and value alike.
        term: added to the scores as [batch, heads, time, keys].
        shape: of the term.
        scale: factor of the scores.
        rate: dropout rate of the weights.
    """
    query = query * scale
    weights = torch.bmm(query, key.transpose(1, 2))
    if term is not None:
        weights.view(shape).add_(term)
    weights = _softmax(weights)
    mask, kept = None, weights
    if rate:
        mask = keep_mask(weights.shape, rate)
        kept = masked(weights, mask)
        value = value * (1 / (1 - true_rate(rate)))
    return torch.bmm(kept, value), (query, key, value, weights, mask)


def _gradients(
    saved: tuple[Tensor, ...], gradient: Tensor, scale: float, rate: float
) -> tuple[Tensor, Tensor, Tensor, Tensor]:
    """The gradients of query, key, value and scores, in the shapes that ``_attended`` was given.

    Args:
        saved: what ``_attended`` returned for them; query and value are scaled.
        gradient: of what was attended.
        scale: factor of the scores.
        rate: dropout rate of the weights.
    """
    query, key, value, weights, mask = saved
    kept, of_kept = weights, torch.bmm(gradient, value.transpose(1, 2))
    if mask is not None:
        kept, of_kept = masked(weights, mask), masked(of_kept, mask)
    of_value = torch.bmm(kept.transpose(1, 2), gradient)
    if mask is not None:
        of_value *= 1 / (1 - true_rate(rate))
    del kept
    of_scores = _softmax_backward(of_kept, weights)
    of_query = torch.bmm(of_scores, key).mul_(scale)
    return of_query, torch.bmm(of_scores.transpose(1, 2), query), of_value, of_scores


class _Attention(torch.autograd.Function):
    """Attention (Vaswani et al. 2017) of padded rows. Heads that share keys and values are rows of one product."""

    @staticmethod
    def forward(
        ctx: Any, query: Tensor, key: Tensor, value: Tensor, term: Tensor | None, scale: float, rate: float
    ) -> Tensor:
        batch, heads, time, _ = query.shape
        shared, keys = key.shape[1:3]
        ctx.shapes = query.shape, key.shape, value.shape, None if term is None else term.shape
        query, key, value = (part.reshape(batch * shared, -1, part.shape[-1]) for part in (query, key, value))
        attended, saved = _attended(query, key, value, term, (batch, heads, time, keys), scale, rate)
        ctx.save_for_backward(*saved)
        ctx.scale, ctx.rate = scale, rate
        # A clone and no view: a model may change it in place.
        attended = attended.view(batch, heads, time, -1).transpose(1, 2)
        return attended.clone(memory_format=torch.contiguous_format)

    @staticmethod
    def backward(ctx: Any, gradient: Tensor) -> tuple[Tensor | None, ...]:
        of_query_shape, of_key_shape, of_value_shape, of_term_shape = ctx.shapes
        saved = ctx.saved_tensors  # read once, or activations that are computed again would be so twice
        gradient = gradient.transpose(1, 2).reshape(*saved[0].shape[:2], -1)
        of_query, of_key, of_value, of_scores = _gradients(saved, gradient, ctx.scale, ctx.rate)
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


class _PackedAttention(torch.autograd.Function):
    """Attention of rows that lie one after the other: [1, heads, tokens, size], each head with its keys."""

    @staticmethod
    def forward(
        ctx: Any, query: Tensor, key: Tensor, value: Tensor, rows: TokensOfRows, scale: float, rate: float
    ) -> Tensor:
        heads, tokens = query.shape[1:3]
        parts = [_by_token(part) for part in (query, key, value)]
        places, found = rows.places(heads), []
        saved: list[Tensor | None] = []
        for group, place in zip(rows.groups, places.taken, strict=True):
            number, time = group.token.shape
            shape = (number, heads, time, time)
            queries, keys, values = (part.index_select(0, place).view(number * heads, time, -1) for part in parts)
            attended, kept = _attended(queries, keys, values, group.term, shape, scale, rate)
            found.append(attended.view(number * heads * time, -1))
            saved += kept
        ctx.save_for_backward(*saved)
        ctx.rows, ctx.scale, ctx.rate = rows, scale, rate
        return torch.cat(found).index_select(0, places.back).view(1, tokens, heads, -1)

    @staticmethod
    def backward(ctx: Any, gradient: Tensor) -> tuple[Tensor | None, ...]:
        saved = ctx.saved_tensors
        _, tokens, heads, size = gradient.shape
        gradient = torch.cat([gradient.reshape(tokens * heads, size), gradient.new_zeros(1, size)])  # that of padding
        places = ctx.rows.places(heads)
        found: list[list[Tensor]] = [[], [], []]
        for number, (group, place) in enumerate(zip(ctx.rows.groups, places.given, strict=True)):
            count, time = group.token.shape
            part = gradient.index_select(0, place).view(count * heads, time, size)
            own = saved[5 * number : 5 * number + 5]
            for those, one in zip(found, _gradients(own, part, ctx.scale, ctx.rate)[:3], strict=True):
                those.append(one.reshape(count * heads * time, -1))
        of_inputs = (torch.cat(those).index_select(0, places.back).view(1, tokens, heads, -1) for those in found)
        return (*(one.transpose(1, 2) for one in of_inputs), None, None, None)


def _by_token(states: Tensor) -> Tensor:
    """[tokens * heads, size] of [1, heads, tokens, size]."""
    return states[0].transpose(0, 1).reshape(-1, states.shape[-1])
