"""Runs of MLflow, in the store that MLFLOW_TRACKING_URI names, or in MLflow's own in the current folder."""

from __future__ import annotations

import os
import time
from collections.abc import Mapping
from typing import Any

from ftk.training.tracking.tracker import State

_LONGEST = 500
"""Characters of a parameter that every store takes."""
_AT_ONCE = 100
"""Parameters that are sent together."""


class MLflow:
    """Writes to a run of MLflow, in the experiment that MLFLOW_EXPERIMENT_NAME names, or in ``ftk``.

    Args:
        state: has the id of the run if it goes on.
        name: of the run.
        params: of a run that begins.
    """

    def __init__(self, state: State, name: str, params: Mapping[str, Any]) -> None:
        # Nothing is sent to anyone but the store that the user names.
        os.environ.setdefault("MLFLOW_DISABLE_TELEMETRY", "true")
        from mlflow.tracking import MlflowClient

        self._client = MlflowClient()
        if state.id is not None:
            self._id = state.id
            self._client.update_run(self._id, status="RUNNING")
            return
        experiment = os.environ.get("MLFLOW_EXPERIMENT_NAME", "ftk")
        found = self._client.get_experiment_by_name(experiment)
        number = found.experiment_id if found is not None else self._client.create_experiment(experiment)
        self._id = self._client.create_run(number, run_name=name).info.run_id
        state.begin(self._id)
        self._log_params(params)

    def _log_params(self, params: Mapping[str, Any]) -> None:
        from mlflow.entities import Param

        every = [Param(key, str(value)[:_LONGEST]) for key, value in params.items()]
        for begin in range(0, len(every), _AT_ONCE):
            self._client.log_batch(self._id, params=every[begin : begin + _AT_ONCE])

    def log(self, values: Mapping[str, float], step: int) -> None:
        from mlflow.entities import Metric

        now = int(time.time() * 1000)
        self._client.log_batch(self._id, metrics=[Metric(name, value, now, step) for name, value in values.items()])

    def close(self, *, finished: bool) -> None:
        self._client.set_terminated(self._id, status="FINISHED" if finished else "KILLED")
