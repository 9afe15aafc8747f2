"""Losses of classifiers: cross entropy of one label of many or of several, smoothed, weighted, focused."""

from __future__ import annotations

import torch
from torch import Tensor
from torch.nn import functional

_UNKNOWN = -1
"""The target of what has no label that the model knows: it adds nothing."""


def one_of_many(logits: Tensor, label: Tensor, *, weight: Tensor | None, smoothing: float, focal: float) -> Tensor:
    """The summed cross entropy of rows that have one label each.

    With ``focal`` each term is scaled by (1 - p)^focal, p being the probability of the label (Lin et al. 2017, "Focal
    Loss for Dense Object Detection"). The sum is to be divided by the number of rows, not of their weights.

    Args:
        logits: [rows, labels].
        label: [rows] numbers of labels, -1 for a row that is left out.
        weight: [rows] what each row counts; None: 1.
        smoothing: share of the target that is spread over all labels (Szegedy et al. 2016).
        focal: the exponent, 0 for plain cross entropy.
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


def several_of_many(
    logits: Tensor, present: Tensor, *, weight: Tensor | None, smoothing: float, focal: float
) -> Tensor:
    """The binary cross entropy of rows that have any number of labels: the sum over rows of the mean over labels.

    Args:
        logits: [rows, labels].
        present: [rows, labels] 1 where a row has a label, else 0.
        weight: [rows, labels] what each decision counts; None: 1.
        smoothing: how far targets are moved from 0 and 1 towards one half, times two.
        focal: the exponent, as in ``one_of_many``.
    """
    target = present * (1 - smoothing) + smoothing / 2 if smoothing else present
    losses = functional.binary_cross_entropy_with_logits(logits, target, reduction="none")
    if focal:
        sure = torch.sigmoid(torch.where(present > 0, logits, -logits))
        losses = losses * (1 - sure).clamp(min=1e-8) ** focal
    return (losses if weight is None else losses * weight).mean(-1).sum()


def distance(values: Tensor, target: Tensor, *, robust: bool) -> Tensor:
    """How far numbers are from their targets: the sum over rows of the mean over columns of the squared difference.

    Args:
        values: [rows, columns].
        target: [rows, columns].
        robust: beyond a difference of 1 grow in a straight line (Huber 1964).
    """
    if robust:
        return functional.smooth_l1_loss(values, target, reduction="none").mean(-1).sum()
    return functional.mse_loss(values, target, reduction="none").mean(-1).sum()


def contrast(scores: Tensor, right: Tensor, left_out: Tensor) -> Tensor:
    """[rows, candidates] the cross entropy of each right candidate against the wrong ones of its row, without the other
    right ones (Henderson et al. 2017, "Efficient Natural Language Response Suggestion for Smart Reply"; van den Oord et
    al. 2018, "Representation Learning with Contrastive Predictive Coding"). What is not right has no meaning.

    Args:
        scores: [rows, candidates].
        right: [rows, candidates] whether a candidate is right.
        left_out: [rows, candidates] whether it is neither right nor wrong.
    """
    wrong = scores.masked_fill(right | left_out, torch.finfo(scores.dtype).min)
    return torch.logaddexp(scores, wrong.logsumexp(-1, keepdim=True)) - scores


def right_among_wrong(scores: Tensor, right: Tensor, left_out: Tensor, *, symmetric: bool = False) -> Tensor:
    """The sum over rows of the mean of ``contrast`` over the right candidates of a row; 0 for one without any.

    Args:
        scores: as those of ``contrast``.
        right, left_out: as those of ``contrast``.
        symmetric: half of it is the cross entropy of the row against the other rows, for the same candidate.
    """
    each = contrast(scores, right, left_out)
    if symmetric:
        each = (each + contrast(scores.T, right.T, left_out.T).T) / 2
    return (each.masked_fill(~right, 0).sum(-1) / right.sum(-1).clamp(min=1)).sum()
