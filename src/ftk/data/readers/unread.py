"""Kinds of files that are not read, recognised by their first bytes or their name, with the way to convert them."""

import codecs
import re
from dataclasses import dataclass
from pathlib import Path

from ftk.data.images.decoding import is_image_name
from ftk.data.readers.decoding.lines import COMPRESSED, opened
from ftk.data.readers.decoding.once import is_pipe
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
        by_name: whether the ending is enough, whatever the first bytes are. Languages have endings, too: .pt, .db.
    """

    name: str
    way: str
    endings: tuple[str, ...]
    begins: str | None = None
    by_name: bool = False


_PANDAS = "pandas.%s(…).to_json('data.jsonl', orient='records', lines=True) makes a file that is read."
_LINES = "Write its rows as JSON lines."
_TABLE = "Save its table as CSV in UTF-8, or as .xlsx."
_NEW = "Save it as .xlsx without a password, or as CSV in UTF-8."
_ARRAYS = "Write a table with a column of texts and one of labels."
_RENAME = "Name it so: data.csv.gz, data.csv.zst, data.csv.bz2."
_UNPACK_ON_THE_WAY = "Unpack it on its way: input=<(zcat FILE), or zcat FILE | ftk … input=-."
_UNPACK = "Unpack it, and name the files in it or their folder."
_TEXT = "Save its text as .txt, or a table with one row per text as CSV in UTF-8."

_ZIP = "PK\x03\x04.*"
_OLE = "\xd0\xcf\x11\xe0"
_WEIGHTS = "A model is named by model.name, and data by data.train."
_SQLITE = "Export its table: sqlite3 -header -csv data.db 'select * from NAME' > data.csv."
_SOUND = (".wav", ".mp3", ".flac", ".ogg", ".m4a", ".mp4", ".avi", ".mov", ".mkv", ".webm")
_PAGE = " If it was downloaded as data, it says why there is none: open it in a browser."
_MEMORY = "Write its pairs as JSON lines with 'source' and 'target', or as two text files."
_XML = (
    "Write its rows as JSON lines or CSV; if each row is an element: "
    "pandas.read_xml('data.xml', xpath='.//NAME').to_json('data.jsonl', orient='records', lines=True)."
)
_UIMA = "INCEpTION and WebAnno export the same document as WebAnno TSV 3, which is read."
_ABSTRACTS = (
    "Write one JSON object per abstract: 'text' is its title, a line end and its abstract, 'spans' are its "
    "annotations, whose offsets count so."
)
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
    Unread("a file of PyTorch", _LINES, (".pt", ".pth", ".ckpt"), _ZIP + "data[.]pkl"),
    Unread("a file of weights (safetensors)", _WEIGHTS, (".safetensors",), r"..[^\0]?\0{5,6}\{"),
    Unread("a file of weights (GGUF)", _WEIGHTS, (".gguf",), r"GGUF[\1-\5]\0"),
    Unread("a model (ONNX)", _WEIGHTS, (".onnx",), None),
    Unread("a pickle", f"A pickle can run any code; if you trust it and it is a table: {_PANDAS % 'read_pickle'}",
        (".pkl", ".pickle", ".joblib", ".dill"), "\x80[\x02-\x05]", True),
    Unread("an SQLite database", _SQLITE, (".sqlite", ".sqlite3", ".db"), "SQLite format 3\0"),
    Unread("an HDF5 file", f"Use pandas: {_PANDAS % 'read_hdf'}", (".h5", ".hdf5"), "\x89HDF"),
    Unread("an ORC file", f"Use pandas: {_PANDAS % 'read_orc'}", (".orc",), "ORC[\0-\x08\x0e-\x1f\x7f-\xff]"),
    Unread("a Feather file of version 1", f"Use pandas: {_PANDAS % 'read_feather'}", (), "FEA1"),
    Unread("an Avro file", "Convert it to Parquet or JSON lines.", (".avro",), "Obj\x01[\x02-\x10]"),
    Unread("a file of Stata", f"Use pandas: {_PANDAS % 'read_stata'}", (".dta",), "<stata_dta>\\s*<", True),
    Unread("a file of SPSS", f"Use pandas: {_PANDAS % 'read_spss'}", (".sav", ".zsav"), r"\$FL[23]"),
    Unread("a file of SAS", f"Use pandas: {_PANDAS % 'read_sas'}", (".sas7bdat", ".xpt"), None),
    Unread("a file of R", "Write it as CSV, with row.names = FALSE.", (".rds", ".rda", ".rdata"), "RDX[23]\n", True),
    Unread("a file of MATLAB", "Write a table with writetable(…, 'data.csv', 'QuoteStrings', true).", (".mat",),
        "MATLAB 5", True),
    Unread("an ARFF file", "Weka saves it as CSV.", (".arff",), None),
    Unread("a BSON file", "bsondump data.bson > data.jsonl makes a file that is read.", (".bson",), None),
    Unread("a MessagePack file", _LINES, (".msgpack", ".mpk"), None),
    Unread("sound or video", "ftk reads texts and images: write the words as a table.", _SOUND, None),
    Unread("an image, and its name does not say so", "Name it so: picture.png, picture.jpg, picture.gif.", (),
        "\x89PNG\r\n|\xff\xd8\xff|GIF8[79]a|RIFF.{4}WEBP|II[*]\0|MM\0[*]"),
    Unread("a RAR archive", _UNPACK, (".rar",), "Rar!\x1a[\x07]", True),
    Unread("a 7z archive", _UNPACK, (".7z",), "7z\xbc\xaf", True),
    Unread("a tar archive", _UNPACK, (".tar",), ".{257}ustar", True),
    Unread("a ZIP archive", _UNPACK, (".zip",), "PK(\x03\x04|\x05\x06)", True),
    Unread("compressed with xz", "Unpack it, or compress it with gzip, zstd, bzip2 or lz4.", (".xz",), "\xfd7zXZ"),
    Unread("compressed with gzip, and its name does not end in .gz", _RENAME, (), "\x1f\x8b"),
    Unread("compressed with zstd, and its name does not end in .zst", _RENAME, (), r"\(\xb5/\xfd"),
    Unread("compressed with bzip2, and its name does not end in .bz2", _RENAME, (), "BZh[1-9]1AY&SY"),
    Unread("a compressed tar archive", _UNPACK, (".tgz", ".tbz", ".tbz2", ".txz"), "\x1f\x8b|BZh[1-9]1AY&SY|\xfd7zXZ"),
    Unread("compressed", "Unpack it, or compress it with gzip, zstd, bzip2 or lz4.",
        (".z", ".br", ".snappy", ".lzma", ".lzo"), "\x1f\x9d|\xff\x06\\0\\0sNaPpY|\x5d\\0\\0"),
    Unread("a file of TensorFlow", "Write its examples as JSON lines.", (".tfrecord", ".tfrecords")),
    Unread("a Numbers document", "Export it as CSV.", (".numbers",), _ZIP + "Index/"),
    Unread("a link, and not what it leads to", "Download the data, a sheet as .xlsx or CSV.",
        (".gsheet", ".gdoc", ".url", ".webloc", ".lnk"), None),
    Unread("a pointer of Git LFS, and not the file itself", "Run 'git lfs pull' where it was cloned, or download it.",
        (), "version https://git-lfs[.]github[.]com/spec/"),
    Unread("a web page (HTML)", _TEXT + _PAGE + _AS_IT_IS, (".html", ".htm"), r"\s*<(?i:!doctype h|html\b)", True),
    Unread("a translation memory (TMX)", _MEMORY, (".tmx",), r"(\s*<[?!][^>]*>)*\s*<tmx\b", True),
    Unread("a translation memory (XLIFF)", _MEMORY, (".xlf", ".xliff"), r"(\s*<[?!][^>]*>)*\s*<xliff\b", True),
    Unread("a document of UIMA (XMI)", _UIMA, (".xmi",), r"(\s*<[?!][^>]*>)*\s*<xmi:XMI\b", True),
    Unread("a document of UIMA (JSON)", _UIMA, (".cas",), r"\s*\{\s*\"%(TYPES|FEATURE_STRUCTURES|VIEWS)\""),
    Unread("a PubTator file", _ABSTRACTS, (".pubtator",), r"\s*\d+[|]t[|]"),
    Unread("XML", _XML + _AS_IT_IS, (".xml", ".tei"), r"\s*<\?xml\s", True),
    Unread("SGML", _LINES + _AS_IT_IS, (".sgm", ".sgml"), r"\s*<!DOCTYPE\s", True),
    Unread("YAML", _LINES + _AS_IT_IS, (".yaml", ".yml"), r"%YAML \d", True),
    Unread("a notebook", "Write its rows as JSON lines or CSV." + _AS_IT_IS, (".ipynb",), None, True),
    Unread("SQL", "Load it into a database, and export the table as CSV." + _AS_IT_IS, (".sql",), None, True),
)
# fmt: on
"""The kinds, the more telling beginnings first."""

_SHARD = re.compile(r"-\d+-of-\d+$")
"""How the name of one of several files ends."""
_PATTERNS = [(kind, re.compile(kind.begins.encode("latin-1"), re.DOTALL)) for kind in UNREAD if kind.begins is not None]


def kind_unread(path: Path | str, head: bytes) -> Unread | None:
    """The kind of a file that is not read; None for any other file.

    Args:
        path: the file, of whose name the ending counts.
        head: its first bytes, decompressed.
    """
    file = Path(path)
    name = (file.with_suffix("") if file.suffix.lower() in COMPRESSED else file).name.lower()
    name = _SHARD.sub("", name)
    named = next((kind for kind in UNREAD if name.endswith(kind.endings or ("\0",))), None)
    head = _in_ascii(head)
    begun = [kind for kind, pattern in _PATTERNS if pattern.match(head)]
    if named is not None and (named in begun or named.begins is None or named.by_name or not head):
        return named
    if begun and is_image_name(file):
        return None
    is_workbook = name.endswith((".xlsx", ".xlsm")) or is_xlsx(head)
    if begun and begun[0].name == "a ZIP archive" and is_workbook:
        return None
    return begun[0] if begun else None


def is_xlsx(head: bytes) -> bool:
    """Whether the first bytes of a file are those of an .xlsx workbook."""
    return re.match(b"PK.*xl/", head, re.DOTALL) is not None


def kind_of_entry(path: Path) -> Unread | None:
    """The kind of a file in a folder that is not read; None for any other one, and one that cannot be opened."""
    try:
        with open(path, "rb") as stream:
            return kind_unread(path, stream.read(_HEAD))
    except OSError:
        return None


def refuse_unread(path: Path | str, head: bytes | None = None) -> None:
    """Refuse a file of a kind that is not read.

    Args:
        path: the file.
        head: its first bytes; None: they are read.

    Raises:
        DataError: it is such a file, or it cannot be read.
    """
    try:
        if head is None:
            with opened(path) as stream:
                head = stream.read(_HEAD)
        kind = kind_unread(path, head)
    except DataError:  # an error page, for instance, that is called data.csv.gz
        kind = kind_of_entry(Path(path))
        if kind is None or kind.way == _RENAME:  # it is compressed as its name says, and damaged
            raise
    if kind is not None and kind.way == _RENAME and is_pipe(path):  # it has no name of its own
        raise DataError(f"{path}: this is {kind.name.partition(',')[0]}. {_UNPACK_ON_THE_WAY}")
    if kind is not None:
        raise DataError(f"{path}: this is {kind.name}{', which ftk does not read' if kind.endings else ''}. {kind.way}")


def _in_ascii(head: bytes) -> bytes:
    """The first bytes of a text in UTF-16 or with a byte order mark as those of the same text without; others as they
    are."""
    if head.startswith(codecs.BOM_UTF8):
        return head[len(codecs.BOM_UTF8) :]
    if head.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        return head.decode("utf-16", "replace").encode("latin-1", "replace")
    return head
