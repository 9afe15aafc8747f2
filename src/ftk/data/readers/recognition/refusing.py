"""Refuses files that have no labels for tasks whose rows need one, with what would be read."""

from pathlib import Path

from ftk.data.images.decoding import is_image_name
from ftk.data.readers.decoding.lines import numbered_lines
from ftk.data.readers.recognition.recognising import has_tokens, kind_of, two_fields
from ftk.errors import DataError


def refuse_without_labels(path: Path, encoding: str, *, key: str) -> None:
    """Refuse a file of texts or an image for tasks whose rows have a label in another column.

    Args:
        path: the file.
        encoding: of its characters.
        key: the config key, for the messages.

    Raises:
        DataError: it is such a file.
    """
    if is_image_name(path):
        raise DataError(
            f"{key}: {path} is an image without a label. ftk reads folders that hold one folder per class "
            "(images/cat/1.png, images/dog/1.png), and CSV, JSON lines and Parquet with a column of paths."
        )
    if kind_of(path, encoding, labelled=True, tagged=False) == "conll" and _has_text(path, encoding):
        if has_tokens(path, encoding):
            raise DataError(
                f"{key}: {path} has a token and its tag in each line, for task=ner or task=token-classification. This "
                "task reads texts with labels: CSV, TSV, JSON lines or Parquet with named columns."
            )
        columns = two_fields(path, encoding)
        if columns is not None:
            raise DataError(
                f"{key}: {path} has lines of two fields, and no names for them. If they are a text and its label: "
                f"{columns.words}."
            )
        raise DataError(
            f"{key}: {path} has no named columns, and so no labels. ftk reads CSV, TSV, JSON lines and Parquet "
            "(data=csv, data=jsonl or data=parquet if the ending says nothing), lines of a label and its text with a "
            "tab between (or __label__pos, a blank and the text), or, for texts of classes, .txt files in a folder "
            "that holds one folder per class: texts/cat/1.txt, texts/dog/1.txt. For two text files whose lines belong "
            "together use data=parallel."
        )


def _has_text(path: Path, encoding: str) -> bool:
    return any(line.strip() for _, line in numbered_lines(path, encoding))
