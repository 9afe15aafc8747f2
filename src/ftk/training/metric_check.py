"""Checks, before the first step, that the task computes the metric that is to choose the best model."""

import difflib

from ftk.contracts.score import names_of
from ftk.core.fit import FittedModel
from ftk.errors import ConfigError
from ftk.training.run import Run

_FEW = 64
"""Rows that are scored first: most metrics do not need more of them to be there."""


def check_metric(run: Run) -> None:
    """Score some validation rows with the untrained model if the config names a metric.

    What a task computes is known from its metric alone, which needs predictions. So a misspelled name ends the run here
    and not at the first validation.

    Raises:
        ConfigError: validation has no such metric.
    """
    wanted = run.config.train.metric
    if wanted is None or isinstance(run.state.model, FittedModel):
        return
    part = run.prepared["validation"]
    evaluator = run.evaluator(run.state.model)
    names: list[str] = []
    for rows in (min(_FEW, len(part.examples)), len(part.examples)):
        names = list(names_of(evaluator.score(part.examples[:rows], part.features, rows=rows)))
        if wanted in names:
            return
    labels = run.source.labels.names if run.source.labels is not None else ()
    label = wanted.removeprefix("per_label.").rpartition(".")[0]
    if wanted.startswith("per_label.") and {label, f"B-{label}"}.intersection(labels):
        raise ConfigError(
            f"train.metric={wanted}: no validation row has the label '{label}'. Give validation more rows "
            "(data.validation_share, data.validation), or choose another metric."
        )
    near = difflib.get_close_matches(wanted, names, n=1)
    hint = f" Did you mean '{near[0]}'?" if near else ""
    top = [name for name in names if not name.startswith(("per_", "by_"))]
    inner = next((name for name in names if name not in top), None)
    more = f", and others such as {inner}" if inner else ""
    raise ConfigError(
        f"train.metric={wanted}: the validation rows have no such metric.{hint} They have {', '.join(top)}{more}."
    )
