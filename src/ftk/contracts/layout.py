"""How texts of different lengths share a batch."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum
from typing import TYPE_CHECKING, Any, Protocol, runtime_checkable

if TYPE_CHECKING:
    from torch import Tensor


class Padding(Enum):
    """Where the padding of a batch stands."""

    right = "right"
    """After the texts."""
    left = "left"
    """Before the texts: for heads that read the last position."""
    left_counted = "left-counted"
    """Before the texts, with position ids that count from the first token of each text."""
    one_length = "one-length"
    """Nowhere: the texts of a batch have the same length."""


@dataclass(frozen=True, slots=True)
class Layout:
    """How a model needs its batches.

    Attributes:
        padding: where it stands.
        least: shorter texts are padded to this length, whatever is beside them: an architecture that pools or folds its
            input fails for less.
    """

    padding: Padding = Padding.right
    least: int = 0

    @classmethod
    def of(cls, saved: Any) -> Layout:
        """The layout that ``to_json`` wrote.

        Raises:
            KeyError, TypeError, ValueError: this is not what it writes.
        """
        return cls(Padding(saved["padding"]), int(saved["least"]))

    def to_json(self) -> dict[str, Any]:
        """The layout for a file."""
        return {"padding": self.padding.value, "least": self.least}

    def arranged(self, inputs: dict[str, Tensor], pad_id: int = 0) -> dict[str, Tensor]:
        """The inputs of a model, with the padding where it belongs.

        Args:
            inputs: among them ``attention_mask``, [rows, time]. Padding comes after the texts; tensors of the same
                shape move with it.
            pad_id: the token that pads; a mask hides it.
        """
        if (more := self.least - inputs["attention_mask"].shape[1]) > 0:
            inputs = lengthened(inputs, inputs["attention_mask"].shape, more, pad_id)
        if self.padding not in (Padding.left, Padding.left_counted):
            return inputs
        mask = inputs["attention_mask"]
        place = mask.new_ones(mask.shape).cumsum(1) - 1
        source = (place + mask.sum(1, keepdim=True)) % mask.shape[1]
        moved = {
            name: tensor.gather(1, source) if tensor.shape == mask.shape else tensor for name, tensor in inputs.items()
        }
        if self.padding is Padding.left_counted:
            moved["position_ids"] = (moved["attention_mask"].cumsum(1) - 1).clamp(min=0)
        return moved


USUAL = Layout()
"""Padding after the texts: what most architectures take."""


def lengthened(tensors: dict[str, Tensor], shape: Any, more: int, pad_id: int = 0) -> dict[str, Tensor]:
    """Inputs or targets of a batch with more time.

    Args:
        tensors: those of the shape are padded; ``position`` counts in rows * time.
        shape: rows and time of the batch.
        more: how much time is added.
        pad_id: pads ``input_ids``; the others are padded with 0.
    """
    from torch.nn.functional import pad

    def longer(name: str, tensor: Tensor) -> Tensor:
        if name == "position":
            moved: Tensor = tensor + tensor // shape[1] * more
            return moved
        if tensor.shape != shape:
            return tensor
        longest: Tensor = pad(tensor, (0, more), value=pad_id if name == "input_ids" else 0)
        return longest

    return {name: longer(name, tensor) for name, tensor in tensors.items()}


@runtime_checkable
class HasSeveralTexts(Protocol):
    """Features whose windows have several texts each: their task lays the texts out, by ``Batch.layout``."""

    texts_apart: bool
