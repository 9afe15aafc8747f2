"""A comparison in sentences, and as a table."""

from __future__ import annotations

import math

from ftk.comparing.comparison import Comparison, Corpus, GroupScore
from ftk.comparing.effects import FEWEST_RUNS, Of
from ftk.comparing.verdict import Judged, Verdict
from ftk.errors import numbered
from ftk.report.tables import TextTable


def sentences(compared: Comparison) -> list[str]:
    """What a reader needs to know, the verdict first."""
    lines = [
        _verdict(compared, group.letter, one) for group, one in zip(compared.groups[1:], compared.judged, strict=True)
    ]
    lines += [f"  {group.letter}  {group.name}" for group in compared.groups]
    lines.append(_about(compared))
    if len(compared.judged) > 1:
        lines.append(f"p is corrected for {len(compared.judged)} comparisons (Holm); intervals are not.")
    return lines


def _verdict(compared: Comparison, letter: str, one: Judged) -> str:
    difference = f"{compared.score} {signed(one.effect.difference)} {compared.unit}"
    margin = f"{compared.margin:g} {compared.unit}"
    if not one.enough_runs:
        first, second = one.effect.runs
        return (
            f"There is not enough evidence to tell {letter} from A: {difference}. Recipes need at least {FEWEST_RUNS} "
            f"runs a side to know what a seed does; A has {first}, {letter} has {second}. compare.of=models compares "
            "the models as they are."
        )
    if math.isnan(one.p):
        return (
            f"There is not enough evidence to tell {letter} from A: {difference}. No row moves the score of either, so "
            "these rows do not say what others would."
        )
    known = f"{difference} ({round(100 * one.level):d} % interval {signed(one.low)} to {signed(one.high)}, {_p(one)})"
    if one.verdict is Verdict.unknown:
        return f"There is not enough evidence to tell {letter} from A: {known}. {_needed(one)}"
    if one.verdict is Verdict.equivalent:
        return f"{letter} is equivalent to A, within {margin}: {known}."
    small = f" The difference is within the margin of {margin} all the same." if one.equivalent else ""
    return f"{letter} is {one.verdict.value} than A: {known}.{small}"


def _needed(one: Judged) -> str:
    """What would decide."""
    if one.more_runs is not None:
        runs = numbered(one.more_runs, "more run")
        return f"About {runs} a side would probably decide, if the difference stays as it is."
    if one.more_rows is not None:
        others = "More runs would not; about" if one.effect.of is Of.recipes else "About"
        return f"{others} {one.more_rows:g} times the rows would probably decide, if the difference stays as it is."
    neither = "Not even a hundred runs a side would decide, nor" if one.effect.of is Of.recipes else "Not even"
    ending = "" if one.effect.of is Of.recipes else " would decide"
    return f"{neither} a hundred times the rows{ending}: the difference is too near to the margin."


def _about(compared: Comparison) -> str:
    """What was compared, and what that says."""
    corpora = compared.corpora
    if len(corpora) == 1:
        on = _size(corpora[0])
    else:
        on = f"{len(corpora)} corpora, each of which counts the same ({'; '.join(map(_size, corpora))})"
    if compared.of is Of.models:
        return f"These models are compared, on {on}: what other rows would give. What other seeds would give is not."
    return f"These recipes are compared, on {on}: what other seeds and other rows would give."


def _size(corpus: Corpus) -> str:
    rows = numbered(corpus.rows, "row")
    if corpus.grouped_by is None:
        return rows
    return f"{rows} in {numbered(corpus.units, 'document')} (by {corpus.grouped_by})"


def table(compared: Comparison) -> TextTable:
    """The scores of the groups on each corpus, the differences, and over all corpora."""
    letters = [group.letter for group in compared.groups]
    several = len(compared.corpora) > 1
    columns = [
        *(["corpus"] if several else []),
        "side",
        "runs",
        compared.score,
        "±seeds",
        "difference",
        "interval",
        "p",
    ]
    rows = []
    for corpus in compared.corpora:
        name = [corpus.name] if several else []
        for letter, score, one in zip(letters, corpus.scores, (None, *corpus.judged), strict=True):
            if score is not None:
                rows.append([*name, letter, *_score(score), *_difference(one, several)])
    over_all = [
        ["all", letter, "", "", "", *_difference(one, several)]
        for letter, one in zip(letters[1:], compared.judged, strict=True)
    ]
    direction = "higher" if compared.higher_is_better else "lower"
    title = f"{compared.score}, {direction} is better; differences in {compared.unit}"
    if several:  # one corpus has its verdict in a sentence
        columns.append("verdict")
    return TextTable(title, columns, rows, over_all if several else ())


def _score(score: GroupScore) -> list[str]:
    spread = "" if math.isnan(score.deviation) else f"{score.deviation:.4f}"
    return [str(score.runs), f"{score.mean:.4f}", spread]


def _difference(one: Judged | None, with_verdict: bool) -> list[str]:
    verdict = [] if not with_verdict else [one.verdict.value if one is not None else ""]
    if one is None:
        return ["", "", "", *verdict]
    ends = [f"{signed(one.low)} to {signed(one.high)}", _number(one.p_adjusted)] if not math.isnan(one.p) else ["", ""]
    return [signed(one.effect.difference), *ends, *verdict]


def signed(value: float) -> str:
    """A difference with its sign."""
    return f"{value:+.2f}"


def _p(one: Judged) -> str:
    found = _number(one.p_adjusted)
    return f"p {found}" if found.startswith("<") else f"p = {found}"


def _number(p: float) -> str:
    return "< 0.0001" if p < 0.0001 else f"{p:.4f}" if p < 0.01 else f"{p:.2f}"
