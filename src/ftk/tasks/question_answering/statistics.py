"""What the scores of answers are made of, row by row."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from ftk.errors import DataError
from ftk.tasks.question_answering.metric import Language, language_of, match
from ftk.tasks.shared.statistics.row_values import by_name, mean_of, values_of

if TYPE_CHECKING:
    from ftk.contracts.outcomes import Records, RowStatistics


def answer_statistics(records: Records, fields: Mapping[str, Any]) -> Mapping[str, RowStatistics]:
    """``f1`` and ``exact``; if some questions have no answer also ``f1_answerable``, ``exact_answerable`` and
    ``no_answer_accuracy``.

    Args:
        records: with ``gold_answers`` and ``answer``: objects with a text, or texts.
        fields: of the task; by ``language`` answers are split into words.
    """
    known = Language(fields.get("language", Language.auto.value))
    found = []
    given = values_of(records, "answer")
    for line, (gold, answer) in enumerate(zip(values_of(records, "gold_answers"), given, strict=True), 1):
        if not isinstance(gold, list):
            raise DataError(f"line {line}: 'gold_answers' must be a list of answers; it is {gold!r}.")
        texts = [_text(one, "gold_answers", line) for one in gold]
        language = language_of(texts) if known is Language.auto else known
        found.append((bool(texts), *match(texts, "" if answer is None else _text(answer, "answer", line), language)))
    has, exact, f1 = (list(each) for each in zip(*found, strict=True)) if found else ([], [], [])
    scores = [mean_of("f1", f1), mean_of("exact", exact)]
    if not all(has):
        none = [not one for one in has]
        scores += [mean_of("f1_answerable", f1, has), mean_of("exact_answerable", exact, has)]
        scores += [mean_of("no_answer_accuracy", exact, none)]
    return by_name(scores)


def _text(answer: Any, name: str, line: int) -> str:
    text = answer.get("text") if isinstance(answer, Mapping) else answer
    if not isinstance(text, str):
        raise DataError(f"line {line}: '{name}' must have texts; there is {answer!r}.")
    return text
