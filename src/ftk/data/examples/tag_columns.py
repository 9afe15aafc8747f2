"""Which column of rows of tokens has their tags, where several could, or none is called tokens."""

from collections.abc import Callable, Sequence

from ftk.contracts.notes import Notes
from ftk.contracts.row import Row
from ftk.data.rows.cells import RowFault, strings_of
from ftk.data.rows.tags.tag_columns import column_of_spans
from ftk.data.rows.tags.tag_spelling import OUTSIDE, is_usual_tag

_COMPARED = 2000
"""Rows in which columns are compared."""
_MOSTLY = 0.9
"""Share of rows in which a column of tags has a tag for each token."""


def column_of_tags(
    rows: Sequence[Row], names: Sequence[str], tokens_of: Callable[[Row], str | None], notes: Notes
) -> str | None:
    """The column with tags of spans, where rows have several with a tag for each token; None leaves it to their order.

    Args:
        rows: of a split.
        names: the columns that may be meant, in the order in which they are tried.
        tokens_of: the column of a row's tokens.
        notes: collects how columns were weighed.

    Raises:
        DataError: content does not decide.
    """
    if len(names) < 2 or not rows or rows[0].lines:
        return None
    compared: list[dict[str, list[str]]] = []
    for row in rows[:_COMPARED]:
        try:
            tokens_at = tokens_of(row)
            if tokens_at is not None:
                number = len(strings_of(row, tokens_at, "tokens"))
                listed = {name: strings_of(row, name, "tags") for name in names if name in row.values}
                compared.append({name: tags for name, tags in listed.items() if len(tags) == number})
        except RowFault:  # it is reported with the others
            continue
    fitting = [name for name in names if sum(name in tags for tags in compared) >= _MOSTLY * len(compared)]
    tags = {name: [tag for one in compared if one.keys() >= set(fitting) for tag in one[name]] for name in fitting}
    if not compared or not fitting or fitting == [names[0]]:
        return None
    return column_of_spans(rows[0].file, tags, notes, labelled=True)


def has_tag_per_word(row: Row, text_at: str, tags_at: str) -> bool:
    """Whether a row has a text and tags for its words: tags of spans or names in capitals are in the other column."""
    text = row.values[text_at]
    try:
        names = strings_of(row, tags_at, "tags")
    except RowFault:
        return False
    if not isinstance(text, str) or not names:
        return False
    if all(map(is_usual_tag, names)):
        return len(text.split()) == len(names) or any(name != OUTSIDE for name in names)
    return len(text.split()) == len(names) and all(is_usual_tag(name) or name.isupper() for name in names)
