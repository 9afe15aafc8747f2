"""The overrides of a command line: parsed, with the mistakes of form, and multiplied out to the jobs of a sweep."""

import copy
import itertools
import re
from collections.abc import Collection, Iterable, Iterator, Sequence
from typing import Any

from hydra.core.config_loader import ConfigLoader
from hydra.core.override_parser.overrides_parser import OverridesParser
from hydra.core.override_parser.types import Override
from hydra.errors import HydraException
from omegaconf import DictConfig, OmegaConf, open_dict

from ftk.config.command_line import as_text
from ftk.config.mistakes import Mistake
from ftk.config.spelling.grammar import parser as parser_of_overrides
from ftk.config.spelling.grammar import text_of_choice
from ftk.config.spelling.writing import pasted, quoted

SET_BY_FTK = {
    "hydra.run.dir": "ftk writes to run.dir alone: run.dir=<folder>.",
    "hydra.sweep.dir": "A sweep is written to sweep.dir: sweep.dir=<folder>.",
    "hydra.sweep.subdir": "The jobs of a sweep are named by ftk, in sweep.dir.",
    "hydra.mode": "Use -m for a sweep.",
    "hydra/launcher": "The jobs of a sweep run here, sweep.jobs of them at once.",
    "hydra/sweeper": "A sweep runs every combination of the values that are listed.",
}
"""Settings of Hydra that ftk does not leave to the user, and what to do instead."""
WITHOUT_SWEEPS = ("check", "compare", "report")
"""The commands that take one value for each key."""
NAMES_IN_QUOTES = 'A name with such signs stands in quotation marks: ["a, b"], {"a: b": 1}.'


def parsed(
    words: Sequence[str], written: Sequence[str], loader: ConfigLoader, *, sweep: bool, command: str
) -> tuple[dict[int, Override], dict[int, Mistake]]:
    """The overrides by their position, and for those that cannot be used the mistake.

    Args:
        words: the overrides, in Hydra's grammar where they have a meaning at all.
        written: the same ones as they were written, for messages.
        loader: knows which groups exist.
        sweep: whether a key may have several values.
        command: the command word.
    """
    parser = parser_of_overrides(config_loader=loader)
    groups = loader.list_groups("")
    overrides: dict[int, Override] = {}
    mistakes: dict[int, Mistake] = {}
    parts = 0
    for position, word in enumerate(words):
        if parts:  # of a value that the word before begins
            parts -= 1
            continue
        parts = _split_off(written[position:])
        if parts:
            whole = " ".join(written[position : position + parts + 1])
            mistakes[position] = Mistake(whole, f"A value with spaces needs quotation marks: {quoted(whole)}")
            continue
        found = _parsed(word, written[position], parser, groups, sweep=sweep, command=command)
        if isinstance(found, Mistake):
            mistakes[position] = found
        else:
            overrides[position] = found
    return overrides, mistakes


def _split_off(words: Sequence[str]) -> int:
    """How many of the following words belong to the value of the first one, which the shell has split at its spaces."""
    _, _, value = words[0].partition("=")
    if value[:1] not in ("[", "{"):
        return 0
    depth = 0
    for number, word in enumerate([value, *words[1:]]):
        depth += sum(word.count(sign) for sign in "[{") - sum(word.count(sign) for sign in "]}")
        if depth <= 0:
            return number
        if number and re.match(r"[\w./+~-]+=", word):
            return 0
    return 0


def _parsed(
    word: str, written: str, parser: OverridesParser, groups: Collection[str], *, sweep: bool, command: str
) -> Override | Mistake:
    key, equals, value = written.partition("=")
    is_group = key.lstrip("+~") in groups
    if not key or not (equals or word.startswith("~")):
        example = f": {key}=<{'option' if is_group else 'value'}>" if key else ""
        return Mistake(written or "''", f"This is not of the form key=value{example}.")
    try:
        override: Override = parser.parse_override(word)
    except HydraException:
        return Mistake(written, _unreadable(parser, key, value))
    if override.is_sweep_override():
        if sweep and override.is_hydra_override():
            return Mistake(written, "Hydra's own settings cannot be swept.")
        if sweep and key.startswith("sweep."):
            return Mistake(written, "It holds for the whole sweep, so it has one value.")
        if not sweep and command in WITHOUT_SWEEPS and not is_group:
            one = f"a single value with commas: {_as_it_stands(key, value)}"
            several = f"A list has brackets: {quoted(f'{key}=[{value}]')}. Quotation marks make it {one}"
            return Mistake(written, f"'ftk {command}' takes one value for each key. {several}")
        if not sweep:
            one = "" if is_group else f" If it is one value, write {_as_it_stands(key, value)}"
            return Mistake(written, f"Several values for one key are a sweep: add -m.{one}")
        advice = _uncountable(override)
        if advice is not None:
            return Mistake(written, advice)
    if override.key_or_group in SET_BY_FTK:
        return Mistake(written, SET_BY_FTK[override.key_or_group])
    if override.key_or_group.startswith("sweep.") and not sweep and command not in WITHOUT_SWEEPS:
        return Mistake(written, "Only a sweep reads it: add -m.")
    return override


def _unreadable(parser: OverridesParser, key: str, value: str) -> str:
    try:
        parser.parse_override(as_text(key, value))
    except HydraException:
        return _unreadable_key(parser, key, value)
    names = "" if value[:1] not in ("[", "{") else f" {NAMES_IN_QUOTES}"
    return (
        f"The value cannot be read: commas, [lists], {{dicts}}, (calls) and quotes have a special meaning.{names} "
        f"If it is meant as it stands, write {_as_it_stands(key, value)}"
    )


def _unreadable_key(parser: OverridesParser, key: str, value: str) -> str:
    """The advice for a key with characters that only a name in a mapping may have."""
    advice = "The key cannot be read: it is made of names with dots between them."
    section = re.match(r"\+{0,2}([a-z_]+\.[a-z_]+)\.(.+)", key)
    if section is None:
        return advice
    try:
        number = parser.parse_override(f"{section[1]}={value}").value()
    except HydraException:
        number = value
    return f"{advice} Names of other things stand in a mapping: {section[1]}={pasted({section[2]: number})}"


def _as_it_stands(key: str, value: str) -> str:
    """What to write in a shell for a value that is one text, whatever characters it contains."""
    word = as_text(key, value)
    simple = word.isprintable() and not any(sign in word for sign in '"$`\\!')
    return f'"{word}"' if simple else quoted(word)


def _uncountable(override: Override) -> str | None:
    """The advice for a sweep whose values cannot be listed, or that has none; None if it is fine."""
    counted = "A sweep needs values that can be counted: a,b,c or range(1,4)."
    if not override.is_discrete_sweep():
        return counted
    try:
        first = next(choices(override), None)
    except (HydraException, ValueError):  # a glob, which Hydra resolves elsewhere; a range in steps of 0
        return counted
    return None if first is not None else "It has no value; the end of a range is not included."


def jobs(overrides: Iterable[Override]) -> Iterator[list[str]]:
    """The override words of each job: one list, or in a sweep one for each combination."""
    overrides = list(overrides)
    if any(override.is_sweep_override() for override in overrides):
        # Of two values for one key the last one counts; the first must not multiply the jobs.
        overrides = list({override.get_key_element(): override for override in overrides}.values())
    return (list(words) for words in itertools.product(*map(choices, overrides)))


def choices(override: Override) -> Iterator[str]:
    """The words that an override stands for: itself, or one for each value of a sweep."""
    if not override.is_sweep_override():
        yield override.input_line or ""
        return
    for value in override.sweep_iterator():
        yield f"{override.get_key_element()}={text_of_choice(value)}"


def options(override: Override) -> list[str | None]:
    """The options that an override chooses in a group; None for null."""
    if override.is_sweep_override():
        return list(override.sweep_string_iterator())
    value = override.value()
    values = value if isinstance(value, list) else [value]
    return [None if item is None else str(item) for item in values]


def values(override: Override) -> Iterator[Any]:
    """The values that an override gives to its key."""
    if not override.is_sweep_override():
        yield override.value()
        return
    parser = parser_of_overrides()
    for value in override.sweep_iterator():
        yield parser.parse_override(f"x={text_of_choice(value)}").value()


def items(config: Any, prefix: str = "") -> Iterator[tuple[str, Any]]:
    """Every dotted key of a config with its value, sections included; interpolations stay unresolved."""
    plain: Any = OmegaConf.to_container(config, resolve=False) if isinstance(config, DictConfig) else config
    for name, value in plain.items():
        yield f"{prefix}{name}", value
        if isinstance(value, dict):
            yield from items(value, f"{prefix}{name}.")


def without_hydra(composed: DictConfig) -> DictConfig:
    """A copy of a config without the section of Hydra."""
    plain = copy.deepcopy(composed)
    with open_dict(plain):
        del plain["hydra"]
    return plain
