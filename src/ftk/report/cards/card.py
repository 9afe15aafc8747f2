"""Writes the model card of a run: what the model is, how good it is and how it is used, with the hub's metadata."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from ftk import __version__
from ftk.report.cards.usage import Usage
from ftk.system.atomic import write_text

CARD = "README.md"
_MARK = "<!-- Written by ftk. Take this line out, and ftk leaves the card as it is. -->"
_HUB_ID = re.compile(r"[A-Za-z0-9][\w.-]*/[\w.-]+")
_MOST = 20
"""Findings that a card lists."""


@dataclass(frozen=True, slots=True)
class Measured:
    """A score of a split.

    Attributes:
        split: validation or test.
        name: of the score.
        value: of the score.
        interval: of 95 %; None if it is not known.
    """

    split: str
    name: str
    value: float
    interval: tuple[float, float] | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class CardFacts:
    """What a card is made of.

    Attributes:
        name: of the run.
        folder: of the model, as ftk's commands name it.
        task: the word of ``task=…``.
        base: the model that training began from, in words.
        base_id: its name; the card has it as metadata if it is one of the hub.
        labels: of the model; empty if it has none.
        measured: the scores, that of the task first.
        files: the SHA-256 of the data files by name, by split.
        rows: how many each split has.
        command: that trained the model.
        limits: what was found that a user of the model should know.
        usage: how other libraries use it.
        example: a line that predicts with ftk.
        versions: of the packages, by name.
    """

    name: str
    folder: str
    task: str
    base: str
    base_id: str | None
    labels: Sequence[str]
    measured: Sequence[Measured]
    files: Mapping[str, Mapping[str, str]]
    rows: Mapping[str, int]
    command: str
    limits: Sequence[str]
    usage: Usage
    example: str
    versions: Mapping[str, str | None] = field(default_factory=dict)


def own_card(folder: Path) -> dict[str, bytes]:
    """The card of a model folder that a user has written or taken over, by its name; empty without one of the user."""
    try:
        text = (folder / CARD).read_bytes()
    except OSError:
        return {}
    return {} if _MARK.encode() in text else {CARD: text}


def write_card(folder: Path, facts: CardFacts) -> bool:
    """Write the card of a model folder, unless the user has one there.

    Returns:
        Whether it was written.
    """
    if own_card(folder):
        return False
    write_text(folder / CARD, card(facts))
    return True


def card(facts: CardFacts) -> str:
    """The content of a card: metadata in YAML, then Markdown."""
    return f"---\n{_metadata(facts)}\n---\n\n{_MARK}\n\n" + "\n\n".join(_sections(facts)) + "\n"


def _metadata(facts: CardFacts) -> str:
    from huggingface_hub import EvalResult, ModelCardData

    results = [
        EvalResult(
            task_type=facts.usage.tag or facts.task,
            dataset_type=_slug(_names(facts, one.split)),
            dataset_name=_names(facts, one.split),
            dataset_split=one.split,
            metric_type=one.name,
            metric_value=round(one.value, 6),
            metric_name=one.name,
        )
        for one in facts.measured
    ]
    base = facts.base_id if facts.base_id is not None and _HUB_ID.fullmatch(facts.base_id) else None
    data = ModelCardData(
        base_model=base,
        library_name="transformers",
        pipeline_tag=facts.usage.tag,
        tags=["ftk", facts.task],
        model_name=facts.name,
        eval_results=results or None,
    )
    return str(data.to_yaml())


def _names(facts: CardFacts, split: str) -> str:
    """The names of the files of a split, or of those that it was split off."""
    files = facts.files.get(split) or facts.files.get("train") or {}
    return ", ".join(dict.fromkeys(Path(name).name for name in files)) or split


def _slug(text: str) -> str:
    return re.sub(r"[^a-z0-9]+", "-", text.lower()).strip("-") or "data"


def _sections(facts: CardFacts) -> Iterator[str]:
    yield f"# {facts.name}"
    labels = f" It knows {len(facts.labels):,} labels: {_listed(facts.labels)}." if facts.labels else ""
    yield f"A model for {facts.task}, trained with ftk {__version__}. It began from {facts.base}.{labels}"
    if facts.measured:
        yield "## Scores\n\n" + _table(
            ("split", "rows", "score", "value", "95 % interval"), (_score(facts, one) for one in facts.measured)
        )
    if facts.files:
        rows = (
            (split, Path(name).name, f"`{digest}`")
            for split, files in facts.files.items()
            for name, digest in files.items()
        )
        yield "## Data\n\n" + _table(("split", "file", "SHA-256"), rows)
    yield f"## Use\n\nWith ftk:\n\n```\n{facts.example}\n```"
    if facts.usage.code is None:
        yield "The head of this model is one of ftk's own; other libraries open its encoder alone."
    else:
        lacks = f" (other than with ftk, {facts.usage.lacks})" if facts.usage.lacks else ""
        yield f"With transformers{lacks}:\n\n```python\n{facts.usage.code}```"
    yield f"## Training\n\n```\n{facts.command}\n```\n\n{_versions(facts.versions)}"
    if facts.limits:
        more = len(facts.limits) - _MOST
        lines = [f"- {_plain(text)}" for text in facts.limits[:_MOST]] + (
            [f"- … and {more:,} more"] if more > 0 else []
        )
        yield "## Limits\n\nWhat ftk found in the data and in the predictions:\n\n" + "\n".join(lines)


def _score(facts: CardFacts, one: Measured) -> tuple[str, ...]:
    rows = facts.rows.get(one.split)
    between = "" if one.interval is None else f"{one.interval[0]:.4f} to {one.interval[1]:.4f}"
    return one.split, "" if rows is None else f"{rows:,}", one.name, f"{one.value:.4f}", between


def _table(head: Sequence[str], rows: Iterator[tuple[str, ...]]) -> str:
    lines = [head, ["---"] * len(head), *rows]
    return "\n".join(f"| {' | '.join(cell.replace('|', chr(92) + '|') for cell in line)} |" for line in lines)


def _listed(labels: Sequence[str]) -> str:
    shown = ", ".join(f"`{label}`" for label in labels[:_MOST])
    return shown + (", …" if len(labels) > _MOST else "")


def _plain(text: str) -> str:
    """A sentence as one line of Markdown; what it quotes is text, and no markup."""
    return re.sub(r"([*_<>`\[\]])", r"\\\1", " ".join(text.split()))


def _versions(versions: Mapping[str, str | None]) -> str:
    named = [f"{name} {number}" for name, number in versions.items() if number is not None]
    return f"Versions: {', '.join(named)}."
