"""Whether the labels of a corpus are of spans, or of each word by itself."""

from collections import Counter
from collections.abc import Iterable

from ftk.contracts import finding_kinds as kinds
from ftk.contracts.notes import Notes
from ftk.contracts.row import Row
from ftk.data.examples.sentences import SentenceReader
from ftk.data.examples.tags import Scheme, Units, is_disguised, units_of
from ftk.data.rows.cells import RowFault
from ftk.data.rows.label_names import are_class_numbers
from ftk.data.rows.tags.tag_spelling import spelling_of
from ftk.data.rows.tags.tagged_tokens import tokens_and_tags


def detect_label_units(rows: Iterable[Row], reader: SentenceReader, notes: Notes) -> Units:
    """Whether the labels of these rows are of spans or of tokens; rows with a fault do not count.

    Args:
        rows: of the training split.
        reader: with ``units`` auto.
        notes: collects the answer and its reason.

    Raises:
        DataError: tags look like a span scheme in another spelling.
    """
    if reader.scheme is not Scheme.auto or reader.columns.get("spans") is not None:
        notes.add(kinds.LABEL_UNITS, policy="configured", units="spans")
        return Units.spans
    counts: Counter[str] = Counter()
    first: dict[str, str] = {}
    for row in rows:
        try:
            tokens_at, _, tags_at, spans_at = reader.columns_of(row)
            names: list[str] = []
            if tokens_at and tags_at:
                names = tokens_and_tags(row, tokens_at, tags_at, reader.label_names)[1]
        except RowFault:
            continue
        if spans_at and not (tokens_at and tags_at):
            notes.add(kinds.LABEL_UNITS, policy="character_spans", units="spans")
            return Units.spans
        counts.update(names)
        for number, name in enumerate(names):
            if name not in first:
                first[name] = row.where_token(number)
    if are_class_numbers(counts):
        for name, where in first.items():
            notes.add(kinds.NUMBERED_TAGS, f"{where}: {name!r}", number=counts[name])
        notes.raise_errors()
    units = Units.spans if spelling_of(counts, bare=False).lettered else units_of(counts)
    if units is Units.tokens:
        notes.add(kinds.LABEL_UNITS, policy="plain", units="tokens")
    elif units is Units.spans:
        notes.add(kinds.LABEL_UNITS, policy="lettered", units="spans")
    else:
        for name, where in first.items():
            if is_disguised(name):
                notes.add(kinds.DISGUISED_TAGS, f"{where}: {name!r}")
        notes.raise_errors()  # here, so that the reader does not report each token as well
    return Units.spans if units is Units.auto else units
