"""Columns that number the tokens of a sentence, or name the sentence or the document that tokens are in."""

import re
from collections.abc import Sequence
from itertools import pairwise

from ftk.data.readers.tagged.field_rows import FieldRows

MULTIWORD = re.compile(r"\d+-\d+")
EMPTY_NODE = re.compile(r"\d+\.\d+")


def is_no_token(fields: Sequence[str], counter: int | None) -> bool:
    """Whether a line of CoNLL-U is no token: its number is that of a multiword token (1-2) or empty node (1.1)."""
    if counter is None:
        return False
    number = fields[counter]
    return not number.isdecimal() and (MULTIWORD.fullmatch(number) or EMPTY_NODE.fullmatch(number)) is not None


def numbers_tokens(head: Sequence[FieldRows], column: int) -> bool:
    """Whether a column numbers the tokens of each sentence: 1, 2, 3, with 2-3 and 3.1 as in CoNLL-U."""
    steps = begins = 0
    for part in head:
        before: int | None = None
        for fields in part.fields:
            number = fields[column]
            if not number.isdecimal():
                if MULTIWORD.fullmatch(number) or EMPTY_NODE.fullmatch(number):
                    continue
                return False
            found = int(number)
            if before is not None and found != before + 1:
                if found not in (0, 1):
                    return False
                begins += 1
            steps += before is not None and found == before + 1
            before = found
    # One token a sentence is no evidence, unless all sentences begin alike.
    return steps > begins or (not begins and all(part.fields[0][column] in ("0", "1") for part in head))


def sentence_column(head: Sequence[FieldRows], tokens: int | None, tags: int | None) -> int | None:
    """The column that is equal for the tokens of a sentence, in a file without blank lines."""
    if len(head) > 1 or len(head[0].fields) < 3:
        return None
    for column in range(2):
        if column in (tokens, tags):
            continue
        values = [fields[column] for fields in head[0].fields]
        runs = 1 + sum(one != other for one, other in pairwise(values))
        if (
            1 < runs == len(set(values))
            and 3 * runs <= 2 * len(values)
            and all(re.search(r"\d", one) for one in values)
        ):
            return column
    return None


def is_constant(head: Sequence[FieldRows], column: int) -> bool:
    """Whether a column names the document or the sentence: it has one value with a digit in all of a sentence."""
    several = [part for part in head if len(part.fields) > 1]
    return bool(several) and all(
        len({fields[column] for fields in part.fields}) == 1 and re.search(r"\d", part.fields[0][column])
        for part in several
    )
