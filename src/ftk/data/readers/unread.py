"""Kinds of files that are not read, recognised by their first bytes or their name, with the way to convert them."""

import re
from dataclasses import dataclass
from pathlib import Path

from ftk.data.readers.lines import COMPRESSED, opened
from ftk.errors import DataError

_HEAD = 4096


@dataclass(frozen=True, slots=True)
class Unread:
    """A kind of file that is not read.

    Attributes:
        name: with its article, for messages.
        way: how its content becomes a file that is read.
        endings: of file names.
        begins: matches the first bytes; None for kinds that only their name shows.
        text: whether files of this kind are text, which is read where the config asks for it.
    """

    name: str
    way: str
    endings: tuple[str, ...]
    begins: str | None = None
    text: bool = False


_PANDAS = "pandas.%s(…).to_json('data.jsonl', orient='records', lines=True) makes a file that is read."
_TABLE = "Save its table as CSV in UTF-8, or as .xlsx."
_NEW = "Save it as .xlsx without a password, or as CSV in UTF-8."
_ARRAYS = "Write a table with a column of texts and one of labels."
_RENAME = "Name it so: data.csv.gz, data.csv.zst, data.csv.bz2."
_UNPACK = "Unpack it, and name the files in it or their folder."
_TEXT = "Save its text as .txt, or a table with one row per text as CSV in UTF-8."

_ZIP = "PK\x03\x04.*"
_OLE = "\xd0\xcf\x11\xe0"
_AS_IT_IS = " data=text reads it as it is."

# One kind in one or two lines, so that the table can be read as one.
# fmt: off
UNREAD = (
    Unread("an Excel workbook that is old (.xls) or has a password", _NEW, (".xls",), _OLE),
    Unread("an old Word document (.doc)", _TEXT, (".doc",), _OLE),
    Unread("a binary Excel workbook (.xlsb)", _NEW, (".xlsb",), _ZIP + "xl/.*[.]bin"),
    Unread("an OpenDocument spreadsheet", _TABLE, (".ods",), _ZIP + "mimetypeapplication/vnd.oasis.*[.]spread"),
    Unread("an OpenDocument text", _TEXT, (".odt",), _ZIP + "mimetypeapplication/vnd.oasis.*[.]text"),
    Unread("a Word document", _TEXT, (".docx",), _ZIP + "word/"),
    Unread("a presentation", _TEXT, (".pptx",), _ZIP + "ppt/"),
    Unread("a book (EPUB)", _TEXT, (".epub",), _ZIP + "mimetypeapplication/epub"),
    Unread("a PDF", "Extract its text, for instance with pdftotext, and save it as .txt.", (".pdf",), r"%PDF-\d[.]\d"),
    Unread("an RTF document", _TEXT, (".rtf",), r"\{\\rtf"),
    Unread("an archive of NumPy", _ARRAYS, (".npz",), _ZIP + "[.]npy"),
    Unread("an array of NumPy", _ARRAYS, (".npy",), "\x93NUMPY"),
    Unread("a file of PyTorch", "Write its rows as JSON lines.", (".pt", ".pth", ".ckpt"), _ZIP + "data[.]pkl"),
    Unread("a pickle", f"A pickle can run any code; if you trust it, {_PANDAS % 'read_pickle'}", (".pkl", ".pickle"),
        "\x80[\x02-\x05]"),
    Unread("an SQLite database", f"Export its table as CSV, or use pandas: {_PANDAS % 'read_sql'}",
        (".sqlite", ".sqlite3", ".db"), "SQLite format 3\0"),
    Unread("an HDF5 file", f"Use pandas: {_PANDAS % 'read_hdf'}", (".h5", ".hdf5"), "\x89HDF"),
    Unread("an ORC file", f"Use pandas: {_PANDAS % 'read_orc'}", (".orc",), "ORC[\0-\x08\x0e-\x1f\x7f-\xff]"),
    Unread("an Avro file", "Convert it to Parquet or JSON lines.", (".avro",), "Obj\x01[\x02-\x10]"),
    Unread("a file of Stata", f"Use pandas: {_PANDAS % 'read_stata'}", (".dta",), "<stata_dta>\\s*<"),
    Unread("a file of SPSS", f"Use pandas: {_PANDAS % 'read_spss'}", (".sav",), r"\$FL[23]"),
    Unread("a file of R", "Write it as CSV, with row.names = FALSE.", (".rds", ".rda", ".rdata"), "RDX[23]\n"),
    Unread("a RAR archive", _UNPACK, (".rar",), "Rar!\x1a[\x07]"),
    Unread("a 7z archive", _UNPACK, (".7z",), "7z\xbc\xaf"),
    Unread("a tar archive", _UNPACK, (".tar",), ".{257}ustar"),
    Unread("a ZIP archive", _UNPACK, (".zip",), "PK(\x03\x04|\x05\x06)"),
    Unread("compressed with xz", "Unpack it, or compress it with gzip, zstd, bzip2 or lz4.", (".xz",), "\xfd7zXZ"),
    Unread("compressed with gzip, and its name does not end in .gz", _RENAME, (), "\x1f\x8b"),
    Unread("compressed with zstd, and its name does not end in .zst", _RENAME, (), r"\(\xb5/\xfd"),
    Unread("compressed with bzip2, and its name does not end in .bz2", _RENAME, (), "BZh[1-9]1AY&SY"),
    Unread("a compressed tar archive", _UNPACK, (".tgz", ".tbz", ".tbz2", ".txz"), "\x1f\x8b|BZh[1-9]1AY&SY|\xfd7zXZ"),
    Unread("a file of TensorFlow", "Write its examples as JSON lines.", (".tfrecord", ".tfrecords")),
    Unread("a web page (HTML)", _TEXT + _AS_IT_IS, (".html", ".htm"), r"\s*<(?i:!doctype h|html\b)", True),
    Unread("XML", "Write its rows as JSON lines or CSV." + _AS_IT_IS, (".xml", ".tei"), r"\s*<\?xml\s", True),
    Unread("YAML", "Write its rows as JSON lines." + _AS_IT_IS, (".yaml", ".yml"), r"%YAML \d", True),
    Unread("a notebook", "Write its rows as JSON lines or CSV." + _AS_IT_IS, (".ipynb",), None, True),
    Unread("SQL", "Load it into a database, and export the table as CSV." + _AS_IT_IS, (".sql",), None, True),
)
# fmt: on
"""The kinds, the more telling beginnings first."""

_PATTERNS = [(kind, re.compile(kind.begins.encode("latin-1"), re.DOTALL)) for kind in UNREAD if kind.begins is not None]


def kind_unread(path: Path | str, head: bytes) -> Unread | None:
    """The kind of a file that is not read; None for any other file.

    Args:
        path: the file, of whose name the ending counts.
        head: its first bytes, decompressed.
    """
    file = Path(path)
    name = (file.with_suffix("") if file.suffix.lower() in COMPRESSED else file).name.lower()
    named = next((kind for kind in UNREAD if name.endswith(kind.endings or ("\0",))), None)
    begun = [kind for kind, pattern in _PATTERNS if pattern.match(head)]
    if named is not None and (named in begun or named.begins is None or named.text):
        return named
    is_workbook = name.endswith((".xlsx", ".xlsm")) or re.match(b"PK.*xl/", head, re.DOTALL)
    if begun and begun[0].name == "a ZIP archive" and is_workbook:
        return None
    return begun[0] if begun else None


def refuse_unread(path: Path | str) -> None:
    """Refuse a file of a kind that is not read.

    Raises:
        DataError: it is such a file, or it cannot be read.
    """
    with opened(path) as stream:
        head = stream.read(_HEAD)
    kind = kind_unread(path, head)
    if kind is not None:
        raise DataError(f"{path}: this is {kind.name}{', which ftk does not read' if kind.endings else ''}. {kind.way}")
