"""The metrics of a run, written to its folder and copied to a tracker."""

from __future__ import annotations

import json
import shutil
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

import yaml

from ftk.config.choices import Tracking
from ftk.errors import FtkError, RunError, first_line
from ftk.report.console import Console
from ftk.report.records import MetricsFile
from ftk.report.run_folder import RunFolder
from ftk.training.tracking.tracker import State, Tracker, flat, numbers_of


class TrackedMetrics:
    """``metrics.jsonl``, and the tracker that has its numbers, too.

    A tracker that fails is given up, with a warning: a training does not end because a server is down.

    Attributes:
        file: ``metrics.jsonl``.

    Args:
        file: ``metrics.jsonl``.
        tracker: None: there is none.
        state: of the tracker.
        console: shows a warning.
    """

    def __init__(self, file: MetricsFile, tracker: Tracker | None, state: State | None, console: Console) -> None:
        self.file = file
        self._tracker, self._state, self._console = tracker, state, console
        self._finished = False

    def add(self, event: Mapping[str, Any]) -> None:
        """Append one event."""
        self.file.add(event)
        self.copy(event)

    def flush(self) -> None:
        """Make sure that all lines of the file are on the disk."""
        self.file.flush()

    def copy(self, event: Mapping[str, Any]) -> None:
        """Show an event in the tracker, unless it is there already."""
        split, step = str(event["split"]), int(event["step"])
        if self._tracker is None or self._state is None or not self._state.take(split, step):
            return
        try:
            self._tracker.log(numbers_of(event, split), step)
        except Exception as error:  # of the tracker's own kinds
            self._console.warn(f"tracker: it failed and is given up ({first_line(error)}); the run goes on")
            self.close()

    def finish(self, result: Mapping[str, Any], step: int) -> None:
        """Show the scores of the best model, and that the run is done."""
        for split in ("validation", "test"):
            if isinstance(scores := result.get(split), Mapping):
                self.copy({"split": f"best/{split}", "step": step, **scores})
        self._finished = True

    def close(self) -> None:
        """End the tracker."""
        tracker, self._tracker = self._tracker, None
        if tracker is None:
            return
        try:
            tracker.close(finished=self._finished)
        except Exception as error:  # of the tracker's own kinds
            self._console.warn(f"tracker: it failed at its end ({first_line(error)})")


@contextmanager
def tracked(
    tracking: Tracking | None, folder: RunFolder, file: MetricsFile, console: Console
) -> Iterator[TrackedMetrics]:
    """The metrics of a run, copied to a tracker.

    Args:
        tracking: which one; None: none.
        folder: of the run, opened.
        file: its metrics, without those of steps that will be repeated.
        console: shows warnings.

    Raises:
        RunError: the tracker cannot begin.
    """
    if tracking is None:
        yield TrackedMetrics(file, None, None, console)
        return
    state = State(folder.path, tracking.value, resume=folder.resume and tracking is not Tracking.tensorboard)
    try:
        tracker = _opened(tracking, state, folder)
    except FtkError:
        raise
    except Exception as error:  # of the tracker's own kinds
        raise RunError(f"tracker={tracking.value}: it cannot begin ({first_line(error)}).") from error
    metrics = TrackedMetrics(file, tracker, state, console)
    try:
        for event in _events(folder.path / "metrics.jsonl"):  # those that the tracker lacks
            metrics.copy(event)
        yield metrics
    finally:
        metrics.close()


def _opened(tracking: Tracking, state: State, folder: RunFolder) -> Tracker:
    params = dict(flat(yaml.safe_load(folder.invocation.resolved)))
    if tracking is Tracking.tensorboard:
        from ftk.training.tracking.tensorboard import FOLDER, TensorBoard

        # Its files only grow. They are written again, so that they have each step once.
        with suppress(FileNotFoundError):
            shutil.rmtree(folder.path / FOLDER)
        return TensorBoard(folder.path)
    if tracking is Tracking.mlflow:
        from ftk.training.tracking.mlflow import MLflow

        return MLflow(state, folder.path.name, params)
    from ftk.training.tracking.wandb import WandB

    return WandB(state, folder.path, params)


def _events(path: Path) -> Iterator[dict[str, Any]]:
    """The events of a run so far."""
    if path.exists():
        for line in path.read_text(encoding="utf-8").splitlines():
            yield json.loads(line)
