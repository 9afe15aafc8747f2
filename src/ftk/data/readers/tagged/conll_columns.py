"""Which columns of a CoNLL file hold the tokens, the tags, the numbers of the tokens and those of the sentences."""

import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from typing import Any

from ftk.contracts.notes import Notes
from ftk.data.readers.tagged.column_names import TOKEN_NAMES, plain_name
from ftk.data.readers.tagged.conll_lines import FieldRows
from ftk.data.rows.tag_columns import Evidence, TagColumn, chosen_of, evidence_of, look_like_single_tags
from ftk.data.rows.tag_spelling import OUTSIDE, is_usual_tag
from ftk.errors import DataError

MULTIWORD = re.compile(r"\d+-\d+")
EMPTY_NODE = re.compile(r"\d+\.\d+")
_OFFSETS = re.compile(r"\d+[-:]\d+")


@dataclass(frozen=True, slots=True)
class Columns:
    """The numbers of columns.

    Attributes:
        tokens: the tokens.
        tags: their tags; None if there are none.
        counter: the numbers of the tokens within their sentence; None if there are none.
        sentence: what is equal for the tokens of a sentence; None if blank lines are between sentences.
    """

    tokens: int
    tags: int | None
    counter: int | None
    sentence: int | None


def find_columns(
    path: Path | str,
    names: list[str],
    head: Sequence[FieldRows],
    columns: dict[str, Any],
    notes: Notes,
    *,
    labelled: bool,
) -> Columns:
    """The columns that the config names, and the others by their content.

    Args:
        path: the file, for messages.
        names: of its columns, or their numbers as text.
        head: the first sentences.
        columns: ``data.columns``.
        notes: collects how several columns of tags were weighed.
        labelled: whether rows without tags are useless.

    Raises:
        DataError: the config names a column that is not there, or content does not decide.
    """
    width = len(head[0].fields[0])
    if len(names) != width:
        raise DataError(f"{path}: '# global.columns' names {len(names)} columns, the lines have {width}.")
    tags = _index(path, names, "tags", columns.get("tags"))
    tokens = _index(path, names, "tokens", columns.get("tokens"))
    sentence = _index(path, names, "sentence", columns.get("sentence"))
    counter = next((number for number in range(min(width - 1, 3)) if number != tokens and _counts(head, number)), None)
    rows = [fields for part in head for fields in part.fields if not is_no_token(fields, counter)]
    if not rows:
        return Columns(tokens or 0, tags, counter, sentence)
    evidence = [evidence_of([fields[number].strip() for fields in rows]) for number in range(width)]
    if counter == 0 and width == 2 and tokens is None and evidence[1].lettered:
        counter = None  # tokens that happen to be numbers
    if sentence is None and width > 2:
        sentence = _sentence_column(head, tokens, tags)
    if tokens is None:
        tokens = _tokens(names, head, evidence, {counter, sentence, tags})
    if tags is None and width > 1:
        others = [number for number in range(width) if number not in (tokens, counter, sentence)]
        tags = _tags(path, names, rows, others, evidence, notes, tokens=tokens, labelled=labelled)
    if tags == tokens:
        raise DataError(f"{path}: data.columns.tokens and data.columns.tags are both column '{names[tokens]}'.")
    return Columns(tokens, tags, counter, sentence)


def is_no_token(fields: Sequence[str], counter: int | None) -> bool:
    """Whether a line of CoNLL-U is no token: its number is that of a multiword token (1-2) or empty node (1.1)."""
    if counter is None:
        return False
    number = fields[counter]
    return not number.isdecimal() and (MULTIWORD.fullmatch(number) or EMPTY_NODE.fullmatch(number)) is not None


def _index(path: Path | str, names: list[str], role: str, wanted: Any) -> int | None:
    if wanted is None:
        return None
    if isinstance(wanted, int) or (isinstance(wanted, str) and re.fullmatch(r"-?\d+", wanted)):
        number = int(wanted)
        if -len(names) <= number < len(names):
            return number % len(names)
        raise DataError(f"{path}: data.columns.{role}={wanted}, but there are {len(names)} columns, counted from 0.")
    if wanted in names:
        return names.index(wanted)
    if names == [str(number) for number in range(len(names))]:
        raise DataError(f"{path}: data.columns.{role}={wanted}, but the columns have no names; use a number from 0.")
    raise DataError(f"{path}: data.columns.{role}={wanted}, but the columns are {', '.join(names)}.")


def _counts(head: Sequence[FieldRows], column: int) -> bool:
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


def _sentence_column(head: Sequence[FieldRows], tokens: int | None, tags: int | None) -> int | None:
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


def _is_constant(head: Sequence[FieldRows], column: int) -> bool:
    """Whether a column names the document or the sentence: it has one value with a digit in all of a sentence."""
    several = [part for part in head if len(part.fields) > 1]
    return bool(several) and all(
        len({fields[column] for fields in part.fields}) == 1 and re.search(r"\d", part.fields[0][column])
        for part in several
    )


def _tokens(
    names: Sequence[str], head: Sequence[FieldRows], evidence: Sequence[Evidence], taken: set[int | None]
) -> int:
    """The column of the tokens: by its name, or the first one that is nothing else."""
    plain = [plain_name(name) for name in names]
    named = next((plain.index(name) for name in TOKEN_NAMES if name in plain), None)
    if named is not None:
        return named
    width = len(names)
    if width == 2 and not taken & {0, 1} and evidence[0].is_tag_before_token(evidence[1]):
        return 1
    rows = [fields for part in head for fields in part.fields]
    for column in range(width):
        if column in taken or (width > 2 and evidence[column].lettered and evidence[column].spans):
            continue
        is_name = width > 2 and column < width - 1
        if is_name and (_is_constant(head, column) or all(_OFFSETS.fullmatch(fields[column]) for fields in rows)):
            continue
        return column
    return next((column for column in range(width) if column not in taken), 0)


def _tags(
    path: Path | str,
    names: Sequence[str],
    rows: Sequence[Sequence[str]],
    others: Sequence[int],
    evidence: Sequence[Evidence],
    notes: Notes,
    *,
    tokens: int,
    labelled: bool,
) -> int | None:
    """The column of the tags: the one that looks like tags of spans, or the only other one if it has tags of tokens."""
    found = [number for number in others if evidence[number].lettered]
    found = found or [number for number in others if evidence[number].bare]
    if found:
        columns = [TagColumn(number, [fields[number].strip() for fields in rows]) for number in found]
        return chosen_of(path, names, columns, notes, labelled=labelled)
    if len(names) != 2 or not others:
        return None
    [other] = others
    values, words = ([fields[number].strip() for fields in rows] for number in (other, tokens))
    # Where some have a letter of a scheme, the others are mistakes, which are reported with their lines.
    some = 3 * sum(value != OUTSIDE and is_usual_tag(value) for value in values) >= len(values)
    if some or look_like_single_tags(values, words):
        return other
    if not labelled:
        return None
    shown = ", ".join(map(repr, list(Counter(values))[:4]))
    raise DataError(
        f"{path}: the lines have two fields, but the second do not look like tags ({shown}): none is O or begins with "
        f"B- or I-, and they are not few names in capitals. If they are the tags of the tokens, say so: "
        f"data.columns.tags={names[other]}. Lines that are texts need labels: for task=text-classification "
        "a line has a label and a text; entities in texts are JSON lines with spans."
    )
