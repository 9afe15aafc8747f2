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
        inputs = self._lengthened(inputs, pad_id)
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

    def _lengthened(self, inputs: dict[str, Tensor], pad_id: int) -> dict[str, Tensor]:
        """The inputs with padding after the texts, up to the least length."""
        from torch.nn.functional import pad

        shape = inputs["attention_mask"].shape
        if (more := self.least - shape[1]) <= 0:
            return inputs
        return {
            name: pad(tensor, (0, more), value=pad_id if name == "input_ids" else 0)
            if tensor.shape == shape
            else tensor
            for name, tensor in inputs.items()
        }


USUAL = Layout()
"""Padding after the texts: what most architectures take."""


@runtime_checkable
class HasSeveralTexts(Protocol):
    """Features whose windows have several texts each: their task lays the texts out, by ``Batch.layout``."""

    several_texts: bool
