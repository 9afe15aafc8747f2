"""Blocks as padded tensors, some of their tokens hidden."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from ftk.contracts.contexts import SampleSeed
from ftk.contracts.values import Batch
from ftk.data.batching.features import padded_inputs
from ftk.data.batching.random_draws import CounterRandom
from ftk.tasks.mlm.blocks import Blocks
from ftk.tasks.mlm.masking import Masking
from ftk.tasks.mlm.pair_blocks import PairBlocks


def masked_batch(features: Blocks, windows: Sequence[int], seed: SampleSeed | None, masking: Masking) -> Batch:
    """Some blocks, with the tokens hidden that are to be predicted.

    ``input_ids``, ``attention_mask``: [blocks, time]; ``position``: [masked] in blocks * time; ``label``: [masked] the
    tokens that stood there. For packed documents ``document``: [blocks, time]. For pairs ``token_type_ids``:
    [blocks, time], ``follows`` and ``pair_weight``: [blocks].
    """
    import torch

    rows = np.asarray(windows, dtype=np.int64)
    # Validation hides the same tokens each time, whatever the seed of the run.
    run_seed, epoch = (seed.seed, seed.epoch) if seed is not None else (0, np.full(len(rows), -1))
    draws = CounterRandom(run_seed, epoch, rows)
    pairs = None
    if isinstance(features, PairBlocks):
        pairs = [features.pair(int(row), draws.generator(place)) for place, row in enumerate(rows)]
        blocks = [pair.block for pair in pairs]
    else:
        blocks = [features.block(int(row)) for row in rows]
    inputs, tokens = padded_inputs([block.input_ids for block in blocks], features.frame.pad_id)
    ids = inputs["input_ids"].numpy()
    real = inputs["attention_mask"].numpy() > 0
    begins = None
    if masking.needs_words:
        begins = np.ones(ids.shape, dtype=np.bool_)
        begins[real] = np.concatenate([block.words for block in blocks if block.words is not None])
    text = real & ~features.frame.is_special[ids]
    hidden, chosen = masking(ids, text, begins, draws, features.frame.mask_id, features.frame.ordinary)
    inputs["input_ids"] = torch.from_numpy(hidden)
    position = np.flatnonzero(chosen)
    targets = {"position": torch.from_numpy(position), "label": torch.from_numpy(ids.ravel()[position])}
    if any(block.document is not None for block in blocks):
        document = np.full(ids.shape, -1, dtype=np.int64)
        document[real] = np.concatenate([block.document for block in blocks if block.document is not None])
        targets["document"] = torch.from_numpy(document)
    if pairs is not None:
        segment = np.zeros(ids.shape, dtype=np.int64)
        segment[real] = np.concatenate([pair.segment for pair in pairs])
        inputs["token_type_ids"] = torch.from_numpy(segment)
        targets["follows"] = torch.tensor([0 if pair.follows else 1 for pair in pairs])
        # The paper adds two means. This sum does the same over blocks that hide equally many tokens, as full blocks do.
        # It is additive, so it does not depend on how a batch is cut.
        targets["pair_weight"] = torch.from_numpy(chosen.sum(axis=1).astype(np.float32))
    return Batch(inputs, targets, windows, len(position), tokens)
