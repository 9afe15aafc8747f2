"""The reference of all groups and keys, as Markdown: from the schema, the classes that a config names, and the YAML.

Values, and the reasons for them, are read from the YAML files; types and meanings from the docstrings of
``ftk.config.schema``. Keys that are passed on to a class (of a task, an optimizer, an objective) are described by the
docstring of the class's field, if it has one, or by the comment above the key.
"""

import ast
import dataclasses
import inspect
import re
import textwrap
from collections.abc import Iterable, Iterator, Mapping
from enum import Enum
from pathlib import Path
from types import NoneType, UnionType
from typing import Any, Union, get_args, get_origin, get_type_hints

import yaml

from ftk.config.paths import config_files, headline, is_choice, parts_of, values_of
from ftk.config.schema import SCHEMAS, FinetuneConfig
from ftk.config.targets import class_at
from ftk.contracts.task import Task
from ftk.errors import ConfigError

_BEGIN = "<!-- generated: {} -->"
_END = "<!-- end of what is generated -->"
_REGION = re.compile(rf"{_BEGIN.format('([^ ]+)')}\n(.*?)(?<=\n){_END}", re.DOTALL)
_TYPES = {str: "text", int: "integer", float: "number", bool: "true, false", list: "list", dict: "mapping"}


@dataclasses.dataclass(frozen=True, slots=True)
class Key:
    """One key: its name, its type in words, and its meaning."""

    name: str
    type: str
    meaning: str


def reference() -> dict[str, str]:
    """The Markdown of each part of the reference, by its name; the user's own configs are included.

    Raises:
        ConfigError: a file includes one that does not exist, or a task's class cannot be imported.
    """
    return _Reference(config_files()).parts()


def updated(page: str, parts: Mapping[str, str]) -> str:
    """A page with the content between its markers replaced.

    Args:
        page: Markdown, with ``<!-- generated: NAME -->`` and ``<!-- end of what is generated -->`` around each part.
        parts: the new content by name.

    Raises:
        ConfigError: the page lacks the markers of a part, or has those of an unknown one.
    """
    found = [name for name, _ in _REGION.findall(page)]
    wrong = sorted(set(found) ^ set(parts))
    if wrong:
        what = "no markers for" if wrong[0] in parts else "markers for the unknown part"
        raise ConfigError(f"the page has {what} '{wrong[0]}': {_BEGIN.format(wrong[0])} … {_END}")
    return _REGION.sub(lambda match: marked(match[1], parts[match[1]]), page)


def marked(name: str, text: str) -> str:
    """A part of the reference between its markers."""
    return f"{_BEGIN.format(name)}\n{text}{_END}"


class _Reference:
    def __init__(self, files: Mapping[str, Path]) -> None:
        self.files = files
        self.values = {command: values_of(command, files) for command in SCHEMAS}
        self.comments = {command: self._comments_of(command) for command in SCHEMAS}
        self.choices = {command: {part.name for part in parts_of(command, files)} for command in SCHEMAS}

    def parts(self) -> dict[str, str]:
        sections = get_type_hints(FinetuneConfig)
        model = {"model": values_of("model/auto", self.files)}
        named = {name: self._section(name) for name in self._groups()}
        return {
            "task": "\n".join(self._task(name) for name in self._options("task")),
            "model": f"{named['model']}\nDefaults are those of `model=auto`; other models change some.\n\n"
            + _table(_row(key, _shown(_at(model, key.name))) for key in _keys_of(sections["model"], "model.")),
            **{
                name: f"{named[name]}\n{self._table(name, sections[name])}" for name in ("data", "schedule", "hardware")
            },
            **{name: f"{named[name]}\n{self._classes(name)}" for name in ("optimizer", "objective")},
            **{name: f"### {name}\n\n{self._table(name, sections[name])}" for name in ("train", "run")},
            "predictions": self._predictions(sections["predict"]),
            **{name: text for name, text in named.items() if name not in sections},
            **{command: self._command(command) for command in ("evaluate", "predict")},
        }

    def _groups(self) -> list[str]:
        return sorted({name.rpartition("/")[0] for name in self.files if "/" in name})

    def _options(self, group: str) -> list[str]:
        return [name for name in sorted(self.files) if name.rpartition("/")[0] == group and is_choice(name)]

    def _section(self, group: str) -> str:
        """The heading of a group and its options, each with the first line of its file."""
        rows = []
        for name in self._options(group):
            option = name.rpartition("/")[2]
            rows.append(f"| `{option}`{self._default_of(group, option)} | {_escaped(headline(self.files[name]))} |\n")
        return f"### {group}\n\n| option | |\n| --- | --- |\n{''.join(rows)}"

    def _default_of(self, group: str, option: str) -> str:
        """The commands that choose an option by default."""
        choose = [command for command, names in self.choices.items() if f"{group}/{option}" in names]
        have = [command for command, names in self.choices.items() if any(n.startswith(f"{group}/") for n in names)]
        if not choose:
            return ""
        return " (default)" if choose == have else f" (default of `{'`, `'.join(choose)}`)"

    def _table(self, section: str, kind: type) -> str:
        return _table(self._rows(list(_keys_of(kind, f"{section}.")), ["finetune", "pretrain"]))

    def _rows(self, keys: list[Key], commands: list[str]) -> Iterator[str]:
        """Rows with the default of the first command; those of the others are added where they differ."""
        first, *others = commands
        for key in keys:
            value = _at(self.values[first], key.name)
            different = [other for other in others if _at(self.values[other], key.name) != value]
            default = "; ".join(
                [_shown(value), *(f"`{name}`: {_shown(_at(self.values[name], key.name))}" for name in different)]
            )
            yield _row(key, default, self.comments[first].get(key.name, ""))

    def _command(self, command: str) -> str:
        """The keys of a command that are in no section."""
        kind = SCHEMAS[command]
        sections = {name for name, hint in get_type_hints(kind).items() if dataclasses.is_dataclass(hint)}
        keys = [key for key in _keys_of(kind, "") if key.name.partition(".")[0] not in sections]
        return f"### {command}\n\n{_table(self._rows(keys, [command]))}"

    def _predictions(self, kind: type) -> str:
        """The section ``predict``, which every command has that writes predictions."""
        return f"### predictions\n\n{_table(self._rows(list(_keys_of(kind, 'predict.')), ['finetune']))}"

    def _classes(self, group: str) -> str:
        return "\n".join(self._passed_on(name) for name in self._options(group))

    def _task(self, name: str) -> str:
        """A task with all of its keys; for a preset of another task, only the values that it changes."""
        option = name.partition("/")[2]
        text = f"### task={option}\n\n{_escaped(headline(self.files[name]))}"
        base = next((p.name for p in parts_of(name, self.files) if p.name != name and is_choice(p.name)), None)
        if base is None or values_of(base, self.files).get("_target_") != values_of(name, self.files).get("_target_"):
            return f"{text}\n\n{self._passed_on(name)}"
        own = set(_own_comments(self.files[name]))
        return f"{text} It is `task={base.partition('/')[2]}` with other values:\n\n{self._passed_on(name, own)}"

    def _passed_on(self, name: str, only: set[str] | None = None) -> str:
        """The keys of a config that are passed on to a class; ``only``: those of them to name."""
        group, values, comments = name.partition("/")[0], values_of(name, self.files), self._comments_of(name)
        target = str(values.pop("_target_", None))
        fields: dict[str, Key] = {}
        if group == "task":  # of the other groups no class is imported: an optimizer needs torch
            cls = class_at(target, Task, key=f"{name}: _target_", kind="a Task")  # type: ignore[type-abstract]
            fields = {key.name: key for key in _keys_of(cls, "", choices=False)}
        rows = []
        for key, value in values.items():
            if only is None or key in only:
                field = fields.get(key, Key(key, _type_of(value), ""))
                rows.append(
                    _row(dataclasses.replace(field, name=f"{group}.{key}"), _shown(value), comments.get(key, ""))
                )
        which = "" if group == "task" else f"`{group}={name.partition('/')[2]}`, "
        return f"{which}`_target_: {target}`" + (f":\n\n{_table(rows)}" if rows else ", takes no keys.\n")

    def _comments_of(self, name: str) -> dict[str, str]:
        """The comments above the keys of a config and of the files that it includes, by dotted key."""
        found: dict[str, str] = {}
        for part in parts_of(name, self.files):
            prefix = f"{part.at}." if part.at else ""
            found |= {f"{prefix}{key}": text for key, text in _own_comments(part.path).items() if text}
        return found


def _own_comments(path: Path) -> dict[str, str]:
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


def _keys_of(kind: type, prefix: str, *, choices: bool = True) -> Iterator[Key]:
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
            yield from _keys_of(hint, f"{prefix}{field.name}.")  # type: ignore[arg-type]
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
    return _TYPES.get(kind, "")


def _type_of(value: Any) -> str:
    """The type of a key that no class describes, by its value."""
    is_open = value is None or (isinstance(value, str) and value.startswith("${"))
    return "" if is_open else _TYPES.get(type(value), "")


def _at(values: Any, key: str) -> Any:
    for name in key.split("."):
        values = values[name]
    return values


def _shown(value: Any) -> str:
    if isinstance(value, dict) and value and all(one is None for one in value.values()):
        return f"`null` for each of {', '.join(f'`{name}`' for name in value)}"
    text = yaml.safe_dump(value, default_flow_style=True, allow_unicode=True, width=10_000)
    return f"`{text.removesuffix('...' + chr(10)).strip()}`"


def _table(rows: Iterable[str]) -> str:
    return f"| key | type | default | meaning |\n| --- | --- | --- | --- |\n{''.join(rows)}"


def _row(key: Key, default: str, comment: str = "") -> str:
    meaning = _escaped(f"{key.meaning} {comment}".strip())
    return f"| `{key.name}` | {key.type} | {default} | {meaning} |\n"


def _escaped(text: str) -> str:
    """Text inside a table of Markdown."""
    parts = re.split(r"(`[^`]+`)", text.replace("``", "`").replace("|", r"\|"))
    return "".join(part if part.startswith("`") else part.replace("<", r"\<") for part in parts)
