"""Runs a model to find the scores of words: by relevance, by gradients, or by leaving words out."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import nullcontext
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from ftk.config.choices import Method
from ftk.contracts import finding_kinds as kinds
from ftk.contracts.explanations import Explains, Part
from ftk.contracts.layout import Layout
from ftk.contracts.notes import Notes
from ftk.contracts.values import Batch
from ftk.core.layouts import laid_out, places_apart
from ftk.data.batching.order import token_batches
from ftk.errors import ConfigError
from ftk.explaining.rules import RelevanceRules

_TOKENS = 4096
"""Tokens of a batch at most: the activations of all layers are kept for the way back."""
_TOLERANCE = 1e-4
"""How far the sum of all relevance may be from the number that it explains, as a share of what was summed."""

Scored = tuple[float, dict[int, float]]
"""The number that is explained, and the score of each word."""


class Scorer:
    """Finds the scores of words with one model.

    Args:
        model: with plain modules, in fp32, on its device. Its parameters get no gradients.
        task: of the model, or what else collates windows and runs the model.
        explains: knows the outputs of the task.
        method: how scores are found.
        tokenizer: of the model.
        layout: of batches.
        tokens: in a batch, with padding.
    """

    def __init__(
        self,
        model: nn.Module,
        task: Any,
        explains: Explains,
        method: Method,
        *,
        tokenizer: Any,
        layout: Layout,
        tokens: int,
    ) -> None:
        self.model = model.eval().requires_grad_(False)
        self.task, self.explains, self.method = task, explains, method
        self.tokenizer, self.layout = tokenizer, layout
        self.tokens = min(tokens, _TOKENS)
        self._device = next(model.parameters()).device
        self._rules: bool | None = None
        """Whether the model follows the rules of relevance; None: this is not known yet."""

    def scores(self, features: Any, parts: Sequence[Part], words: Sequence[NDArray[Any]], notes: Notes) -> list[Scored]:
        """For each part the number that is explained, and the scores of the words in its window.

        Args:
            features: with the windows of the parts.
            parts: what is explained.
            words: for each part, [tokens] the word of each token of its window; -1 for none.
            notes: collect what the user should know.

        Raises:
            ConfigError: relevance and gradients are of embeddings that are looked up once, and the model has none.
        """
        if not parts:
            return []
        if self.method is Method.erasure:
            return self._by_erasure(features, parts, words, notes)
        found: list[Scored | None] = [None] * len(parts)
        for places in self._batches(features, parts):
            chosen = [parts[place] for place in places]
            batch = self._batch(features, chosen)
            values, scores = self._by_gradient(batch, features, chosen, notes)
            for row, place in enumerate(places):
                own = scores[row][_tokens_of(batch, row)]
                found[place] = float(values[row]), _by_word(own.numpy(), words[place])
        return [one for one in found if one is not None]

    def _batches(self, features: Any, parts: Sequence[Part]) -> Iterator[list[int]]:
        """The numbers of parts that share a batch."""
        windows = np.array([part.window for part in parts], dtype=np.int64)
        lengths = features.lengths[windows]
        for group in places_apart(self.layout, features, windows):
            for batch in token_batches(group, lengths, self.tokens):
                yield batch.tolist()

    def _batch(self, features: Any, parts: Sequence[Part]) -> Batch:
        batch: Batch = self.task.collate(features, [part.window for part in parts], None)
        return laid_out(batch, self.layout, features).to(self._device)

    def _by_gradient(self, batch: Batch, features: Any, parts: Sequence[Part], notes: Notes) -> tuple[Tensor, Tensor]:
        """The numbers of a batch, [parts], and the scores of its tokens, [parts, time]."""
        if self.method is Method.relevance and self._rules is None:
            first = self._batch(features, parts[:1])
            self._rules = self._follows_rules(first, features, parts[:1], notes)
        embedded: list[Tensor] = []

        def take(module: nn.Module, args: Any, output: Tensor) -> Tensor:
            embedded.append(output.detach().requires_grad_(True))
            return embedded[-1]

        hook = _embeddings(self.model).register_forward_hook(take)
        try:
            values = self._values(batch, features, parts, rules=bool(self._rules))
        finally:
            hook.remove()
        if len(embedded) != 1 or not values.requires_grad:
            raise ConfigError(
                f"method={self.method.value}: {type(self.model).__name__} does not make its scores from embeddings "
                "that it looks up once; encoder-decoders do so twice. method=erasure explains any model."
            )
        (gradient,) = torch.autograd.grad(values.sum(), embedded)
        return values.detach().cpu(), (gradient * embedded[0].detach()).sum(-1).cpu()

    def _values(self, batch: Batch, features: Any, parts: Sequence[Part], *, rules: bool) -> Tensor:
        """[parts] the numbers to explain, with a gradient."""
        # cuDNN has no way back through a recurrent layer outside of training.
        with torch.enable_grad(), torch.backends.cudnn.flags(enabled=False):
            with RelevanceRules() if rules else nullcontext():
                outputs = self.task.forward(self.model, batch)
            return self.explains.values(outputs, features, parts)

    def _follows_rules(self, batch: Batch, features: Any, parts: Sequence[Part], notes: Notes) -> bool:
        """Whether the relevance of all that is added in the model, embeddings and biases, sums up to the number that it
        explains. Otherwise the model has an operation that no rule covers."""
        added = [
            parameter
            for module in self.model.modules()
            for name, parameter in module.named_parameters(recurse=False)
            if isinstance(module, (nn.Embedding, nn.EmbeddingBag)) or "bias" in name
        ]
        for parameter in added:
            parameter.requires_grad_(True)
        try:
            values = self._values(batch, features, parts, rules=True)
            gradients = torch.autograd.grad(values.sum(), added, allow_unused=True) if values.requires_grad else ()
        finally:
            for parameter in added:
                parameter.requires_grad_(False)
        shares = [
            float((parameter.detach() * gradient).sum())
            for parameter, gradient in zip(added, gradients, strict=False)
            if gradient is not None
        ]
        value = float(values.detach().sum())
        # Relevance of both signs may cancel: the numbers that were summed are the scale of their rounding.
        scale = max(abs(value), sum(map(abs, shares)))
        holds = abs(sum(shares) - value) <= _TOLERANCE * scale
        if not holds:
            notes.add(kinds.NO_RELEVANCE_RULES, model=type(self.model).__name__, value=value, sum=sum(shares))
        return holds

    @torch.no_grad()
    def _by_erasure(
        self, features: Any, parts: Sequence[Part], words: Sequence[NDArray[Any]], notes: Notes
    ) -> list[Scored]:
        """What each word adds: the number with it, less the number without it."""
        name, stands_in = self.stand_in()
        notes.add(kinds.WORDS_LEFT_OUT, token=name)
        of_parts = [[-1, *np.unique(own[own >= 0]).tolist()] for own in words]  # -1: nothing is left out
        copies = [(place, word) for place, own in enumerate(of_parts) for word in own]
        values: dict[tuple[int, int], float] = {}
        repeated = [parts[place] for place, _ in copies]
        for numbers in self._batches(features, repeated):
            chosen = [repeated[number] for number in numbers]
            batch = self._batch(features, chosen)
            for row, number in enumerate(numbers):
                place, word = copies[number]
                if word >= 0:
                    self.leave_out(batch, row, np.flatnonzero(words[place] == word), stands_in)
            found = self.explains.values(self.task.forward(self.model, batch), features, chosen).cpu().tolist()
            values.update({copies[number]: value for number, value in zip(numbers, found, strict=True)})
        return [
            (values[place, -1], {word: values[place, -1] - values[place, word] for word in own[1:]})
            for place, own in enumerate(of_parts)
        ]

    @staticmethod
    def leave_out(batch: Batch, row: int, tokens: NDArray[np.int64], stands_in: int) -> None:
        """Leave tokens out of a row: another one stands in for each, and no token attends to it.

        A position that is labelled itself still has to read something; hidden from the others alone, it would read
        the word.
        """
        places = _tokens_of(batch, row)[torch.from_numpy(tokens).to(batch.inputs["input_ids"].device)]
        batch.inputs["input_ids"][row, places] = stands_in
        batch.inputs["attention_mask"][row, places] = 0

    def stand_in(self) -> tuple[str, int]:
        """The token that stands in for a word that is left out."""
        tokenizer = self.tokenizer
        for name in ("mask_token", "unk_token", "pad_token"):
            token = getattr(tokenizer, name, None)
            if token is not None:
                return str(token), int(getattr(tokenizer, f"{name}_id"))
        raise ConfigError("method=erasure: the tokenizer has no token that can stand in for a word.")


def _embeddings(model: Any) -> nn.Module:
    """The table of embeddings of a model.

    Raises:
        ConfigError: it has none.
    """
    try:
        found = model.get_input_embeddings()
    except (AttributeError, NotImplementedError):
        found = None
    if not isinstance(found, nn.Module):
        raise ConfigError(f"{type(model).__name__} has no table of embeddings. method=erasure explains any model.")
    return found


def _tokens_of(batch: Batch, row: int) -> Tensor:
    """[tokens] the positions of the real tokens of a row, wherever its padding stands."""
    return batch.inputs["attention_mask"][row].nonzero()[:, 0].to(batch.inputs["input_ids"].device)


def _by_word(scores: NDArray[Any], words: NDArray[Any]) -> dict[int, float]:
    """The sums of the scores of the tokens of each word."""
    inside = words >= 0
    sums = np.bincount(words[inside], weights=scores[inside].astype(np.float64))
    return {int(word): float(sums[word]) for word in np.unique(words[inside])}
