"""The document that a row is a part of."""

from ftk.contracts.row import Row

DOCUMENT = ("document_id", "doc_id", "doc_key", "docid", "document", "doc")
"""The columns that name it."""
DOCUMENT_TIE = "document"
"""What rows of one document have in common, for messages."""


def document_of(row: Row) -> str | None:
    """What names the document of a row: a column, or a mark in its file; None if neither does."""
    for name in DOCUMENT:
        value = row.values.get(name)
        if isinstance(value, (str, int)) and str(value).strip():
            return str(value).strip()
    return None if row.document is None else f"{row.file}#{row.document}"
