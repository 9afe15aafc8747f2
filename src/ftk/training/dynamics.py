"""Keeps the losses of the training rows of a run, by which rows with doubtful labels are found later."""

from __future__ import annotations

from ftk.core.fit import FittedModel
from ftk.core.row_losses import RowLosses
from ftk.data.batching.features import Features
from ftk.report.dynamics import FOLDER, LossesFile, identities
from ftk.training.run import Run


class KeptLosses:
    """Writes the losses of each step of a run.

    Attributes:
        losses: collects those of a step.

    Args:
        run: with a task that has ``row_losses``.
        file: of the run.
    """

    def __init__(self, run: Run, file: LossesFile) -> None:
        self.losses = RowLosses(run.task.spec)
        self._file = file
        self._row_of = run.prepared["train"].features.row

    @classmethod
    def of(cls, run: Run) -> KeptLosses | None:
        """What keeps the losses of a run; None if ``train.dynamics`` or the task has none.

        A run that resumes goes on with the losses of the steps that it does not repeat. If it has none, or its rows are
        others, it says so, and goes on without them: later losses alone would be of a model that knows the rows.
        """
        part = run.prepared["train"]
        wanted = run.config.train.dynamics is not False and run.task.spec.row_losses is not None
        if not wanted or not isinstance(part.features, Features) or isinstance(run.state.model, FittedModel):
            return None
        file, rows = LossesFile(run.folder.path / FOLDER), identities(part.examples)
        if not run.folder.resume:
            file.begin(rows)
        elif not file.go_on(rows, run.state.progress.step):
            run.console.say(f"{FOLDER}/: losses of rows are not kept, because the run so far has none of these rows")
            return None
        return cls(run, file)

    def stepped(self, step: int) -> None:
        """Take the losses of a finished step."""
        windows, losses = self.losses.take()
        self._file.add(step, self._row_of[windows], losses)

    def flush(self) -> None:
        """Make sure that all losses are on the disk."""
        self._file.flush()
