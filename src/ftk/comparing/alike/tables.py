"""The tables that show how alike models are."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from ftk.report.tables import TextTable

_WORDS = {
    "agreement": "same answer",
    "kappa": "kappa of the answers",
    "kappa_right": "kappa of being right",
    "errors_ratio": "both wrong, times chance",
    "errors_shared": "errors in common",
    "same_wrong": "same wrong answer",
    "same_wrong_excess": "… beyond expectation",
    "capa": "CAPA",
    "capa_answers": "CAPA of the answers",
    "spurious_shared": "spurious in common",
    "error_correlation": "correlation of errors",
    "score_correlation": "correlation of scores",
}
"""The measures that are shown, in the order of their rows."""
_NOTHING = ("kappa_right", "capa", "capa_answers", "error_correlation", "score_correlation")
"""The measures that are 0 for models whose errors are independent."""
_MOST_MODELS = 12
"""More models have no table of all pairs; the JSON has them."""
_MOST_GROUPS = 3
"""So many groups have a column each: two sides have three, each alone and both together."""
_FEW = {
    "agreement": "same answer",
    "kappa_right": "kappa right",
    "errors_ratio": "× chance",
    "same_wrong": "same wrong",
    "error_correlation": "correlation",
    "score_correlation": "correlation",
}
"""The measures of more groups, in few characters."""
_MOST_LAYERS = 3
"""Pairs of models whose layers are shown; the JSON has all."""
_ONE = ("error_correlation", "score_correlation", "kappa_right")
"""The measure of which all pairs are shown: the first of these that there is."""
Section = Mapping[str, Any]


def alike_tables(section: Section, names: Sequence[str], sides: Sequence[str]) -> Iterator[TextTable]:
    """Yield the tables of what ``homogenization`` found.

    Args:
        section: from ``homogenization``.
        names: of the models.
        sides: the names of the groups of models.
    """
    pairs = section["pairs"]
    if len(pairs) == 1:
        if (table := _of_pair(section, names)).rows:
            yield table
    elif section["groups"]:
        yield _of_groups(section["groups"], sides)
    elif pairs:
        yield _of_many(pairs, names)
        if len(names) <= _MOST_MODELS:
            yield from _matrix(pairs, names)
    if (found := section.get("together")) is not None:
        yield _of_together(found, section.get("all_wrong"), names)
    for pair in section.get("layers", ())[:_MOST_LAYERS]:
        yield _of_layers(pair, names)


def _of_pair(section: Section, names: Sequence[str]) -> TextTable:
    """Two models: each measure with its interval, and what is expected of independent errors."""
    [pair] = section["pairs"]
    measures = pair["measures"]
    expected = {"errors_ratio": "1.000", **dict.fromkeys(_NOTHING, "0.000")}
    if "same_wrong_expected" in measures:
        expected["same_wrong"] = _number(measures["same_wrong_expected"]["value"])
    rows = [
        [_WORDS[name], _number(measures[name]["value"]), _interval(measures[name]), expected.get(name, "")]
        for name in _WORDS
        if name in measures and measures[name]["value"] is not None
    ]
    title = f"How alike: {names[0]} and {names[1]}{_errors(pair.get('counts'))}"
    return TextTable(title, ["measure", "value", "95 % interval", "if by chance"], rows, numbers=True)


def _errors(counts: Section | None) -> str:
    if counts is None:
        return ""
    one, other = counts["wrong"]
    found = f"{one:,} and {other:,} errors in {counts['questions']:,} answers, {counts['both_wrong']:,} in common"
    return f"; {found}, by chance {counts['both_wrong_expected']:,.0f}"


def _of_groups(groups: Sequence[Section], sides: Sequence[str]) -> TextTable:
    """Groups of models: each measure as the mean over the pairs within a group and between two, with half the width of
    its interval; of many groups the means alone."""
    title = "How alike, means over pairs of models"
    names = []
    for group in groups:
        one, other = (sides[side] for side in group["sides"])
        names.append(f"within {one}" if one == other else f"{one} and {other}")
    known = [name for name in _WORDS if any(name in group["measures"] for group in groups)]
    if len(groups) > _MOST_GROUPS:
        known = [name for name in _FEW if name in known]
        rows = [
            [name, f"{group['pairs']:,}", *(_number(group["measures"].get(one, {}).get("value")) for one in known)]
            for name, group in zip(names, groups, strict=True)
        ]
        return TextTable(title, ["runs", "pairs", *(_FEW[name] for name in known)], rows, numbers=True)
    rows = [[_WORDS[name], *(_with_width(group["measures"].get(name)) for group in groups)] for name in known]
    rows.append(["pairs", *(f"{group['pairs']:,}" for group in groups)])
    return TextTable(f"{title}; ± half the 95 % interval", ["measure", *names], rows, numbers=True)


def _of_many(pairs: Sequence[Section], names: Sequence[str]) -> TextTable:
    """Several models: of each measure the mean, and the pairs that are least and most alike."""
    rows = []
    for name, words in _WORDS.items():
        known = [(one["measures"][name]["value"], one["models"]) for one in pairs if name in one["measures"]]
        known = [one for one in known if one[0] is not None]
        if not known:
            continue
        least, most = min(known), max(known)
        shown = [f"{_number(value)}  {names[one]}, {names[other]}" for value, (one, other) in (least, most)]
        rows.append([words, _number(sum(value for value, _ in known) / len(known)), *shown])
    return TextTable("How alike, over all pairs", ["measure", "mean", "least", "most"], rows, numbers=True)


def _matrix(pairs: Sequence[Section], names: Sequence[str]) -> Iterator[TextTable]:
    """All pairs of models, by one measure."""
    name = next((name for name in _ONE if name in pairs[0]["measures"]), None)
    if name is None:
        return
    values = {tuple(one["models"]): one["measures"][name]["value"] for one in pairs if name in one["measures"]}
    rows = [
        [name, *(_number(values.get((min(one, other), max(one, other)))) for other in range(len(names)))]
        for one, name in enumerate(names)
    ]
    numbered = [f"{number}" for number in range(1, len(names) + 1)]
    rows = [[f"{number} {row[0]}", *row[1:]] for number, row in zip(numbered, rows, strict=True)]
    yield TextTable(f"All pairs: {_WORDS[name]}", ["model", *numbered], rows, numbers=True)


def _of_layers(pair: Section, names: Sequence[str]) -> TextTable:
    """The alignment of the layers of two models."""
    one, other = (names[number] for number in pair["models"])
    columns = [f"{other} {layer}" for layer in range(len(pair["cka"][0]))]
    rows = [[f"{one} {layer}", *(_number(value) for value in row)] for layer, row in enumerate(pair["cka"])]
    return TextTable("How alike their layers are (linear CKA); 0 is the input", ["layer", *columns], rows, numbers=True)


def _of_together(found: Section, all_wrong: Section | None, names: Sequence[str]) -> TextTable:
    """What each model, a vote and an oracle reach."""
    rows = [[name, _number(value), "", ""] for name, value in zip(names, found["each"], strict=True)]
    words = {"vote": "a vote" if found["higher_is_better"] else "their mean", "oracle": "always the right one, if any"}
    totals = [
        [
            words[name],
            _number(found[name]["value"]),
            _number(found[f"{name}_gain"]["value"], signed=True),
            _interval(found[f"{name}_gain"], signed=True),
        ]
        for name in words
        if found[name] is not None
    ]
    title = "What they would reach together"
    if all_wrong is not None and all_wrong["share"]["value"] is not None:
        share, chance = (100 * all_wrong[name]["value"] for name in ("share", "expected"))
        title += f"; all are wrong in {share:.1f} % of the answers, by chance {chance:.1f} %"
    return TextTable(title, ["model", found["score"], "than the best", "95 % interval"], rows, totals, numbers=True)


def _with_width(measure: Section | None) -> str:
    """A value, with half the width of its interval."""
    if measure is None or measure["value"] is None:
        return ""
    low, high = measure.get("interval") or (None, None)
    if low is None or high is None:
        return _number(measure["value"])
    return f"{measure['value']:.3f} ±{(high - low) / 2:.3f}"


def _interval(measure: Section, *, signed: bool = False) -> str:
    ends = measure.get("interval")
    return "" if not ends or None in ends else f"{_number(ends[0], signed=signed)} to {_number(ends[1], signed=signed)}"


def _number(value: float | None, *, signed: bool = False) -> str:
    return "" if value is None else f"{value:+.3f}" if signed else f"{value:.3f}"
