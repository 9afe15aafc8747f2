"""Files of spaCy's documents (``.spacy``), read by spaCy where it is installed."""

from collections.abc import Iterator
from pathlib import Path

from ftk.contracts.row import Row
from ftk.errors import DataError, first_line


def read_spacy(path: Path | str) -> Iterator[Row]:
    """One row per document: ``text``, and ``spans`` or ``label`` if it has entities or categories.

    Raises:
        DataError: spaCy is not installed, or cannot read the file.
    """
    try:
        import spacy  # type: ignore[import-not-found,unused-ignore]
        from spacy.tokens import DocBin  # type: ignore[import-not-found,unused-ignore]
    except ImportError as error:
        raise DataError(
            f"{path}: these are documents of spaCy, which only spaCy can read: pip install spacy. Where it is "
            "installed, srsly.write_jsonl(path, (doc.to_json() for doc in docs)) writes JSON lines that ftk reads "
            "without it."
        ) from error
    try:
        docs = list(DocBin().from_disk(path).get_docs(spacy.blank("xx").vocab))
    except Exception as error:  # errors of several libraries, each of which ends the reading
        raise DataError(f"{path}: spaCy cannot read it ({type(error).__name__}: {first_line(error)}).") from error
    for number, doc in enumerate(docs, start=1):
        values = {"text": doc.text, "spans": [[one.start_char, one.end_char, one.label_] for one in doc.ents]}
        held = [name for name, value in doc.cats.items() if value >= 0.5]
        if doc.cats:
            values |= {"label": held[0] if len(held) == 1 else held}
            if not doc.ents:
                del values["spans"]
        yield Row(values, str(path), number)
