"""Code that uses a model folder with plain transformers, for each task."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

from ftk.contracts.text_prefix import NO_PREFIX, TextPrefix
from ftk.models.architectures.small.register import HEADS
from ftk.system.strict_json import dumps

_OWN = (*HEADS, "ftk-fusion", "ftk-pointer-generator")


@dataclass(frozen=True, slots=True)
class Usage:
    """How other libraries use a model.

    Attributes:
        tag: the ``pipeline_tag`` of the hub; None: it has none for the task.
        code: in Python; None: only ftk runs the model.
        lacks: what this code does not do that ftk does; empty if nothing.
    """

    tag: str | None
    code: str | None
    lacks: str = ""


_PIPE = """\
from transformers import pipeline

print(pipeline({arguments})({given}))
"""
_WINDOWS = "texts longer than the model takes are cut"


def _pipe(tag: str, given: str, *, lacks: str = _WINDOWS, more: str = "") -> Usage:
    return Usage(tag, _PIPE.replace("{arguments}", f'"{tag}", FOLDER{more}').replace("{given}", given), lacks)


def _text(given: str, more: str, lacks: str) -> Usage:
    return _pipe("text-classification", given, more=more, lacks=lacks)


_ANSWERS = """\
import torch
from transformers import AutoModelForQuestionAnswering, AutoTokenizer

tokenizer = AutoTokenizer.from_pretrained(FOLDER)
model = AutoModelForQuestionAnswering.from_pretrained(FOLDER).eval()
encoded = tokenizer("Who sleeps?", "Rita Kos sleeps in Oslo.", return_tensors="pt")
with torch.no_grad():
    outputs = model(**encoded)
first, last = int(outputs.start_logits.argmax()), int(outputs.end_logits.argmax())
print(tokenizer.decode(encoded["input_ids"][0, first : last + 1]))
"""
_WRITTEN = """\
from transformers import AutoModelForSeq2SeqLM, AutoTokenizer

tokenizer = AutoTokenizer.from_pretrained(FOLDER)
model = AutoModelForSeq2SeqLM.from_pretrained(FOLDER)
written = model.generate(**tokenizer("The lake is low after a dry month.", return_tensors="pt"))
print(tokenizer.batch_decode(written, skip_special_tokens=True))
"""
_VECTORS = """\
import torch
from transformers import AutoModel, AutoTokenizer

tokenizer = AutoTokenizer.from_pretrained(FOLDER)
model = AutoModel.from_pretrained(FOLDER).eval()
encoded = tokenizer(["Is scanning free?", "Ten cents a page."], padding=True, return_tensors="pt")
with torch.no_grad():
    states = model(**encoded).last_hidden_state
vectors = torch.nn.functional.normalize(POOLED, dim=-1)
print(vectors @ vectors.T)
"""
_POOLED = {
    "first": "states[:, 0]",
    "last": "states[:, -1]",
    "mean": '(states * encoded["attention_mask"][..., None]).sum(1) / encoded["attention_mask"].sum(1, keepdim=True)',
}
_OWN_HEAD = """\
from pathlib import Path

import torch
from safetensors.torch import load_file
from transformers import AutoModel, AutoTokenizer

tokenizer, encoder = AutoTokenizer.from_pretrained(FOLDER), AutoModel.from_pretrained(FOLDER).eval()
head = load_file(Path(FOLDER, "model.safetensors"))
encoded = tokenizer(GIVEN, return_tensors="pt")
with torch.no_grad():
    states = encoder(**encoded).last_hidden_state
vector = POOLED
logits = vector @ head["pooled_text.output.weight"].T + head["pooled_text.output.bias"]
SHOWN
"""
"""The head of ``ftk.models.architectures.pooled_text``, for which transformers has no class."""
_COMPARED = """\
ends = encoded["input_ids"][0] == encoder.config.ftk_separator
second = ends.cumsum(0) > ends.long()
one, two = states[0, ~second].mean(0), states[0, second].mean(0)
vector = torch.cat([states[0].mean(0), (one - two).abs(), one * two])[None]
"""
"""What the head reads of two texts: the mean of both, and the difference and the product of theirs."""
_SHOWN = {
    "text_classification": "print(dict(zip(encoder.config.id2label.values(), logits.softmax(-1)[0].tolist())))",
    "multi_label": "print(dict(zip(encoder.config.id2label.values(), logits.sigmoid()[0].tolist())))",
    "regression": """\
fields = json.loads(Path(FOLDER, "ftk.json").read_text())["task"]["fields"]
print((logits * torch.tensor(fields["deviation"]) + torch.tensor(fields["mean"]))[0].tolist())""",
    "ranking": "print(logits[0].tolist())",
}
_NUMBERS = """\
import json
from pathlib import Path

import torch
from transformers import AutoModelForSequenceClassification, AutoTokenizer

tokenizer = AutoTokenizer.from_pretrained(FOLDER)
model = AutoModelForSequenceClassification.from_pretrained(FOLDER).eval()
with torch.no_grad():
    numbers = model(**tokenizer(GIVEN, return_tensors="pt")).logits[0].tolist()
fields = json.loads(Path(FOLDER, "ftk.json").read_text())["task"]["fields"]
for number, deviation, mean in zip(numbers, fields["deviation"], fields["mean"]):
    print(number * deviation + mean)
"""
_IMPORT = "from ftk.models.configs.model_config import import_models\n\nimport_models()  # architectures of ftk\n"


def usage(
    task: str | None,
    fields: dict[str, Any],
    model_type: str,
    folder: str,
    pooling: str | None = None,
    prefix: TextPrefix = NO_PREFIX,
) -> Usage:
    """How a model is used without ftk.

    Args:
        task: the name of its task; None for a task of your own.
        fields: of the task.
        model_type: of its config.
        folder: of the model.
        pooling: how a head of ftk pools, as config.json says; pair: the mean, and it compares two texts; None for a
            head of transformers.
        prefix: what ftk puts before texts.
    """
    found = _of_task(task, fields)
    if pooling is not None and task in _SHOWN:
        found = replace(found, code=_with_own_head(str(task), fields, pooling))
    if found.code is None:
        return found
    own = _IMPORT if model_type in _OWN else ""
    code = found.code.replace("FOLDER", dumps(folder))
    lacks = ", and ".join(filter(None, (found.lacks, f"you write {prefix}" if prefix else "")))
    return Usage(found.tag, own + code, lacks)


def _with_own_head(task: str, fields: dict[str, Any], pooling: str) -> str:
    """Code for a model with a head of ftk."""
    several = fields.get("pairs") is True or task == "ranking"
    code = _OWN_HEAD.replace("GIVEN", '"Is it late?", "It is late."' if several else '"The lake is low."')
    code = (
        code.replace("vector = POOLED\n", _COMPARED) if pooling == "pair" else code.replace("POOLED", _POOLED[pooling])
    )
    code = code.replace("SHOWN", _SHOWN[task])
    return f"import json\n{code}" if "json." in code else code


def _of_task(task: str | None, fields: dict[str, Any]) -> Usage:
    pair = fields.get("pairs") is True
    text = '{"text": "Is it late?", "text_pair": "It is late."}' if pair else '"The lake is low."'
    if task == "text_classification":
        return _text(text, "", _WINDOWS)
    if task == "multi_label":
        return _text(text, ", top_k=None", f"{_WINDOWS}, and labels have no thresholds (they are in ftk.json)")
    if task == "regression":
        return Usage(
            "text-classification",
            _NUMBERS.replace("GIVEN", '"Is it late?", "It is late."' if pair else '"A fine day."'),
            _WINDOWS,
        )
    if task == "token_classification":
        spans = fields.get("units") == "spans"
        more = ', aggregation_strategy="first"' if spans else ""
        lacks = f"{_WINDOWS}, and tags may follow in an order that is not valid" if spans else _WINDOWS
        return _pipe("token-classification", '"Rita Kos sleeps in Oslo."', more=more, lacks=lacks)
    if task == "question_answering":
        return Usage("question-answering", _ANSWERS, f"{_WINDOWS}, the end may be before the start")
    if task == "ranking" and fields.get("encoder") == "cross":
        given = '{"text": "Is scanning free?", "text_pair": "Ten cents a page."}'
        code = _text(given, ', function_to_apply="none"', _WINDOWS).code
        return Usage("text-ranking", code, _WINDOWS)
    if task == "ranking":
        pooled = _POOLED["first" if fields.get("pooling") == "first" else "mean"]
        return Usage("sentence-similarity", _VECTORS.replace("POOLED", pooled), _WINDOWS)
    if task in ("summarization", "translation"):
        return Usage(task, _WRITTEN, "a prefix of the source is for you to write")
    if task == "image_classification":
        return _pipe("image-classification", '"picture.png"', lacks="")
    if task == "mlm":
        code = _PIPE.replace("{arguments}", '"fill-mask", FOLDER')
        code = code.replace("print(", "fill = ").replace("({given}))", "")
        return Usage("fill-mask", f'{code}print(fill(f"Rita {{fill.tokenizer.mask_token}} in Oslo."))\n', _WINDOWS)
    return Usage(None, None)
