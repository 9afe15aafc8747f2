"""The model card of a run, from what the run has measured and found."""

from collections.abc import Iterator, Mapping
from typing import Any

from ftk.comparing.intervals import interval
from ftk.comparing.opened import Outcomes, open_outcomes
from ftk.config.choices import Init
from ftk.config.spelling.writing import command
from ftk.contracts.task import fields_of
from ftk.errors import FtkError
from ftk.models.architectures.pooled_text import POOLING, SEPARATOR
from ftk.report.cards.card import CARD, CardFacts, Measured, write_card
from ftk.report.cards.usage import usage
from ftk.report.saved_run import saved_environment
from ftk.tasks import called, task_name
from ftk.training.run import Run

_SCORES = 6
"""Scores of a split that a card has at most."""


def write_run_card(run: Run, result: Mapping[str, Any]) -> None:
    """Write the card of the best model of a run, unless the user has one there.

    Args:
        run: whose folder has everything but the card.
        result: the content of metrics.json.
    """
    if not write_card(run.folder.best, card_facts(run, result)):
        run.console.say(f"card: {run.folder.best / CARD} is your own; it stays as it is")


def card_facts(run: Run, result: Mapping[str, Any]) -> CardFacts:
    """What the card of a run is made of."""
    environment = saved_environment(run.folder.path)
    folder, model = str(run.folder.best), run.config.model
    labels = run.source.labels
    reads_texts = "text" in run.task.spec.modalities
    predicts = ["ftk", "predict", f"checkpoint={folder}", f"input={'texts.txt' if reads_texts else 'pictures'}"]
    return CardFacts(
        name=run.folder.path.name,
        folder=folder,
        task=called(run.task),
        base=str(environment["model"].get("origin", "random weights")),
        base_id=model.name if model.init is Init.pretrained else None,
        labels=labels.names if labels is not None and run.task.spec.wording.labels is not None else (),
        measured=[one for split in ("test", "validation") for one in _measured(run, result, split)],
        files=environment["data"],
        rows=environment.get("rows", {}),
        command=environment["command"],
        limits=[
            f"{one.split}: {one.what}" if one.split else one.what
            for one in run.console.findings
            if one.severity == "warning"
        ],
        usage=usage(
            task_name(run.task),
            fields_of(run.task),
            str(run.source.config.model_type),
            folder,
            _pooling(run),
            run.windows.prefix,
        ),
        example=command([*predicts, "output=predictions.jsonl"]),
        versions={
            "ftk": environment["ftk"],
            **{name: environment["packages"].get(name) for name in ("torch", "transformers", "tokenizers")},
        },
    )


def _pooling(run: Run) -> str | None:
    """How a head of ftk pools; None for another head."""
    config = run.source.config
    return "pair" if getattr(config, SEPARATOR, None) is not None else getattr(config, POOLING, None)


def _measured(run: Run, result: Mapping[str, Any], split: str) -> Iterator[Measured]:
    """The scores of a split, that which chose the best model first; with intervals where they are known."""
    metrics = result.get(split)
    if not isinstance(metrics, Mapping):
        return
    chosen = run.plan.score
    values = {chosen.name: chosen.value(metrics)}
    values |= {name: value for name, value in metrics.items() if isinstance(value, float)}
    outcomes = _outcomes(run, split)
    for name in [name for name in values if name != "loss" or name == chosen.name][:_SCORES]:
        value = values[name]
        if value is not None and value == value:
            yield Measured(split, name, float(value), _interval(outcomes, name))


def _outcomes(run: Run, split: str) -> Outcomes | None:
    try:
        return open_outcomes(run.folder.path, split)
    except FtkError:  # a task of your own, or one without predictions: its scores have no intervals
        return None


def _interval(outcomes: Outcomes | None, name: str) -> tuple[float, float] | None:
    if outcomes is None:
        return None
    try:
        low, high = interval(outcomes.statistics_of(name), outcomes.groups)
    except FtkError:
        return None
    return None if low != low else (low, high)
