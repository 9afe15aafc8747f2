"""WebAnno TSV 3, which INCEpTION exports: a token per line with its offsets, and columns of annotation layers."""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from itertools import chain
from pathlib import Path
from typing import Any

from ftk.config.spelling.writing import pasted
from ftk.contracts import finding_kinds as kinds
from ftk.contracts.notes import Notes
from ftk.contracts.row import Row
from ftk.data.readers.decoding.lines import numbered_lines
from ftk.data.readers.decoding.once import first_of
from ftk.errors import DataError

_LOOKED_AT = 1000
"""Sentences that are read to find the layer."""
_ESCAPED = re.compile(r"\\(.)", re.DOTALL)
_CONTROLS = {"n": "\n", "t": "\t", "r": "\r", "f": "\f", "b": "\b"}
_STACKED = re.compile(r"(?<!\\)\|")
_NUMBERED = re.compile(r"(.*?)(?<!\\)\[(\d+)\]", re.DOTALL)
_OF_TOKENS = ("POS", "Lemma", "Stem", "MorphologicalFeatures", "SurfaceForm", "Sentence")
"""Layers that annotate each token by itself."""
_DOCUMENTS = (".txt", ".html", ".xml", ".xmi", ".pdf", ".json", ".conll", ".conllu", ".tsv", ".md", ".docx", ".tei")
"""Endings of documents after which folders are called."""
_FIRST = 3
"""The number of the first column with annotations."""


@dataclass(frozen=True, slots=True)
class _Feature:
    """A column of annotations: a feature of a layer. ``feature`` is empty for a layer without features."""

    column: int
    layer: str
    feature: str

    @property
    def name(self) -> str:
        """Layer and feature, as the config names them."""
        short = self.layer.rpartition(".")[2]
        return f"{short}.{self.feature}" if self.feature else short or str(self.column)

    def is_named(self, wanted: Any) -> bool:
        """Whether the config means this column: by its name, a part of it, or its number."""
        return str(wanted) in (self.name, self.feature, self.name.partition(".")[0], str(self.column), self.layer)


@dataclass(slots=True)
class _Sentence:
    line: int
    text: str | None = None
    rows: list[list[str]] = field(default_factory=list)


def is_webanno(line: str) -> bool:
    """Whether the first line of a file is that of WebAnno TSV 3."""
    return line.startswith("#FORMAT=WebAnno TSV 3")


def read_webanno(path: Path | str, encoding: str, columns: dict[str, Any], notes: Notes) -> Iterator[Row]:
    """One row per sentence: ``document``, ``text``, ``tokens``, and ``spans`` in characters of the text.

    The document is the name of the file, or of its folder where that is called like a document: INCEpTION exports a
    folder for each document with a file for each annotator.

    Args:
        path: the file.
        encoding: its character encoding.
        columns: ``spans`` or ``tags`` names a layer, as ``NamedEntity.value``; null finds it by content. The row has
            its annotations under that name, for ``tags`` one per token.
        notes: collects which layer is read.

    Raises:
        DataError: a line is none of this format, or content does not decide between layers.
    """
    layers: list[_Feature] = []
    sentences = _sentences(path, encoding, layers, notes)
    head = first_of(path, sentences, _LOOKED_AT)
    if not head:
        return
    features = layers or [
        _Feature(at, "", "") for at in range(_FIRST, max(len(row) for one in head for row in one.rows))
    ]
    role = "tags" if columns.get("tags") is not None and columns.get("spans") is None else "spans"
    wanted = columns.get(role)
    chosen = _chosen(path, features, head, role, wanted)
    left = [one.name for one in features if one is not chosen and _values(head, one)]
    if chosen is not None:
        if left:
            notes.add(kinds.WEBANNO_LAYERS, file=str(path), layer=chosen.name, role=role, others=left)
        else:
            notes.add(kinds.WEBANNO_LAYER, file=str(path), layer=chosen.name, role=role)
    for sentence in chain(head, sentences):
        yield _row(path, sentence, chosen, role, str(wanted) if wanted is not None else role, notes)


def _sentences(path: Path | str, encoding: str, layers: list[_Feature], notes: Notes) -> Iterator[_Sentence]:
    """Yield the sentences; the layers of the header are added to ``layers`` before the first."""
    column = _FIRST
    found: _Sentence | None = None
    for number, line in numbered_lines(path, encoding, notes):
        if line.startswith(("#T_SP=", "#T_CH=", "#T_RL=")):
            layer, *features = line[6:].split("|")
            for feature in features or [""]:
                if line.startswith("#T_SP=") and not feature.startswith(("ROLE_", "BT_")) and "." not in feature:
                    layers.append(_Feature(column, layer, feature))
                column += 1
        elif line.startswith("#Text="):
            text = _unescaped(line[6:])
            if found is None or found.rows:
                if found is not None:
                    yield found
                found = _Sentence(number, text)
            else:  # a sentence of several lines
                found.text = f"{found.text}\n{text}"
        elif not line.strip():
            if found is not None and found.rows:
                yield found
                found = None
        elif not line.startswith("#"):
            cells = line.split("\t")
            if len(cells) < _FIRST or not re.fullmatch(r"\d+-\d+(\.\d+)?", cells[0]):
                raise DataError(
                    f"{path}:{number}: this is no line of WebAnno TSV: {line[:60]!r}. A token has its number, its "
                    "offsets and its form, with tabs between: 1-1, 0-4, Rita."
                )
            found = found or _Sentence(number)
            found.rows.append(cells)
    if found is not None and found.rows:
        yield found


def _chosen(
    path: Path | str, features: Sequence[_Feature], head: Sequence[_Sentence], role: str, wanted: Any
) -> _Feature | None:
    """The column that is read; None if the file has no annotation."""
    names = ", ".join(one.name for one in features) or "none"
    if wanted is not None:
        found = [one for one in features if one.is_named(wanted)]
        if len(found) != 1:
            raise DataError(f"{path}: data.columns.{role}={wanted}, but the layers are {names}.")
        return found[0]
    used = [one for one in features if _values(head, one)]
    spans = [one for one in used if one.layer.rpartition(".")[2] not in _OF_TOKENS] or used
    entities = [one for one in spans if one.layer.endswith("NamedEntity") and one.feature == "value"]
    if len(entities or spans) > 1:
        ways = " or ".join(f"data.columns.spans={pasted(one.name)}" for one in spans)
        raise DataError(f"{path}: several layers have annotations. Say which one is meant: {ways}.")
    return (entities or spans or [None])[0]  # type: ignore[list-item]


def _values(head: Sequence[_Sentence], feature: _Feature) -> int:
    """How many tokens have a value in a column."""
    nothing = ("_", "", "*") if feature.feature else ("_", "")
    cells = (row[feature.column] for one in head for row in one.rows if feature.column < len(row))
    return sum(cell.partition("[")[0] not in nothing for cell in cells)


def _row(path: Path | str, sentence: _Sentence, chosen: _Feature | None, role: str, name: str, notes: Notes) -> Row:
    where = f"{path}:{sentence.line}"
    tokens = [row for row in sentence.rows if "." not in row[0]]
    text, places = _placed(sentence, tokens, where)
    forms = [_unescaped(row[2]) for row in tokens]
    found: dict[tuple[str, str], list[int]] = {}
    own: list[list[str]] = []
    number = -1
    for row in sentence.rows:
        start, end = places[number + ("." not in row[0])]
        if "." in row[0]:
            begin = max(0, _units(row[1])[0] - _units(tokens[number][1])[0])
            start += len(_utf16(text[start:end])[: 2 * begin].decode("utf-16-le", "ignore"))
            end = start + len(_unescaped(row[2]))
        else:
            number += 1
            own.append([])
        cell = row[chosen.column] if chosen is not None and chosen.column < len(row) else "_"
        for value, group in _annotations(cell):
            label = value if value is not None else "" if chosen is None or chosen.feature else chosen.name
            if not label:
                notes.add(kinds.WEBANNO_VALUELESS, f"{where}: {text[start:end]!r}")
                continue
            own[-1].append(label)
            span = found.setdefault((label, group or f"at {start} {end}"), [start, end])
            span[0], span[1] = min(span[0], start), max(span[1], end)
    values: dict[str, Any] = {"document": _document(Path(path)), "text": text, "tokens": forms}
    if role == "tags":
        values[name] = [labels[0] if len(labels) == 1 else "_" for labels in own]
    else:
        values[name] = [{"start": a, "end": b, "label": label} for (label, _), (a, b) in found.items()]
    return Row(values, str(path), sentence.line)


def _document(path: Path) -> str:
    """The name of the document in a file."""
    folder = path.parent.name
    return folder if Path(folder).suffix.lower() in _DOCUMENTS else path.stem


def _placed(sentence: _Sentence, tokens: Sequence[list[str]], where: str) -> tuple[str, list[tuple[int, int]]]:
    """The text of a sentence, and where its tokens are in it, in characters."""
    places: list[tuple[int, int]] = []
    forms = [_unescaped(row[2]) for row in tokens]
    if sentence.text is None:
        return " ".join(forms), _joined(forms)
    text, at = sentence.text, 0
    for row, form in zip(tokens, forms, strict=True):
        begin = text.find(form, at)
        if begin < 0 or text[at:begin].strip():
            raise DataError(
                f"{where}: the token {row[0]} {form!r} is not where it should be in the text {text[:60]!r}. The #Text "
                "of a sentence has all its tokens, in their order."
            )
        at = begin + len(form)
        places.append((begin, at))
    return text, places


def _joined(forms: Sequence[str]) -> list[tuple[int, int]]:
    places, at = [], 0
    for form in forms:
        places.append((at, at + len(form)))
        at += len(form) + 1
    return places


def _annotations(cell: str) -> Iterator[tuple[str | None, str | None]]:
    """Yield the annotations of a cell: the value, None for ``*``, and the number of an annotation of several tokens."""
    if cell in ("_", ""):
        return
    for part in _STACKED.split(cell):
        match = _NUMBERED.fullmatch(part)
        value, group = (match[1], match[2]) if match else (part, None)
        if value != "_":
            yield (None if value == "*" else _unescaped(value)), group


def _unescaped(text: str) -> str:
    return _ESCAPED.sub(lambda match: _CONTROLS.get(match[1], match[1]), text) if "\\" in text else text


def _units(offsets: str) -> tuple[int, int]:
    first, _, last = offsets.partition("-")
    return int(first), int(last)


def _utf16(text: str) -> bytes:
    return text.encode("utf-16-le", "surrogatepass")
