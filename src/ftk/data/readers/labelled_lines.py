"""Lines with a label and a text: ``__label__ham Come over``, as fastText writes them, or the two with a tab between."""

import re
from collections import Counter
from collections.abc import Iterator, Sequence
from itertools import chain
from pathlib import Path

from ftk.contracts import finding_kinds as kinds
from ftk.contracts.notes import Notes
from ftk.contracts.row import Row
from ftk.data.readers.decoding.lines import numbered_lines
from ftk.data.readers.decoding.once import first_of
from ftk.errors import DataError

_LABEL = re.compile(r"(?:(?<=\s)|^)__label__(\S+)(?:\s+|$)")
_LOOKED_AT = 1000
"""Lines that are read to find the columns."""
_MOSTLY = 0.9
_FEW = 3
"""Lines from which labels can be told from texts."""
_LONGEST = 40
"""Characters of a label."""


def is_fasttext(lines: Sequence[str]) -> bool:
    """Whether most lines have a label as fastText writes it, at their beginning or end."""
    return sum("__label__" in line and _LABEL.search(line) is not None for line in lines) >= _MOSTLY * len(lines)


def label_column(lines: Sequence[str]) -> int | None:
    """The column of the labels, 0 or 1, in lines with a tab between a label and a text.

    Labels are few, short, and occur again; nearly every text occurs once, and most have several words.

    Returns:
        None if lines have no tab, or content does not decide.
    """
    if len(lines) < _FEW or not all("\t" in line.strip() for line in lines):
        return None
    for column in (0, 1):
        pairs = [_parted(line, column) for line in lines]
        labels, texts = Counter(label for label, _ in pairs), {text for _, text in pairs}
        few = 1 < len(labels) < len(lines) and (len(lines) < 10 or 3 * len(labels) <= len(lines))
        short = all(0 < len(label) <= _LONGEST and len(label.split()) <= 3 for label in labels)
        several = sum(" " in text.strip() for _, text in pairs)
        if few and short and len(texts) >= 0.8 * len(lines) and 2 * several >= len(lines):
            return column
    return None


def read_labelled_lines(path: Path | str, encoding: str, notes: Notes) -> Iterator[Row]:
    """One row for each line that is not blank: ``text`` and ``label``; ``labels``, a list, where lines have several.

    Args:
        path: the file.
        encoding: of its characters.
        notes: collects what was found.

    Raises:
        DataError: content does not say which part of a line is the label.
    """
    lines = ((number, line) for number, line in numbered_lines(path, encoding, notes) if line.strip())
    head = first_of(path, lines, _LOOKED_AT)
    texts = [line for _, line in head]
    if not head:
        return
    if is_fasttext(texts):
        several = any(len(_LABEL.findall(line)) != 1 for line in texts)
        notes.add(kinds.LABELLED_LINES, file=str(path), how="after __label__")
        for number, line in chain(head, lines):
            labels = _LABEL.findall(line)
            text = _LABEL.sub("", line).strip()
            label = labels[0] if len(labels) == 1 else None
            given = {"labels": labels} if several else {"label": label}
            if not several and label is None:
                raise DataError(
                    f"{path}:{number}: {len(labels)} labels, where each of the first {len(head):,} lines has one. "
                    "Put this line first to read a list of labels from each."
                )
            yield Row({"text": text, **given}, str(path), number)
        return
    column = label_column(texts)
    if column is None:
        raise DataError(
            f"{path}: the lines do not say which part is the label: labels are few and short, and a tab is between a "
            "label and its text. Files with columns are read by data=csv data.header=false "
            "data.columns.label=0 data.columns.text=1."
        )
    notes.add(kinds.LABELLED_LINES, file=str(path), how=f"in the {'first' if column == 0 else 'last'} of two columns")
    for number, line in chain(head, lines):
        if "\t" not in line:
            raise DataError(f"{path}:{number}: no tab, where the other lines have one between label and text.")
        label, text = _parted(line, column)
        yield Row({"text": text, "label": label}, str(path), number)


def _parted(line: str, column: int) -> tuple[str, str]:
    """The label and the text of a line."""
    first, _, rest = line.partition("\t") if column == 0 else line.rpartition("\t")
    label, text = (first, rest) if column == 0 else (rest, first)
    return label.strip(), text
