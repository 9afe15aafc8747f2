"""What int8 costs: the scores of the same model on the same rows without it."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

from ftk.config.choices import Precision
from ftk.config.schema import HardwareConfig
from ftk.contracts import finding_kinds as kinds
from ftk.contracts.notes import Notes
from ftk.contracts.task import Task
from ftk.contracts.values import Prepared
from ftk.core.evaluate import Evaluator
from ftk.inference.checkpoint import Checkpoint
from ftk.inference.scoring import score
from ftk.report.console import Console
from ftk.report.tables import TextTable


@dataclass(frozen=True, slots=True)
class Int8Cost:
    """Scores in int8 beside those of the same rows in the precision that the machine would choose otherwise.

    Attributes:
        other: that precision: bf16, or fp32 on a machine or for a model without bf16.
        rows: how many rows were scored.
        scores: by the name of a metric, its value in int8 and in the other precision.
    """

    other: str
    rows: int
    scores: Mapping[str, tuple[float, float]]

    def to_json(self) -> dict[str, Any]:
        """For metrics.json, with all digits."""
        return {
            name: {"int8": quantized, self.other: plain, "difference": quantized - plain}
            for name, (quantized, plain) in self.scores.items()
        }

    def table(self) -> TextTable:
        """A row for each metric."""
        rows = [
            [name, f"{quantized:.4f}", f"{plain:.4f}", f"{quantized - plain:+.4f}"]
            for name, (quantized, plain) in self.scores.items()
        ]
        title = f"test, int8 beside {self.other}, the same {self.rows:,} rows"
        return TextTable(title, ["score", "int8", self.other, "difference"], rows, numbers=True)

    def note(self, metric: str, notes: Notes) -> None:
        """Report the difference in the score of the task."""
        if metric in self.scores:
            quantized, plain = (round(value, 4) for value in self.scores[metric])
            difference = round(quantized - plain, 4)
            notes.add(
                kinds.QUANTIZATION_COST,
                metric=metric,
                other=self.other,
                int8=quantized,
                plain=plain,
                difference=difference,
            )


def int8_cost(
    checkpoint: Checkpoint,
    task: Task,
    hardware: HardwareConfig,
    prepared: Prepared,
    metrics: Mapping[str, Any],
    console: Console,
) -> Int8Cost:
    """Score the rows of an evaluation in int8 once more, without it.

    Args:
        checkpoint: the model.
        task: of the model.
        hardware: the hardware section of the config.
        prepared: the rows.
        metrics: of these rows in int8.
        console: shows what happens.
    """
    console.say("the same rows once more without int8, to compare")
    runner = checkpoint.runner(task, replace(hardware, precision=Precision.auto), Console(quiet=True))
    other = Precision.fp32 if runner.hardware.in_fp32 else runner.hardware.precision
    plain = score(Evaluator(runner, task), prepared).metrics
    both = {name: (metrics[name], plain[name]) for name in metrics if _is_score(metrics[name], plain.get(name))}
    return Int8Cost(other.value, len(prepared.examples), both)


def _is_score(one: Any, other: Any) -> bool:
    return isinstance(one, float) and isinstance(other, float) and math.isfinite(one) and math.isfinite(other)
