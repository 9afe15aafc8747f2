"""All mistakes of a command line at once, each with its key, its value and the nearest thing that exists."""

import difflib
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from hydra import compose, initialize_config_dir
from hydra.core.global_hydra import GlobalHydra
from hydra.core.override_parser.overrides_parser import OverridesParser
from hydra.core.override_parser.types import Override
from hydra.errors import HydraException
from omegaconf import DictConfig, OmegaConf
from omegaconf.errors import OmegaConfBaseException

from ftk.config.paths import shipped_configs

_FLAGS_WITH_VALUE: tuple[str, ...] = (
    "--config-path",
    "-cp",
    "--config-name",
    "-cn",
    "--config-dir",
    "-cd",
    "--package",
    "-p",
)
_FLAGS_WITH_VALUE += ("--cfg", "-c", "--info", "-i", "--experimental-rerun")
_FLAGS_THAT_ONLY_PRINT = ("--help", "-h", "--hydra-help", "--version", "--shell-completion", "-sc", "--info", "-i")
_OTHER_FLAGS = ("--multirun", "-m", "--run", "-r", "--resolve")


@dataclass(frozen=True)
class Mistake:
    """One thing that cannot work: what the user wrote, and what to do about it."""

    what: str
    advice: str


def render(mistakes: list[Mistake]) -> str:
    """One message for all mistakes."""
    count = "1 mistake" if len(mistakes) == 1 else f"{len(mistakes)} mistakes"
    lines = [f"{count} in the configuration; nothing was run."]
    for mistake in mistakes:
        lines += ["", f"  {mistake.what}", *(f"      {line}" for line in mistake.advice.splitlines())]
    return "\n".join(lines)


def nearest(word: str, known: list[str]) -> str:
    """' Did you mean ...?' with the nearest known word, or nothing."""
    near = difflib.get_close_matches(word, known, n=1, cutoff=0.6)
    if not near:
        # optimizer.lrr: the last part alone is often what was meant; so is lr, where optimizer.lr is the key
        tail = {key.rsplit(".", 1)[-1]: key for key in reversed(known)}
        near = [tail[name] for name in difflib.get_close_matches(word.rsplit(".", 1)[-1], list(tail), n=1, cutoff=0.7)]
    return f" Did you mean '{near[0]}'?" if near else ""


def find_mistakes(command: str, argv: list[str]) -> list[Mistake]:
    """Compose the command line piece by piece and collect what is wrong with each piece."""
    flags, words = split(argv)
    mistakes = [
        Mistake(flag, f"There is no flag '{flag}'.{nearest(flag, _known_flags())} Keys are set as key=value.")
        for flag in flags
        if flag.split("=", 1)[0] not in _known_flags()
    ]
    if any(flag in _FLAGS_THAT_ONLY_PRINT for flag in flags) and not mistakes:
        return []
    config_dir = _value_of(argv, ("--config-dir", "-cd"))
    if config_dir is not None and not Path(config_dir).is_dir():
        return [*mistakes, Mistake(f"--config-dir {config_dir}", "There is no such folder.")]
    sweep = "--multirun" in flags or "-m" in flags
    GlobalHydra.instance().clear()
    search = [f"hydra.searchpath=[file://{Path(config_dir).resolve()}]"] if config_dir else []
    try:
        with initialize_config_dir(str(shipped_configs()), version_base="1.3", job_name="ftk"):
            return mistakes + _Lint(command, search, sweep=sweep).check(words)
    finally:
        GlobalHydra.instance().clear()


def split(argv: list[str]) -> tuple[list[str], list[str]]:
    """The flags and the overrides of a command line."""
    flags: list[str] = []
    words: list[str] = []
    skip = False
    for position, word in enumerate(argv):
        if skip:
            skip = False
        elif word.startswith("-"):
            flags.append(word)
            follows = argv[position + 1] if position + 1 < len(argv) else ""
            skip = word in _FLAGS_WITH_VALUE and bool(follows) and "=" not in follows
        else:
            words.append(word)
    return flags, words


def _known_flags() -> list[str]:
    return [*_FLAGS_WITH_VALUE, *_FLAGS_THAT_ONLY_PRINT, *_OTHER_FLAGS]


def _value_of(argv: list[str], names: tuple[str, ...]) -> str | None:
    for position, word in enumerate(argv):
        head, equals, value = word.partition("=")
        if head in names:
            return value if equals else (argv[position + 1] if position + 1 < len(argv) else "")
    return None


class _Lint:
    """The checks of one command line, under an initialised Hydra."""

    def __init__(self, command: str, search: list[str], *, sweep: bool) -> None:
        self.command = command
        self.search = search
        self.sweep = sweep
        self.mistakes: list[Mistake] = []

    def check(self, words: list[str]) -> list[Mistake]:
        overrides = [parsed for word in words if (parsed := self._parse(word)) is not None]
        groups = set(GlobalHydra.instance().config_loader().list_groups(""))
        chosen: list[str] = []
        values: list[Override] = []
        for override in overrides:
            key = override.key_or_group
            if key in groups and not key.startswith("hydra"):
                if self._check_group(override):
                    chosen.append(_first_choice(override))
            elif key.startswith("hydra"):
                continue
            else:
                values.append(override)
        try:
            composed = compose(self.command, overrides=[*self.search, *chosen])
        except (HydraException, OmegaConfBaseException) as error:
            return [*self.mistakes, Mistake(" ".join(chosen) or f"{self.command}.yaml", explain(error))]
        known = leaf_keys(composed)
        for override in values:
            self._check_value(override, composed, known, groups)
        return self.mistakes

    def _parse(self, word: str) -> Override | None:
        if "=" not in word and not word.startswith("~"):
            self.mistakes.append(Mistake(word, "This is not of the form key=value."))
            return None
        try:
            override = OverridesParser.create().parse_override(word)
        except HydraException as error:
            first = str(error).splitlines()[0]
            self.mistakes.append(
                Mistake(word, f"This cannot be read: {first}\nQuote what has special characters: \"key='a b, c'\".")
            )
            return None
        if override.is_sweep_override() and not self.sweep:
            self.mistakes.append(Mistake(word, "Several values for one key are a sweep: add -m, or quote the value."))
            return None
        return override

    def _check_group(self, override: Override) -> bool:
        group = override.key_or_group
        known = sorted(GlobalHydra.instance().config_loader().get_group_options(group))
        wanted = [value for value in _choices(override) if value is not None]
        unknown = [value for value in wanted if value not in known]
        for value in unknown:
            listing = f"There are: {', '.join(known)}."
            self.mistakes.append(
                Mistake(f"{group}={value}", f"The group '{group}' has no '{value}'.{nearest(value, known)} {listing}")
            )
        return not unknown

    def _check_value(self, override: Override, composed: DictConfig, known: list[str], groups: set[str]) -> None:
        text = override.input_line or override.key_or_group
        key = override.key_or_group
        if not _has_key(composed, key) and not (override.is_add() and _open_parent(composed, key)):
            hint = nearest(key, [*known, *groups])
            self.mistakes.append(Mistake(text, f"There is no key '{key}' for 'ftk {self.command}'.{hint}"))
            return
        if override.is_delete():
            return
        for value in _values(override):
            trial = composed.copy()
            OmegaConf.set_struct(trial, False)
            try:
                OmegaConf.update(trial, key, value, merge=True)
            except OmegaConfBaseException as error:
                self.mistakes.append(Mistake(text, explain(error)))
                return


def explain(error: Exception) -> str:
    """What Hydra or OmegaConf found, in few words and without its internals."""
    cause = error
    while cause.__cause__ is not None and isinstance(cause.__cause__, (OmegaConfBaseException, HydraException)):
        cause = cause.__cause__
    lines = [line.strip() for line in str(error).splitlines() if line.strip()]
    kept = [line for line in lines if not line.startswith(("object_type=", "full_key:", "reference_type=", "See "))]
    if cause is not error:
        first = str(cause).splitlines()[0].strip()
        kept = [line for line in kept if line != first] + [first]
    return "\n".join(kept[:12]) or type(error).__name__


def leaf_keys(config: Any, prefix: str = "") -> list[str]:
    """Every dotted key of a config, branches included."""
    keys: list[str] = []
    for name in config:
        path = f"{prefix}{name}"
        keys.append(path)
        node = config._get_node(name)
        if isinstance(node, DictConfig) and not node._is_none() and not node._is_interpolation():
            keys += leaf_keys(node, f"{path}.")
    return keys


def _has_key(config: DictConfig, key: str) -> bool:
    node: Any = config
    for part in key.split("."):
        if not isinstance(node, DictConfig) or node._is_none() or node._is_missing() or part not in node:
            return False
        node = node._get_node(part)
    return True


def _open_parent(config: DictConfig, key: str) -> bool:
    """Whether `+key=value` may add this key: only where keys are free, as in optimizer and model.config."""
    parent, _, _ = key.rpartition(".")
    if parent not in ("optimizer", "model.config"):
        return False
    return _has_key(config, parent)


def _choices(override: Override) -> list[str | None]:
    if override.is_sweep_override():
        return [str(value) for value in override.sweep_string_iterator()]
    value = override.value()
    values = value if isinstance(value, list) else [value]
    return [None if item is None else str(item) for item in values]


def _first_choice(override: Override) -> str:
    if override.is_sweep_override():
        return f"{override.get_key_element()}={next(iter(override.sweep_string_iterator()))}"
    return override.input_line or ""


def _values(override: Override) -> list[Any]:
    if not override.is_sweep_override():
        return [override.value()]
    parser = OverridesParser.create()
    return [parser.parse_override(f"x={text}").value() for text in override.sweep_string_iterator()]
