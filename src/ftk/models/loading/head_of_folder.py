"""Reads from the files of a model folder which head its model has; this imports neither torch nor transformers."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

from ftk.contracts.saved_head import ANOTHER, SavedHead
from ftk.errors import ModelError
from ftk.models.files.needed import CONFIG, read_values
from ftk.models.files.untrusted_folder import check_untrusted_folder
from ftk.models.loading.sentence_encoder import sentence_encoder_in

_SEQ2SEQ, _MASKED = "AutoModelForSeq2SeqLM", "AutoModelForMaskedLM"
_BY_NAME = {"EncoderDecoderModel": _SEQ2SEQ, "T5WithLMHeadModel": _SEQ2SEQ, "MarianMTModel": _SEQ2SEQ}
_BY_HEAD = {
    "SequenceClassification": "AutoModelForSequenceClassification",
    "PooledText": "AutoModelForSequenceClassification",
    "TokenClassification": "AutoModelForTokenClassification",
    "QuestionAnswering": "AutoModelForQuestionAnswering",
    "QuestionAnsweringSimple": "AutoModelForQuestionAnswering",
    "ImageClassification": "AutoModelForImageClassification",
    "Classification": "AutoModelForImageTextClassification",
    "EntityStart": "AutoModelForEntityStart",
    "EntitySpans": "AutoModelForEntitySpans",
    "TextVector": "AutoModelForTextVector",
    "MaskedLM": _MASKED,
    "PreTraining": "AutoModelForPreTraining",
    "CausalLM": "AutoModelForCausalLM",
    "ConditionalGeneration": _SEQ2SEQ,
}
"""What follows ``For`` in the name of an architecture, and the auto class that has it."""
_OF_CROSS_ENCODERS = ("sentence_transformers", "sbert_ce_default_activation_function")
_DEFAULT_OUTPUTS = 2
"""The number of outputs of a config that does not say how many there are, as in transformers."""


def auto_model_of(architecture: str) -> str:
    """The auto class that an architecture belongs to, by its name; ``ANOTHER`` if no task of ftk has its head."""
    if architecture in _BY_NAME:
        return _BY_NAME[architecture]
    if found := re.search(r"For([A-Z]\w*)$", architecture):  # the For of RoFormer is none
        return _BY_HEAD.get(re.sub(r"(ImageClassification)\w+", r"\1", found[1]), ANOTHER)
    if architecture.endswith("WithLMHeadModel"):
        return _MASKED
    if architecture.endswith(("LMHeadModel", "WithLMHead")):
        return "AutoModelForCausalLM"
    return "AutoModel" if re.search(r"(Model|Encoder)$", architecture) else ANOTHER


def saved_head(values: Mapping[str, Any]) -> SavedHead:
    """The head that the values of a config.json describe."""
    architectures = values.get("architectures")
    architecture = str(architectures[0]) if isinstance(architectures, list) and architectures else None
    given = values.get("problem_type")
    kind = values.get("model_type")
    return SavedHead(
        architecture=architecture,
        auto_model=None if architecture is None else auto_model_of(architecture),
        names=_names(values),
        problem_type=given if isinstance(given, str) else None,
        scores_pairs=any(key in values for key in _OF_CROSS_ENCODERS),
        model_type=kind if isinstance(kind, str) else None,
        task_params=params if isinstance(params := values.get("task_specific_params"), dict) else {},
    )


def head_in(folder: Path) -> SavedHead:
    """The head of the model in a folder.

    Raises:
        ModelError: the folder is refused, or its config.json describes no model.
    """
    check_untrusted_folder(folder)
    path = folder / CONFIG
    if not path.is_file():
        raise ModelError(f"{folder}: the folder has no {CONFIG}, which describes a model.")
    values = read_values(path)
    _check_numbers(path, values)
    head = saved_head(values)
    return replace(head, sentences=sentence_encoder_in(folder))


def _names(values: Mapping[str, Any]) -> tuple[str, ...]:
    """The names of the outputs: those of ``id2label`` in the order of their numbers, else LABEL_0, LABEL_1 …

    Raises:
        ModelError: ``id2label`` has something else than numbers.
    """
    named = values.get("id2label")
    if not isinstance(named, Mapping) or not named:
        number = next((values[key] for key in ("num_labels", "_num_labels") if isinstance(values.get(key), int)), None)
        return tuple(f"LABEL_{at}" for at in range(_DEFAULT_OUTPUTS if number is None else number))
    try:
        numbers = sorted(named, key=int)
    except (TypeError, ValueError) as error:
        given = ", ".join(f"{key}: {value}" for key, value in [*named.items()][:3])
        raise ModelError(f"id2label={{{given}}}: it gives labels to numbers: {{0: …, 1: …}}") from error
    return tuple(str(named[number]).strip() for number in numbers)


def _check_numbers(path: Path, values: Mapping[str, Any]) -> None:
    """Refuse a config whose ``id2label`` does not number the labels from 0 without a gap.

    Raises:
        ModelError: it does not.
    """
    named = values.get("id2label")
    numbers = list(named) if isinstance(named, Mapping) else []
    if sorted(numbers) != sorted(map(str, range(len(numbers)))):
        listed = ", ".join(numbers[:5]) + (", …" if len(numbers) > 5 else "")
        raise ModelError(f"{path}: id2label must number its labels from 0 without a gap; it has {listed}.")
