"""How badly the label of each window fits what the model says: losses of single windows, for ``TaskSpec.row_losses``.

They are plain negative log-likelihoods, without the weights, the smoothing and the focal factor of the training loss:
``exp(-loss)`` is the probability of what the row is labelled with.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from torch import Tensor

    from ftk.contracts.values import Batch


def of_label(outputs: Tensor, batch: Batch) -> Tensor:
    """[windows] the loss of the one label of each window; NaN for a label that the model does not know.

    Args:
        outputs: [windows, labels] logits.
        batch: with ``label``, [windows], -1 for an unknown one.
    """
    from torch.nn import functional

    label = batch.targets["label"]
    losses = functional.cross_entropy(outputs.float(), label.clamp(min=0), reduction="none")
    return losses.masked_fill(label < 0, float("nan"))


def of_labels(outputs: Tensor, batch: Batch) -> Tensor:
    """[windows] the largest loss among the decisions about the labels of each window.

    Args:
        outputs: [windows, labels] logits.
        batch: with ``label``, [windows, labels], 1 where a row has a label.
    """
    from torch.nn import functional

    present = batch.targets["label"]
    losses = functional.binary_cross_entropy_with_logits(outputs.float(), present, reduction="none")
    return losses.amax(-1)


def of_words(outputs: Tensor, batch: Batch) -> Tensor:
    """[windows] the largest loss among the words of each window; NaN for a window without a word.

    Args:
        outputs: [words, labels] logits.
        batch: with ``position``, [words] in windows * time, and ``label``, [words], -1 for an unknown one.
    """
    import torch

    windows, time = batch.inputs["attention_mask"].shape
    losses = of_label(outputs, batch)
    known = ~losses.isnan()
    nothing = torch.full((windows,), float("nan"), device=losses.device)
    window = batch.targets["position"][known] // time
    return nothing.scatter_reduce(0, window, losses[known], "amax", include_self=False)
