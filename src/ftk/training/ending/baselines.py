"""Scores of two simple models on the rows that a trained model was scored on, for comparison.

One gives every row the same answer: the most frequent one of training (``majority``), or the mean of its numbers
(``mean``). The other one is
``model=tfidf-linear``, a linear model over TF-IDF values, fitted on the tokens of the run.
"""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn

from ftk.config.choices import Baselines
from ftk.contracts.score import Score
from ftk.contracts.values import Labels, Prepared, Scores
from ftk.core.fit import FittedModel, targets_of
from ftk.data.batching.features import Features
from ftk.data.examples.texts import TextExample
from ftk.data.storage.stored import Stored
from ftk.models.architectures.small.tfidf_linear import TfidfLinearConfig, TfidfLinearForSequenceClassification
from ftk.training.run import Run

MOST_SECONDS = 20.0
MOST_SHARE = 0.05
"""The baselines may take this many seconds, or this share of the time of the training if that is more."""
_MOST_LABELS = 1000
"""With more labels, the linear model is left out: its weights are features times labels."""
_TRIED = 200
"""Windows on which a first fit measures how long the whole one takes."""
_MAJORITY, _MEAN, _TFIDF = "majority", "mean", "tfidf-linear"


def baselines(run: Run, result: Mapping[str, Any]) -> dict[str, dict[str, dict[str, float]]]:
    """The scores of the baselines by split and name, which are also shown beside the model's.

    They exist for tasks of whole texts with labels or numbers. The fit is left out, and this is reported, if it would
    take longer than ``MOST_SECONDS`` and ``MOST_SHARE`` allow.

    Args:
        run: trained.
        result: the model's metrics by split.
    """
    splits = [split for split in ("validation", "test") if split in result]
    wanted = run.config.train.baselines is Baselines.auto and run.task.spec.problem_type is not None
    if not splits or not wanted or isinstance(run.state.model, FittedModel):
        return {}
    train = run.prepared["train"]
    if isinstance(train.examples, Stored):
        run.console.say("baselines: they are left out, because the rows are on disk (data.storage)")
        return {}
    if not isinstance(train.examples[0], TextExample) or not isinstance(train.features, Features):
        return {}
    found: dict[str, dict[str, dict[str, float]]] = {split: {} for split in splits}
    constant = _MEAN if isinstance(train.examples[0].target, Mapping) else _MAJORITY
    for split in splits:
        found[split][constant] = _numbers(_majority(run, train.examples, run.prepared[split]))
    model = _fitted(run, train.features)
    for split in splits if model is not None else ():
        assert model is not None
        part = run.prepared[split]
        found[split][_TFIDF] = _numbers(run.evaluator(model).score(part.examples, part.features))
    for split in splits:
        _show(run, split, found[split], result[split])
    return found


def _majority(run: Run, train: Sequence[TextExample], part: Prepared) -> dict[str, Any]:
    """The metrics of giving each row the same answer."""
    answer = _constant([example.target for example in train], run.source.labels)
    metric = run.task.metric(run.source.labels)
    for example in part.examples:
        metric.update(example, answer)
    return metric.compute()


def _constant(targets: Sequence[Any], labels: Labels | None) -> Scores:
    """The most frequent label, or set of labels, of the training rows; for numbers their mean."""
    if isinstance(targets[0], Mapping):
        names = tuple(targets[0])
        return Scores(names, np.array([np.mean([target[name] for target in targets]) for name in names], np.float32))
    assert labels is not None
    (common, _), *_ = Counter(targets).most_common(1)
    chosen = {common} if isinstance(common, str) else set(common)
    return Scores(labels.names, np.array([name in chosen for name in labels.names], np.float32))


def _fitted(run: Run, features: Features) -> nn.Module | None:
    """The linear model, fitted to the training windows; None if that would take too long."""
    labels = run.source.labels
    outputs = len(labels.names) if labels is not None else 0
    if outputs > _MOST_LABELS:
        run.console.say(f"baselines: {_TFIDF} is left out, because of {outputs:,} labels (limit {_MOST_LABELS:,})")
        return None
    windows = features.columns["input_ids"]
    ids = [windows[number] for number in range(len(windows))]
    targets, weights = targets_of(features, outputs)
    most = max(MOST_SECONDS, MOST_SHARE * run.state.progress.elapsed)
    few = np.random.default_rng(0).permutation(len(ids))[:_TRIED]
    began = time.perf_counter()
    model = _fit(run, [ids[i] for i in few], targets[few], None if weights is None else weights[few], outputs)
    expected = (time.perf_counter() - began) * len(ids) / len(few)
    if len(few) == len(ids):
        return model
    if expected > most:
        run.console.say(
            f"baselines: {_TFIDF} is left out, because its fit would take about {expected:.0f} s (limit {most:.0f} s)"
        )
        return None
    return _fit(run, ids, targets, weights, outputs)


def _fit(run: Run, ids: list[Any], targets: Any, weights: Any, outputs: int) -> nn.Module:
    size = max(len(run.source.tokenizer), 1 + max(int(window.max()) for window in ids if len(window)))
    width = outputs or targets.reshape(len(targets), -1).shape[1]
    model = TfidfLinearForSequenceClassification(TfidfLinearConfig(vocab_size=size, num_labels=width))
    model.fit(ids, targets, weights)
    return _TextsAlone(model).eval().to(run.hardware.device)


class _TextsAlone(nn.Module):
    """Gives a model of token ids no other input, such as the segments of pairs."""

    def __init__(self, model: nn.Module) -> None:
        super().__init__()
        self.model = model

    def forward(self, input_ids: Tensor, attention_mask: Tensor | None = None, **_: Tensor) -> Any:
        with torch.autocast(input_ids.device.type, enabled=False):
            return self.model(input_ids, attention_mask)


def _numbers(metrics: Mapping[str, Any]) -> dict[str, float]:
    return {name: value for name, value in metrics.items() if isinstance(value, float)}


def _show(run: Run, split: str, found: Mapping[str, Mapping[str, float]], result: Mapping[str, Any]) -> None:
    """One line with the decisive score of each, and a warning if the model is not the best."""
    score = run.plan.score
    if score.value(next(iter(found.values()))) is None:  # the loss: the majority has none
        score = Score(run.task.spec.score, run.task.spec.higher_is_better)
    values = dict(_values(score, found))
    own = score.value(result)
    shown = ", ".join(f"{name} {value:.4f}" for name, value in values.items())
    model = "" if own is None else f"; this model {own:.4f}"
    run.console.say(f"baselines, {split} {score.name}: {shown}{model}")
    better = [name for name, value in values.items() if own is not None and not score.is_better(own, value)]
    if better:
        run.console.warn(f"{split}: this model is not better than {' and '.join(better)}")


def _values(score: Score, found: Mapping[str, Mapping[str, float]]) -> Iterator[tuple[str, float]]:
    for name, metrics in found.items():
        if (value := score.value(metrics)) is not None:
            yield name, value
