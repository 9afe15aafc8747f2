"""Batches of one length, and texts that are padded before or to a least length."""

from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ftk.contracts.layout import Layout, Padding
from ftk.contracts.values import Batch
from ftk.data.batching.features import Features, Ragged, padded_inputs

pytestmark = pytest.mark.torch

LENGTHS = st.lists(st.integers(1, 9), min_size=1, max_size=12)


def features_of(lengths: list[int]) -> Features:
    """Windows whose tokens are all different; 0 pads."""
    ids = np.split(np.arange(1, sum(lengths) + 1, dtype=np.int32), np.cumsum(lengths)[:-1])
    return Features({"input_ids": Ragged.of(ids)}, np.arange(len(lengths), dtype=np.int64), 0)


def collated(features: Features, windows: list[int], seed: Any) -> Batch:
    """A batch without targets."""
    inputs, tokens = padded_inputs([features.columns["input_ids"][window] for window in windows], 0)
    return Batch(inputs, {}, windows, count=tokens, tokens=tokens)


@given(LENGTHS, st.integers(0, 5))
def test_windows_of_one_length_share_a_batch_and_none_is_lost(lengths: list[int], least: int) -> None:
    from ftk.core.layouts import places_apart

    windows = np.arange(len(lengths), dtype=np.int64)[::-1]
    groups = places_apart(Layout(Padding.one_length, least), features_of(lengths), windows)
    assert sorted(place for group in groups for place in group) == [*range(len(lengths))]
    found = [{max(lengths[windows[place]], least) for place in group} for group in groups]
    assert all(len(one) == 1 for one in found)
    assert [*map(min, found)] == sorted({max(length, least) for length in lengths}, reverse=True)
    assert [[*group] for group in places_apart(Layout(), features_of(lengths), windows)] == [[*range(len(lengths))]]


@given(LENGTHS, st.integers(0, 14), st.sampled_from([Padding.right, Padding.left, Padding.one_length]))
def test_every_token_and_its_target_stay_together(lengths: list[int], least: int, padding: Padding) -> None:
    import torch

    from ftk.core.layouts import laid_out

    features = features_of(lengths)
    ids = [features.columns["input_ids"][window] for window in range(len(lengths))]
    inputs, tokens = padded_inputs(ids, 0)
    shape = inputs["input_ids"].shape
    position = inputs["attention_mask"].flatten().nonzero()[:, 0]
    targets: dict[str, Any] = {"position": position, "possible": inputs["attention_mask"].bool()}
    batch = Batch(inputs, targets, range(len(lengths)), count=tokens, tokens=tokens)
    made = laid_out(batch, Layout(padding, least), features)
    assert made.inputs["input_ids"].shape == (shape[0], max(shape[1], least))
    for row, real in zip(made.inputs["input_ids"], made.inputs["attention_mask"], strict=True):
        assert bool((row != 0).equal(real.bool()))
    assert [row[row != 0].tolist() for row in made.inputs["input_ids"]] == [row.tolist() for row in ids]
    if padding is not Padding.left:
        found = made.inputs["input_ids"].flatten()[made.targets["position"]]
        assert torch.equal(found, torch.arange(1, tokens + 1))
        assert torch.equal(made.targets["possible"], made.inputs["attention_mask"].bool())
    else:
        assert bool((made.inputs["attention_mask"][:, -1] == 1).all())


@pytest.mark.parametrize(
    ("name", "padding"),
    [("possible", False), ("document", -1), *((name, None) for name in ("label", "weight", "labels", "right", "mine"))],
)
def test_targets_are_lengthened_by_name(name: str, padding: Any) -> None:
    """Four labels beside texts of four tokens have the shape of the texts, but none of their time."""
    import torch

    from ftk.core.layouts import laid_out

    features = features_of([4, 2, 3])
    inputs, tokens = padded_inputs([features.columns["input_ids"][window] for window in range(3)], 0)
    target = torch.ones(3, 4, dtype=torch.bool if padding is False else torch.int64)
    found = laid_out(Batch(inputs, {name: target}, range(3), 3, tokens), Layout(least=6), features).targets[name]
    assert found[:, :4].equal(target)
    assert found[:, 4:].tolist() == [[] if padding is None else [padding] * 2] * 3


@given(LENGTHS)
def test_the_usual_layout_changes_nothing(lengths: list[int]) -> None:
    from ftk.core.layouts import laid_out

    features = features_of(lengths)
    inputs, tokens = padded_inputs([features.columns["input_ids"][window] for window in range(len(lengths))], 0)
    batch = Batch(inputs, {}, range(len(lengths)), count=tokens, tokens=tokens)
    assert laid_out(batch, Layout(), features) is batch


@given(LENGTHS, st.integers(1, 6), st.sampled_from([None, 1, 2]))
def test_the_largest_batch_of_one_length_is_the_one_whose_memory_is_checked(
    lengths: list[int], number: int, micro_batch: int | None
) -> None:
    from ftk.core.batch_source import BatchSource
    from ftk.core.world import SingleProcess

    task, order = SimpleNamespace(collate=collated), SimpleNamespace()
    features, one = features_of(lengths), Layout(Padding.one_length)
    source = BatchSource(task=task, features=features, order=order, seed=1, world=SingleProcess(), layout=one)
    tokens = [batch.tokens for batch in source.longest(number, micro_batch).batches]
    most = min(micro_batch or number, number)
    assert max(tokens) == max(length * min(lengths.count(length), most) for length in lengths)
    assert tokens[0] >= max(lengths)


@pytest.mark.parametrize("layout", [Layout(), Layout(Padding.left), Layout(Padding.one_length, 5)])
def test_a_layout_is_read_as_it_was_written(layout: Layout) -> None:
    assert Layout.of(layout.to_json()) == layout
