"""What a model folder keeps of a calibration: an entry in ``ftk.json``, and arrays in ``calibration.safetensors``."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray
from safetensors import SafetensorError

from ftk.contracts.confidence import Confidence
from ftk.errors import ModelError
from ftk.models.loading.verified_folder import CALIBRATION as FILE

if TYPE_CHECKING:
    from ftk.calibration.maps import Rescored

ENTRY = "calibration"
"""The entry of ``ftk.json``."""
LEAST = 50
"""Answers that a calibration needs: with fewer, chance moves it further than it mends."""
_METHODS = ("temperature", "vector", "isotonic")
_DIMENSIONS = {"map.one": 1, "map.other": 1, "conformal": 1, "scope.means": 2, "scope.precision": 2}


@dataclass(frozen=True, slots=True)
class Kept:
    """A calibration.

    Attributes:
        facts: the entry of ``ftk.json``: ``method``, ``temperature``, whether it is ``folded`` into the last layer,
            from how many ``rows``, the fields of the task that ``moved``, with their values before; and
            ``out_of_scope``, the limit of each score.
        arrays: the map of scores that is not folded, the scores of right labels, and means of states.
    """

    facts: Mapping[str, Any]
    arrays: Mapping[str, NDArray[np.float64]] = field(default_factory=dict)

    @classmethod
    def read(cls, folder: Path, manifest: Mapping[str, Any]) -> Kept | None:
        """The calibration of a verified model folder; None if it has none.

        Raises:
            ModelError: it is not what ftk writes.
        """
        from safetensors.numpy import load_file

        facts = manifest.get(ENTRY)
        if facts is None:
            return None
        names = facts.get("names", []) if isinstance(facts, dict) else None
        if not isinstance(names, list) or facts.get("method") not in _METHODS:
            raise ModelError(f"{folder}/ftk.json: its {ENTRY} is not what ftk writes.")
        if not (folder / FILE).is_file():
            return cls(facts)
        try:
            arrays = {name: array.astype(np.float64) for name, array in load_file(folder / FILE).items()}
        except (OSError, ValueError, TypeError, SafetensorError) as error:
            raise ModelError(f"{folder / FILE}: it cannot be read ({error}).") from error
        for name, array in arrays.items():
            if array.ndim != _DIMENSIONS.get(name) or not array.size or not np.isfinite(array).all():
                raise ModelError(f"{folder / FILE}: {name} of the shape {array.shape} is not what ftk writes.")
        return cls(facts, arrays)

    def rescored(self, confidence: Confidence | None, where: Path) -> Rescored | None:
        """What gives predictions their calibrated scores; None if those of the model are calibrated.

        Raises:
            ModelError: it is not what ftk writes.
        """
        if confidence is None or "map.one" not in self.arrays:
            return None
        from ftk.calibration.maps import Rescored, ScoreMap

        names = [str(name) for name in self.facts.get("names", [])]
        return Rescored(confidence, ScoreMap.of(confidence.shape, self.facts["method"], names, self.arrays, str(where)))
