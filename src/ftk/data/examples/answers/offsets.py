"""What the offsets of answers count: found by the texts of the answers, which are there."""

import re
from collections.abc import Iterable, Iterator, MutableMapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from ftk.config.data_choices import Offsets
from ftk.contracts import finding_kinds as kinds
from ftk.contracts.findings import SHOWN
from ftk.contracts.notes import Notes
from ftk.data.examples.spans.counting import PLAIN, Counting, Places
from ftk.data.examples.spans.evidence import countings_in
from ftk.data.examples.spans.offsets import JUDGED, Countings


@dataclass(slots=True)
class PlacedAnswer:
    """An answer with an offset.

    Attributes:
        file: of the row.
        context: the text that it is in.
        text: the answer, with the white space around it.
        start: as the row gives it, whatever it counts.
        places: of the context.
    """

    file: str
    context: str
    text: str
    start: int
    places: Places = field(default_factory=Places)

    def at(self, counting: Counting) -> int | None:
        """The character at which the answer without its white space begins; None if it is not at its offset."""
        text = as_in(self.context, self.text)
        first = counting.character(self.start, self.context, self.places)
        # Some offsets are those of the white space before an answer, others those of its first letter.
        candidates = () if first is None else (first + len(text) - len(text.lstrip()), first)
        return next((at for at in candidates if self.context.startswith(text.strip(), at)), None)


def as_in(context: str, answer: str) -> str:
    """An answer with the white space of its context: the line ends, and blanks that do not break a line."""
    words = answer.split()
    if len(words) < 2 or answer.strip() in context:
        return answer
    found = re.search(r"\s+".join(map(re.escape, words)), context)
    return answer if found is None else answer.replace(answer.strip(), found.group())


def settle_answers(
    answers: Iterable[PlacedAnswer], asked: Offsets, notes: Notes, seen: MutableMapping[Any, Any] | None = None
) -> Countings:
    """What the offsets of the answers of each file count.

    Args:
        answers: of all rows, in their order.
        asked: ``data.offsets``; ``auto`` takes characters, unless more answers are at their offsets in another count.
        notes: collects what was found.
        seen: see ``Reading.seen``.
    """
    if asked is not Offsets.auto:
        return Countings(Counting(asked))
    judged: dict[str, tuple[list[PlacedAnswer], list[PlacedAnswer]]] = {}
    for answer in answers:
        doubtful, others = judged.setdefault(answer.file, ([], []))
        kept = others if answer.at(PLAIN) is not None else doubtful
        if len(kept) < JUDGED:
            kept.append(answer)
    by_file: dict[str, Counting] = {}
    found: dict[Counting, dict[str, int]] = {}
    for file, (doubtful, others) in judged.items():
        both = [*doubtful, *others]
        before = PLAIN if seen is None else seen.get(("answers", file), PLAIN)
        # Where answers are as well at their offsets in another count, it is what other rows of the file have shown.
        tried = [before, *_candidates(both)] if doubtful or before != PLAIN else [PLAIN]
        by_file[file] = counting = min(tried, key=lambda one: _misfits(one, both))
        if counting != PLAIN and (seen is None or before != counting):
            fitting = len(both) - _misfits(counting, both)
            counts = {"fitting": fitting, "judged": len(both), "plain": len(others)}
            total = found.setdefault(counting, dict.fromkeys(counts, 0))
            total.update({name: total[name] + number for name, number in counts.items()})
        if counting != PLAIN and seen is not None:
            seen["answers", file] = counting
    for counting, total in found.items():
        names = [file for file, one in by_file.items() if one == counting]
        shown = ", ".join([*names[:SHOWN], *(["…"] if len(names) > SHOWN else [])])
        fitting, plain = total["fitting"], total["plain"]
        notes.add(
            kinds.ANSWER_OFFSETS,
            what=str(counting),
            files=shown,
            fitting=fitting,
            judged=total["judged"],
            plain=plain,
        )
    return Countings(PLAIN, by_file)


def _candidates(judged: Sequence[PlacedAnswer]) -> Iterator[Counting]:
    """The countings that can differ for the beginnings of answers, characters first."""
    texts = [answer.context for answer in judged]
    return (counting for counting in countings_in(texts) if not counting.to_last)


def _misfits(counting: Counting, judged: Sequence[PlacedAnswer]) -> int:
    return sum(answer.at(counting) is None for answer in judged)
