"""What a file is, by its ending and its content."""

import re
from collections import Counter
from itertools import pairwise
from pathlib import Path

from ftk.data.readers.labelled_lines import is_fasttext, label_column
from ftk.data.readers.lines import STDIN, first_lines, opened
from ftk.data.readers.paths import kind_of_name
from ftk.data.readers.squad import is_squad
from ftk.data.readers.tagged.conll_lines import is_header
from ftk.data.readers.tagged.tagged_lines import are_tagged_lines
from ftk.data.readers.tagged.webanno import is_webanno
from ftk.data.readers.unread import refuse_unread
from ftk.data.rows.tag_columns import evidence_of
from ftk.data.rows.tag_spelling import is_usual_tag

_JSON = re.compile(r'\s*(\{\s*("|\}|$)|\[\s*(\{|\]|$))')
"""How a line of JSON objects begins; text follows a bracket that is a token."""
_TEXTS = frozenset({"text", "sentence", "message", "review", "utterance", "comment", "tweet", "texts"})
_LABELS = frozenset({"label", "labels", "category", "class", "intent", "target", "sentiment"})
_ALIKE = 0.95
"""Share of lines with the same number of fields in a file of columns."""


def kind_of(path: Path | str, encoding: str, *, labelled: bool, tagged: bool | None = None) -> str:
    """The format of a file, by its ending and its content.

    Args:
        path: the file, or ``<stdin>``, which is text.
        encoding: of its characters.
        labelled: whether rows have labels.
        tagged: whether these are tags of tokens, or spans; None where rows are documents.

    Returns:
        The value of a ``Format``.

    Raises:
        DataError: the file is of a kind that is not read, or cannot be read.
    """
    if str(path) == STDIN:
        return "text"
    refuse_unread(path)
    ending = kind_of_name(path)
    if ending == "jsonl":
        return "squad" if is_squad(path) else "jsonl"
    if ending in ("parquet", "arrow", "xlsx"):
        return ending
    if ending is None or (ending == "text" and labelled):
        with opened(path) as stream:
            magic = stream.read(4)
        if magic in (b"PAR1", b"ARRO"):
            return "parquet" if magic == b"PAR1" else "arrow"
    lines = first_lines(path, encoding)
    if ending is None or (ending == "text" and labelled):
        first = next(filter(str.strip, lines), "")
        if _JSON.match(first):
            return "squad" if is_squad(path) else "jsonl"
    found = _by_content(lines, ending, labelled=labelled, tagged=tagged)
    if found is not None:
        return found
    if ending is not None and not (ending == "text" and labelled):
        return ending
    return "conll" if labelled else "text"


def two_fields(path: Path | str, encoding: str) -> tuple[int, int] | None:
    """The columns of the text and of the label in a file without a header whose lines are two fields and a tab.

    Returns:
        Their numbers; None if lines are something else.
    """
    lines = [line.split("\t") for line in filter(str.strip, first_lines(path, encoding))]
    if not lines or any(len(fields) != 2 for fields in lines):
        return None
    lengths = [sum(len(fields[column]) for fields in lines) for column in (0, 1)]
    return (1, 0) if lengths[1] >= lengths[0] else (0, 1)


def _by_content(lines: list[str], ending: str | None, *, labelled: bool, tagged: bool | None) -> str | None:
    """The format that the lines speak for; None if there is none that the ending does not say."""
    full = [line for line in lines if line.strip()]
    if not full:
        return None
    if is_webanno(full[0]):
        return "webanno"
    plain = ending in (None, "text")
    if plain and is_fasttext(full):
        return "labelled_lines"
    if tagged and ending != "csv" and are_tagged_lines(full, certain=not labelled):
        return "tagged_lines"
    if tagged and ending == "csv" and _are_columns(lines):
        return "conll"
    if plain and tagged is False and label_column(full) is not None:
        return "csv" if _is_table(full[0]) else "labelled_lines"
    if plain and labelled and tagged is False and _is_table(full[0]):
        return "csv"
    return None


def _is_table(line: str) -> bool:
    """Whether a line is the header of a table with texts and labels."""
    names = {name.strip().strip('"').casefold() for name in re.split("[,;|\t]", line)}
    return bool(names & _TEXTS) and bool(names & _LABELS)


def _are_columns(lines: list[str]) -> bool:
    """Whether a file that is called a table has CoNLL columns: a token and its tag in each line.

    A header is possible where blank lines are between sentences.
    """
    content = [line for line in lines if not line.startswith(("#", "-DOCSTART-"))]
    full = [number for number, line in enumerate(content) if line.strip()]
    parted = any(after - before > 1 for before, after in pairwise(full))
    for sign in "\t,;":
        rows = [content[number].rstrip(sign).split(sign) for number in full]
        width, number = Counter(map(len, rows)).most_common(1)[0] if rows else (0, 0)
        if width < 2 or number < _ALIKE * len(rows):
            continue
        alike = [row for row in rows if len(row) == width]
        named = is_header(alike[0])
        if not parted and (named or not any(is_usual_tag(cell.strip()) for cell in alike[0])):
            continue
        for values in zip(*alike[named:], strict=True):
            evidence = evidence_of([value.strip() for value in values])
            if evidence.lettered and evidence.spans and not any(" " in value.strip() for value in values):
                return True
    return False
