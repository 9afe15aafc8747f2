"""Layers of an encoder without padding: tokens of all rows one after the other, and padding in attention alone.

Linear layers, norms and dropout treat each token by itself, so they need no padding (Zeng et al. 2022, "Boosting
Distributed Training Performance of the Unpadded BERT Model"; Portes et al. 2023, "MosaicBERT"). Attention takes rows of
similar length together.
"""

from dataclasses import dataclass, field
from functools import cache
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn

_LEAST = 1 / 16
"""The share of padding from which on it is worth taking out."""
_LONGEST = 512
"""Rows up to which the scores of all heads are computed at once."""
_GROUP = 6000
"""What a group of rows costs in attention beside its scores: as much as this many scores of a head."""


@dataclass(frozen=True, slots=True)
class Group:
    """Rows that share one product in attention.

    Attributes:
        token: [rows, time] the place of each token among all; -1 at padding.
        term: [rows, 1, 1, time] added to the scores: it hides padding. None if the rows have one length.
    """

    token: Tensor
    term: Tensor | None


@dataclass(frozen=True, slots=True)
class Places:
    """Where the heads of tokens are.

    Attributes:
        taken: for each group [rows * heads * time] what attention takes, of all heads of tokens; the last at padding.
        given: the same, with one more than the last place at padding.
        back: [tokens * heads] where each is in what attention gives, the groups one after the other.
    """

    taken: list[Tensor]
    given: list[Tensor]
    back: Tensor


@dataclass(frozen=True, slots=True)
class TokensOfRows:
    """Where the rows are in a packed batch; layers pass it on in the place of the mask.

    Attributes:
        shape: rows and time of the padded batch.
        real: [tokens] the place of each token in the padded batch.
        groups: the rows, for attention.
    """

    shape: tuple[int, int]
    real: Tensor
    groups: tuple[Group, ...]
    _places: dict[int, Places] = field(default_factory=dict)

    @classmethod
    def of(cls, mask: Any, dtype: torch.dtype) -> "TokensOfRows | None":
        """The rows of a mask.

        Args:
            mask: [rows, 1, time, time] true for visible keys.
            dtype: of the scores.

        Returns:
            None if the mask hides more than padding, or if there is little padding.
        """
        if not isinstance(mask, Tensor) or mask.dtype is not torch.bool or mask.ndim != 4 or mask.shape[1] != 1:
            return None
        visible = mask[:, 0, 0]
        if mask.shape[2] != mask.shape[3] or visible.shape[1] > _LONGEST or visible.float().mean() > 1 - _LEAST:
            return None
        if not torch.equal(mask, visible[:, None, None].expand_as(mask)) or not bool(visible.any(1).all()):
            return None
        return cls._of(visible.numpy(), dtype)

    @classmethod
    def _of(cls, visible: np.ndarray, dtype: torch.dtype) -> "TokensOfRows":
        lengths = visible.sum(1)
        first = np.cumsum(lengths) - lengths
        order = np.argsort(-lengths, kind="stable")
        groups = []
        for rows in _groups(order, lengths[order]):
            places = np.arange(int(lengths[rows[0]]))
            there = torch.from_numpy(places < lengths[rows, None])
            token = torch.from_numpy(first[rows, None] + places).masked_fill_(~there, -1)
            term = torch.zeros(there.shape, dtype=dtype).masked_fill_(~there, torch.finfo(dtype).min)
            groups.append(Group(token, None if there.all() else term[:, None, None]))
        return cls(visible.shape, torch.from_numpy(np.flatnonzero(visible)), tuple(groups))

    def packed(self, states: Tensor) -> Tensor:
        """[1, tokens, width] the states of real tokens, of [rows, time, width]."""
        return states.flatten(0, 1)[self.real][None]

    def padded(self, states: Tensor) -> Tensor:
        """[rows, time, width] states with zeros at padding, of [1, tokens, width]."""
        empty = states.new_zeros(self.shape[0] * self.shape[1], states.shape[-1])
        return empty.index_copy(0, self.real, states[0]).view(*self.shape, -1)

    def places(self, heads: int) -> Places:
        """Where some number of heads are."""
        if heads not in self._places:
            last, head = len(self.real) * heads, torch.arange(heads)[:, None]
            tokens = [group.token[:, None] for group in self.groups]
            given = [torch.where(token < 0, last, token * heads + head).flatten() for token in tokens]
            everything = torch.cat(given)
            back = torch.empty(last + 1, dtype=torch.int64)
            back[everything] = torch.arange(len(everything))
            self._places[heads] = Places([place.clamp(max=last - 1) for place in given], given, back[:-1])
        return self._places[heads]


def _groups(order: np.ndarray, lengths: np.ndarray) -> list[np.ndarray]:
    """Rows in groups of similar length with the fewest scores, and few groups.

    Args:
        order: the rows, longest first.
        lengths: their lengths.
    """
    number = len(order)
    best, begins = np.zeros(number + 1), np.zeros(number + 1, dtype=np.int64)
    for end in range(1, number + 1):  # the cheapest way to group the first rows
        costs = best[:end] + (end - np.arange(end)) * lengths[:end].astype(np.float64) ** 2 + _GROUP
        begins[end] = costs.argmin()
        best[end] = costs.min()
    groups, end = [], number
    while end:
        groups.append(order[begins[end] : end])
        end = begins[end]
    return groups[::-1]


class Unpadded(nn.Module):
    """Layers one after the other: a class before that of a model, whose forward takes states and the mask first.

    Padding is taken out where gradients are computed. States between the layers that transformers records have none.
    """

    def forward(self, hidden_states: Tensor, attention_mask: Any = None, *args: Any, **kwargs: Any) -> Any:
        """The output of the layers, with zeros at padding where it was taken out."""
        rows = None
        if torch.is_grad_enabled() and _is_usual(kwargs):
            reduced = torch.is_autocast_enabled("cpu")
            rows = TokensOfRows.of(attention_mask, torch.get_autocast_dtype("cpu") if reduced else hidden_states.dtype)
        if rows is None:
            return super().forward(hidden_states, attention_mask, *args, **kwargs)
        output = super().forward(rows.packed(hidden_states), rows, *args, **kwargs)
        output["last_hidden_state"] = rows.padded(output["last_hidden_state"])
        return output


def _is_usual(options: dict[str, Any]) -> bool:
    """Whether nobody asks for states between the layers, or for weights of attention."""
    return not any(options.get(name) for name in ("output_hidden_states", "output_attentions"))


@cache
def unpadded(kind: type[nn.Module]) -> type[nn.Module]:
    """A class of layers that takes padding out."""
    return type(kind.__name__, (Unpadded, kind), {"__module__": kind.__module__, "__doc__": kind.__doc__})
