"""Filling masks: the likeliest tokens for each mask in a text."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from ftk.contracts import finding_kinds as kinds
from ftk.contracts.contexts import Encoding, Reading, RowOutputs, SampleSeed
from ftk.contracts.row import Row
from ftk.contracts.spec import PredictorSpec
from ftk.contracts.values import Batch, Labels
from ftk.data.batching.features import Features, Ragged, padded_inputs
from ftk.data.documents.reading import text_of
from ftk.data.text.word_windows import SubwordEncoder
from ftk.data.text.words import Words, split_words
from ftk.errors import ModelError
from ftk.tasks import finding_kinds as task_kinds
from ftk.tasks.shared.records import with_columns

if TYPE_CHECKING:
    from numpy.typing import NDArray
    from torch import Tensor

MASK = "[MASK]"
"""How a mask is written in a text, for any tokenizer."""


@dataclass(frozen=True, slots=True)
class MaskedText:
    """A row with its text."""

    row: Row
    text: str


@dataclass(frozen=True, slots=True)
class Filled:
    """The candidates of one text: for each mask its offsets, and (token, probability) with the likeliest first."""

    masks: list[tuple[int, int, list[tuple[str, float]]]]


class FillMask:
    """The Predictor of masked language models.

    Args:
        top_k: candidates for each mask.
    """

    spec = PredictorSpec(auto_model="AutoModelForMaskedLM")

    def __init__(self, *, top_k: int) -> None:
        self.top_k = top_k
        self._tokenizer: Any = None
        """Of the last features; predictions are written with its tokens."""
        self._numbers: list[int] = []
        """Of the tokens of the vocabulary that a text may have."""

    def read(self, rows: Iterable[Row], reading: Reading) -> list[MaskedText]:
        return [MaskedText(row, text_of(row, reading.columns)) for row in rows]

    def features(self, examples: Sequence[MaskedText], encoding: Encoding) -> Features:
        """The windows that hold a mask: ``position``, of each mask in a window, and ``mask``, its number in the row."""
        tokenizer, plan, notes = encoding.processor, encoding.windows, encoding.notes
        if tokenizer.mask_token_id is None:
            name = type(tokenizer).__name__
            raise ModelError(f"the tokenizer {name} has no mask token: this model cannot fill masks.")
        self._tokenizer = tokenizer
        self._numbers = sorted(set(tokenizer.get_vocab().values()) - _unwritten(tokenizer))
        # Masks are written as the tokenizer writes them, so that each is one token; their offsets are found later.
        texts = [_own_masks(example.text, tokenizer.mask_token) for example in examples]
        words = [_words_and_masks(text, tokenizer.mask_token) for text in texts]
        encoder = SubwordEncoder(tokenizer, plan, masks=True, notes=notes)
        rows, windows, positions, masks = [], [], [], []
        for number, (example, row, (_, _, is_mask)) in enumerate(
            zip(examples, encoder.encode(texts, [(starts, ends) for starts, ends, _ in words]), words, strict=True)
        ):
            if not any(is_mask):
                notes.add(task_kinds.NOTHING_TO_FILL, example.row.where, mask=MASK)
            if len(row.windows) > 1:
                notes.add(kinds.LONG_ROW, length=plan.length)
            order = np.cumsum(is_mask) - 1
            for window in row.windows:
                # Some tokenizers give the space before a mask its own token, which belongs to the mask too.
                own = np.array([is_mask[word] for word in window.word], dtype=np.bool_)
                own &= window.input_ids[window.position] == tokenizer.mask_token_id
                if own.any():
                    rows.append(number)
                    windows.append(window.input_ids)
                    positions.append(window.position[own])
                    masks.append(order[window.word[own]].astype(np.int32))
        columns = {"input_ids": Ragged.of(windows), "position": Ragged.of(positions), "mask": Ragged.of(masks)}
        return Features(columns, np.array(rows, dtype=np.int64), encoding.pad_id)

    def collate(self, features: Features, windows: Sequence[int], seed: SampleSeed | None) -> Batch:
        """``input_ids``, ``attention_mask``: [windows, time]; ``position``: [masks] in windows * time."""
        import torch

        inputs, tokens = padded_inputs([features.columns["input_ids"][window] for window in windows], features.pad_id)
        time = inputs["input_ids"].shape[1]
        position = np.concatenate(
            [features.columns["position"][window].astype(np.int64) + row * time for row, window in enumerate(windows)]
        )
        return Batch(inputs, {"position": torch.from_numpy(position)}, windows, len(position), tokens)

    def forward(self, model: Any, batch: Batch) -> Tensor:
        """[masks, vocabulary] logits."""
        from ftk.models.forward.masked_positions import logits_at

        return logits_at(model, batch.inputs, batch.targets["position"]).float()

    def to_numpy(self, outputs: Tensor, features: Features, batch: Batch) -> list[NDArray[Any]]:
        """[masks of the window, top_k, 2] token numbers and probabilities."""
        import torch

        # The table of embeddings may have more rows than the vocabulary, whose numbers may have gaps.
        known = torch.tensor(self._numbers, device=outputs.device)
        known = known[known < outputs.shape[-1]]
        best = outputs.softmax(-1)[:, known].topk(min(self.top_k, len(known)))
        both = np.stack([known[best.indices].cpu().numpy().astype(np.float64), best.values.cpu().numpy()], axis=-1)
        lengths = [len(features.columns["mask"][window]) for window in batch.windows]
        return np.split(both, np.cumsum(lengths)[:-1])

    def decode(self, examples: Sequence[MaskedText], outputs: RowOutputs, labels: Labels | None) -> list[Filled]:
        """The candidates for the masks of each row."""
        masks = outputs.features.columns["mask"]
        found = []
        for row, example in enumerate(examples):
            offsets = _mask_offsets(example.text, self._tokenizer.mask_token)
            best: dict[int, list[tuple[str, float]]] = {}
            for window in outputs.windows(row):
                for mask, candidates in zip(masks[window], outputs.by_window[window], strict=True):
                    best[int(mask)] = [
                        (self._tokenizer.convert_ids_to_tokens(int(token)), round(float(probability), 6))
                        for token, probability in candidates
                    ]
            found.append(Filled([(start, end, best.get(mask, [])) for mask, (start, end) in enumerate(offsets)]))
        return found

    def record(self, example: MaskedText, prediction: Filled) -> dict[str, Any]:
        """``text``, and ``masks``: for each its offsets and its candidates. A candidate's ``text`` is what a reader
        sees, its ``token`` the entry of the vocabulary."""
        masks = [
            {
                "start": start,
                "end": end,
                "candidates": [
                    {"text": self._reads(token), "token": token, "probability": probability}
                    for token, probability in candidates
                ],
            }
            for start, end, candidates in prediction.masks
        ]
        result = {"text": example.text, "masks": masks}
        return with_columns(example.row.values, result)

    def _reads(self, token: str) -> str:
        # After another piece, a piece from inside a word is decoded without the sign that marks it.
        before, both = (self._tokenizer.convert_tokens_to_string(pieces) for pieces in (["a"], ["a", token]))
        text: str = both.removeprefix(before) if both.startswith(before) else both
        return text.strip()


def _unwritten(tokenizer: Any) -> set[int]:
    """The special tokens, which stand in no text. A single sign does, such as the "!" of padding."""
    special = zip(tokenizer.all_special_ids, tokenizer.all_special_tokens, strict=True)
    return {number for number, token in special if len(token) > 1 or not token.isprintable()}


def _pattern(mask_token: str) -> re.Pattern[str]:
    return re.compile("|".join(re.escape(mask) for mask in dict.fromkeys((MASK, mask_token))))


def _mask_offsets(text: str, mask_token: str) -> list[tuple[int, int]]:
    return [match.span() for match in _pattern(mask_token).finditer(text)]


def _own_masks(text: str, mask_token: str) -> str:
    return _pattern(mask_token).sub(lambda match: mask_token, text)


def _words_and_masks(text: str, mask_token: str) -> tuple[list[int], list[int], list[bool]]:
    """The words of a text and the masks between them: where they begin and end, and which are masks."""
    starts: list[int] = []
    ends: list[int] = []
    is_mask: list[bool] = []
    at = 0
    for begin, end in [*_mask_offsets(text, mask_token), (len(text), len(text))]:
        for start, stop in zip(*split_words(text[at:begin], Words.fine), strict=True):
            starts.append(at + start)
            ends.append(at + stop)
            is_mask.append(False)
        if end > begin:
            starts.append(begin)
            ends.append(end)
            is_mask.append(True)
        at = end
    return starts, ends, is_mask
