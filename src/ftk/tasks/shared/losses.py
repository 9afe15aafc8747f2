"""Loss functions: for one label of many, for several labels, for numbers, and for positives and negatives."""

from __future__ import annotations

import torch
from torch import Tensor
from torch.nn import functional

_UNKNOWN = -1
"""The target of a row whose label the model does not know; it adds nothing to the loss."""


def single_label_loss(
    logits: Tensor, label: Tensor, *, weight: Tensor | None, smoothing: float, focal: float
) -> Tensor:
    """The summed cross entropy of rows that have one label each.

    With ``focal`` each term is scaled by (1 - p)^focal, where p is the probability of the label (Lin et al. 2017,
    "Focal Loss for Dense Object Detection"). Divide the sum by the number of rows, not by the sum of their weights.

    Args:
        logits: [rows, labels].
        label: [rows] the number of the label, -1 for a row that the loss leaves out.
        weight: [rows] how much each row counts; None: 1.
        smoothing: the share of the target that is spread over all labels (Szegedy et al. 2016).
        focal: the exponent; 0 gives plain cross entropy.
    """
    if weight is None and not focal:
        return functional.cross_entropy(
            logits, label, ignore_index=_UNKNOWN, label_smoothing=smoothing, reduction="sum"
        )
    losses = functional.cross_entropy(logits, label, ignore_index=_UNKNOWN, label_smoothing=smoothing, reduction="none")
    if focal:
        known = label.clamp(min=0)[:, None]
        sure = functional.softmax(logits, -1).gather(1, known)[:, 0]
        losses = losses * (1 - sure).clamp(min=1e-8) ** focal
    return (losses if weight is None else losses * weight).sum()


def multi_label_loss(
    logits: Tensor, present: Tensor, *, weight: Tensor | None, smoothing: float, focal: float
) -> Tensor:
    """The binary cross entropy of rows that have any number of labels: the sum over rows of the mean over labels.

    Args:
        logits: [rows, labels].
        present: [rows, labels] 1 where a row has a label, else 0.
        weight: [rows, labels] how much each decision counts; None: 1.
        smoothing: twice the distance by which targets are moved from 0 and 1 towards one half.
        focal: the exponent, as in ``single_label_loss``.
    """
    target = present * (1 - smoothing) + smoothing / 2 if smoothing else present
    losses = functional.binary_cross_entropy_with_logits(logits, target, reduction="none")
    if focal:
        sure = torch.sigmoid(torch.where(present > 0, logits, -logits))
        losses = losses * (1 - sure).clamp(min=1e-8) ** focal
    return (losses if weight is None else losses * weight).mean(-1).sum()


def regression_loss(values: Tensor, target: Tensor, *, robust: bool) -> Tensor:
    """The squared error of rows of numbers: the sum over rows of the mean over columns.

    Args:
        values: [rows, columns].
        target: [rows, columns].
        robust: grow linearly beyond a difference of 1 (Huber 1964).
    """
    if robust:
        return functional.smooth_l1_loss(values, target, reduction="none").mean(-1).sum()
    return functional.mse_loss(values, target, reduction="none").mean(-1).sum()


def contrastive_loss(scores: Tensor, right: Tensor, left_out: Tensor) -> Tensor:
    """The cross entropy of each positive against the negatives of its row.

    The other positives of the row do not take part (Henderson et al. 2017, "Efficient Natural Language Response
    Suggestion for Smart Reply"; van den Oord et al. 2018, "Representation Learning with Contrastive Predictive
    Coding").

    Args:
        scores: [rows, candidates].
        right: [rows, candidates] whether a candidate is a positive.
        left_out: [rows, candidates] whether a candidate is neither positive nor negative.

    Returns:
        [rows, candidates]; the values of candidates that are not positives have no meaning.
    """
    wrong = scores.masked_fill(right | left_out, torch.finfo(scores.dtype).min)
    return torch.logaddexp(scores, wrong.logsumexp(-1, keepdim=True)) - scores


def info_nce(scores: Tensor, right: Tensor, left_out: Tensor, *, symmetric: bool = False) -> Tensor:
    """The sum over rows of the mean of ``contrastive_loss`` over the positives of a row; 0 for a row without.

    Args:
        scores: as in ``contrastive_loss``.
        right, left_out: as in ``contrastive_loss``.
        symmetric: average with the loss in the other direction: of the row against the other rows of a candidate.
    """
    each = contrastive_loss(scores, right, left_out)
    if symmetric:
        each = (each + contrastive_loss(scores.T, right.T, left_out.T).T) / 2
    return (each.masked_fill(~right, 0).sum(-1) / right.sum(-1).clamp(min=1)).sum()
