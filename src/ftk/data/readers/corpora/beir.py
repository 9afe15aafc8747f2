"""Folders of BEIR: documents, queries, and files that say which documents are relevant to a query."""

import math
from collections.abc import Iterator
from pathlib import Path

from ftk.contracts import finding_kinds as kinds
from ftk.contracts.notes import Notes
from ftk.contracts.row import Row
from ftk.data.readers.decoding.lines import numbered_lines
from ftk.data.readers.json.jsonl import read_jsonl
from ftk.errors import DataError

_FOLDER = "qrels"
_ENDINGS = (".tsv", ".txt", ".qrels")


def is_beir(folder: Path) -> bool:
    """Whether a folder holds documents, queries and judgements."""
    return (folder / _FOLDER).is_dir() and all(_part(folder, name) is not None for name in ("corpus", "queries"))


def queries_of(folder: Path) -> list[Path]:
    """The file of queries of such a folder."""
    path = _part(folder, "queries")
    return [path] if path is not None else []


def judgements(folder: Path) -> list[Path]:
    """The files of judgements of such a folder, one for each split."""
    return sorted(
        path for path in (folder / _FOLDER).iterdir() if path.suffix in _ENDINGS and not path.name.startswith(".")
    )


def is_corpus(path: Path) -> bool:
    """Whether a file holds the documents of such a folder."""
    return path.name.startswith("corpus.jsonl") and is_beir(path.parent)


def read_corpus(path: Path, encoding: str) -> Iterator[Row]:
    """The documents, with their titles before their texts, as they are read in training."""
    for row in read_jsonl(path, encoding):
        yield Row({**row.values, "text": _text_of(row)}, row.file, row.line)


def texts_of(path: Path) -> list[Path]:
    """The documents and the queries of a file of judgements; empty for any other file."""
    folder = path.parent.parent
    if path.parent.name != _FOLDER or path.suffix not in _ENDINGS or not is_beir(folder):
        return []
    return [part for name in ("corpus", "queries") if (part := _part(folder, name)) is not None]


def read_beir(path: Path, encoding: str, notes: Notes) -> Iterator[Row]:
    """The rows of a file of judgements.

    If all judgements are positive, a row is a query and a ``positive``; else a query, a ``candidate`` and a ``label``.
    Only the documents that are judged are held in memory.

    Raises:
        DataError: a line is not a judgement, or a document or a query has no id or no text.
    """
    judged = list(_judgements(path, encoding))
    corpus, queries = texts_of(path)
    documents = _texts(corpus, {document for _, _, document, _ in judged}, encoding)
    asked = _texts(queries, {query for _, query, _, _ in judged}, encoding)
    graded = any(grade <= 0 for *_, grade in judged)
    if not graded and any(grade != 1 for *_, grade in judged):
        notes.add(kinds.GRADES_NOT_READ, file=str(path))
    for line, query, document, grade in judged:
        if query not in asked or document not in documents:
            what = queries.name if query not in asked else corpus.name
            notes.add(kinds.JUDGED_UNKNOWN, f"{path}:{line}", file=what)
            continue
        found: dict[str, object] = {"query": asked[query], "query_id": query, "candidate_id": document}
        found |= {"candidate": documents[document], "label": grade} if graded else {"positive": documents[document]}
        yield Row(found, str(path), line)


def _part(folder: Path, name: str) -> Path | None:
    return next((path for ending in (".jsonl", ".jsonl.gz") if (path := folder / f"{name}{ending}").is_file()), None)


def _judgements(path: Path, encoding: str) -> Iterator[tuple[int, str, str, float]]:
    """Line, query, document and grade; a header is passed over, and the second of four columns, as TREC writes it."""
    for number, line in numbered_lines(path, encoding):
        if not line.strip():
            continue
        cells = line.split("\t") if "\t" in line else line.split()
        if len(cells) == 4:
            cells = [cells[0], *cells[2:]]
        try:
            query, document, grade = cells
            value = float(grade)
            if not math.isfinite(value):
                raise ValueError
            yield number, query.strip(), document.strip(), value
        except ValueError:
            if number == 1 and len(cells) == 3:
                continue
            raise DataError(
                f"{path}:{number}: this is not a judgement: {line[:80]!r}. A line is 'query<tab>document<tab>grade'."
            ) from None


def _texts(path: Path, wanted: set[str], encoding: str) -> dict[str, str]:
    """The texts of those documents that are wanted, by id; the title of a document comes before its text."""
    found = {}
    for row in read_jsonl(path, encoding):
        name = row.values.get("_id", row.values.get("id"))
        if name is None:
            raise DataError(f"{row.where}: there is no '_id' by which {path.name} is looked up.")
        if str(name) not in wanted:
            continue
        found[str(name)] = _text_of(row)
    return found


def _text_of(row: Row) -> str:
    title, text = row.values.get("title"), row.values.get("text")
    if not isinstance(text, str):
        raise DataError(f"{row.where}: the text is not a string but {text!r}"[:200] + ".")
    return f"{title} {text}".strip() if isinstance(title, str) else text
