"""What came of what was asked of unsure predictions, in words."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any


def unsure_facts(figures: Mapping[str, Any]) -> list[tuple[str, str]]:
    """Names and values; empty if nothing was asked for.

    Args:
        figures: of ``ftk.calibration.assurance.Assurance``, or as ``metrics.json`` has them.
    """
    abstain, coverage, scope = (_numbers(figures.get(name)) for name in ("abstain", "coverage", "out_of_scope"))
    facts = []
    if "abstained" in abstain:
        below = f" (score below {abstain['below']:g})" if "below" in abstain else ""
        facts.append((f"abstained{below}", _of(abstain["abstained"], abstain.get("answers"), "answers")))
    if "accuracy" in abstain:
        facts.append(("right among the others", f"{abstain['accuracy']:.4f}"))
    if "covered" in coverage:
        asked = f" ({100 * coverage['asked']:g} % asked for)" if "asked" in coverage else ""
        rows = f" of {coverage['rows']:,.0f} rows" if "rows" in coverage else ""
        facts.append((f"label sets with the right label{asked}", f"{100 * coverage['covered']:.1f} %{rows}"))
    if "labels_per_set" in coverage:
        facts.append(("labels in a set", f"{coverage['labels_per_set']:.2f} on average"))
    if "foreign" in scope:
        facts.append(("out of scope", _of(scope["foreign"], scope.get("rows"), "rows")))
    elif "share" in scope:
        facts.append(("out of scope", f"{100 * scope['share']:.1f} % of the rows"))
    return facts


def unsure_line(figures: Mapping[str, Any]) -> str:
    """The same as one line for a terminal; empty if nothing was asked for."""
    return "; ".join(f"{name}: {value}" for name, value in unsure_facts(figures))


def _of(part: float, whole: float | None, what: str) -> str:
    return f"{part:,.0f}" if whole is None else f"{part:,.0f} of {whole:,.0f} {what}"


def _numbers(found: Any) -> dict[str, float]:
    known = found.items() if isinstance(found, Mapping) else ()
    return {name: one for name, one in known if isinstance(one, (int, float)) and not isinstance(one, bool)}
