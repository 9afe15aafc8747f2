"""Runs jobs: one from Python, or those of a command line one after the other."""

import io
import os
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, redirect_stdout
from pathlib import Path
from typing import Any

import hydra
from hydra._internal.callbacks import Callbacks
from hydra.core.global_hydra import GlobalHydra
from hydra.core.utils import run_job
from hydra.errors import HydraException
from hydra.types import HydraContext
from omegaconf.errors import OmegaConfBaseException

from ftk.config.command_line import CommandLine
from ftk.config.hydra_errors import explain
from ftk.config.invocation import Invocation, Outcome
from ftk.config.jobs import VERSION_BASE, Check, Job, check_command_line, initialized, uninitialized
from ftk.config.mistakes import ConfigMistakes, Mistake
from ftk.config.paths import user_configs
from ftk.errors import Interrupted

Function = Callable[[Any, Invocation], dict[str, Any]]
"""Runs a command with its config; returns the metrics that a sweep shows."""
Start = Callable[[Job], Outcome]
"""Runs one job to its end; an error that it raises is in the outcome."""
RunSweep = Callable[[Sequence[Job], Start], list[Outcome]]
"""Runs the jobs of a sweep; returns an outcome for each."""


def compose(command: str, overrides: Sequence[str] = (), *, check: Check, config_dir: str | Path | None = None) -> Job:
    """The checked job that ``ftk <command> <overrides>`` describes.

    Prints nothing. An application that has initialized Hydra itself finds it as it was.

    Args:
        command: the command word, which is the name of the primary config.
        overrides: ``key=value`` words; neither flags nor sweeps.
        check: finds the mistakes that a typed config has.
        config_dir: a folder of further configs, as ``--config-dir`` names it.

    Raises:
        ConfigMistakes: there are mistakes; the message names all of them.
    """
    line = CommandLine.of_overrides(overrides, None if config_dir is None else str(config_dir))
    (job,) = check_command_line(command, line, check=check)
    return job


def one_after_the_other(jobs: Sequence[Job], start: Start) -> list[Outcome]:
    """Run the jobs of a sweep in their order, whatever happens to some of them."""
    return [start(job) for job in jobs]


def run_jobs(
    command: str,
    argv: Sequence[str],
    function: Function,
    *,
    check: Check,
    sweep: RunSweep = one_after_the_other,
) -> list[Outcome]:
    """Compose the config that a command line describes and call ``function`` with it, once for each job of a sweep.

    Args:
        command: the command word, which is the name of the primary config.
        argv: everything after the command word: overrides and Hydra's flags.
        function: takes the config as its dataclass, and the invocation; returns the metrics to show for a sweep.
        check: finds the mistakes that a typed config has.
        sweep: runs the jobs of a sweep.

    Returns:
        One outcome for each job; none if Hydra only printed something (``--cfg``, ``--help``).

    Raises:
        ConfigMistakes: there are mistakes in the command line or in a config file; the message names all of them.
        Exception: what ``function`` raised, if this is no sweep.
    """
    line = CommandLine.parse(argv)
    jobs = check_command_line(command, line, check=check)
    outcomes: list[Outcome] = []
    try:
        if line.only_prints:
            _print(command, line)
        else:
            with initialized(line.config_dir):
                outcomes = _run_all(jobs, function, check, sweep)
    except (HydraException, OmegaConfBaseException) as error:  # settings of Hydra's own
        what, advice = explain(error, user_configs())
        raise ConfigMistakes([Mistake(what or " ".join(argv), advice)]) from error
    for outcome in outcomes:
        if outcome.error is not None and outcome.invocation.sweep_job is None:
            raise outcome.error
    return outcomes


def _run_all(jobs: Sequence[Job], function: Function, check: Check, sweep: RunSweep) -> list[Outcome]:
    """Run the jobs as Hydra does: with its logging, environment variables and callbacks, and ``${hydra:}`` resolved."""
    context = HydraContext(GlobalHydra.instance().config_loader(), Callbacks(jobs[0].composed))
    first, name = jobs[0].composed, jobs[0].invocation.command
    if jobs[0].invocation.sweep_job is None:
        context.callbacks.on_run_start(config=first, config_name=name)
        outcome, returned = _run_job(jobs[0], function, check, context)
        context.callbacks.on_run_end(config=first, config_name=name, job_return=returned)
        return [outcome]
    context.callbacks.on_multirun_start(config=first, config_name=name)
    outcomes = sweep(jobs, lambda job: _run_job(job, function, check, context)[0])
    context.callbacks.on_multirun_end(config=first, config_name=name)
    return outcomes


def _run_job(job: Job, function: Function, check: Check, context: HydraContext) -> tuple[Outcome, Any]:
    invocation = job.invocation
    command, number = invocation.command, invocation.sweep_job
    outcome = Outcome(invocation=invocation)

    def one_job(_: Any) -> None:
        try:
            if number:  # checked before the first job, but files may have disappeared since
                mistakes = check(job.config, command)
                if mistakes:
                    raise ConfigMistakes(mistakes)
            outcome.metrics = function(job.config, invocation)
        except Interrupted as stopped:
            if stopped.signal_number:
                raise
            sys.stderr.write(f"ftk {command}: {stopped}\n")  # run.stop_after: this is the end of the job
            outcome.stopped = True
        except Exception as error:
            outcome.error = error

    returned = run_job(
        task_function=one_job,
        config=job.composed,
        job_dir_key="hydra.run.dir" if number is None else "hydra.sweep.dir",
        job_subdir_key=None if number is None else "hydra.sweep.subdir",
        hydra_context=context,
    )
    return outcome, returned


def _print(command: str, line: CommandLine) -> None:
    """Let Hydra print what one of its flags asks for."""

    def no_job(_: Any) -> None:
        raise AssertionError(f"a job ran for {line.flags}")

    from ftk.config.help_text import with_meanings  # nothing else needs what describes the keys

    printed = io.StringIO()
    with uninitialized(), _command_line_of_hydra(f"ftk-{command}", [*line.flag_words(), *line.words]):
        try:
            with redirect_stdout(printed):
                hydra.main(version_base=VERSION_BASE, config_path=None, config_name=command)(no_job)()
        except SystemExit as stop:  # Hydra ends --help this way
            if stop.code:
                raise
    text = printed.getvalue()
    sys.stdout.write(with_meanings(text, command) if "--help" in line.flags else text)


@contextmanager
def _command_line_of_hydra(program: str, words: list[str]) -> Iterator[None]:
    """Hydra reads its command line from ``sys.argv``, and raises its errors only if a variable is set."""
    argv, sys.argv = sys.argv, [program, *words]
    variable = os.environ.get("HYDRA_FULL_ERROR")
    os.environ["HYDRA_FULL_ERROR"] = "1"
    try:
        yield
    finally:
        sys.argv = argv
        if variable is None:
            del os.environ["HYDRA_FULL_ERROR"]
        else:
            os.environ["HYDRA_FULL_ERROR"] = variable
