"""Finds the mistake in each override, one after the other, when they cannot be composed together."""

import dataclasses
import re
from collections.abc import Mapping, Sequence
from datetime import datetime
from pathlib import Path
from typing import Any

from hydra import compose
from hydra.core.config_loader import ConfigLoader
from hydra.core.override_parser.types import Override
from omegaconf import DictConfig, OmegaConf
from omegaconf.errors import OmegaConfBaseException

from ftk.config.hydra_errors import explain
from ftk.config.mistakes import ConfigMistakes, Mistake
from ftk.config.overrides import choices, items, options, values
from ftk.config.paths import shipped_configs, shipped_files, values_of
from ftk.config.schema import SCHEMAS
from ftk.config.spelling.writing import quoted
from ftk.errors import ConfigError
from ftk.system.locks import kept_names
from ftk.system.paths import expanded
from ftk.system.spelling import did_you_mean, near_word

_FREE = ("optimizer", "objective", "model.config", "model.image_processor", "model.tokenizer.special_tokens")
"""Sections where any key may be added, because their content is passed on."""


class WordChecks:
    """The checks of the overrides of one command line, under an initialized Hydra."""

    def __init__(
        self,
        command: str,
        words: Sequence[str],
        loader: ConfigLoader,
        own_folders: Sequence[Path],
        mistakes: dict[int, Mistake],
    ) -> None:
        """
        Args:
            command: the command word.
            words: the overrides as they were written, for messages.
            loader: knows the groups and their options.
            own_folders: the user's folders of configs.
            mistakes: those found so far, by the position of the override; ``check`` adds to them.
        """
        self._command = command
        self._words = words
        self._loader = loader
        self._own_folders = own_folders
        self.mistakes = mistakes
        self.meant: set[str] = set()
        """The keys that misspelt ones most likely mean: whether they have a value is unknown."""
        self.composed: dict[tuple[str, ...], DictConfig] = {}
        """The config of some of the words, Hydra's own section included."""
        self.error: Exception | None = None
        """Why the chosen groups cannot be composed: one of the user's files has a mistake, or they are incompatible."""

    def check(self, overrides: Mapping[int, Override]) -> None:
        """Compose the choices of groups first, then look at each value in the result."""
        groups = set(self._loader.list_groups(""))
        try:
            composed = self._compose(())
            used = {name for name in composed.hydra.runtime.choices if not name.startswith("hydra/")}
            chosen: dict[int, str] = {}
            for position, override in overrides.items():
                if override.key_or_group in groups and not override.is_delete():
                    self._check_group(position, override, used)
                    if position not in self.mistakes:
                        chosen[position] = next(choices(override))
            if chosen:
                composed = self._compose_choices(chosen)
        except Exception as error:  # Hydra and YAML raise errors of all kinds for mistakes of users
            self.error = error
            return
        known = {key: value for key, value in items(composed) if not f"{key}.".startswith("hydra.")}
        for position, override in overrides.items():
            if override.key_or_group not in groups and not override.key_or_group.startswith("hydra"):
                mistake = self._of_value(self._words[position], override, composed, known, used)
                if mistake is not None:
                    self.mistakes[position] = mistake

    def _compose(self, words: tuple[str, ...]) -> DictConfig:
        composed = self.composed[words] = compose(self._command, overrides=list(words), return_hydra_config=True)
        return composed

    def _compose_choices(self, chosen: dict[int, str]) -> DictConfig:
        """The config of the chosen options, without those that cannot be composed even alone: they are mistakes."""
        try:
            return self._compose(tuple(chosen.values()))
        except Exception:
            for position, word in list(chosen.items()):
                fault = self._fault(word)
                if fault is not None:
                    more = word.startswith("+") and self._fault(word.lstrip("+")) is None
                    without = f"The group is there already; leave out the +: {quoted(word.lstrip('+'))}."
                    self.mistakes[position] = Mistake(self._words[position], without if more else fault)
                    del chosen[position]
            return self._compose(tuple(chosen.values()))

    def _fault(self, word: str) -> str | None:
        """Why the option that a word chooses cannot be composed, alone; None if it can, or a file is to blame."""
        try:
            self._compose((word,))
        except Exception as error:  # of any kind, as above
            place, advice = explain(error, self._own_folders)
            return None if place else advice
        return None

    def _check_group(self, position: int, override: Override, used: set[str]) -> None:
        group = override.key_or_group
        if group not in used:
            owner = _owner(group)
            belongs = f" ({owner})" if owner else ""
            advice = f"'ftk {self._command}' has no group '{group}'{belongs}; its groups are {', '.join(sorted(used))}."
            self.mistakes[position] = Mistake(self._words[position], advice)
            return
        known = sorted(self._loader.get_group_options(group))
        for value in options(override):
            if value is None:
                advice = f"A group takes the name of one of its options. ~{group} leaves it out where that is possible."
            elif value in known:
                continue
            else:
                hint = did_you_mean(value, known)
                advice = f"The group '{group}' has no '{value}'.{hint} There are: {', '.join(known)}."
            what = f"{group}={'null' if value is None else value}"
            self.mistakes.setdefault(position, Mistake(what, advice))

    def _of_value(
        self, word: str, override: Override, composed: DictConfig, known: Mapping[str, Any], used: set[str]
    ) -> Mistake | None:
        key = override.key_or_group
        in_model = re.sub(r"^model\.towers\.\w+\.", "model.", key)  # a tower has the keys of a model
        free = in_model.startswith(tuple(f"{parent}." for parent in _FREE))
        there = key in known
        if not there and not (free and (override.is_add() or override.is_force_add())):
            return self._unknown_key(word, override, known, used, free=free)
        if there and override.is_add() and not override.is_force_add():
            return Mistake(word, f"The key is there already; leave out the +: {quoted(word[1:])}.")
        if override.is_delete():
            if free:
                return None
            advice = f"This key cannot be left out; only keys of {', '.join(_FREE)} can. Set it, if necessary to null."
            return Mistake(word, advice)
        for value in values(override):
            trial = composed.copy()
            OmegaConf.set_struct(trial, False)
            try:
                OmegaConf.update(trial, key, value, merge=True)
            except OmegaConfBaseException as error:
                return Mistake(word, explain(error, self._own_folders)[1])
        return None

    def _unknown_key(
        self, word: str, override: Override, known: Mapping[str, Any], used: set[str], *, free: bool
    ) -> Mistake:
        key = override.key_or_group
        tasks = _tasks_with(key)
        near = near_word(key, [*known, *used]) if not tasks else None
        self.meant |= {near} if near is not None else set()
        hint = f" Did you mean '{near}'?" if near is not None else ""
        if near == key.partition(".")[0]:  # the section alone is no help: list its keys
            there_are = [name for name in known if name.startswith(f"{near}.") and name.count(".") == 1]
            hint = f" There are: {', '.join(there_are)}." if there_are else hint
        can_add = free and key.rpartition(".")[0] in known and not override.is_delete()
        plus = f" A key that is not in the YAML is added with {quoted(f'+{word}')}." if can_add else ""
        owner = f"{', '.join(f'task={name}' for name in tasks)} would have it" if tasks else ""
        if not hint and not tasks:
            owner = _owner(key, but=self._command)
        if key.startswith("task.") and known.get("task", "") is None:
            owner = "its fields can be set where the task is named: add task=<name>"
        if key.startswith("model.") and known.get("model", "") is None:
            owner, hint = "its keys can be set where a model is named: add model=auto", ""
        belongs = f"; {owner}" if owner else ""
        return Mistake(word, f"There is no key '{key}' for 'ftk {self._command}'{belongs}.{hint}{plus}")


def check_config_dir(name: str | None) -> list[Mistake]:
    """Mistakes in the folder that ``--config-dir`` names: it must exist, and hold no config that a shipped one would
    hide."""
    if name is None:
        return []
    folder = Path(name)
    if not folder.is_dir():
        return [Mistake(f"--config-dir {name}", f"There is no such folder (resolved to {folder.absolute()}).")]
    hidden = [
        own
        for path in sorted(shipped_configs().rglob("*.yaml"))
        if (folder / (own := path.relative_to(shipped_configs()))).is_file()
        and (folder / own).read_bytes() != path.read_bytes()
    ]
    if not hidden:
        return []
    return [
        Mistake(
            f"--config-dir {name}",
            f"Shipped configs come before this folder and would hide {', '.join(map(str, hidden))}. "
            f"Give them other names, or put the folder first: FTK_CONFIG_PATH={quoted(name)}.",
        )
    ]


def check_package(package: str, composed: DictConfig) -> list[Mistake]:
    """Mistakes in the section that ``--package`` names."""
    try:
        if package == "_global_" or OmegaConf.select(composed, package) is not None:
            return []
    except OmegaConfBaseException:
        pass  # the name cannot be read, so no section has it
    hint = did_you_mean(package, [key for key, value in items(composed) if value is not None])
    return [Mistake(f"--package {package}", f"The config has nothing there.{hint}")]


def sweep_dir(command: str, configs: Sequence[Any]) -> Path:
    """The folder of a sweep: ``sweep.dir``, or ``run.dir``, or one named after the command and the time.

    Raises:
        ConfigMistakes: the jobs name different folders, or one that holds something else.
    """
    for config in configs:
        if None not in (config.sweep.dir, config.run.dir) and config.sweep.dir != config.run.dir:
            what = f"sweep.dir={config.sweep.dir} run.dir={config.run.dir}"
            raise ConfigMistakes([Mistake(what, "Both name the folder of the sweep; leave out one of them.")])
    keys = ["run.dir" if config.sweep.dir is None else "sweep.dir" for config in configs]
    named = list(dict.fromkeys(config.run.dir if config.sweep.dir is None else config.sweep.dir for config in configs))
    if len(named) > 1:
        advice = f"A sweep has one {keys[0]}, and in it a folder for each job."
        raise ConfigMistakes([Mistake(f"{keys[0]}={','.join(map(str, named))}", advice)])
    if not named or named[0] is None:
        return Path("runs") / f"{command}-sweep-{datetime.now():%Y%m%d-%H%M%S}"
    try:
        folder = expanded(named[0])
    except ConfigError as error:
        raise ConfigMistakes([Mistake(f"{keys[0]}={named[0]}", Mistake.of(str(error)).advice)]) from error
    if (wrong := _holds_no_sweep(folder)) is not None:
        raise ConfigMistakes([Mistake(f"{keys[0]}={named[0]}", wrong)])
    return folder


def _holds_no_sweep(folder: Path) -> str | None:
    """Why a folder cannot be that of a sweep; None if it is new, empty or has runs."""
    if folder.exists() and not folder.is_dir():
        return "This is a file, not a folder; name a folder."
    if not folder.is_dir() or not kept_names(path.name for path in folder.iterdir()):
        return None
    if (folder / "config.yaml").is_file():
        return "The folder is not empty. It is that of a single run; name another one for the sweep."
    if any(folder.glob("*/config.yaml")) or any((folder / name).is_file() for name in ("sweep.json", "results.csv")):
        return None
    return "The folder is not empty. It holds no sweep to go on with; name another one."


def _tasks_with(key: str) -> list[str]:
    """The shipped tasks that have a field; none for a key of another section."""
    section, _, name = key.partition(".")
    if section != "task" or not name:
        return []
    files = shipped_files()
    return [file.removeprefix("task/") for file in files if file.startswith("task/") and name in values_of(file, files)]


def _owner(key: str, *, but: str = "") -> str:
    """'it belongs to ...' with the commands that have a key; empty if none has it, or ``but`` has it too."""
    commands = [name for name, schema in SCHEMAS.items() if _has(schema, key)]
    return f"it belongs to ftk {' and '.join(commands)}" if commands and but not in commands else ""


def _has(schema: Any, key: str) -> bool:
    """Whether a dataclass has a key. A section without a dataclass may have any."""
    if not dataclasses.is_dataclass(schema):
        return True
    name, _, rest = key.partition(".")
    kinds = {field.name: field.type for field in dataclasses.fields(schema)}
    return name in kinds and (not rest or _has(kinds[name], rest))
