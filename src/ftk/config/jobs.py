"""The jobs of a command line: each is composed by Hydra once, typed and checked before any of them runs."""

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from hydra import compose, initialize_config_dir
from hydra.core.config_store import ConfigStore
from hydra.core.global_hydra import GlobalHydra
from hydra.core.hydra_config import HydraConfig
from hydra.core.override_parser.types import Override
from hydra.core.plugins import Plugins
from hydra.plugins.search_path_plugin import SearchPathPlugin
from hydra.types import RunMode
from omegaconf import DictConfig, OmegaConf, open_dict, read_write
from omegaconf.errors import OmegaConfBaseException

from ftk.config.checking import WordChecks, check_config_dir, check_package, sweep_dir
from ftk.config.command_line import CommandLine, readable
from ftk.config.hydra_errors import explain, reworded
from ftk.config.invocation import Invocation, key_of
from ftk.config.mistakes import ConfigMistakes, Mistake
from ftk.config.overrides import SET_BY_FTK, items, jobs, parsed, without_hydra
from ftk.config.paths import shipped_configs, user_configs
from ftk.config.schema import SCHEMAS
from ftk.config.similar_jobs import SimilarJobs
from ftk.config.spelling.grammar import as_people_write, teach_hydra
from ftk.config.spelling.writing import command as command_of

VERSION_BASE = "1.3"

Check = Callable[[Any, str], list[Mistake]]
"""Finds the mistakes in the typed config of a command."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Job:
    """One run of a command, composed and checked."""

    config: Any
    """The dataclass of the command, from `ftk.config.schema`."""
    invocation: Invocation
    composed: DictConfig = field(repr=False)
    """What Hydra composed, its own section included."""


class FtkSearchPath(SearchPathPlugin):
    """The shipped configs, and before them the folders of ``FTK_CONFIG_PATH``."""

    def manipulate_search_path(self, search_path: Any) -> None:
        for provider, folder in reversed([*(("ftk-user", f) for f in user_configs()), ("ftk", shipped_configs())]):
            search_path.prepend(provider, f"file://{folder}")


def register() -> None:
    """Make the schemas and the folders of configs known to Hydra; calling it again changes nothing."""
    user_configs()
    teach_hydra()
    store = ConfigStore.instance()
    for command, schema in SCHEMAS.items():
        store.store(name=f"schema_{command}", node=schema)
    Plugins.instance().register(FtkSearchPath)


@contextmanager
def uninitialized() -> Iterator[None]:
    """A Hydra that nothing has initialized; afterwards it is as it was before."""
    before, hydra_config = GlobalHydra.instance().hydra, HydraConfig.instance().cfg
    GlobalHydra.instance().clear()
    try:
        yield
    finally:
        GlobalHydra.instance().hydra, HydraConfig.instance().cfg = before, hydra_config


@contextmanager
def initialized(config_dir: str | None) -> Iterator[None]:
    """Hydra's compose API over the folders of a command line; afterwards Hydra is as it was before."""
    with uninitialized():
        # The search path has the shipped folder in any case. But given no folder at all, Hydra reads the source files
        # of all its callers to find one.
        folder = shipped_configs() if config_dir is None else Path(config_dir).absolute()
        initialize_config_dir(str(folder), version_base=VERSION_BASE, job_name="ftk")
        yield


def typed(composed: DictConfig) -> Any:
    """The composed config as the dataclass of its command; OmegaConf ends here.

    Raises:
        ConfigMistakes: an interpolation refers to no key.
    """
    try:
        return OmegaConf.to_object(composed)
    except OmegaConfBaseException as error:
        raise ConfigMistakes([Mistake(error.full_key or "the config", reworded(str(error).splitlines()[0]))]) from error


def check_command_line(command: str, line: CommandLine, *, check: Check) -> list[Job]:
    """Compose and check all that a command line describes, before any of it runs.

    Args:
        command: the command word, which is the name of the primary config.
        line: what follows the command word.
        check: finds the mistakes that a typed config has.

    Returns:
        The job, or the jobs of a sweep; none if Hydra only prints something.

    Raises:
        ConfigMistakes: there are mistakes; the message names all of them.
    """
    if mistakes := [*line.mistakes, *check_config_dir(line.config_dir)]:
        raise ConfigMistakes(mistakes)
    register()
    with initialized(line.config_dir):
        return _Jobs(command, line, check).checked()


@dataclass(frozen=True, slots=True)
class _Composed:
    """A job whose place in the run folder of a sweep is not known yet."""

    config: Any
    whole: DictConfig
    plain: DictConfig
    """Without Hydra's section."""


class _Jobs:
    """Composes the jobs of one command line, under an initialized Hydra."""

    def __init__(self, command: str, line: CommandLine, check: Check) -> None:
        self.command = command
        self.line = line
        self.check = check
        self.words = line.words
        self.written = line.written
        self.own_folders = [*user_configs(), *([Path(line.config_dir).absolute()] if line.config_dir else [])]
        self.loader = GlobalHydra.instance().config_loader()
        self.composed_before: dict[tuple[str, ...], DictConfig] = {}
        self.mistakes: list[Mistake] = []
        """Those of whole configs, not of single words."""
        self.meant: set[str] = set()
        """Keys that may lack a value only because they are misspelt."""
        self.cause: Exception | None = None
        self.failed: list[str] = []
        """The words of the job that could not be composed."""

    def checked(self) -> list[Job]:
        """Compose all words at once; only if that fails, look at each by itself."""
        if self.line.sweep:
            self._add_words_of_yaml()
        overrides, by_word = parsed(self.words, self.written, self.loader, sweep=self.line.sweep, command=self.command)
        composed = None if by_word else self._compose_jobs(overrides)
        if composed is None:
            checks = WordChecks(self.command, self.written, self.loader, self.own_folders, by_word)
            checks.check(overrides)
            self.meant, self.composed_before = checks.meant, checks.composed
            if checks.error is not None:
                self.mistakes.append(self._explained(checks.error))
            if by_word:
                self._compose_jobs({at: override for at, override in overrides.items() if at not in by_word})
            elif self.cause is not None:
                self.mistakes.append(self._of_one_job(self._explained(self.cause)))
        if mistakes := list(dict.fromkeys([*(by_word[at] for at in sorted(by_word)), *self.mistakes])):
            raise ConfigMistakes(mistakes) from self.cause
        fixed = {key_of(self.words[at]) for at, override in overrides.items() if not override.is_sweep_override()}
        return self._jobs(composed or [], fixed)

    def _add_words_of_yaml(self) -> None:
        """A config may sweep, too: ``hydra.sweeper.params`` are words before those of the command line."""
        overrides, by_word = parsed(self.words, self.written, self.loader, sweep=True, command=self.command)
        if by_word:
            return
        words = next(jobs(overrides.values()))
        try:
            composed = self.composed_before[tuple(words)] = self._compose(words)
        except Exception:  # reported when all jobs are composed
            return
        params = OmegaConf.select(composed, "hydra.sweeper.params") or {}
        added = [f"{key}={value}" for key, value in params.items()]
        self.words = (*(readable(word, sweep=True) for word in added), *self.words)
        self.written = (*added, *self.written)

    def _of_one_job(self, mistake: Mistake) -> Mistake:
        """A mistake with the job of a sweep that has it: a key of one job may be unknown to another."""
        if not self.line.sweep:
            return mistake
        return Mistake(mistake.what, f"{mistake.advice}\nThe job is: {command_of(self.failed)}")

    def _compose_jobs(self, overrides: Mapping[int, Override]) -> list[_Composed] | None:
        """Compose, type and check each job of these overrides; None if one of them cannot be composed."""
        found: list[_Composed] = []
        similar = SimilarJobs(overrides.values(), self.loader)
        for number, words in enumerate(jobs(overrides.values())):
            try:
                composed = similar.like_another(words) or similar.kept(words, self._compose(words))
                if self.line.only_prints:
                    self._check_printing(composed)
                    continue
                job = self._typed(composed, words, number, found[0].plain if found else None)
                found_here = self.check(job.config, self.command)
                self.mistakes += [one for one in found_here if key_of(one.what) not in self.meant]
                found.append(job)
            except ConfigMistakes as error:
                self.mistakes += error.mistakes
                self.cause = error
            except Exception as error:  # Hydra and YAML raise errors of all kinds for mistakes of users
                self.cause, self.failed = error, words
                return None
        return found

    def _compose(self, words: list[str]) -> DictConfig:
        found = self.composed_before.pop(tuple(words), None)
        return found or compose(self.command, overrides=words, return_hydra_config=True)

    def _typed(self, composed: DictConfig, words: list[str], number: int, first: DictConfig | None) -> _Composed:
        """A job as its dataclass; ``${now:}`` has the value that it has in the first job."""
        choices = composed.hydra.runtime.choices
        wrong = [f"{name}={choices[name]}" for name in ("hydra/launcher", "hydra/sweeper") if choices[name] != "basic"]
        wrong += ["hydra.mode=MULTIRUN"] if composed.hydra.mode is RunMode.MULTIRUN and not self.line.sweep else []
        if wrong:
            raise ConfigMistakes([Mistake(what, SET_BY_FTK[key_of(what)]) for what in wrong])
        with open_dict(composed.hydra):
            composed.hydra.mode = RunMode.MULTIRUN if self.line.sweep else RunMode.RUN
            if self.line.sweep:
                composed.hydra.job.num, composed.hydra.job.id = number, str(number)
        plain = without_hydra(composed)
        if first is not None:
            OmegaConf.copy_cache(from_config=first, to_config=plain)
        if missing := [key for key, value in items(plain) if value == "???"]:
            raise ConfigMistakes([self._missing(missing, words)])
        HydraConfig.instance().set_config(composed)
        return _Composed(typed(plain), composed, plain)

    def _missing(self, keys: list[str], words: list[str]) -> Mistake:
        """Keys without a value: a section is missing, or one of the user's files does not set all of its keys."""
        section = keys[0].partition(".")[0]
        chosen = [word.partition("=")[2] for word in words if word.startswith(f"{section}=")]
        hint = ""
        for folder in self.own_folders if chosen else []:
            if (path := folder / section / f"{chosen[-1]}.yaml").is_file():
                hint = f" If {path} begins with 'defaults: [auto]', the shipped file sets the keys that it lacks."
        return Mistake(", ".join(keys), f"No config gives a value.{hint}")

    def _explained(self, error: Exception) -> Mistake:
        what, advice = explain(error, self.own_folders)
        return Mistake(what or " ".join(self.line.written) or f"{self.command}.yaml", advice)

    def _check_printing(self, composed: DictConfig) -> None:
        HydraConfig.instance().set_config(composed)
        shown = composed if self.line.shows_hydra else without_hydra(composed)
        self.mistakes += check_package(self.line.flags.get("--package", "_global_"), shown)
        if "--resolve" in self.line.flags:
            try:
                OmegaConf.to_container(shown, resolve=True)
            except OmegaConfBaseException as error:
                self.mistakes.append(self._explained(error))

    def _jobs(self, composed: list[_Composed], fixed: set[str]) -> list[Job]:
        """The jobs, with their places in the folder of a sweep; ``fixed`` are the keys that are not swept."""
        folder = sweep_dir(self.command, [job.config for job in composed]) if self.line.sweep else None
        return [
            Job(config=job.config, invocation=self._invocation(job, number, folder, fixed), composed=job.whole)
            for number, job in enumerate(composed)
        ]

    def _invocation(self, job: _Composed, number: int, in_sweep: Path | None, fixed: set[str]) -> Invocation:
        settings = job.whole.hydra
        if in_sweep is not None:
            with read_write(settings):
                settings.sweep.dir = str(in_sweep)
        HydraConfig.instance().set_config(job.whole)
        overrides = tuple(map(as_people_write, OmegaConf.to_container(settings.overrides.task, resolve=False) or ()))
        choices = {group: str(option) for group, option in settings.runtime.choices.items() if "/" not in group}
        return Invocation(
            command=self.command,
            argv=self.line.argv,
            flags=tuple(self.line.flag_words()),
            overrides=overrides,
            swept=tuple(word for word in overrides if in_sweep is not None and key_of(word) not in fixed),
            choices=choices,
            own_choices=frozenset(
                group
                for group, option in choices.items()
                if any((folder / group / f"{option}.yaml").is_file() for folder in self.own_folders)
            ),
            resolved=OmegaConf.to_yaml(job.plain, resolve=True),
            sweep_job=number if in_sweep is not None else None,
            sweep_dir=in_sweep,
        )
