"""Records of predictions with their explanations."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from ftk.config.choices import Method
from ftk.config.data_choices import BadRows
from ftk.config.schema import DataConfig, HardwareConfig
from ftk.contracts.contexts import Reading
from ftk.contracts.explanations import ReadsOtherwise
from ftk.contracts.notes import Notes
from ftk.contracts.row import Row
from ftk.core.hardware import choose
from ftk.explaining.asked import Asked
from ftk.explaining.explainer import Explainer
from ftk.explaining.scoring import Scorer
from ftk.inference.bad_rows import BadRow
from ftk.inference.checkpoint import Checkpoint
from ftk.inference.pipeline import Predictions
from ftk.inference.replaced_columns import note_replaced
from ftk.inference.saved_model import SavedModel
from ftk.models.forward.padding_probe import layout_of


def explainer_of(checkpoint: Checkpoint, asked: Asked, hardware: HardwareConfig) -> Explainer:
    """What explains the predictions of a checkpoint; its weights are read once more, in fp32 and for plain modules.

    Raises:
        ConfigError: this machine does not have the hardware.
    """
    device = choose(hardware).device
    model = checkpoint.plain(checkpoint.task).to(device)
    source, layout = checkpoint.source, checkpoint.layout
    if layout is None:
        layout = layout_of(model, source.tokenizer, checkpoint.task.spec.auto_model, source.limit)
    scorer = Scorer(
        model,
        asked.explains.runs if isinstance(asked.explains, ReadsOtherwise) else checkpoint.task,
        asked.explains,
        asked.method,
        tokenizer=source.tokenizer,
        layout=layout,
        tokens=hardware.eval_tokens,
    )
    return Explainer(checkpoint, scorer, asked)


class ExplainedRecords:
    """The records of predictions, each with ``explanations``.

    Args:
        predictions: of a model that is loaded.
        explainer: of the same model.
    """

    def __init__(self, predictions: Predictions, explainer: Explainer) -> None:
        self._predictions, self._explainer = predictions, explainer

    def records(self, examples: list[Any], notes: Notes) -> Iterator[dict[str, Any]]:
        """One record for each example, in order. A row that cannot be used has an ``error`` and no explanation."""
        records = list(self._predictions.records(examples, notes))
        keep = self._predictions.data.bad_rows is BadRows.keep
        lost = [
            isinstance(example, BadRow) or (keep and "error" in record)
            for example, record in zip(examples, records, strict=True)
        ]
        good = [number for number, bad in enumerate(lost) if not bad]
        found = iter(
            self._explainer.explain([examples[number] for number in good], [records[number] for number in good], notes)
        )
        for example, record, bad in zip(examples, records, lost, strict=True):
            if bad:
                yield record
                continue
            added = {"explanations": next(found)}
            note_replaced(example, added, notes)
            yield {**record, **added}


def explanations(
    folder: Path,
    records: Sequence[dict[str, Any]],
    data: DataConfig,
    hardware: HardwareConfig,
    *,
    method: Method = Method.relevance,
    label: str | None = None,
    notes: Notes | None = None,
) -> list[list[dict[str, Any]]]:
    """What the predictions in some records rest on.

    Args:
        folder: the model folder that made them, as ``runs/x/best``.
        records: of predictions, as ``predictions/test.jsonl`` has them.
        data: the ``data`` section of a config: columns, and how texts are cut.
        hardware: the ``hardware`` section of a config.
        method: how scores of words are found.
        label: the label to explain; None: the predicted one.
        notes: collects warnings for the user; None: they are dropped.

    Returns:
        For each record its ``explanations``, as ``ftk explain`` writes them.

    Raises:
        ConfigError: predictions of this task are not explained.
        ModelError: the folder is damaged.
        DataError: a record lacks what the task reads.
    """
    saved = SavedModel.open(folder, None, None, Notes())
    asked = Asked.of(saved.trained, method, label)
    task = saved.trained.task
    rows = [Row(dict(record), "<records>", number) for number, record in enumerate(records, 1)]
    notes = Notes() if notes is None else notes
    reading = Reading(data.columns, labelled=False, notes=notes)
    examples = task.predictor().read(rows, reading)
    notes.raise_errors()
    return explainer_of(saved.checkpoint(data), asked, hardware).explain(examples, records, notes)
