"""Refuses weights whose tensors have other sizes than the config of their model says."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from ftk.errors import ModelError

_LISTED = 3
_TABLES = {"word_emb": "vocab_size", "lm_head": "vocab_size", "position": "max_position_embeddings"}
_TABLES |= {"token_type": "type_vocab_size", "classifier": "id2label", "score": "id2label"}
"""Parts of the names of tensors, and the key of the config that has their first size in most architectures."""


def refuse_other_sizes(folder: str, config: Any, mismatched: Iterable[tuple[str, Any, Any]]) -> None:
    """Refuse a folder whose weights do not have the sizes of its config.

    Args:
        folder: the model folder.
        config: of the model, with the changes of ``model.config``.
        mismatched: tensors by name, each with its shape in the weights and its shape in the model.

    Raises:
        ModelError: there are such tensors; the text names the first ones, both shapes, and the key that decides.
    """
    found = sorted((str(name), tuple(saved), tuple(built)) for name, saved, built in mismatched)
    if not found:
        return
    lines = [
        f"\n    {name}: {_shape(saved)} in the weights, {_shape(built)} by the config{_key(config, name, saved, built)}"
        for name, saved, built in found[:_LISTED]
    ]
    more = f"\n    … and {len(found) - _LISTED} more" if len(found) > _LISTED else ""
    tensors = "1 tensor has" if len(found) == 1 else f"{len(found)} tensors have"
    raise ModelError(
        f"{folder}: {tensors} another size than config.json, with the changes of model.config, gives the model:"
        f"{''.join(lines)}{more}\nCorrect config.json, or what model.config changes of it."
    )


def _shape(sizes: tuple[int, ...]) -> str:
    return " x ".join(map(str, sizes)) or "a single number"


def _key(config: Any, name: str, saved: tuple[int, ...], built: tuple[int, ...]) -> str:
    """The keys of a config that most likely decide about the size in which a tensor differs."""
    if len(saved) != len(built):
        return ""
    at = next(place for place, (one, other) in enumerate(zip(saved, built, strict=True)) if one != other)
    values = config.to_dict()
    usual = next((key for part, key in _TABLES.items() if part in name), None) if at == 0 else None
    if usual == "id2label" and len(values.get("id2label") or ()) == built[0]:
        return f" (id2label has {built[0]} labels, and the weights have {saved[0]})"
    keys = [key for key, value in values.items() if value == built[at] and not isinstance(value, bool)]
    if usual in values and (usual in keys or not keys):
        keys = [usual]
    if len(keys) == 1 and values[keys[0]] == built[at]:
        return f" ({keys[0]}={built[at]}; +model.config.{keys[0]}={saved[at]} fits them)"
    return f" ({', '.join(f'{key}={values[key]}' for key in keys[:_LISTED])})" if keys else ""
