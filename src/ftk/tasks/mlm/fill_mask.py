"""Filling masks: the likeliest tokens for each mask in a text."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ClassVar

from ftk.config.schema import DataConfig
from ftk.contracts.notes import Notes
from ftk.contracts.protocols import Place, Predictions
from ftk.contracts.row import Row
from ftk.contracts.values import Batch, Labels, Noise, WindowPlan
from ftk.data.batching.features import Features, Ragged, padded_inputs
from ftk.data.text.word_windows import SubwordEncoder
from ftk.data.text.words import Words, split_words
from ftk.errors import ModelError

if TYPE_CHECKING:
    from numpy.typing import NDArray
    from torch import Tensor

MASK = "[MASK]"
"""How a mask is written in a text, whatever the tokenizer calls its own."""


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

    roles: ClassVar[tuple[str, ...]] = ("text",)
    auto_model: ClassVar[str] = "AutoModelForMaskedLM"
    rows_at_once: ClassVar[int] = 512

    def __init__(self, *, top_k: int) -> None:
        self.top_k = top_k
        self._tokenizer: Any = None
        """That of the last features; predictions are told in its words."""
        self._numbers: list[int] = []
        """Of its tokens."""

    def read(self, rows: Iterable[Row], *, columns: dict[str, Any], labelled: bool, notes: Notes) -> list[MaskedText]:
        from ftk.data.documents.reading import text_of

        return [MaskedText(row, text_of(row, columns)) for row in rows]

    def ready(
        self, predictions: Predictions, tokenizer: Any, plan: WindowPlan, data: DataConfig, notes: Notes, place: Place
    ) -> None:
        """Nothing: each text brings all that is needed."""

    def features(
        self,
        examples: Sequence[MaskedText],
        tokenizer: Any,
        labels: Labels | None,
        plan: WindowPlan,
        notes: Notes,
    ) -> Features:
        """Windows that hold a mask; ``mask`` is the number of each mask in its row."""
        import numpy as np

        if tokenizer.mask_token_id is None:
            raise ModelError(f"the tokenizer {type(tokenizer).__name__} has no mask token: this model fills no masks.")
        self._tokenizer = tokenizer
        self._numbers = sorted(set(tokenizer.get_vocab().values()))
        # The mask as the tokenizer writes it, so that it is one token; offsets are laid back onto the text later.
        texts = [_own_masks(example.text, tokenizer.mask_token) for example in examples]
        words = [_words_and_masks(text, tokenizer.mask_token) for text in texts]
        encoder = SubwordEncoder(tokenizer, plan)
        rows, windows, positions, masks = [], [], [], []
        for number, (example, row, (_, _, is_mask)) in enumerate(
            zip(examples, encoder.encode(texts, [(starts, ends) for starts, ends, _ in words]), words, strict=True)
        ):
            if not any(is_mask):
                notes.count(f"row|rows without {MASK}", "there is nothing to fill", example.row.where)
            if len(row.windows) > 1:
                notes.count(f"row|rows longer than {plan.length} tokens", "read in overlapping windows")
            order = np.cumsum(is_mask) - 1
            for window in row.windows:
                # Some tokenizers give the space before a mask a token of its own, which is laid onto it too.
                own = np.array([is_mask[word] for word in window.word], dtype=np.bool_)
                own &= window.input_ids[window.position] == tokenizer.mask_token_id
                if own.any():
                    rows.append(number)
                    windows.append(window.input_ids)
                    positions.append(window.position[own])
                    masks.append(order[window.word[own]].astype(np.int32))
        columns = {"input_ids": Ragged.of(windows), "position": Ragged.of(positions), "mask": Ragged.of(masks)}
        return Features(columns, np.array(rows, dtype=np.int64))

    def collate(self, features: Features, windows: Sequence[int], pad_id: int, noise: Noise | None) -> Batch:
        """``position``: [masks] in windows * time."""
        import numpy as np
        import torch

        inputs, tokens = padded_inputs([features.columns["input_ids"][window] for window in windows], pad_id)
        time = inputs["input_ids"].shape[1]
        position = np.concatenate(
            [features.columns["position"][window].astype(np.int64) + row * time for row, window in enumerate(windows)]
        )
        return Batch(inputs, {"position": torch.from_numpy(position)}, windows, len(position), tokens)

    def forward(self, model: Any, batch: Batch) -> Tensor:
        """[masks, vocabulary] logits."""
        from ftk.models.forward.masked_positions import logits_at

        return logits_at(model, batch.inputs, batch.targets["position"]).float()

    def outputs(self, outputs: Tensor, features: Features, batch: Batch) -> list[NDArray[Any]]:
        """[masks of the window, top_k, 2] token numbers and probabilities."""
        import numpy as np
        import torch

        # The table of embeddings may have more rows than the vocabulary, and the numbers of a vocabulary gaps.
        known = torch.tensor(self._numbers, device=outputs.device)
        known = known[known < outputs.shape[-1]]
        best = outputs.softmax(-1)[:, known].topk(min(self.top_k, len(known)))
        both = np.stack([known[best.indices].cpu().numpy().astype(np.float64), best.values.cpu().numpy()], axis=-1)
        lengths = [len(features.columns["mask"][window]) for window in batch.windows]
        return np.split(both, np.cumsum(lengths)[:-1])

    def decode(
        self,
        examples: Sequence[MaskedText],
        features: Features,
        first_row: int,
        outputs: dict[int, NDArray[Any]],
        labels: Labels | None,
    ) -> list[Filled]:
        found = []
        for number, example in enumerate(examples, start=first_row):
            offsets = _mask_offsets(example.text, self._tokenizer.mask_token)
            best: dict[int, list[tuple[str, float]]] = {}
            for window in features.windows_of(number, number + 1):
                for mask, candidates in zip(features.columns["mask"][window], outputs[window], strict=True):
                    best[int(mask)] = [
                        (self._tokenizer.convert_ids_to_tokens(int(token)), round(float(probability), 6))
                        for token, probability in candidates
                    ]
            found.append(Filled([(start, end, best.get(mask, [])) for mask, (start, end) in enumerate(offsets)]))
        return found

    def record(self, example: MaskedText, prediction: Filled) -> dict[str, Any]:
        """``text``, and ``masks``: for each its offsets and its candidates. A candidate's ``text`` is how it reads,
        its ``token`` the entry of the vocabulary."""
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
        return {**{name: value for name, value in example.row.values.items() if name not in result}, **result}

    def _reads(self, token: str) -> str:
        # With another piece before it, a piece that goes on with a word loses the sign that says so.
        before, both = (self._tokenizer.convert_tokens_to_string(pieces) for pieces in (["a"], ["a", token]))
        text: str = both.removeprefix(before) if both.startswith(before) else both
        return text.strip()


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
