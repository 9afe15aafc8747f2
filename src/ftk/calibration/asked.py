"""What records are to say of predictions that are unsure, and what a model folder keeps for that."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from ftk.calibration.conformal import least_rows, quantile
from ftk.calibration.kept import Kept
from ftk.config.choices import OutOfScope
from ftk.config.schema import PredictionsConfig
from ftk.errors import ConfigError

_KEEPS_NONE = "the model folder keeps nothing of validation rows for it. Train it with such rows and"


@dataclass(frozen=True, slots=True)
class Asked:
    """What records are to say, and what that needs.

    Attributes:
        abstain: answers that are less likely are marked; None: none are.
        limit: the nonconformity of the labels of a set; None: there are no sets.
        scope: ``energy``, ``mahalanobis`` or None.
        scope_limit: the score up to which a row is in scope.
    """

    abstain: float | None = None
    limit: float | None = None
    scope: str | None = None
    scope_limit: float = 0.0

    @classmethod
    def of(cls, config: PredictionsConfig, kept: Kept | None) -> Asked:
        """What a config asks for, with what a model folder keeps for it.

        Raises:
            ConfigError: the folder keeps nothing for it.
        """
        limit, scope_limit = None, 0.0
        if config.coverage is not None:
            scores = kept.arrays.get("conformal") if kept is not None else None
            if scores is None:
                raise ConfigError(f"predict.coverage={config.coverage}: {_KEEPS_NONE} calibrate=temperature.")
            if len(scores) < (least := least_rows(config.coverage)):
                raise ConfigError(
                    f"predict.coverage={config.coverage}: this needs {least:,} validation rows, and the model folder "
                    f"has the scores of {len(scores):,}. The highest coverage of these is "
                    f"{len(scores) / (len(scores) + 1):.3f}."
                )
            limit = quantile(np.sort(scores), config.coverage)
        scope = None if config.out_of_scope is None else config.out_of_scope.value
        if scope is not None:
            limits = kept.facts.get("out_of_scope") if kept is not None else None
            if not isinstance(limits, dict) or not isinstance(limits.get(scope), (int, float)):
                more = " predict.out_of_scope=mahalanobis" if scope == OutOfScope.mahalanobis.value else ""
                raise ConfigError(f"predict.out_of_scope={scope}: {_KEEPS_NONE} calibrate=temperature{more}.")
            scope_limit = float(limits[scope])
        return cls(config.abstain, limit, scope, scope_limit)
