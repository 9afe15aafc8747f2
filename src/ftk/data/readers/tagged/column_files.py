"""Whether the lines of a file whose name says something else, or nothing, are CoNLL columns."""

import re
from collections import Counter
from collections.abc import Sequence
from itertools import pairwise

from ftk.data.readers.tagged.column_names import is_header, plain_name
from ftk.data.rows.tags.tag_columns import evidence_of, look_like_single_tags
from ftk.data.rows.tags.tag_spelling import is_usual_tag

_ALIKE = 0.95
"""Share of lines with the same number of fields in a file of columns."""
_FEW = 3
"""Lines from which columns of tags can be told from texts."""
_MANY = 10
"""The same for tags without the letter of a scheme."""
_COUNTERS = frozenset(
    {"id", "idx", "index", "tokenid", "tokenidx", "tokenno", "wordid", "number", "no", "i", "position"}
)
"""What files call the number of a token."""
_CONLLU = 10
"""Columns of CoNLL-U."""
_NO_TOKENS = ("#", "-DOCSTART", "-docstart", "-DOCEND")


def are_columns_in_table(lines: Sequence[str]) -> bool:
    """Whether a file that is called a table has CoNLL columns: a token and its tag in each line.

    A header is possible where blank lines are between sentences, or the tokens of each sentence are numbered.
    """
    content = [line for line in lines if not line.startswith(_NO_TOKENS)]
    full = [number for number, line in enumerate(content) if line.strip()]
    parted = any(after - before > 1 for before, after in pairwise(full))
    for sign in "\t,;":
        rows = _rows_of([content[number] for number in full], sign)
        if not rows:
            continue
        named = is_header(rows[0])
        counted = named and plain_name(rows[0][0]) in _COUNTERS
        numbered = counted and _numbers_begin_again([row[0] for row in rows[1:]])
        first_is_tagged = not named and any(is_usual_tag(_unquoted(cell)) for cell in rows[0])
        if (parted or numbered or first_is_tagged) and _have_tags(rows[named:], bare=parted):
            return True
    return False


def are_columns(lines: Sequence[str]) -> bool:
    """Whether lines that may as well be texts are CoNLL columns: nothing else is as likely.

    Either the lines have tags of spans; or they are numbered as in CoNLL-U; or there are blank lines between sentences,
    and a tab between a word and a tag in capitals.
    """
    if any(line.startswith(_NO_TOKENS[1:]) for line in lines):
        return True
    content = [line for line in lines if not line.startswith("#")]
    full = [line for line in content if line.strip()]
    if len(full) < _FEW:
        return False
    for sign in ("\t", " ", ",", ";"):
        rows = _rows_of(full, sign)
        if not rows:
            continue
        if _have_tags(rows[is_header(rows[0]) :], bare=False, likely=True):
            return True
        blocks = 1 + sum(not line.strip() for line in content)
        if sign != "\t" or len(rows) < _MANY:
            continue
        if (blocks > 2 or len(rows[0]) == _CONLLU) and _numbers_begin_again([row[0] for row in rows]):
            return len(rows[0]) > 2
        if len(rows[0]) == 2 and blocks > 2 and 2 * len(rows) >= 3 * blocks and not any(" " in row[0] for row in rows):
            words, tags = zip(*rows, strict=True)
            return all(tag.isupper() or not tag.isalnum() for tag in tags) and look_like_single_tags(tags, words)
    return False


def _rows_of(lines: Sequence[str], sign: str) -> list[list[str]]:
    """The cells of lines, of those that have as many as most of them; none if too few have, or have one cell alone."""
    rows = [line.split() if sign == " " else line.rstrip(sign).split(sign) for line in lines]
    width, _ = Counter(map(len, rows)).most_common(1)[0] if rows else (0, 0)
    if width < 2:
        return []
    if sign in ",;":  # the token may be the separator itself
        rows = [_parted(line, sign, width) if len(row) > width else row for line, row in zip(lines, rows, strict=True)]
    alike = [[cell.strip() for cell in row] for row in rows if len(row) == width]
    return alike if len(alike) >= _ALIKE * len(rows) else []


def _parted(line: str, sign: str, width: int) -> list[str]:
    parts = line.rstrip(sign).rsplit(sign, width - 1)
    return parts if is_usual_tag(_unquoted(parts[-1].strip())) else []


def _unquoted(cell: str) -> str:
    return cell.strip('"')


def _have_tags(rows: Sequence[Sequence[str]], *, bare: bool, likely: bool = False) -> bool:
    """Whether a column has the tags of spans, and each cell one.

    Args:
        rows: of cells.
        bare: whether O and types without the letters of a scheme are tags, too.
        likely: whether there has to be an O, and another column of as many different values.
    """
    columns = list(zip(*rows, strict=True))
    for number, values in enumerate(columns):
        evidence = evidence_of(values)
        found = (evidence.lettered or (bare and evidence.bare and evidence.outside > 1)) and evidence.spans
        if not found or any(" " in value for value in values):
            continue
        others = (len(set(other)) for at, other in enumerate(columns) if at != number)
        if not likely or (evidence.outside and max(others, default=0) >= evidence.different):
            return True
    return False


def _numbers_begin_again(values: Sequence[str]) -> bool:
    """Whether values number the tokens of several sentences: 1, 2, 3, 1, 2; 2-3 and 3.1 are those of CoNLL-U."""
    numbers = [int(value) for value in values if value.isdecimal()]
    others = [value for value in values if not value.isdecimal()]
    steps = sum(after == before + 1 for before, after in pairwise(numbers))
    begins = sum(after in (0, 1) and after != before + 1 for before, after in pairwise(numbers))
    return (
        all(re.fullmatch(r"\d+[-.]\d+", value) for value in others)
        and begins > 0
        and steps > begins
        and steps + begins == len(numbers) - 1
    )
