"""What the scores of generated texts are made of, row by row: by rouge-score, and by sacrebleu."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from ftk.contracts.outcomes import RowStatistics
from ftk.errors import DataError
from ftk.tasks.generation.metrics import ROUGE, RougeMetric, bleu_words, rouge_words
from ftk.tasks.shared.statistics.row_values import by_name, mean_of, ratio, values_of

if TYPE_CHECKING:
    from ftk.contracts.outcomes import Records

_ORDERS = 4
"""The longest n-grams of BLEU."""
_FACTOR = 4
"""How much chrF weighs recall: the square of 2."""


def rouge_statistics(records: Records, fields: Mapping[str, Any]) -> Mapping[str, RowStatistics]:
    """``rougeL``, ``rouge1``, ``rouge2``, ``rougeLsum``: means over rows.

    Args:
        records: with ``target`` and ``gold_target``.
        fields: of the task; ``rouge_words`` and ``rouge_stemmer`` say how words are found.
    """
    texts, references, counted = _texts(records)
    words = fields.get("rouge_words", "auto")
    if words == "auto":
        words = rouge_words(text for row in references for text in row)
    scorer = RougeMetric(words=words, stemmer=bool(fields.get("rouge_stemmer", True)))
    found = [
        scorer.each(row, text) if row else dict.fromkeys(ROUGE, 0.0)
        for text, row in zip(texts, references, strict=True)
    ]
    return by_name([mean_of(name, [one[name] for one in found], counted) for name in ROUGE])


def translation_statistics(records: Records, fields: Mapping[str, Any]) -> Mapping[str, RowStatistics]:
    """``bleu`` and ``chrf``: counts of n-grams that add up to the score of a corpus, from 0 to 100.

    Args:
        records: with ``target`` and ``gold_target``.
        fields: of the task; ``bleu_words`` is the tokenizer of BLEU.
    """
    from sacrebleu.metrics import BLEU, CHRF

    texts, references, counted = _texts(records)
    words = fields.get("bleu_words", "auto")
    if words == "auto":
        words = bleu_words(text for row in references for text in row)
    rows = np.flatnonzero(counted)
    streams = _streams([references[row] for row in rows])
    found = {}
    for name, scorer, of_sums in (
        ("bleu", BLEU(tokenize=words, force=True), _bleu),
        ("chrf", CHRF(), _chrf),
    ):
        each = np.array(scorer._extract_corpus_statistics([texts[row] for row in rows], streams), dtype=np.float64)
        values = np.zeros((len(texts), each.shape[1]))
        values[rows] = each
        found[name] = RowStatistics(name, True, values, of_sums, 100.0)
    return found


def _texts(records: Records) -> tuple[list[str], list[Sequence[str]], NDArray[np.bool_]]:
    """The text of each row, its references, and whether it has any."""
    texts = values_of(records, "target")
    references = [[one] if isinstance(one, str) else one for one in values_of(records, "gold_target")]
    for line, (text, row) in enumerate(zip(texts, references, strict=True), 1):
        if not isinstance(text, str) or not isinstance(row, list) or not all(isinstance(one, str) for one in row):
            raise DataError(f"line {line}: 'target' must be a text, and 'gold_target' a text or a list of texts.")
    counted = np.array([bool(row) for row in references], dtype=bool)
    if not counted.any():
        raise DataError("no row has a reference.")
    return texts, references, counted


def _streams(references: Sequence[Sequence[str]]) -> list[Any]:
    """References as sacrebleu takes them: the first of each row, the second of each, and so on."""
    most = max(map(len, references))
    return [[row[at] if at < len(row) else None for row in references] for at in range(most)]


def _bleu(sums: NDArray[Any]) -> NDArray[Any]:
    """[..., 10] lengths and counts of n-grams -> BLEU with exponential smoothing, as sacrebleu computes it."""
    length, reference = sums[..., 0], sums[..., 1]
    right, total = sums[..., 2 : 2 + _ORDERS], sums[..., 2 + _ORDERS :]
    missed = np.cumsum(right == 0, axis=-1)
    precision = np.where(right > 0, ratio(right, total), ratio(np.ones(right.shape), total * 2.0**missed))
    with np.errstate(divide="ignore", invalid="ignore"):
        short = np.where(length < reference, np.exp(1 - ratio(reference, length, empty=np.inf)), 1.0)
        score = 100 * short * np.exp(np.log(precision).mean(-1))
    return np.where((right > 0).any(-1), score, 0.0)


def _chrf(sums: NDArray[Any]) -> NDArray[Any]:
    """[..., 18] counts of n-grams of characters -> chrF, as sacrebleu computes it."""
    given, gold, right = sums[..., 0::3], sums[..., 1::3], sums[..., 2::3]
    counted = (given > 0) & (gold > 0)
    orders = counted.sum(-1)
    precision = ratio((ratio(right, given) * counted).sum(-1), orders)
    recall = ratio((ratio(right, gold) * counted).sum(-1), orders)
    return 100 * ratio((1 + _FACTOR) * precision * recall, _FACTOR * precision + recall)
