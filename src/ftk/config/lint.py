"""All mistakes of a command line at once, each with its key, its value and the nearest thing that exists."""

import dataclasses
import itertools
import re
import shlex
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from hydra import compose, initialize_config_dir
from hydra.core.global_hydra import GlobalHydra
from hydra.core.override_parser.overrides_parser import OverridesParser
from hydra.core.override_parser.types import Override
from hydra.errors import HydraException
from omegaconf import DictConfig, OmegaConf, open_dict
from omegaconf.errors import OmegaConfBaseException

from ftk.config.command_line import CommandLine, as_text
from ftk.config.hydra_errors import explain, reworded
from ftk.config.mistakes import Mistake, render
from ftk.config.paths import shipped_configs, user_configs
from ftk.config.schema import SCHEMAS
from ftk.config.validate import check_values
from ftk.errors import ConfigError
from ftk.system.spelling import near_word, nearest

VERSION_BASE = "1.3"

_FREE = ("optimizer", "objective", "model.config", "model.image_processor", "model.tokenizer.special_tokens")
"""Where any key may be added: what is in them is passed on."""
_NOT_OURS = {
    "hydra.run.dir": "ftk writes to run.dir alone: run.dir=<folder>.",
    "hydra.sweep.dir": "A sweep is written to run.dir: run.dir=<folder>.",
    "hydra.sweep.subdir": "The jobs of a sweep are named by ftk, in run.dir.",
    "hydra.mode": "A sweep is asked for with -m.",
    "hydra/launcher": "The jobs of a sweep run here, one after the other.",
    "hydra/sweeper": "A sweep runs every combination of the values that are listed.",
}


def checked_configs(command: str, line: CommandLine) -> list[Any]:
    """Compose and check what a command line describes, before any of it is run.

    Returns:
        The typed config of the run, or of each job of a sweep; nothing where Hydra only prints.

    Raises:
        ConfigError: there are mistakes; the message names all of them.
    """
    mistakes = [*line.mistakes, *_check_config_dir(line.config_dir)]
    if mistakes:
        raise ConfigError(render(mistakes))
    with initialized(line.config_dir):
        lint = _Lint(command, line)
        configs = lint.run()
    if lint.mistakes:
        raise ConfigError(render(lint.mistakes)) from lint.cause
    return configs


@contextmanager
def initialized(config_dir: str | None) -> Iterator[None]:
    """Hydra's compose API over the folders that a command line would have; nothing of it is left behind."""
    GlobalHydra.instance().clear()
    try:
        # The shipped folder is found without this, too; but without a folder Hydra reads the source files of all its
        # callers to find one.
        folder = shipped_configs() if config_dir is None else Path(config_dir).absolute()
        initialize_config_dir(str(folder), version_base=VERSION_BASE, job_name="ftk")
        yield
    finally:
        GlobalHydra.instance().clear()


def _check_config_dir(name: str | None) -> list[Mistake]:
    if name is None:
        return []
    folder = Path(name)
    if not folder.is_dir():
        return [Mistake(f"--config-dir {name}", f"There is no such folder (looked at {folder.absolute()}).")]
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
            f"Give them other names, or put the folder first: FTK_CONFIG_PATH={name}.",
        )
    ]


class _Lint:
    """The checks of one command line, under an initialised Hydra."""

    def __init__(self, command: str, line: CommandLine) -> None:
        self.command = command
        self.line = line
        self.own_folders = [*user_configs(), *([Path(line.config_dir).absolute()] if line.config_dir else [])]
        self.loader = GlobalHydra.instance().config_loader()
        self.parser = OverridesParser.create(config_loader=self.loader)
        self.by_word: dict[int, Mistake] = {}
        self.others: list[Mistake] = []
        self.meant: set[str] = set()
        self.cause: Exception | None = None
        self.failed: list[str] = []
        """The words of the job that could not be composed."""
        self.pieces: dict[tuple[str, ...], DictConfig] = {}
        """What was composed of some of the words alone, Hydra's own section with it."""

    @property
    def mistakes(self) -> list[Mistake]:
        """Those of the words in their order, then those of the whole."""
        first = [self.by_word[position] for position in sorted(self.by_word)]
        return list(dict.fromkeys([*first, *self.others]))

    def run(self) -> list[Any]:
        """Compose all at once; only where that fails, look at each word by itself."""
        overrides = {
            position: parsed for position, word in enumerate(self.line.words) if (parsed := self._parse(position, word))
        }
        if not self.by_word:
            configs = self._compose_jobs(overrides)
            if configs is not None:
                return configs
        self._check_pieces(overrides)
        if self.by_word:
            good = {position: parsed for position, parsed in overrides.items() if position not in self.by_word}
            self._compose_jobs(good)
        elif self.cause is not None:
            self.others.append(self._of_one_job(self._explained(self.cause)))
        return []

    def _of_one_job(self, mistake: Mistake) -> Mistake:
        """A mistake with the job of a sweep that has it: what the first one has may be unknown to another."""
        if not self.line.sweep:
            return mistake
        return Mistake(mistake.what, f"{mistake.advice}\nThe job is: {shlex.join(self.failed)}")

    def _parse(self, position: int, word: str) -> Override | None:
        key, equals, value = word.partition("=")
        is_group = key.lstrip("+~") in self.loader.list_groups("")
        if not key or not (equals or word.startswith("~")):
            example = f": {key}=<{'option' if is_group else 'value'}>" if key else ""
            self.by_word[position] = Mistake(word or "''", f"This is not of the form key=value{example}.")
            return None
        try:
            override: Override = self.parser.parse_override(word)
        except HydraException:
            self.by_word[position] = Mistake(word, self._unreadable(key, value))
            return None
        if override.is_sweep_override():
            if not self.line.sweep:
                one = "" if is_group else f" If it is one value, write {_as_it_stands(key, value)}"
                self.by_word[position] = Mistake(word, f"Several values for one key are a sweep: add -m.{one}")
                return None
            advice = _uncountable(override)
            if advice is not None:
                self.by_word[position] = Mistake(word, advice)
                return None
        if override.key_or_group in _NOT_OURS:
            self.by_word[position] = Mistake(word, _NOT_OURS[override.key_or_group])
            return None
        return override

    def _unreadable(self, key: str, value: str) -> str:
        try:
            self.parser.parse_override(as_text(key, value))
        except HydraException:
            return "The key cannot be read: it is made of names with dots between them."
        return (
            "The value cannot be read: commas, [lists], {dicts}, (calls) and quotes have a meaning of their own. "
            f"If it is meant as it stands, write {_as_it_stands(key, value)}"
        )

    def _compose_jobs(self, overrides: dict[int, Override]) -> list[Any] | None:
        """Every job of these overrides as its checked config; None where one of them cannot be composed."""
        configs = []
        for words in _jobs(overrides):
            try:
                composed = self._compose(words)
            except Exception as error:  # Hydra and YAML raise all kinds for what users write
                self.cause, self.failed = error, words
                return None
            if self.line.only_prints:
                self._check_printing(composed)
                continue
            if missing := [key for key, value in items(composed) if value == "???"]:
                self.others.append(self._missing(missing, words))
                continue
            try:
                config = typed(composed)
            except ConfigError as error:
                what, _, advice = str(error).partition(": ")
                self.others.append(Mistake(what, advice))
                self.cause = error
                continue
            except Exception as error:  # a key that no dataclass has
                self.cause, self.failed = error, words
                return None
            self.others += [
                mistake for mistake in check_values(config, self.command) if not self._is_meant(mistake.what)
            ]
            configs.append(config)
        return configs

    def _compose(self, words: list[str]) -> DictConfig:
        composed = self.pieces.pop(tuple(words), None)
        if composed is None:
            return compose(self.command, overrides=words, return_hydra_config=self.line.shows_hydra)
        if not self.line.shows_hydra:
            with open_dict(composed):
                del composed["hydra"]
        return composed

    def _missing(self, keys: list[str], words: list[str]) -> Mistake:
        """Keys without a value: a section left out, or a file of the user's own that does not say all."""
        section = keys[0].partition(".")[0]
        chosen = [word.partition("=")[2] for word in words if word.startswith(f"{section}=")]
        hint = ""
        for folder in self.own_folders if chosen else []:
            if (path := folder / section / f"{chosen[-1]}.yaml").is_file():
                hint = f" If {path} begins with 'defaults: [auto]', the shipped file gives what it does not say."
        return Mistake(", ".join(keys), f"No config gives a value.{hint}")

    def _explained(self, error: Exception) -> Mistake:
        what, advice = explain(error, self.own_folders)
        return Mistake(what or " ".join(self.line.words) or f"{self.command}.yaml", advice)

    def _is_meant(self, what: str) -> bool:
        """Whether a value is missing only because its key is misspelt."""
        return what.partition("=")[0] in self.meant

    def _check_printing(self, composed: DictConfig) -> None:
        package = self.line.flags.get("--package", "_global_")
        if package != "_global_" and not _selects(composed, package):
            hint = nearest(package, [key for key, value in items(composed) if value is not None])
            self.others.append(Mistake(f"--package {package}", f"The config has nothing there.{hint}"))
        if "--resolve" in self.line.flags:
            try:
                OmegaConf.to_container(composed, resolve=True)
            except OmegaConfBaseException as error:
                self.others.append(self._explained(error))

    def _check_pieces(self, overrides: dict[int, Override]) -> None:
        groups = set(self.loader.list_groups(""))
        try:
            composed = self.pieces[()] = compose(self.command, return_hydra_config=True)
            used = {name for name in composed.hydra.runtime.choices if not name.startswith("hydra/")}
            chosen = []
            for position, override in overrides.items():
                if override.key_or_group in groups and not override.is_delete():
                    self._check_group(position, override, used)
                    if position not in self.by_word:
                        chosen.append(next(_choices(override)))
            if chosen:
                composed = compose(self.command, overrides=chosen, return_hydra_config=True)
                self.pieces[tuple(chosen)] = composed
        except Exception as error:  # a file of the user's own is wrong, or the choices do not go together
            self.others.append(self._explained(error))
            return
        known = {key: value for key, value in items(composed) if not f"{key}.".startswith("hydra.")}
        for position, override in overrides.items():
            if override.key_or_group not in groups and not override.key_or_group.startswith("hydra"):
                self._check_value(position, override, composed, known, used)

    def _check_group(self, position: int, override: Override, used: set[str]) -> None:
        group = override.key_or_group
        word = self.line.words[position]
        if group not in used:
            owner = _owner(group)
            belongs = f" ({owner})" if owner else ""
            advice = f"'ftk {self.command}' has no group '{group}'{belongs}; its groups are {', '.join(sorted(used))}."
            self.by_word[position] = Mistake(word, advice)
            return
        known = sorted(self.loader.get_group_options(group))
        for value in _options(override):
            if value is None:
                advice = f"A group takes the name of one of its options. ~{group} leaves it out where that is possible."
            elif value in known:
                continue
            else:
                advice = f"The group '{group}' has no '{value}'.{nearest(value, known)} There are: {', '.join(known)}."
            what = f"{group}={'null' if value is None else value}"
            self.by_word.setdefault(position, Mistake(what, advice))

    def _tasks_with(self, key: str) -> list[str]:
        """The shipped tasks that have a key that the chosen one has not."""
        section, _, name = key.partition(".")
        if section != "task" or not name:
            return []
        return [path.stem for path in sorted(shipped_configs().glob("task/*.yaml")) if name in OmegaConf.load(path)]

    def _check_value(
        self, position: int, override: Override, composed: DictConfig, known: dict[str, Any], used: set[str]
    ) -> None:
        key = override.key_or_group
        word = self.line.words[position]
        in_model = re.sub(r"^model\.towers\.\w+\.", "model.", key)  # an encoder has what a model has
        free = in_model.startswith(tuple(f"{parent}." for parent in _FREE))
        there = key in known
        if not there and not (free and (override.is_add() or override.is_force_add())):
            others = self._tasks_with(key)
            near = near_word(key, [*known, *used]) if not others else None
            self.meant |= {near} if near is not None else set()
            hint = f" Did you mean '{near}'?" if near is not None else ""
            if near == key.partition(".")[0]:  # the section alone says nothing
                there_are = [name for name in known if name.startswith(f"{near}.") and name.count(".") == 1]
                hint = f" There are: {', '.join(there_are)}." if there_are else hint
            can_add = free and key.rpartition(".")[0] in known and not override.is_delete()
            plus = f" A key that is not in the YAML is added with +{word}." if can_add else ""
            owner = f"{', '.join(f'task={name}' for name in others)} would have it" if others else ""
            if not hint and not others:
                owner = _owner(key, but=self.command)
            if key.startswith("task.") and known.get("task", "") is None:
                owner = "its fields can be set where the task is named: add task=<name>"
            belongs = f"; {owner}" if owner else ""
            advice = f"There is no key '{key}' for 'ftk {self.command}'{belongs}.{hint}{plus}"
            self.by_word[position] = Mistake(word, advice)
        elif there and override.is_add() and not override.is_force_add():
            self.by_word[position] = Mistake(word, f"The key is there already; leave out the +: {word[1:]}.")
        elif override.is_delete():
            if not free:
                advice = (
                    f"This key cannot be left out; only keys of {', '.join(_FREE)} can. Set it, if need be to null."
                )
                self.by_word[position] = Mistake(word, advice)
        else:
            for value in _values(override):
                trial = composed.copy()
                OmegaConf.set_struct(trial, False)
                try:
                    OmegaConf.update(trial, key, value, merge=True)
                except OmegaConfBaseException as error:
                    self.by_word[position] = Mistake(word, self._explained(error).advice)
                    return


def typed(composed: DictConfig) -> Any:
    """The composed config as the dataclass of its command: OmegaConf ends here.

    Raises:
        ConfigError: an interpolation points nowhere; the text begins with the key.
    """
    try:
        return OmegaConf.to_object(composed)
    except OmegaConfBaseException as error:
        raise ConfigError(f"{error.full_key or 'the config'}: {reworded(str(error).splitlines()[0])}") from error


def items(config: Any, prefix: str = "") -> Iterator[tuple[str, Any]]:
    """Every dotted key of a config with its value, branches included, nothing resolved."""
    plain: Any = OmegaConf.to_container(config, resolve=False) if isinstance(config, DictConfig) else config
    for name, value in plain.items():
        yield f"{prefix}{name}", value
        if isinstance(value, dict):
            yield from items(value, f"{prefix}{name}.")


def _jobs(overrides: dict[int, Override]) -> Iterator[list[str]]:
    """The override words of each job: one list, or in a sweep one for each combination."""
    choices = [list(_choices(override)) for override in overrides.values()]
    return (list(words) for words in itertools.product(*choices))


def _uncountable(override: Override) -> str | None:
    """What is to be done where the values of a sweep cannot be listed, or where there is none."""
    counted = "A sweep needs values that can be counted: a,b,c or range(1,4)."
    if not override.is_discrete_sweep():
        return counted
    try:
        first = next(_choices(override), None)
    except (HydraException, ValueError):  # a glob, which Hydra looks up in a way of its own; a range in steps of 0
        return counted
    return None if first is not None else "There is no value in it; the end of a range is not one of them."


def _choices(override: Override) -> Iterator[str]:
    if not override.is_sweep_override():
        yield override.input_line or ""
        return
    for text in override.sweep_string_iterator():
        yield f"{override.get_key_element()}={text}"


def _options(override: Override) -> list[str | None]:
    if override.is_sweep_override():
        return list(override.sweep_string_iterator())
    value = override.value()
    values = value if isinstance(value, list) else [value]
    return [None if item is None else str(item) for item in values]


def _values(override: Override) -> Iterator[Any]:
    if not override.is_sweep_override():
        yield override.value()
        return
    parser = OverridesParser.create()
    for text in override.sweep_string_iterator():
        yield parser.parse_override(f"x={text}").value()


def _owner(key: str, *, but: str = "") -> str:
    """'it belongs to ...' with the commands that have a key; empty where none has, or the one that is asked has."""
    commands = [name for name, schema in SCHEMAS.items() if _has(schema, key)]
    return f"it belongs to ftk {' and '.join(commands)}" if commands and but not in commands else ""


def _has(schema: Any, key: str) -> bool:
    """Whether a dataclass has a key; what is in a section without a dataclass may have any name."""
    if not dataclasses.is_dataclass(schema):
        return True
    name, _, rest = key.partition(".")
    kinds = {field.name: field.type for field in dataclasses.fields(schema)}
    return name in kinds and (not rest or _has(kinds[name], rest))


def _selects(config: DictConfig, key: str) -> bool:
    try:
        return OmegaConf.select(config, key) is not None
    except OmegaConfBaseException:
        return False


def _as_it_stands(key: str, value: str) -> str:
    """How a value is written in a shell that is one text, whatever signs are in it."""
    word = as_text(key, value)
    return shlex.quote(word) if any(sign in word for sign in '"$`\\!') else f'"{word}"'
