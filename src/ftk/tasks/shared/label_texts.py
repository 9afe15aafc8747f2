"""The texts of labels: their names where these are words, or what ``task.label_texts`` gives."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import yaml

from ftk.config.spelling.writing import as_word
from ftk.contracts.notes import Notes
from ftk.contracts.row import Row
from ftk.contracts.values import Labels
from ftk.data.examples.texts import TextExample
from ftk.data.readers.decoding.once import reading
from ftk.data.rows.label_names import name_of_key, shortened
from ftk.errors import ConfigError, first_line
from ftk.system.paths import expanded
from ftk.system.spelling import did_you_mean
from ftk.tasks import finding_kinds as kinds

_PARTS = re.compile(r"[\W_]+|(?<=[a-z])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])")
"""Where a name is split into words: signs, and the capital letters inside of a word."""
_WORD = re.compile(r"[^\W\d_]{3,}")
_CODE = re.compile(r"[A-Z]{1,4}")
_SAY_NOTHING = frozenset({"true", "false", "yes", "none", "null", "unknown", "other", "label", "class"})
"""Names that are words, and say nothing of a text."""


def words_of(name: str) -> str | None:
    """The words that the name of a label consists of, with spaces between them; None if it is a number or a code."""
    parts = [part for part in _PARTS.split(name) if part]
    if any(character.isdigit() for character in name) or not parts:
        return None
    if name.isascii() and (not any(map(_WORD.fullmatch, parts)) or all(map(_CODE.fullmatch, parts))):
        return None
    if " ".join(parts).lower() in _SAY_NOTHING:
        return None
    split = len(parts) > 1 and not re.search(r"[\W_]", name)  # by capital letters, which are no part of the words
    return " ".join(part.lower() if split and not part.isupper() else part for part in parts)


def read_label_texts(value: Any) -> Any:
    """The field ``label_texts``, with the texts of each label as a list if it gives some.

    Args:
        value: null, false, an object, or the name of a JSON or YAML file with an object.

    Raises:
        ConfigError: it is none of these, or a label has no text.
    """
    if value is None or value is False:
        return value
    where = f"task.label_texts={value if isinstance(value, str) else as_word(value)}"
    found = _in_file(value, where) if isinstance(value, str) else value
    if not isinstance(found, Mapping) or not found:
        raise ConfigError(
            f"{where}: it must be null, false, an object with a text or a list of texts for each label, or a JSON or "
            "YAML file of one: {joy: happy and pleased}."
        )
    return {key: _texts(key, texts, where) for key, texts in found.items()}


def _texts(key: Any, value: Any, where: str) -> list[str]:
    texts = [value] if isinstance(value, str) else value
    if not isinstance(texts, (list, tuple)) or not texts or not all(isinstance(one, str) for one in texts):
        raise ConfigError(
            f"{where}: the label '{key}' has {as_word(value)} for a text; give a text, or a list of texts."
        )
    if any(not one.strip() for one in texts):
        raise ConfigError(
            f"{where}: the label '{key}' has an empty text; leave the label out, and its name is its text."
        )
    return [one.strip() for one in texts]


def _in_file(name: str, where: str) -> Any:
    path = expanded(name)
    try:
        with reading(path) as stream:  # a pipe, too, is there for each look
            text = stream.read().decode("utf-8-sig")
        if path.suffix.lower() == ".json":
            return json.loads(text, object_pairs_hook=_once)
        return yaml.load(text, _Once)
    except (OSError, ValueError, yaml.YAMLError, RecursionError) as error:
        reason = getattr(error, "strerror", None) or first_line(error)
        raise ConfigError(f"{where}: the file cannot be read ({reason}).") from error


class _Once(yaml.SafeLoader):
    """A loader that refuses a key that is there twice."""


def _mapping_once(loader: _Once, node: yaml.MappingNode) -> dict[Any, Any]:
    return _once(
        [(loader.construct_object(key), loader.construct_object(value, deep=True)) for key, value in node.value]
    )


_Once.add_constructor(yaml.resolver.BaseResolver.DEFAULT_MAPPING_TAG, _mapping_once)


def _once(pairs: list[tuple[Any, Any]]) -> dict[Any, Any]:
    found: dict[Any, Any] = {}
    for key, value in pairs:
        if key in found:
            raise ValueError(f"'{key}' is there twice")
        found[key] = value
    return found


def label_texts_faults(value: Any, labels: Labels | None, pairs: Any) -> Iterator[str]:
    """The mistakes in ``task.label_texts`` that a task's ``validate`` yields.

    Args:
        value: from ``read_label_texts``, or as the config has it.
        labels: of the model, once they are known.
        pairs: the field ``pairs`` of the task.
    """
    if not isinstance(value, Mapping):
        return
    if pairs is True:
        yield "task.label_texts: the rows are pairs of texts, and a label has one text; leave it out."
    elif labels is not None:
        names = [name_of_key(key, labels.names) for key in value]
        if not any(name in labels.ids for name in names):
            hint = did_you_mean(names[0], list(labels.names))
            shown = ", ".join(map(shortened, labels.names[:20])) + (", …" if len(labels.names) > 20 else "")
            yield f"task.label_texts: it names '{names[0]}', and no label of the rows.{hint} These have {shown}."


def label_examples(value: Any, names: Sequence[str], pairs: bool, notes: Notes) -> list[TextExample]:
    """The texts of labels as examples, whose target is the label.

    Args:
        value: from ``read_label_texts``.
        names: of the labels.
        pairs: whether rows have two texts, which labels have not.
        notes: collects which labels have none.
    """
    if value is False or pairs:
        return []
    given = {name_of_key(key, names): texts for key, texts in (value or {}).items()}
    known = set(names)
    for name in given:
        if name not in known:
            notes.add(kinds.TEXT_OF_NO_LABEL, shortened(name))
    own = {name: words for name in names if name not in given and (words := words_of(name)) is not None}
    if value is None and 2 * len(own) < len(names):
        own = {}  # words among codes are chance
    found = [_example(text, name) for name in names for text in given.get(name, [own[name]] if name in own else [])]
    if value is not None:
        for name in names:
            if name not in given and name not in own:
                notes.add(kinds.LABEL_WITHOUT_TEXT, shortened(name))
    return found


def _example(text: str, label: str) -> TextExample:
    row = Row({}, "label texts", 0)
    return TextExample(text=text, pair=None, target=label, gold=label, weight=1.0, row=row, columns={})
