"""``dynamics/`` of a run folder: the loss of each training row, each time that a step was computed with it.

It has two files. ``rows.npy`` has 64 bits for each training row, which identify its input and its label, so that the
row is found again in other files. ``losses.dat`` has a record of 12 bytes for each window of each step: the step, the
number of the row, and its loss before the update of the step. It is appended to, so a run that resumes cuts off the
steps that it repeats.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ftk.errors import RunError
from ftk.system.atomic import flush, replaced

FOLDER = "dynamics"
_ROWS, _LOSSES = "rows.npy", "losses.dat"
_RECORD = np.dtype([("step", "<u4"), ("row", "<u4"), ("loss", "<f4")])


class LossesFile:
    """Writes the losses of a run.

    Args:
        folder: ``dynamics/`` of the run folder.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._path = folder / _LOSSES
        self._waiting: list[NDArray[Any]] = []

    def begin(self, rows: NDArray[np.uint64]) -> None:
        """Begin with no losses.

        Args:
            rows: from ``identities``.
        """
        self.folder.mkdir(exist_ok=True)
        self._path.unlink(missing_ok=True)
        with replaced(self.folder / _ROWS) as temporary, temporary.open("xb") as stream:
            np.save(stream, rows)
        self._path.touch()

    def go_on(self, rows: NDArray[np.uint64], step: int) -> bool:
        """Go on behind a step, if the losses so far are of these rows; returns whether they are."""
        try:
            same = np.array_equal(np.load(self.folder / _ROWS, allow_pickle=False), rows)
            size = self._path.stat().st_size // _RECORD.itemsize
            steps = np.memmap(self._path, _RECORD, "r", shape=(size,))["step"] if size else np.zeros(0, np.uint32)
        except (OSError, ValueError, EOFError):
            return False
        if not same:
            return False
        kept = int(np.searchsorted(steps, step, side="right"))
        del steps
        with self._path.open("r+b") as stream:
            stream.truncate(kept * _RECORD.itemsize)
        return True

    def add(self, step: int, rows: NDArray[Any], losses: NDArray[np.float32]) -> None:
        """Add the losses of a step; they are written by ``flush``."""
        records = np.empty(len(rows), dtype=_RECORD)
        records["step"], records["row"], records["loss"] = step, rows, losses
        self._waiting.append(records)

    def flush(self) -> None:
        """Write what was added, and make sure that it is on the disk: a saved state must not be newer."""
        if self._waiting:
            with self._path.open("ab") as stream:
                np.concatenate(self._waiting).tofile(stream)
            self._waiting.clear()
        flush(self._path)


@dataclass(frozen=True, slots=True, eq=False)
class Dynamics:
    """How training went for each row (Swayamdipta et al. 2020, "Dataset Cartography").

    The paper takes the mean over all passes. The first of few passes says nothing yet: its model knows no label. So a
    pass counts in proportion to the mean probability that it gives the labels of all rows.

    Attributes:
        rows: [rows] what identifies each row, from ``identities``.
        confidence: [rows] the mean probability of the label over the passes of training; NaN for a row that no step
            had.
        variability: [rows] the standard deviation of this probability; NaN likewise.
        passes: [rows] how often each row was seen.
    """

    rows: NDArray[np.uint64]
    confidence: NDArray[np.float64]
    variability: NDArray[np.float64]
    passes: NDArray[np.int64]

    @classmethod
    def read(cls, run: Path) -> Dynamics:
        """The dynamics of a run.

        Args:
            run: its folder.

        Raises:
            RunError: training left no losses, or they are damaged.
        """
        folder = run / FOLDER
        if not (folder / _ROWS).is_file():
            raise RunError(
                f"{run}: training left no losses of its rows ({FOLDER}/). Runs of earlier releases have none, nor have "
                "models that are fitted at once, nor runs with train.dynamics=false. Train again, or leave the run out."
            )
        try:
            rows = np.load(folder / _ROWS, allow_pickle=False)
            records = np.fromfile(folder / _LOSSES, dtype=_RECORD)
            if rows.dtype != np.uint64 or rows.ndim != 1 or (records["row"] >= len(rows)).any():
                raise ValueError("it is not what ftk writes")
        except (OSError, ValueError, EOFError) as error:
            raise RunError(f"{folder}: the losses of the rows are damaged ({error}). Leave the run out.") from error
        records = records[np.isfinite(records["loss"])]
        row, sure = records["row"].astype(np.int64), np.exp(-records["loss"].astype(np.float64))
        passes = np.bincount(row, minlength=len(rows))
        order = np.argsort(row, kind="stable")
        nth = np.empty(len(row), dtype=np.int64)  # the pass of its row that a record is of
        nth[order] = np.arange(len(row)) - (np.cumsum(passes) - passes)[row[order]]
        weight = (np.bincount(nth, sure) / np.maximum(np.bincount(nth), 1))[nth] if len(nth) else sure
        with np.errstate(invalid="ignore", divide="ignore"):
            total = np.bincount(row, weight, len(rows))
            mean = np.bincount(row, weight * sure, len(rows)) / total
            spread = np.sqrt(np.bincount(row, weight * (sure - mean[row]) ** 2, len(rows)) / total)
        return cls(rows, mean, spread, passes)

    def of(self, rows: NDArray[np.uint64]) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        """The confidence and the variability of some rows, by what identifies them; NaN for rows that are not here.

        Rows that are equal in input and label share what is identified: they get the mean.
        """
        known = self.passes > 0
        names, place = np.unique(self.rows[known], return_inverse=True)
        if not len(names):
            return np.full(len(rows), np.nan), np.full(len(rows), np.nan)
        number = np.bincount(place)
        found = np.searchsorted(names, rows).clip(max=len(names) - 1)
        there = names[found] == rows
        means = (np.bincount(place, values[known]) / number for values in (self.confidence, self.variability))
        confidence, variability = (np.where(there, mean[found], np.nan) for mean in means)
        return confidence, variability


def identities(examples: Iterable[Any]) -> NDArray[np.uint64]:
    """[rows] 64 bits of a hash of the input and the label of each example, equal for rows that are equal to learn."""
    return np.array([_identity(example) for example in examples], dtype=np.uint64)


def _identity(example: Any) -> int:
    learned = example.learned
    if isinstance(learned, (set, frozenset)):
        learned = sorted(map(str, learned))
    text = f"{example.key}\0{learned!r}"
    return int.from_bytes(hashlib.blake2b(text.encode("utf-8", "surrogatepass"), digest_size=8).digest(), "little")
