"""``ftk report``: the page of a run again, or one page about several runs."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from pathlib import Path
from typing import Any

from ftk.commands.checks.values import check_values
from ftk.commands.run_words import RunWords, run_words
from ftk.config.compose import run_jobs
from ftk.config.invocation import Invocation
from ftk.config.mistakes import ConfigMistakes, Mistake
from ftk.config.schema import ReportConfig
from ftk.errors import RunError
from ftk.pages.page import REPORT, Options
from ftk.pages.rendering import is_page
from ftk.pages.run_files import refuse_no_run
from ftk.pages.writing import write_report
from ftk.report.console import Console
from ftk.system.atomic import unwritable
from ftk.system.paths import expanded

COMPARISON = "comparison.html"
_ONLY_PRINT = ("-h", "--help", "-c", "--cfg", "--hydra-help", "-i", "--info")


def run(command: str, argv: list[str]) -> int:
    """Run the command line."""
    words = run_words(argv)
    if flag := next((word for word in words.keys if word in ("-m", "--multirun")), None):
        raise ConfigMistakes([Mistake(flag, "A report is no sweep; name the runs one after the other.")])
    if len(words.groups) > 1 and not all(words.groups):
        raise RunError("--: there is no run on one side of it.")
    prints = any(word.partition("=")[0] in _ONLY_PRINT for word in words.keys)
    if not words.paths and not prints:
        raise RunError("name the folder of a run: ftk report runs/my-run")
    run_jobs(command, words.keys, partial(report, words), check=check_values)
    return 0


def report(words: RunWords, config: ReportConfig, invocation: Invocation) -> dict[str, Any]:
    """Write the page; returns its path.

    Args:
        words: the run folders, in their groups.
        config: of the command.
        invocation: the command line.
    """
    console = Console()
    given = config.report
    for path in words.paths:
        refuse_no_run(path)
    output = _output(given.output, words.paths)
    slices = [given.slices] if isinstance(given.slices, str) else list(given.slices)
    explanations = None
    if config.explain:
        if len(words.paths) > 1:
            advice = f"Explanations are of the wrong examples of one run: ftk report {words.paths[0]} explain=true"
            raise ConfigMistakes([Mistake("explain=true", advice)])
        from ftk.commands.report_explanations import explanations_of

        explanations = explanations_of(words.paths[0], given.split, console)
    options = Options(texts=given.texts, slices=slices, split=given.split, explanations=explanations)
    console.report(write_report(words.groups, output, options))
    console.event("report", f"report: {output}", {"path": str(output), "runs": [str(path) for path in words.paths]})
    return {"path": str(output)}


def _output(given: str | None, paths: Sequence[Path]) -> Path:
    """The file to write.

    Raises:
        RunError: something else is there, or nothing can be written there.
    """
    usual = paths[0] / REPORT if len(paths) == 1 else Path(COMPARISON)
    output = usual if given is None else expanded(given)
    if output.is_dir():
        raise RunError(f"report.output={output}: this is a folder; name a file: report.output={output / REPORT}")
    if output.exists() and not is_page(output):
        raise RunError(f"report.output={output}: this file is no page of ftk, and is not replaced; name another one.")
    if why := unwritable(output.parent):
        raise RunError(f"report.output={output}: {why}; name another file.")
    return output
