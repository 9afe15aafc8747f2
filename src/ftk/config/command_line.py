"""The words after the command: Hydra's flags and the overrides, parsed once."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from enum import Enum
from pathlib import Path
from typing import Any

from hydra.errors import HydraException

from ftk.config.mistakes import Mistake
from ftk.config.spelling.grammar import has_other_keys, in_grammar, parser, rewritten
from ftk.config.spelling.writing import as_word, in_quotes, without_interpolation
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
    """The overrides, in Hydra's grammar where they have a meaning at all."""
    written: tuple[str, ...]
    """The overrides as they were written, in the same order."""
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
                words.append(word)
                continue
            written, equals, value = word.partition("=")
            name = _SHORT.get(written, written)
            if name not in FLAGS:
                mistakes.append(_unknown(word, written))
                continue
            allowed = FLAGS[name][1]
            if takes_next(word, rest[0] if rest else None):
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
        return cls(
            argv=tuple(argv),
            flags=flags,
            words=tuple(readable(word, sweep="--multirun" in flags) for word in words),
            written=tuple(words),
            mistakes=mistakes + _clashes(flags),
        )

    @classmethod
    def of_overrides(cls, overrides: Sequence[str], config_dir: str | None) -> "CommandLine":
        """A command line without flags, but for the folder of further configs."""
        flags = {} if config_dir is None else {"--config-dir": config_dir}
        argv = (*(f"{name}={value}" for name, value in flags.items()), *overrides)
        return cls(argv=argv, flags=flags, words=tuple(map(readable, overrides)), written=tuple(overrides))

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


def readable(word: str, *, sweep: bool = False) -> str:
    """The override in Hydra's grammar: a path with = or é in it, or a name like that in a list or a mapping, is quoted.

    What Hydra reads stays as it is, and so does what has no meaning.

    Args:
        word: the override as it was written.
        sweep: whether values that commas separate are those of a sweep.
    """
    key, equals, value = word.partition("=")
    if not equals:
        return word
    hydra = parser()
    try:
        if not has_other_keys(hydra.parse_override(word)):
            return word
    except HydraException:
        pass
    if value.startswith(("[", "{", "'", '"')) or "," in value or "${" in value:
        found = rewritten(value, sweep=sweep)
        better = word if found is None else f"{key}={found}"
    else:
        better = as_text(key, value)
    try:
        hydra.parse_override(better)
    except HydraException:
        return word
    return better


def override_words(values: Mapping[str, Any]) -> list[str]:
    """The overrides that set keys to Python values: ``{"task": "ner", "optimizer.lr": 1e-3}``.

    A text is taken as it stands. Paths, enum members, lists, tuples and mappings are allowed.
    """
    return [f"{key}={in_grammar(_literal(value))}" for key, value in values.items()]


def _literal(value: Any) -> Any:
    """A value of Python as plain texts, numbers, lists and mappings, whose texts are taken as they stand."""
    if isinstance(value, Enum):
        return value.name
    if isinstance(value, (str, Path)):
        return without_interpolation(str(value))
    if isinstance(value, Mapping):
        return {key if isinstance(key, str) else as_word(key): _literal(part) for key, part in value.items()}
    return list(map(_literal, value)) if isinstance(value, (list, tuple)) else value


def as_text(key: str, value: str) -> str:
    """The override that sets a key to exactly this text."""
    return f"{key}={in_quotes(value, chr(39))}"


def takes_next(flag: str, following: str | None) -> bool:
    """Whether the word after a flag is the value of the flag.

    Args:
        flag: a word that begins with a dash.
        following: the word after it; None if it is the last one.
    """
    allowed = FLAGS.get(_SHORT.get(flag, flag), ("", ()))[1]
    if following is None or allowed == () or following.startswith("-"):
        return False
    return allowed is None or following in allowed or "=" not in following


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
