"""Sentences in lines, each word with its tag: ``Rita|B-PER sleeps|O``, ``Rita/NNP sleeps/VBZ``."""

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import chain, islice
from pathlib import Path

from ftk.contracts import finding_kinds as kinds
from ftk.contracts.notes import Notes
from ftk.contracts.row import Row
from ftk.data.readers.lines import numbered_lines
from ftk.data.rows.tag_columns import evidence_of, look_like_single_tags
from ftk.data.rows.tag_spelling import is_usual_tag
from ftk.errors import DataError

_SIGNS = "|/_\\"
"""What separates a word from its tag."""
_LOOKED_AT = 1000
"""Lines that are read to find the sign."""
_MOSTLY = 0.95


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


def read_tagged_lines(path: Path | str, encoding: str, notes: Notes) -> Iterator[Row]:
    """One row for each line that is not blank: ``tokens`` and ``tags``.

    Raises:
        DataError: a word has no tag.
    """
    lines = ((number, line) for number, line in numbered_lines(path, encoding, notes) if line.strip())
    head = list(islice(lines, _LOOKED_AT))
    if not head:
        return
    form = _form_of([line for _, line in head], certain=False)
    if form is None:
        raise DataError(f"{path}: the lines are no words with tags, as in Rita|B-PER sleeps|O.")
    notes.add(kinds.TAGGED_LINES, file=str(path), sign=form.sign)
    for number, line in chain(head, lines):
        items = line.split()
        parts = [form.parts(item) for item in items]
        if None in parts:
            item = items[parts.index(None)]
            raise DataError(
                f"{path}:{number}: {item!r} is no word with its tag; the other words have {form.fields} "
                f"'{form.sign}' before the tag."
            )
        tokens, tags = zip(*((found[0], found[-1]) for found in parts if found is not None), strict=True)
        yield Row({"tokens": list(tokens), "tags": list(tags)}, str(path), number)


def _form_of(lines: Sequence[str], *, certain: bool) -> _Form | None:
    items = [item for line in lines for item in line.split()]
    if len(items) == len(lines):
        return None  # one word a line: columns
    for sign in _SIGNS:
        fields, number = Counter(item.count(sign) for item in items).most_common(1)[0]
        if fields == 0 or sum(sign in item for item in items) < _MOSTLY * len(items):
            continue
        form = _Form(sign, fields if sign == "|" and number >= _MOSTLY * len(items) else 1)
        parts = [found for item in items if (found := form.parts(item)) is not None]
        if len(parts) < (len(items) if certain else _MOSTLY * len(items)):
            continue
        tags, words = [found[-1] for found in parts], [found[0] for found in parts]
        evidence = evidence_of(tags)
        if evidence.lettered and (evidence.spans or not certain):
            return form
        single = not certain and not any(tag.isdecimal() for tag in tags) and look_like_single_tags(tags, words)
        if single or (not certain and evidence.bare):
            return form
    return None
