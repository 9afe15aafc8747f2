"""Layers without padding compute what padded ones compute: outputs at real tokens, and gradients."""

from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from data_helpers import MANY

pytestmark = pytest.mark.torch

SIZES = {"vocab_size": 50, "hidden_size": 32, "num_hidden_layers": 2, "num_attention_heads": 4, "intermediate_size": 48}
LENGTHS = [3, 17, 9, 9, 12, 1, 30]


def models(name: str, head: str) -> tuple[Any, Any]:
    """The same model twice: plain, and with all fast ways of training on rows of mixed lengths."""
    import copy

    import torch
    import transformers

    from ftk.kernels import training_ways
    from ftk.kernels.unpadded import Unpadded
    from ftk.kernels.ways import install

    torch.manual_seed(0)
    config = getattr(transformers, f"{name}Config")(**SIZES)
    plain = getattr(transformers, f"{name}For{head}")(config).eval()
    fast = copy.deepcopy(plain)
    install(fast, training_ways(mixed_lengths=True), lambda way, part: True)
    assert sum(isinstance(module, Unpadded) for module in fast.modules()) == 1
    return plain, fast


def batch(lengths: list[int], *, left: bool = False) -> dict[str, Any]:
    import torch

    time = max(lengths)
    mask = torch.arange(time) < torch.tensor(lengths)[:, None]
    mask = mask.flip(1) if left else mask
    ids = torch.randint(5, 50, mask.shape, generator=torch.Generator().manual_seed(1))
    return {"input_ids": torch.where(mask, ids, 1), "attention_mask": mask.long()}


@pytest.mark.parametrize(
    ("name", "head", "left"),
    [
        ("Bert", "TokenClassification", False),
        ("Bert", "TokenClassification", True),
        ("Roberta", "SequenceClassification", False),
        ("DistilBert", "TokenClassification", False),
        ("Electra", "SequenceClassification", False),
    ],
)
def test_outputs_and_gradients_are_those_of_padded_layers(name: str, head: str, left: bool) -> None:
    import torch

    inputs, found = batch(LENGTHS, left=left), []
    real = inputs["attention_mask"].bool()
    for model in models(name, head):
        logits = model(**inputs).logits
        logits = logits[real] if head == "TokenClassification" else logits
        (logits * torch.linspace(-1, 1, logits.numel()).view(logits.shape)).sum().backward()
        gradients = [weight.grad for weight in model.parameters() if weight.grad is not None]
        found.append([logits.detach(), *gradients])
    assert len(found[0]) == len(found[1])
    for plain, fast in zip(*found, strict=True):
        torch.testing.assert_close(fast, plain, rtol=1e-4, atol=1e-5)


def test_without_gradients_nothing_is_taken_out() -> None:
    import torch

    from ftk.kernels import training_ways
    from ftk.kernels.ways import install

    plain, fast = models("Bert", "TokenClassification")
    install(plain, training_ways(), lambda way, part: True)
    inputs = batch(LENGTHS)
    with torch.inference_mode():
        assert torch.equal(plain(**inputs).logits, fast(**inputs).logits)


def test_dropout_repeats_with_the_seed_and_gradients_stay_finite() -> None:
    import torch

    _, fast = models("Bert", "TokenClassification")
    fast.train()
    found = []
    for _ in range(2):
        torch.manual_seed(3)
        fast.zero_grad()
        with torch.autocast("cpu", torch.bfloat16):
            fast(**batch(LENGTHS)).logits.float().square().sum().backward()
        found.append([weight.grad.clone() for weight in fast.parameters() if weight.grad is not None])
    assert all(torch.equal(one, other) and bool(one.isfinite().all()) for one, other in zip(*found, strict=True))


def test_masks_that_hide_more_than_padding_and_batches_with_hardly_any_stay_padded() -> None:
    import torch

    from ftk.kernels.unpadded import TokensOfRows

    keys = torch.arange(8) < torch.tensor([8, 4])[:, None]
    padding = keys[:, None, None].expand(2, 1, 8, 8)
    assert TokensOfRows.of(padding, torch.float32) is not None
    for mask in (
        None,
        padding.float(),
        padding & torch.ones(8, 8).tril().bool(),
        torch.ones_like(padding),
        padding[:, :, :4],
        padding & (torch.arange(2) < 1)[:, None, None, None],
    ):
        assert TokensOfRows.of(mask, torch.float32) is None


@given(st.lists(st.integers(1, 200), min_size=1, max_size=5))
@MANY
def test_groups_of_rows_have_the_least_cost(lengths: list[int]) -> None:
    from ftk.kernels.unpadded import _GROUP, _groups

    sizes = np.array(sorted(lengths, reverse=True))
    groups = _groups(np.arange(len(sizes)), sizes)
    assert np.concatenate(groups).tolist() == list(range(len(sizes)))

    def cost(begin: int) -> float:
        """The least cost of the rows from here on, by trying all ways."""
        ends = range(begin + 1, len(sizes) + 1)
        return min(((end - begin) * float(sizes[begin]) ** 2 + _GROUP + cost(end) for end in ends), default=0.0)

    assert sum(len(rows) * float(sizes[rows[0]]) ** 2 + _GROUP for rows in groups) == cost(0)
