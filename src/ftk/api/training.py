"""``ftk.train``, ``ftk.pretrain`` and ``ftk.compose``: the training commands as functions."""

from __future__ import annotations

import re
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ftk.api.run import Run, Stopped
from ftk.api.session import one_training, os_errors_explained, preserve_process, preserve_torch_state, stoppable
from ftk.api.sources import data_overrides, rows_in_memory
from ftk.commands.checks.values import check_values
from ftk.commands.train import train as run_command
from ftk.config.command_line import override_words
from ftk.config.compose import compose as compose_job
from ftk.config.invocation import key_of
from ftk.config.schema import TrainingConfig
from ftk.errors import Interrupted
from ftk.report.console import Console
from ftk.report.run_folder import RunFolder
from ftk.system.processes.starting import check_start

if TYPE_CHECKING:
    from ftk.config.schema import EvaluateConfig, PredictConfig

_PLAIN_PATH = re.compile(r"[\w.-]*(/[\w.-]+)+")
"""A path that an override takes without quotes, so that the command in the run folder stays readable."""


def train(*overrides: str, data: Any = None, config_dir: str | Path | None = None, verbose: bool = False) -> Run:
    """Train a task on labelled rows, as ``ftk finetune`` does.

    Args:
        overrides: as on the command line: ``"task=ner"``, ``"model=tiny"``, ``"optimizer.lr=3e-4"``.
        data: the training data, or a mapping with ``train`` and, if there are, ``validation`` and ``test``. Each is a
            path, a glob or a list of them; or rows: a list of dicts, a ``datasets.Dataset``, a data frame. Rows in
            memory are written to the cache, in a file named by its content. None: the data that ``overrides`` name.
        config_dir: a folder of your own configs, as ``--config-dir`` names it.
        verbose: print what the command would print; it is in ``Run.log`` in any case.

    Returns:
        The finished run; or, with ``run.stop_after``, the run that was stopped there.

    Raises:
        ConfigError: the overrides have mistakes; all of them are named.
        DataError: rows cannot be used; the text names file and line.
        RunError: the run folder cannot be used, or another training is running in this process.
        Stopped: a KeyboardInterrupt, after the state was saved; its text says how to resume.
    """
    return run_training("finetune", _words(overrides, data), verbose, config_dir)


def pretrain(*overrides: str, data: Any = None, config_dir: str | Path | None = None, verbose: bool = False) -> Run:
    """Train an encoder on raw text, as ``ftk pretrain`` does.

    Args:
        overrides: see ``train``.
        data: see ``train``; rows are dicts with a ``text``, one document each.
        config_dir: see ``train``.
        verbose: see ``train``.

    Returns:
        The finished run; or, with ``run.stop_after``, the run that was stopped there.

    Raises:
        FtkError, Stopped: see ``train``.
    """
    return run_training("pretrain", _words(overrides, data), verbose, config_dir)


def compose(
    *overrides: str, command: str = "finetune", data: Any = None, config_dir: str | Path | None = None
) -> TrainingConfig | EvaluateConfig | PredictConfig:
    """The typed config that a command line describes, composed and checked; nothing is run.

    Args:
        overrides: the words of the command line.
        command: ``pretrain``, ``finetune``, ``evaluate`` or ``predict``.
        data: see ``train``.
        config_dir: see ``train``.

    Returns:
        A dataclass with a field for each section: ``config.train.epochs``.

    Raises:
        ConfigError: there are mistakes; all of them are named.
    """
    job = compose_job(command, _words(overrides, data), check=check_values, config_dir=config_dir)
    config: TrainingConfig | EvaluateConfig | PredictConfig = job.config
    return config


def run_training(command: str, words: Sequence[str], verbose: bool, config_dir: str | Path | None = None) -> Run:
    """Run one training from its overrides; the state of the process is restored.

    Args:
        command: ``pretrain`` or ``finetune``.
        words: overrides.
        verbose: print what the command would print.
        config_dir: a folder of further configs.

    Raises:
        FtkError, Stopped: see ``train``.
    """
    check_start()
    job = compose_job(command, words, check=check_values, config_dir=config_dir)
    config = job.config
    assert isinstance(config, TrainingConfig)
    with (
        one_training(),
        os_errors_explained(),
        rows_in_memory(),
        stoppable(Stopped) as folders,
        preserve_process(),
        preserve_torch_state(),
    ):
        # The folder gets its name here, so that a run that is stopped can be found again.
        names = [job.invocation.choices[group] for group in ("task", "model")]
        path = RunFolder.claim(config.run, job.invocation, *names).path
        config.run.dir = str(path)
        folders.append(path)
        try:
            run_command(config, job.invocation, console=Console(quiet=not verbose))
        except Interrupted as interrupted:
            if interrupted.signal_number:
                raise
        return Run(path)


def _words(overrides: Sequence[str], data: Any) -> list[str]:
    """The overrides, with those that name the data given in Python before them."""
    images = [word.partition("=")[2] for word in overrides if key_of(word) == "data.columns.image"]
    named = data_overrides(data, images[-1] if images else None)
    plain = {key: value for key, value in named.items() if isinstance(value, str) and _PLAIN_PATH.fullmatch(value)}
    quoted = {key: value for key, value in named.items() if key not in plain}
    return [*(f"{key}={value}" for key, value in plain.items()), *override_words(quoted), *overrides]
