"""Names of classes that a dataset gives as numbers, from its features or from the metadata of a Parquet file."""

import json
from collections.abc import Callable, Mapping
from typing import Any

from ftk.contracts.row import ClassName, NoClass

Naming = Callable[[Any], Any]
"""Replaces the numbers of classes in a value, at any depth."""


def naming_of(feature: Any) -> Naming | None:
    """What replaces the numbers of classes in the values of a column; None for a column without any.

    The number -1, which stands for a row without a class, becomes ``NoClass``.

    Args:
        feature: of the ``datasets`` library, or what its ``to_dict`` gives.
    """
    if isinstance(feature, (list, tuple)):
        return _of_items(naming_of(feature[0])) if len(feature) == 1 else None
    names = _names(feature)
    if names is not None:
        return _of_classes(names)
    inner = feature.get("feature") if isinstance(feature, dict) and "_type" in feature else None
    inner = getattr(feature, "feature", inner)
    if inner is not None:
        return _of_sequence(inner)
    if isinstance(feature, dict) and not isinstance(feature.get("_type"), str):
        return _of_parts(feature)
    return None


def names_in(feature: Any) -> list[str]:
    """The names of the classes in a column, those of all depths."""
    if isinstance(feature, dict) and _names(feature) is None:
        return [name for part in feature.values() for name in names_in(part)]
    if isinstance(feature, (list, tuple)):
        return [name for part in feature for name in names_in(part)]
    return _names(feature) or names_in(getattr(feature, "feature", ()))


def features_of(metadata: Mapping[bytes, bytes] | None) -> dict[str, Any]:
    """The features that the ``datasets`` library writes into the schema of a Parquet file; empty if there are none."""
    try:
        features = json.loads((metadata or {})[b"huggingface"])["info"]["features"]
    except (KeyError, TypeError, ValueError, RecursionError):
        return {}
    return features if isinstance(features, dict) else {}


def _names(feature: Any) -> list[str] | None:
    """The names of a ClassLabel; None for any other feature."""
    if isinstance(feature, dict):
        names = feature.get("names") if feature.get("_type") == "ClassLabel" else None
    else:
        names = getattr(feature, "names", None)
    if isinstance(names, dict):  # by number, as in a dataset card
        names = [names[number] for number in sorted(names, key=int)]
    return [str(name) for name in names] if isinstance(names, (list, tuple)) and names else None


def _of_classes(names: list[str]) -> Naming:
    named: dict[int, ClassName | NoClass] = {number: ClassName(name, number) for number, name in enumerate(names)}
    named[-1] = NoClass(-1)

    def name(value: Any) -> Any:
        return named.get(value, value) if type(value) is int else value

    return name


def _of_items(naming: Naming | None) -> Naming | None:
    if naming is None:
        return None
    return lambda value: [naming(item) for item in value] if isinstance(value, list) else value


def _of_sequence(inner: Any) -> Naming | None:
    """Naming for a list; a list of objects may be stored as an object of lists."""
    of_item = naming_of(inner)
    if of_item is None:
        return None
    of_lists = _of_parts({name: [part] for name, part in inner.items()}) if isinstance(inner, dict) else None

    def name(value: Any) -> Any:
        if isinstance(value, dict):
            return of_lists(value) if of_lists is not None else value
        return [of_item(item) for item in value] if isinstance(value, list) else value

    return name


def _of_parts(feature: Mapping[str, Any]) -> Naming | None:
    parts = {name: naming for name, part in feature.items() if (naming := naming_of(part)) is not None}
    if not parts:
        return None

    def name(value: Any) -> Any:
        if not isinstance(value, dict):
            return value
        return {key: parts[key](item) if key in parts else item for key, item in value.items()}

    return name
