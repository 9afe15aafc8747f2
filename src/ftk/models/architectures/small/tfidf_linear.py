"""A linear model over the TF-IDF of tokens and token pairs, fitted by scikit-learn, saved like any other model."""

from __future__ import annotations

import math
import warnings
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn
from torch.nn import functional
from transformers import PretrainedConfig, PreTrainedModel
from transformers.modeling_outputs import SequenceClassifierOutput

from ftk.models.architectures.small.base import positive, real_tokens

if TYPE_CHECKING:
    from scipy.sparse import csr_matrix

_STEPS = 1000
"""Maximum number of iterations of a logistic regression."""


class TfidfLinearConfig(PretrainedConfig):
    """Feature selection and regularisation."""

    model_type = "ftk-tfidf-linear"

    def __init__(
        self,
        vocab_size: int = 8000,
        min_windows: int = 1,
        most_ngrams: int = 200_000,
        C: float = 10.0,
        alpha: float = 1.0,
        num_features: int = 0,
        pad_token_id: int = 0,
        **kwargs: Any,
    ) -> None:
        """
        Args:
            vocab_size: size of the tokenizer's vocabulary.
            min_windows: minimum number of training windows that a token or pair must occur in.
            most_ngrams: maximum number of tokens and pairs; those in the most windows are kept.
            C: inverse regularisation strength of the classifiers, as in scikit-learn.
            alpha: strength of the ridge regression, as in scikit-learn.
            num_features: number of tokens and pairs used as features; 0 before the model is fitted.
            pad_token_id: token id used for padding.
            kwargs: arguments of every config, such as the labels.
        """
        positive(vocab_size=vocab_size, min_windows=min_windows, most_ngrams=most_ngrams)
        if not 0 < C < math.inf:
            raise ValueError(f"C={C} must be a finite number above 0")
        if not 0 <= alpha < math.inf:
            raise ValueError(f"alpha={alpha} must be a finite number, 0 or more")
        self.vocab_size = vocab_size
        self.min_windows = min_windows
        self.most_ngrams = most_ngrams
        self.C = C
        self.alpha = alpha
        self.num_features = num_features
        self.pad_token_id = pad_token_id
        self.max_position_embeddings = None
        super().__init__(**kwargs)


class Tfidf(nn.Module):
    """Computes TF-IDF values like scikit-learn's ``TfidfTransformer(sublinear_tf=True)``."""

    ngrams: Tensor
    """[features] ids of the tokens and pairs used as features, in ascending order."""
    idf: Tensor
    """[features] inverse document frequency of each."""

    def __init__(self, vocab_size: int, features: int) -> None:
        super().__init__()
        self.vocab_size = vocab_size
        self.register_buffer("ngrams", torch.zeros(features, dtype=torch.int64))
        self.register_buffer("idf", torch.zeros(features))

    def forward(self, input_ids: Tensor, real: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        """Computes the non-zero TF-IDF values of some windows.

        Args:
            input_ids: [windows, time].
            real: [windows, time] false for padding.

        Returns:
            Window index, feature index and value of each entry, each [entries]; sorted by window, then feature.
        """
        pairs = numbers_of_pairs(input_ids[:, :-1], input_ids[:, 1:], self.vocab_size)
        ngrams = torch.cat([input_ids, pairs], 1)
        there = torch.cat([real, real[:, :-1] & real[:, 1:]], 1)
        size = len(self.ngrams)
        place = torch.searchsorted(self.ngrams, ngrams).clamp_(max=size - 1)
        there = there & (self.ngrams[place] == ngrams)
        window = torch.arange(len(ngrams), device=ngrams.device)[:, None].expand_as(ngrams)
        entries, counts = torch.unique(window[there] * size + place[there], return_counts=True)
        window, feature = entries // size, entries % size
        values = (1 + counts.float().log()) * self.idf[feature]
        squares = values.new_zeros(len(ngrams)).index_add_(0, window, values.square())
        return window, feature, values / squares.sqrt()[window]


class TfidfLinearForSequenceClassification(PreTrainedModel):
    """A linear model over TF-IDF values. It is fitted by ``fit`` instead of being trained step by step."""

    config_class = TfidfLinearConfig
    base_model_prefix = "encoder"
    main_input_name = "input_ids"

    def __init__(self, config: TfidfLinearConfig) -> None:
        super().__init__(config)
        self.encoder = Tfidf(config.vocab_size, config.num_features)
        labels = len(config.id2label or ())
        self.weight = nn.Parameter(torch.zeros(config.num_features, labels))
        self.bias = nn.Parameter(torch.zeros(labels))
        self.post_init()

    def _init_weights(self, module: nn.Module) -> None:
        """The model has no random weights."""

    def get_input_embeddings(self) -> None:  # type: ignore[override]
        """The model has no embeddings."""
        return

    def forward(self, input_ids: Tensor, attention_mask: Tensor | None = None) -> SequenceClassifierOutput:
        """Returns ``logits`` in fp32, [windows, labels]: scikit-learn's decision function.

        With two classes the first has the logit 0 and the second that of scikit-learn.
        """
        logits = self.bias.expand(len(input_ids), -1)
        if len(self.weight):
            window, feature, values = self.encoder(input_ids, real_tokens(input_ids, attention_mask))
            begins = torch.searchsorted(window, torch.arange(len(input_ids), device=window.device))
            logits = logits + functional.embedding_bag(
                feature, self.weight, begins, mode="sum", per_sample_weights=values
            )
        return SequenceClassifierOutput(logits=logits)

    def fit(
        self, windows: Sequence[NDArray[np.int32]], targets: NDArray[Any], weights: NDArray[Any] | None
    ) -> list[str]:
        """Selects the features, and fits their TF-IDF weights and the linear model.

        Args:
            windows: token ids of each window, without padding.
            targets: classes as integers, [windows]; labels as booleans, [windows, labels]; or numbers, [windows,
                outputs].
            weights: sample weights, [windows], or [windows, labels] for booleans; None weighs all alike.

        Returns:
            Messages for the user: the number of features, and warnings of scikit-learn.
        """
        from sklearn.feature_extraction.text import TfidfTransformer

        config = self.config
        ngrams, counts = counted(windows, config.vocab_size)
        found = len(ngrams)
        kept = frequent(counts, config.min_windows, config.most_ngrams)
        ngrams, counts = ngrams[kept], counts[:, kept]
        tfidf = TfidfTransformer(sublinear_tf=True)
        table = tfidf.fit_transform(counts)
        with warnings.catch_warnings(record=True) as caught:
            warnings.simplefilter("always")
            if targets.dtype.kind == "f":
                weight, bias = _numbers(table, targets, weights, config.alpha)
            elif targets.dtype.kind == "b":
                weight, bias = _presence(table, targets, weights, config.C)
            else:
                weight, bias = _classes(table, targets, weights, config.C, len(self.bias))
        self._take(ngrams, tfidf.idf_, weight, bias)
        facts = [f"fitted by scikit-learn: {len(ngrams):,} of {found:,} tokens and pairs are used as features"]
        return facts + sorted({" ".join(str(one.message).split("\n")[0].split()) for one in caught})

    @torch.no_grad()
    def _take(self, ngrams: NDArray[Any], idf: NDArray[Any], weight: NDArray[Any], bias: NDArray[Any]) -> None:
        device = self.bias.device
        self.config.num_features = len(ngrams)
        self.encoder.ngrams = torch.from_numpy(ngrams).to(device)
        self.encoder.idf = torch.from_numpy(idf).float().to(device)
        self.weight = nn.Parameter(torch.from_numpy(weight).float().contiguous().to(device))
        self.bias = nn.Parameter(torch.from_numpy(bias).float().to(device))


def numbers_of_pairs(first: Any, second: Any, vocab_size: int) -> Any:
    """Ids of token pairs; ids below ``vocab_size`` are single tokens."""
    return (first + 1) * vocab_size + second


def counted(windows: Sequence[NDArray[np.int32]], vocab_size: int) -> tuple[NDArray[np.int64], csr_matrix]:
    """Counts each token and each pair of neighbours in each window.

    Returns:
        Ids of the tokens and pairs that occur, [features], in ascending order; counts, [windows, features].
    """
    from scipy.sparse import csr_matrix

    ids = np.concatenate(windows).astype(np.int64)
    window = np.repeat(np.arange(len(windows)), [len(one) for one in windows])
    together = window[:-1] == window[1:]
    pairs = numbers_of_pairs(ids[:-1], ids[1:], vocab_size)[together]
    ngrams, feature = np.unique(np.concatenate([ids, pairs]), return_inverse=True)
    rows = np.concatenate([window, window[:-1][together]])
    counts = csr_matrix((np.ones(len(rows)), (rows, feature)), shape=(len(windows), len(ngrams)))
    counts.sum_duplicates()
    return ngrams, counts


def frequent(counts: csr_matrix, least: int, most: int) -> NDArray[np.int64]:
    """Indices of the most frequent features that occur in at least ``least`` windows, in ascending order."""
    number = counts.getnnz(axis=0)
    order = np.argsort(-number, kind="stable")[:most]
    return np.sort(order[number[order] >= least])


def _classes(
    table: csr_matrix, targets: NDArray[Any], weights: NDArray[Any] | None, strength: float, labels: int
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Fits a logistic regression over the classes that occur.

    A class without training rows, because all are in the validation split, gets no weights and an intercept below all
    others, so it is unlikely for every text.
    """
    from sklearn.linear_model import LogisticRegression

    present = np.unique(targets)
    weight, bias = np.zeros((table.shape[1], labels)), np.full(labels, -math.log(2 * len(targets)))
    if len(present) == 1:
        bias[present] = 0
        return weight, bias
    model = LogisticRegression(C=strength, max_iter=_STEPS).fit(table, targets, sample_weight=weights)
    if len(present) == 2:
        weight[:, present[1]] = model.coef_[0]
        bias[present] = 0, model.intercept_[0]
    else:
        weight[:, present] = model.coef_.T
        bias += model.intercept_.min()
        bias[present] = model.intercept_
    return weight, bias


def _presence(
    table: csr_matrix, targets: NDArray[Any], weights: NDArray[Any] | None, strength: float
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Fits a logistic regression for each label; a label that all or no windows have gets a constant logit."""
    from sklearn.linear_model import LogisticRegression

    weight, bias = np.zeros((table.shape[1], targets.shape[1])), np.zeros(targets.shape[1])
    for label in range(targets.shape[1]):
        there = targets[:, label]
        if there.all() or not there.any():
            bias[label] = math.log((there.sum() + 0.5) / ((~there).sum() + 0.5))
            continue
        counts = weights if weights is None or weights.ndim == 1 else weights[:, label]
        model = LogisticRegression(C=strength, max_iter=_STEPS).fit(table, there, sample_weight=counts)
        weight[:, label], bias[label] = model.coef_[0], model.intercept_[0]
    return weight, bias


def _numbers(
    table: csr_matrix, targets: NDArray[Any], weights: NDArray[Any] | None, strength: float
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Fits a ridge regression."""
    from sklearn.linear_model import Ridge

    model = Ridge(alpha=strength).fit(table, targets.astype(np.float64), sample_weight=weights)
    return np.atleast_2d(model.coef_).T, np.zeros(targets.shape[1]) + model.intercept_
