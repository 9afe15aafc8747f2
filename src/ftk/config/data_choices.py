"""Config values that can only be one of a few words: how data is read and split."""

from enum import Enum


class Format(Enum):
    """Format of the data; ``auto`` decides by the file ending, then by the content."""

    auto = "auto"
    conll = "conll"
    jsonl = "jsonl"
    csv = "csv"
    parquet = "parquet"
    arrow = "arrow"
    xlsx = "xlsx"
    text = "text"
    folders = "folders"
    squad = "squad"
    webanno = "webanno"
    tagged_lines = "tagged_lines"
    labelled_lines = "labelled_lines"
    parallel = "parallel"
    hub = "hub"
    demo = "demo"


class Offsets(Enum):
    """What the offsets of spans and answers count.

    ``auto`` takes characters (code points) unless the texts of spans or answers or the borders of words show that it is
    UTF-16 units (JavaScript, Java, C#), UTF-8 bytes (Rust, Go) or grapheme clusters (Swift, an option of doccano), and
    reports it for each file. The others go by no evidence.
    """

    auto = "auto"
    characters = "characters"
    utf16 = "utf16"
    bytes = "bytes"
    graphemes = "graphemes"


class Quoting(Enum):
    """Meaning of quotation marks in CSV and TSV files.

    ``csv``: they enclose cells, which may span lines, as in RFC 4180. ``none``: they are characters like any other.
    ``backslash``: they enclose cells, and those inside of a cell have a backslash before them. ``single``: single ones
    enclose cells. ``auto`` is csv, but one of the others for a file whose lines all have the same number of cells only
    then, and reports it.
    """

    auto = "auto"
    csv = "csv"
    backslash = "backslash"
    single = "single"
    none = "none"


DELIMITERS = {"comma": ",", "tab": "\t", "semicolon": ";", "bar": "|", "space": " ", "\\t": "\t"}
"""Names for separators that are awkward to write on a command line."""


def character_of(delimiter: str | None) -> str | None:
    """The separator that ``data.delimiter`` names or is."""
    return None if delimiter is None else DELIMITERS.get(delimiter, delimiter)


class Storage(Enum):
    """Where the rows of a corpus are while a run uses them."""

    auto = "auto"
    memory = "memory"
    disk = "disk"


class BadRows(Enum):
    """What ``ftk predict`` does with a row that cannot be used."""

    error = "error"
    keep = "keep"


class Unseen(Enum):
    """What to do with labels that only validation or test has."""

    error = "error"
    count = "count"


class Unlabelled(Enum):
    """What to do with rows without a label in labelled data."""

    error = "error"
    drop = "drop"


class Duplicates(Enum):
    """What to do with repeated texts in a split."""

    keep = "keep"
    drop = "drop"
    error = "error"


class Cut(Enum):
    """How rows are chosen where not all are read, and where some are held out.

    ``stratified`` draws from the whole data, with labels in proportion and with at least one row of each label in
    training. ``simple`` reads the first rows, and holds rows out whatever their labels; this is what earlier releases
    did, and what their runs go on with when they are resumed.
    """

    stratified = "stratified"
    simple = "simple"


class Documents(Enum):
    """What separates the documents of a text file."""

    blank_line = "blank_line"
    line = "line"
    file = "file"
