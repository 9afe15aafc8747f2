"""What is different between two sides: what was changed, and which rows and labels it moved."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from ftk.comparing.changed.configs import run_changes
from ftk.comparing.changed.labels import label_changes
from ftk.comparing.changed.rows import row_changes
from ftk.comparing.effects import Of
from ftk.comparing.opened import Outcomes
from ftk.errors import numbered
from ftk.report.tables import TextTable

_PARTS = ("data", "config", "versions", "hardware")
_MOST_LABELS = 10
_MOST_KEYS = 30
_WIDEST = 60
"""Characters of a text in a table."""
Section = Mapping[str, Any]


def differences(
    before: Sequence[Outcomes], after: Sequence[Outcomes], *, examples: int, level: float = 0.95, of: Of = Of.models
) -> dict[str, Any]:
    """What is different between two models or groups, as JSON has it.

    Args:
        before, after: the models of both sides, on the same rows in the same order.
        examples: how many won and how many lost rows are shown.
        level: of the intervals.
        of: whether models or recipes are compared.

    Returns:
        ``changed`` (see ``run_changes``), ``rows`` (``row_changes``) and ``labels`` (``label_changes``); null where the
        task has none.
    """
    return {
        "changed": run_changes(before, after),
        "rows": row_changes(before, after, examples),
        "labels": label_changes(before, after, level, of),
    }


def difference_sentences(section: Section, before: str, after: str) -> Iterator[str]:
    """Yield what the tables do not say, one sentence each.

    Args:
        section: from ``differences``.
        before, after: the names of the sides.
    """
    changed, found, labels = section["changed"], section["rows"], section["labels"]
    if found is not None and found["of"] == "answers":
        yield (
            f"Of {numbered(found['rows'], 'row')} {after} wins {found['won']:,} that {before} gets wrong, and loses "
            f"{found['lost']:,}; {found['both_right']:,} are right in both, {found['both_wrong']:,} wrong in both."
        )
    elif found is not None:
        yield (
            f"Of {numbered(found['rows'], 'row')} {after} is nearer than {before} in {found['won']:,}, and farther in "
            f"{found['lost']:,}."
        )
    if labels is not None and not labels["labels"]:
        yield f"No label occurs {labels['least_support']} times, as an interval of its F1 needs."
    if changed["unknown"]:
        files = numbered(changed["unknown"], "run is a file", "runs are files")
        yield f"What was changed between {before} and {after} is not known: {files} of predictions."
    elif not any(changed[part] for part in _PARTS):
        yield f"Nothing was changed between {before} and {after}: config, data, versions and hardware are the same."


def difference_tables(section: Section, before: str, after: str) -> Iterator[TextTable]:
    """Yield the tables of what ``differences`` found.

    Args:
        section: from ``differences``.
        before, after: the names of the sides.
    """
    changed = [(key, *pair) for part in _PARTS for key, pair in section["changed"][part].items()]
    if changed:
        rows = [[key, _short(old), _short(new)] for key, old, new in changed[:_MOST_KEYS]]
        more = f"; {_MOST_KEYS} of {len(changed)} keys" if len(changed) > _MOST_KEYS else ""
        yield TextTable(f"What was changed{more}", ["key", before, after], rows)
    if (labels := section["labels"]) is not None and labels["labels"]:
        yield _of_labels(labels, before, after)
    if (found := section["rows"]) is not None:
        yield from _of_rows(found, before, after)


def _of_labels(labels: Section, before: str, after: str) -> TextTable:
    shown = labels["labels"][:_MOST_LABELS]
    rows = [
        [
            one["label"],
            f"{one['support']:,}",
            f"{one['before']:.3f}",
            f"{one['after']:.3f}",
            f"{one['difference']:+.3f}{'*' if one['clear'] else ' '}",
            "" if None in one["interval"] else "{:+.3f} to {:+.3f}".format(*one["interval"]),
        ]
        for one in shown
    ]
    recipes = labels["of"] == Of.recipes.value
    title = f"F1 of labels, the largest differences first; intervals over rows{' and seeds' if recipes else ''}"
    if len(labels["labels"]) > len(shown):
        title += f"; {len(shown)} of {len(labels['labels'])}"
    if labels["too_few"]:
        title += f"; {len(labels['too_few'])} with fewer than {labels['least_support']} in the rows are left out"
    title += "; * clear among so many" if any(one["clear"] for one in shown) else "; none is clear among so many"
    return TextTable(title, ["label", "support", before, after, "difference", "95 % interval"], rows, numbers=True)


def _of_rows(found: Section, before: str, after: str) -> Iterator[TextTable]:
    """The first of the rows that were won and lost."""
    answers = found["of"] == "answers"
    for kind, word in (("won", "won" if answers else "nearer"), ("lost", "lost" if answers else "farther")):
        examples = found[f"{kind}_examples"]
        if not examples:
            continue
        # Of a row that is won the answer is the gold one now; of one that is lost it was.
        columns = {"input": "input", "gold": "gold", "before": before, "after": after}
        if answers:
            del columns["after" if kind == "won" else "before"]
        rows = [[_short(one[name]) for name in columns] for one in examples]
        first = f", those first that {after} is surest of" if answers else ", those first that moved most"
        yield TextTable(f"Rows {word}: {len(rows)} of {found[kind]:,}{first}", list(columns.values()), rows)


def _short(value: Any) -> str:
    """A value in few characters; of spans and tags what they say."""
    if isinstance(value, Mapping):
        value = value.get("text", value.get("tag", value)) if "label" not in value else _labelled(value)
    if isinstance(value, list):
        value = ", ".join(_labelled(one) if isinstance(one, Mapping) else str(one) for one in value) or "none"
    text = "none" if value is None else str(value)
    return text if len(text) <= _WIDEST else f"{text[: _WIDEST - 1]}…"


def _labelled(one: Mapping[str, Any]) -> str:
    """A span, a tag, an answer or a candidate."""
    label = one.get("label", one.get("tag"))
    text = one.get("text", "")
    return f"{text} ({label})" if label is not None and text else str(label if label is not None else text)
