"""The architectures of the installed transformers that have a head for a task of ftk."""

from __future__ import annotations

from collections.abc import Iterator

_TABLES = {
    "text-classification": "MODEL_FOR_SEQUENCE_CLASSIFICATION_MAPPING_NAMES",
    "token-classification": "MODEL_FOR_TOKEN_CLASSIFICATION_MAPPING_NAMES",
    "question-answering": "MODEL_FOR_QUESTION_ANSWERING_MAPPING_NAMES",
    "mlm": "MODEL_FOR_MASKED_LM_MAPPING_NAMES",
}


def cells() -> Iterator[tuple[str, str]]:
    """Yield each architecture with each task that transformers has a head for, by architecture."""
    from transformers.models.auto import modeling_auto

    tables = {task: getattr(modeling_auto, name) for task, name in _TABLES.items()}
    for model_type in sorted({name for table in tables.values() for name in table}):
        for task, table in tables.items():
            if model_type in table:
                yield model_type, task
