"""The answers in records of questions, right or wrong."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import numpy as np

from ftk.contracts.outcomes import Answers
from ftk.tasks.question_answering.metric import Language, language_of, match, tokens

if TYPE_CHECKING:
    from ftk.contracts.outcomes import Records


def question_answers(records: Records, fields: Mapping[str, Any]) -> Answers:
    """One question a row; an answer is right if it matches a gold answer exactly, by the rules of SQuAD's script.

    Answers are in the words that count; that there is none is an empty text.
    """
    rows = [at for at, record in enumerate(records) if record.get("gold_answers") is not None]
    asked = Language(fields.get("language", Language.auto.value))
    gold, given, right = [], [], []
    for at in rows:
        record = records[at]
        texts = [answer["text"] for answer in record["gold_answers"]]
        answer = record["answer"]["text"] if record.get("answer") is not None else ""
        language = language_of(texts) if asked is Language.auto else asked
        right.append(match(texts, answer, language)[0] == 1)
        first = next((words for words in (tokens(text, language) for text in texts) if words), [])
        gold.append(" ".join(first))
        given.append(gold[-1] if right[-1] else " ".join(tokens(answer, language)))
    return Answers(
        keys=rows, rows=np.array(rows, dtype=np.int64), gold=gold, given=given, right=np.array(right, dtype=bool)
    )
