"""Which columns of a CoNLL file hold the tokens, the tags, the numbers of the tokens and those of the sentences."""

import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ftk.config.spelling.writing import pasted
from ftk.contracts.notes import Notes
from ftk.data.readers.tagged.column_names import TOKEN_NAMES, plain_name
from ftk.data.readers.tagged.field_rows import FieldRows
from ftk.data.readers.tagged.numbering import is_constant, is_no_token, numbers_tokens, sentence_column
from ftk.data.readers.tagged.tag_cells import (
    attribute_in,
    attribute_of_brackets,
    attribute_of_tags,
    attributes_of,
    column_of_types,
    joined_tag,
)
from ftk.data.rows.tags.tag_columns import Evidence, TagColumn, chosen_of, evidence_of, look_like_single_tags
from ftk.data.rows.tags.tag_spelling import OUTSIDE, is_usual_tag
from ftk.errors import DataError

_FEW = 5
"""Tokens from which it is no accident that all are the same."""
_NEARLY_ALL = 0.8
_HIDDEN = re.compile(r"[\W_]*|[\[<(].*[\])>]")
"""What corpora have in the place of words that they leave out."""
_OFFSETS = re.compile(r"\d+[-:]\d+")


@dataclass(frozen=True, slots=True)
class Columns:
    """The numbers of columns.

    Attributes:
        tokens: the tokens.
        tags: their tags; None if there are none.
        counter: the numbers of the tokens within their sentence; None if there are none.
        sentence: what is equal for the tokens of a sentence; None if blank lines are between sentences.
        types: the types of spans, where tags are letters alone.
        attribute: the attribute whose values are the tags, if their column has attributes.
    """

    tokens: int
    tags: int | None
    counter: int | None
    sentence: int | None
    types: int | None = None
    attribute: str | None = None

    def tags_of(self, rows: Sequence[Sequence[str]]) -> list[str] | None:
        """The tag of each token; None if there are none."""
        if self.tags is None:
            return None
        tags = [fields[self.tags].strip() for fields in rows]
        if self.attribute is not None:
            return [attribute_in(tag, self.attribute) for tag in tags]
        if self.types is not None:
            return [joined_tag(tag, fields[self.types].strip()) for tag, fields in zip(tags, rows, strict=True)]
        return tags


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
    wanted, attribute = _attribute(names, columns.get("tags"))
    tags = _index(path, names, "tags", wanted)
    tokens = _index(path, names, "tokens", columns.get("tokens"))
    sentence = _index(path, names, "sentence", columns.get("sentence"))
    counter = next(
        (number for number in range(min(width - 1, 3)) if number != tokens and numbers_tokens(head, number)), None
    )
    rows = [fields for part in head for fields in part.fields if not is_no_token(fields, counter)]
    if not rows:
        return Columns(tokens or 0, tags, counter, sentence)
    evidence = [evidence_of([fields[number].strip() for fields in rows]) for number in range(width)]
    if counter == 0 and width == 2 and tokens is None and evidence[1].lettered:
        counter = None  # tokens that happen to be numbers
    if sentence is None and width > 2:
        sentence = sentence_column(head, tokens, tags)
    if tokens is None:
        tokens = _tokens(names, head, evidence, {counter, sentence, tags})
    if tags is None and width > 1:
        others = [number for number in range(width) if number not in (tokens, counter, sentence)]
        tags = _tags(path, names, rows, others, evidence, notes, tokens=tokens, labelled=labelled)
    if tags == tokens:
        raise DataError(f"{path}: data.columns.tokens and data.columns.tags are both column '{names[tokens]}'.")
    _refuse_hidden(path, names[tokens], [fields[tokens] for fields in rows])
    if tags is None:
        return Columns(tokens, None, counter, sentence)
    values = [fields[tags].strip() for fields in rows]
    if attribute is not None:
        has_it = attribute in attributes_of(values)
        if labelled and not has_it:
            have = ", ".join(attributes_of(values)) or "none"
            raise DataError(f"{path}: data.columns.tags={wanted}.{attribute}, but the attributes there are {have}.")
        return Columns(tokens, tags if has_it else None, counter, sentence, attribute=attribute)
    kept = {
        number: [fields[number].strip() for fields in rows] for number in range(width) if number not in (tokens, tags)
    }
    types = column_of_types(values, kept) if width > 2 else None
    return Columns(tokens, tags, counter, sentence, types, attribute_of_tags(values))


def _attribute(names: Sequence[str], wanted: Any) -> tuple[Any, str | None]:
    """The column that the config names for the tags, and the attribute in it, as in ``9.ner``."""
    if isinstance(wanted, str) and wanted not in names and "." in wanted:
        column, _, attribute = wanted.rpartition(".")
        return column, attribute
    return wanted, None


def _refuse_hidden(path: Path | str, name: str, tokens: Sequence[str]) -> None:
    """Refuse a file whose words are replaced by a sign, as corpora are that may not be passed on with their texts."""
    [(most, number)] = Counter(tokens).most_common(1)
    if len(tokens) >= _FEW and number >= _NEARLY_ALL * len(tokens) and _HIDDEN.fullmatch(most):
        raise DataError(
            f"{path}: {'all' if number == len(tokens) else 'nearly all'} tokens in column '{name}' are {most!r}: this "
            "file has no words. Such a corpus comes with a program that puts them in. data.columns.tokens=… names "
            "another column."
        )


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
        if is_name and (is_constant(head, column) or all(_OFFSETS.fullmatch(fields[column]) for fields in rows)):
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
    if len(names) > 2:
        return _with_attributes(path, names, rows, others, labelled=labelled)
    if not others:
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
        f"data.columns.tags={pasted(names[other])}. Lines that are texts need labels: for task=text-classification "
        "a line has a label and a text; entities in texts are JSON lines with spans."
    )


def _with_attributes(
    path: Path | str,
    names: Sequence[str],
    rows: Sequence[Sequence[str]],
    others: Sequence[int],
    *,
    labelled: bool,
) -> int | None:
    """The column whose cells have the tags of spans as attributes."""
    cells = {number: [fields[number] for fields in rows] for number in others}
    found = next((number for number in others if attribute_of_tags(cells[number]) is not None), None)
    if found is None and labelled:
        for number in others:
            if (name := attribute_of_brackets(cells[number])) is not None:
                raise DataError(
                    f"{path}: '{name}=' in column '{names[number]}' marks entities by brackets that may lie in each "
                    "other, as corpora of coreference do. Write tags of tokens in a column: B-person, I-person, O. "
                    "data.columns.tags=… names a column that is there."
                )
    return found
