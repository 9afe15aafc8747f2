"""The keys of all configs: types and meanings from the classes, defaults and reasons from the YAML.

Keys that are passed on to a class (of a task, an optimizer, an objective) are described by the docstring of the class's
field, if it has one, or by the comment above the key.
"""

import ast
import dataclasses
import inspect
import re
import textwrap
from collections.abc import Iterator, Mapping
from enum import Enum
from pathlib import Path
from types import NoneType, UnionType
from typing import Any, Union, get_args, get_origin, get_type_hints

import yaml

from ftk.config.paths import headline, is_choice, parts_of, values_of
from ftk.config.schema import SCHEMAS, FinetuneConfig
from ftk.config.targets import class_at

_TYPES = {str: "text", int: "integer", float: "number", bool: "true, false", list: "list", dict: "mapping"}


@dataclasses.dataclass(frozen=True, slots=True)
class Key:
    """One key of a class: its name, its type in words, and its meaning."""

    name: str
    type: str
    meaning: str


@dataclasses.dataclass(frozen=True, slots=True)
class Entry:
    """One key of a config: as `Key`, with its default, as YAML, and for whom it is different."""

    name: str
    type: str
    default: str
    meaning: str

    @classmethod
    def of(cls, key: Key, default: str, comment: str = "") -> "Entry":
        """The entry of a key, with the comment of its config behind its meaning."""
        return cls(key.name, key.type, default, f"{key.meaning} {comment}".strip())


class ConfigKeys:
    """The keys of the configs in some files.

    Args:
        files: the configs by name, such as ``task/ner``.
    """

    def __init__(self, files: Mapping[str, Path]) -> None:
        self.files = files
        self.values = {command: values_of(command, files) for command in SCHEMAS}
        self.comments = {command: self._comments_of(command) for command in SCHEMAS}
        self.sections = get_type_hints(FinetuneConfig)

    def groups(self) -> list[str]:
        """The names of the groups."""
        return sorted({name.rpartition("/")[0] for name in self.files if "/" in name})

    def options(self, group: str) -> list[str]:
        """The names of the configs of a group, as ``group/option``."""
        return [name for name in sorted(self.files) if name.rpartition("/")[0] == group and is_choice(name)]

    @staticmethod
    def sections_of(command: str) -> list[str]:
        """The sections of a command whose keys a class of the schema describes."""
        return [name for name, hint in get_type_hints(SCHEMAS[command]).items() if dataclasses.is_dataclass(hint)]

    def of_section(self, section: str) -> list[Entry]:
        """The keys of a section of a training."""
        if section == "model":
            model = {"model": values_of("model/auto", self.files)}
            keys = keys_of(self.sections["model"], "model.")
            return [Entry.of(key, shown(value_at(model, key.name))) for key in keys]
        keys = keys_of(self.sections[section], f"{section}.")
        commands = [command for command in ("finetune", "pretrain") if section in self.sections_of(command)]
        return list(self._entries(keys, commands))

    def of_command(self, command: str) -> list[Entry]:
        """The keys of a command that are in no section of a training."""
        sections = [name for name in self.sections_of(command) if name in self.sections]
        keys = [key for key in keys_of(SCHEMAS[command], "") if key.name.partition(".")[0] not in sections]
        return list(self._entries(keys, [command]))

    def of_class(self, name: str, only: set[str] | None = None) -> tuple[str, list[Entry]]:
        """The class that a config names, and the keys that are passed on to it.

        Args:
            name: of the config, as ``task/ner``.
            only: those of them to name; None: all.
        """
        group, values, comments = name.partition("/")[0], values_of(name, self.files), self._comments_of(name)
        target = str(values.pop("_target_", None))
        fields: dict[str, Key] = {}
        if group == "task":  # of the other groups no class is imported: an optimizer needs torch
            cls = class_at(target, object, key=f"{name}: _target_", kind="a Task")
            fields = {key.name: key for key in keys_of(cls, "", choices=False)}
        entries = []
        for key, value in values.items():
            if only is None or key in only:
                field = fields.get(key, Key(key, type_of(value), ""))
                full = dataclasses.replace(field, name=f"{group}.{key}")
                entries.append(Entry.of(full, shown(value), comments.get(key, "")))
        return target, entries

    def base_of(self, name: str) -> str | None:
        """The config that another one is a preset of: the same class with other values; None if it is no preset."""
        base = next((p.name for p in parts_of(name, self.files) if p.name != name and is_choice(p.name)), None)
        if base is None or values_of(base, self.files).get("_target_") != values_of(name, self.files).get("_target_"):
            return None
        return base

    def _entries(self, keys: "Iterator[Key] | list[Key]", commands: list[str]) -> Iterator[Entry]:
        """Entries with the default of the first command; those of the others are added where they differ."""
        first, *others = commands
        for key in keys:
            value = value_at(self.values[first], key.name)
            different = [other for other in others if value_at(self.values[other], key.name) != value]
            default = "; ".join(
                [shown(value), *(f"`{name}`: {shown(value_at(self.values[name], key.name))}" for name in different)]
            )
            yield Entry.of(key, default, self.comments[first].get(key.name, ""))
            if _are_places(value):
                for name in value:
                    inner = Key(f"{key.name}.{name}", "", "")
                    yield Entry.of(inner, shown(None), self.comments[first].get(inner.name, ""))

    def _comments_of(self, name: str) -> dict[str, str]:
        """The comments above the keys of a config and of the files that it includes, by dotted key."""
        found: dict[str, str] = {}
        for part in parts_of(name, self.files):
            prefix = f"{part.at}." if part.at else ""
            found |= {f"{prefix}{key}": text for key, text in own_comments(part.path).items() if text}
        return found


def own_comments(path: Path) -> dict[str, str]:
    """The keys of a YAML file by their dotted names, each with the comment above it or after it."""
    found: dict[str, str] = {}
    above: list[str] = []
    parents: list[tuple[int, str]] = []
    first = headline(path)
    for line in path.read_text(encoding="utf-8").splitlines():
        if line.lstrip().startswith("#"):
            text = line.lstrip()[1:].strip()
            above += [text] if text != first else []
            continue
        if match := re.match(r"( *)(\w+):(.*)", line):
            indent, key = len(match[1]), match[2]
            parents = [parent for parent in parents if parent[0] < indent]
            name = ".".join([*(parent for _, parent in parents), key])
            parents.append((indent, key))
            behind = re.search(r"(?:^|\s)# (.*)", match[3])
            if name.partition(".")[0] != "defaults":
                found[name] = " ".join(above) or (behind[1] if behind else "")
        above = []
    return found


def keys_of(kind: type, prefix: str, *, choices: bool = True) -> Iterator[Key]:
    """The keys of a dataclass, those of its sections included.

    Args:
        kind: the dataclass.
        prefix: precedes the names.
        choices: describe a key without a docstring by that of its Enum.
    """
    hints, docs = get_type_hints(kind), _docstrings(kind)
    for field in dataclasses.fields(kind):
        hint = hints[field.name]
        if dataclasses.is_dataclass(hint):
            yield from keys_of(hint, f"{prefix}{field.name}.")  # type: ignore[arg-type]
        else:
            meaning = docs.get(field.name) or (_choices_doc(hint) if choices else "")
            yield Key(f"{prefix}{field.name}", _in_words(hint), meaning)


def _docstrings(cls: type) -> dict[str, str]:
    """The texts that follow the fields of a class and of its bases."""
    found: dict[str, str] = {}
    for base in reversed(cls.__mro__):
        if dataclasses.is_dataclass(base):
            (node,) = ast.parse(textwrap.dedent(inspect.getsource(base))).body
            assert isinstance(node, ast.ClassDef)
            for field, after in zip(node.body, node.body[1:], strict=False):
                if (
                    isinstance(field, ast.AnnAssign)
                    and isinstance(field.target, ast.Name)
                    and isinstance(after, ast.Expr)
                    and isinstance(after.value, ast.Constant)
                ):
                    found[field.target.id] = inspect.cleandoc(str(after.value.value)).replace("\n", " ")
    return found


def _choices_doc(hint: Any) -> str:
    """The meaning of a choice among named values: the docstring of its class."""
    kinds = [kind for kind in (hint, *get_args(hint)) if inspect.isclass(kind) and issubclass(kind, Enum)]
    return inspect.cleandoc(kinds[0].__doc__ or "").replace("\n", " ") if kinds else ""


def _in_words(hint: Any) -> str:
    if get_origin(hint) in (Union, UnionType):
        return " or ".join("null" if kind is NoneType else _in_words(kind) for kind in get_args(hint))
    kind = get_origin(hint) or hint
    if inspect.isclass(kind) and issubclass(kind, Enum):
        return ", ".join(f"`{choice.value}`" for choice in kind)
    return "section" if dataclasses.is_dataclass(kind) else _TYPES.get(kind, "")


def type_of(value: Any) -> str:
    """The type of a key that no class describes, by its value."""
    is_open = value is None or (isinstance(value, str) and value.startswith("${"))
    return "" if is_open else _TYPES.get(type(value), "")


def value_at(values: Any, key: str) -> Any:
    for name in key.split("."):
        values = values[name]
    return values


def _are_places(value: Any) -> bool:
    """Whether a value is a mapping that names what may be set in it, such as ``data.columns``."""
    return isinstance(value, dict) and bool(value) and all(one is None for one in value.values())


def shown(value: Any) -> str:
    if _are_places(value):
        return f"`null` for each of {', '.join(f'`{name}`' for name in value)}"
    text = yaml.safe_dump(value, default_flow_style=True, allow_unicode=True, width=10_000)
    return f"`{text.removesuffix('...' + chr(10)).strip()}`"
