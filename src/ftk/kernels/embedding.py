"""Input embeddings that train only the rows whose tokens occur in the training data."""

from typing import Any, Protocol, cast, runtime_checkable

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn
from torch.nn import functional

_MOST = 0.9
"""Share of the vocabulary in use from which on training fewer rows saves too little."""


class SeenEmbedding(nn.Embedding):
    """An ``nn.Embedding`` whose trained parameter is ``seen``: the rows of ``weight`` that the training data uses.

    The other rows never get a gradient, and an optimizer would still read and write all of them at each step: half of
    the parameters of a small encoder, two thirds of those of a multilingual one. They keep their values, without weight
    decay. ``weight`` is brought up to date when the module switches to evaluation and when it is saved.

    ``seen`` is an ordinary parameter: its gradient reaches ``torch.autograd.grad`` and hooks. On a CPU it arrives there
    as a sparse tensor, as from ``nn.Embedding(sparse=True)``, and is added to a dense ``seen.grad``.
    """

    seen: nn.Parameter
    place: Tensor
    """[vocabulary] the row of ``seen`` that each token has; past the last row for a token that is not in use."""
    tokens: Tensor
    """[seen] the token of each row."""
    seen_padding: int | None
    """The row of the padding token, which is never trained."""
    gradient: Tensor | None
    """The memory of ``seen.grad``, kept from step to step, because most of its rows are zero and stay zero."""
    touched: list[Tensor]
    """The rows of ``gradient`` that are not zero."""
    lookups: "_Lookups | None"
    """The lookups since the last backward pass."""

    def forward(self, input: Tensor) -> Tensor:
        """[…, size] the embedding of each token."""
        if not self.training:
            return super().forward(input)
        # A token that is not in use has an index past the last row: an error, and never another token's row.
        rows = self.place[input]
        if rows.device.type != "cpu" or torch.compiler.is_compiling():
            return functional.embedding(rows, self.seen, self.seen_padding)
        if not torch.is_grad_enabled():
            return functional.embedding(rows, self.seen)
        if self.seen.grad is None:  # a step begins
            self.seen.grad, self.lookups = self._zero_gradient(), None
        if self.lookups is None or self.lookups.handle is None:
            self.lookups = _Lookups(self)
        embedded: Tensor = _Lookup.apply(self.lookups.handle, rows, self.lookups)
        return embedded

    def _zero_gradient(self) -> Tensor:
        """[seen, size] zeros, in the memory of the step before."""
        if self.gradient is None:
            self.gradient = torch.zeros_like(self.seen)
        for rows in self.touched:
            self.gradient.index_fill_(0, rows, 0)
        self.touched.clear()
        return self.gradient

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


class _Lookups:
    """Some lookups in one table, and the one gradient that they give it.

    Autograd adds the gradients of a tensor that is used several times in an order of its own. Here they are added in
    the order of the backward pass, so that a step gives the same bytes however many lookups it has.
    """

    def __init__(self, table: SeenEmbedding) -> None:
        self.table = table
        self.parts: list[tuple[Tensor, Tensor]] = []
        """Rows and gradients of the lookups whose backward pass is done."""
        self.handle: Tensor | None = _Table.apply(table.seen, self)
        """An empty tensor that stands for the table in the graph; None after the backward pass, because it would keep
        this object alive."""


class _Table(torch.autograd.Function):
    """Gives a table the gradient of its lookups, as a sparse tensor: autograd adds it to a dense ``.grad`` in place."""

    @staticmethod
    def forward(ctx: Any, seen: Tensor, lookups: _Lookups) -> Tensor:
        ctx.lookups = lookups
        return seen.new_empty(0)

    @staticmethod
    def backward(ctx: Any, gradient: Tensor) -> tuple[Tensor, None]:
        lookups: _Lookups = ctx.lookups
        table = lookups.table
        rows, values = (torch.cat(parts) for parts in zip(*lookups.parts, strict=True))
        lookups.parts.clear()
        lookups.handle = None
        if table.seen_padding is not None:
            values.masked_fill_((rows == table.seen_padding)[:, None], 0.0)
        table.touched.append(rows)
        return torch.sparse_coo_tensor(rows[None], values, table.seen.shape, check_invariants=False), None


class _Lookup(torch.autograd.Function):
    """One lookup, whose gradient waits for those of the others."""

    @staticmethod
    def forward(ctx: Any, handle: Tensor, rows: Tensor, lookups: _Lookups) -> Tensor:
        ctx.rows, ctx.lookups = rows, lookups
        return functional.embedding(rows, lookups.table.seen.detach())

    @staticmethod
    def backward(ctx: Any, gradient: Tensor) -> tuple[Tensor, None, None]:
        lookups: _Lookups = ctx.lookups
        seen = lookups.table.seen
        lookups.parts.append((ctx.rows.flatten(), gradient.flatten(0, -2).to(seen.dtype)))
        return seen.new_empty(0), None, None


@runtime_checkable
class CountsTokens(Protocol):
    """Features that know every token that their batches can contain."""

    def tokens_in_use(self) -> NDArray[np.int64]:
        """[tokens] each token once, the padding included, in rising order; empty if there are no texts."""
        ...


class SeenRows:
    """The part of a training state that says which tokens the rows of a ``SeenEmbedding`` belong to.

    On resume, the optimizer's state of each row follows its token, in case the data has other tokens now.
    """

    def __init__(self, table: SeenEmbedding, optimizer: torch.optim.Optimizer) -> None:
        self.table = table
        self.optimizer = optimizer

    def tensors(self) -> dict[str, Tensor]:
        """``tokens``: [seen]."""
        return {"tokens": self.table.tokens}

    def numbers(self) -> dict[str, Any]:
        """Nothing."""
        return {}

    def restore(self, tensors: dict[str, Tensor], numbers: dict[str, Any]) -> None:
        """Move the rows of the restored optimizer state to the tokens of this run.

        Args:
            tensors: from ``tensors``.
            numbers: from ``numbers``.
        """
        before, now = tensors["tokens"], self.table.tokens.cpu()
        state = self.optimizer.state.get(self.table.seen, {})
        for name, value in state.items():
            if isinstance(value, Tensor) and value.ndim:
                state[name] = _moved(value, before.to(value.device), now.to(value.device))


def _moved(rows: Tensor, before: Tensor, now: Tensor) -> Tensor:
    """[now, size] the rows of the tokens ``before`` as the rows of the tokens ``now``; zero for a new token."""
    if torch.equal(before, now):
        return rows
    place = {token: row for row, token in enumerate(before.tolist())}
    found = [(row, place[token]) for row, token in enumerate(now.tolist()) if token in place]
    moved = rows.new_zeros(len(now), *rows.shape[1:])
    if found:
        to, origin = (torch.tensor(part) for part in zip(*found, strict=True))
        moved[to] = rows[origin]
    return moved


def seen_embedding(model: nn.Module) -> SeenEmbedding | None:
    """The model's ``SeenEmbedding``, or None."""
    return next((module for module in model.modules() if isinstance(module, SeenEmbedding)), None)


def train_only_seen_embeddings(model: nn.Module, tokens: Tensor) -> int:
    """Train only the input embeddings of some tokens.

    Args:
        model: a transformers model.
        tokens: [n] all tokens that training will ever look up, each once, in rising order.

    Returns:
        How many rows are frozen. 0 if the model stays as it is: its embeddings are not a plain ``nn.Embedding``, are
        frozen, or are tied to the output, where each row has a gradient at every step.
    """
    try:
        table = model.get_input_embeddings()  # type: ignore[operator]
    except NotImplementedError:  # the model reads bytes or code points
        return 0
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
    seen.gradient, seen.touched, seen.lookups = None, [], None
    seen.seen_padding = padding if padding is not None and padding < len(tokens) else None
    return seen.num_embeddings - len(tokens)
