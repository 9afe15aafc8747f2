"""The page of results: the targets first, then one section a suite."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any

TARGETS = {
    "ner-defaults": ("1 NER training, ftk's defaults over `run_ner.py`'s", "≥ 4×"),
    "ner-fp32": ("2 NER training, ftk in fp32 over `run_ner.py` in fp32", "≥ 2.2×"),
    "ner-best": ("2 NER training, ftk's defaults over the peer's best settings", "≥ 1.8×"),
    "mlm-defaults": ("3 MLM tokens/s, defaults over defaults", "≥ 4.5×"),
    "mlm-fp32": ("3 MLM tokens/s, fp32 over fp32", "≥ 2.2×"),
    "mlm-best": ("3 MLM tokens/s, ftk's defaults over the peer's best settings", "≥ 3×"),
    "predict-defaults": ("4 prediction, defaults over the pipeline's defaults", "≥ 5×"),
    "predict-best": ("4 prediction, defaults over the pipeline's best batch", "≥ 2.5×"),
    "predict-long": ("4 prediction, long texts of one length, over the pipeline's best batch", "≥ 0.97×"),
    "predict-scores": ("4 prediction, fp32 scores against the pipeline's", "within 1e-4"),
    "int8-speed": ("5 int8 prediction over the fastest float precision", "≥ 1.5×"),
    "int8-f1": ("5 int8, F1 lost against fp32", "≤ 0.3 points"),
    "share-fp32": ("6 training's share of the attainable product rate, fp32", "≥ 65 %"),
    "share-bf16": ("6 training's share of the attainable product rate, bf16", "≥ 45 %"),
    "core": ("7 time of ftk's core over the bare loop", "≤ 3 % more"),
    "start-help": ("8 `ftk --help`", "≤ 0.1 s"),
    "start-error": ("8 a config error", "≤ 0.5 s"),
    "start-step": ("8 first optimizer step, behind the imports alone", "≤ 2 s more"),
    "memory-evaluate": ("9 growth of memory, `ftk evaluate`", "≤ 50 MB"),
    "memory-predict": ("9 growth of memory, `ftk predict`", "≤ 200 MB"),
    "preparation-speed": ("10 preparation on one core over `tokenizers` alone", "≥ 0.8×"),
    "preparation-cores": ("10 preparation on two cores over one", "≥ 1.8×"),
    "preparation-warm": ("10 start on data prepared before", "≤ 2 s"),
    "size": ("11 time a token over numbers of rows", "within 10 %"),
}
"""Measure and target by key, in the order of the page."""


@dataclass(frozen=True, slots=True)
class Measured:
    """What came out for a target; ``met`` is None where it could not be measured."""

    key: str
    text: str
    met: bool | None


@dataclass(frozen=True, kw_only=True, slots=True)
class Section:
    """The results of one suite.

    Attributes:
        title: of the section.
        text: its paragraphs and tables.
        measured: what came out for the targets.
        raw: every sample.
    """

    title: str
    text: Sequence[str]
    measured: Sequence[Measured]
    raw: dict[str, Any] = field(default_factory=dict)


def table(head: Sequence[str], rows: Iterable[Sequence[str]], *, numbers: bool = True) -> str:
    """A Markdown table: the first column is text, the others are numbers unless told otherwise."""
    lines = [head, ["---", *["---:" if numbers else "---"] * (len(head) - 1)], *rows]
    return "\n".join(f"| {' | '.join(cells)} |" for cells in lines)


def render(*, title: str, facts: Sequence[str], quick: bool, sections: Sequence[Section]) -> str:
    """The whole page."""
    parts = [f"# {title}"]
    if quick:
        parts.append(
            "**A smoke run** (`--quick`): it shows that everything runs. Its numbers come from a few steps on a few "
            "rows and say nothing about speed."
        )
    parts += ["\n".join(f"- {fact}" for fact in facts), "## Targets", _targets(sections, verdicts=not quick)]
    parts.append(
        "Contenders of a suite run in processes of their own and take turns, A B C A B C …; only one computes at a "
        "time. A ratio is the median over the pairs of samples of one round, with a 95 % bootstrap interval over the "
        "pairs in parentheses; a target is met where the median meets it."
    )
    for section in sections:
        parts += [f"## {section.title}", *section.text]
    return "\n\n".join(parts) + "\n"


def _targets(sections: Sequence[Section], *, verdicts: bool) -> str:
    found: dict[str, list[Measured]] = {}
    for section in sections:
        for measured in section.measured:
            found.setdefault(measured.key, []).append(measured)
    rows = []
    for key, (measure, target) in TARGETS.items():
        all_of_it = found.get(key, [])
        text = "; ".join(measured.text for measured in all_of_it) or "not run"
        met = [measured.met for measured in all_of_it]
        verdict = "met" if all(met) else "**not met**"
        if not verdicts or not met or None in met:
            verdict = ""
        rows.append([measure, target, text, verdict])
    return table(["measure", "target", "measured", ""], rows, numbers=False)


def gigabytes(size: float) -> str:
    """A size in memory."""
    return f"{size / 1e9:.2f} GB"


def megabytes(size: float) -> str:
    """A small size in memory."""
    return f"{size / 1e6:,.0f} MB"
