"""What the tokenizer of a model makes of the splits, and what its training would take. It imports torch."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

import numpy as np

from ftk.checking.collected import Collected
from ftk.checking.expected import Estimate, estimate, sizes_of
from ftk.config.choices import Init
from ftk.config.schema import CheckConfig, DataConfig, HardwareConfig, TrainConfig
from ftk.contracts.contexts import Encoding
from ftk.contracts.progress import Progress
from ftk.contracts.protocols import Corpus
from ftk.contracts.text_prefix import TextPrefix
from ftk.contracts.values import Prepared, WindowPlan
from ftk.core.hardware import choose
from ftk.data.batching.length import most_steps
from ftk.data.text.coverage import note_coverage
from ftk.models.architectures.small import FITTED
from ftk.models.loading.load import check_head, empty_model
from ftk.models.loading.pooling import head_to_settle
from ftk.models.loading.source import Source, resolve_model, window_length
from ftk.models.loading.text_prefix import chosen_prefix
from ftk.optim.recipe import Sizes as RecipeSizes
from ftk.optim.recipe import settled


@dataclass(slots=True)
class Encoded:
    """What a model makes of the splits.

    Attributes:
        facts: for people and programs: sizes of the model, and of the windows by split.
        steps: of the training; None if steps do not limit it.
        epochs: passes over the training windows.
        estimate: of time and memory; None if there is nothing to train on, or no formula for the model.
        hardware: in words.
    """

    facts: dict[str, Any]
    steps: int | None = None
    epochs: float | None = None
    estimate: Estimate | None = None
    hardware: str = ""

    def expected(self) -> dict[str, Any]:
        """What a training would take, as values for JSON; time and memory are estimates."""
        found: dict[str, Any] = {"steps": self.steps, "epochs": self.epochs, "exact": True, "hardware": self.hardware}
        if self.estimate is not None:
            found |= {"seconds": self.estimate.seconds, "memory": self.estimate.memory}
        return found


def encode(corpus: Corpus, config: CheckConfig, notes: Collected, progress: Progress) -> Encoded:
    """Make windows of the splits.

    Args:
        corpus: the rows that a training would go on with; its task gets the fields that the files of the model decide.
        config: of the check; it names a model.
        notes: collects what the tokenizer does not know, and what is longer than a window.
        progress: shows long work.

    Raises:
        ModelError: the model is not found, or does not suit the task.
    """
    assert config.model is not None
    spec = corpus.task.spec
    source = resolve_model(config.model, corpus, spec.modalities, notes)
    if spec.settle is not None:
        corpus.task = spec.settle(corpus.task, head_to_settle(source.folder, config.model), notes)
    check_head(source, spec.auto_model)
    notes.merge(source.notes)
    texts = source.towers.get("text", source)
    windows = _windows(source, config.data, chosen_prefix(config.model, texts.folder, spec, notes))
    encoding = Encoding(source.processor, source.labels, windows, notes)
    tokenizer = source.tokenizer
    if tokenizer is not None:
        note_coverage(tokenizer, corpus.texts(), notes)
    prepared: dict[str, Prepared] = {}
    with notes.going_on():
        prepared = corpus.prepare(encoding, progress)
    model = empty_model(source, spec.auto_model)
    found = Encoded(
        {
            "name": config.model.name,
            "parameters": sum(one.numel() for one in model.parameters()),
            "vocabulary": len(tokenizer) if tokenizer is not None else None,
            "window": windows.length,
            "splits": {split: _sizes(part, tokenizer) for split, part in prepared.items()},
        }
    )
    if "train" in prepared and model.config.model_type not in FITTED:
        pretrained = config.model.init is Init.pretrained
        order = prepared["train"].features.order(config.train, 0)
        counts = {split: len(part.features) for split, part in prepared.items()}
        sizes = RecipeSizes.of(
            spec, order, pretrained=pretrained, rows=counts["train"], scored=counts.get("validation", 0)
        )
        _expect(found, model, prepared, settled(config.train, sizes), config.hardware)
    return found


def _windows(source: Source, data: DataConfig, prefix: TextPrefix) -> WindowPlan:
    return WindowPlan.of(window_length(source, data.max_length), data.stride, data.max_windows, prefix)


def _sizes(part: Prepared, tokenizer: Any) -> dict[str, Any]:
    """The windows of a split: how many, how long, and how many of their tokens the vocabulary does not know."""
    features, size = part.features, np.asarray(part.features.lengths)
    found: dict[str, Any] = {"windows": len(features), "tokens": int(size.sum())}
    if len(size):
        half, most = np.quantile(size, [0.5, 0.95], method="inverted_cdf")
        found |= {"half": int(half), "most": int(most), "longest": int(size.max())}
    rows = getattr(features, "row", None)
    if rows is not None:
        found["rows_in_several_windows"] = int((np.unique(rows, return_counts=True)[1] > 1).sum())
    unknown = getattr(tokenizer, "unk_token_id", None)
    ids = getattr(features, "columns", {}).get("input_ids")
    if unknown is not None and ids is not None:
        found["unknown_tokens"] = int(np.count_nonzero(np.asarray(ids.values) == unknown))
    return found


def _expect(
    found: Encoded, model: Any, prepared: dict[str, Prepared], train: TrainConfig, hardware: HardwareConfig
) -> None:
    """Add the steps, and an estimate of time and memory."""
    features = prepared["train"].features
    order = features.order(train, 0)
    place = choose(hardware)
    found.hardware = place.why
    found.steps = most_steps(train, order)
    if found.steps is None:
        return
    found.epochs = order.epoch(found.steps)
    in_use = getattr(features, "tokens_in_use", None)
    tokens = len(in_use()) if in_use is not None else found.facts["vocabulary"] or 0
    sizes = sizes_of(model, tokens)
    if sizes is None or found.facts["vocabulary"] is None:
        return
    sums = {split: int(np.asarray(part.features.lengths).sum()) for split, part in prepared.items()}
    validations = _validations(train, found.steps, order.steps_in(1)) + 1  # the best model is scored once more
    found.estimate = estimate(
        sizes,
        np.asarray(features.lengths),
        epochs=found.epochs,
        scored=validations * sums.get("validation", 0) + sums.get("test", 0),
        micro_batch=min(hardware.micro_batch or train.batch_size, train.batch_size, len(features)),
        hardware=place,
    )


def _validations(train: TrainConfig, steps: int, epoch: int) -> int:
    """How many validations a run has; the last step always has one."""
    every = epoch if train.eval_every == "epoch" else train.eval_every
    return math.ceil(1 / every if every < 1 else steps / every)
