"""Labels that are no names of classes: marks of missing values, headers, lists; decided by the other labels."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Sequence
from typing import Any, TypeVar

from ftk.config.spelling.writing import pasted
from ftk.contracts import finding_kinds as kinds
from ftk.contracts.findings import SHOWN, FindingKind
from ftk.contracts.notes import Notes
from ftk.contracts.row import ClassName, Row
from ftk.data.rows.cells import RowFault, place_of, shortened
from ftk.data.rows.columns import TEXT, finite
from ftk.data.rows.label_names import IGNORED, NO_CLASS, TRUTH, WRITTEN, is_number
from ftk.data.rows.label_names import shortened as plain_shortened
from ftk.data.rows.lists import begins_like_list

Example = TypeVar("Example")

_DATE = re.compile(r"\d{4}-\d\d-\d\d([T ]\d\d:\d\d.*)?|\d{1,2}[./-]\d{1,2}[./-](\d{4}|\d\d)( \d{1,2}:\d\d.*)?")
_ENOUGH = 20
"""Rows from which it says something that most have a label of their own."""
_USUAL = frozenset({"none", "null", "n/a", "na", "n.a."})
"""What stands for a missing value, and is the name of a class in some data, in lower case."""
_BY_PROGRAMS = frozenset({"None", "null", "NULL", "N/A", "n/a", "NA"})
"""Those of them that are reported when they are kept; ``none`` is a plain word."""
_LANGUAGES = frozenset({"cmn", "deu", "eng", "fra", "hin", "jpn", "rus", "spa", "yue", "zho"})
"""Some codes of ISO 639-3, in which ``nan`` is Min Nan."""
_NUMBER = re.compile(r"[0-9]{1,6}")
_MANY = 10
"""A column whose names differ in one of so many rows does not name classes."""
_NUMBERS = frozenset({NO_CLASS, IGNORED})
_SIGNS_BETWEEN = "#;|,"
"""Signs that programs write between several labels of a row."""
_SIGNS = frozenset({"-", "--", "---", "?", "_"})


def is_mark(label: str) -> bool:
    """Whether a label stands for a missing one unless the other labels speak against it."""
    return label in _NUMBERS or label in _SIGNS or label.casefold() in WRITTEN


def stands_for_missing(text: str) -> bool:
    """Whether a text stands for a missing number."""
    return text in _SIGNS or text.casefold() in WRITTEN or text.casefold() in _USUAL


def missing_marks(labels: Iterable[str]) -> tuple[set[str], set[str]]:
    """The labels that stand for a missing one, and those that may, as far as the other labels tell.

    Beside numbers, and beside the words that name classes, a mark is no class. ``nan`` is one among the codes of
    languages, ``-`` is one beside ``+``, and -1 is one beside 0 and 1: negative, neutral, positive.

    Args:
        labels: of one split.
    """
    found = set(labels)
    folded = {label: label.casefold() for label in found}
    marks = {label for label in found if is_mark(label) or folded[label] in _USUAL}
    names = found - marks
    if not names:
        return set(), set()
    if all(finite(name) is not None for name in names):
        wrong = marks - _NUMBERS
        if min(float(name) for name in names) >= 0:  # -100 may be a class beside -50
            wrong |= {IGNORED} & marks
        return wrong | ({NO_CLASS} & marks if _are_numbered(names) else set()), set()
    if not any(sum(character.isalpha() for character in name) > 1 for name in names):
        return {label for label in marks if folded[label] in WRITTEN or label in _NUMBERS}, marks & _BY_PROGRAMS
    codes = not names.isdisjoint(_LANGUAGES) and all(len(name) == 3 for name in names)
    odd = {label for label in marks if label in _BY_PROGRAMS or (codes and label == "nan")}
    return {label for label in marks if is_mark(label)} - odd, odd


def _are_numbered(names: Iterable[str]) -> bool:
    """Whether these are the numbers of three classes or more, counted from 0."""
    numbers = {int(float(name)) for name in names if is_number(name)}
    return len(numbers) > 2 and numbers == set(range(len(numbers)))


def without_missing(examples: Sequence[Example], notes: Notes, *, unlabelled: str) -> list[Example]:
    """The examples whose labels are names of classes.

    Args:
        examples: of one split, with ``target``, a label or a tuple of labels, and ``row``.
        notes: collects the others, and labels that may stand for a missing one.
        unlabelled: the policy for rows without a label, ``error`` or ``drop``.
    """
    counts: Counter[str] = Counter()
    for example in examples:
        counts.update(_parts(example)[0])
    _note_joined(counts, examples, notes)
    missing, odd = missing_marks(counts)
    if counts.keys() == {NO_CLASS, "0", "1"}:
        notes.add(kinds.MINUS_ONE, number=counts[NO_CLASS])
    _note_forms(examples, counts, notes)
    if not missing and not odd:
        return list(examples)
    kept = []
    for example in examples:
        labels, row = _parts(example)
        for label in labels:
            if label in odd:
                notes.add(kinds.ODD_LABEL, row.where, label=label)
        wrong = next((label for label in labels if label in missing), None)
        if wrong is None:
            kept.append(example)
        else:
            policy = "drop" if unlabelled == "drop" else None
            notes.add(kinds.MISSING_LABEL, row.where, policy=policy, label=wrong)
    return kept


def _note_forms(examples: Sequence[Any], counts: Counter[str], notes: Notes) -> None:
    """Report truth values beside their numbers, and labels that name rows rather than classes."""
    found = counts.keys()
    if found <= {"0", "1", *TRUTH} and not found.isdisjoint({"0", "1"}) and not found.isdisjoint(TRUTH):
        for example in examples:
            if example.target in TRUTH:
                notes.add(kinds.MIXED_TRUTH, f"{example.row.where}: {example.target}")
    if notes.split != "train":
        return
    numbers = [label for label in counts if is_number(label)]
    names = [label for label in counts if sum(map(str.isalpha, label)) > 1 and label not in TRUTH]
    if 1 < len(numbers) <= len(names) and {int(float(label)) for label in numbers} == set(range(len(numbers))):
        shown = {"numbers": ", ".join(sorted(numbers)), "names": ", ".join(map(plain_shortened, names[:SHOWN]))}
        notes.add(kinds.MIXED_LABELS, number=len(numbers), **shown)
    dates = [label for label in counts if _DATE.fullmatch(label)]
    if len(counts) > 1 and len(dates) == len(counts):
        notes.add(kinds.LABELS_ARE_DATES, *dates[:SHOWN], number=len(dates))
    elif len(examples) >= _ENOUGH and 2 * len(counts) > len(examples) and isinstance(examples[0].target, str):
        policy = "numbers" if all(finite(label) is not None for label in counts) else "names"
        notes.add(kinds.LABELS_OF_ROWS, *list(counts)[:SHOWN], policy=policy, number=len(counts), rows=len(examples))


def refuse_header(row: Row, text_at: str, label_at: str, usual: Sequence[str]) -> None:
    """Refuse a row that is the header of a table.

    Args:
        row: any row.
        text_at: its column of texts.
        label_at: its column of labels.
        usual: the usual names of columns of labels.

    Raises:
        RowFault: the row has the names of the columns for values.
    """
    label = row.values[label_at]
    if not isinstance(label, str) or (label != label_at and row.line != 1):
        return
    text = row.values[text_at]
    if not isinstance(text, str):
        return
    repeated = (text, label) == (text_at, label_at)
    first = label_at.isdigit() and text.strip().casefold() in TEXT and label.strip().casefold() in usual
    if repeated or first:
        raise RowFault(kinds.LABEL_OF_HEADER, shortened(f"{row.where}: {text}, {label}"))


def note_label(row: Row, column: str, label: Any, notes: Notes) -> None:
    """Report a label that was read from a list of one label, or that looks like a list or like a header."""
    if not isinstance(label, str):
        return
    if isinstance(row.values[column], (list, tuple)):
        notes.add(kinds.LABEL_IN_LIST, row.where)
    elif begins_like_list(label) or label[:1] + label[-1:] in ("{}", "()"):
        notes.add(kinds.LIST_LIKE_LABEL, place_of(row, column))
    elif label == column:
        notes.add(kinds.LABEL_IS_COLUMN, row.where, label=label)


def note_unused(
    names: Sequence[str] | None, examples: Sequence[Any], notes: Notes, *, kind: FindingKind = kinds.UNUSED_NAME
) -> None:
    """Report names of classes that no training row has: the model learns nothing about them.

    Args:
        names: ``task.label_names``, or the columns of labels.
        examples: of the training split; those with tags have no ``target``, and their names may be of any of them.
        notes: collects the names.
        kind: of the finding.
    """
    if names is None or not any(hasattr(example, "target") for example in examples[:1]):
        return
    found = {label for example in examples for label in _parts(example)[0]}
    unused = [name for name in names if name not in found]
    if unused and found:
        notes.add(kind, *unused, number=len(unused))


def _note_joined(counts: Counter[str], examples: Sequence[Any], notes: Notes) -> None:
    """Report labels that are other labels with a sign between them, where a row has one label."""
    joined: dict[str, str] = {}
    for label in counts:
        for sign in _SIGNS_BETWEEN:
            parts = [part.strip() for part in label.split(sign)] if sign in label else ()
            if len(parts) > 1 and all(part in counts for part in parts):
                joined[label] = sign
    for example in examples if joined else ():
        if isinstance(example.target, str) and example.target in joined:
            notes.add(kinds.JOINED_LABEL, f"{example.row.where}: {example.target}", sign=joined[example.target])


def _parts(example: Any) -> tuple[tuple[str, ...], Row]:
    """The labels of an example, and its row."""
    target = getattr(example, "target", None)
    labels = (target,) if isinstance(target, str) else target if isinstance(target, tuple) else ()
    return tuple(label for label in labels if isinstance(label, str)), example.row


def note_names_beside(rows: Sequence[Row], column: str, notes: Notes) -> None:
    """Report a column that has the names of the classes whose numbers are the labels, and rows that contradict it.

    Args:
        rows: of one split.
        column: of the labels.
        notes: collects what was found.
    """
    names = (f"{column}_text", f"{column}_name", f"{column}_str", f"{column}_names", "label_text", "label_name")
    beside = next((name for name in names if rows and name in rows[0].values and name != column), None)
    if beside is None:
        return
    counts: dict[str, Counter[str]] = {}
    for row in rows:
        number, name = row.values.get(column), row.values.get(beside)
        if isinstance(number, (ClassName, bool)) or not isinstance(name, str) or not _NUMBER.fullmatch(str(number)):
            return  # the labels are no numbers
        counts.setdefault(str(number), Counter())[name] += 1
    usual = {number: found.most_common(1)[0][0] for number, found in counts.items()}
    odd = [row for row in rows if usual[str(row.values[column])] != row.values[beside]]
    if len(set(usual.values())) < len(usual) or _MANY * len(odd) > len(rows):
        return  # the column is about something else
    shown = [f"{number} is {name}" for number, name in sorted(usual.items())[:SHOWN]]
    notes.add(kinds.NAMES_BESIDE, column=column, beside=beside, example=pasted(beside), names=shown)
    if odd:
        places = [f"{row.where}: {row.values[column]}, {row.values[beside]}" for row in odd[:SHOWN]]
        notes.add(kinds.NAME_DIFFERS, *places, number=len(odd), column=column, beside=beside)
