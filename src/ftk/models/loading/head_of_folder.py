"""Reads from the files of a model folder which head its model has; this imports neither torch nor transformers."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

from ftk.contracts.saved_head import ANOTHER, SavedHead
from ftk.errors import ModelError
from ftk.models.files.needed import read_values
from ftk.models.files.untrusted_folder import check_untrusted_folder

_SEQ2SEQ, _MASKED = "AutoModelForSeq2SeqLM", "AutoModelForMaskedLM"
_BY_NAME = {"EncoderDecoderModel": _SEQ2SEQ, "T5WithLMHeadModel": _SEQ2SEQ, "MarianMTModel": _SEQ2SEQ}
_BY_HEAD = {
    "SequenceClassification": "AutoModelForSequenceClassification",
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
_POOLINGS = {"mean_tokens": "mean", "mean": "mean", "cls_token": "first", "cls": "first"}
_PLAIN_MODULES = ("Transformer", "Normalize")
"""Modules of sentence encoders beside the pooling that change no ranking: the encoder, and lengths of 1."""
_UNREAD = "a way that its files do not say ({} is missing or damaged)"
"""The name of the way in which a sentence encoder pools whose files are not whole."""
_MOST_BYTES = 1 << 20
"""A list of modules that is longer is none."""
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
    return SavedHead(
        architecture=architecture,
        auto_model=None if architecture is None else auto_model_of(architecture),
        names=_names(values),
        problem_type=given if isinstance(given, str) else None,
        scores_pairs=any(key in values for key in _OF_CROSS_ENCODERS),
    )


def head_in(folder: Path) -> SavedHead:
    """The head of the model in a folder.

    Raises:
        ModelError: the folder is refused, or its config.json describes no model.
    """
    check_untrusted_folder(folder)
    path = folder / "config.json"
    try:
        values = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise ModelError(f"{path}: the file does not describe a model ({error}).") from error
    _check_numbers(path, values)
    head = saved_head(values)
    pooling, further = _sentence_modules(folder)
    return replace(head, pooling=pooling, further=further)


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


def _sentence_modules(folder: Path) -> tuple[str | None, tuple[str, ...]]:
    """How a sentence encoder pools its tokens, and its modules that are neither encoder nor pooling.

    The first is ``mean``, ``first`` or the name of another way; None if it is no sentence encoder.
    """
    pooling: str | None = None
    further: list[str] = []
    modules = _modules(folder / "modules.json")
    if modules is None:
        return _UNREAD.format("modules.json"), ()
    for module in modules:
        kind = str(module.get("type", "")).rpartition(".")[2] if isinstance(module, Mapping) else ""
        if kind == "Pooling":
            inner = Path(str(module.get("path", ""))).name  # never a folder outside of this one
            settings = read_values(folder / inner / "config.json")
            pooling = _pooling_mode(settings) if settings else _UNREAD.format(f"{inner}/config.json")
        elif kind not in _PLAIN_MODULES:
            further.append(kind)
    return pooling, tuple(further)


def _pooling_mode(settings: Mapping[str, Any]) -> str:
    """The one mode of pooling that is chosen, or the names of several."""
    named = settings.get("pooling_mode")
    modes = [named] if isinstance(named, str) else []
    modes += [name.removeprefix("pooling_mode_") for name, chosen in settings.items() if chosen is True]
    modes = [mode for mode in modes if mode != "include_prompt"]
    return _POOLINGS.get(modes[0], modes[0]) if len(modes) == 1 else " and ".join(modes) or "nothing"


def _modules(path: Path) -> list[Any] | None:
    """The modules of a sentence encoder; empty without the file, None if it cannot be read."""
    if not path.is_file():
        return []
    try:
        found = json.loads(path.read_bytes()[:_MOST_BYTES])
    except (OSError, ValueError, RecursionError):
        return None
    return found if isinstance(found, list) else None
