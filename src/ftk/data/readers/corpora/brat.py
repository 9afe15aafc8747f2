"""Documents of brat: a text (.txt) and its annotations (.ann) beside it, as rows of spans or of relations."""

import codecs
import re
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from ftk.contracts import finding_kinds as kinds
from ftk.contracts.notes import Notes
from ftk.contracts.row import Row
from ftk.data.readers.decoding.encodings import AUTO, UTF8
from ftk.data.readers.decoding.lines import numbered_lines, opened
from ftk.errors import DataError

_ENDINGS = (".ann", ".a1", ".a2")
"""Of the annotations of a text; the last two are those of the BioNLP shared tasks."""
_MOST = 1 << 27
"""Bytes of a document."""
_SPAN = re.compile(r"(\S+) (\d+ \d+(?:;\d+ \d+)*)$")
_OTHERS = {
    "E": "events",
    "A": "attributes",
    "M": "attributes",
    "N": "normalizations",
    "#": "notes",
    "*": "equivalences",
    "R": "relations",
}
"""What lines of an annotation file are, by their first character; T is a span."""


@dataclass(frozen=True, slots=True)
class _Span:
    name: str
    label: str
    fragments: tuple[tuple[int, int], ...]
    text: str
    where: str


@dataclass(frozen=True, slots=True)
class _Relation:
    label: str
    head: str
    tail: str
    file: str
    line: int


@dataclass(slots=True)
class _Annotations:
    spans: dict[str, _Span] = field(default_factory=dict)
    relations: list[_Relation] = field(default_factory=list)
    triggers: dict[str, str] = field(default_factory=dict)
    others: Counter[str] = field(default_factory=Counter)


def annotations_of(text: Path) -> list[Path]:
    """The annotation files of a text file; empty if it has none."""
    if text.suffix.lower() != ".txt":
        return []
    return [path for ending in _ENDINGS if (path := text.with_suffix(ending)).is_file()]


def with_texts(files: Sequence[Path]) -> list[Path]:
    """The files, with the text in place of its annotations; a text that is there, too, stands once.

    Raises:
        DataError: annotations have no text beside them.
    """
    found: dict[Path, None] = {}
    for path in files:
        text = path.with_suffix(".txt") if path.suffix.lower() in _ENDINGS else path
        if text is not path and not text.is_file():
            raise DataError(f"{path}: these are annotations of brat, and the text {text} is not there.")
        found[text] = None
    return list(found)


def documents_in(files: Iterable[Path]) -> set[Path]:
    """The texts among some files that have annotations, or stand in one folder with such texts."""
    texts = [path for path in files if path.suffix.lower() == ".txt"]
    annotated = {path.parent for path in texts if annotations_of(path)}
    return {path for path in texts if path.parent in annotated}


def read_brat(text_file: Path, encoding: str, notes: Notes, *, labelled: bool, relations: bool) -> Iterator[Row]:
    """The rows of one document: itself with its spans, or one row for each relation.

    Args:
        text_file: the text.
        encoding: of its characters.
        notes: collects what is not read.
        labelled: whether a document without annotations is left out.
        relations: whether rows are relations: ``text``, ``head``, ``tail`` and ``label``.

    Raises:
        DataError: a line cannot be read, or a span is not where its own text is.
    """
    files = annotations_of(text_file)
    text = _text_of(text_file, encoding)
    if not files:
        if labelled:
            notes.add(kinds.WITHOUT_ANNOTATIONS, str(text_file))
        else:
            yield Row({"text": text, "id": text_file.stem}, str(text_file), 1)
        return
    found = _Annotations()
    for file in files:
        _read_annotations(file, encoding, found)
    text, spans = _placed(text_file, text, found, notes)
    for what, number in found.others.items():
        if not (relations and what == "relations"):
            notes.add(kinds.ANNOTATION_NOT_READ, str(files[0]), number=number, what=what)
    if relations:
        yield from _relations(text_file, text, spans, found, notes)
        return
    values = [
        {"start": start, "end": end, "label": found.spans[name].label, "text": text[start:end], "id": name}
        for name, (start, end) in spans.items()
    ]
    yield Row({"text": text, "spans": values, "id": text_file.stem}, str(text_file), 1)


def _relations(
    file: Path, text: str, spans: dict[str, tuple[int, int]], found: _Annotations, notes: Notes
) -> Iterator[Row]:
    for relation in found.relations:
        where = f"{relation.file}:{relation.line}"
        ends = []
        for name in (relation.head, relation.tail):
            span = spans.get(found.triggers.get(name, name))
            if span is None:
                raise DataError(f"{where}: the relation names {name}, which is no span of {file.name}.")
            ends.append(span)
        if ends[0][0] < ends[1][1] and ends[1][0] < ends[0][1]:
            notes.add(kinds.RELATION_OF_ONE_PLACE, where)
            continue
        head, tail = ({"start": start, "end": end} for start, end in ends)
        values: dict[str, Any] = {"text": text, "head": head, "tail": tail, "label": relation.label, "id": file.stem}
        yield Row(values, relation.file, relation.line)


def _text_of(path: Path, encoding: str) -> str:
    """A text with its line ends as they are: offsets count them."""
    encoding = UTF8 if encoding == AUTO else encoding
    with opened(path) as stream:
        raw = stream.read(_MOST + 1)
    if len(raw) > _MOST:
        raise DataError(f"{path}: a document of brat can have {_MOST >> 20} MiB.")
    try:
        text: str = raw.removeprefix(codecs.BOM_UTF8).decode(encoding)
    except UnicodeDecodeError as error:
        raise DataError(
            f"{path}: byte {error.start + 1} (0x{raw[error.start]:02x}) is not {encoding}. Set data.encoding to what "
            "the file is, for instance latin-1 or cp1252."
        ) from error
    if "\0" in text:
        raise DataError(f"{path}: this is a binary file (it has a NUL byte), not text.")
    return text


def _read_annotations(file: Path, encoding: str, found: _Annotations) -> None:
    for number, line in numbered_lines(file, encoding):
        if not line.strip():
            continue
        where = f"{file}:{number}"
        name, _, rest = line.partition("\t")
        body, _, text = rest.partition("\t")
        kind = name[:1]
        if kind == "T":
            span = _SPAN.match(body.strip())
            if span is None:
                raise DataError(
                    f"{where}: this is not a span of brat: {line[:80]!r}. A span is 'T1<tab>LABEL 0 8<tab>its text'."
                )
            pairs = (part.split(" ") for part in span[2].split(";"))
            fragments = tuple((int(start), int(end)) for start, end in pairs)
            if name in found.spans:
                raise DataError(f"{where}: a second span is called {name}; the first is {found.spans[name].where}.")
            found.spans[name] = _Span(name, span[1], fragments, text, where)
            continue
        if kind not in _OTHERS:
            raise DataError(
                f"{where}: this is not an annotation of brat: {line[:80]!r}. Lines begin with T, {', '.join(_OTHERS)}."
            )
        found.others[_OTHERS[kind]] += 1
        if kind == "E":
            found.triggers[name] = body.split(" ")[0].partition(":")[2]
        elif kind == "R":
            words = body.split()
            ends = [word.partition(":")[2] for word in words[1:]]
            if len(ends) != 2 or not all(ends):
                raise DataError(
                    f"{where}: this is not a relation of brat: {line[:80]!r}. A relation is "
                    "'R1<tab>LABEL Arg1:T1 Arg2:T2'."
                )
            found.relations.append(_Relation(words[0], ends[0], ends[1], str(file), number))


def _placed(file: Path, text: str, found: _Annotations, notes: Notes) -> tuple[str, dict[str, tuple[int, int]]]:
    """The text, and each span from its first to its last character, in the unit in which all own texts fit.

    Tools count characters, UTF-16 units or bytes, and a CRLF as one or two.
    """
    readings = [(text, ""), (text.replace("\r\n", "\n"), "characters, a CRLF as one")]
    tried: list[tuple[str, Any, str]] = [(each, range(len(each) + 1), unit) for each, unit in readings]
    if not text.isascii():
        tried += [(text, _ends_of_units(text, encoding), unit) for encoding, unit in _UNITS.items()]
    first: str | None = None
    for each, characters, unit in tried:
        spans, fault = _spans_in(each, characters, found)
        if fault is None:
            if unit:
                notes.add(kinds.OFFSETS_COUNT, str(file), unit=unit)
            for span in found.spans.values():
                if len(span.fragments) > 1:
                    notes.add(kinds.DISCONTINUOUS_SPAN, f"{span.where}: {span.text[:60]!r}")
            return each, spans
        first = first or fault
    raise DataError(
        f"{first} Its offsets fit neither characters nor UTF-16 units nor bytes of {file}; is that the text which "
        "was annotated?"
    )


_UNITS = {"utf-16-le": "UTF-16 units", "utf-8": "bytes"}


def _ends_of_units(text: str, encoding: str) -> list[int | None]:
    """For each number of units the number of characters; None inside a character."""
    size = 2 if encoding == "utf-16-le" else 1
    found: list[int | None] = [0]
    for number, character in enumerate(text, start=1):
        units = len(character.encode(encoding, "surrogatepass")) // size
        found += [None] * (units - 1) + [number]
    return found


def _spans_in(text: str, characters: Any, found: _Annotations) -> tuple[dict[str, tuple[int, int]], str | None]:
    """The spans of a text; or the first one that is not where its own text is, in words."""
    spans: dict[str, tuple[int, int]] = {}
    for span in found.spans.values():
        parts = []
        for start, end in span.fragments:
            first, last = (characters[at] if at < len(characters) else None for at in (start, end))
            if first is None or last is None or first >= last:
                return {}, f"{span.where}: the span {start}-{end} is outside the text of {len(text)} characters."
            parts.append((first, last))
        inside = " ".join(text[start:end] for start, end in parts)
        if span.text and "".join(inside.split()) != "".join(span.text.split()):
            return {}, f"{span.where}: the span is {span.text[:60]!r}, and at its offsets stands {inside[:60]!r}."
        spans[span.name] = (min(start for start, _ in parts), max(end for _, end in parts))
    return spans, None
