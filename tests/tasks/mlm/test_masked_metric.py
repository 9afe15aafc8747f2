"""Perplexity and accuracy against a plain computation over all masked tokens at once."""

import math

import numpy as np
import pytest

from ftk.errors import DataError
from ftk.tasks.mlm.metric import BlockScore, MaskedMetric


def block_scores(seed: int, blocks: int) -> tuple[list[BlockScore], np.ndarray, np.ndarray]:
    """Blocks with their losses and hits, token by token."""
    generator = np.random.default_rng(seed)
    losses = [generator.exponential(3, size) for size in generator.integers(1, 9, blocks)]
    hits = [generator.random(len(part)) < 0.4 for part in losses]
    scores = [BlockScore(float(loss.sum()), int(hit.sum()), len(loss)) for loss, hit in zip(losses, hits, strict=True)]
    return scores, np.concatenate(losses), np.concatenate(hits)


def test_means_are_over_tokens_and_not_over_blocks() -> None:
    scores, losses, hits = block_scores(1, 40)
    metric = MaskedMetric(pairs=False)
    for number, score in enumerate(scores):
        metric.update(number, score)
    found = metric.compute()
    assert found == {
        "perplexity": pytest.approx(math.exp(losses.mean())),
        "accuracy": pytest.approx(hits.mean()),
        "masked_tokens": len(losses),
    }


def test_pairs_are_scored_block_by_block() -> None:
    scores, losses, _ = block_scores(2, 4)
    metric = MaskedMetric(pairs=True)
    for number, (score, loss, right) in enumerate(zip(scores, (0.1, 0.2, 0.7, 1.0), (1, 1, 0, 1), strict=True)):
        score.pair_loss, score.pair_right = loss, right
        metric.update(number, score)
    found = metric.compute()
    assert found["mlm_loss"] == pytest.approx(losses.mean())
    assert found["perplexity"] == pytest.approx(math.exp(losses.mean()))
    assert found["next_sentence_loss"] == pytest.approx(0.5)
    assert found["next_sentence_accuracy"] == 0.75


def test_losses_beyond_all_numbers() -> None:
    metric = MaskedMetric(pairs=False)
    metric.update(0, BlockScore(1e6, 0, 1))
    assert metric.compute()["perplexity"] is None


def test_nothing_masked_is_no_score() -> None:
    metric = MaskedMetric(pairs=False)
    metric.update(0, BlockScore(0.0, 0, 0))
    with pytest.raises(DataError, match="cannot be scored: no token of them can be masked"):
        metric.compute()
