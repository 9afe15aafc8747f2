"""What the labels of a corpus are of: spans, or each word by itself."""

from collections import Counter
from collections.abc import Iterable

from ftk.contracts.notes import Notes
from ftk.contracts.row import Row
from ftk.data.examples.sentences import SentenceReader
from ftk.data.examples.tags import Scheme, Units, is_disguised, units_of
from ftk.data.rows.cells import RowFault, strings_of


def find_units(rows: Iterable[Row], reader: SentenceReader, notes: Notes) -> Units:
    """What the labels of these rows are of, and say how that was told; rows that have a fault say nothing.

    Args:
        rows: of the training split.
        reader: of which ``units`` is auto.
        notes: are told.

    Raises:
        DataError: tags look like a scheme that is written otherwise.
    """
    if reader.scheme is not Scheme.auto or reader.columns.get("spans") is not None:
        notes.say("labels are of spans: task.tag_scheme or data.columns.spans is set (task.units=auto).")
        return Units.spans
    counts: Counter[str] = Counter()
    first: dict[str, str] = {}
    for row in rows:
        try:
            tokens_at, _, tags_at, spans_at = reader.columns_of(row)
            names = strings_of(row, tags_at, "tags") if tokens_at and tags_at else []
        except RowFault:
            continue
        if spans_at and not tokens_at:
            notes.say("labels are of spans: rows have character spans (task.units=auto).")
            return Units.spans
        counts.update(names)
        for number, name in enumerate(names):
            if name not in first:
                first[name] = row.where_token(number)
    units = units_of(counts)
    if units is Units.tokens:
        notes.say("each token has a tag of its own: there is no O, and no scheme of spans (task.units=auto).")
    elif units is Units.spans:
        notes.say("labels are of spans: tags have O, or the letters of a scheme (task.units=auto).")
    else:
        for name, where in first.items():
            if is_disguised(name):
                notes.error(
                    "kind|kinds of tags of no known scheme",
                    "Of spans, B- and I- are upper case and come first; task.units=tokens takes tags as they are.",
                    f"{where}: {name!r}",
                )
        notes.raise_errors()  # told once, and not again for each token
    return Units.spans if units is Units.auto else units
