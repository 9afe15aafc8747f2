"""What a file is, by its ending and its content."""

import json
import re
from dataclasses import dataclass
from pathlib import Path

from ftk.data.readers.decoding.lines import first_lines, opened
from ftk.data.readers.decoding.once import live_stream
from ftk.data.readers.json.squad import is_squad
from ftk.data.readers.labelled_lines import is_fasttext, label_column
from ftk.data.readers.paths import kind_of_name
from ftk.data.readers.tagged.column_files import are_columns, are_columns_in_table
from ftk.data.readers.tagged.column_names import is_header
from ftk.data.readers.tagged.known_layouts import says_layout
from ftk.data.readers.tagged.tagged_lines import are_halves, are_tagged_lines
from ftk.data.readers.tagged.webanno import is_webanno
from ftk.data.readers.unread import is_xlsx, refuse_unread
from ftk.errors import DataError
from ftk.system.spelling import folded

_JSON = re.compile(r'\s*(\{\s*("|\}|$)|\[\s*(\{|\]|$))')
"""How a line of JSON objects begins; text follows a bracket that is a token."""
_OVER_LINES = re.compile(r'\s*(\[\s*)?\{\s*"(?:[^"\\\n]|\\.)*"\s*:')
"""How JSON begins whose objects span lines."""
_SIGNS = {"\t": "tab", "|": "bar", ";": "semicolon", "@": "@", ",": "comma"}
"""What may be between a text and its label, and how ``data.delimiter`` names it."""
_TEXTS = frozenset({"text", "sentence", "message", "review", "utterance", "comment", "tweet", "texts"})
_LABELS = frozenset({"label", "labels", "category", "class", "intent", "target", "sentiment"})


@dataclass(frozen=True, slots=True)
class TwoFields:
    """Lines of a text and a label: the sign between them, and the number of each column."""

    sign: str
    text: int
    label: int

    @property
    def words(self) -> str:
        """The part of a command line that reads them."""
        delimiter = "" if self.sign == "\t" else f"data.delimiter={_SIGNS[self.sign]} "
        return f"data=csv data.header=false {delimiter}data.columns.text={self.text} data.columns.label={self.label}"


def kind_of(path: Path | str, encoding: str, *, labelled: bool, tagged: bool | None = None) -> str:
    """The format of a file, by its ending and its content.

    Args:
        path: the file; of a pipe that is read as it comes, JSON lines if the first one is an object, else text.
        encoding: of its characters.
        labelled: whether rows have labels.
        tagged: whether these are tags of tokens, or spans; None where rows are documents.

    Returns:
        The value of a ``Format``.

    Raises:
        DataError: the file is of a kind that is not read, or cannot be read.
    """
    if (live := live_stream(path)) is not None:
        head = live.peek()
        if (whole := _read_as_a_whole(head)) is not None:
            return whole
        refuse_unread(path, head)
        return "jsonl" if _begins_with_object(head) else "text"
    refuse_unread(path)
    ending = kind_of_name(path)
    with opened(path) as stream:
        head = stream.read(1 << 12)
    if ending in ("parquet", "arrow", "xlsx"):
        if not head:
            raise DataError(f"{path}: the file is empty.")
        return ending
    if (whole := _read_as_a_whole(head)) is not None:  # whatever the file is called
        return whole
    if ending == "jsonl":
        return "squad" if is_squad(path) else "jsonl"
    lines = first_lines(path, encoding)
    if ending is None or (ending == "text" and labelled):
        first = next(filter(str.strip, lines), "")
        if _JSON.match(first):
            return "squad" if is_squad(path) else "jsonl"
    found = by_content(lines, ending, labelled=labelled, tagged=tagged)
    if found is not None:
        return found
    if ending is not None and not (ending == "text" and labelled):
        return ending
    return "conll" if labelled else "text"


def two_fields(path: Path | str, encoding: str) -> TwoFields | None:
    """The columns of the text and of the label in a file without a header whose lines are two fields.

    Returns:
        None if lines are something else.
    """
    full = [line for line in first_lines(path, encoding) if line.strip()]
    for sign in _SIGNS:
        lines = [line.split(sign) for line in full]
        if not lines or any(len(fields) != 2 or not all(map(str.strip, fields)) for fields in lines):
            continue
        lengths = [sum(len(fields[column]) for fields in lines) for column in (0, 1)]
        return TwoFields(sign, *((1, 0) if lengths[1] >= lengths[0] else (0, 1)))
    return None


def has_tokens(path: Path | str, encoding: str) -> bool:
    """Whether each line of a file is a token with its tag."""
    lines = first_lines(path, encoding)
    return says_layout(lines) or are_columns(lines)


def _read_as_a_whole(head: bytes) -> str | None:
    """The format of a file that is no text, by its first bytes; None for any other."""
    if head.startswith((b"PAR1", b"ARROW1")):
        return "parquet" if head.startswith(b"PAR1") else "arrow"
    return "xlsx" if is_xlsx(head) else None


def _begins_with_object(head: bytes) -> bool:
    """Whether the first line that is not blank is a JSON object or an array of them, or the beginning of a long one."""
    whole = head.decode("utf-8-sig", "replace").lstrip()
    line, end, _ = whole.partition("\n")
    text = line.strip()
    if text in ("{", "[", "[{"):
        return _OVER_LINES.match(whole) is not None
    if not re.match(r'(\[\s*)?\{\s*"', text):
        return False
    try:
        return isinstance(json.loads(text), (dict, list))
    except (ValueError, RecursionError):
        return not end


def by_content(lines: list[str], ending: str | None, *, labelled: bool, tagged: bool | None) -> str | None:
    """The format that the lines speak for; None if there is none that the ending does not say.

    Args:
        lines: the first ones of a file.
        ending: the format that its name says; None if it says none.
        labelled: whether rows have labels.
        tagged: whether these are tags of tokens, or spans; None where rows are documents.
    """
    full = [line for line in lines if line.strip()]
    if not full:
        return None
    if is_webanno(full[0]):
        return "webanno"
    plain = ending in (None, "text")
    if plain and is_fasttext(full):
        return "labelled_lines"
    if tagged and are_halves(full):
        return "tagged_lines"
    if tagged and plain and is_header(full[0].split("\t")) and are_halves(full[1:]):
        return "csv"
    if tagged and ending != "csv" and are_tagged_lines(full, certain=not labelled):
        return "tagged_lines"
    if tagged and (plain or ending == "csv") and says_layout(lines):
        return "conll"
    if tagged and ending == "csv" and are_columns_in_table(lines):
        return "conll"
    if tagged and plain and not labelled and are_columns(lines):
        return "conll"
    if plain and tagged is False and label_column(full) is not None:
        return "csv" if _is_table(full[0]) else "labelled_lines"
    if plain and labelled and tagged is False and _is_table(full[0]):
        return "csv"
    return None


def _is_table(line: str) -> bool:
    """Whether a line is the header of a table with texts and labels."""
    names = {folded(name.strip().strip('"')) for name in re.split("[,;|\t]", line)}
    return bool(names & _TEXTS) and bool(names & _LABELS)
