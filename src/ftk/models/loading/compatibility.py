"""What architectures are for, as far as it can be told by their names: before torch is imported or a row is read."""

from __future__ import annotations

from typing import Any

from ftk.models.architectures.small.register import HEADS, LEARNS

_WRITE = ("bart", "encoder-decoder", "ftk-pointer-generator", "marian", "t5")
"""Those that write texts from texts."""
_READ = {
    **dict.fromkeys((*_WRITE, *HEADS, "bert", "modernbert"), ("text",)),
    **dict.fromkeys(("resnet", "vit"), ("image",)),
    "ftk-fusion": ("text", "image"),
}
"""What those that ftk has configs of, and its own, read."""
_ONLY_WRITE = ("encoder-decoder", "ftk-pointer-generator")
"""Those that transformers has no other head for."""
_READERS = {
    ("text",): "Take a model of texts: model=minilm, model=tiny.",
    ("image",): "Take a model of images: model=resnet-tiny, model=vit-tiny.",
    ("text", "image"): "Take model=fusion, which puts an encoder of each together.",
}


def unsuited(kind: str, task: Any) -> str | None:
    """What to do instead where an architecture cannot do a task; None where it can, or where that is not known here.

    Args:
        kind: ``model_type`` of its config.
        task: any.
    """
    if kind in HEADS and task.spec.auto_model not in HEADS[kind]:
        return f"It learns {LEARNS[kind]}; choose another model for this task."
    if kind not in _READ:
        return None
    writes = task.spec.auto_model == "AutoModelForSeq2SeqLM"
    if writes and kind not in _WRITE:
        return (
            "It writes no texts. Take model=bart-tiny, t5-tiny or marian-tiny, or a pretrained encoder with a decoder "
            "behind it: model=pointer-generator, model=encoder-decoder."
        )
    if not writes and kind in _ONLY_WRITE:
        return "It learns summarization and translation; choose another model for this task."
    if _READ[kind] != task.spec.modalities:
        return f"It reads {_and(_READ[kind])}, the task {_and(task.spec.modalities)}. {_READERS[task.spec.modalities]}"
    return None


def _and(read: tuple[str, ...]) -> str:
    return " and ".join(f"{name}s" for name in read)
