"""Queries and candidates as padded tensors: single texts for a bi-encoder, pairs for a cross-encoder."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from ftk.contracts.contexts import SampleSeed
from ftk.contracts.values import Batch
from ftk.data.batching.features import padded_inputs
from ftk.data.text.text_windows import TextWindow, add_segments, takes_segments
from ftk.tasks.ranking.features import RankedRows
from ftk.tasks.ranking.sampling import SampledCandidates

if TYPE_CHECKING:
    from torch import Tensor


def texts_of(rows: RankedRows, numbers: Sequence[int], sampled: Sequence[SampledCandidates]) -> list[int]:
    """The texts of some rows, each once: the queries, then the candidates."""
    queries = rows.query[list(numbers)].tolist()
    return list(dict.fromkeys([*queries, *(int(text) for one in sampled for text in one.texts)]))


def batch_of_texts(rows: RankedRows, numbers: Sequence[int], seed: SampleSeed | None) -> Batch:
    """The batch of a bi-encoder: all texts of some rows, each text once, however many rows have it.

    ``input_ids``, ``attention_mask``: [windows, time]. The targets: ``owner``, [windows], the text of each window, and
    ``windows``, [texts], how many windows each text has. If the positives are known, also ``query``, [rows], and
    ``candidate``, [candidates], the text of each; ``right`` and ``left_out``, [rows, candidates]. The candidates of all
    rows are candidates of each row. Left out are texts that are positives of the same query in another row, and
    positives of the row itself that were not drawn.
    """
    import torch

    sampled = _sampled(rows, numbers, seed)
    texts = texts_of(rows, numbers, sampled)
    at = {text: place for place, text in enumerate(texts)}
    cut = [rows.encoder.windows(rows.texts[text]) for text in texts]
    inputs, tokens = _inputs(cut, rows.pad_id)
    targets = _owners(cut)
    count = len(numbers)
    if rows.grades is not None:
        candidates = np.unique(np.concatenate([one.texts for one in sampled]))
        right = np.zeros((len(numbers), len(candidates)), dtype=np.bool_)
        left_out = np.zeros_like(right)
        for place, (row, one) in enumerate(zip(numbers, sampled, strict=True)):
            right[place] = np.isin(candidates, one.texts[one.right])
            left_out[place] = np.isin(candidates, rows.right_of(row)) & ~right[place]
        targets["query"] = torch.tensor([at[text] for text in rows.query[list(numbers)].tolist()])
        targets["candidate"] = torch.tensor([at[text] for text in candidates.tolist()])
        targets["right"], targets["left_out"] = torch.from_numpy(right), torch.from_numpy(left_out)
        count = int(right.any(-1).sum())
    return Batch(inputs, targets, numbers, count=count, tokens=tokens)


def batch_of_pairs(rows: RankedRows, numbers: Sequence[int], seed: SampleSeed | None, *, each: bool) -> Batch:
    """The batch of a cross-encoder: each query with each of its candidates.

    ``input_ids``, ``attention_mask`` and, if the model has them, ``token_type_ids``: [windows, time]. The targets:
    ``owner``, [windows], the place of each window's pair in [rows * candidates], ``right`` and ``left_out``,
    [rows, candidates]; a row with fewer candidates has its last places left out.

    Args:
        rows: the features.
        numbers: of the rows.
        seed: decides which candidates are drawn.
        each: whether the loss is summed over pairs, instead of over rows with a positive.
    """
    import torch

    sampled = _sampled(rows, numbers, seed)
    most = max(1, max(len(one.texts) for one in sampled))
    right = np.zeros((len(numbers), most), dtype=np.bool_)
    left_out = np.ones_like(right)
    cut: list[list[TextWindow]] = []
    place: list[int] = []
    for number, (row, one) in enumerate(zip(numbers, sampled, strict=True)):
        query = rows.texts[int(rows.query[row])]
        cut += [rows.encoder.windows(query, rows.texts[int(text)]) for text in one.texts]
        place += range(number * most, number * most + len(one.texts))
        right[number, : len(one.texts)] = one.right
        left_out[number, : len(one.texts)] = False
    inputs, tokens = _inputs(cut, rows.pad_id)
    if takes_segments(rows.encoder.tokenizer):
        add_segments(inputs, [window.segment for windows in cut for window in windows])
    targets = {"right": torch.from_numpy(right), "left_out": torch.from_numpy(left_out)}
    targets["owner"] = torch.tensor(np.repeat(place, [len(windows) for windows in cut]))
    count = int((~left_out).sum()) if each else int(right.any(-1).sum())
    return Batch(inputs, targets, numbers, count=count, tokens=tokens)


def _sampled(rows: RankedRows, numbers: Sequence[int], seed: SampleSeed | None) -> list[SampledCandidates]:
    drawn: Any = [None] * len(numbers) if seed is None else [(seed.seed, int(epoch)) for epoch in seed.epoch]
    return [rows.sampled(row, each) for row, each in zip(numbers, drawn, strict=True)]


def _inputs(cut: Sequence[Sequence[TextWindow]], pad_id: int) -> tuple[dict[str, Tensor], int]:
    return padded_inputs([window.input_ids for windows in cut for window in windows], pad_id)


def _owners(cut: Sequence[Sequence[TextWindow]]) -> dict[str, Tensor]:
    import torch

    number: NDArray[Any] = np.array([len(windows) for windows in cut])
    owner = np.repeat(np.arange(len(cut)), number)
    return {"owner": torch.from_numpy(owner), "windows": torch.from_numpy(number)}
