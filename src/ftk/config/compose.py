"""Hydra: the search path, one run or a sweep, and the errors said in ftk's own words."""

import shlex
import sys
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any

import hydra
from hydra.core.config_store import ConfigStore
from hydra.core.hydra_config import HydraConfig
from hydra.core.plugins import Plugins
from hydra.plugins.search_path_plugin import SearchPathPlugin
from omegaconf import DictConfig, OmegaConf
from omegaconf.errors import OmegaConfBaseException

from ftk.config.lint import find_mistakes, render, split
from ftk.config.paths import shipped_configs, user_configs
from ftk.config.schema import SCHEMAS
from ftk.config.validate import check_values
from ftk.errors import ConfigError, FtkError

VERSION_BASE = "1.3"


@dataclass(frozen=True, kw_only=True)
class Invocation:
    """What a job has to know of the command line that started it."""

    command: str
    argv: tuple[str, ...]
    """Everything after the command word."""
    overrides: tuple[str, ...]
    """The overrides of this job; in a sweep, those that the sweep chose among them."""
    choices: dict[str, str]
    """The option that was chosen of each group: {"task": "ner", "model": "minilm"}."""
    resolved: str
    """The composed config as YAML, interpolations resolved."""
    sweep_job: int | None
    """The number of this job in a sweep, counted from 0."""
    sweep_dir: Path | None
    """The folder that holds one folder a job of the sweep."""

    def command_line(self, *, without: tuple[str, ...] = (), extra: tuple[str, ...] = ()) -> str:
        """The command that repeats this job, quoted for a shell."""
        keep = [word for word in self._words() if word.split("=", 1)[0] not in without]
        return shlex.join(["ftk", self.command, *keep, *extra])

    def _words(self) -> list[str]:
        if self.sweep_job is None:
            return list(self.argv)
        flags = [word for word in self.argv if word.startswith("-") and word not in ("-m", "--multirun")]
        return [*flags, *self.overrides]


@dataclass(kw_only=True)
class Outcome:
    """How a job ended."""

    invocation: Invocation
    metrics: dict[str, Any] = field(default_factory=dict)
    error: Exception | None = None


class FtkSearchPath(SearchPathPlugin):
    """Puts the folders of ``FTK_CONFIG_PATH`` before the shipped configs."""

    def manipulate_search_path(self, search_path: Any) -> None:
        for folder in reversed(user_configs()):
            search_path.prepend("ftk-user", f"file://{folder}")


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
    mistakes = find_mistakes(command, argv)
    if mistakes:
        raise ConfigError(render(mistakes))
    outcomes: list[Outcome] = []
    flags, words = split(argv)
    sweep_dir = _sweep_dir(command, words) if {"-m", "--multirun"} & set(flags) else None

    def one_job(composed: DictConfig) -> None:
        invocation = _invocation(command, argv, composed, sweep_dir)
        try:
            config = typed(composed)
            problems = check_values(config)
            if problems:
                raise ConfigError(render(problems))
            outcomes.append(Outcome(invocation=invocation, metrics=job(config, invocation)))
        except FtkError as error:
            outcomes.append(Outcome(invocation=invocation, error=error))
        except Exception as error:
            if invocation.sweep_job is None:
                outcomes.append(Outcome(invocation=invocation, error=error))
            else:  # a bug in one job does not take the others with it; its traceback is shown at once
                sys.excepthook(type(error), error, error.__traceback__)
                outcomes.append(Outcome(invocation=invocation, error=error))
        if outcomes[-1].error is not None and invocation.sweep_job is not None:
            sys.stderr.write(f"ftk {command}: job {invocation.sweep_job} failed: {outcomes[-1].error}\n")

    saved = sys.argv
    sys.argv = [f"ftk-{command}", *argv, *([f"hydra.sweep.dir='{sweep_dir}'"] if sweep_dir else [])]
    try:
        hydra.main(version_base=VERSION_BASE, config_path=str(shipped_configs()), config_name=command)(one_job)()
    finally:
        sys.argv = saved
    if len(outcomes) == 1 and outcomes[0].invocation.sweep_job is None:
        error = outcomes[0].error
        if error is not None:
            raise error
    return outcomes


def typed(composed: DictConfig) -> Any:
    """The composed config as the dataclass of its command: OmegaConf ends here.

    Raises:
        ConfigError: a value is missing or an interpolation points nowhere.
    """
    try:
        return OmegaConf.to_object(composed)
    except OmegaConfBaseException as error:
        raise ConfigError(f"{error.full_key or 'the config'}: {str(error).splitlines()[0]}") from error


def _sweep_dir(command: str, words: list[str]) -> Path:
    """Where a sweep puts its jobs: ``run.dir``, else a folder named after the command and the time."""
    named = [word.partition("=")[2] for word in words if word.startswith("run.dir=")]
    return Path(named[-1]) if named else Path("runs") / f"{command}-sweep-{datetime.now():%Y%m%d-%H%M%S}"


def _invocation(command: str, argv: list[str], composed: DictConfig, sweep_dir: Path | None) -> Invocation:
    state = HydraConfig.get()
    try:
        resolved = OmegaConf.to_yaml(composed, resolve=True)
    except OmegaConfBaseException as error:
        raise ConfigError(f"{error.full_key or 'the config'}: {str(error).splitlines()[0]}") from error
    return Invocation(
        command=command,
        argv=tuple(argv),
        overrides=tuple(state.overrides.task),
        choices={group: str(option) for group, option in state.runtime.choices.items() if "/" not in group},
        resolved=resolved,
        sweep_job=int(state.job.num) if sweep_dir is not None else None,
        sweep_dir=sweep_dir,
    )
