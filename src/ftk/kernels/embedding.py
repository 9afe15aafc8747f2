"""Embeddings of which only the rows are trained that the training data reads."""

from typing import Any, cast

import torch
from torch import Tensor, nn
from torch.nn import functional

_MOST = 0.9
"""Share of the rows from which on there is too little to be saved."""


class SeenEmbedding(nn.Embedding):
    """``nn.Embedding`` whose trained parameter is ``seen``, the rows of ``weight`` that training reads.

    The other rows have no gradient, and an optimizer would go through all of them at each step to no effect: half of
    the parameters of a small encoder, two thirds of those of a multilingual one. They stay as they were, not even
    decayed. ``weight`` is brought up to date where it is read: when the module goes to evaluation and when it is saved.
    """

    seen: nn.Parameter
    place: Tensor
    """[vocabulary] the row of ``seen`` for each token; none for a token that training does not read."""
    tokens: Tensor
    """[seen] the token of each row."""
    seen_padding: int | None
    """The row of ``seen`` that is never trained."""
    gradient: Tensor | None
    """The gradient of ``seen``, kept from step to step: most of its rows are zero, and stay so."""
    touched: list[Tensor]
    """The rows of it that are not."""

    def forward(self, input: Tensor) -> Tensor:
        """[…, size] the embedding of each token."""
        if not self.training:
            return super().forward(input)
        # A token out of place has a number behind the last row: an error, and never another token's row.
        rows = self.place[input]
        if rows.device.type != "cpu" or torch.compiler.is_compiling():
            return functional.embedding(rows, self.seen, self.seen_padding)
        embedded: Tensor = _Lookup.apply(self.seen, rows, self)
        return embedded

    def add_gradient(self, rows: Tensor, gradient: Tensor) -> None:
        """Add to the gradient of ``seen`` where it is not zero, rather than make one that is zero nearly everywhere."""
        rows, gradient = rows.flatten(), gradient.flatten(0, -2).to(self.seen.dtype)
        if self.seen.grad is None:
            if self.gradient is None:
                self.gradient = torch.zeros_like(self.seen)
            for before in self.touched:
                self.gradient.index_fill_(0, before, 0)
            self.touched.clear()
            self.seen.grad = self.gradient
        if self.seen.grad is self.gradient:
            self.touched.append(rows)
        self.seen.grad.index_add_(0, rows, gradient)
        if self.seen_padding is not None:
            self.seen.grad[self.seen_padding].zero_()

    def train(self, mode: bool = True) -> "SeenEmbedding":
        """As ``nn.Module.train``."""
        if not mode:
            self._write_back()
        return super().train(mode)

    @torch.no_grad()
    def _write_back(self) -> None:
        self.weight.index_copy_(0, self.tokens, self.seen)

    def _save_to_state_dict(self, destination: dict[str, Any], prefix: str, keep_vars: bool) -> None:
        self._write_back()
        destination[f"{prefix}weight"] = self.weight if keep_vars else self.weight.detach()


class _Lookup(torch.autograd.Function):
    """An embedding whose gradient is added in place."""

    @staticmethod
    def forward(ctx: Any, weight: Tensor, rows: Tensor, module: SeenEmbedding) -> Tensor:
        ctx.rows, ctx.module = rows, module
        return functional.embedding(rows, weight)

    @staticmethod
    def backward(ctx: Any, gradient: Tensor) -> tuple[None, None, None]:
        ctx.module.add_gradient(ctx.rows, gradient)
        return None, None, None


def seen_embedding(model: nn.Module) -> SeenEmbedding | None:
    """The embeddings of a model of which only the rows that are read are trained; None where there are none such."""
    return next((module for module in model.modules() if isinstance(module, SeenEmbedding)), None)


def train_seen_rows(model: nn.Module, tokens: Tensor) -> int:
    """Let a model train those rows of its input embeddings only that these tokens are looked up in.

    Args:
        model: a transformers model.
        tokens: [n] all tokens that training will ever look up, each once, in rising order.

    Returns:
        How many rows are left out; 0 where the model is left alone: its embeddings are not plain ones, are frozen, or
        are the output's, too, where each row has a gradient at every step.
    """
    table = model.get_input_embeddings()  # type: ignore[operator]
    if type(table) is not nn.Embedding or table.max_norm is not None or table.scale_grad_by_freq or table.sparse:
        return 0
    holders = [own for module in model.modules() for own in module.parameters(recurse=False) if own is table.weight]
    if len(holders) != 1 or not table.weight.requires_grad or len(tokens) > _MOST * table.num_embeddings:
        return 0
    tokens = tokens.to(table.weight.device)
    place = torch.full((table.num_embeddings,), len(tokens), dtype=torch.int64, device=tokens.device)
    place[tokens] = torch.arange(len(tokens), device=tokens.device)
    padding = None if table.padding_idx is None else int(place[table.padding_idx])
    table.__class__ = SeenEmbedding
    seen = cast(SeenEmbedding, table)
    seen.weight.requires_grad_(False)
    seen.seen = nn.Parameter(seen.weight[tokens].clone())
    seen.register_buffer("place", place, persistent=False)
    seen.register_buffer("tokens", tokens, persistent=False)
    seen.gradient, seen.touched = None, []
    seen.seen_padding = padding if padding is not None and padding < len(tokens) else None
    return seen.num_embeddings - len(tokens)
