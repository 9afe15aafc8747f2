"""The rows of one file, whatever its format."""

from collections.abc import Collection, Iterator
from functools import partial
from pathlib import Path

from ftk.config.data_choices import Format
from ftk.config.schema import DataConfig
from ftk.contracts import finding_kinds as kinds
from ftk.contracts.notes import Notes
from ftk.contracts.row import Row
from ftk.data.images.decoding import is_image_name
from ftk.data.readers.corpora.beir import is_corpus, read_corpus
from ftk.data.readers.decoding.once import live_stream, paused
from ftk.data.readers.folders import read_images
from ftk.data.readers.formats import read_format
from ftk.data.readers.hub import read_saved
from ftk.data.readers.names.usual_rows import usual_rows
from ftk.data.readers.paths import kind_of_name
from ftk.data.readers.recognition.recognising import kind_of
from ftk.data.readers.recognition.telling import told
from ftk.data.readers.spacy_docs import read_spacy
from ftk.data.rows.exports.wanted import Wanted


def read_file(
    path: Path | str,
    format: Format,
    data: DataConfig,
    notes: Notes,
    *,
    labelled: bool = False,
    tagged: bool | None = None,
    split: str | None = None,
    wanted: Wanted | None = None,
    roles: Collection[str] = (),
) -> Iterator[Row]:
    """The rows of one file, or of a folder that ``save_to_disk`` wrote; those of an annotation tool as plain rows.

    Of a file that holds several splits, the rows of ``split`` are read, or all if it is None. If tokens can be
    ``tagged``, rows of single tokens become sentences; None is for documents. ``wanted`` says what a task reads.
    Columns with the usual names of its roles are found whatever their case, and so are those that the config names.
    With ``roles``, the columns that the task reads, it is reported if lines are read as texts and look like more.
    """
    rows = _read_file(path, format, data, notes, labelled=labelled, tagged=tagged, split=split, roles=roles)
    wanted = wanted or Wanted(data.columns, labelled=labelled)
    waits = partial(paused, path) if live_stream(path) is not None else None
    return usual_rows(rows, data, wanted, notes, tagged=tagged, paused=waits)


def _read_file(
    path: Path | str,
    format: Format,
    data: DataConfig,
    notes: Notes,
    *,
    labelled: bool,
    tagged: bool | None,
    split: str | None,
    roles: Collection[str],
) -> Iterator[Row]:
    if Path(path).is_dir():
        return read_saved(Path(path))
    if format is Format.auto and is_image_name(path):
        return read_images([Path(path)])
    if format is Format.auto and Path(path).suffix == ".spacy":
        return read_spacy(path)
    if format is Format.auto and is_corpus(Path(path)):
        return read_corpus(Path(path), data.encoding)
    kind = format.value if format is not Format.auto else kind_of(path, data.encoding, labelled=labelled, tagged=tagged)
    if kind == "conll" and format is Format.auto and not labelled and kind_of_name(path) in (None, "text"):
        notes.add(kinds.CONLL_FOUND, file=str(path))
    if kind == "jsonl" and format is Format.auto and live_stream(path) is not None:
        notes.add(kinds.STREAM_OF_OBJECTS)
    rows = read_format(kind, path, data, notes, labelled=labelled, split=split)
    return told(rows, str(path), roles, notes) if kind == "text" and format is Format.auto and roles else rows
