"""What the offsets of each file count: found by the texts that spans have of their own, and by the borders of words."""

from collections.abc import Iterable, Iterator, MutableMapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from ftk.config.data_choices import Offsets
from ftk.contracts import finding_kinds as kinds
from ftk.contracts.findings import SHOWN
from ftk.contracts.notes import Notes
from ftk.contracts.row import Row
from ftk.data.examples.spans.counting import PLAIN, Counting, MarkedText, Places
from ftk.data.examples.spans.evidence import (
    Tally,
    best,
    countings_in,
    is_plain,
    misfits,
    note_contradictions,
    on_borders,
    tally_of,
)

JUDGED = 2000
"""Rows in which all countings are tried: of those that characters do not fit, and of the others."""


@dataclass(frozen=True, slots=True)
class Countings:
    """What the offsets of each file count.

    Attributes:
        default: of files that nothing is known about.
        by_file: of those that have spans.
    """

    default: Counting = PLAIN
    by_file: dict[str, Counting] = field(default_factory=dict)

    def of(self, row: Row) -> Counting:
        """What the offsets of a row count."""
        return self.by_file.get(row.file, self.default)


@dataclass(slots=True)
class _File:
    """The rows of one file, and what their offsets count.

    Attributes:
        name: of the file.
        doubtful, others: rows with spans that characters do not fit, and the others.
        counting: what was found.
        known: whether rows that were read before have shown it.
        shown: whether the rows show it; False if they would be as right in another counting.
        unclear: the places of spans that may be elsewhere.
        tallies: of all countings that were tried.
    """

    name: str
    doubtful: list[MarkedText] = field(default_factory=list)
    others: list[MarkedText] = field(default_factory=list)
    counting: Counting = PLAIN
    known: bool = False
    shown: bool = False
    unclear: Sequence[str] = ()
    tallies: Sequence[Tally] = ()

    @property
    def texts(self) -> Iterator[MarkedText]:
        """All rows."""
        yield from self.doubtful
        yield from self.others


def settle(
    texts: Sequence[MarkedText],
    asked: Offsets,
    notes: Notes,
    *,
    seen: MutableMapping[Any, Any] | None = None,
    strict: bool = True,
) -> Countings:
    """What the offsets of each file count.

    Args:
        texts: the rows of a split, or some of them.
        asked: ``data.offsets``; ``auto`` goes by the evidence of all rows of a file together.
        notes: collects what was found, and texts that contradict their offsets.
        seen: what other rows have shown, see ``Reading.seen``.
        strict: whether a text that contradicts its offsets is an error. If not, the counting that most texts fit is
            taken, and nothing is said about the others.

    Raises:
        DataError: spans say other texts than those at their offsets, whatever these count.
    """
    if asked is not Offsets.auto:
        number = sum(1 for _ in misfits(texts, Counting(asked)))
        if number:
            notes.add(kinds.SPAN_TEXT_IGNORED, number=number, offsets=asked.value)
        return Countings(Counting(asked))
    files: dict[str, _File] = {}
    for item in texts:
        if item.spans:
            name = item.row.file
            file = files.get(name) or files.setdefault(name, _File(name))
            (file.others if is_plain(item) else file.doubtful).append(item)
    contradicted = False
    for file in files.values():
        before = None if seen is None else seen.get(("offsets", file.name))
        _settle_file(file, before, strict=strict)
        if strict and any(True for _ in misfits(file.texts, file.counting)):
            contradicted = True
            fewest = min(file.tallies, key=lambda tally: tally.misfits, default=Tally(file.counting))
            note_contradictions(file.texts, fewest.counting, notes)
        if seen is not None and file.shown:
            if before is not None and before != file.counting:
                _note_change(file, before, notes, strict=strict)
            seen["offsets", file.name] = file.counting
    if contradicted:
        notes.raise_errors()  # here, so that they are not reported as misaligned as well
    _report([file for file in files.values() if strict or not file.known], notes)
    for file in files.values():
        if file.unclear:
            notes.add(kinds.OFFSETS_UNCHECKED, *file.unclear[:SHOWN], number=len(file.unclear))
    return Countings(PLAIN, {name: file.counting for name, file in files.items()})


def _note_change(file: _File, before: Counting, notes: Notes, *, strict: bool) -> None:
    """Report rows that contradict what earlier rows of their file have shown."""
    where = next(file.texts).row.where
    was, there = str(before), str(file.counting)
    if strict:
        notes.add(kinds.OTHER_READING, where, key="data.offsets", before=was, there=there)
    else:
        notes.add(kinds.OFFSETS_CHANGE, where, before=was, there=there)


def _settle_file(file: _File, before: Counting | None, *, strict: bool) -> None:
    """Decide what the offsets of one file count."""
    if before is not None and _fits(file, before):
        file.counting, file.known, file.shown = before, True, True
        return
    if file.doubtful:
        judged = [*file.doubtful[:JUDGED], *file.others[:JUDGED]]
        file.tallies = [tally_of(counting, judged) for counting in countings_in([item.text for item in judged])]
        file.counting = best(file.tallies, strict=strict)
    if file.counting != PLAIN:
        file.shown = True
    else:
        file.shown, file.unclear = _checked(file.texts)


def _fits(file: _File, counting: Counting) -> bool:
    """Whether rows agree with what earlier ones of their file have shown."""
    if counting == PLAIN:
        return not any(True for _ in misfits(file.doubtful, PLAIN))
    tally = tally_of(counting, [*file.doubtful[:JUDGED], *file.others[:JUDGED]])
    return not tally.misfits and 20 * tally.right >= 19 * tally.telling


def _checked(texts: Iterable[MarkedText]) -> tuple[bool, Sequence[str]]:
    """Whether a span shows that offsets are characters; and the spans that are words in UTF-16 units, too, if none
    does."""
    utf16, unclear = Counting(Offsets.utf16), []
    for item in texts:
        if item.text.isascii() or max(item.text) <= "\uffff":
            continue
        places = Places()
        for span in item.spans:
            if utf16.place(span, item.text, places) != PLAIN.place(span, item.text, places):
                if span.text is not None or not on_borders(item, span, utf16, places):
                    return True, ()
                unclear.append(item.row.where)
    return False, unclear


def _report(files: Sequence[_File], notes: Notes) -> None:
    """Report what offsets count, by file where files differ."""
    found: dict[Counting, list[_File]] = {}
    for file in files:
        if file.counting != PLAIN or file.shown or file.unclear:
            found.setdefault(file.counting, []).append(file)
    for counting, alike in found.items():
        if counting == PLAIN and len(found) == 1:
            return
        spans = [span for file in alike for item in file.texts for span in item.spans]
        with_text = sum(span.text is not None for span in spans)
        policy = "own_texts" if with_text else "borders"
        if len(found) == 1:
            notes.add(kinds.OFFSETS_FOUND, policy=policy, what=str(counting), with_text=with_text, spans=len(spans))
            continue
        if counting == PLAIN and not any(file.shown for file in alike):
            policy = "unconfirmed"
        names = ", ".join([*(file.name for file in alike[:SHOWN]), *(["…"] if len(alike) > SHOWN else [])])
        what, number = str(counting), len(spans)
        notes.add(kinds.OFFSETS_BY_FILE, policy=policy, what=what, files=names, with_text=with_text, spans=number)
