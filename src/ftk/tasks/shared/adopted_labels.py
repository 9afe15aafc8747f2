"""The labels of models that other tools trained, by the names that the data has for them."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

from ftk.config.spelling.writing import as_word, pasted
from ftk.contracts import finding_kinds as kinds
from ftk.contracts.notes import Notes
from ftk.contracts.saved_head import SavedHead
from ftk.contracts.values import Labels
from ftk.data.rows.label_names import shortened
from ftk.errors import ConfigError, ModelError, numbered

_SHOWN = 20


def label_map_faults(label_map: Any) -> Iterator[str]:
    """The mistakes in ``task.label_map`` that its value alone shows."""
    if label_map is None:
        return
    if not isinstance(label_map, Mapping) or not label_map:
        yield (
            f"task.label_map={as_word(label_map)}: it gives labels of the model the names that the data has: "
            f"task.label_map={pasted({'LABEL_0': 'negative'})}."
        )
        return
    for name, value in label_map.items():
        if value is None or isinstance(value, (Mapping, list, tuple)) or not str(value).strip():
            yield f"task.label_map.{name}={as_word(value)}: it must be the name of a label in the data."


def adopted_labels(head: SavedHead, label_map: Any, label_names: Sequence[str] | None, notes: Notes) -> Labels:
    """The labels of a model that another tool trained, each with its own name.

    Args:
        head: of the model.
        label_map: ``task.label_map``.
        label_names: ``task.label_names``; names the outputs of a model that has no names for them.
        notes: collects which labels there are.

    Raises:
        ConfigError: the fields do not fit the outputs of the model, or give two of them one name.
    """
    names = adopted_names(head, label_map, label_names, notes)
    doubled = next((name for name, times in Counter(names).items() if times > 1), None)
    if doubled is not None:
        own = [own for own, name in zip(head.names, names, strict=True) if name == doubled]
        raise ConfigError(
            f"task.label_map: {' and '.join(own)} both become '{doubled}'; the model tells them apart, and each needs "
            "a name of its own."
        )
    return Labels(names)


def adopted_names(
    head: SavedHead,
    label_map: Any,
    label_names: Sequence[str] | None,
    notes: Notes,
    *,
    types: bool = False,
    unused: Callable[[str], bool] = lambda name: False,
) -> tuple[str, ...]:
    """The names of the outputs of a model that another tool trained; several may have one name.

    Args:
        head: of the model.
        label_map: ``task.label_map``.
        label_names: ``task.label_names``.
        notes: collects which labels there are.
        types: whether outputs are tags of spans, so that their types may be renamed, too.
        unused: whether an output of this name is never predicted, so that others may have the name, too.

    Raises:
        ConfigError: the fields do not fit the outputs of the model.
        ModelError: outputs have one name that the fields do not change.
    """
    names = [name.lower() if name in ("True", "False") else name for name in head.names]
    if head.is_unnamed:
        if label_names is not None and len(label_names) != len(names):
            raise ConfigError(
                f"task.label_names={as_word(list(label_names))}: the model has {numbered(len(names), 'output')}, and "
                f"these are {numbered(len(label_names), 'name')}."
            )
        names = list(label_names) if label_names is not None else [str(number) for number in range(len(names))]
    renamed = dict(_renamed(head, names, label_map or {}, types=types))
    if head.is_unnamed and label_names is None and len(renamed) < len(names):
        notes.add(kinds.UNNAMED_OUTPUTS, last=len(names) - 1)
    elif label_map is None:
        notes.add(kinds.MODEL_LABELS, labels=_listed(names), example=pasted({names[0]: "NAME"}))
    _refuse_alike([at for at, name in enumerate(names) if at not in renamed and not unused(name)], names)
    return tuple(renamed.get(number, name) for number, name in enumerate(names))


def _refuse_alike(kept: Sequence[int], names: Sequence[str]) -> None:
    """Refuse outputs that have one name, of which nothing says what they are.

    Raises:
        ModelError: there are such outputs.
    """
    places: dict[str, list[int]] = {}
    for at in kept:
        places.setdefault(names[at], []).append(at)
    alike = next((found for found in places.values() if len(found) > 1), None)
    if alike is not None:
        example = f"{{{', '.join(f'{at}: …' for at in alike[:3])}}}"
        raise ModelError(
            f"id2label in config.json gives the outputs {' and '.join(map(str, alike[:3]))} one name, "
            f"'{names[alike[0]]}', and they are not one. 'task.label_map={example}' names them by their numbers; or "
            "correct config.json in a copy of the model."
        )


def _renamed(
    head: SavedHead, names: Sequence[str], label_map: Mapping[Any, Any], *, types: bool
) -> Iterator[tuple[int, str]]:
    """The outputs that have another name, by their numbers.

    Raises:
        ConfigError: the model has no such label.
    """
    for key, value in label_map.items():
        label, new = _text(key), _text(value)
        numbers = [at for at, own in enumerate(names) if label in (own, head.names[at])]
        if not numbers and label.isdecimal() and int(label) < len(names) and names.count(names[int(label)]) > 1:
            numbers = [int(label)]  # its name is that of others, too
        if numbers:
            yield from ((at, new) for at in numbers)
            continue
        tags = [at for at, own in enumerate(names) if types and len(own) > 2 and own[1] in "-_" and own[2:] == label]
        if not tags:
            known = _listed(names if not head.is_unnamed else [*head.names])
            raise ConfigError(
                f"task.label_map.{key}={as_word(value)}: the model has no label '{label}'. It has: {known}."
            )
        yield from ((at, new if new == "O" else names[at][:2] + new) for at in tags)


def _text(value: Any) -> str:
    """A name of a label as text, in the spelling of JSON."""
    return str(value).lower() if isinstance(value, bool) else str(value).strip()


def _listed(names: Sequence[str]) -> str:
    return ", ".join(map(shortened, names[:_SHOWN])) + (", …" if len(names) > _SHOWN else "")


def refuse_other_problem(head: SavedHead, problem: str, task: str) -> None:
    """Refuse a model that solves another problem with the same kind of head.

    Args:
        head: of the model.
        problem: what transformers calls that of the task.
        task: the name of the task, for messages.

    Raises:
        ModelError: it solves another one.
    """
    one = len(head.names) == 1
    if head.problem_type is None and one == (problem == "regression"):
        return  # it is not said, and transformers computes several labels as it computes one
    if head.problem_type == problem:
        return
    said = f"problem_type={head.problem_type}" if head.problem_type else "no problem_type"
    outputs = "1 output" if one else f"{len(head.names)} outputs"
    raise ModelError(f"{task}: the model ({head.architecture}, {said}) has {outputs} of another kind. {_fitting(head)}")


def _fitting(head: SavedHead) -> str:
    """Which tasks suit a classifier, by what it solves."""
    if head.problem == "multi_label_classification":
        return "Use task=multi-label."
    if head.problem == "single_label_classification":
        images = head.auto_model == "AutoModelForImageClassification"
        return "Use task=image-classification." if images else "Use task=text-classification."
    return "Use task=regression, or for a model of pairs task=ranking task.encoder=cross."
