"""Hydra: the search path, one run or a sweep, and the errors said in ftk's own words."""

import os
import shlex
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any

import hydra
from hydra.core.config_store import ConfigStore
from hydra.core.hydra_config import HydraConfig
from hydra.core.override_parser.overrides_parser import OverridesParser
from hydra.core.override_parser.types import Override
from hydra.core.plugins import Plugins
from hydra.errors import HydraException
from hydra.plugins.search_path_plugin import SearchPathPlugin
from omegaconf import DictConfig, OmegaConf
from omegaconf.errors import OmegaConfBaseException

from ftk.config.command_line import CommandLine, as_text
from ftk.config.hydra_errors import explain
from ftk.config.lint import VERSION_BASE, checked_configs, typed
from ftk.config.mistakes import Mistake, render
from ftk.config.paths import shipped_configs, user_configs
from ftk.config.schema import SCHEMAS
from ftk.config.validate import check_values
from ftk.errors import ConfigError, FtkError, Interrupted, in_words, printable


@dataclass(frozen=True, kw_only=True)
class Invocation:
    """What a job has to know of the command line that started it."""

    command: str
    argv: tuple[str, ...]
    """Everything after the command word."""
    flags: tuple[str, ...]
    """Hydra's flags among them, each one word."""
    overrides: tuple[str, ...]
    """The overrides of this job."""
    swept: tuple[str, ...]
    """Those of them that the sweep chose; none outside a sweep."""
    choices: dict[str, str]
    """The option that was chosen of each group: {"task": "ner", "model": "minilm"}."""
    own_choices: frozenset[str]
    """The groups whose option is a file of the user's."""
    resolved: str
    """The composed config as YAML, interpolations resolved."""
    sweep_job: int | None
    """The number of this job in a sweep, counted from 0."""
    sweep_dir: Path | None
    """The folder that holds one folder a job of the sweep."""

    def command_line(self, *, without: tuple[str, ...] = (), extra: tuple[str, ...] = ()) -> str:
        """The command that repeats this job, quoted for a shell."""
        keep = [word for word in self._words() if _key(word) not in without]
        return shlex.join(["ftk", self.command, *keep, *extra])

    def sets(self, key: str) -> bool:
        """Whether the command line has a value for a key."""
        return any(_key(word) == key for word in self._words())

    def names(self, section: str) -> frozenset[str] | None:
        """The keys of a section that the user gave values to; None: all of them, they are in a file of the user's."""
        if section in self.own_choices:
            return None
        keys = (_key(word).split(".") for word in self.overrides)
        return frozenset(key[1] for key in keys if key[0] == section and len(key) > 1)

    def _words(self) -> list[str]:
        if self.sweep_job is None:
            return list(self.argv)
        # One job alone: run.dir is the folder of the whole sweep, which is not empty.
        flags = [word for word in self.flags if word != "--multirun"]
        return [*flags, *(word for word in self.overrides if _key(word) != "run.dir")]


@dataclass(kw_only=True)
class Outcome:
    """How a job ended."""

    invocation: Invocation
    metrics: dict[str, Any] = field(default_factory=dict)
    error: Exception | None = None


class FtkSearchPath(SearchPathPlugin):
    """The shipped configs, and before them the folders of ``FTK_CONFIG_PATH``."""

    def manipulate_search_path(self, search_path: Any) -> None:
        for provider, folder in reversed([*(("ftk-user", f) for f in user_configs()), ("ftk", shipped_configs())]):
            search_path.prepend(provider, f"file://{folder}")


Job = Callable[[Any, Invocation], dict[str, Any]]


def register() -> None:
    """Make the schemas and the user's config folders known to Hydra; again and again without harm."""
    user_configs()
    store = ConfigStore.instance()
    for command, schema in SCHEMAS.items():
        store.store(name=f"schema_{command}", node=schema)
    Plugins.instance().register(FtkSearchPath)


def run(command: str, argv: list[str], job: Job) -> list[Outcome]:
    """Compose the config that the command line describes and hand it to ``job``, once or for each job of a sweep.

    Args:
        command: the command word, which is the name of the primary config.
        argv: everything after the command word: overrides and Hydra's flags.
        job: takes the config as its dataclass, and the invocation; returns the metrics to show for a sweep.

    Returns:
        One outcome for each job that ran; empty where Hydra only printed something (``--cfg``, ``--help``).

    Raises:
        ConfigError: any mistake in the command line or in a config file, all of them in one message.
    """
    register()
    line = CommandLine.parse(argv)
    configs = checked_configs(command, line)
    sweep_dir = _sweep_dir(command, configs) if line.sweep else None
    outcomes: list[Outcome] = []

    def one_job(composed: DictConfig) -> None:
        invocation = _invocation(command, argv, line, composed, sweep_dir)
        outcome = Outcome(invocation=invocation)
        outcomes.append(outcome)
        try:
            config = typed(composed)
            # Again: what was there at the start may be gone, or come from a sweeper.
            problems = check_values(config, command)
            if problems:
                raise ConfigError(render(problems))
            outcome.metrics = job(config, invocation)
        except Interrupted as stopped:
            if stopped.signal_number:
                raise
            sys.stderr.write(f"ftk {command}: {stopped}\n")  # it was told to stop there: that is its end
        except Exception as error:
            outcome.error = error
            if invocation.sweep_job is not None:
                _show_failure(command, invocation.sweep_job, error)

    words = [*line.flag_words(), *_for_each_job(line.words)]
    if sweep_dir is not None:
        words.append(as_text("hydra.sweep.dir", str(sweep_dir)))
    with _arguments(f"ftk-{command}", words):
        try:
            hydra.main(version_base=VERSION_BASE, config_path=None, config_name=command)(one_job)()
        except SystemExit as stop:  # Hydra ends --help so
            if stop.code:
                raise
        except (HydraException, OmegaConfBaseException) as error:
            what, advice = explain(error, user_configs())
            raise ConfigError(render([Mistake(what or " ".join(argv), advice)])) from error
    for outcome in outcomes:
        if outcome.error is not None and outcome.invocation.sweep_job is None:
            raise outcome.error
    return outcomes


def _for_each_job(words: Sequence[str]) -> list[str]:
    """Words in which a value for a group that is swept is a sweep over that one value.

    Before its jobs Hydra composes a sweep without what is swept: with ``task=summarization,translation`` it would look
    for ``task.num_beams`` in the default task, and not find it.
    """
    parsed = [OverridesParser.create().parse_override(word) for word in words]
    swept = {override.key_or_group for override in parsed if override.is_sweep_override()}

    def one(word: str, override: Override) -> str:
        section, _, key = override.key_or_group.partition(".")
        if not key or section not in swept or override.is_sweep_override() or override.is_delete():
            return word
        name, _, value = word.partition("=")
        return f"{name}=choice({value})" if value else f"{name}=choice('')"

    return [one(word, override) for word, override in zip(words, parsed, strict=True)]


@contextmanager
def _arguments(program: str, words: list[str]) -> Iterator[None]:
    """Hydra reads its command line from ``sys.argv``, and raises its errors only if it is told to by a variable."""
    saved, sys.argv = sys.argv, [program, *words]
    variable = os.environ.get("HYDRA_FULL_ERROR")
    os.environ["HYDRA_FULL_ERROR"] = "1"
    try:
        yield
    finally:
        sys.argv = saved
        if variable is None:
            del os.environ["HYDRA_FULL_ERROR"]
        else:
            os.environ["HYDRA_FULL_ERROR"] = variable


def _show_failure(command: str, number: int, error: Exception) -> None:
    """A failed job is told at once; the others still run."""
    if not isinstance(error, (FtkError, OSError)) or os.environ.get("FTK_TRACEBACK") == "1":
        sys.excepthook(type(error), error, error.__traceback__)
    sys.stderr.write(printable(f"ftk {command}: job {number} failed: {in_words(error)}") + "\n")


def _sweep_dir(command: str, configs: list[Any]) -> Path:
    """Where a sweep puts its jobs: ``run.dir``, else a folder named after the command and the time."""
    named = list(dict.fromkeys(config.run.dir for config in configs))
    if len(named) > 1:
        advice = "A sweep has one run.dir, and in it a folder for each job."
        raise ConfigError(render([Mistake(f"run.dir={','.join(map(str, named))}", advice)]))
    if named and named[0] is not None:
        folder = Path(named[0]).expanduser()
        if folder.is_dir() and any(folder.iterdir()) and not all(c.run.overwrite or c.run.resume for c in configs):
            advice = "The folder is not empty. Add run.overwrite=true to replace the sweep in it, or name another."
            raise ConfigError(render([Mistake(f"run.dir={folder}", advice)]))
        return folder
    return Path("runs") / f"{command}-sweep-{datetime.now():%Y%m%d-%H%M%S}"


def _invocation(
    command: str, argv: list[str], line: CommandLine, composed: DictConfig, sweep_dir: Path | None
) -> Invocation:
    state = HydraConfig.get()
    choices = {group: str(option) for group, option in state.runtime.choices.items() if "/" not in group}
    own = [*user_configs(), *([Path(line.config_dir)] if line.config_dir else [])]
    fixed = {_key(word) for word in line.words if not OverridesParser.create().parse_override(word).is_sweep_override()}
    return Invocation(
        command=command,
        argv=tuple(argv),
        flags=tuple(line.flag_words()),
        overrides=tuple(state.overrides.task),
        swept=tuple(word for word in state.overrides.task if sweep_dir is not None and _key(word) not in fixed),
        choices=choices,
        own_choices=frozenset(
            group
            for group, option in choices.items()
            if any((folder / group / f"{option}.yaml").is_file() for folder in own)
        ),
        resolved=OmegaConf.to_yaml(composed, resolve=True),
        sweep_job=int(state.job.num) if sweep_dir is not None else None,
        sweep_dir=sweep_dir,
    )


def _key(word: str) -> str:
    return word.lstrip("+").partition("=")[0]
