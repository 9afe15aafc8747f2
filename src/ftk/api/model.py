"""A trained model that predicts and evaluates."""

from __future__ import annotations

import dataclasses
import threading
from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import count
from pathlib import Path
from typing import TYPE_CHECKING, Any, overload

from ftk.api.items import ImageFiles, is_one_row, items_of, row_of, with_given_names
from ftk.api.results import Metrics, Records, RecordStream, ending_with
from ftk.api.row_counter import RowCounter
from ftk.api.session import os_errors_explained
from ftk.api.sources import rows_in_memory, source_of
from ftk.commands.checks.tasks import unread_data_keys
from ftk.config.mistakes import ConfigMistakes
from ftk.config.schema import DataConfig
from ftk.contracts.contexts import Encoding
from ftk.contracts.notes import Notes
from ftk.data.readers.splits import stream
from ftk.data.rows.exports.recognising import plain_rows
from ftk.data.rows.exports.wanted import Wanted
from ftk.data.rows.sizes import held
from ftk.errors import ConfigError, DataError
from ftk.inference.pipeline import ROWS_AT_ONCE, Predictions, note_unknown_words
from ftk.inference.saved_model import SavedModel
from ftk.inference.scoring import score
from ftk.report.console import Console

if TYPE_CHECKING:
    from torch import nn

    from ftk.contracts.row import Row
    from ftk.core.evaluate import Runner
    from ftk.inference.checkpoint import Checkpoint

OneRow = str | tuple[Any, ...] | Mapping[str, Any] | Path


class Model:
    """A trained model, as ``ftk.load`` returns it.

    All methods may be called from several threads. Calls on one model take turns; calls on two models run at once.
    """

    def __init__(
        self, saved: SavedModel, predictions: Predictions, checkpoint: Checkpoint, runner: Runner, console: Console
    ) -> None:
        self._saved = saved
        self._predictions = predictions
        self._checkpoint = checkpoint
        self._runner = runner
        self._console = console
        self._turn = threading.Lock()

    @property
    def path(self) -> Path:
        """The model folder."""
        return self._saved.folder

    @property
    def task(self) -> str:
        """The name of the task's class, such as ``TokenClassification``."""
        return type(self._saved.trained.task).__name__

    @property
    def columns(self) -> tuple[str, ...]:
        """The columns that the task reads."""
        return self._saved.trained.task.spec.columns

    @property
    def labels(self) -> tuple[str, ...] | None:
        """The labels, in the order of the model's outputs; None for a task that has none."""
        labels = self._saved.trained.labels
        return labels.names if labels is not None else None

    @property
    def metrics(self) -> Metrics:
        """The metrics that the model had when training saved it."""
        return Metrics(self._saved.manifest.get("metrics", {}))

    @property
    def module(self) -> nn.Module:
        """The torch module. It is laid out for prediction and cannot be trained."""
        return self._runner.model

    @property
    def log(self) -> tuple[str, ...]:
        """What ftk chose and noticed while it loaded the model."""
        return self._console.early

    def __repr__(self) -> str:
        hardware = self._runner.hardware
        return f"<ftk.Model {self.path}: {self.task}, {hardware.device.type}, {hardware.precision.value}>"

    @overload
    def predict(  # type: ignore[overload-overlap]  # a text is a sequence, too
        self,
        rows: OneRow,
        *,
        columns: Mapping[str, str] | None = None,
        rows_at_once: int = ROWS_AT_ONCE,
        progress: bool = False,
    ) -> dict[str, Any]: ...

    @overload
    def predict(
        self,
        rows: Sequence[Any],
        *,
        columns: Mapping[str, str] | None = None,
        rows_at_once: int = ROWS_AT_ONCE,
        progress: bool = False,
    ) -> Records: ...

    @overload
    def predict(
        self,
        rows: Iterator[Any],
        *,
        columns: Mapping[str, str] | None = None,
        rows_at_once: int = ROWS_AT_ONCE,
        progress: bool = False,
    ) -> RecordStream: ...

    @overload
    def predict(
        self,
        rows: Iterable[Any],
        *,
        columns: Mapping[str, str] | None = None,
        rows_at_once: int = ROWS_AT_ONCE,
        progress: bool = False,
    ) -> Records | RecordStream: ...

    def predict(
        self,
        rows: Any,
        *,
        columns: Mapping[str, str] | None = None,
        rows_at_once: int = ROWS_AT_ONCE,
        progress: bool = False,
    ) -> dict[str, Any] | Records | RecordStream:
        """The predictions for some rows: the records that ``ftk predict`` writes, in the order of the rows.

        A row is a text; a dict with the task's columns; a tuple of two parts, for a task that reads pairs; a list of
        tokens, for a task that labels tokens; a ``Path``, or for a task without texts a string, that names an image
        file; or an image of Pillow. Columns that the task does not read are copied to the record.

        Args:
            rows: a list, a data frame or a ``datasets.Dataset``; an iterator; or a single row.
            columns: which column plays which role, as ``{"text": "body"}``; by default columns are found by name.
            rows_at_once: rows that are read and predicted together. This many rows are taken from an iterator before
                the first record comes. Results may differ in the last bits with another number.
            progress: show on standard error how many rows are done.

        Returns:
            ``Records``, a list, for what has a length; a ``RecordStream``, an iterator in constant memory, for an
            iterator; one record for a single row.

        Raises:
            DataError: rows cannot be read; the text counts them from 1.
            ConfigError: the task has no such column.
        """
        notes = Notes()
        made = self._records(items_of([rows] if is_one_row(rows) else rows), notes, columns, rows_at_once, progress)
        if is_one_row(rows):
            found = list(made)
            if len(found) != 1:
                raise DataError(
                    f"rows: this one holds {len(found)} rows; give it in a list, which has a record of each."
                )
            return found[0]
        if hasattr(rows, "__len__"):
            records = list(made)
            return Records(records, list(notes.drain()))
        findings: list[Any] = []
        return RecordStream(ending_with(made, lambda: findings.extend(notes.drain())), findings)

    def predict_files(
        self, path: str | Path | Sequence[str | Path], *, rows_at_once: int = ROWS_AT_ONCE, progress: bool = False
    ) -> RecordStream:
        """The predictions for the rows of files, one after the other, in constant memory.

        Args:
            path: a file, a glob, a folder or a list of them, in any format that ``ftk predict`` reads.
            rows_at_once: see ``predict``.
            progress: see ``predict``.

        Raises:
            DataError: there is no such file, or rows cannot be read; the text names file and line.
        """
        notes = Notes()
        spec = str(path) if isinstance(path, (str, Path)) else [str(one) for one in path]
        data = self._saved.with_columns(self._predictions.data, spec, notes, labelled=False)
        rows = stream(spec, data, notes, self._saved.trained.task.spec.columns)
        findings: list[Any] = []
        made = self._of_parts(_parts(rows, rows_at_once), notes, data.columns, progress)
        return RecordStream(ending_with(made, lambda: findings.extend(notes.drain())), findings)

    def evaluate(self, data: Any, *, columns: Mapping[str, str] | None = None, progress: bool = False) -> Metrics:
        """The metrics over labelled rows: the numbers that ``ftk evaluate`` gives.

        Args:
            data: a path, a glob or a list of them; or rows: a list of dicts, a ``datasets.Dataset``, a data frame. Rows
                in memory are written to the cache first.
            columns: which column plays which role, as ``{"label": "class"}``; by default columns are found by name.
            progress: see ``predict``.

        Returns:
            A mapping of metrics, which renders as a table. Its ``findings`` tell what ftk noticed in the rows.

        Raises:
            DataError: rows cannot be read, or have labels that the model does not know.
        """
        from ftk.core.evaluate import Evaluator

        notes, source = Notes(), self._checkpoint.source
        with os_errors_explained(), rows_in_memory():
            config = self._data(columns)
            config = dataclasses.replace(config, test=source_of(data, config.columns.get("image")))
            saved, config = self._saved.for_scoring(config, notes)
            task = saved.trained.task
            if mistakes := list(unread_data_keys(task, config)):
                raise ConfigMistakes(mistakes)
            corpus = saved.open_corpus(config, notes)
            encoding = Encoding(source.processor, saved.trained.labels, self._checkpoint.windows, notes)
            with self._turn, RowCounter(progress) as show:
                note_unknown_words(corpus, source.tokenizer, notes)
                prepared = corpus.prepare(encoding, Console(stderr=True, quiet=True))["test"]
                task.check_model(self._runner.model, prepared.features)
                done = count(1)
                found = score(Evaluator(self._runner, task), prepared, lambda _: show(next(done)), notes)
        return Metrics(found.metrics, list(notes.drain()))

    def _data(self, columns: Mapping[str, str] | None) -> DataConfig:
        """The data section with other columns.

        Raises:
            ConfigError: the task has no such column.
        """
        data = self._predictions.data
        if columns is None:
            return data
        if unknown := [role for role in columns if role not in self._saved.trained.task.spec.columns]:
            roles = ", ".join(self._saved.trained.task.spec.columns)
            raise ConfigError(f"columns: this task reads no '{unknown[0]}'; it reads the columns {roles}.")
        return dataclasses.replace(data, columns={**data.columns, **columns})

    def _records(
        self,
        items: Iterator[Any],
        notes: Notes,
        columns: Mapping[str, str] | None,
        rows_at_once: int,
        progress: bool,
    ) -> Iterator[dict[str, Any]]:
        """The records of rows in memory; images in memory have their names instead of those of the files that hold
        them."""
        used = self._data(columns).columns
        spec = self._saved.trained.task.spec

        def parts() -> Iterator[tuple[list[Row], dict[str, str | None]]]:
            numbers = count(1)
            while part := held(items, rows_at_once):
                with ImageFiles() as files:
                    roles, reads = spec.columns, spec.modalities
                    rows = [
                        row_of(item, next(numbers), roles=roles, reads=reads, columns=used, files=files)
                        for item in part
                    ]
                    yield list(plain_rows(rows, Wanted(used, labelled=False, roles=roles), notes)), files.names

        return self._of_parts(parts(), notes, used, progress)

    def _of_parts(
        self,
        parts: Iterator[tuple[list[Row], dict[str, str | None]]],
        notes: Notes,
        columns: dict[str, Any],
        progress: bool,
    ) -> Iterator[dict[str, Any]]:
        done, seen = 0, dict[Any, Any]()
        with RowCounter(progress) as show:
            for rows, names in parts:
                with self._turn:  # tokenizers, and layers that compute in int8, are for one thread at a time
                    found = self._predictions.examples(rows, notes, columns=columns, at_once=len(rows), seen=seen)
                    records = [record for part in found for record in self._predictions.records(part, notes)]
                done += len(records)
                show(done)
                yield from (with_given_names(record, names) for record in records)


def _parts(rows: Iterator[Row], at_once: int) -> Iterator[tuple[list[Row], dict[str, str | None]]]:
    while part := held(rows, at_once):
        yield part, {}
