"""What is reached without a model: the scores of texts that take no learning to write."""

import json
import re
from collections.abc import Callable, Iterable
from pathlib import Path

from ftk.tasks.generation.metrics import Generated, RougeMetric, TranslationMetric

_END = re.compile(r"(?<=[.!?])\s+")


def lead_sentence(path: Path, *, source: str = "source", targets: str = "targets") -> dict[str, float]:
    """ROUGE of the first sentence of each source of a JSONL file, against the best of its targets."""
    rows = [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]
    texts = [_END.split(row[source].strip(), maxsplit=1)[0] for row in rows]
    return _scores(RougeMetric(words="latin", stemmer=True), [row[targets] for row in rows], texts)


def copied_source(sources: Path, targets: Path, *, words: str) -> dict[str, float]:
    """BLEU and chrF of the sources themselves, of two parallel files.

    Args:
        sources: one a line.
        targets: one a line.
        words: how BLEU takes words.
    """
    lines = [path.read_text(encoding="utf-8").splitlines() for path in (sources, targets)]
    return _scores(TranslationMetric(words=words), [[line] for line in lines[1]], lines[0])


def named(name: str, compute: Callable[[], dict[str, float]]) -> dict[str, dict[str, float]]:
    """The scores of one floor by its name."""
    return {name: compute()}


def _scores(metric: Generated, references: Iterable[list[str]], texts: Iterable[str]) -> dict[str, float]:
    from ftk.contracts.row import Row
    from ftk.data.examples.sequences import SequenceExample, Written

    for one, text in zip(references, texts, strict=True):
        example = SequenceExample("", tuple(one), one, 1.0, Row({}, "", 0), {})
        metric.update(example, Written(text))
    return metric.compute()
