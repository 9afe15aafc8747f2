"""The words after the command: Hydra's flags and the overrides, parsed once."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from enum import Enum
from pathlib import Path
from typing import Any

from hydra.core.override_parser.overrides_parser import OverridesParser
from hydra.core.override_parser.types import Quote, QuotedString
from hydra.errors import HydraException

from ftk.config.mistakes import Mistake
from ftk.system.spelling import did_you_mean

FLAGS: dict[str, tuple[str, tuple[str, ...] | None]] = {
    "--help": ("-h", ()),
    "--hydra-help": ("", ()),
    "--cfg": ("-c", ("job", "hydra", "all")),
    "--resolve": ("", ()),
    "--package": ("-p", None),
    "--run": ("-r", ()),
    "--multirun": ("-m", ()),
    "--config-dir": ("-cd", None),
    "--info": ("-i", ("all", "config", "defaults", "defaults-tree", "plugins", "searchpath")),
}
"""Hydra's flags that ftk takes: the short form and the values. None allows any value, an empty tuple none."""

_VALUE_MAY_BE_LEFT_OUT = {"--info": "all"}
_SHORT = {short: name for name, (short, _) in FLAGS.items() if short}
_INSTEAD = {
    "--config-name": "The command is the name of the config; choose a file of your own with experiment=<name>.",
    "--config-path": "Put a folder first with FTK_CONFIG_PATH=<folder>, or add it with --config-dir <folder>.",
    "--experimental-rerun": "The first line of a run's config.yaml is the command that repeats it.",
    "--shell-completion": "'ftk completion' prints the scripts for bash, zsh and fish.",
    "--version": "'ftk --version' prints it.",
}
_INSTEAD |= {short: _INSTEAD[name] for short, name in (("-cn", "--config-name"), ("-cp", "--config-path"))}


@dataclass(frozen=True, kw_only=True, slots=True)
class CommandLine:
    """What the user wrote after the command word."""

    argv: tuple[str, ...]
    """As it was written."""
    flags: dict[str, str]
    """Hydra's flags by their long names; the value is empty where a flag takes none."""
    words: tuple[str, ...]
    """The overrides, quoted where Hydra's grammar needs it."""
    mistakes: list[Mistake] = field(default_factory=list)
    """Mistakes in the flags."""

    @classmethod
    def parse(cls, argv: Sequence[str]) -> "CommandLine":
        """Separate the flags from the overrides."""
        flags: dict[str, str] = {}
        words: list[str] = []
        mistakes: list[Mistake] = []
        rest = list(argv)
        while rest:
            word = rest.pop(0)
            if not word.startswith("-"):
                words.append(readable(word))
                continue
            written, equals, value = word.partition("=")
            name = _SHORT.get(written, written)
            if name not in FLAGS:
                mistakes.append(_unknown(word, written))
                continue
            allowed = FLAGS[name][1]
            if allowed != () and not equals and rest and _may_follow(rest[0], allowed):
                value = rest.pop(0)
            value = value or _VALUE_MAY_BE_LEFT_OUT.get(name, "")
            if allowed == () and equals:
                mistakes.append(Mistake(word, f"The flag {name} takes no value."))
            elif allowed and value not in allowed:
                what = word if equals else f"{word} {value}".rstrip()
                mistakes.append(Mistake(what, f"The flag {name} takes one of: {', '.join(allowed)}."))
            elif allowed is None and not value:
                mistakes.append(Mistake(word, f"The flag {name} needs a value after it."))
            flags[name] = value
        return cls(argv=tuple(argv), flags=flags, words=tuple(words), mistakes=mistakes + _clashes(flags))

    @classmethod
    def of_overrides(cls, overrides: Sequence[str], config_dir: str | None) -> "CommandLine":
        """A command line without flags, but for the folder of further configs."""
        flags = {} if config_dir is None else {"--config-dir": config_dir}
        argv = (*(f"{name}={value}" for name, value in flags.items()), *overrides)
        return cls(argv=argv, flags=flags, words=tuple(map(readable, overrides)))

    @property
    def sweep(self) -> bool:
        """Whether every combination of the listed values is a job."""
        return "--multirun" in self.flags

    @property
    def only_prints(self) -> bool:
        """Whether Hydra only prints something and no job runs."""
        return bool(self.flags.keys() & {"--help", "--hydra-help", "--cfg", "--info"})

    @property
    def shows_hydra(self) -> bool:
        """Whether the printed config contains Hydra's own settings."""
        return self.flags.get("--cfg") in ("hydra", "all")

    @property
    def config_dir(self) -> str | None:
        """A folder of further configs, searched after the shipped ones."""
        return self.flags.get("--config-dir")

    def flag_words(self) -> list[str]:
        """The flags, each as one word."""
        return [f"{name}={value}" if value else name for name, value in self.flags.items()]


def readable(word: str) -> str:
    """The override, its value quoted if Hydra's grammar cannot read it: a path with = or é in it.

    Lists, sweeps, quoted values and interpolations stay as they are.
    """
    key, equals, value = word.partition("=")
    if not equals or value.startswith(("[", "{", "'", '"')) or "," in value or "${" in value:
        return word
    parser = OverridesParser.create()
    try:
        parser.parse_override(word)
    except HydraException:
        quoted = as_text(key, value)
        try:
            parser.parse_override(quoted)
        except HydraException:
            return word
        return quoted
    return word


def override_words(values: Mapping[str, Any]) -> list[str]:
    """The overrides that set keys to Python values: ``{"task": "ner", "optimizer.lr": 1e-3}``.

    A text is taken as it stands. Paths, enum members, lists, tuples and mappings are allowed.
    """
    return [f"{key}={_written(value)}" for key, value in values.items()]


def _written(value: Any) -> str:
    """A value in Hydra's grammar."""
    if isinstance(value, Enum):
        return str(value.name)
    if isinstance(value, (str, Path)):
        text = re.sub(r"(\\*)\$\{", r"\1\1\\${", str(value))  # no interpolation
        return QuotedString(text=text, quote=Quote.single).with_quotes()
    if isinstance(value, Mapping):
        keys = [re.sub(r"([\\()\[\]{}:=, \t])", r"\\\1", str(key)) for key in value]
        return f"{{{','.join(f'{key}:{_written(part)}' for key, part in zip(keys, value.values(), strict=True))}}}"
    if isinstance(value, (list, tuple)):
        return f"[{','.join(map(_written, value))}]"
    if value is None:
        return "null"
    return str(value).lower() if isinstance(value, bool) else repr(value)


def as_text(key: str, value: str) -> str:
    """The override that sets a key to exactly this text."""
    return f"{key}={QuotedString(text=value, quote=Quote.single).with_quotes()}"


def as_word(key: str, value: str) -> str:
    """The override that sets a key to this text, with quotation marks only where it would be read as something else."""
    word = f"{key}={value}"
    try:
        plain = OverridesParser.create().parse_override(word)
    except HydraException:
        return as_text(key, value)
    return word if not plain.is_sweep_override() and plain.value() == value else as_text(key, value)


def _may_follow(word: str, allowed: tuple[str, ...] | None) -> bool:
    """Whether a word can be the value of the flag before it."""
    return not word.startswith("-") and (allowed is None or word in allowed or "=" not in word)


def _unknown(word: str, written: str) -> Mistake:
    if written in _INSTEAD:
        return Mistake(word, f"ftk does not take this flag of Hydra. {_INSTEAD[written]}")
    hint = did_you_mean(written, list(FLAGS)) if written.startswith("--") else ""
    return Mistake(word, f"There is no flag '{written}'.{hint} Keys are set as key=value.")


def _clashes(flags: dict[str, str]) -> list[Mistake]:
    mistakes = []
    if len(modes := [name for name in ("--run", "--multirun", "--cfg", "--info") if name in flags]) > 1:
        mistakes.append(Mistake(" ".join(modes), "Use one of them at a time."))
    if "--resolve" in flags and not flags.keys() & {"--cfg", "--help"}:
        mistakes.append(Mistake("--resolve", "Use it with --cfg job or --help."))
    if "--package" in flags and "--cfg" not in flags:
        mistakes.append(Mistake("--package", "Use it with --cfg: --cfg job --package model prints that section."))
    return mistakes
