"""What is said of the predictions for a split: how well calibrated they are, and which are unsure."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np

from ftk.calibration.asked import Asked
from ftk.calibration.conformal import label_set
from ftk.calibration.figures import Reliability
from ftk.calibration.kept import Kept
from ftk.calibration.out_of_scope import Scope
from ftk.contracts.confidence import Confidence, Shape
from ftk.contracts.values import Batch
from ftk.core.non_finite import NotFinite


class Assurance:
    """Looks at the predictions for a split, as ``ftk.contracts.confidence.BesideRows``.

    Args:
        confidence: of the task.
        asked: what records are to say.
        model: that predicts.
        kept: of the model folder.
        labelled: whether the rows have labels.
    """

    def __init__(
        self, confidence: Confidence, asked: Asked, model: Any, kept: Kept | None = None, *, labelled: bool
    ) -> None:
        self._confidence = confidence
        self._asked = asked
        self._reliability = Reliability(confidence) if labelled else None
        arrays = {} if kept is None else kept.arrays
        self._scope = None if asked.scope is None else Scope(asked.scope, model, arrays)
        self._judged = self._sure = self._unsure = self._right = 0
        self._sets: list[int] = []
        self._covered = self._foreign = self._rows = 0
        self.latest: dict[str, Any] = {}

    def seen(self, outputs: Any, batch: Batch) -> None:
        """Look at the outputs for a batch."""
        if self._scope is not None:
            self._scope.seen(outputs, batch)

    def row(self, number: int, features: Any, example: Any, prediction: Any) -> dict[str, Any]:
        """What the record of a row says in addition: ``abstained``, ``label_set``, ``out_of_scope_score`` and
        ``out_of_scope``, as far as they are asked for."""
        asked, more = self._asked, dict[str, Any]()
        self._rows += 1
        if self._reliability is not None:
            self._reliability.add(example, prediction)
        if asked.abstain is not None:
            more["abstained"] = self._abstained(example, prediction, asked.abstain)
        if asked.limit is not None:
            names = self._confidence.names(prediction)
            inside = label_set(names, self._confidence.scores(prediction), asked.limit)
            self._sets.append(len(inside))
            if self._reliability is not None:
                gold = np.flatnonzero(self._confidence.gold(example, prediction)).tolist()
                self._covered += any(names[label] in inside for label in gold)
            more["label_set"] = inside
        if self._scope is not None:
            score = self._scope.of(features.windows_of(number, number + 1))
            foreign = score > asked.scope_limit
            self._foreign += int(foreign)
            more |= {"out_of_scope_score": round(score, 6), "out_of_scope": bool(foreign)}
        return more

    def _abstained(self, example: Any, prediction: Any, least: float) -> Any:
        """Whether the label of a row is less likely than asked for; of answers, which are."""
        of_class = self._confidence.shape is Shape.classes
        decided: Any = [self._confidence.decision(prediction)] if of_class else slice(None)
        unsure = self._confidence.scores(prediction)[decided] < least
        self._judged += len(unsure)
        self._unsure += int(unsure.sum())
        if self._reliability is not None:
            gold = self._confidence.gold(example, prediction)[decided]
            self._sure += int((~unsure).sum())
            self._right += int((gold & ~unsure).sum())
        return bool(unsure[0]) if of_class else unsure.tolist()

    def watched(self, predicted: Iterator[tuple[Any, Any]], features: Any) -> Iterator[tuple[Any, Any]]:
        """Yield some predictions; ``latest`` is what the record of the last one says in addition.

        Args:
            predicted: each example with its prediction, or with a ``NotFinite`` that says nothing.
            features: of these rows.
        """
        for number, (example, prediction) in enumerate(predicted):
            lost = isinstance(prediction, NotFinite)
            self.latest = {} if lost else self.row(number, features, example, prediction)
            yield example, prediction

    def close(self) -> None:
        """Look no longer."""
        if self._scope is not None:
            self._scope.close()

    def figures(self) -> dict[str, Any]:
        """Of labelled rows how well calibrated their predictions are, see ``Reliability.compute``; and what was asked
        for: ``abstain``, ``coverage`` and ``out_of_scope``."""
        found = {} if self._reliability is None else self._reliability.compute()
        if self._asked.abstain is not None:
            of_others = {"accuracy": self._right / self._sure} if self._sure else {}
            found["abstain"] = {
                "below": self._asked.abstain,
                "abstained": self._unsure,
                "answers": self._judged,
                **of_others,
            }
        if self._asked.limit is not None and self._sets:
            share = {} if self._reliability is None else {"covered": self._covered / len(self._sets)}
            found["coverage"] = {**share, "labels_per_set": float(np.mean(self._sets))}
            found["coverage"] |= {"asked": self._asked.coverage, "rows": len(self._sets)}
        if self._asked.scope is not None and self._rows:
            share_out = {"share": self._foreign / self._rows, "foreign": self._foreign, "rows": self._rows}
            found["out_of_scope"] = {"score": self._asked.scope, **share_out}
        return found
