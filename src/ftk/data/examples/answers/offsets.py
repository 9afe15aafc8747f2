"""What the offsets of answers count: found by the texts of the answers, which are there."""

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field

from ftk.config.choices import Offsets
from ftk.contracts import finding_kinds as kinds
from ftk.contracts.notes import Notes
from ftk.data.examples.spans.counting import PLAIN, Counting, Places
from ftk.data.examples.spans.offsets import JUDGED, countings_in


@dataclass(slots=True)
class PlacedAnswer:
    """An answer with an offset.

    Attributes:
        context: the text that it is in.
        text: the answer, with the white space around it.
        start: as the row gives it, whatever it counts.
        places: of the context.
    """

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


def settle_answers(answers: Iterable[PlacedAnswer], asked: Offsets, notes: Notes) -> Counting:
    """What the offsets of the answers of a split count.

    Args:
        answers: of all its rows, in their order.
        asked: ``data.offsets``; ``auto`` takes characters, unless more answers are at their offsets in another count.
        notes: collects what was found.
    """
    if asked is not Offsets.auto:
        return Counting(asked)
    doubtful: list[PlacedAnswer] = []
    others: list[PlacedAnswer] = []
    for answer in answers:
        kept = others if answer.at(PLAIN) is not None else doubtful
        if len(kept) < JUDGED:
            kept.append(answer)
    if not doubtful:
        return PLAIN
    judged = [*doubtful, *others]
    found = min(_candidates(judged), key=lambda counting: _misfits(counting, judged))
    if found != PLAIN:
        fitting = len(judged) - _misfits(found, judged)
        notes.add(kinds.ANSWER_OFFSETS, what=str(found), fitting=fitting, judged=len(judged), plain=len(others))
    return found


def _candidates(judged: Sequence[PlacedAnswer]) -> Iterator[Counting]:
    """The countings that can differ for the beginnings of answers, characters first."""
    texts = [answer.context for answer in judged]
    return (counting for counting in countings_in(texts) if not counting.to_last)


def _misfits(counting: Counting, judged: Sequence[PlacedAnswer]) -> int:
    return sum(answer.at(counting) is None for answer in judged)
