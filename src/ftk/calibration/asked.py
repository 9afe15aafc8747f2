"""What records are to say of predictions that are unsure, and what a model folder keeps for that."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from ftk.calibration.conformal import least_rows, quantile
from ftk.calibration.kept import LEAST, Kept
from ftk.config.choices import OutOfScope
from ftk.config.schema import PredictionsConfig
from ftk.errors import ConfigError


@dataclass(frozen=True, slots=True)
class Asked:
    """What records are to say, and what that needs.

    Attributes:
        abstain: answers that are less likely are marked; None: none are.
        limit: the nonconformity of the labels of a set; None: there are no sets.
        scope: ``energy``, ``mahalanobis`` or None.
        scope_limit: the score up to which a row is in scope.
        coverage: how often sets are to have the right label.
    """

    abstain: float | None = None
    limit: float | None = None
    scope: str | None = None
    scope_limit: float = 0.0
    coverage: float | None = None

    @classmethod
    def of(cls, config: PredictionsConfig, kept: Kept | None, few: int | None = None) -> Asked:
        """What a config asks for, with what a model folder keeps for it.

        Args:
            config: of predictions.
            kept: of the model folder; None if it keeps nothing.
            few: how many validation rows there are, if they are too few to keep anything; None: that is not known.

        Raises:
            ConfigError: the folder keeps nothing for it.
        """
        limit, scope_limit = None, 0.0
        if config.coverage is not None:
            scores = kept.arrays.get("conformal") if kept is not None else None
            if scores is None:
                raise ConfigError(f"predict.coverage={config.coverage}: {_why(few)}.")
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
                raise ConfigError(f"predict.out_of_scope={scope}: {_why(few, more)}.")
            scope_limit = float(limits[scope])
        return cls(config.abstain, limit, scope, scope_limit, config.coverage)


def _why(few: int | None, more: str = "") -> str:
    """Why a model folder keeps nothing, and what to do."""
    if few is not None:
        rows = f"{few:,} validation row{' is' if few == 1 else 's are'}"
        return f"the model folder keeps nothing for it, because {rows} too few ({LEAST} are needed)"
    advice = f"Train it with at least {LEAST} such rows and calibrate=temperature{more}"
    return f"the model folder keeps nothing of validation rows for it. {advice}"
