"""Sentences in lines: each word with its tag (``Rita|B-PER sleeps|O``), or all words before or after all tags."""

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import chain
from pathlib import Path

from ftk.contracts import finding_kinds as kinds
from ftk.contracts.notes import Notes
from ftk.contracts.row import Row
from ftk.data.readers.decoding.lines import numbered_lines
from ftk.data.readers.decoding.once import first_of
from ftk.data.rows.tags.tag_columns import evidence_of, look_like_single_tags
from ftk.data.rows.tags.tag_spelling import is_usual_tag
from ftk.errors import DataError

_SIGNS = ("||", "|", "//", "/", "__", "_", "\\", ":", "^")
"""What separates a word from its tag, the longer ones first."""
_PLAIN = frozenset("|/_\\")
"""Those that also separate words from tags of single tokens."""
_HALVES = ("\t", "|||")
"""What separates all words of a sentence from all its tags."""
_LOOKED_AT = 1000
"""Lines that are read to find the sign."""
_ENOUGH = 200
"""Lines that show whether all words are apart from all tags."""
_MOSTLY = 0.95


@dataclass(frozen=True, slots=True)
class _Halves:
    """Lines of all words and all tags of a sentence: the sign between them, and which of the two are the tags."""

    sign: str
    tags: int

    def parts(self, line: str) -> list[list[str]] | None:
        """The words with their tags; None for a line of another form."""
        halves = [half.split() for half in line.split(self.sign)]
        if len(halves) != 2 or len(halves[0]) != len(halves[1]):
            return None
        return [[word, tag] for word, tag in zip(halves[1 - self.tags], halves[self.tags], strict=True)]


@dataclass(frozen=True, slots=True)
class _Form:
    """How words and tags are joined: by which sign, and how many tags or other fields a word has."""

    sign: str
    fields: int

    def parts(self, item: str) -> list[str] | None:
        """The word and what follows it; None for an item of another form."""
        if self.sign == "_":  # it is in tags, too: New_York_B_LOC
            for at in (at for at, sign in enumerate(item) if sign == "_" and at):
                if is_usual_tag(item[at + 1 :]):
                    return [item[:at], item[at + 1 :]]
        parts = item.rsplit(self.sign, self.fields)
        if len(parts) != self.fields + 1 or not all(parts):
            return None
        if self.sign == "/":
            parts[0] = parts[0].replace("\\/", "/")
        return parts


def are_tagged_lines(lines: Sequence[str], *, certain: bool) -> bool:
    """Whether lines are sentences of tagged words.

    Args:
        lines: none of them is blank.
        certain: whether all words need a tag of spans, because the lines may as well be texts.
    """
    return _form_of(lines, certain=certain) is not None


def are_halves(lines: Sequence[str]) -> bool:
    """Whether each line has the words of a sentence and as many tags of spans, with a tab or three bars between.

    Args:
        lines: none of them is blank.
    """
    return _halves_of(lines) is not None


def read_tagged_lines(path: Path | str, encoding: str, notes: Notes) -> Iterator[Row]:
    """One row for each line that is not blank: ``tokens`` and ``tags``.

    Raises:
        DataError: a word has no tag.
    """
    lines = ((number, line) for number, line in numbered_lines(path, encoding, notes) if line.strip())
    head = first_of(path, lines, _LOOKED_AT)
    if not head:
        return
    texts = [line for _, line in head]
    halves = _halves_of(texts)
    form = halves or _form_of(texts, certain=False)
    if form is None:
        raise DataError(f"{path}: the lines are no words with tags, as in Rita|B-PER sleeps|O.")
    if halves is not None:
        notes.add(kinds.TAGGED_HALVES, file=str(path))
    else:
        notes.add(kinds.TAGGED_LINES, file=str(path), sign=form.sign)
    for number, line in chain(head, lines):
        parts = _parts_of(form, line, f"{path}:{number}")
        tokens, tags = zip(*((found[0], found[-1]) for found in parts), strict=True)
        yield Row({"tokens": list(tokens), "tags": list(tags)}, str(path), number)


def _parts_of(form: _Form | _Halves, line: str, where: str) -> list[list[str]]:
    """The words of a line with their tags.

    Raises:
        DataError: a word has no tag.
    """
    if isinstance(form, _Halves):
        parts = form.parts(line)
        if parts is None:
            raise DataError(
                f"{where}: not as many tags as words: {line[:60]!r}. The other lines have one for each word."
            )
        return parts
    items = line.split()
    found = [form.parts(item) for item in items]
    if None in found:
        item = items[found.index(None)]
        raise DataError(
            f"{where}: {item!r} is no word with its tag; the other words have {form.fields} '{form.sign}' before the "
            "tag."
        )
    return [one for one in found if one is not None]


def _halves_of(lines: Sequence[str]) -> _Halves | None:
    lines = lines[:_ENOUGH]
    for sign in _HALVES:
        for column in (1, 0):
            form = _Halves(sign, column)
            parts = [found for line in lines if sign in line and (found := form.parts(line)) is not None]
            several = sum(len(found) > 1 for found in parts)
            if len(parts) < _MOSTLY * len(lines) or 2 * several < len(parts) or not parts:
                continue
            evidence = evidence_of([tag for found in parts for _, tag in found])
            if evidence.lettered and evidence.spans:
                return form
    return None


def _form_of(lines: Sequence[str], *, certain: bool) -> _Form | None:
    items = [item for line in lines for item in line.split()]
    if len(items) == len(lines):
        return None  # one word a line: columns
    for sign in _SIGNS:
        fields, number = Counter(item.count(sign) for item in items).most_common(1)[0]
        if fields == 0 or sum(sign in item for item in items) < _MOSTLY * len(items):
            continue
        form = _Form(sign, fields if sign in ("|", "||") and number >= _MOSTLY * len(items) else 1)
        parts = [found for item in items if (found := form.parts(item)) is not None]
        if len(parts) < (len(items) if certain else _MOSTLY * len(items)):
            continue
        tags, words = [found[-1] for found in parts], [found[0] for found in parts]
        evidence = evidence_of(tags)
        if evidence.lettered and (evidence.spans or not certain):
            return form
        if sign not in _PLAIN:
            continue
        single = not certain and not any(tag.isdecimal() for tag in tags) and look_like_single_tags(tags, words)
        if single or (not certain and evidence.bare):
            return form
    return None
