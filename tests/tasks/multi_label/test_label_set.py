"""The labels of rows as a batch and a linear model have them, made from lists of their numbers."""

from types import SimpleNamespace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from data_helpers import MANY
from ftk.contracts.values import Labels
from ftk.data.batching.features import Features
from ftk.tasks.multi_label.label_set import LabelSet
from ftk.tasks.shared.class_weights import ClassWeights

pytestmark = pytest.mark.torch

NAMES = ("a", "b", "c", "d", "e")


@given(st.lists(st.lists(st.sampled_from([*NAMES, "unknown"]), max_size=4), min_size=1, max_size=6), st.booleans())
@MANY
def test_tables_have_a_one_for_each_label(rows: list[list[str]], weighted: bool) -> None:
    from ftk.core.fit import targets_of

    weights = {"b": 2.5, "e": 0.0} if weighted else None
    task, labels = LabelSet(ClassWeights(weights, 0.0, 0.0), None, ";"), Labels(NAMES)
    columns = task.columns([SimpleNamespace(target=tuple(row)) for row in rows], labels)
    features = Features(columns, np.arange(len(rows)), 0)
    present = np.array([[name in row for name in NAMES] for row in rows])
    each = np.where(present, [1.0, 2.5, 1.0, 1.0, 0.0], 1.0) if weighted else None
    tensors = task.tensors(features, range(len(rows)))
    assert (tensors["label"].numpy() == present).all()
    targets, counts = targets_of(features, len(NAMES))
    assert targets.dtype == bool
    assert (targets == present).all()
    for found in (tensors.get("weight"), counts):
        assert (found is None) == (each is None)
        assert each is None or (np.asarray(found) == each).all()
