"""The reader of each format."""

from collections.abc import Iterator
from pathlib import Path

from ftk.config.data_choices import BadRows, character_of
from ftk.config.schema import DataConfig
from ftk.contracts.notes import Notes
from ftk.contracts.row import Row, UnreadRow
from ftk.data.readers.decoding.faults import BrokenLine
from ftk.data.readers.decoding.lines import numbered_lines
from ftk.data.readers.json.jsonl import read_jsonl
from ftk.data.readers.json.squad import read_squad
from ftk.data.readers.labelled_lines import read_labelled_lines
from ftk.data.readers.tables.spreadsheet import read_xlsx
from ftk.data.readers.tables.tabular import read_arrow, read_csv, read_parquet
from ftk.data.readers.tagged.conll import read_conll
from ftk.data.readers.tagged.tagged_lines import read_tagged_lines
from ftk.data.readers.tagged.webanno import read_webanno
from ftk.errors import DataError, LineError


def read_format(
    kind: str, path: Path | str, data: DataConfig, notes: Notes, *, labelled: bool, split: str | None
) -> Iterator[Row]:
    """The rows of a file.

    Args:
        kind: its format, the value of a ``Format``.
        path: the file, or ``<stdin>``.
        data: says how it is read.
        notes: collects what was found.
        labelled: whether rows without labels are useless.
        split: which rows of a file with several splits are read; None: all.

    Raises:
        DataError: it cannot be read.
    """
    keep = data.bad_rows is BadRows.keep
    if kind == "conll":
        return read_conll(path, data.encoding, data.columns, notes, labelled=labelled, keep=keep)
    if kind == "webanno":
        return read_webanno(path, data.encoding, data.columns, notes)
    if kind == "tagged_lines":
        return read_tagged_lines(path, data.encoding, notes)
    if kind == "labelled_lines":
        return read_labelled_lines(path, data.encoding, notes)
    if kind == "csv":
        delimiter = character_of(data.delimiter)
        return read_csv(
            path, data.encoding, notes, header=data.header, delimiter=delimiter, quoting=data.quoting, keep=keep
        )
    if kind == "xlsx":
        return read_xlsx(path, notes, header=data.header, keep=keep)
    if kind == "arrow":
        return read_arrow(path, notes)
    if kind == "parquet":
        return read_parquet(path, notes)
    if kind in ("text", "parallel"):  # of parallel files only the sources are read to predict
        return _read_text(path, data.encoding, notes, keep=keep)
    if kind == "squad":
        return read_squad(path, data.encoding, notes)
    return read_jsonl(path, data.encoding, notes, split=split, keep=keep)


def _read_text(path: Path | str, encoding: str, notes: Notes, *, keep: bool) -> Iterator[Row]:
    some = False
    for number, line in numbered_lines(path, encoding, notes, broken=True):
        if type(line) is not BrokenLine:
            yield Row({"text": line}, str(path), number)
            some = True
        elif keep:
            yield UnreadRow({}, str(path), number, fault=line.fault)
        else:
            raise LineError(line.fault) if some else DataError(line.fault)
