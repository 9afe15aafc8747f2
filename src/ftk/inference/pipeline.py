"""What a trained model does with rows: read them and predict records. Commands and Python API share it.

Nothing here imports torch before rows have been read, so a folder or a file that cannot be used is reported at once.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Iterable, Iterator
from functools import partial
from typing import TYPE_CHECKING, Any

from ftk import __version__
from ftk.config.data_choices import BadRows
from ftk.config.schema import DataConfig, HardwareConfig, PredictionsConfig
from ftk.contracts import finding_kinds as kinds
from ftk.contracts.contexts import Encoding, Place, Reading
from ftk.contracts.notes import Notes
from ftk.contracts.protocols import Predictor, PreparesPrediction
from ftk.contracts.task_checks import check_examples
from ftk.contracts.values import with_highest
from ftk.data.row_corpus import RowCorpus
from ftk.data.rows.sizes import held
from ftk.data.text.coverage import note_coverage
from ftk.errors import DataError
from ftk.inference.bad_rows import (
    BadRow,
    bad_row,
    next_rows,
    raise_with_way_out,
    read_or_keep,
    refuse_unread_rows,
)
from ftk.inference.replaced_columns import note_replaced
from ftk.inference.saved_model import SavedModel
from ftk.inference.trained_columns import fitting_columns, known_columns
from ftk.models.loading.verified_folder import files_of
from ftk.system.cache import cache_key

if TYPE_CHECKING:
    from ftk.calibration.asked import Asked
    from ftk.calibration.assurance import Assurance
    from ftk.contracts.protocols import Corpus
    from ftk.contracts.row import Row
    from ftk.contracts.values import Labels
    from ftk.core.evaluate import Runner
    from ftk.inference.arriving import Arriving
    from ftk.inference.checkpoint import Checkpoint
    from ftk.inference.lost_rows import LostRows
    from ftk.report.console import Console

ROWS_AT_ONCE = 2048
"""Rows that are read, and predicted for, together; fewer if they are long. Predictions of one input are the same bytes
while this stays."""
FEW_LABELS = 100
"""Up to this many labels, a record has the scores of all, unless ``predict.scores`` says otherwise."""
_HIGHEST = 5
"""Scores of a record with more labels."""


def scores_in_records(setting: Any, labels: Labels | None) -> int | None:
    """How many scores by label a record has; None: all.

    Args:
        setting: ``predict.scores``: a number, ``all`` or ``auto``.
        labels: of the model.
    """
    if setting == "auto":
        return _HIGHEST if labels is not None and len(labels.names) > FEW_LABELS else None
    return None if setting == "all" else int(setting)


def _asked(predict: PredictionsConfig, saved: SavedModel) -> Asked | None:
    """What records are to say of unsure predictions; None: nothing."""
    if (predict.abstain, predict.coverage, predict.out_of_scope) == (None, None, None):
        return None
    from ftk.calibration.asked import Asked

    return Asked.of(predict, saved.kept())


class Predictions:
    """A saved model's way from rows to records.

    The order of the calls is ``examples``, ``load`` or ``use``, ``prepare``, ``records``. ``examples`` may be called
    first, so that rows that cannot be read are reported before torch is imported.

    Attributes:
        highest: how many scores by label a record has; None: all.
        asked: what records say of predictions that are unsure; None: nothing.
        beside: what looks at predictions for that, and counts, once the model is loaded.
        runner: the model that predicts, once it is loaded.

    Args:
        saved: the model.
        data: the ``data`` section of the config.
        predict: the ``predict`` section of the config.

    Raises:
        ConfigError: this asks for what the model folder keeps nothing for.
    """

    def __init__(self, saved: SavedModel, data: DataConfig, predict: PredictionsConfig | None = None) -> None:
        predict = predict or PredictionsConfig()
        self.saved = saved
        self.data = data
        self.highest = scores_in_records(predict.scores, saved.trained.labels)
        self.asked = _asked(predict, saved)
        self.beside: Assurance | None = None
        self.predictor: Predictor = saved.trained.task.predictor()
        self._checkpoint: Checkpoint
        self.runner: Runner
        self._lost: LostRows

    def examples(
        self,
        rows: Iterable[Row],
        notes: Notes,
        *,
        columns: dict[str, Any] | None = None,
        at_once: int = ROWS_AT_ONCE,
        seen: dict[Any, Any] | None = None,
        arriving: Arriving | None = None,
    ) -> Iterator[list[Any]]:
        """The rows as examples of the task, up to ``at_once`` of them at a time, and fewer where they are long.

        Args:
            rows: read one after the other, never all at once.
            notes: collect what the user should know.
            columns: which column plays which role; None: ``data.columns``.
            at_once: the length of each list but the last, if its rows have few enough characters.
            seen: what earlier rows have shown about their files, see ``Reading.seen``; None: there were none.
            arriving: gives the rows of a pipe as they come, so that a list has those that are there; None: files.

        A row that cannot be read is a ``BadRow`` with ``data.bad_rows=keep``, unless no row of the first list can be
        read; that of a pipe counts if it is full, or none comes behind it. Columns that are named nowhere are those of
        training, if the first rows have them.

        Raises:
            DataError: rows cannot be read; the text names all of these ``at_once`` rows.
            RunError: the task left rows out without an error about them.
        """
        used, trained = columns or self.data.columns, self.saved.trained
        own = notes if arriving is None else arriving.own
        rows = iter(known_columns(rows, used, trained.columns, trained.task.spec.columns, own))
        take = partial(held, rows) if arriving is None else arriving.begin(rows)
        keep, first, seen = self.data.bad_rows is BadRows.keep, True, {} if seen is None else seen
        try:
            while part := next_rows(take, at_once):
                if first or arriving is not None:  # the first rows of a pipe may be one
                    used = fitting_columns(used, self.saved.trained.columns, part[:ROWS_AT_ONCE], notes)
                reading = Reading(used, labelled=False, notes=notes, offsets=self.data.offsets.value, seen=seen)
                found = read_or_keep(self.predictor, part, reading) if keep else None
                alone = first and (arriving is None or len(part) == at_once or arriving.ended)  # or others may come
                if found is None or (alone and all(isinstance(one, BadRow) for one in found)):
                    refuse_unread_rows(part)
                    found = self.predictor.read(part, reading)
                    raise_with_way_out(notes, others=bool(found) or not alone)
                    check_examples(self.predictor, part, found)
                first = False
                yield found
        finally:
            if arriving is not None:
                arriving.stop()

    def load(self, hardware: HardwareConfig, console: Console) -> None:
        """Read the weights. This imports torch.

        Raises:
            ModelError: the weights are not complete, or do not belong to the other files.
            ConfigError: the hardware that is asked for is not there.
        """
        checkpoint = self.saved.checkpoint(self.data)
        self.use(checkpoint, checkpoint.runner(self.predictor, hardware, console))

    def use(self, checkpoint: Checkpoint, runner: Runner) -> None:
        """Predict with weights that are loaded already."""
        from ftk.inference.lost_rows import LostRows

        self._checkpoint, self._lost = checkpoint, LostRows()
        self.runner = dataclasses.replace(runner, runnable=self.predictor)
        confidence = checkpoint.task.spec.confidence
        if self.asked is not None and confidence is not None:
            from ftk.calibration.assurance import Assurance

            self.beside = Assurance(confidence, self.asked, runner.model, checkpoint.kept, labelled=False)

    def go_on(self, rows: int) -> None:
        """Go on where so many rows have a record, so that the next one is not the first."""
        self._lost.any_predicted = self._lost.any_predicted or rows > 0

    def note_texts(self, parts: Iterable[list[Any]], notes: Notes) -> None:
        """Report what the tokenizer lacks, and the words of some rows that it does not know.

        Args:
            parts: rows as examples, from ``examples``.
            notes: collects the findings.

        Raises:
            DataError: there are many words, and it knows none.
        """
        source = self._checkpoint.source
        notes.extend(source.notes.drain())
        if source.tokenizer is not None:
            texts = (text for part in parts for one in part for text in getattr(one, "texts", ()))
            note_coverage(source.tokenizer, texts, notes, predicted=True)

    def prepare(self, console: Console) -> None:
        """Do what the task needs once before its first row, such as encoding the candidates of a search.

        Raises:
            DataError: a file that the task reads for this cannot be read.
        """
        if not isinstance(self.predictor, PreparesPrediction):
            return
        facts = Notes()
        place = Place(self._made_by(), self.runner.predictions, self._encoding(facts), self.data, console)
        self.predictor.prepare_predict(place)
        console.report(facts.drain())

    def records(self, examples: list[Any], notes: Notes) -> Iterator[dict[str, Any]]:
        """One record for each example, in order: the prediction, and the columns that it does not replace.

        With ``data.bad_rows=keep``, the record of a bad row has an ``error`` instead of a prediction.

        Raises:
            DataError: the task cannot encode an example, or the model computes NaN or infinity for one.
        """
        kept, features = self._encoded(examples, notes)
        good = [example for example in kept if not isinstance(example, BadRow)]
        records = self._predicted(good, features, notes)
        for example in kept:
            yield example.record() if isinstance(example, BadRow) else next(records)

    def _predicted(self, examples: list[Any], features: Any, notes: Notes) -> Iterator[dict[str, Any]]:
        if examples:
            keep, beside = self.data.bad_rows is BadRows.keep, self.beside
            seen = None if beside is None else beside.seen
            predicted = self.runner.predictions(examples, features, seen, keep=keep)
            if beside is not None:
                predicted = beside.watched(predicted, features)
            yield from self._lost.records(predicted, partial(self._record, notes), notes)

    def _record(self, notes: Notes, example: Any, prediction: Any) -> dict[str, Any]:
        record = self.predictor.record(example, with_highest(prediction, self.highest))
        if self.beside is not None:
            record |= self.beside.latest
        note_replaced(example, record, notes)
        if self.data.bad_rows is BadRows.keep and "error" in record:  # a record with this key has no prediction
            del record["error"]
            notes.add(kinds.ERROR_COLUMN, example.row.where)
        return record

    def _encoded(self, examples: list[Any], notes: Notes) -> tuple[list[Any], Any]:
        """The examples and the features of those that can be encoded; with ``data.bad_rows=keep``, a ``BadRow`` takes
        the place of each that cannot."""
        good, own = [example for example in examples if not isinstance(example, BadRow)], Notes()
        if self.data.bad_rows is not BadRows.keep or not good:
            return examples, self.predictor.features(good, self._encoding(notes)) if good else None
        try:
            features = self.predictor.features(good, self._encoding(own))
        except DataError:
            kept = [example if isinstance(example, BadRow) else self._alone(example, notes) for example in examples]
            good = [example for example in kept if not isinstance(example, BadRow)]
            return kept, self.predictor.features(good, self._encoding(notes)) if good else None
        notes.extend(own)
        return examples, features

    def _alone(self, example: Any, notes: Notes) -> Any:
        """The example if it can be encoded, else its ``BadRow``."""
        try:
            self.predictor.features([example], self._encoding(Notes()))
        except DataError as error:
            return bad_row(example.row, error, notes)
        return example

    def _encoding(self, notes: Notes) -> Encoding:
        return Encoding(self._checkpoint.source.processor, None, self._checkpoint.windows, notes)

    def _made_by(self) -> str:
        """A name for the weights and what computes with them, for what is kept between predictions."""
        hardware = self.runner.hardware
        files = self.saved.manifest.get("files") or files_of(self.saved.folder)
        return cache_key([__version__, files, hardware.device.type, hardware.precision.value])


def note_unknown_words(corpus: Corpus, tokenizer: Any, notes: Notes) -> None:
    """Report the words of labelled rows that a tokenizer does not know.

    Args:
        corpus: with the rows.
        tokenizer: of the model; None if it reads no texts.
        notes: collects the findings.

    Raises:
        DataError: it knows none.
    """
    if isinstance(corpus, RowCorpus) and tokenizer is not None:
        note_coverage(tokenizer, corpus.texts(), notes)
