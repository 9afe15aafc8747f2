"""Shows a check: what is in the data, what a training would take, and what was found, the worst last."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any

from ftk.contracts.finding_kinds import suspicious_rows
from ftk.contracts.finding_kinds.making import kinds_in
from ftk.contracts.findings import Finding
from ftk.errors import numbered
from ftk.report.console import Console
from ftk.report.tables import TextTable
from ftk.system.duration import duration
from ftk.system.sizes_in_words import parameters_in_words

_LOOKED_AT = kinds_in(suspicious_rows)
_SHOWN = 40
"""Labels that a table shows; the JSON has all."""
_SEVERITIES = {"info": "note", "warning": "warning", "error": "error"}
_STYLES = {"info": None, "warning": "yellow", "error": "red"}
_ANSWER = "answer"
_LENGTHS = {"half": "half up to", "most": "95 % up to", "longest": "longest"}
_IN_WORDS = {
    "accuracy": "accuracy",
    "f1_macro": "macro-F1",
    "f1_micro": "micro-F1",
    "words_outside": "words outside of spans",
    "mae": "mean error",
    "rmse": "RMSE",
}


def show_facts(console: Console, facts: Mapping[str, Any]) -> None:
    """Show what is in the splits, and what a training would take: as tables, or as one object with ``--json``."""
    if console.json:
        console.event("facts", "what is in the data", facts)
        return
    if facts["splits"]:
        console.table(_sizes(facts["splits"]))
    if labels := _labels(facts["splits"]):
        console.table(labels)
    if (baseline := _baseline(facts["splits"])) is not None:
        console.say(baseline)
    if model := facts.get("model"):
        console.say(_of_model(model))
    if expected := facts.get("expected"):
        console.say(_expected(expected))


def show_reading(console: Console, findings: Sequence[Finding]) -> None:
    """Show how the data was read: the facts among the findings, which nothing is to be done about."""
    console.report(finding for finding in findings if _is_fact(finding))


def show_findings(console: Console, findings: Sequence[Finding]) -> None:
    """Show all other findings, the errors last, so that they are what a terminal ends with."""
    for severity, word in _SEVERITIES.items():
        for finding in findings:
            if finding.severity == severity and not _is_fact(finding):
                shown = f"{word} [{finding.kind.id}] {finding}"
                console.event("finding", str(finding), finding.to_json(), shown=shown, style=_STYLES[severity])


def _is_fact(finding: Finding) -> bool:
    return finding.severity == "info" and not finding.kind.counted and finding.kind.id not in _LOOKED_AT


def show_end(console: Console, findings: Sequence[Finding], rows: int, seconds: float) -> None:
    """Show how many findings there are of each severity, and the answer of the check."""
    counts: Counter[str] = Counter(finding.severity for finding in findings if not _is_fact(finding))
    numbers = [numbered(counts[severity], word) for severity, word in reversed(_SEVERITIES.items())]
    text = f"check: {', '.join(numbers)} in {rows:,} row{'s' if rows != 1 else ''} ({seconds:.1f} s)"
    values = {
        "errors": counts["error"],
        "warnings": counts["warning"],
        "notes": counts["info"],
        "rows": rows,
        "seconds": round(seconds, 3),
        "ok": not counts["error"],
    }
    console.event("check", text, values, style="bold")


def _sizes(splits: Mapping[str, Any]) -> TextTable:
    """A column for each split: its rows, the lengths of its texts, its numbers, and its baseline."""
    rows = [["rows", *(f"{one['rows']:,}" for one in splits.values())]]
    rows.append(["rows that a training leaves out", *(_number(one.get("left_out")) for one in splits.values())])
    for what in ("characters", "words"):
        for name, words in _LENGTHS.items():
            rows.append([f"{what}, {words}", *(_number(one.get(what, {}).get(name)) for one in splits.values())])
    for what, words in (("lines", "lines"), ("repeated_lines", "lines that repeat another")):
        rows.append([words, *(_number(one.get(what)) for one in splits.values())])
    for target in dict.fromkeys(name for one in splits.values() for name in one.get("numbers", ())):
        for name in ("mean", "deviation", "least", "largest"):
            numbers = (one.get("numbers", {}).get(target, {}).get(name) for one in splits.values())
            rows.append([f"{target}, {name}", *("" if value is None else f"{value:.4g}" for value in numbers)])
    for name, words in _IN_WORDS.items():
        scores = (one.get("baseline", {}).get(name) for one in splits.values())
        rows.append([f"baseline, {words}", *("" if value is None else f"{value:.4f}" for value in scores)])
    return TextTable("data", ["", *splits], [row for row in rows if any(row[1:])], numbers=True)


def _labels(splits: Mapping[str, Any]) -> TextTable | None:
    """How often each label is in each split, and its share of the first one."""
    names = dict.fromkeys(name for one in splits.values() for name in one.get("labels", ()))
    if not names:
        return None
    title = "labels"
    if len(names) > _SHOWN:
        title = f"labels: the {_SHOWN} most frequent of {len(names):,}"
    rows = []
    for name in list(names)[:_SHOWN]:
        cells = [name]
        for one in splits.values():
            found = one.get("labels", {}).get(name)
            cells += [_number(found["count"]), f"{100 * found['share']:.1f} %"] if found else ["", ""]
        rows.append(cells)
    columns = ["label", *(column for split in splits for column in (split, "share"))]
    return TextTable(title, columns, rows, numbers=True)


def _baseline(splits: Mapping[str, Any]) -> str | None:
    """The answer that the baseline gives to every row."""
    answer = next((one["baseline"][_ANSWER] for one in splits.values() if one.get("baseline")), None)
    if answer is None:
        return None
    if isinstance(answer, Mapping):
        answer = ", ".join(f"{value:.4g}" for value in answer.values())
    elif isinstance(answer, list):
        answer = ", ".join(answer) or "no label"
    return f"baseline: '{answer}' for everything"


def _of_model(model: Mapping[str, Any]) -> str:
    entries = f", {model['vocabulary']:,} entries in its vocabulary" if model["vocabulary"] is not None else ""
    lines = [f"model: {model['name'] or 'random weights'}, {parameters_in_words(model['parameters'])}{entries}"]
    for split, one in model["splits"].items():
        line = f"  {split}: {numbered(one['windows'], 'window')}"
        if model["vocabulary"] is not None:
            line += f" of up to {model['window']} tokens"
        if model["vocabulary"] is not None and "half" in one:
            line += f", {one['tokens']:,} tokens (half of the windows up to {one['half']}, 95 % up to {one['most']})"
        if one.get("rows_in_several_windows"):
            line += f", {numbered(one['rows_in_several_windows'], 'row')} in several windows"
        if one.get("unknown_tokens"):
            line += f", {numbered(one['unknown_tokens'], 'unknown token')}"
        lines.append(line)
    return "\n".join(lines)


def _expected(expected: Mapping[str, Any]) -> str:
    """Steps, and the estimates of time and memory, which are marked as such."""
    if expected["steps"] is None:
        return "expected: as many steps as train.max_tokens or train.budget lets it make"
    text = f"expected: {numbered(expected['steps'], 'step')}, {expected['epochs']:.3g} epochs"
    if not expected["exact"]:
        text += ", if no row is longer than a window (model=… counts windows)"
    if "seconds" in expected:
        memory = expected["memory"] / 2**30
        time = duration(expected["seconds"]) if expected["seconds"] >= 1 else "less than a second"
        text += f"; by estimate {time} and {memory:.1f} GiB ({expected['hardware']})"
    return text


def _number(value: int | None) -> str:
    return "" if value is None else f"{value:,}"
