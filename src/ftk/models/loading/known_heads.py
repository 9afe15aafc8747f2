"""Which architectures of transformers have a head for a task, by name: known before torch is imported."""

from __future__ import annotations

import ast
import importlib.util
import re
from functools import lru_cache
from pathlib import Path

PURPOSES = {
    "AutoModelForSequenceClassification": "classification or regression of texts",
    "AutoModelForTokenClassification": "token classification",
    "AutoModelForQuestionAnswering": "question answering",
    "AutoModelForEntityStart": "relation classification",
    "AutoModelForEntitySpans": "relation classification",
    "AutoModelForImageClassification": "image classification",
    "AutoModelForImageTextClassification": "classification of images with texts",
    "AutoModelForMaskedLM": "masked language modelling",
    "AutoModelForSeq2SeqLM": "generating text from text",
    "AutoModelForPreTraining": "masked language modelling with next-sentence prediction",
    "AutoModelForTextVector": "ranking texts by their vectors",
}
"""The purpose of each head, for messages."""
_TABLES = {
    "AutoModelForSequenceClassification": "MODEL_FOR_SEQUENCE_CLASSIFICATION_MAPPING_NAMES",
    "AutoModelForTokenClassification": "MODEL_FOR_TOKEN_CLASSIFICATION_MAPPING_NAMES",
    "AutoModelForQuestionAnswering": "MODEL_FOR_QUESTION_ANSWERING_MAPPING_NAMES",
    "AutoModelForMaskedLM": "MODEL_FOR_MASKED_LM_MAPPING_NAMES",
    "AutoModelForSeq2SeqLM": "MODEL_FOR_SEQ_TO_SEQ_CAUSAL_LM_MAPPING_NAMES",
    "AutoModelForImageClassification": "MODEL_FOR_IMAGE_CLASSIFICATION_MAPPING_NAMES",
}
"""The names of the tables in transformers that say which architecture has a head."""
_OF_TOKENS = ("AutoModelForTokenClassification",)
_OF_FTK = {
    "AutoModelForEntityStart": _OF_TOKENS,
    "AutoModelForEntitySpans": _OF_TOKENS,
    "AutoModelForTextVector": (*_OF_TOKENS, "AutoModelForSequenceClassification"),
}
"""Heads that ftk puts on any encoder which has one of these heads in transformers."""


def has_head(kind: str, auto_model: str) -> bool | None:
    """Whether there is a head for an architecture, of transformers or of ftk; None if this is not known here.

    Args:
        kind: ``model_type`` of its config.
        auto_model: the auto class of the head.
    """
    if auto_model in _OF_FTK:
        found = [has_head(kind, other) for other in _OF_FTK[auto_model]]
        if None in found:
            return None
        return any(found) and not has_head(kind, "AutoModelForSeq2SeqLM")  # whose states are those of a decoder
    if auto_model not in _TABLES:
        return None
    names, everything = _names(_TABLES[auto_model]), _names("MODEL_MAPPING_NAMES")
    return None if names is None or everything is None or kind not in everything else kind in names


@lru_cache
def _names(table: str) -> frozenset[str] | None:
    """The architectures in a table of transformers, whose source is read: importing it would import torch."""
    found = re.search(rf"^{table} = OrderedDict\(\s*(\[.*?^    \])", _source(), re.MULTILINE | re.DOTALL)
    try:
        return frozenset(dict(ast.literal_eval(found[1]))) if found else None
    except (ValueError, SyntaxError, TypeError):
        return None


@lru_cache(maxsize=1)
def _source() -> str:
    spec = importlib.util.find_spec("transformers")
    if spec is None or spec.origin is None:
        return ""
    path = Path(spec.origin).parent / "models" / "auto" / "modeling_auto.py"
    return path.read_text(encoding="utf-8") if path.is_file() else ""
