"""The words that can complete a command line: flags, groups with their options, keys with their values."""

import dataclasses
import inspect
import os
from collections.abc import Iterator
from enum import Enum
from typing import Any, get_args, get_type_hints

from hydra import compose
from hydra.core.global_hydra import GlobalHydra

from ftk.config.command_line import FLAGS, CommandLine
from ftk.config.jobs import initialized, register
from ftk.config.overrides import items
from ftk.config.schema import SCHEMAS


def completions(command: str, words: list[str], open_word: str) -> list[str]:
    """What the last word of a command line can become.

    Args:
        command: a command with a config.
        words: those between the command and the last word.
        open_word: the last word as far as it is written.
    """
    if words and words[-1] in FLAGS and FLAGS[words[-1]][1] != ():
        return [value for value in FLAGS[words[-1]][1] or () if value.startswith(open_word)]
    if open_word.startswith("-"):
        return [flag for flag in FLAGS if flag.startswith(open_word)]
    line = CommandLine.parse(words)
    prefix = open_word[: len(open_word) - len(open_word.lstrip("+~"))]
    key, equals, value = open_word[len(prefix) :].partition("=")
    register()
    with initialized(line.config_dir):
        values, groups = _composed(command, line)
        if not equals:
            found = [f"{name}=" for name in groups] + list(_next_level(values, key))
            return sorted({f"{prefix}{name}" for name in found if name.startswith(key)})  # one may be a section, too
        before, comma, value = value.rpartition(",")  # in a sweep only the last value is open
        if key in groups:
            options = sorted(GlobalHydra.instance().config_loader().get_group_options(key))
        elif key in values and not isinstance(values[key], dict):
            options = _values_of(field_type(command, key), values[key], value)
        else:
            options = []
        return [f"{prefix}{key}={before}{comma}{name}" for name in options if name.startswith(value)]


def _composed(command: str, line: CommandLine) -> tuple[dict[str, Any], list[str]]:
    """The keys with their values, and the groups; as the words on the line change them, if those are right."""
    for words in (line.words, ()):
        try:
            config = compose(command, overrides=list(words), return_hydra_config=True)
        except Exception:  # the line is still being written; the command itself reports what is wrong
            continue
        groups = [name for name in config.hydra.runtime.choices if not name.startswith("hydra/")]
        return {key: value for key, value in items(config) if not key.startswith("hydra")}, groups
    return {}, []


def field_type(command: str, key: str) -> Any:
    """The type of a key in the schema; Any if the schema leaves it open."""
    found: Any = SCHEMAS[command]
    for part in key.split("."):
        if not dataclasses.is_dataclass(found):
            return Any
        found = get_type_hints(found).get(part, Any)
    return found


def _next_level(values: dict[str, Any], key: str) -> Iterator[str]:
    """The keys on the level of what is written, each up to its next dot or '='."""
    for name, value in values.items():
        if name.count(".") == key.count("."):
            yield f"{name}." if isinstance(value, dict) else f"{name}="


def _values_of(kind: Any, now: Any, written: str) -> list[str]:
    """The values of a type; for texts and keys of any type, also the files whose names begin with what is written."""
    kinds = get_args(kind) or (kind,)
    if inspect.isclass(kinds[0]) and issubclass(kinds[0], Enum):
        return [choice.name for choice in kinds[0]]
    if isinstance(now, bool):
        return ["true", "false", *([] if kinds[0] is bool else ["force"])]  # run.resume, the one that is not only bool
    shown = [str(now)] if isinstance(now, (str, int, float)) else []
    return [*shown, *_files(written)] if kinds[0] in (str, Any) else shown


def _files(written: str) -> list[str]:
    folder, name = os.path.split(written)
    try:
        found = sorted(os.scandir(os.path.expanduser(folder) or "."), key=lambda entry: entry.name)
    except OSError:
        return []
    hidden = name.startswith(".")
    return [
        os.path.join(folder, entry.name) + ("/" if entry.is_dir() else "")
        for entry in found
        if entry.name.startswith(name) and (hidden or not entry.name.startswith("."))
    ]
