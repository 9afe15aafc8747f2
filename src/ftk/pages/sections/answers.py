"""Questions by their first words and by the length of their answers."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from ftk.pages.blocks import Section
from ftk.pages.predictions import Form, Predictions
from ftk.pages.sections.classes import by_number, table_by

_WORDS = ("how many", "how much", "what", "who", "whom", "whose", "when", "where", "which", "why", "how")
_QUESTION = re.compile(r"\b(how (?:many|much)|what|who|whom|whose|when|where|which|why|how)\b", re.IGNORECASE)
_LENGTHS = (
    (0, 0, "no answer"),
    (1, 1, "1 word"),
    (2, 3, "2 or 3 words"),
    (4, 7, "4 to 7 words"),
    (8, None, "8 words or more"),
)


def questions_section(predictions: Predictions) -> Section | None:
    """The score by question word and by length of the gold answer; None for another task."""
    if predictions.form is not Form.answers:
        return None
    names = [_word(record) for record in predictions.records]
    order = [*_WORDS, "other"]
    tables = [
        table_by(predictions, "By question word", "question word", names, order),
        by_number(predictions, "By length of the shortest gold answer", "gold answer", _LENGTHS, _length),
    ]
    return Section("questions", "Questions", [one for one in tables if one is not None])


def _word(record: Mapping[str, Any]) -> str:
    found = _QUESTION.search(str(record.get("question", "")))
    return found[1].lower() if found else "other"


def _length(record: Mapping[str, Any]) -> int | None:
    gold = record.get("gold_answers")
    if not isinstance(gold, list):
        return None
    texts = [str(one.get("text", "")) if isinstance(one, dict) else str(one) for one in gold]
    return min((len(text.split()) for text in texts), default=0)
