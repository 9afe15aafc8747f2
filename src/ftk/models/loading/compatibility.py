"""Checks by name whether an architecture suits a task, before torch is imported or a row is read."""

from __future__ import annotations

from typing import Any

from ftk.models.architectures.small.register import HEADS, LEARNS
from ftk.models.loading.known_heads import PURPOSES, has_head

_WRITE = ("bart", "encoder-decoder", "ftk-pointer-generator", "marian", "t5")
"""Architectures that generate text from text."""
_READ = {
    **dict.fromkeys((*_WRITE, *HEADS, "bert", "modernbert"), ("text",)),
    **dict.fromkeys(("resnet", "vit"), ("image",)),
    "ftk-fusion": ("text", "image"),
}
"""Input modalities of ftk's own architectures and of those it has configs for."""
_UNFIT = {
    **dict.fromkeys(
        ("bros", "layoutlmv2"), "It reads the place on a page of each token, which this task does not have."
    ),
    "lxmert": "It reads features of an image with each text, which this task does not have.",
    "reformer": "It is trained on rows of one fixed length alone, the product of its config's axial_pos_shape.",
}
"""Architectures with heads that cannot be used, and why."""
_UNFIT_HEADS = dict.fromkeys(
    (("perceiver", "AutoModelForMaskedLM"), ("perceiver", "AutoModelForTextVector")),
    "Its encoder gives no state for each token, only for latents.",
)
"""Single heads that cannot be used, and why."""
_ONLY_WRITE = ("encoder-decoder", "ftk-pointer-generator")
"""Generating architectures without any other head."""
_READERS = {
    ("text",): "Use a text model: model=minilm, model=tiny.",
    ("image",): "Use an image model: model=resnet-tiny, model=vit-tiny.",
    ("text", "image"): "Use model=fusion, which combines a text encoder and an image encoder.",
}


def unsuited(kind: str, task: Any) -> str | None:
    """Explains why an architecture does not suit a task and what to use; None if it does, or if this is unknown.

    Args:
        kind: ``model_type`` of its config.
        task: the task.
    """
    found = _unsuited(kind, task)
    return None if found is None else " ".join(found)


def unsuited_because(kind: str, task: Any) -> str | None:
    """Explains why an architecture does not suit a task, without what a training can use; see ``unsuited``."""
    found = _unsuited(kind, task)
    return None if found is None else found[0]


def _unsuited(kind: str, task: Any) -> tuple[str, str] | None:
    """Why an architecture does not suit a task, and what to use."""
    reads, head = task.spec.modalities, task.spec.auto_model
    if kind in HEADS and head not in HEADS[kind]:
        return f"It supports {LEARNS[kind]}.", "Choose another model for this task."
    writes = head == "AutoModelForSeq2SeqLM"
    why = _UNFIT_HEADS.get((kind, head)) or _UNFIT.get(kind)
    if "text" in reads and why is not None:
        return f"The architecture {kind} is not supported. {why}", _READERS[reads]
    if writes and kind in _READ and kind not in _WRITE:
        return "It generates no text.", (
            "Use model=bart-tiny, t5-tiny or marian-tiny, or a pretrained encoder with a decoder: "
            "model=pointer-generator, model=encoder-decoder."
        )
    if not writes and kind in _ONLY_WRITE:
        return "It supports summarization and translation.", "Choose another model for this task."
    if kind in _READ and _READ[kind] != reads:
        return f"It reads {_and(_READ[kind])}, but the task reads {_and(reads)}.", _READERS[reads]
    if kind not in HEADS and has_head(kind, head) is False:
        adds = "Use model=encoder-decoder, which adds a decoder to an encoder, or another model."
        return f"The architecture {kind} has no head for {PURPOSES.get(head, head)}.", adds if writes else _READERS[
            reads
        ]
    return None


def _and(read: tuple[str, ...]) -> str:
    return " and ".join(f"{name}s" for name in read)
