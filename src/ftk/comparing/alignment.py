"""Brings the rows of several runs into one order, and tells corpora apart."""

from __future__ import annotations

from collections.abc import Hashable, Mapping, Sequence
from typing import Any

from ftk.comparing.opened import Outcomes
from ftk.errors import RunError

_SHOWN = 80
"""Characters of a row in a message."""


def corpora_of(runs: Sequence[Outcomes]) -> list[list[int]]:
    """The numbers of the runs that were scored on the same rows, corpus by corpus, in the order of the runs.

    Raises:
        RunError: two runs share some of their rows and differ in others.
    """
    corpora: list[list[int]] = []
    for number, run in enumerate(runs):
        for corpus in corpora:
            if _same_rows(runs[corpus[0]], run):
                corpus.append(number)
                break
        else:
            corpora.append([number])
    return corpora


def _same_rows(one: Outcomes, other: Outcomes) -> bool:
    """Whether two runs were scored on the same rows, in any order; False if they have none in common.

    Raises:
        RunError: they have some in common.
    """
    ours, theirs = _by_key(one), _by_key(other)
    if ours.keys() == theirs.keys():
        return True
    shared = ours.keys() & theirs.keys()
    # A few rows, such as short answers, may stand in any two corpora.
    if 20 * len(shared) < min(len(ours), len(theirs)):
        return False
    only = [
        f"{len(rows):,} of {len(all_rows):,} rows are only in {run.path}, such as {_shown(run, rows[0])}"
        for run, all_rows, rows in (
            (one, ours, [at for key, at in ours.items() if key not in theirs]),
            (other, theirs, [at for key, at in theirs.items() if key not in ours]),
        )
        if rows
    ]
    raise RunError(
        f"{one.path} and {other.path} were not scored on the same rows, so their scores cannot be compared: "
        f"{'; '.join(only)}. Score both on the same file: ftk evaluate checkpoint=… data.test=…"
    )


def aligned(runs: Sequence[Outcomes]) -> list[Outcomes]:
    """The runs with their rows in the order of the first one.

    Args:
        runs: scored on the same rows.

    Raises:
        RunError: the gold standard of a row differs.
    """
    first = runs[0]
    found = [first]
    for run in runs[1:]:
        places = _by_key(run)
        same = run if list(run.keys) == list(first.keys) else run.of_rows([places[key] for key in first.keys])
        _check_gold(first, same)
        found.append(same)
    return found


def _check_gold(first: Outcomes, run: Outcomes) -> None:
    different = [at for at, (one, other) in enumerate(zip(first.gold, run.gold, strict=True)) if one != other]
    if different:
        at = different[0]
        raise RunError(
            f"{first.path} and {run.path} were scored against different gold standards in {len(different):,} of "
            f"{len(first.records):,} rows, such as {_shown(first, at)}: {_cut(_plain(first.gold[at]))} and "
            f"{_cut(_plain(run.gold[at]))}. Score both on the same file: ftk evaluate checkpoint=… data.test=…"
        )


def check_alike(runs: Sequence[Outcomes]) -> None:
    """Refuse runs of different tasks.

    Raises:
        RunError: two runs have different tasks.
    """
    for run in runs[1:]:
        if run.facts.kind != runs[0].facts.kind:
            raise RunError(
                f"{runs[0].path} is a run of {runs[0].facts.task}, {run.path} one of {run.facts.task}: their scores "
                "cannot be compared."
            )


def score_of_all(runs: Sequence[Outcomes], asked: str | None) -> str:
    """The name of the score by which runs are compared.

    Args:
        runs: to compare.
        asked: ``compare.score``; None: the one that chose the best model of each.

    Raises:
        RunError: the best models were chosen by different scores.
    """
    if asked is not None:
        return asked
    chosen: Mapping[str, Outcomes] = {run.statistics.score: run for run in reversed(runs)}
    if len(chosen) > 1:
        (one, first), (other, second) = list(chosen.items())[:2]
        raise RunError(
            f"{first.path} chose its best model by {one}, {second.path} by {other}: say which one counts, as in "
            f"compare.score={runs[0].spec.score}"
        )
    return next(iter(chosen))


def _by_key(run: Outcomes) -> dict[Hashable, int]:
    return {key: row for row, key in enumerate(run.keys)}


def _shown(run: Outcomes, row: int) -> str:
    record = run.records[row]
    names = ("text", "question", "query", "source", "tokens", "image")
    name = next((name for name in names if name in record), None)
    value = "" if name is None else record[name]
    return f"line {row + 1}: {_cut(' '.join(map(str, value)) if isinstance(value, list) else str(value))!r}"


def _plain(gold: Sequence[Any]) -> str:
    return str(gold[0] if len(gold) == 1 else list(gold))


def _cut(text: str) -> str:
    return text if len(text) <= _SHOWN else text[: _SHOWN - 1] + "…"
