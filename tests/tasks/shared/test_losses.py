"""Losses against their definitions, computed term by term."""

import pytest

pytestmark = pytest.mark.torch


@pytest.fixture
def rows():
    import torch

    generator = torch.Generator().manual_seed(7)
    logits = torch.randn(40, 5, generator=generator)
    label = torch.randint(0, 5, (40,), generator=generator)
    weight = torch.rand(40, generator=generator) + 0.5
    return logits, label, weight


@pytest.mark.parametrize("smoothing", [0.0, 0.2])
@pytest.mark.parametrize("weighted", [False, True])
def test_single_label_loss_is_the_sum_over_rows(rows, smoothing, weighted):
    from ftk.tasks.shared.losses import single_label_loss

    logits, label, weight = rows
    expected = 0.0
    for row, (scores, right) in enumerate(zip(logits.double(), label, strict=True)):
        logs = scores - scores.exp().sum().log()
        term = -(1 - smoothing) * logs[right] - smoothing * logs.mean()
        expected += float(term) * (float(weight[row]) if weighted else 1)
    found = single_label_loss(logits, label, weight=weight if weighted else None, smoothing=smoothing, focal=0)
    assert float(found) == pytest.approx(expected, rel=1e-5)


@pytest.mark.parametrize("focal", [0.5, 2.0])
def test_focal_scales_each_row_by_how_unsure_it_is(rows, focal):
    from ftk.tasks.shared.losses import single_label_loss

    logits, label, _ = rows
    p = logits.double().softmax(-1)[range(len(label)), label]
    expected = float((-((1 - p) ** focal) * p.log()).sum())
    found = single_label_loss(logits, label, weight=None, smoothing=0, focal=focal)
    assert float(found) == pytest.approx(expected, rel=1e-5)


def test_a_row_whose_label_the_model_does_not_know_adds_nothing(rows):
    import torch

    from ftk.tasks.shared.losses import single_label_loss

    logits, label, weight = rows
    unknown = label.clone()
    unknown[:10] = -1
    for given in (None, weight):
        for focal in (0.0, 2.0):
            part = None if given is None else given[10:]
            whole = single_label_loss(logits, unknown, weight=given, smoothing=0.1, focal=focal)
            rest = single_label_loss(logits[10:], label[10:], weight=part, smoothing=0.1, focal=focal)
            assert torch.allclose(whole, rest, rtol=1e-5)


@pytest.mark.parametrize("focal", [0.0, 2.0])
def test_multi_label_loss_is_the_mean_over_labels(rows, focal):
    import torch

    from ftk.tasks.shared.losses import multi_label_loss

    logits, _, _ = rows
    present = (torch.arange(40)[:, None] % torch.tensor([2, 3, 4, 5, 7]) == 0).float()
    weight = torch.where(present > 0, 3.0, 1.0)
    p = logits.double().sigmoid()
    right = torch.where(present > 0, p, 1 - p)
    expected = float((-((1 - right) ** focal) * right.log() * weight).mean(-1).sum())
    found = multi_label_loss(logits, present, weight=weight, smoothing=0, focal=focal)
    assert float(found) == pytest.approx(expected, rel=1e-4)


def test_smoothing_of_several_moves_targets_towards_one_half(rows):
    import torch

    from ftk.tasks.shared.losses import multi_label_loss

    logits, _, _ = rows
    present = (logits > 0).float()
    p = logits.double().sigmoid()
    target = torch.where(present > 0, 0.95, 0.05)
    expected = float(-(target * p.log() + (1 - target) * (1 - p).log()).mean(-1).sum())
    assert float(multi_label_loss(logits, present, weight=None, smoothing=0.1, focal=0)) == pytest.approx(expected)


def test_regression_loss_is_square_near_and_straight_far_away():
    import torch

    from ftk.tasks.shared.losses import regression_loss

    values, target = torch.tensor([[0.5, 4.0], [0.0, -3.0]]), torch.tensor([[0.0, 0.0], [0.0, 0.0]])
    assert float(regression_loss(values, target, robust=False)) == pytest.approx((0.25 + 16) / 2 + 9 / 2)
    assert float(regression_loss(values, target, robust=True)) == pytest.approx((0.125 + 3.5) / 2 + 2.5 / 2)


def test_one_right_candidate_a_row_is_plain_cross_entropy():
    import torch
    from torch.nn.functional import cross_entropy

    from ftk.tasks.shared.losses import info_nce

    scores = torch.randn(6, 9, generator=torch.Generator().manual_seed(4))
    right = torch.eye(6, 9, dtype=torch.bool)
    nobody = torch.zeros_like(right)
    found = info_nce(scores, right, nobody)
    assert torch.allclose(found, cross_entropy(scores, torch.arange(6), reduction="sum"))
    both = info_nce(scores[:, :6], right[:, :6], nobody[:, :6], symmetric=True)
    there, back = (cross_entropy(each, torch.arange(6), reduction="sum") for each in (scores[:, :6], scores[:, :6].T))
    assert torch.allclose(both, (there + back) / 2)


def test_right_candidates_are_no_wrong_ones_of_each_other_and_what_is_left_out_is_neither():
    import math

    import torch

    from ftk.tasks.shared.losses import info_nce

    scores = torch.randn(8, 7, generator=torch.Generator().manual_seed(5), requires_grad=True)
    generator = torch.Generator().manual_seed(6)
    right = torch.rand(8, 7, generator=generator) < 0.3
    left_out = (torch.rand(8, 7, generator=generator) < 0.2) & ~right
    right[0] = False  # a row with nothing right adds nothing
    right[1], left_out[1] = True, False  # and one with nothing wrong neither
    expected = 0.0
    for row, values in enumerate(scores.tolist()):
        wrong = sum(math.exp(s) for s, r, o in zip(values, right[row], left_out[row], strict=True) if not (r or o))
        terms = [-math.log(math.exp(s) / (math.exp(s) + wrong)) for s, r in zip(values, right[row], strict=True) if r]
        expected += sum(terms) / len(terms) if terms else 0.0
    found = info_nce(scores, right, left_out)
    assert found.item() == pytest.approx(expected, rel=1e-5)
    found.backward()
    assert scores.grad.isfinite().all()
    assert not scores.grad[:2].any()
    assert not scores.grad[left_out].any()
