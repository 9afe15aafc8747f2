"""``ftk compare``: is one run, or one recipe, better than another?"""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from pathlib import Path
from typing import Any

from ftk.commands.checks.values import check_values
from ftk.commands.run_words import RunWords, run_words
from ftk.comparing.comparison import Asked, Comparison, compare
from ftk.comparing.further import Further, further
from ftk.comparing.opened import Outcomes, open_outcomes
from ftk.comparing.wording import sentences, table
from ftk.config.choices import Required
from ftk.config.compose import run_jobs
from ftk.config.invocation import Invocation
from ftk.config.mistakes import ConfigMistakes, Mistake
from ftk.config.schema import CompareConfig, ComparingConfig
from ftk.errors import ANSWER_IS_NO, RunError
from ftk.inference.states.layers_alike import check_models, layers_alike
from ftk.report.console import Console

_FLAGS_OF_SWEEPS = ("-m", "--multirun")
_PRINTS = ("--cfg", "-c", "--help", "-h")


def run(command: str, argv: list[str]) -> int:
    """Run the command line; 3 if ``compare.require`` is not met."""
    words = run_words(argv)
    if flag := next((word for word in words.keys if word in _FLAGS_OF_SWEEPS), None):
        raise ConfigMistakes([Mistake(flag, "A comparison is no sweep; name all runs in one command line.")])
    if not words.paths and not any(word.startswith(_PRINTS) for word in words.keys):
        raise RunError("name the runs to compare: ftk compare runs/one runs/other. 'ftk compare --help' says more.")
    outcomes = run_jobs(command, words.keys, partial(compare_runs, words), check=check_values)
    return ANSWER_IS_NO if any(outcome.metrics["refused"] for outcome in outcomes) else 0


def compare_runs(words: RunWords, config: CompareConfig, invocation: Invocation) -> dict[str, Any]:
    """Compare the runs of a command line; returns the verdict, and whether what is required is not met."""
    console, asked = Console(), config.compare
    given, runs = _opened(words, config)
    if asked.cka:
        check_models(runs)
    compared = compare(runs, given, Asked(asked.of.value, asked.score, asked.margin, asked.level, asked.resamples))
    _show(console, compared, _further(compared, asked) if asked.alike else None)
    met = asked.require is None or _met(compared, asked.require)
    if not met and asked.require is not None:
        console.say(f"compare.require={asked.require.value} is not met.")
    return {"verdict": compared.judged[0].verdict.value, "refused": not met}


def _opened(words: RunWords, config: CompareConfig) -> tuple[list[list[int]], list[Outcomes]]:
    """The numbers of the runs in each group of the command line, and the runs."""
    asked = config.compare
    paths = list(words.paths)
    if twice := next((path for at, path in enumerate(paths) if _named(path, paths[:at])), None):
        raise RunError(f"{twice}: this run is named twice.")
    # Folders say which task they are of; files beside them are of the same.
    folders = [path for path in paths if path.is_dir()]
    found: dict[Path, Outcomes] = {}
    for path in (*folders, *(path for path in paths if not path.is_dir())):
        like = found[folders[0]].facts if folders and folders[0] in found else None
        found[path] = open_outcomes(
            path, asked.split.value, task=asked.task, gold=asked.gold, group=asked.group, like=like
        )
    runs = [found[path] for path in paths]
    groups: list[list[int]] = []
    for group in words.groups:
        begin = sum(map(len, groups))
        groups.append(list(range(begin, begin + len(group))))
    if len(groups) > 1 and not all(groups):
        raise RunError("--: there is no run on one side of it.")
    return groups, runs


def _named(path: Path, others: Sequence[Path]) -> bool:
    return any(path.resolve() == other.resolve() for other in others)


def _further(compared: Comparison, asked: ComparingConfig) -> Further:
    """What is said beside the verdict."""
    found = further(compared, examples=asked.examples, level=asked.level)
    if asked.cka:
        for corpus, section in zip(compared.corpora, found.corpora, strict=True):
            section["alike"]["layers"] = layers_alike(corpus.runs)
    return found


def _show(console: Console, compared: Comparison, more: Further | None) -> None:
    lines = sentences(compared)
    if console.json:
        console.event("comparison", lines[0], {**compared.to_json(), **({} if more is None else more.to_json())})
        return
    for line in (*lines, *(() if more is None else more.sentences())):
        console.say(line)
    console.table(table(compared))
    for one in () if more is None else more.tables():
        console.table(one)


def _met(compared: Comparison, required: Required) -> bool:
    """Whether the verdict on each side is the one that is required."""
    better = all(one.is_better for one in compared.judged)
    if required is Required.better:
        return better
    return all(one.equivalent or one.is_better for one in compared.judged)
